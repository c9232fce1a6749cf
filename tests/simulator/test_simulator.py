"""The Simulator: what it takes, what it gives, and every bad input that a person might try."""

import json
import math
import tracemalloc
import warnings

import numpy as np
import pytest
import torch

from cuspworld.checks import number, whole
from cuspworld.clip import Clip
from cuspworld.codec.autoencoder import AutoencoderConfig
from cuspworld.codec.autoencoder_codec import AutoencoderCodec
from cuspworld.errors import CuspError, CuspWarning
from cuspworld.language.prompt import PromptConfig, PromptEncoder
from cuspworld.simulator.parts import Expert, SimulatorConfig
from cuspworld.simulator.simulator import Simulator
from cuspworld.transport.flow.transformer import FlowTransformer, TransformerConfig
from cuspworld.video.frames import resample
from tests.helpers import moving_box


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    torch.manual_seed(0)
    codec = AutoencoderCodec(AutoencoderConfig(latent_channels=4, fine_channels=8, coarse_channels=16))
    words = PromptConfig(words=("a", "box", "moves", "left"), width=16, heads=2, topics=("a box",))
    transformer = FlowTransformer(TransformerConfig(token_channels=16, width=32, depth=1, heads=1, text_width=16))
    for module in (codec, transformer):
        for parameter in module.parameters():
            torch.nn.init.normal_(parameter, std=0.1)
    config = SimulatorConfig(fps=10.0, height=32, width=48, window=13, context=2, patch=2, num_inference_steps=2)
    return Simulator(config, codec, [Expert(PromptEncoder(words), transformer)])


def test_a_clip_of_the_asked_length_and_size(simulator):
    clip = simulator("a box", seconds=3.1, seed=1)
    assert clip.frames.shape == (31, 32, 48, 3) and clip.fps == 10 and clip.caption == "a box"
    clip = simulator("a box", seconds=1, size=(20, 24), fps=25)
    assert clip.frames.shape == (25, 20, 24, 3) and clip.fps == 25
    assert simulator("a box", seconds=0.1).frames.shape == (1, 32, 48, 3)


def test_same_seed_same_bytes_other_seed_other_clip(simulator):
    first, again, other = (simulator("a box", seconds=1.8, seed=s).frames for s in (4, 4, 5))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_prompt_and_guidance_matter(simulator):
    base = simulator("a box", seconds=0.5).frames
    assert not np.array_equal(base, simulator("moves left", seconds=0.5).frames)
    assert not np.array_equal(base, simulator("a box", seconds=0.5, guidance_scale=5.0).frames)
    alone = simulator("a box", seconds=0.5, guidance_scale=1.0).frames
    assert not np.array_equal(base, alone)


def test_a_longer_clip_begins_as_the_shorter_one(simulator):
    short, long = (simulator("a box", seconds=s).frames for s in (1.0, 4.0))
    assert np.array_equal(short, long[:10])


def test_a_video_goes_on(simulator):
    start = moving_box(0, 14, (32, 48))
    clip = simulator("a box", seconds=1.0, video=start)
    assert np.array_equal(clip.frames[:14], start.frames) and len(clip) == 24
    fast = Clip(start.frames, 20.0)  # every second frame, to the model's 10 a second
    going = simulator("a box", seconds=1.0, video=fast)
    assert np.array_equal(going.frames[:7], start.frames[::2]) and len(going) == 17
    one = Clip(start.frames[:1], 10.0)
    assert len(simulator("a box", seconds=1.0, video=one)) == 11


def disc(frame: np.ndarray) -> tuple[int, int]:
    """Rows and columns of what is dark in a frame."""
    dark = frame.mean(axis=-1) < 128
    return int(dark.any(axis=1).sum()), int(dark.any(axis=0).sum())


@pytest.mark.parametrize("kind", ["clip", "file", "image", "image file"])
def test_what_is_given_is_cropped_and_never_stretched(simulator, tmp_path, kind):
    """A disc in a clip of 96 x 288 pixels is a disc of a third of its size in a model of 32 x 48."""
    rows, columns = np.mgrid[:96, :288]
    round_thing = (rows - 48) ** 2 + (columns - 144) ** 2 < 30**2
    frame = np.where(round_thing[..., None], np.uint8(0), np.uint8(255)).repeat(3, axis=-1)
    clip = Clip(frame[None].repeat(8, axis=0), 10.0)
    path = clip.write(tmp_path / "disc.mp4", quality=95)
    from PIL import Image

    Image.fromarray(frame).save(tmp_path / "disc.png")
    given = {
        "clip": {"video": clip}, "file": {"video": path}, "image": {"image": frame},
        "image file": {"image": tmp_path / "disc.png"},
    }[kind]  # fmt: skip
    height, width = disc(simulator("a box", seconds=0.5, **given).frames[0])
    assert height == width == pytest.approx(20, abs=1)


def test_another_shape_is_cropped_from_the_model_s(simulator):
    """The model's 32 x 48 asked for as 32 x 32 is its middle, and as 64 x 32 the middle of it twice as large."""
    own = simulator("a box", seconds=0.5).frames
    assert np.array_equal(simulator("a box", seconds=0.5, size=32).frames, own[:, :, 8:40])
    tall = simulator("a box", seconds=0.5, size=(64, 32)).frames
    whole = simulator("a box", seconds=0.5, size=(64, 96)).frames
    assert np.array_equal(tall, whole[:, :, 32:64])


def test_an_image_comes_first(simulator, tmp_path):
    image = moving_box(0, 1, (32, 48)).frames[0]
    clip = simulator("a box", seconds=1.0, image=image)
    assert np.array_equal(clip.frames[0], image) and len(clip) == 10
    from PIL import Image

    Image.fromarray(image).save(tmp_path / "image.png")
    assert np.array_equal(simulator("a box", seconds=1.0, image=tmp_path / "image.png").frames, clip.frames)


def test_save_and_load_are_the_same_simulator(simulator, tmp_path):
    simulator.save_pretrained(tmp_path / "model")
    again = Simulator.from_pretrained(tmp_path / "model")
    assert np.array_equal(simulator("a box", seconds=2).frames, again("a box", seconds=2).frames)
    assert again.config == simulator.config
    assert "a box" in (tmp_path / "model/README.md").read_text()
    simulator.save_pretrained(tmp_path / "model")  # over what is there
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model"]


BAD = {
    "seconds": [0, -1, math.nan, math.inf, 1e9],
    "size": [0, -8, 10**6, (64, 0), 1],
    "fps": [0, -1, math.nan, 1e6],
    "num_inference_steps": [0, -3, 10**9],
    "guidance_scale": [math.nan, -1, math.inf],
    "seed": [-1],
    "sampler": ["magic"],
    "candidates": [0, -1, 1000],
    "image": ["missing.png", np.zeros((4, 4, 2), np.uint8)],
    "video": ["missing.mp4"],
}


@pytest.mark.parametrize("name,value", [(n, v) for n, vs in BAD.items() for v in vs])
def test_bad_values_are_named(simulator, name, value):
    said = name if name not in ("image", "video") else "image|missing"
    with pytest.raises(CuspError, match=said):
        simulator("a box", **{name: value})


@pytest.mark.parametrize(
    "check,value", [(number, "2"), (number, True), (number, None), (whole, 2.5), (whole, "1"), (whole, True)]
)
def test_wrong_types_are_named(check, value):
    with pytest.raises(CuspError, match="seconds must be"):
        check("seconds", value, 0, 9)


def test_image_and_video_exclude_each_other(simulator):
    clip = moving_box(0, 5, (32, 48))
    with pytest.raises(CuspError, match="not both"):
        simulator("a box", image=clip.frames[0], video=clip)


@pytest.mark.parametrize("prompt", ["", "a violin concerto", "小提琴", "🎻🎻🎻", "x" * 100_000])
def test_any_prompt_makes_a_clip_and_an_untaught_one_warns(simulator, prompt):
    with pytest.warns(CuspWarning, match="It knows: a box"):
        assert len(simulator(prompt, seconds=0.5)) == 5


def test_a_taught_prompt_does_not_warn(simulator):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        simulator("a box moves left", seconds=0.3)


def test_memory_does_not_grow_with_length(simulator):
    """Peak of Python and NumPy memory while streaming 5 s and 60 s."""

    def peak(seconds: float) -> int:
        tracemalloc.start()
        total = sum(len(chunk) for chunk in simulator.stream("a box", seconds=seconds, num_inference_steps=1))
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert total == round(seconds * 10)
        return used

    peak(1)
    short, long = peak(5), peak(60)
    assert long < 1.5 * short + 100_000


@pytest.mark.parametrize("rate", [5.0, 10.0, 24.0, 29.97, 60.0])
def test_resampling_shows_the_frame_that_is_on(rate):
    frames = np.arange(40, dtype=np.uint8)[:, None, None, None].repeat(3, axis=3)
    out = np.concatenate(list(resample(iter([frames[:13], frames[13:20], frames[20:]]), 10.0, rate)))[:, 0, 0, 0]
    expected = np.floor(np.arange(math.ceil(40 * rate / 10 - 1e-9)) * 10 / rate + 1e-9)
    assert np.array_equal(out, expected)


def test_folders_that_are_no_simulator(simulator, tmp_path):
    with pytest.raises(CuspError, match="no model at"):
        Simulator.from_pretrained(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(CuspError, match=r"no config\.json"):
        Simulator.from_pretrained(tmp_path / "empty")
    simulator.save_pretrained(tmp_path / "model")
    (tmp_path / "model/transport/model.safetensors").write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(CuspError, match="pickle"):
        Simulator.from_pretrained(tmp_path / "model")
    config = json.loads((tmp_path / "model/config.json").read_text())
    (tmp_path / "model/config.json").write_text(json.dumps(config | {"_class_name": "Other"}))
    with pytest.raises(CuspError, match="not a CuspWorldSimulator"):
        Simulator.from_pretrained(tmp_path / "model")
