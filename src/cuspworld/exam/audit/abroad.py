"""Video that nobody here made, labelled by eye: the clips, and what the audit and the baselines make of them.

`foreign/MANIFEST.tsv` in the folder that CUSPWORLD_DATA names (else ../shared/data) lists the clips: whether one is
real, simulated and true, animated or generated, where it is from, and for a violation that anybody sees its words,
seconds and box. Split `dev` is to look at and to tune on, `calib` for calibration alone.
"""

from __future__ import annotations

import csv
import itertools
import math
import os
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import Any

import numpy as np

from cuspworld.clip import Clip
from cuspworld.exam.audit.observed import Kept, report, strengths
from cuspworld.exam.audit.scoring import auc, in_time, points_at
from cuspworld.video.files import probe

LARGEST = 640  # pixels a side that a clip is read at: more than the audit works at
MOVING = {"pan", "handheld", "driving"}
# words of a label -> the laws of which one names it
NAMES = (
    ("vanish gone appear become becomes grows multiply multiplies melts merge merges number out-of turn", "permanence"),
    (
        "swell swells grow grows shrink shape change changes turns turn melts dissolves merge merges",
        "identity",
    ),
    ("swell swells grow grows shrink shrinks merge merges pours become becomes", "conservation"),
    ("rise rises float floats fly flies hover hovers hang hangs leap leaps hop hops jump jumps lift sits", "gravity"),
    ("itself themselves untouched apart stand rise rises float hop jump leap leaps", "cause"),
    ("itself themselves fly flies jump jumps leap leaps hop hops loop loops hover hovers", "inertia"),
    ("through sinks into merge merges hand", "contact"),
)


@dataclass(frozen=True)
class Foreign:
    """A clip from elsewhere. `box`: x0, y0, x1, y1 as shares of the picture; without a violation `words` is empty."""

    path: Path
    origin: str
    kind: str
    strata: frozenset[str]
    words: str
    start: float
    end: float
    box: tuple[float, ...]

    @property
    def true(self) -> bool:
        """Filmed, or simulated by a true law."""
        return self.kind in ("real", "simulated_true")

    def read(self, seconds: float) -> Clip:
        """Its first seconds, of a cut file what can be read; no side longer than LARGEST, so that minutes fit."""
        info = probe(self.path)
        shrink = max(1.0, max(info.height, info.width) / LARGEST)
        size = (round(info.height / shrink), round(info.width / shrink))
        return Clip.read(self.path, seconds=seconds, size=size if shrink > 1 else None, partial=True)

    @property
    def half(self) -> str:
        """`tune` or `report`: what is set by clips is set by those of one half of the origins, and measured on the
        other's. PhysOmni, of which most violations are, is halved by scene."""
        page = self.origin.split("/")[-1].removesuffix(".github.io")
        scene = [w for w in self.path.stem.split("_")[2:] if not w.isdigit()] if page == "physomni" else []
        return "tune" if zlib.crc32(" ".join([self.origin, *scene]).encode()) % 2 else "report"

    @property
    def laws(self) -> frozenset[str]:
        """The laws of which one names the violation, by the words of its label."""
        said = set(self.words.replace(",", " ").replace(";", " ").split())
        return frozenset(law for words, law in NAMES if said & set(words.split()))


@dataclass(frozen=True)
class Heard:
    """What was made of a clip: the audit's report, and how odd it is by the audit, each baseline and each check."""

    clip: Foreign
    report: dict[str, Any]
    odd: dict[str, float]
    cpu: float = 0.0  # seconds of one core that the observing took

    @property
    def accused(self) -> bool:
        return bool(self.report["findings"])

    def right(self, place: bool, law: bool) -> bool:
        """Is there a finding at the violation's time, and where asked at its place, and of a law that names it?"""
        height, width = self.report["height"], self.report["width"]
        box = [v * side for v, side in zip(self.clip.box, (width, height, width, height), strict=True)]
        return any(
            in_time(finding, self.clip.start, self.clip.end)
            and (not place or points_at(finding["box"], box))
            and (not law or finding["law"] in self.clip.laws)
            for finding in self.report["findings"]
        )


def listed(split: str, most: int | None = None) -> list[Foreign]:
    """The true clips, `most` of an origin, the clean generated ones of origins that have a violation, and all with one,
    origins by turns; none where the folder is not there."""
    where = folder()
    if where is None:
        return []
    with (where / "MANIFEST.tsv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["split"] == split]
    clips = [read(where, row) for row in rows]
    suspected = {clip.origin for clip in clips if clip.words}
    clips = [
        clip for clip in clips if clip.true or clip.words or (clip.kind == "generated" and clip.origin in suspected)
    ]
    by_origin: dict[tuple[str, bool], list[Foreign]] = defaultdict(list)
    for clip in clips:
        by_origin[clip.origin, bool(clip.words)].append(clip)
    rounds = zip_longest(*(group if broken else group[:most] for (_, broken), group in by_origin.items()))
    return [clip for row in rounds for clip in row if clip is not None]


def folder() -> Path | None:
    """Of the clips; None, and a word about it, where they are not there."""
    found = Path(os.environ.get("CUSPWORLD_DATA", "../shared/data")) / "foreign"
    if (found / "MANIFEST.tsv").is_file():
        return found
    print(f"(no MANIFEST.tsv in {found}; set CUSPWORLD_DATA to the folder of the test inputs)")
    return None


def read(folder: Path, row: dict[str, str]) -> Foreign:
    """A row of the manifest."""
    broken = row["violation"] != "none"
    start, end = row["violation_seconds"].split("-") if broken else ("nan", "nan")
    box = tuple(float(v) for v in row["box_x0y0x1y1"].split(",")) if broken else (0.0, 0.0, 1.0, 1.0)
    return Foreign(folder / row["file"], row["origin"].split(":")[0], row["kind"], frozenset(row["strata"].split()),
                   row["violation"] if broken else "", float(start), float(end), box)  # fmt: skip


def hear(clip: Foreign, kept: Kept, seconds: float) -> Heard:
    """The first `seconds` of a clip, as the audit and the baselines see them."""
    line = kept.of(clip.path.name, seconds, partial(clip.read, seconds))
    said = report(line).to_dict()
    checks = {f"check: {name}": odds for name, odds in strengths(line).items()}
    return Heard(clip, said, {"audit": 1 - said["score"], **line["odd"], **checks}, line.get("cpu", 0.0))


def accused(heard: Iterable[Heard]) -> list[dict[str, Any]]:
    """A row a kind of true clip: how many, the share with a finding, that of which nothing is told, laws checked."""
    true = [h for h in heard if h.clip.true]
    groups = {
        "all": true,
        "filmed": [h for h in true if h.clip.kind == "real"],
        "simulated": [h for h in true if h.clip.kind != "real"],
        "camera still": [h for h in true if not h.clip.strata & (MOVING | {"cuts"})],
        "camera moves": [h for h in true if h.clip.strata & MOVING],
        **{
            f"{low:g} to {high:g} frames a second": [h for h in true if low <= h.report["fps"] < high]
            for low, high in itertools.pairwise((0, 11, 24, 29, 45, 121))
        },
        **{word: [h for h in true if word in h.clip.strata] for word in
           ("cuts", "dark", "crowd", "low_fps", "people", "animals", "water", "fire_smoke", "screen_overlay")},
    }  # fmt: skip
    return [
        {
            "true clips": name,
            "clips": len(group),
            "accused": share(h.accused for h in group),
            "cannot tell": share(h.report["verdict"] == "cannot tell" for h in group),
            "laws checked": round(float(np.mean([len(h.report["checked"]) for h in group])), 1),
        }
        for name, group in groups.items()
        if group
    ]


def found(heard: Sequence[Heard]) -> list[dict[str, Any]]:
    """A row an origin of visible violations: the share found, at the right time, place, and by a law that names it."""
    rows = []
    for origin, group in _origins(heard):
        row: dict[str, Any] = {"violations of": _short(origin), "clips": len(group)}
        row["any finding"] = share(h.accused for h in group)
        row["right time"] = share(h.right(False, False) for h in group)
        row["and place"] = share(h.right(True, False) for h in group)
        row["and law"] = share(h.right(True, True) for h in group)
        row["cannot tell"] = share(h.report["verdict"] == "cannot tell" for h in group)
        rows.append(row)
    return rows


def curves(heard: Sequence[Heard]) -> list[dict[str, Any]]:
    """A row an instrument: area under the curve of filmed clips against the violations of each origin, of filmed clips
    under a still camera alone, and within an origin, its clean generated clips against its violations."""
    filmed = [h for h in heard if h.clip.kind == "real"]
    still = [h for h in filmed if not h.clip.strata & (MOVING | {"cuts"})]
    rows = []
    for name in dict.fromkeys(name for h in heard for name in h.odd):
        row: dict[str, Any] = {"instrument": name}
        for origin, group in _origins(heard):
            clean = [h for h in heard if not h.clip.true and not h.clip.words and h.clip.origin == origin]
            for label, plain in (("filmed", filmed), ("still", still), ("its own clean", clean)):
                if plain:
                    row[f"{label} / {_short(origin)}"] = round(
                        auc(*([-h.odd[name] for h in g] for g in (plain, group))), 2
                    )
        rows.append(row)
    return rows


def curve(heard: Sequence[Heard], name: str) -> float:
    """Area under the curve of an instrument, filmed clips against all violations."""
    groups = ([h for h in heard if h.clip.kind == "real"], [h for h in heard if h.clip.words])
    return auc(*([-h.odd[name] for h in group] for group in groups))


def _origins(heard: Sequence[Heard]) -> list[tuple[str, list[Heard]]]:
    """Violations by origin, those of fewer than five together, and all."""
    by_origin: dict[str, list[Heard]] = defaultdict(list)
    for h in heard:
        if h.clip.words:
            by_origin[h.clip.origin].append(h)
    few = [h for group in by_origin.values() if len(group) < 5 for h in group]
    large = [(origin, group) for origin, group in by_origin.items() if len(group) >= 5]
    return [*large, *([("others", few)] if few else []), ("all", [h for h in heard if h.clip.words])]


def _short(origin: str) -> str:
    return origin.split("/")[-1].removesuffix(".github.io")


def share(of: Iterable[bool]) -> str:
    """`3 of 12 (25 %, 9-53)`: the share and its 95 % interval (Wilson 1927), in percent."""
    values = list(of)
    hits, count, z = sum(values), len(values), 1.96
    part = hits / max(count, 1)
    middle = (part + z * z / (2 * max(count, 1))) / (1 + z * z / max(count, 1))
    half = (
        z * math.sqrt(part * (1 - part) / max(count, 1) + (z / (2 * max(count, 1))) ** 2) / (1 + z * z / max(count, 1))
    )
    return f"{hits} of {count} ({part:.0%}, {100 * max(middle - half, 0):.0f}-{100 * min(middle + half, 1):.0f})"
