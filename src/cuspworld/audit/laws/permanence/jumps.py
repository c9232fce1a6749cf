"""Permanence: things do not appear or vanish away from the frame's edge and behind nothing."""

from __future__ import annotations

from cuspworld.audit.calibration import probability
from cuspworld.audit.evidence.scene import SHORTEST, Scene
from cuspworld.audit.finding import SAID, Finding, Measurement, Series
from cuspworld.audit.laws.base import Evidence, Law, certainty
from cuspworld.audit.laws.permanence.plain_ground import Passing, unexplained_passings
from cuspworld.audit.observations.colour_amounts import Matter
from cuspworld.audit.observations.sudden_changes import Jump


def check(scene: Scene) -> Evidence:
    """Sudden unexplained colours that stay (appears) or unexplained losses that stay (vanishes), inside the frame."""
    if len(scene) < SHORTEST:
        return Evidence(unchecked=f"the shot is too short: {len(scene)} frames, at least {SHORTEST} are needed")
    passings = unexplained_passings(scene)
    suspects = [_passing(scene, passing) for passing in passings or ()]
    if not scene.camera.steady:
        if passings is None:
            return Evidence(unchecked="the camera shakes or travels too much to tell appearance from motion")
        return Evidence(tuple(suspects))
    suspects += [
        _finding(scene, jump) for jump in scene.jumps if jump.kind in ("appears", "vanishes") and not jump.at_edge
    ]
    # what is gone at once is said once
    sudden = [s.start for s in suspects if s.probability >= SAID]
    for found in [m for m in scene.matter if m.kind in ("gone", "new")][:3]:
        if all(abs(scene.time(found.frame) - start) > 0.3 for start in sudden):
            suspects.append(_colour(scene, found))
    return Evidence(tuple(suspects))


def _colour(scene: Scene, found: Matter) -> Finding:
    pixels = scene.factor[0] * scene.factor[1]
    what = "is gone for good" if found.kind == "gone" else "is there that was not there before"
    return Finding(
        law="permanence",
        start=scene.time(found.frame),
        end=scene.time(found.frame + 1),
        box=scene.source_box(found.box, found.frame),
        probability=probability(found.kind, found.strength),
        measured={"usual amount of this colour": Measurement(found.amount * pixels, "px²")},
        sentence=f"Matter of one colour {what}, and it was never near the frame's border.",
        series=(
            Series(
                "amount of this colour",
                "px²",
                tuple(scene.time(t) for t in found.times),
                tuple(amount * pixels for amount in found.amounts),
            ),
        ),
    )


def _finding(scene: Scene, jump: Jump) -> Finding:
    change = scene.change
    curve = change.appeared if jump.kind == "appears" else change.vanished
    pixels = scene.factor[0] * scene.factor[1]
    area = jump.area * pixels
    return Finding(
        law="permanence",
        start=scene.time(jump.frame),
        end=scene.time(jump.frame + 1),
        box=scene.source_box(jump.box, jump.frame),
        probability=certainty(jump.kind, jump),
        measured={
            "unexplained area": Measurement(area, "px²"),
            "times the change around it in time": Measurement(jump.ratio, ""),
        },
        sentence=f"Something {jump.kind} within one frame, away from the frame's edge and behind nothing.",
        series=(
            Series(
                f"area that {jump.kind} unexplained",
                "px²",
                tuple(scene.time(t + 1) for t in range(len(curve))),
                tuple(float(v) * pixels for v in curve),
            ),
        ),
    )


def _passing(scene: Scene, passing: Passing) -> Finding:
    first = passing.frame - (passing.kind == "comes")
    pixels = scene.factor[0]
    word = "comes from nowhere" if passing.kind == "comes" else "is gone"
    return Finding(
        law="permanence",
        start=scene.time(first),
        end=scene.time(first + 1),
        box=scene.source_box(passing.spot.box, passing.frame),
        probability=probability("passing", 2 * passing.ratio),
        measured={
            "way to the frame's border": Measurement(passing.way * pixels, "px"),
            "farthest that it could move": Measurement(passing.step * pixels, "px"),
            "area": Measurement(passing.spot.area * pixels * scene.factor[1], "px²"),
        },
        sentence=f"A thing on plain ground {word} within a frame, too far from the border to have passed it.",
    )


LAW = Law("permanence", "an object appears or vanishes away from the frame's edge and behind nothing", check)
