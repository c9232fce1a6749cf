"""From suspects to findings: every check looks at a shot; what it suspects gets time, place and probability."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import UInt8

from cuspworld.audit.evidence.graphics import SHARE, drawn
from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.finding import SAID, Evidence, Finding
from cuspworld.audit.laws.check import Check, Suspect
from cuspworld.audit.observations.seen import Observations
from cuspworld.laws import Law

REPEAT_SECONDS = 0.3  # within which two checks speak of the same thing


@dataclass(frozen=True)
class Looked:
    """What one check made of one shot: its suspects, or why it could not tell."""

    check: Check
    suspects: tuple[Finding, ...] = ()
    unchecked: str = ""


def look(seen: Observations, checks: Iterable[Check], silent: Mapping[str, str] | None = None) -> list[Looked]:
    """Every check's suspects in one shot. `silent`: check -> why it does not look."""
    why = silent or {}
    return [Looked(c, unchecked=why[c.name]) if c.name in why else _look(seen, c) for c in checks]


def _look(seen: Observations, check: Check) -> Looked:
    for need in check.needs:
        if why := need.why_not(seen.scene):
            return Looked(check, unchecked=why)
    found = check.find(seen)
    if isinstance(found, str):
        return Looked(check, unchecked=found)
    return Looked(check, tuple(finding(seen.scene, check, suspect) for suspect in found))


def filmed(looked: Sequence[Looked], scene: Scene, frames: UInt8[np.ndarray, "time height width 3"]) -> list[Looked]:
    """Without the suspects in whose time and place mostly text or outlines change that are drawn on the picture.

    `frames`: the shot's, as they were before it was stabilised, since what is drawn does not move with the camera.
    """

    def is_drawn(check: Check, suspect: Finding) -> bool:
        if suspect.box is None or check.law == Law.CAUSE:  # most of its causes are flames, thin and of full colour
            return False
        start, end = (round(seconds * float(scene.fps)) - scene.first for seconds in (suspect.start, suspect.end))
        box = [side / factor for side, factor in zip(suspect.box, scene.factor * 2, strict=True)]
        return drawn(frames, start, end, box) > SHARE

    return [replace(one, suspects=tuple(s for s in one.suspects if not is_drawn(one.check, s))) for one in looked]


def weigh(looked: Sequence[Looked]) -> dict[str, Evidence]:
    """The evidence of every law of these checks, its suspects in the checks' order.

    A law is unchecked where none of its checks could look; of their reasons the principal one's is given.
    """
    evidence: dict[str, Evidence] = {}
    for law in Law:
        ours = [found for found in looked if found.check.law == law]
        if not ours:
            continue
        if all(found.unchecked for found in ours):
            principal = next((found for found in ours if found.check.principal), ours[0])
            evidence[law.value] = Evidence(unchecked=principal.unchecked)
            continue
        findings = {found.check.name: found.suspects for found in ours}
        suspects: list[Finding] = []
        repeats: list[Finding] = []
        for found in ours:
            better = [f.start for n in found.check.repeats for f in findings.get(n, ()) if f.probability >= SAID]
            for suspect in findings[found.check.name]:
                if any(abs(suspect.start - start) <= REPEAT_SECONDS for start in better):
                    repeats.append(suspect)
                else:
                    repeats += _add(suspects, suspect)
        evidence[law.value] = Evidence(tuple(suspects), repeats=tuple(repeats))
    return evidence


def _add(suspects: list[Finding], new: Finding) -> list[Finding]:
    """Of two suspects of one law with the same time and box the likelier stays, in the place of the first; returns the
    other."""
    for i, old in enumerate(suspects):
        if (old.start, old.end, old.box) == (new.start, new.end, new.box):
            suspects[i], other = (new, old) if new.probability > old.probability else (old, new)
            return [other]
    suspects.append(new)
    return []


def finding(scene: Scene, check: Check, suspect: Suspect) -> Finding:
    """A suspect in seconds and pixels of the source, with its probability."""
    return Finding(
        law=check.law.value,
        start=scene.time(suspect.start),
        end=scene.time(suspect.end),
        probability=check.probability(suspect.strength),
        sentence=suspect.sentence,
        box=None if suspect.box is None else scene.source_box(suspect.box, suspect.at),
        mask=None if suspect.mask is None else _source_mask(scene, suspect.mask, suspect.at),
        measured=suspect.measured,
        series=suspect.series,
        check=check.name,
        strength=float(suspect.strength),
    )


def _source_mask(scene: Scene, mask: np.ndarray, at: int | None) -> np.ndarray:
    height, width = scene.size
    size = (round(width * scene.factor[0]), round(height * scene.factor[1]))
    picture = mask.astype(np.uint8)
    if at is None or not (scene.camera.moving and scene.camera.steady):
        return cv2.resize(picture, size, interpolation=cv2.INTER_NEAREST) > 0
    back = cv2.invertAffineTransform(scene.camera.to_reference[at])
    moved = cv2.warpAffine(picture, back, (width, height), flags=cv2.INTER_NEAREST)
    return cv2.resize(moved, size, interpolation=cv2.INTER_NEAREST) > 0
