"""The enlarger: any size, each frame by itself, nothing added before it is taught, and closer to the truth after."""

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

from cuspworld import worlds
from cuspworld.codec.autoencoder_codec import AutoencoderCodec
from cuspworld.codec.codec import Codec, psnr, reconstruct
from cuspworld.codec.enlarger import Enlarger, EnlargerConfig, enlargement, passes, resize
from cuspworld.codec.loading import WORLDS
from cuspworld.errors import CuspError
from cuspworld.simulator.folder import DEFAULT
from cuspworld.video.frames import resize_frames


def taught(seed: int = 0) -> Enlarger:
    """Random weights everywhere: the zeros of an untaught one would hide what the network adds."""
    torch.manual_seed(seed)
    enlarger = Enlarger(EnlargerConfig(4, 4))
    for parameter in enlarger.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return enlarger.eval()


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (*shape, 3)).astype(np.uint8)


@pytest.mark.parametrize("height,width", [(64, 64), (64, 96), (7, 1), (1, 1)])
def test_any_size_becomes_twice_as_large(height, width):
    made = taught().enlarge(noise(3, height, width))
    assert made.shape == (3, 2 * height, 2 * width, 3) and made.dtype == np.uint8


def test_an_untaught_one_is_the_cubic_of_opencv():
    frames = noise(2, 9, 12)
    apart = Enlarger().enlarge(frames).astype(int) - resize_frames(frames, (18, 24))
    assert np.abs(apart).max() <= 1  # of rounding


def test_a_frame_is_the_same_in_any_company():
    enlarger, frames = taught(), noise(5, 16, 8)
    whole = enlarger.enlarge(frames)
    assert np.array_equal(np.concatenate([enlarger.enlarge(frames[:2]), enlarger.enlarge(frames[2:])]), whole)
    in_chunks = list(resize(iter([frames[:1], frames[1:]]), (32, 16), enlarger))
    assert [len(chunk) for chunk in in_chunks] == [1, 4] and np.array_equal(np.concatenate(in_chunks), whole)


def test_a_pixel_sees_as_far_as_there_are_layers():
    enlarger, frames = taught(), noise(1, 24, 24)
    changed = frames.copy()
    changed[0, 12, 12] ^= 255
    rows = np.nonzero((enlarger.enlarge(frames) != enlarger.enlarge(changed)).any((0, 2, 3)))[0]
    assert rows.min() >= 2 * (12 - 4) and rows.max() < 2 * (12 + 4 + 1)


@pytest.mark.parametrize(
    "drawn,size,count",
    [
        ((64, 64), (128, 128), 1),
        ((64, 64), (65, 65), 1),
        ((64, 64), (64, 64), 0),
        ((64, 64), (64, 96), 1),  # to cover it, half as large again
        ((64, 64), (129, 129), 2),
        ((64, 64), (256, 256), 2),
        ((64, 64), (1024, 1024), 2),
        ((64, 64), (32, 32), 0),
        ((64, 96), (128, 192), 1),
    ],
)
def test_how_often_a_frame_is_enlarged(drawn, size, count):
    assert passes(drawn, size) == count
    assert enlargement(Enlarger(), drawn, size) == ({"enlarged": 2**count} if count else {})
    assert enlargement(None, drawn, size) == {}
    frames = noise(1, *drawn)
    (made,) = resize(iter([frames]), size, taught())
    assert made.shape == (1, *size, 3)
    if count == 0:
        assert np.array_equal(made, resize_frames(frames, size))


def test_without_one_frames_are_scaled_as_before():
    frames = noise(2, 16, 16)
    (made,) = resize(iter([frames]), (40, 32), None)
    assert np.array_equal(made, resize_frames(frames, (40, 32)))


def test_a_folder_comes_back(tmp_path):
    enlarger, frames = taught(), noise(1, 16, 16)
    enlarger.save_pretrained(tmp_path / "enlarger")
    again = Enlarger.from_pretrained(tmp_path / "enlarger")
    assert again.config == enlarger.config and np.array_equal(again.enlarge(frames), enlarger.enlarge(frames))
    with pytest.raises(CuspError, match="holds a CuspWorldEnlarger, not a CuspWorldCodec"):
        AutoencoderCodec.from_pretrained(tmp_path / "enlarger")


@pytest.fixture(scope="module")
def shipped() -> Enlarger:
    return Enlarger.from_pretrained(DEFAULT / "enlarger")


def test_the_shipped_one_is_small():
    file = DEFAULT / "enlarger" / "model.safetensors"
    assert file.stat().st_size <= 150_000
    with safe_open(file, "pt") as tensors:
        assert {tensors.get_tensor(name).dtype for name in tensors.keys()} == {torch.float16}  # noqa: SIM118


@pytest.mark.parametrize("name", ["Juice", "Puppies", "Collision", "Candles", "Chair"])
def test_the_shipped_one_is_closer_to_the_truth_than_cubic_is(shipped, name):
    """A clip of a seed that no recipe uses, as its codec draws it at 64 pixels, against itself recorded at 128."""
    if name == "Chair":
        pytest.importorskip("mujoco")
    large, small = (worlds.make(name).record(seed=1_150_000, seconds=1, fps=10, size=s).frames for s in (128, 64))
    drawn = reconstruct(Codec.from_pretrained(WORLDS), small)
    assert psnr(large, shipped.enlarge(drawn)) > psnr(large, resize_frames(drawn, (128, 128))) + 0.2


def test_a_short_run_of_the_recipe_learns_and_resumes(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(Path(__file__).parents[2] / "recipes"))
    import enlarger as recipe

    for name, value in {"COUNTS": {"Collision": 2}, "HELD_OUT_CLIPS": 1}.items():
        monkeypatch.setattr(recipe, name, value)
    codec = Codec.from_pretrained(WORLDS).eval()
    recipe.train(tmp_path, codec, 2, run=True)
    first = recipe.train(tmp_path, codec, 4, run=True).state_dict()
    assert any(float(tensor.abs().max()) > 0 for name, tensor in first.items() if name.startswith("last"))
    again = recipe.train(tmp_path, codec, 4, run=False).state_dict()
    assert all(torch.equal(first[name], again[name]) for name in first)
    sys.modules.pop("enlarger"), sys.modules.pop("codec")
