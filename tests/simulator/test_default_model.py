"""The shipped model: it loads, it is small, it makes what it says, and it says what it knows."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from safetensors import safe_open

import cuspworld
from cuspworld import worlds
from cuspworld.cli.describe import describe_model
from cuspworld.clip import Clip
from cuspworld.errors import CuspWarning
from cuspworld.simulator.critical import sides_of
from cuspworld.simulator.plane import looks
from cuspworld.simulator.simulator import Simulator
from cuspworld.video.frames import resize_frames

ASSETS = Path(cuspworld.__file__).parent / "assets"


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    return Simulator.from_pretrained("default")


def test_shipped_weights_are_safetensors_under_60_mb():
    weights = [p for p in ASSETS.rglob("*") if p.suffix in (".safetensors", ".npz", ".pt", ".bin", ".pkl")]
    assert weights and all(p.suffix == ".safetensors" for p in weights)
    assert sum(p.stat().st_size for p in weights) < 60e6
    for file in weights:
        with safe_open(file, "np") as tensors:
            assert all(np.isfinite(tensors.get_tensor(name)).all() for name in tensors.keys())  # noqa: SIM118


def test_the_card_names_recipe_seed_figures_and_machine():
    card = (ASSETS / "default" / "README.md").read_text()
    recipes = ("recipes/folds.py", "recipes/codec.py", "recipes/enlarger.py")
    for word in (*recipes, "seed", "PSNR", "cores", "4 of 24", "0 of 12", "11 of 11"):
        assert word in card, word


def test_a_clip_is_a_clip(simulator):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        clip = simulator("Four puppies romp over the grass.", seconds=1, seed=1)
    assert clip.frames.shape == (10, 64, 64, 3)
    assert np.abs(np.diff(clip.frames.astype(int), axis=0)).max() > 40  # it moves


def test_a_larger_clip_is_enlarged_by_its_own_enlarger(simulator):
    asked = {"seconds": 0.5, "seed": 1}
    small, large = (simulator("Two balls collide.", size=size, **asked) for size in (64, 128))
    assert large.made["enlarged"] == 2 and describe_model(ASSETS / "default")["enlarges"] == 4
    assert np.array_equal(large.frames, simulator.enlarger.enlarge(small.frames))
    assert not np.array_equal(large.frames, resize_frames(small.frames, (128, 128)))


@pytest.mark.parametrize("size", [128, 256, (128, 192), 64, 32])
def test_given_frames_are_shown_as_they_were_given_in_any_size(simulator, size):
    given = worlds.make("Juice").record(seed=1_000_003, seconds=0.8, fps=10, size=256)
    height, width = (size, size) if isinstance(size, int) else size
    side = max(height, width)  # the middle of a square that covers it
    rows, columns = (side - height) // 2, (side - width) // 2
    own = resize_frames(given.frames, (side, side))[:, rows : rows + height, columns : columns + width].astype(int)
    asked = {"seconds": 0.8, "size": (height, width), "seed": 1}
    near = 1.0 if side > 64 else 4.0  # smaller ones are scaled twice
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        on = simulator("", video=given, **asked).frames
        back = simulator("", after=given, **asked).frames
        still = simulator("", image=given.frames[0], **asked).frames
    assert on.shape == back.shape == (16, height, width, 3) and still.shape == (8, height, width, 3)
    for shown, true in ((on[:8], own), (back[8:], own), (still[:1], own[:1])):
        assert np.abs(shown - true).mean() < near
        assert np.array_equal(shown, true) or size not in (128, 256)  # exactly, where nothing is cut off


def test_a_state_looks_like_what_it_is_the_code_of(simulator):
    for number, kind in enumerate(simulator.kinds):
        if kind.name not in ("Juice", "Candles"):
            continue  # of small things that move a code tells little by itself
        sides = sides_of(simulator, number).astype(float)
        codes = np.concatenate([kind.code.of(latents) for latents in kind.seen])
        shown = looks(simulator, number, codes).astype(float)
        apart = ((shown[:, None] - sides[None]) ** 2).mean((2, 3, 4))  # (branches, branches)
        assert len(shown) > 10 and np.mean(apart.argmin(1) == np.arange(len(apart))) >= 0.8
        assert np.sqrt(apart.diagonal()).mean() < 12  # grey levels


def lying(clip: Clip) -> np.ndarray:
    """Of each frame: how wide the juice is over how high, of pixels that are strongly coloured."""
    found = []
    for frame in clip.frames.astype(int):
        strong = (frame.max(-1) - frame.min(-1) > 110) & (np.arange(64)[:, None] > 20)
        rows, columns = np.nonzero(strong)
        found.append((np.ptp(columns) + 1) / (np.ptp(rows) + 1) if len(rows) else np.nan)
    return np.array(found)


def test_a_glass_tips_when_pushed_and_stands_when_not(simulator):
    for colour in ("red", "blue"):
        falls = lying(simulator(f"A glass of {colour} juice is pushed hard; it tips over.", seconds=2, seed=4))
        stands = lying(simulator(f"A glass of {colour} juice is NOT pushed.", seconds=2, seed=4))
        assert falls[-1] > 2 and falls[0] < 1.5 and (stands < 1.5).all()


def test_seek_and_avoid_need_no_prompt(simulator):
    for seed in range(3):
        assert lying(simulator("a glass of blue juice", seconds=2, seed=seed, critical="seek"))[-1] > 2
        assert lying(simulator("a glass of blue juice", seconds=2, seed=seed, critical="avoid"))[-1] < 1.5


def test_an_edit_keeps_when_it_falls_and_a_sequence_stands_before_it_falls(simulator):
    red = simulator("A glass of red juice is pushed hard; it tips over.", seconds=2, seed=4)
    blue = simulator.edit(red, "A glass of blue juice is pushed hard; it tips over.", seed=1)
    fell = [int(np.argmax(lying(clip) > 2)) for clip in (red, blue)]
    assert abs(fell[0] - fell[1]) <= 4 and len(blue) == len(red)
    asked = ["A glass of blue juice stands still on a table.", "A glass of blue juice is pushed hard; it tips over."]
    both = lying(simulator.sequence(asked, seconds=1.6, seed=3))
    assert (both[:16] < 1.5).all() and both[-1] > 2


@pytest.mark.filterwarnings("error")
def test_a_clip_is_connected_and_made_backwards(simulator):
    fallen = simulator("A glass of blue juice is pushed firmly; it tips over.", seconds=2, seed=4)
    end = Clip(fallen.frames[-8:], 10.0)
    before = simulator("A glass of blue juice is pushed firmly; it tips over.", seconds=1.6, after=end, seed=2)
    np.testing.assert_array_equal(before.frames[-8:], end.frames)
    start = Clip(fallen.frames[:4], 10.0)
    joined = simulator("A glass of blue juice tips over.", seconds=1.6, video=start, after=end, seed=2)
    assert lying(joined)[0] < 1.5 and lying(joined)[-1] > 2


def test_frames_of_what_it_does_not_know_are_named(simulator):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3)).astype(np.uint8)
    planets = worlds.make("Planets").record(seed=9, seconds=0.2, fps=10, size=64).frames[0]
    for image in (noise, planets):
        with pytest.warns(CuspWarning, match="nothing that the model was taught"):
            simulator("", image=image, seconds=0.2)
    known = worlds.make("Juice").record(seed=99, seconds=0.2, fps=10, size=64).frames[0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert simulator("", image=known, seconds=0.2).made["kind"] == "Juice"


@pytest.mark.parametrize(
    ("prompt", "sky"),
    [("A glass of orange juice is pushed hard; it tips over.", "pale"), ("Four puppies romp over the grass.", "blue")],
)
def test_the_prompt_chooses_the_scene(simulator, prompt, sky):
    """The top of the picture is blue sky over the meadow, and a pale wall behind the glass."""
    red, _, blue = simulator(prompt, seconds=0.5, seed=3).frames[:, :4].reshape(-1, 3).mean(0)
    assert (blue - red > 50) == (sky == "blue")


def test_a_prompt_it_was_never_taught_is_met_with_what_it_knows(simulator):
    with pytest.warns(CuspWarning, match="violin, concerto.*It knows: .*juice"):
        simulator("a violin concerto", seconds=0.1)


def test_it_goes_on_from_a_real_video(simulator, data_folder):
    start = data_folder / "videos" / "phyre00_gt.mp4"
    clip = simulator("two balls collide", seconds=1, video=start, seed=0)
    assert clip.size == (64, 64) and len(clip) > 10
