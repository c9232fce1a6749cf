"""Sizes and rates beside a model's own: which is drawn, and how a path of the own format tells it."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch

from cuspworld.clip import Clip
from cuspworld.codec.autoencoder import AutoencoderConfig
from cuspworld.codec.autoencoder_codec import AutoencoderCodec
from cuspworld.codec.codec import to_tensor
from cuspworld.codec.enlarger import Enlarger, EnlargerConfig, resize
from cuspworld.errors import CuspError
from cuspworld.language.prompt import PromptConfig, PromptEncoder
from cuspworld.simulator.formats import Format, Framing, nearest
from cuspworld.simulator.kinds import Kind
from cuspworld.simulator.parts import Expert, SimulatorConfig
from cuspworld.simulator.simulator import Simulator
from cuspworld.transport.flow.transformer import FlowTransformer, TransformerConfig
from cuspworld.video.frames import resize_frames

OWN = Format(64, 64, 10)
TAUGHT = [OWN, *map(Format.of, ("64x96@10", "96x64@10", "128x128@10", "64x64@20"))]


@pytest.mark.parametrize(
    "size,fps,drawn",
    [
        ((64, 64), 10, "64x64@10"),
        ((32, 32), 10, "64x64@10"),  # a smaller picture is the own one, scaled
        ((64, 96), 10, "64x96@10"),
        ((128, 192), 10, "64x96@10"),  # whole and enlarged, not cut out of the square one
        ((128, 85), 10, "96x64@10"),
        ((100, 100), 10, "128x128@10"),
        ((512, 512), 10, "128x128@10"),
        ((64, 64), 24, "64x64@20"),
        ((64, 64), 15, "64x64@10"),  # none faster than what is wanted
        ((64, 64), 5, "64x64@10"),
    ],
)
def test_the_format_that_loses_least_is_drawn(size, fps, drawn):
    assert str(nearest(TAUGHT, size, fps)) == drawn


def test_a_model_of_one_format_draws_it_whatever_is_wanted():
    assert nearest([OWN], (300, 20), 3) == OWN


@pytest.mark.parametrize("text", ["64x96", "64x96@", "ax96@10", "64x96@10 "])
def test_another_text_is_no_format(text):
    with pytest.raises(CuspError, match="height x width @ frames a second"):
        Format.of(text)


def test_a_rate_between_two_has_no_whole_frames():
    with pytest.raises(CuspError, match="whole number of frames"):
        Framing(Format(64, 64, 15), OWN)


def test_a_faster_clip_has_codes_between_the_codes():
    fast = Framing(Format(64, 64, 20), OWN)
    assert fast.scale == (0.5, 1.0, 1.0)
    codes = fast.codes(torch.tensor([[0.0], [2.0], [6.0]]))
    assert codes[:, 0].tolist() == [0, 1, 2, 4, 6, 6]
    shown = torch.arange(8.0).view(8, 1, 1, 1)  # two codes of four frames
    assert fast.sketch(shown, 4, 1, 1).flatten().tolist() == [0, 0, 1, 1, 4, 4, 5, 5]


def test_a_wider_picture_shows_the_square_in_its_middle_and_a_larger_one_the_same_in_finer_cells():
    shown = torch.rand(4, 8, 8, 3)
    wide = Framing(Format(64, 96, 10), OWN)
    assert wide.scale == (1, 1, 1)
    found = wide.sketch(shown, 4, 8, 12)
    assert torch.equal(found[:, :, 2:10], shown)
    assert torch.equal(found[:, :, 0], shown[:, :, 0]) and torch.equal(found[:, :, 11], shown[:, :, 7])
    assert torch.equal(Framing(Format(96, 64, 10), OWN).sketch(shown, 4, 12, 8)[:, 2:10], shown)
    large = Framing(Format(128, 128, 10), OWN)
    assert large.scale == (1, 0.5, 0.5)
    assert torch.equal(large.sketch(shown, 4, 16, 16)[:, 1::2, ::2], shown)


def test_frames_are_seen_in_the_own_format():
    frames = np.zeros((6, 64, 96, 3), np.uint8)
    frames[:, :, 16:80] = np.arange(6)[:, None, None, None]
    frames[:, :, :16] = 200
    assert Framing(Format(64, 96, 20), OWN).own_frames(frames).reshape(3, -1).tolist() == [
        [step] * (64 * 64 * 3) for step in (0, 2, 4)
    ]


def clips() -> list[np.ndarray]:
    """Six clips of a dark square that walks over a green picture."""
    made = np.full((6, 14, 32, 32, 3), (60, 180, 40), np.uint8)
    for number, frames in enumerate(made):
        for t in range(14):
            frames[t, 8 + number : 16, 2 * t : 2 * t + 6] = 20
    return list(made)


@pytest.fixture(scope="module", params=[False, True], ids=["codes", "codes and sketch"])
def model(request: pytest.FixtureRequest) -> Simulator:
    torch.manual_seed(0)
    codec = AutoencoderCodec(
        AutoencoderConfig(latent_channels=4, fine_channels=8, coarse_channels=8, temporal_stride=1)
    ).eval()
    numbers = SimulatorConfig(fps=10.0, height=32, width=32, window=12, context=4, patch=2, token_frames=2)
    with torch.no_grad():
        latents = [codec.encode(to_tensor(frames)[None])[0] for frames in clips()]
    kind = Kind.learn("field", latents, [("a field",)] * 6, 2, 2, 0)
    prompts = PromptEncoder(PromptConfig(("a", "field"), 16, heads=2, version=2, outputs=4, topics=("a field",)))
    sketch = 2 * 2**2 * kind.sketched if request.param else 0
    config = TransformerConfig(
        2 * 4 * 2**2, 32, 1, 1, text_width=16, frames=2, code_width=2, code_kinds=1, places=True, sketch=sketch
    )
    transformer = FlowTransformer(replace(config, formats=("32x48@10", "48x32@10", "64x64@10", "32x32@20")))
    for parameter in transformer.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return Simulator(numbers, codec, [Expert(prompts, transformer)], [kind])


def drawn_numbers(model: Simulator, **options) -> int:
    """Numbers of a window's tokens: how much is drawn, whatever is then shown."""
    counts = []
    model("a field", callback_on_step_end=lambda *told: counts.append(told[3]["latents"].numel()), **options)
    return counts[0]


@pytest.mark.parametrize("size,fps", [((32, 48), 10), ((48, 32), 10), ((64, 64), 10), ((32, 32), 20)])
def test_a_taught_format_is_drawn_chunk_after_chunk(model, size, fps):
    usual = drawn_numbers(model, seconds=0.5)
    assert drawn_numbers(model, size=size, fps=fps, seconds=0.5) == usual * size[0] * size[1] // (32 * 32)
    clip = model("a field", size=size, fps=fps, seconds=2.6, seed=3)
    assert clip.frames.shape == (round(2.6 * fps), *size, 3) and clip.fps == fps
    assert clip.made["format"] == f"{size[0]}x{size[1]}@{fps}"
    assert np.array_equal(clip.frames, model("a field", size=size, fps=fps, seconds=2.6, seed=3).frames)


def test_a_format_that_was_not_taught_is_scaled_from_the_nearest(model):
    clip = model("a field", size=(96, 96), seconds=0.5)
    assert clip.frames.shape[1:3] == (96, 96) and clip.made["format"] == "64x64@10"
    assert "format" not in model("a field", size=(16, 16), seconds=0.5).made


def test_given_frames_of_a_taught_format_are_kept_as_they_are(model):
    before = Clip(np.repeat(clips()[0], 2, axis=2)[:, :, 8:56], 10.0)
    clip = model("a field", video=before, size=(32, 48), seconds=1)
    assert np.array_equal(clip.frames[:14], before.frames) and len(clip) == 24


def test_both_ends_given_are_connected_at_the_usual_size_and_scaled(model):
    ends = Clip(clips()[0], 10.0)
    clip = model("a field", video=ends, after=ends, size=(32, 48), seconds=0.4)
    assert clip.frames.shape == (32, 32, 48, 3) and "format" not in clip.made


def test_another_network_may_draw_the_other_formats(model, tmp_path):
    usual = model("a field", seconds=0.5, seed=1).frames
    other = copy.deepcopy(model.experts[0].transformer)
    for parameter in other.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    both = Simulator(model.config, model.codec, [replace(model.experts[0], other=other)], model.kinds)
    both.save_pretrained(tmp_path / "both")
    loaded = Simulator.from_pretrained(tmp_path / "both")
    for one in (both, loaded):
        assert np.abs(one("a field", seconds=0.5, seed=1).frames.astype(int) - usual).max() <= 1
    wide = [one("a field", seconds=0.5, seed=1, size=(32, 48)).frames for one in (model, both, loaded)]
    apart = [np.abs(wide[0].astype(int) - wide[1]).mean(), np.abs(wide[2].astype(int) - wide[1]).mean()]
    assert apart[0] > 5 > 0.5 > apart[1]  # of a loaded model, whose codes are kept as float16


def test_what_is_made_of_several_clips_is_scaled_as_a_whole(model):
    for whole in (
        lambda **o: model.loop("a field", seconds=1.6, seed=2, **o),
        lambda **o: model.sequence(["a field", "a field"], seconds=1, seed=2, **o),
    ):
        usual, wide = whole(), whole(size=(32, 48), fps=20)
        assert "format" not in wide.made and wide.fps == 20
        assert np.array_equal(wide.frames[::2], resize_frames(usual.frames, (32, 48)))


def test_a_model_says_which_formats_it_draws(model):
    assert model.describe()["formats"] == {"field": ["32x32@10", "32x48@10", "48x32@10", "64x64@10", "32x32@20"]}


@pytest.fixture(scope="module")
def enlarging(model) -> Simulator:
    enlarger = Enlarger(EnlargerConfig(4, 3))
    for parameter in enlarger.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return Simulator(model.config, model.codec, model.experts, model.kinds, enlarger)


@pytest.mark.parametrize(
    "size,times", [((128, 128), 2), ((96, 144), 4), ((33, 48), 2), ((40, 40), None), ((16, 16), None)]
)
def test_what_is_drawn_small_is_enlarged(model, enlarging, size, times):
    """(128, 128) and (40, 40) are drawn at 64 x 64, (96, 144) and (33, 48) at 32 x 48, (16, 16) at 32 x 32."""
    asked = {"size": size, "seconds": 1.0, "seed": 3}
    clip, plain = enlarging("a field", **asked), model("a field", **asked)
    drawn = str(clip.made.get("format", "32x32@10")).split("@")[0]
    small = model("a field", seconds=1.0, seed=3, size=tuple(map(int, drawn.split("x")))).frames
    assert clip.made.get("enlarged") == times and "enlarged" not in plain.made
    assert np.array_equal(plain.frames, resize_frames(small, size))
    assert np.array_equal(clip.frames, np.concatenate(list(resize(iter([small]), size, enlarging.enlarger))))
    assert (times is None) == np.array_equal(clip.frames, plain.frames)


def test_a_long_clip_is_enlarged_chunk_by_chunk_and_given_frames_are_not(enlarging):
    before = Clip(clips()[0], 10.0)
    facts: dict = {}
    asked = {"seconds": 2.6, "seed": 3, "video": before}
    chunks = list(enlarging.stream("a field", facts=facts, size=(128, 128), **asked))
    assert len(chunks) > 1 and facts["enlarged"] == 2
    small = np.concatenate(list(enlarging.stream("a field", size=(64, 64), **asked)))
    known, made = len(before), np.concatenate(chunks)
    assert np.array_equal(made[:known], resize_frames(before.frames, (128, 128)))
    assert np.array_equal(made[known:], enlarging.enlarger.enlarge(small[known:]))


def test_several_clips_are_enlarged_as_a_whole(enlarging):
    for whole in (
        lambda **o: enlarging.loop("a field", seconds=1.6, seed=2, **o),
        lambda **o: enlarging.sequence(["a field", "a field"], seconds=1, seed=2, **o),
    ):
        usual, large = whole(), whole(size=(64, 64))
        assert np.array_equal(large.frames, enlarging.enlarger.enlarge(usual.frames))
        assert large.made["enlarged"] == 2 and "enlarged" not in usual.made


def test_an_enlarger_is_kept_with_its_model(enlarging, tmp_path):
    enlarging.save_pretrained(tmp_path / "model")
    loaded = Simulator.from_pretrained(tmp_path / "model")
    assert loaded.describe()["enlarges"] == 4
    for name, tensor in enlarging.enlarger.state_dict().items():
        assert torch.equal(loaded.enlarger.state_dict()[name], tensor)
