"""The report as one self-contained HTML page: the video with boxes, a timeline that seeks on click, findings with
pictures and plots."""

from __future__ import annotations

import base64
import itertools
import json
import re
import tempfile
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np

from cuspworld.audit.finding import Finding
from cuspworld.audit.pages.plot import line_plot
from cuspworld.audit.report import Report
from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.files import written_whole

SHOWN = 640  # pixels: the longest side of the video inside the page
LONGEST = 120.0  # seconds of video inside the page
PICTURE = 200  # pixels: the longest side of a finding's pictures
MOST_PICTURED = 30  # findings that have pictures


def write_page(
    report: Report, path: str | Path, video: Clip | str | Path | None = None, shown: Path | None = None
) -> Path:
    """Write one self-contained HTML page, whole or not at all: video, timeline that seeks on click, boxes, plots.

    `video`: the audited Clip or file, shown in the page; without it the page has findings and plots alone. `shown`: an
    mp4 to keep the video in besides, as the page shows it. Raises CuspError if `path` is not .html, or cannot be
    written.
    """
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise CuspError(f"the HTML report's name must end in .html: got {path}")
    text = page(report, video, shown)
    with written_whole(path) as aside:
        aside.write_text(text, encoding="utf-8")
    return path


def page(report: Report, video: Clip | str | Path | None = None, keep: Path | None = None) -> str:
    """The page as text. `keep`: an mp4 to keep its video in."""
    template = (files("cuspworld.audit.pages") / "page.html").read_text(encoding="utf-8")
    data = {
        "height": report.size[0],
        "width": report.size[1],
        "seconds": report.seconds,
        "findings": [
            {"start": f.start, "end": f.end, "box": f.box, "law": f.law, "probability": f.probability}
            for f in report.findings
        ],
    }
    safe = json.dumps(data, allow_nan=False).replace("<", "\\u003c")
    shown, pictures = _video(report, video, keep)
    cards = "".join(_card(i, f, pictures.get(i, "")) for i, f in enumerate(report.findings))
    parts = {
        "TITLE": escape(report.name),
        "VERDICT": escape(report.verdict),
        "VERDICT_CLASS": report.verdict.replace(" ", "-"),
        "SUMMARY": escape(_summary(report)),
        "VIDEO": shown,
        "TIMELINE": _timeline(report),
        "FINDINGS": cards or "<p class='quiet'>No findings.</p>",
        "CHECKED": _checked(report),
        "NOTES": "".join(f"<li>{escape(note)}</li>" for note in report.notes) or "<li>none</li>",
        "DATA": safe,
    }
    # in one pass: a name that reads like a place of the template stays a name
    return re.sub(r"\{\{(\w+)\}\}", lambda place: parts.get(place[1], place[0]), template)


def _summary(report: Report) -> str:
    height, width = report.size
    what = f"{report.seconds:.2f} s, {width}×{height}, {report.fps:g} fps"
    checked = f"{len(report.suspicion)} of {report.laws} laws could be checked"
    if report.home:
        return f"{what}. {checked}. Probability that no law is broken: {percent(report.score)}."
    odd = f"Of true video like this {percent(min(report.alike.values(), default=1.0))} looks as odd"
    return f"{what}. {checked}. {odd}. Most violations are missed in video like this."


def _timeline(report: Report) -> str:
    lanes = []
    for law in dict.fromkeys(f.law for f in report.findings):
        whole = max(report.seconds, 1e-9)
        marks = "".join(
            f'<button class="mark" data-finding="{i}" style="left:{100 * f.start / whole:.3f}%;'
            f'width:{max(0.8, 100 * (f.end - f.start) / whole):.3f}%;opacity:{0.4 + 0.6 * f.probability:.2f}" '
            f'title="{escape(f.sentence)}" aria-label="{escape(f.law)} at {f.start:.2f} s"></button>'
            for i, f in enumerate(report.findings)
            if f.law == law
        )
        lanes.append(f'<div class="lane"><span class="law">{escape(law)}</span><div class="track">{marks}</div></div>')
    if lanes:
        ticks = "".join(f"<span>{report.seconds * k / 4:.1f} s</span>" for k in range(5))
        lanes.append(f'<div class="lane"><span></span><div class="ticks">{ticks}</div></div>')
    return "".join(lanes) or '<div class="lane"><span class="law">quiet</span><div class="track"></div></div>'


def percent(probability: float) -> str:
    """A probability as people read it: never 0 % or 100 %."""
    if probability < 0.01:
        return "below 1%"
    return "above 99%" if probability > 0.99 else f"{probability:.0%}"


def _card(index: int, finding: Finding, pictures: str) -> str:
    rows = "".join(f"<tr><th>{escape(k)}</th><td>{escape(str(m))}</td></tr>" for k, m in finding.measured.items())
    plots = "".join(line_plot(series, finding.start, finding.end) for series in finding.series)
    return (
        f'<article class="finding" data-finding="{index}" tabindex="0"><header>'
        f'<span class="law">{escape(finding.law)}</span>'
        f"<span class='time'>{finding.start:.2f}–{finding.end:.2f} s</span>"
        f"<span class='probability'>{percent(finding.probability)} sure</span></header>"
        f"<p>{escape(finding.sentence)}</p>{pictures}<table>{rows}</table>{plots}</article>"
    )


def _checked(report: Report) -> str:
    checked = "".join(
        f"<tr><th>{escape(law)}</th><td>checked</td><td>{percent(p)} suspicion</td></tr>"
        for law, p in report.suspicion.items()
    )
    return checked + "".join(
        f"<tr class='unchecked'><th>{escape(law)}</th><td>unchecked</td><td>{escape(why)}</td></tr>"
        for law, why in report.unchecked.items()
    )


def _video(report: Report, video: Clip | str | Path | None, keep: Path | None) -> tuple[str, dict[int, str]]:
    """The video element, and each finding's pictures."""
    if video is None:
        return '<p class="quiet">The page was made without its video.</p>', {}
    from cuspworld.video.files import write_stream

    height, width = report.size
    shrink = max(1.0, max(height, width) / SHOWN)
    size = max(2, round(height / shrink / 2) * 2), max(2, round(width / shrink / 2) * 2)
    most = max(1, int(LONGEST * report.fps))
    pictures = _Pictures(report)
    frames = pictures.watch(itertools.islice(_frames(video), most))
    with tempfile.TemporaryDirectory() as folder:
        file = keep or Path(folder) / "shown.mp4"
        write_stream(file, _chunks(frames, size), report.fps, quality=60)
        data = base64.b64encode(file.read_bytes()).decode()
    element = (
        '<div class="stage"><video id="video" controls muted playsinline preload="auto" '
        f'src="data:video/mp4;base64,{data}"></video><svg id="overlay" viewBox="0 0 {width} {height}" '
        'preserveAspectRatio="xMidYMid meet"></svg></div>'
    )
    return element, pictures.html()


class _Pictures:
    """The frames just before, in, and just after each finding, taken as the video goes by."""

    def __init__(self, report: Report):
        self.report = report
        self.wanted: dict[int, list[tuple[int, str]]] = {}
        self.made: dict[int, dict[str, str]] = {}
        last = max(0, round(report.seconds * report.fps) - 1)
        for index, finding in enumerate(report.findings[:MOST_PICTURED]):
            first, end = round(finding.start * report.fps), round(finding.end * report.fps)
            if end - first <= 2:  # an instant: the last frame before it and the first after it
                chosen = {"before": first, "after": max(end, first + 1)}
            else:
                chosen = {"before": first - 1, "during": (first + end) // 2, "after": end + 1}
            for label, frame in chosen.items():
                self.wanted.setdefault(min(max(frame, 0), last), []).append((index, label))

    def watch(self, frames: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        """The same frames, of which the wanted ones are kept as small JPEG pictures."""
        for t, frame in enumerate(frames):
            for index, label in self.wanted.get(t, ()):
                time = f"{label}, {t / self.report.fps:.2f} s"
                self.made.setdefault(index, {})[time] = _jpeg(frame, self.report.findings[index].box)
            yield frame

    def html(self) -> dict[int, str]:
        """Finding -> its row of pictures."""
        return {
            index: '<div class="pictures">'
            + "".join(
                f'<figure><img src="data:image/jpeg;base64,{data}" alt="{escape(label)}">'
                f"<figcaption>{escape(label)}</figcaption></figure>"
                for label, data in row.items()
            )
            + "</div>"
            for index, row in self.made.items()
        }


def _jpeg(frame: np.ndarray, box: tuple[float, ...] | None) -> str:
    import cv2

    height, width = frame.shape[:2]
    scale = PICTURE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    picture = cv2.resize(frame, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC)
    if box is not None:
        x0, y0, x1, y1 = (round(v * scale) for v in box)
        cv2.rectangle(picture, (x0, y0), (max(x0, x1 - 1), max(y0, y1 - 1)), (255, 90, 77), 1)
    coded = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])[1]
    return base64.b64encode(coded.tobytes()).decode()


def _frames(video: Clip | str | Path) -> Iterator[np.ndarray]:
    if isinstance(video, Clip):
        yield from video.frames
        return
    from cuspworld.video.files import VideoFile

    with VideoFile(video) as file:
        yield from file.frames(partial=True)


def _chunks(frames: Iterator[Any], size: tuple[int, int]) -> Iterator[np.ndarray]:
    import cv2

    for frame in frames:
        if frame.shape[:2] != size:
            frame = cv2.resize(frame, size[::-1], interpolation=cv2.INTER_AREA)
        yield frame[None]
