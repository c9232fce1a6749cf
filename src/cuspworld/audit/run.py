"""From a video to a Report: windows, shots, laws; memory does not grow with the video's length.

Frames are taken at working size (longest side 256) in windows of ten seconds that overlap by one; each window is cut
into shots, each shot is measured once and read by every law, and only findings are kept.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from cuspworld.audit.bars import Bars
from cuspworld.audit.calibration import bars as shipped_bars
from cuspworld.audit.elsewhere import LITTLE, NOTHING, Stratum, raised, silent, strongest, where
from cuspworld.audit.evidence.scene import SHORTEST, Scale, Scene, observe, shots
from cuspworld.audit.finding import Evidence, Finding, shared_place
from cuspworld.audit.judges.interface import Judge, Segmenter, judged, with_masks
from cuspworld.audit.judges.twins import TwinJudge, shipped
from cuspworld.audit.laws import checks as every_check
from cuspworld.audit.laws.check import Check
from cuspworld.audit.laws.runner import Looked, filmed, look, weigh
from cuspworld.audit.observations.seen import Observations
from cuspworld.audit.report import FEWEST, Report
from cuspworld.audit.streaming import Limits, check_bytes, guarded
from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.progress import progress_bar

WORKING = 256  # pixels: the longest side at which a video is looked at
WINDOW = 10.0  # seconds
MOST_FRAMES = 480  # of one window, whatever the frame rate
OVERLAP = 1.0  # seconds
LIKELY = 0.05  # a suspect that is less likely, and not the likeliest of its law, is not kept


def audit_clip(
    clip: Clip | str | Path | np.ndarray,
    *,
    fps: float | int | None = None,
    metres_per_pixel: float | int | None = None,
    working: int = WORKING,
    name: str = "",
    limits: Limits | None = None,
    judges: Sequence[Judge] = (),
    segmenter: Segmenter | None = None,
    taught: TwinJudge | bool = True,
    checks: Sequence[Check] | None = None,
    bars: Bars | None = None,
    so_far: Callable[[Report], None] | None = None,
) -> Report:
    """Is this video physically possible?

    **Arguments**: `clip`: a Clip, a video file, or uint8 frames (time, height, width, 3) with `fps`. `fps`: the true
    frame rate where it is known (it overrules the file's). `metres_per_pixel`: the true scale; with `fps` it turns on
    the check that free falls have the earth's acceleration. `working`: longest side in pixels at which the video is
    looked at. `name`: how the report calls the video. `limits`: how much of a file is looked at, and for how long; what
    lies beyond is not judged, and a note says so. `judges`, `segmenter`: learned models beside the laws, see
    judges/interface.py. `taught`: the judge that learned from the worlds' twins and is silent on what looks unlike them
    (True: the one that comes with the package; False: the laws alone), see judges/twins.py. `checks`: those to make,
    in the place of all that there are (`cuspworld.audit.checks()`). `bars`: how much evidence true clips of yours show
    (`recalibrated`), in the place of those that the package was measured on. `so_far`: called with the report of what
    has been looked at, window after window of ten seconds; what it raises ends the audit.

    **Returns** a Report. Raises CuspError on unreadable input, `fps` or `metres_per_pixel` that are not positive.
    """
    for label, value, most in (("fps", fps, 1e6), ("metres_per_pixel", metres_per_pixel, 1e12)):
        if value is not None and not 0 < value <= most:
            raise CuspError(f"{label} must be a positive number, at most {most:g}: got {value}")
    if working < 32:
        raise CuspError(f"working must be at least 32 pixels: got {working}")
    options: dict[str, Any] = {
        "scale": Scale(metres_per_pixel, fps is not None),
        "working": working,
        "judges": judges,
        "segmenter": segmenter,
        "taught": taught,
        "checks": checks,
        "bars": bars,
        "so_far": so_far,
    }
    if isinstance(clip, np.ndarray):
        if fps is None:
            raise CuspError("fps is needed with an array of frames: pass fps=, or a Clip")
        clip = Clip(clip, fps)
    if isinstance(clip, Clip):
        options["name"] = name or "clip"
        return audit_frames(iter(clip.frames), fps or clip.fps, **options)
    from cuspworld.video.files import VideoFile

    limits = limits or Limits()
    check_bytes(Path(clip), limits)
    with VideoFile(clip) as video:
        notes: list[str] = []
        frames = guarded(video.frames(), fps or video.fps, limits, notes)
        report = audit_frames(frames, fps or video.fps, name=name or Path(clip).name, **options)
        return replace(report, notes=(*report.notes, *notes))


def audit_frames(
    frames: Iterable[np.ndarray],
    fps: float | int,
    *,
    scale: Scale | None = None,
    working: int = WORKING,
    name: str = "video",
    judges: Sequence[Judge] = (),
    segmenter: Segmenter | None = None,
    taught: TwinJudge | bool = True,
    checks: Sequence[Check] | None = None,
    bars: Bars | None = None,
    so_far: Callable[[Report], None] | None = None,
) -> Report:
    """Audit a stream of uint8 (height, width, 3) frames of one size, in memory that does not grow with its length."""
    stream = _told(frames, name)
    first = next(stream, None)
    if first is None:
        raise CuspError(f"{name} holds no frames: nothing to audit")
    height, width = first.shape[:2]
    shrink = max(1.0, max(height, width) / working)
    small = (max(1, round(width / shrink)), max(1, round(height / shrink)))
    factor = (width / small[0], height / small[1])
    length = int(min(MOST_FRAMES, max(2 * SHORTEST, round(WINDOW * fps))))
    overlap = int(min(length // 4, max(SHORTEST, round(OVERLAP * fps))))
    chosen = every_check() if checks is None else tuple(checks)
    collected = Collected(judges, segmenter, taught, chosen, bars or shipped_bars())
    pending: list[np.ndarray] = []
    start, total = 0, 0
    for frame in itertools.chain([first], stream):
        if frame.shape[:2] != (height, width):
            collected.notes.append(f"the frame size changes at {total / fps:.2f} s: not audited from there on")
            break
        pending.append(frame if shrink == 1.0 else cv2.resize(frame, small, interpolation=cv2.INTER_AREA))
        total += 1
        if len(pending) == length + overlap:
            collected.look(np.stack(pending[:length]), fps, start, factor, scale)
            if so_far is not None:
                so_far(collected.report(name, (start + length) / fps, fps, (height, width)))
            start += length - overlap
            pending = pending[length - overlap :]
    if len(pending) > (overlap if start else 0):
        collected.look(np.stack(pending), fps, start, factor, scale)
    return collected.report(name, total / fps, fps, (height, width))


def _told(frames: Iterable[np.ndarray], name: str) -> Iterator[np.ndarray]:
    """The frames; a notebook shows how many there were."""
    with progress_bar(f"audit of {name}", "frames") as move:
        for count, frame in enumerate(frames, 1):
            move(count, None)
            yield frame


class Collected:
    """Findings and suspicion over all shots so far."""

    def __init__(
        self,
        judges: Sequence[Judge],
        segmenter: Segmenter | None,
        taught: TwinJudge | bool,
        checks: tuple[Check, ...],
        bars: Bars,
    ) -> None:
        self.checks, self.judges, self.segmenter, self.bars = checks, judges, segmenter, bars
        self.taught = shipped() if taught is True else taught or None
        self.looked: list[tuple[Stratum | None, Mapping[str, Evidence]]] = []
        self.findings: list[Finding] = []
        self.suspicion: dict[str, float] = {}
        self.unchecked: dict[str, str] = {}
        self.notes: list[str] = []
        self.strongest: dict[str, float] = {}
        if bars.of:
            self._note(f"bars of {bars.of}")

    def look(
        self, frames: np.ndarray, fps: float | int, start: int, factor: tuple[float, float], scale: Scale | None
    ) -> None:
        """Audit one window."""
        for first, last in shots(frames):
            if first > 0:
                self._note(f"a shot cut at {(start + first) / fps:.2f} s: each shot is judged by itself")
            scene = observe(frames[first:last], fps, first=start + first, factor=factor, scale=scale)
            self._describe(scene)
            if self.segmenter is not None:
                scene = with_masks(scene, self.segmenter.masks(scene.frames))
            stratum, world = where(scene, frames[first:last], self.taught or shipped())
            if stratum != "home":
                self._note(LITTLE)
            unheard = silent(stratum, float(fps), self.bars, world)
            read = replace(scene, world=world if self.taught else "")  # who asks for the laws alone asks no detector
            looked = look(Observations(read), self.checks, unheard)
            if not world:
                looked = self._filmed(looked, scene, frames[first:last])
            evidence = weigh(looked)
            if self.taught is not None:
                evidence, why = self.taught.weigh(scene, frames[first:last], evidence)
                self._note(why)
            self.take(evidence, stratum)
            for judge in self.judges:
                self.looked.append((None, {"learned": judged(judge, scene)}))

    def take(self, evidence: Mapping[str, Evidence], stratum: Stratum) -> None:
        """A shot's evidence, as it is before the bar of its kind: how long the video is, is known at its end."""
        self.strongest[stratum] = max(self.strongest.get(stratum, NOTHING), strongest(evidence, stratum))
        self.looked.append((stratum, {law: _worth_keeping(found) for law, found in evidence.items()}))

    def _take(self, law: str, evidence: Evidence) -> None:
        if evidence.unchecked:
            self.unchecked.setdefault(law, evidence.unchecked)
            return
        self.suspicion[law] = max(self.suspicion.get(law, 0.0), evidence.suspicion)
        self.findings.extend(f for f in evidence.findings if not self._known(f))

    def report(self, name: str, seconds: float | int, fps: float | int, size: tuple[int, int]) -> Report:
        """Of what was looked at so far, against the bars of true clips of that length."""
        known = self.bars.lasting(min(float(seconds), WINDOW))
        self.findings, self.suspicion, self.unchecked = [], {}, {}
        for stratum, evidence in self.looked:
            for law, found in (evidence if stratum is None else raised(evidence, stratum, known)).items():
                self._take(law, found)
        self.findings.sort(key=lambda finding: (finding.start, -finding.probability))
        unchecked = {law: why for law, why in self.unchecked.items() if law not in self.suspicion}
        few = len(self.suspicion) < min(FEWEST, len(self.suspicion) + len(unchecked))
        notes = list(self.notes)
        if few and self.findings:
            laws = len(self.suspicion) + len(unchecked)
            notes.append(
                f"{len(self.suspicion)} of {laws} laws checked, too few for a finding: what is odd is suspicion"
            )
        return Report(
            name,
            seconds,
            fps,
            size,
            () if few else tuple(self.findings),
            dict(self.suspicion),
            unchecked,
            tuple(notes),
            dict(self.strongest),
            {kind: known.alike(kind, odds) for kind, odds in self.strongest.items() if kind != "home"},
        )

    def _known(self, finding: Finding) -> bool:
        """The same law at the same time, found already (in the overlap of two windows, or stronger in this one)."""
        return any(
            finding.law == old.law
            and finding.start <= old.end
            and old.start <= finding.end
            and shared_place(finding, old) > 0.1
            for old in self.findings
        )

    def _filmed(self, looked: list[Looked], scene: Scene, frames: np.ndarray) -> list[Looked]:
        without = filmed(looked, scene, frames)
        if without != looked:
            self._note("text or lines drawn on the picture change: what they do is left out")
        return without

    def _describe(self, scene: Scene) -> None:
        if scene.camera.moving:
            how = "and is taken out" if scene.camera.steady else "too much to be taken out"
            self._note(f"the camera moves {how}: up to {abs(scene.camera.path).max() * scene.factor[0]:.0f} px")
        if scene.tint > 0.05:
            self._note(f"a tint of up to {scene.tint:.0%} is removed")

    def _note(self, note: str) -> None:
        if note and note not in self.notes and len(self.notes) < 50:
            self.notes.append(note)


def _worth_keeping(found: Evidence) -> Evidence:
    """Without the suspects that no bar makes likely, but the likeliest: what is kept of a shot stays small."""
    least = min(LIKELY, max((suspect.probability for suspect in found.suspects), default=0.0))
    return replace(found, suspects=tuple(s for s in found.suspects if s.probability >= least), repeats=())
