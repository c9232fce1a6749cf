"""Models as folders: what is written comes back to the bit, and what is none says what it is."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import torch

from cuspworld.codec.autoencoder_codec import AutoencoderCodec
from cuspworld.codec.loading import WORLDS
from cuspworld.errors import CuspError
from cuspworld.models import from_config, load_into, packed, read_config, read_tensors, save_folder, unpacked


def test_a_folder_comes_back_and_takes_the_place_of_the_one_before(tmp_path):
    place = tmp_path / "new" / "model"
    for scale in (1.0, 2.0):
        linear = torch.nn.Linear(3, 2)
        with torch.no_grad():
            linear.weight.mul_(scale)
        save_folder(place, {"name": "Δ", "scale": scale}, linear.state_dict())
        assert read_config(place) == {"name": "Δ", "scale": scale}
        back = torch.nn.Linear(3, 2)
        load_into(back, read_tensors(place / "model.safetensors"), place)
        assert torch.equal(back.weight, linear.weight) and torch.equal(back.bias, linear.bias)
    assert sorted(p.name for p in place.iterdir()) == ["config.json", "model.safetensors"]


def test_views_and_tensors_that_share_memory_are_written_as_they_read(tmp_path):
    base = torch.arange(12.0).reshape(3, 4)
    save_folder(tmp_path / "m", {}, {"turned": base.T, "row": base[1], "again": base})
    back = read_tensors(tmp_path / "m" / "model.safetensors")
    assert (
        torch.equal(back["turned"], base.T) and torch.equal(back["row"], base[1]) and torch.equal(back["again"], base)
    )


@pytest.mark.parametrize("head", [b"PK\x03\x04", b"\x80\x04\x95."])
def test_a_pickle_is_named_and_never_loaded(tmp_path, head):
    (tmp_path / "model.safetensors").write_bytes(head + bytes(100))
    with pytest.raises(CuspError, match="it is a pickle or a zip of pickles, which is never loaded"):
        read_tensors(tmp_path / "model.safetensors")


def test_other_junk_is_no_pickle(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"hello, world, hello")
    with pytest.raises(CuspError, match="not a safetensors file") as raised:
        read_tensors(tmp_path / "model.safetensors")
    assert "it is a pickle" not in str(raised.value)
    with pytest.raises(CuspError, match="no weights at"):
        read_tensors(tmp_path / "missing")


def test_tensors_that_do_not_fit_are_named(tmp_path):
    linear = torch.nn.Linear(3, 2)
    good = dict(linear.state_dict())
    cases = (
        ({"weight": good["weight"]}, "lacks 1 of the model's tensors, the first is bias"),
        ({**good, "extra": torch.zeros(1)}, "holds 1 tensors that the model has not, the first is extra"),
        ({**good, "bias": torch.zeros(5)}, r"bias has shape \(5,\), config.json asks for \(2,\)"),
    )
    for tensors, said in cases:
        with pytest.raises(CuspError, match=said):
            load_into(linear, tensors, "file")
    assert all(torch.equal(linear.state_dict()[name], good[name]) for name in good)


def test_half_precision_is_read_as_float32_and_counts_stay_whole():
    norm = torch.nn.BatchNorm1d(2)
    halves = {n: t.half() if torch.is_floating_point(t) else t + 7 for n, t in norm.state_dict().items()}
    load_into(norm, halves, "file")
    assert norm.weight.dtype == torch.float32 and norm.num_batches_tracked.item() == 7


def test_configurations_that_are_none(tmp_path):
    with pytest.raises(CuspError, match="no model at"):
        read_config(tmp_path / "nowhere")
    with pytest.raises(CuspError, match=r"it has no config\.json"):
        read_config(tmp_path)
    for text, said in (("{", "not readable JSON"), (json.dumps([1]), "must hold a JSON object, got a list")):
        (tmp_path / "config.json").write_text(text)
        with pytest.raises(CuspError, match=said):
            read_config(tmp_path)

    @dataclass(frozen=True)
    class Config:
        width: int

    assert from_config(Config, {"width": 3}, "here") == Config(3)
    for values in ({}, {"width": 3, "depth": 4}):
        with pytest.raises(CuspError, match="here: not a Config"):
            from_config(Config, values, "here")


def test_many_threads_that_load_one_folder_get_one_model():
    """Loading builds on a device without memory first, by a context: another thread's must not leak into it."""
    wanted = AutoencoderCodec.from_pretrained(WORLDS).state_dict()
    with ThreadPoolExecutor(8) as pool:
        for found in pool.map(lambda _: AutoencoderCodec.from_pretrained(WORLDS).state_dict(), range(24)):
            assert found.keys() == wanted.keys()
            assert all(torch.equal(found[name], wanted[name]) for name in wanted)


def test_a_model_is_loaded_without_torchs_compiler():
    """A draw on the meta device would import it, which takes longer than the loading."""
    code = (
        "import sys; from cuspworld.simulator.simulator import Simulator; Simulator.from_pretrained('default'); "
        "print({'torch._dynamo', 'sympy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout.strip() == "set()", done.stdout + done.stderr


def test_weights_of_a_byte_a_number_come_back_within_a_254th_of_each_rows_largest(tmp_path):
    torch.manual_seed(0)
    linear = torch.nn.Linear(50, 20)
    with torch.no_grad():
        linear.weight[3] *= 100  # a row of its own scale
        linear.weight[4] = 0.0
    tensors = packed({**linear.state_dict(), "kernels": torch.randn(6, 3, 2, 2), "count": torch.tensor([3])})
    assert tensors["weight"].dtype == tensors["kernels"].dtype == torch.int8 and tensors["bias"].dtype == torch.float16
    save_folder(tmp_path / "m", {}, tensors)
    back = unpacked(read_tensors(tmp_path / "m" / "model.safetensors"))
    assert back.keys() == {"weight", "bias", "kernels", "count"} and back["kernels"].shape == (6, 3, 2, 2)
    away = (back["weight"] - linear.weight).abs().amax(dim=1)
    assert (away <= linear.weight.abs().amax(dim=1) / 254 * 1.1).all() and away[4] == 0 and away.max() > 0


def test_what_is_called_a_scale_and_is_none_stays():
    tensors = {"norm.scale": torch.ones(3), "norm": torch.ones(3), "alone.scale": torch.ones(2)}
    assert unpacked(tensors).keys() == tensors.keys()
    wrong = {"w": torch.ones(3, 2, dtype=torch.int8), "w.scale": torch.ones(2, 1)}  # of another number of rows
    assert unpacked(wrong)["w"].dtype == torch.int8
