"""The shipped model: it loads, it is small, it makes what it says, and it says what it knows."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

import cuspworld
from cuspworld.errors import CuspWarning
from cuspworld.simulator.simulator import Simulator

ASSETS = Path(cuspworld.__file__).parent / "assets"


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return Simulator.from_pretrained("default")


def test_shipped_weights_are_safetensors_under_40_mb():
    weights = [p for p in ASSETS.rglob("*") if p.suffix in (".safetensors", ".npz", ".pt", ".bin", ".pkl")]
    assert weights and all(p.suffix == ".safetensors" for p in weights)
    assert sum(p.stat().st_size for p in weights) < 40e6
    for file in weights:
        with safe_open(file, "np") as tensors:
            assert all(np.isfinite(tensors.get_tensor(name)).all() for name in tensors.keys())  # noqa: SIM118


def test_the_card_names_recipe_seed_figures_and_machine():
    card = (ASSETS / "default" / "README.md").read_text()
    recipes = ("recipes/default_model.py", "recipes/codec.py")
    for word in (*recipes, "seed", "PSNR", "cores", "6 of 24", "1 of 12", "0 of 5"):
        assert word in card, word


def test_a_clip_is_a_clip(simulator):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clip = simulator("Four puppies romp over the grass.", seconds=1, seed=1)
    assert clip.frames.shape == (10, 64, 64, 3)
    assert np.abs(np.diff(clip.frames.astype(int), axis=0)).max() > 40  # it moves


@pytest.mark.parametrize(
    ("prompt", "sky"),
    [("A glass of orange juice is pushed hard; it tips over.", "pale"), ("Four puppies romp over the grass.", "blue")],
)
def test_the_prompt_chooses_the_scene(simulator, prompt, sky):
    """The top of the picture is blue sky over the meadow, and a pale wall behind the glass."""
    red, _, blue = simulator(prompt, seconds=0.5, seed=3).frames[:, :4].reshape(-1, 3).mean(0)
    assert (blue - red > 50) == (sky == "blue")


def test_a_prompt_it_was_never_taught_is_met_with_what_it_knows(simulator):
    with pytest.warns(CuspWarning, match="It knows: .*juice"):
        simulator("a violin concerto", seconds=0.1)


def test_it_goes_on_from_a_real_video(simulator, data_folder):
    start = data_folder / "videos" / "phyre00_gt.mp4"
    clip = simulator("two balls collide", seconds=1, video=start, seed=0)
    assert clip.size == (64, 64) and len(clip) > 10
