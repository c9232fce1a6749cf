"""Model folders that strangers made: each ends in a CuspError that names the file, before memory or network is used."""

import json
import shutil
import socket
from pathlib import Path

import pytest
import torch
from safetensors.torch import load, save_file

from cuspworld.codec.autoencoder import AutoencoderConfig
from cuspworld.codec.autoencoder_codec import AutoencoderCodec
from cuspworld.codec.enlarger import Enlarger, EnlargerConfig
from cuspworld.errors import CuspError
from cuspworld.language.prompt import PromptConfig, PromptEncoder
from cuspworld.simulator.kinds import Kind
from cuspworld.simulator.kinds_folder import load_kinds, save_kinds
from cuspworld.simulator.parts import Expert, SimulatorConfig
from cuspworld.simulator.simulator import Simulator
from cuspworld.transport.flow.transformer import FlowTransformer, TransformerConfig


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """A good model of a few kilobytes; whoever opens a connection fails."""
    codec = AutoencoderCodec(AutoencoderConfig(latent_channels=4, fine_channels=8, coarse_channels=16))
    words = PromptEncoder(PromptConfig(words=("a", "box"), width=16, heads=2))
    transformer = FlowTransformer(TransformerConfig(token_channels=16, width=32, depth=1, heads=1, text_width=16))
    config = SimulatorConfig(fps=10.0, height=32, width=48, window=13, context=2, patch=2, num_inference_steps=2)
    enlarger = Enlarger(EnlargerConfig(4, 3))
    Simulator(config, codec, [Expert(words, transformer)], enlarger=enlarger).save_pretrained(tmp_path / "model")

    def refused(*_):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "create_connection", refused)
    monkeypatch.setattr(socket.socket, "connect", refused)
    return tmp_path / "model"


def change(file: Path, **values: object) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | values))


def test_the_folder_is_good_as_it_stands_and_loading_draws_no_random_number(folder):
    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    Simulator.from_pretrained(folder)
    assert torch.equal(torch.rand(3), expected)


@pytest.mark.parametrize(
    ("part", "values"),
    [
        ("transport", {"depth": 10**9}),
        ("transport", {"width": 10**9}),
        ("transport", {"width": 16_000, "depth": 200}),  # within what is allowed, far beyond the weights that are there
        ("transport", {"heads": 0}),
        ("transport", {"heads": 5}),
        ("transport", {"width": "wide"}),
        ("transport", {"width": None}),
        ("transport", {"rotary_base": float("nan")}),
        ("transport", {"_class_name": "PromptEncoder"}),
        ("transport", {"text_width": 17}),
        ("language", {"depth": 10**9}),
        ("language", {"words": "box"}),
        ("language", {"words": [1, 2]}),
        ("language", {"length": -1}),
        ("language", {"heads": 3}),
        ("language", {"_class_name": "TransformersPromptEncoder"}),
        ("codec", {"coarse_channels": 2.5}),
        ("codec", {"fine_blocks": 10**9}),
        ("codec", {"temporal_stride": 0}),
        ("codec", {"_class_name": "AutoencoderKL"}),
        ("codec", {"_class_name": ["AutoencoderKL"]}),
        ("enlarger", {"layers": 10**9}),
        ("enlarger", {"layers": 1}),
        ("enlarger", {"channels": 16_000}),
        ("enlarger", {"channels": 5}),
        ("enlarger", {"channels": "many"}),
        ("enlarger", {"_class_name": "CuspWorldCodec"}),
        (".", {"height": 33}),
        (".", {"height": True}),
        (".", {"fps": "ten"}),
        (".", {"window": 12}),
        (".", {"context": 9}),
        (".", {"patch": 0}),
        (".", {"patch": 4}),
        (".", {"shift": float("inf")}),
        (".", {"shift": 0}),
        (".", {"fps": 0}),
        (".", {"height": 16_384}),
        (".", {"sampler": "magic"}),
        (".", {"guidance_scale": 16_384}),
        (".", {"surprise": 1}),
    ],
)
def test_a_config_that_cannot_be_is_named_before_anything_is_built(folder, part, values):
    if values == {"_class_name": "AutoencoderKL"}:
        pytest.importorskip("diffusers")
    file = folder / part / "config.json"
    change(file, **values)
    with pytest.raises(CuspError, match=str(file.parent)):
        Simulator.from_pretrained(folder)


@pytest.mark.parametrize("text", ["[" * 100_000, "[]", "{", "\x00", "null", '{"_class_name": {}}'])
@pytest.mark.parametrize("part", [".", "codec", "language", "transport", "enlarger"])
def test_json_that_is_none_or_no_object(folder, part, text):
    file = folder / part / "config.json"
    file.write_text(text)
    with pytest.raises(CuspError, match=str(file.parent)):
        Simulator.from_pretrained(folder)


def test_a_config_that_is_larger_than_any_is_not_read(folder):
    file = folder / "codec" / "config.json"
    with file.open("r+b") as data:
        data.truncate(1 << 40)  # a hole: it takes no disk
    with pytest.raises(CuspError, match=f"{file} takes"):
        Simulator.from_pretrained(folder)


@pytest.fixture(scope="module")
def kind(tmp_path_factory) -> Path:
    """The folder of one kind of clips, and the fields of its config.json."""
    latents = [torch.randn(12, 2, 3, 4, generator=torch.Generator().manual_seed(k)) for k in range(8)]
    path = tmp_path_factory.mktemp("kinds") / "paths"
    save_kinds(path, [Kind.learn("lake", latents, [("a lake",)] * 8, 2, 2, 0)])
    return path


def changed(kind: Path, tmp_path: Path) -> tuple[Path, dict, dict]:
    """A copy to change, its config and its tensors (read: older safetensors map a file, which a test overwrites)."""
    copy = shutil.copytree(kind, tmp_path / "paths")
    return copy, json.loads((copy / "config.json").read_text()), load((copy / "0.safetensors").read_bytes())


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", None),
        ("name", 3),
        ("name", "\ud800"),
        ("frames", 0),
        ("frames", True),
        ("frames", 5),
        ("frames", 10**9),
        ("captions", []),
        ("captions", [[]] * 8),
        ("captions", ["abc"] * 8),
        ("captions", [[1]] * 8),
        ("captions", [["\ud800"]] * 8),
        ("captions", [["a lake"]] * 7),
    ],
)
def test_a_kind_that_cannot_be(kind, tmp_path, field, value):
    copy, config, _ = changed(kind, tmp_path)
    assert len(load_kinds(copy)) == 1
    config["kinds"][0][field] = value
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(CuspError, match=r"^\S+: (a kind has|the tensors)"):
        load_kinds(copy)


@pytest.mark.parametrize(
    "told", [{"kinds": {}}, {"kinds": [3]}, {"kinds": None}, {"_class_name": "X"}, {"twice": True}]
)
def test_kinds_that_are_no_list_of_kinds(kind, tmp_path, told):
    copy, config, tensors = changed(kind, tmp_path)
    if told.pop("twice", False):
        config["kinds"] *= 2
        save_file(tensors, copy / "1.safetensors")
    (copy / "config.json").write_text(json.dumps(config | told))
    with pytest.raises(CuspError, match=str(copy / "config.json")):
        load_kinds(copy)


@pytest.mark.parametrize("part", ["branches", "clips", "times", "codes", "basis", "mean", "scale"])
def test_tensors_of_a_kind_that_cannot_be(kind, tmp_path, part):
    """Other types, numbers beyond what they number, and for the scale nothing to divide by."""
    copy, _, tensors = changed(kind, tmp_path)
    own = tensors[part]
    wrong = [own.bool(), own[None].repeat(2, *[1] * own.ndim)]
    if part in ("branches", "clips"):
        wrong += [torch.full_like(own, torch.iinfo(own.dtype).max), own.float()]
    if part == "scale":
        wrong += [torch.zeros_like(own), -own]
    for value in wrong:
        save_file(tensors | {part: value}, copy / "0.safetensors")
        with pytest.raises(CuspError, match="do not fit"):
            load_kinds(copy)


@pytest.mark.parametrize("part", ["codec", "language", "transport"])
@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(folder, part, number):
    file = folder / part / "model.safetensors"
    tensors = load(file.read_bytes())
    name = sorted(tensors)[0]
    tensors[name].view(-1)[0] = number
    save_file(tensors, file)
    with pytest.raises(CuspError, match=f"{file}: {name} holds numbers that are not finite"):
        Simulator.from_pretrained(folder)


@pytest.mark.parametrize("part", ["codec", "language", "transport"])
def test_a_part_that_is_missing_is_not_looked_for_elsewhere(folder, part, monkeypatch):
    """`model/codec` reads like a name on the hub."""
    monkeypatch.chdir(folder.parent)
    (folder / part).rename(folder.parent / "away")
    with pytest.raises(CuspError, match=f"no model at model/{part}"):
        Simulator.from_pretrained("model")


def test_a_folder_cannot_ask_for_a_download(folder):
    pytest.importorskip("transformers")
    config = {"_class_name": "TransformersPromptEncoder", "name": "some-organisation/some-model", "length": 8}
    (folder / "language" / "config.json").write_text(json.dumps(config))
    with pytest.raises(CuspError, match=r"no text encoder .some-organisation/some-model."):
        Simulator.from_pretrained(folder)


def test_a_text_encoder_in_a_pickle_is_not_loaded(folder, tmp_path):
    transformers = pytest.importorskip("transformers")
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "box"]
    (tmp_path / "vocab.txt").write_text("\n".join(words))
    transformers.BertTokenizer(str(tmp_path / "vocab.txt")).save_pretrained(tmp_path / "bert")
    small = dict(hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32)
    model = transformers.BertModel(transformers.BertConfig(vocab_size=6, **small))
    model.save_pretrained(tmp_path / "bert")
    (tmp_path / "bert" / "model.safetensors").unlink()
    torch.save(model.state_dict(), tmp_path / "bert" / "pytorch_model.bin")
    config = {"_class_name": "TransformersPromptEncoder", "name": str(tmp_path / "bert"), "length": 8}
    (folder / "language" / "config.json").write_text(json.dumps(config))
    with pytest.raises(CuspError, match="no text encoder"):
        Simulator.from_pretrained(folder)
