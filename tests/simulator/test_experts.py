"""Models of one codec joined: each kind is drawn by the expert that was taught it, and given frames are recognised."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
import torch

from cuspworld.cli import main
from cuspworld.clip import Clip
from cuspworld.codec.autoencoder import AutoencoderConfig
from cuspworld.codec.autoencoder_codec import AutoencoderCodec
from cuspworld.codec.codec import to_tensor
from cuspworld.errors import CuspError, CuspWarning
from cuspworld.language.prompt import PromptConfig, PromptEncoder
from cuspworld.models import ADAPTER, adapted, write_tensors
from cuspworld.simulator.folder import BASED, OF
from cuspworld.simulator.join import join
from cuspworld.simulator.kinds import Kind
from cuspworld.simulator.parts import Expert, SimulatorConfig
from cuspworld.simulator.simulator import Simulator
from cuspworld.training.adapter import adapter_of, attach
from cuspworld.transport.flow.transformer import FlowTransformer, TransformerConfig

COLOURS = {"lake": (40, 60, 200), "field": (60, 180, 40)}


def clips(name: str) -> list[np.ndarray]:
    """Eight clips of one colour, a little lighter or darker, in which a dark square walks over the picture."""
    made = []
    for number in range(8):
        frames = np.empty((12, 32, 32, 3), np.uint8)
        frames[:] = np.array(COLOURS[name]) + 4 * number
        for t in range(12):
            frames[t, 8:16, 2 * t : 2 * t + 6] = 20
        made.append(frames)
    return made


@pytest.fixture(scope="module", params=[(2, 2), (2, 1)], ids=["wide tokens", "wide and narrow tokens"])
def models(request: pytest.FixtureRequest) -> list[Simulator]:
    """A model a colour; of each the latents that a token is wide."""
    torch.manual_seed(0)
    codec = AutoencoderCodec(
        AutoencoderConfig(latent_channels=4, fine_channels=8, coarse_channels=8, temporal_stride=1)
    ).eval()
    found = []
    for name, patch in zip(COLOURS, request.param, strict=True):
        numbers = SimulatorConfig(fps=10.0, height=32, width=32, window=8, context=2, patch=patch, token_frames=2)
        with torch.no_grad():
            latents = [codec.encode(to_tensor(frames)[None])[0] for frames in clips(name)]
        kind = Kind.learn(name, latents, [(f"a {name}",)] * 8, 2, 2, 0)
        prompts = PromptEncoder(PromptConfig(("a", name), 16, heads=2, version=2, outputs=4, topics=(f"a {name}",)))
        transformer = FlowTransformer(
            TransformerConfig(2 * 4 * patch**2, 32, 1, 1, text_width=16, frames=2, code_width=2, code_kinds=1)
        )
        for parameter in transformer.parameters():
            torch.nn.init.normal_(parameter, std=0.3)
        found.append(Simulator(numbers, codec, [Expert(prompts, transformer)], [kind]))
    return found


@pytest.mark.parametrize("name", COLOURS)
@pytest.mark.parametrize("transport", ["brenier", "flow"])
def test_each_kind_is_drawn_as_its_own_model_draws_it(models, name, transport, tmp_path):
    join(models).save_pretrained(tmp_path / "both")
    both, alone = Simulator.from_pretrained(tmp_path / "both"), models[list(COLOURS).index(name)]
    alone.save_pretrained(tmp_path / "alone")  # what is kept of a kind is rounded
    wanted = Simulator.from_pretrained(tmp_path / "alone")(f"a {name}", seconds=1.2, seed=3, transport=transport).frames
    np.testing.assert_array_equal(both(f"a {name}", seconds=1.2, seed=3, transport=transport).frames, wanted)


@pytest.mark.filterwarnings("error")
def test_an_image_chooses_the_kind_where_the_prompt_says_nothing(models):
    both = join(models)
    for name in COLOURS:
        clip = both("", image=clips(name)[3][4], seconds=0.8)
        assert clip.made["kind"] == name


def test_given_frames_of_another_kind_or_of_none_are_named(models):
    both = join(models)
    with pytest.warns(CuspWarning, match="look like lake, the prompt asks for field"):
        both("a field", image=clips("lake")[0][3], seconds=0.8)
    noise = np.random.default_rng(0).integers(0, 255, (32, 32, 3)).astype(np.uint8)
    with pytest.warns(CuspWarning, match="nothing that the model was taught.*a lake; a field"):
        both("a field", image=noise, seconds=0.8)


def test_the_verb_joins_and_leaves_what_is_there(models, tmp_path, capsys):
    for model, name in zip(models, COLOURS, strict=True):
        model.save_pretrained(tmp_path / name)
    places = [str(tmp_path / name) for name in COLOURS]
    with pytest.raises(SystemExit) as ended:
        main(["join", *places, "-o", str(tmp_path / "both")])
    assert not ended.value.code and "lake, field" in capsys.readouterr().out
    assert len(Simulator.from_pretrained(tmp_path / "both").experts) == 2
    with pytest.raises(SystemExit) as ended:
        main(["join", *places, "-o", str(tmp_path / "both")])
    assert ended.value.code == 2 and "give -o a new folder" in capsys.readouterr().err


def test_what_does_not_fit_is_not_joined(models):
    one, other = models
    apart = Simulator(replace(other.config, fps=12.0), other.codec, other.experts, other.kinds)
    with pytest.raises(CuspError, match="model 2 of 2 has another size, rate"):
        join([one, apart])
    with pytest.raises(CuspError, match="a kind of the same name: lake, lake"):
        join([one, one])
    torch.manual_seed(1)
    codec = AutoencoderCodec(other.codec.config)
    with pytest.raises(CuspError, match="model 2 of 2 has another codec"):
        join([one, Simulator(other.config, codec, other.experts, other.kinds)])
    with pytest.raises(CuspError, match="needs 1"):
        join([join(models)])


def test_prompts_in_sequence_go_on_where_the_one_before_ended(models):
    both = join(models)
    with pytest.warns(CuspWarning):  # random weights draw what looks like neither
        clip = both.sequence(["a lake", "a lake"], seconds=0.8, seed=2, size=16)
        first = both("a lake", seconds=0.8, seed=2)
        whole = both("a lake", seconds=0.8, seed=3, video=first)
    assert clip.frames.shape == (16, 16, 16, 3) and len(whole) == 16
    assert clip.made["prompt"] == "a lake" and len(clip.made["parts"]) == 2
    np.testing.assert_array_equal(clip.frames, both.sequence(["a lake"] * 2, seconds=0.8, seed=2, size=16).frames)
    with pytest.raises(CuspError, match="a list of prompts"):
        both.sequence("a lake")


@pytest.mark.filterwarnings("ignore::cuspworld.errors.CuspWarning")
def test_a_prompt_that_says_then_is_made_in_turn(models):
    both = join(models)
    made = both("a lake, then a field", seconds=1.6, seed=2)
    np.testing.assert_array_equal(made.frames, both.sequence(["a lake", "a field"], seconds=0.8, seed=2).frames)
    assert made.caption == "a lake, then a field" and len(made.made["parts"]) == 2
    streamed = np.concatenate(list(both.stream("a lake, then a field", seconds=1.6, seed=2)))
    np.testing.assert_array_equal(made.frames, streamed)
    assert len(both("a lake，然后a field", num_frames=13)) == 13


def test_a_prompt_that_says_then_as_the_taught_captions_do_is_made_at_once(models):
    kind = replace(models[0].kinds[0], captions=(("a lake, then a lake",),) * 8)
    taught = Simulator(models[0].config, models[0].codec, models[0].experts, [kind])
    assert taught.parts("a lake, then a lake") == ["a lake, then a lake"]


def test_an_edit_is_as_long_as_the_clip_and_needs_paths(models):
    both = join(models)
    edited = both.edit(Clip(clips("lake")[0], 10.0), "a field", seed=1)
    assert len(edited) == 12 and edited.made["kind"] == "field"
    bare = Simulator(both.config, both.codec, both.experts[:1])
    with pytest.raises(CuspError, match="no paths"):
        bare.edit(edited, "a lake")


def test_an_expert_taught_by_steps_gives_each_step_all_before_it(models, monkeypatch):
    one = models[0]
    config = replace(one.experts[0].transformer.config, by_steps=True)
    stepping = FlowTransformer(config)
    stepping.load_state_dict(one.experts[0].transformer.state_dict())
    model = Simulator(one.config, one.codec, [Expert(one.experts[0].prompts, stepping)], one.kinds)
    known = []
    called = stepping.forward

    def noting(*arguments, **named):
        known.append(int(arguments[2].sum()))
        return called(*arguments, **named)

    monkeypatch.setattr(stepping, "forward", noting)
    steps = model.config.path_inference_steps
    model("a lake", seconds=0.8)
    tokens = (32 // 8 // 2) ** 2  # places of a step; a mark is a frame of a token
    last_look = [0, 0]  # by tokens that begin half a token later, and by its own
    assert known == [tokens * frames for frames in (0, 2, 4, 6) for _ in range(steps)] + last_look
    known.clear()
    model("a lake", seconds=0.8, image=clips("lake")[0][0])  # what is given of a step is no whole one
    assert known == [tokens * frames for frames in (1, 2, 4, 6) for _ in range(steps)] + [0, tokens]


def test_a_network_of_the_data_gives_the_velocity_to_it(models):
    """x + (1 - t) v is the same prediction at whatever x."""
    config = replace(models[0].experts[0].transformer.config, predicts="data")
    torch.manual_seed(3)
    network = FlowTransformer(config)
    torch.nn.init.normal_(network.tokens_out.bias)  # all else of the last layers is 0: it predicts its bias
    x = torch.randn(1, 4, 32)
    places, marks = torch.zeros(1, 4, 3, dtype=torch.long), torch.zeros(1, 4, 2, dtype=torch.bool)
    text, mask = torch.zeros(1, 1, 16), torch.ones(1, 1, dtype=torch.bool)
    for t in (0.0, 0.5, 0.9):
        with torch.no_grad():
            velocity = network(x, places, marks, torch.tensor([t]), text, mask)
        torch.testing.assert_close(x + (1 - t) * velocity, network.tokens_out.bias.expand(1, 4, 32))
    with pytest.raises(CuspError, match="velocity or data: got 'noise'"):
        FlowTransformer(replace(config, predicts="noise"))


def test_what_is_drawn_instead_of_the_prompt_is_kept_beside_it(models):
    model = models[0]
    (whole,) = {texts[0] for texts in model.kinds[0].captions}
    plain = model(whole, seconds=0.4, seed=1)
    for wish in (whole, lambda prompt: prompt.removesuffix("!")):
        clip = model(f"{whole}!", seconds=0.4, seed=1, prompt_expansion=wish)
        assert (clip.frames == plain.frames).all()
        assert clip.made["prompt"] == f"{whole}!" and clip.made["expansion"] == whole and clip.caption == whole
        assert (np.concatenate(list(model.stream(f"{whole}!", seconds=0.4, seed=1, prompt_expansion=wish)))
                == plain.frames).all()  # fmt: skip
    assert "expansion" not in model(whole, seconds=0.4, seed=1, prompt_expansion=False).made
    assert model(whole, seconds=0.4, seed=1, prompt_expansion=True).made["expansion"] == model.expand(whole, 1)
    for wrong in (3, lambda prompt: None):
        with pytest.raises(CuspError, match="prompt_expansion must"):
            model(whole, seconds=0.4, prompt_expansion=wrong)


def test_an_expert_may_go_on_from_another_and_keep_beside_it_what_it_learned(models, tmp_path):
    """The second, as additions of low rank and words of its own to the first, draws what its whole weights draw."""
    base = models[0].experts[0]
    torch.manual_seed(4)
    learned = FlowTransformer(replace(base.transformer.config, code_width=2))
    learned.load_state_dict(base.transformer.state_dict())
    attach(learned, 3, ("code_in",))
    for parameter in learned.parameters():
        if parameter.requires_grad:
            torch.nn.init.normal_(parameter, std=0.2)
    words = PromptEncoder(replace(base.prompts.config, words=("a", "green", "field"), topics=("a field",)))
    rest = {key: tensor for key, tensor in base.prompts.state_dict().items() if not key.startswith("embedding")}
    words.load_state_dict(rest, strict=False)
    adapter, own = adapter_of(learned), {"embedding.weight": words.embedding.weight}
    whole = FlowTransformer(learned.config)
    whole.load_state_dict(adapted(base.transformer.state_dict(), adapter, ADAPTER))
    join([models[0], replace_expert(models[1], models[0], Expert(words, whole))]).save_pretrained(tmp_path / "whole")
    shutil.copytree(tmp_path / "whole", tmp_path / "based")
    place = tmp_path / "based" / "experts" / "1"
    for part, tensors in (("transport", adapter), ("language", own)):
        (place / part / "model.safetensors").unlink()
        write_tensors(place / part / ADAPTER, tensors)
    told = {"_class_name": BASED, OF: 0}
    (place / "config.json").write_text(json.dumps(told))
    based = Simulator.from_pretrained(tmp_path / "based")
    frames = [
        model("a field", seconds=0.8, seed=2).frames for model in (based, Simulator.from_pretrained(tmp_path / "whole"))
    ]
    assert np.abs(np.diff(np.stack(frames).astype(int), axis=0)).max() <= 1
    based.save_pretrained(tmp_path / "again")  # whole, and so of no other
    assert not (tmp_path / "again" / "experts" / "1" / "config.json").exists()
    assert (Simulator.from_pretrained(tmp_path / "again")("a field", seconds=0.8, seed=2).frames == frames[0]).all()
    for wrong in (1, -1, "0", None, True):
        (place / "config.json").write_text(json.dumps(told | {OF: wrong}))
        with pytest.raises(CuspError, match="from which of the experts before it, 0 to 0"):
            Simulator.from_pretrained(tmp_path / "based")
    (place / "config.json").write_text(json.dumps(told))
    (place / "transport" / ADAPTER).unlink()
    with pytest.raises(CuspError, match=r"no weights at .*adapter"):
        Simulator.from_pretrained(tmp_path / "based")


def replace_expert(model: Simulator, of: Simulator, expert: Expert) -> Simulator:
    """The same kinds, drawn by an expert with tokens as wide as those of `of`."""
    return Simulator(replace(model.config, patch=of.config.patch), model.codec, [expert], model.kinds)
