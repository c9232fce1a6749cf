"""`cusp folds` and `cusp map`: what the pages hold, of a model of random weights whose paths are a toy's."""

import re
from dataclasses import replace

import numpy as np
import pytest
import torch

from cuspworld.cli import main
from cuspworld.codec.autoencoder import AutoencoderConfig
from cuspworld.codec.autoencoder_codec import AutoencoderCodec
from cuspworld.codec.scene_code import SceneCode
from cuspworld.errors import CuspError
from cuspworld.language.prompt import PromptConfig, PromptEncoder
from cuspworld.simulator.branches import Branches
from cuspworld.simulator.kinds import Kind
from cuspworld.simulator.map_page import map_page
from cuspworld.simulator.parts import Expert, SimulatorConfig
from cuspworld.simulator.plane import Plane, turned_back
from cuspworld.simulator.simulator import Simulator
from cuspworld.transport.flow.transformer import FlowTransformer, TransformerConfig

from ..browser import opened

FRAMES, STEPS = 2, 6


def kind(name: str, falls: bool) -> Kind:
    """Eight clips of six steps of two frames; in every second one the first number drops by 5 at step 3, if at all."""
    rng = np.random.default_rng(1)
    steps = FRAMES * STEPS - FRAMES + 1
    heights = np.zeros((8, steps))
    if falls:
        heights[1::2, 3 * FRAMES :] = -5
    codes = np.stack([heights, rng.normal(0, 1, (8, 1)) + rng.normal(0, 0.1, (8, steps))], axis=-1).reshape(-1, 2)
    clips, times = np.repeat(np.arange(8), steps), np.tile(np.arange(steps), 8)
    code = SceneCode(torch.zeros(FRAMES * 64 * 4), torch.eye(FRAMES * 64 * 4)[:, :2], 1.0, FRAMES)
    branches = (codes[:, 0] < -2).astype(int)
    seen = torch.randn(branches.max() + 1, FRAMES, 4, 4, 4, generator=torch.Generator().manual_seed(0))
    captions = (("it stands",), ("it falls",)) * 4 if falls else (("a lake",),) * 8
    return Kind(name, code, codes.astype(np.float32), clips, times, captions, branches, seen)


@pytest.fixture(scope="module")
def simulator() -> Simulator:
    torch.manual_seed(0)
    codec = AutoencoderCodec(
        AutoencoderConfig(latent_channels=4, fine_channels=8, coarse_channels=8, temporal_stride=1)
    )
    prompts = PromptEncoder(PromptConfig(("it", "stands", "falls", "lake"), 16, heads=2, version=2, outputs=4))
    config = TransformerConfig(2 * 4 * 4, 32, 1, 1, text_width=16, frames=FRAMES, code_width=2, code_kinds=2)
    transformer = FlowTransformer(config)
    for parameter in transformer.parameters():
        torch.nn.init.normal_(parameter, std=0.3)
    numbers = SimulatorConfig(fps=10.0, height=32, width=32, window=8, context=2, patch=2, token_frames=FRAMES)
    return Simulator(numbers, codec, [Expert(prompts, transformer)], [kind("Calm", False), kind("Glass", True)])


def test_a_prompt_becomes_a_path_and_the_clip_says_which(simulator):
    clip = simulator("it falls", seconds=1.5, critical="seek", seed=2)
    assert clip.frames.shape == (15, 32, 32, 3)
    assert clip.made["kind"] == "Glass" and clip.made["transport"] == "brenier"
    assert [tuple(p)[1:] for p in clip.made["passages"]] == [(0, 1)]
    again = simulator("it falls", seconds=1.5, critical="seek", seed=2)
    assert np.array_equal(clip.frames, again.frames)
    flow = simulator("it falls", seconds=1.5, transport="flow", seed=2)
    assert flow.made["transport"] == "flow" and not np.array_equal(clip.frames, flow.frames)


def test_a_given_path_is_followed_to_its_end(simulator):
    codes = np.zeros((7, 2))
    clip = simulator.follow(codes, "Glass", seed=0)
    assert len(clip) == 14
    other = simulator.follow(codes - 5, "Glass", seed=0)
    assert not np.array_equal(clip.frames, other.frames)
    with pytest.raises(CuspError, match="no kind 'Cup'"):
        simulator.follow(codes, "Cup")
    with pytest.raises(CuspError, match=r"\(steps, 2\)"):
        simulator.follow(codes[:, :1], "Glass")


def test_critical_events_are_the_recorded_passages(simulator):
    (event,) = simulator.critical_events(5)
    assert (event.kind, event.before, event.after, event.count) == ("Glass", 0, 1, 8)  # two offsets of each of four
    assert event.sides.shape == (2, 32, 32, 3) and event.caption == "it falls" and len(event.strip) >= 4
    assert event._repr_html_().count("<img") >= 4


def test_a_walk_is_turned_back_at_the_fold(simulator):
    glass = simulator.kinds[1]
    walk = np.column_stack([np.linspace(0, -5, 11), np.zeros(11)])
    back = turned_back(Branches(glass, glass.branches), walk)
    assert (back[:, 0] > -2.6).all() and back[-1, 0] > back[5, 0] - 1e-9
    assert np.array_equal(back[:5], walk[:5])


def test_the_plane_holds_the_states_and_a_walk_leads_where_it_was_drawn(simulator):
    glass = simulator.kinds[1]
    plane = Plane.of(glass)
    assert np.allclose(plane(glass.codes), plane.flat, atol=1e-5)
    assert np.allclose(plane.flat @ plane.axes.T + plane.mean, glass.codes, atol=1e-4)  # two numbers: all of it
    assert (plane.flat[plane.nearest(plane.flat[3:9])] == plane.flat[3:9]).all()
    places = plane(np.array([[0.0, 0.0], [-4.0, 0.0], [-4.0, 4.0]]))
    walk = plane.walk(places, 9)
    assert np.allclose(plane(walk), np.linspace(places[:1], places[1:2], 5).squeeze(1).tolist() + np.linspace(
        places[1], places[2], 5)[1:].tolist(), atol=1e-5)  # fmt: skip
    for wrong in (places[:1], places[[0, 0]], np.array([[0.0, np.nan], [1, 1]])):
        with pytest.raises(CuspError, match="a walk"):
            plane.walk(wrong, 5)


def test_what_the_plane_does_not_say_goes_evenly_from_end_to_end(simulator):
    glass = simulator.kinds[1]
    deep = np.column_stack([glass.codes, 0.1 * glass.codes[:, :1] * glass.codes[:, 1:]]).astype(np.float32)
    plane = Plane.of(replace(glass, codes=deep))
    row, last = plane.nearest(np.array([[0.0, 0.0], [4.0, 2.0]]))
    walk = plane.walk(plane.flat[[row, last]], 3)
    assert np.allclose(walk[[0, -1]], deep[[row, last]], atol=1e-4)
    assert np.allclose(walk[1], deep[[row, last]].mean(0), atol=1e-4)


def test_the_verbs_write_whole_pages(simulator, tmp_path, capsys):
    simulator.save_pretrained(tmp_path / "model")
    cusp("folds", tmp_path / "model", "-o", tmp_path / "folds.html", "--events", 2)
    page = (tmp_path / "folds.html").read_text()
    assert "One branch: nothing" in page and "2 branches, 8 recorded passages" in page
    assert len(re.findall('class="passage"', page)) == 1 and len(re.findall('class="forbidden"', page)) == 1
    cusp("map", tmp_path / "model", "-o", tmp_path / "map.html")
    page = (tmp_path / "map.html").read_text()
    assert "Glass: its states" in page and page.count("<polyline") == 3 and page.count('class="seen"') == 8 * 6
    assert "http" not in page.replace("http://www.w3.org", "")
    assert "3 walks" in capsys.readouterr().out


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_the_pages_work_in_a_browser(simulator, tmp_path, width):
    """Every picture of both pages is drawn, nothing is asked of anybody, and what is under the pointer is shown."""
    simulator.save_pretrained(tmp_path / "model")
    cusp("folds", tmp_path / "model", "-o", tmp_path / "folds.html", "--events", 2)
    cusp("map", tmp_path / "model", "-o", tmp_path / "map.html")
    for name in ("folds", "map"):
        with opened(tmp_path / f"{name}.html", width) as (tab, said):
            drawn = "[...document.images].filter(i => i.src).every(i => i.complete && i.naturalWidth > 0)"
            assert tab.evaluate("document.images.length") > 3 and tab.evaluate(drawn)
            assert tab.evaluate("document.documentElement.scrollWidth") <= width
            if name == "folds":
                left, right = (tab.locator("foreignObject").nth(k).bounding_box() for k in (0, 1))
                assert left["y"] + left["height"] < right["y"]  # the two branches do not cover each other
                assert tab.locator("path.passage").count() == tab.locator("path.forbidden").count() == 1
            else:
                seen = []
                for number in (0, 40):
                    tab.locator(f'circle.seen[data-n="{number}"]').hover(force=True)
                    seen.append(tab.locator("#look").get_attribute("src"))
                assert seen[0] != seen[1] and all(source.startswith("data:image") for source in seen)
                assert tab.locator("polyline").count() == 3
            assert not said


def cusp(*arguments: object) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(argument) for argument in arguments])
    assert not ended.value.code


def test_bad_asks_are_named(simulator, tmp_path, capsys):
    with pytest.raises(CuspError, match="this model knows Calm, Glass"):
        map_page(simulator, "Cup", 0)
    bare = Simulator(simulator.config, simulator.codec, simulator.experts)
    with pytest.raises(CuspError, match="has none"):
        bare("it falls", critical="seek")
    with pytest.raises(CuspError, match="no recorded clip of Calm crosses a fold"):
        simulator("a lake", critical="seek")
    with pytest.raises(SystemExit) as ended:
        main(["folds", "default", "-o", str(tmp_path / "folds.png")])
    assert ended.value.code == 2 and "HTML" in capsys.readouterr().err
