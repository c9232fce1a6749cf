"""Guidance along a path: away from what is drawn where the path tells less, at late times, by scales of its own."""

import dataclasses
import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from cuspworld.errors import CuspError
from cuspworld.simulator.actions import Actions
from cuspworld.simulator.guidance import LATE, MOST, Guidance
from cuspworld.simulator.kinds import Kind
from cuspworld.simulator.kinds_folder import load_kinds, save_kinds
from cuspworld.simulator.simulator import Simulator
from cuspworld.simulator.window import Span, Told, Window
from cuspworld.transport.flow.transformer import CodePath


@pytest.fixture(scope="module")
def kind() -> Kind:
    latents = [torch.full((4, 8, 8, 1), float(clip)) for clip in range(4)]
    kind = Kind.learn("boxes", latents, [("a box",)] * 4, 2, 1, 0)
    return dataclasses.replace(kind, actions=Actions.learn([np.full((4, 1), clip % 2) for clip in range(4)]))


class Sums(torch.nn.Module):
    """In the place of a network: a velocity of 10 where something lies, and of 1 for all that is done."""

    config = SimpleNamespace(sketch=1)

    def forward(self, x, positions, marks, times, text, mask, path=None, scale=None):
        told = 0.0 if path.sketch is None else 10.0
        return torch.full_like(x, told + float(path.codes[..., -2:].sum()))


def velocity(kind: Kind, time: float, acts: float, **scales: float) -> float:
    """Of a step in whose two frames `acts` is done."""
    codes = torch.tensor([[[0.0, acts, acts]]])
    given = torch.ones(1, dtype=torch.bool)
    path = CodePath(codes, torch.zeros(1, dtype=torch.long), torch.zeros(1), given)
    along = Guidance(**scales)
    words = (torch.zeros(1, 1, 4), torch.ones(1, 1))
    told = Told(SimpleNamespace(transformer=Sums()), *words, 1.0, kind, 1, 2, along=along)
    clean = torch.zeros(1, 2, 8, 8, 1)
    span = Span(Window(told, clean, torch.zeros(2, dtype=torch.bool), path), 0, 2)
    return float(span.velocity(span.tokens(clean), time).mean())


def test_each_part_leads_away_from_what_is_drawn_without_it(kind):
    assert velocity(kind, 0.5, 1.0) == 12  # 10 of what lies there, 1 a frame of what is done
    assert velocity(kind, 0.5, 1.0, sketch=3.0) == 12 + 2 * 10
    assert velocity(kind, 0.5, 1.0, actions=2.5) == 12 + 1.5 * 2
    assert velocity(kind, 0.5, 1.0, sketch=2.0, actions=0.5) == 12 + 10 - 0.5 * 2


def test_where_nothing_is_done_and_early_nothing_guides(kind):
    assert velocity(kind, 0.5, 0.0, actions=9.0) == 10
    assert velocity(kind, LATE - 0.01, 1.0, sketch=3.0, actions=9.0) == 12
    assert velocity(kind, LATE, 1.0, sketch=3.0) == 32
    asked = CodePath(torch.zeros(1, 1, 3), torch.zeros(1), torch.zeros(1), torch.ones(1))
    assert Guidance(2.0, 2.0).less_told(asked, 2) == Guidance(2.0, 2.0).less_told(asked, 0) == []


def test_a_folder_keeps_how_its_experts_are_guided(tmp_path, kind):
    guided = dataclasses.replace(kind, guidance=Guidance(2.0, 2.5))
    save_kinds(tmp_path / "paths", [guided, dataclasses.replace(kind, name="balls")])
    assert [read.guidance for read in load_kinds(tmp_path / "paths")] == [Guidance(2.0, 2.5), Guidance()]
    file = tmp_path / "paths" / "config.json"
    told = json.loads(file.read_text())
    for wrong in ("2", {"sketch": "2"}, {"sketch": -1}, {"actions": MOST + 1}, {"actions": math.nan}, {"text": 1.0}):
        told["kinds"][0]["guidance"] = wrong
        file.write_text(json.dumps(told))
        with pytest.raises(CuspError, match="guidance of 'boxes' must be sketch and actions, numbers from 0 to 50"):
            load_kinds(tmp_path / "paths")


def test_the_shipped_model_is_guided_by_its_own_scales_unless_others_are_asked():
    simulator = Simulator.from_pretrained("default")
    asked = {"seconds": 0.8, "seed": 3}
    own = simulator("Three puppies, a white one, a golden one and a black one, play.", **asked)
    assert own.made["sketch_guidance_scale"] == 2.0 and "action_guidance_scale" not in own.made
    same = simulator(own.made["prompt"], sketch_guidance_scale=2.0, **asked)
    plain = simulator(own.made["prompt"], sketch_guidance_scale=1.0, **asked)
    assert np.array_equal(own.frames, same.frames) and not np.array_equal(own.frames, plain.frames)
    assert "sketch_guidance_scale" not in plain.made
    blown = simulator("Somebody blows out three red candles at 0.4 s.", **asked)
    assert blown.made["action_guidance_scale"] == 2.5
    flow = simulator(own.made["prompt"], transport="flow", **asked)
    assert "sketch_guidance_scale" not in flow.made
    for name in ("sketch_guidance_scale", "action_guidance_scale"):
        for wrong in (-1, math.nan, "2", 51):
            with pytest.raises(CuspError, match=f"{name} must be a number from 0 to 50"):
                simulator("two puppies", **{name: wrong}, **asked)
