"""Conservation: what one place loses another gains, and matter does not grow out of itself.

For each saturated colour whose bulk stays where it is while its boundary moves (a liquid in vessels, a heap), the
pixels that it lost between the first and the last third of the shot are compared with those that it gained. A liquid
that stands lower before and higher after, with nothing carried, has flowed upward: of two coupled amounts the upper
grows while the lower shrinks. An amount that only grows, away from the frame's border, comes from nothing.
"""

from __future__ import annotations

import numpy as np

from cuspworld.audit.evidence.palette import palette, weighted_lab
from cuspworld.audit.evidence.scene import SHORTEST, Scene
from cuspworld.audit.finding import Finding, Measurement, Series
from cuspworld.audit.laws.base import Evidence, Law, probability
from cuspworld.audit.laws.conservation.hue_growth import Growth, growths
from cuspworld.audit.observations.colour_amounts import Matter

SATURATED = 28.0  # Lab chroma of a colour that can be followed through shade
SMALLEST = 0.003  # share of the frame


def check(scene: Scene) -> Evidence:
    """Every saturated colour's losses and gains."""
    if len(scene) < 3 * SHORTEST:
        return Evidence(unchecked=f"the shot is too short: {len(scene)} frames, at least {3 * SHORTEST} are needed")
    suspects = [_grown(scene, growth) for growth in growths(scene)] if scene.camera.steady else []
    suspects += [_grows(scene, found) for found in scene.matter if found.kind == "grows"][:1]
    if (not scene.camera.steady or scene.valid is not None) and not suspects:
        return Evidence(unchecked="the camera moves, so that amounts in the picture are no amounts in the scene")
    if scene.valid is not None:
        return Evidence(tuple(suspects))
    chosen = np.unique(np.linspace(0, len(scene) - 1, 24).astype(int))
    chroma = np.stack([np.linalg.norm(weighted_lab(scene.frames[t])[..., 1:], axis=-1) for t in chosen])
    colours = palette(scene.frames[chosen], chroma > SATURATED, looks=24)
    followed = bool(suspects)
    if colours is None:
        return Evidence(tuple(suspects), "" if followed else "no saturated colour whose amount could be followed")
    for k in range(len(colours.centres)):
        here = colours.maps == k
        third = len(chosen) // 3
        early, late = here[:third].mean(0) > 0.5, here[-third:].mean(0) > 0.5
        size = early.size
        bulk = float((early & late).sum())
        if bulk < SMALLEST * size or bulk < 0.25 * min(early.sum(), late.sum()):
            continue
        followed = True
        found = _flow(scene, chosen, colours.areas[:, k], early & ~late, late & ~early, bulk)
        if found is not None:
            suspects.append(found)
    if not followed:
        return Evidence(unchecked="no coloured matter stays in one place while its amount changes")
    return Evidence(tuple(suspects))


def _grows(scene: Scene, found: Matter) -> Finding:
    pixels = scene.factor[0] * scene.factor[1]
    return Finding(
        law="conservation",
        start=scene.time(found.frame),
        end=scene.time(len(scene) - 1),
        box=scene.source_box(found.box),
        probability=probability("grows", found.strength),
        measured={
            "grows by a factor of": Measurement(found.growth, ""),
            "amount at the end": Measurement(found.amount * pixels, "px²"),
        },
        sentence="A thing's matter grows, far from the frame's border, and nothing is added to it.",
        series=(
            Series(
                "amount of this colour",
                "px²",
                tuple(scene.time(t) for t in found.times),
                tuple(amount * pixels for amount in found.amounts),
            ),
        ),
    )


def _grown(scene: Scene, growth: Growth) -> Finding:
    pixels = scene.factor[0] * scene.factor[1]
    times = tuple(scene.time(int(t)) for t in growth.frames)
    return Finding(
        law="conservation",
        start=times[0],
        end=times[-1],
        box=scene.source_box(growth.box, int(growth.frames[-1])),
        probability=probability("growth", 20 * float(np.log2(max(growth.ratio, 1.0)))),
        measured={"grows by a factor of": Measurement(growth.ratio, "")},
        sentence="Matter that stays in its place grows all the while, and nothing is added to it.",
        series=(Series("amount of this hue", "px²", times, tuple(float(v) * pixels for v in growth.areas)),),
    )


def _flow(
    scene: Scene, chosen: np.ndarray, amount: np.ndarray, lost: np.ndarray, gained: np.ndarray, bulk: float
) -> Finding | None:
    height, width = scene.size
    pixels = scene.factor[0] * scene.factor[1]
    a, b = float(lost.sum()), float(gained.sum())
    least = SMALLEST * height * width
    steady = float(np.corrcoef(np.arange(len(amount)), amount)[0, 1]) if amount.std() > 0 else 0.0
    if a > least and b > least:
        rise = _centre(lost)[1] - _centre(gained)[1]  # positive: gained higher than lost
        near = abs(_centre(lost)[0] - _centre(gained)[0]) < 0.2 * width
        if rise < 0.06 * height or not near or _edge(lost | gained):
            return None
        statistic = 10 * min(a, b) / max(a, b) * min(1.0, rise / (0.15 * height))
        test, place = "upward", lost | gained
        sentence = "What stands lower shrinks while the same matter above it grows: it would have to flow upward."
        measured = {
            "lost below": Measurement(a * pixels, "px²"),
            "gained above": Measurement(b * pixels, "px²"),
            "higher by": Measurement(rise * scene.factor[1], "px"),
        }
    elif b > 4 * least and a < 0.1 * b and steady > 0.9 and not _edge(gained):
        ratio = (bulk + b) / bulk
        statistic, test, place = 3 * float(np.log2(ratio)), "amount", gained
        sentence = "An amount of matter grows, and nothing is added to it."
        measured = {"grows by a factor of": Measurement(ratio, ""), "gained": Measurement(b * pixels, "px²")}
    else:
        return None
    rows, columns = np.flatnonzero(place.any(1)), np.flatnonzero(place.any(0))
    return Finding(
        law="conservation",
        start=scene.time(int(chosen[len(chosen) // 3])),
        end=scene.time(int(chosen[-len(chosen) // 3])),
        box=scene.source_box(np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1])),
        probability=probability(test, float(statistic)),
        measured=measured,
        sentence=sentence,
        series=(
            Series(
                "amount of this colour",
                "px²",
                tuple(scene.time(int(t)) for t in chosen),
                tuple(float(v) * pixels for v in amount),
            ),
        ),
    )


def _centre(mask: np.ndarray) -> tuple[float, float]:
    rows, columns = np.nonzero(mask)
    return float(columns.mean()), float(rows.mean())


def _edge(mask: np.ndarray) -> bool:
    return bool(mask[0].any() or mask[-1].any() or mask[:, 0].any() or mask[:, -1].any())


LAW = Law("conservation", "coupled amounts disagree; matter grows", check)
