"""Every check can speak: on a clip that breaks its law it is surer than one half."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from cuspworld.audit import checks
from cuspworld.audit.evidence.scene import Scale, observe
from cuspworld.audit.laws.runner import look
from cuspworld.audit.observations.seen import Observations

from .. import breaking, recorded

WORLDS = {  # of what detectors are asked about
    "comes or goes as read": "Collision",
    "another as read": "Collision",
    "moves untouched as read": "Juice",
    "no passage as read": "Juice",
    "undone as read": "Juice",
    "melts as read": "Puppies",
}
CLIPS: dict[str, Callable[[], np.ndarray]] = {
    "comes or goes as read": recorded.a_ball_is_gone,
    "another as read": recorded.a_ball_has_another_colour,
    "moves untouched as read": recorded.nobody_pushes_the_glass,
    "no passage as read": recorded.the_glass_lies_at_once,
    "undone as read": recorded.backwards,
    "melts as read": recorded.puppies_blend,
    "plain ground": breaking.gone_from_plain_ground,
    "appears": breaking.appears,
    "vanishes": breaking.vanishes,
    "sudden coming or going": breaking.vanishes,
    "colour gone": breaking.vanishes,
    "colour new": breaking.appears,
    "recolours": breaking.swaps_its_coat,
    "reshapes": breaking.turns_into_a_square,
    "sudden look": breaking.loses_a_leg,
    "colour leaps": breaking.changes_colour_on_its_way,
    "becomes another": breaking.melts,
    "comes out as another": breaking.comes_out_as_another,
    "more come out": breaking.two_come_out,
    "areal velocity": breaking.circles_unevenly,
    "inverse square": breaking.circles_a_spring,
    "fall ends": breaking.stops_in_mid_air,
    "fall turns": breaking.rises_from_its_fall,
    "falls upward": breaking.falls_upward,
    "coloured fall ends": breaking.lump_stops,
    "coloured fall turns": breaking.lump_rises,
    "standing liquid": breaking.juice_stands,
    "free fall": breaking.falls,
    "leaps": breaking.leaps,
    "sudden leap": breaking.leaps,
    "velocity jumps": breaking.is_faster_at_once,
    "stream through solid": breaking.streams_through,
    "passes through": breaking.passes_through,
    "hue grows": breaking.heap_grows,
    "thing grows": breaking.ship_grows,
    "flows upward": breaking.flows_upward,
    "amount grows": breaking.amount_grows,
    "fire begins": breaking.fire_begins,
    "light begins": breaking.light_begins,
    "light goes out": breaking.light_goes_out,
    "light flares": breaking.light_flares,
    "sudden light": breaking.light_begins,
    "flames unmoved": breaking.flames_unmoved,
    "glides": breaking.glides,
    "starts by itself": breaking.starts_by_itself,
    "rises by itself": breaking.moves_by_itself,
    "moves by itself": breaking.moves_by_itself,
    "driven by nothing": breaking.floats_up,
    "stays up": breaking.floats_up,
    "moves apart": breaking.floats_up,
    "skipped passage": breaking.skips_the_passage,
    "sudden passage": breaking.skips_the_passage,
    "bursts": breaking.bursts,
    "gathers": breaking.gathers,
    "bounce gains": breaking.bounces_higher,
    "surface reverses": breaking.belt_turns,
    "chroma drifts": breaking.chroma_drifts,
    "falls disagree": breaking.falls_disagree,
    "freezes": breaking.freezes,
    "thaws": breaking.thaws,
}


def test_every_check_has_a_clip_that_breaks_its_law() -> None:
    assert set(CLIPS) == {check.name for check in checks()}


@pytest.mark.parametrize("name", list(CLIPS))
def test_a_check_is_surer_than_one_half_of_a_clip_that_breaks_its_law(name: str) -> None:
    check = next(check for check in checks() if check.name == name)
    scale = Scale(0.001, True) if name == "free fall" else None
    scene = replace(observe(CLIPS[name](), 30.0, scale=scale), world=WORLDS.get(name, ""))
    (found,) = look(Observations(scene), [check])
    assert max((check.probability(s.strength) for s in found.suspects), default=0.0) >= 0.5, found
