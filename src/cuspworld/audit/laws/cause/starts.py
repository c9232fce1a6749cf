"""Cause and effect: a small grammar of events.

Events are read off the paths: *start* (a rigid thing at rest has a speed within one frame) and *blow* (a moving thing
reaches one at rest). Rules: every start needs a blow, a hand or an edge at its place, at its time or just before; and
a blow that stops or turns the striker must move the struck. A fire that begins needs a light near it (`flames.py`);
what went by its limbs does not go on without them (`glides.py`); flames lean with the air (`unmoved.py`).
"""

from __future__ import annotations

import itertools

import numpy as np

from cuspworld.audit.evidence.paths import Path
from cuspworld.audit.evidence.scene import LIT, Scene
from cuspworld.audit.evidence.touch import touches
from cuspworld.audit.finding import Finding, Measurement, Series
from cuspworld.audit.laws.base import Evidence, Law, certainty, probability
from cuspworld.audit.laws.cause.flames_in_wind import Unmoved, unmoved
from cuspworld.audit.laws.cause.ignitions import Ignition, ignitions
from cuspworld.audit.laws.cause.limbless_walk import Glide, glides
from cuspworld.audit.observations.sudden_changes import Jump

COASTING = 0.45  # at most: what rolls, slides or coasts goes on so too, so that by itself this is no finding


def check(scene: Scene) -> Evidence:
    """Sudden starts of rigid things with nothing at their place; fires that begin by themselves."""
    lit = scene.camera.steady and scene.tint < LIT  # under another light nothing is as bright as it looks
    suspects = [_fire(scene, found) for found in ignitions(scene)] if lit else []
    if scene.camera.steady:
        suspects += [
            _light(scene, jump)
            for jump in scene.jumps
            if jump.kind in ("lights", "goes out", "flares") and not jump.at_edge
        ]
    if scene.why_no_things and not suspects:
        return Evidence(unchecked=scene.why_no_things)
    if scene.camera.steady and not scene.camera.moving and (flames := unmoved(scene)) is not None:
        suspects.append(_unmoved(scene, flames))
    if not scene.why_no_things:
        suspects += [_glides(scene, found) for found in glides(scene)]
    looked = bool(suspects)
    for path in scene.paths:
        areas = path.track.areas[path.track.alone]
        if len(areas) < 12 or np.median(np.abs(areas - np.median(areas))) > 0.05 * np.median(areas):
            continue  # what changes its shape may move itself
        for first, pieces in scene.flown(path, alone=True):
            looked = looked or bool(pieces)
            for rest, start in itertools.pairwise(pieces):
                still = max(np.hypot(*rest.velocity_start), np.hypot(*rest.velocity_end))
                speed = float(np.hypot(*start.velocity_start))
                if still > 0.05 or len(rest) < 8 or speed < 0.5:
                    continue
                frame = int(path.times[first + rest.last])
                found = _start(scene, path, frame, speed, start.velocity_error)
                if found is not None:
                    suspects.append(found)
    if not looked:
        return Evidence(unchecked="no rigid thing is seen alone for long enough to tell its starts from its motion")
    return Evidence(tuple(suspects))


def _light(scene: Scene, jump: Jump) -> Finding:
    what = {"lights": "begins", "goes out": "goes out", "flares": "has another shape"}[jump.kind]
    return Finding(
        law="cause",
        start=scene.time(jump.frame),
        end=scene.time(jump.frame + 1),
        box=scene.source_box(jump.box, jump.frame),
        probability=certainty(jump.kind, jump, _dim(scene)),
        measured={
            "changed area": Measurement(jump.area * scene.factor[0] * scene.factor[1], "px²"),
            "times the change around it in time": Measurement(jump.ratio, ""),
        },
        sentence=f"A light {what} at once, and nothing reaches it.",
    )


def _dim(scene: Scene) -> float:
    """1 in a picture so dim that what is bright and warm shines, 0 in a bright one."""
    return float(np.clip((130 - float(np.median(scene.background[..., 0]))) / 50, 0, 1))


def _fire(scene: Scene, fire: Ignition) -> Finding:
    pixels = scene.factor[0] * scene.factor[1]
    # a bright warm thing in a bright picture is a light only if it lights up what is round it
    light = max(float(np.clip(fire.glow / 4, 0, 1)), _dim(scene))
    strength = 3 * float(np.log2(fire.area / fire.least)) * light
    return Finding(
        law="cause",
        start=scene.time(fire.frame),
        end=scene.time(fire.frame + 1),
        box=scene.source_box(fire.box, fire.frame),
        probability=probability("ignition", strength),
        measured={
            "shines, at the most": Measurement(fire.area * pixels, "px²"),
            "surroundings light up by": Measurement(fire.glow, "grey levels"),
        },
        sentence="A fire begins where nothing burnt near it: an effect without its cause.",
        series=(
            Series(
                "shining area near the place",
                "px²",
                tuple(scene.time(t) for t in range(len(fire.areas))),
                tuple(area * pixels for area in fire.areas),
            ),
        ),
    )


def _glides(scene: Scene, glide: Glide) -> Finding:
    pace = scene.factor[0] * float(scene.fps)
    return Finding(
        law="cause",
        start=scene.time(glide.start),
        end=scene.time(glide.end),
        box=scene.source_box(glide.box, glide.end),
        probability=min(COASTING, probability("glides", glide.strength)),
        measured={
            "its own motion before": Measurement(100 * glide.before, "% of its pixels"),
            "its own motion after": Measurement(100 * glide.after, "% of its pixels"),
            "pace before": Measurement(glide.pace_before * pace, "px/s"),
            "pace after": Measurement(glide.pace_after * pace, "px/s"),
        },
        sentence="A thing goes on at its pace while the limbs that moved it are still.",
        series=(
            Series(
                "share of its pixels that its limbs move",
                "%",
                tuple(scene.time(t) for t in glide.times),
                tuple(100 * share for share in glide.shares),
            ),
        ),
    )


def _unmoved(scene: Scene, flames: Unmoved) -> Finding:
    return Finding(
        law="cause",
        start=scene.time(flames.start),
        end=scene.time(flames.end),
        box=scene.source_box(flames.box, flames.start),
        probability=probability("unmoved", flames.strength * _dim(scene)),
        measured={
            "frames with smoke or dust at a flame's rim": Measurement(flames.frames, ""),
            "flames lean by": Measurement(100 * flames.windy, "% of their width", 100 * flames.calm),
        },
        sentence="The air carries smoke or dust past flames, and they do not heed it: a cause without its effect.",
    )


def _start(scene: Scene, path: Path, frame: int, speed: float, error: float) -> Finding | None:
    where = {f: i for i, f in enumerate(path.track.frames)}
    near = [where[f] for f in range(frame - 1, frame + 2) if f in where]
    if not near or any(touches(scene, path.track, i) for i in near):
        return None
    pace = scene.factor[0] * float(scene.fps)
    return Finding(
        law="cause",
        start=scene.time(frame),
        end=scene.time(frame + 1),
        box=scene.source_box(path.track.boxes[near[0]], frame),
        probability=probability("start", float(min(9.0, speed / (5 * error + 0.05)))),
        measured={"speed at once": Measurement(speed * pace, "px/s", error * pace)},
        sentence="A thing at rest is at once in motion, and nothing is there that could have set it off.",
    )


LAW = Law("cause", "an effect without its cause, or a cause without its effect", check)
