"""Critical passage: a scene does not jump from one steady state to another without the passage between."""

from __future__ import annotations

import numpy as np

from cuspworld.audit.evidence.scene import SHORTEST, Scene
from cuspworld.audit.finding import Finding, Measurement, Series
from cuspworld.audit.laws.base import Evidence, Law, certainty


def check(scene: Scene) -> Evidence:
    """A single step in which shapes change together while the steps around it are steady."""
    if len(scene) < SHORTEST:
        return Evidence(unchecked=f"the shot is too short: {len(scene)} frames, at least {SHORTEST} are needed")
    if not scene.camera.steady:
        return Evidence(unchecked="the camera shakes or travels too much to tell a jump from a swing")
    suspects = []
    total = np.maximum(scene.change.appeared, scene.change.vanished) * scene.factor[0] * scene.factor[1]
    for jump in scene.jumps:
        if jump.kind not in ("everything", "passes", "recolours") or jump.same_shape:
            continue
        suspects.append(
            Finding(
                law="passage",
                start=scene.time(jump.frame),
                end=scene.time(jump.frame + 1),
                box=scene.source_box(jump.box, jump.frame),
                probability=certainty("passage", jump),
                measured={
                    "unexplained area": Measurement(jump.area * scene.factor[0] * scene.factor[1], "px²"),
                    "times the change around it in time": Measurement(jump.ratio, ""),
                },
                sentence="The scene is in another state from one frame to the next; the passage between is missing.",
                series=(
                    Series(
                        "unexplained area of each step",
                        "px²",
                        tuple(scene.time(t + 1) for t in range(len(total))),
                        tuple(float(v) for v in total),
                    ),
                ),
            )
        )
    return Evidence(tuple(suspects))


LAW = Law("passage", "the scene jumps from one steady state to another without the passage between", check)
