"""Part a: possible clips of all worlds against their impossible twins of the same seeds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from cuspworld import worlds
from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.exam.audit.scoring import auc, box_overlap, in_time, number, pairwise, points_at, table, time_overlap
from cuspworld.exam.audit.split import FIRST_SEED, FPS, SIZE
from cuspworld.exam.audit.store import Store
from cuspworld.truth import Violation
from cuspworld.worlds.world import World

SHORTEST = 0.4  # seconds of violation that a twin must show


@dataclass(frozen=True)
class Pair:
    """A possible clip, its twin of the same seed, and what the audit said of both."""

    world: str
    twin: str
    seed: int
    laws: frozenset[str]
    start: float
    end: float
    box: tuple[float, float, float, float]
    possible: dict[str, Any]
    impossible: dict[str, Any]

    def names(self, finding: dict[str, Any]) -> bool:
        """Is it of a law that is truly broken, at its time?"""
        return finding["law"] in self.laws and in_time(finding, self.start, self.end)

    @property
    def right(self) -> dict[str, Any] | None:
        """The strongest finding that names what is broken."""
        found = [f for f in self.impossible["findings"] if self.names(f)]
        return max(found, key=lambda f: f["probability"], default=None)


def pairs(split: str, count: int, store: Store, only: list[str] | None = None) -> Iterator[Pair]:
    """`count` pairs of each twin of each world."""
    for laws, v, possible, impossible in clips_of(split, count, store, only):
        assert impossible.truth is not None
        world, seed = impossible.truth.world, int(impossible.truth.parameters["seed"])
        yield Pair(world, v.twin, seed, laws, v.start, v.end, v.box, store.report(possible), store.report(impossible))


def clips_of(
    split: str, count: int, store: Store, only: list[str] | None = None
) -> Iterator[tuple[frozenset[str], Violation, Clip, Clip]]:
    """(laws, violation, possible clip, impossible clip) of `count` pairs of each twin of each world."""
    for name in worlds.names():
        if only and name not in only:
            continue
        try:
            world = worlds.make(name, size=SIZE, fps=FPS)
        except CuspError as error:
            print(f"({name}: {error})")
            continue
        for twin, what in world.twins.items():
            laws: frozenset[str] = what.breaks
            seed = FIRST_SEED[split]
            last = seed + 999
            for _ in range(count):
                made = _next(store, world, name, twin, seed, last)
                if made is None:
                    print(f"({name} {twin}: no more seeds with an occasion from {seed} on)")
                    break
                seed, possible, impossible = made
                assert impossible.truth is not None and impossible.truth.violation is not None
                yield laws, impossible.truth.violation, possible, impossible
                seed += 1


def _next(store: Store, world: World, name: str, twin: str, first: int, last: int) -> tuple[int, Clip, Clip] | None:
    """The first seed from `first` on that offers the twin, with both clips; None where none does."""
    for seed in range(first, last + 1):
        made = store.pair((name, twin, seed, SIZE, FPS), lambda: _make(world, twin, seed))  # noqa: B023
        if made is not None:
            return seed, *made
    return None


def _make(world: World, twin: str, seed: int) -> tuple[Clip, Clip] | None:
    try:
        broken = world.record(seed, size=SIZE, fps=FPS, twin=twin)
    except CuspError:
        return None
    assert broken.truth is not None and broken.truth.violation is not None
    if broken.seconds - broken.truth.violation.start < SHORTEST:
        return None
    possible = world.record(seed, size=SIZE, fps=FPS)
    if np.abs(possible.frames.astype(np.int16) - broken.frames).max() < 24:  # nobody can see it
        return None
    return _slim(possible), _slim(broken)


def _slim(clip: Clip) -> Clip:
    """A clip with no more of its truth than is asked here."""
    assert clip.truth is not None
    truth = replace(clip.truth, masks=None, state=clip.truth.state[:0], action=None, conserved=None)
    return Clip(clip.frames, clip.fps, truth=truth)


def show(found: list[Pair]) -> None:
    """Two tables: by twin, and by law."""
    print("Twins: possible against impossible clips of the same seeds (score of the whole report)")
    header = ("world twin", "law", "pairs", "pairwise", "AUC", "found", "named", "time", "place", "box IoU", "false")
    by_twin, by_law = defaultdict(list), defaultdict(list)
    for pair in found:
        by_twin[f"{pair.world} {pair.twin}", "|".join(sorted(pair.laws))].append(pair)
        by_law["|".join(sorted(pair.laws))].append(pair)
    table(header, [(name, law, *_row(group)) for (name, law), group in by_twin.items()])
    table(("law", *header[2:]), [(law, *_row(group)) for law, group in sorted(by_law.items())])
    if found:
        table(("all", *header[2:]), [("all twins", *_row(found))])
    print(
        "found: twins with any finding. named: with a finding of the right law at the time (0.2 s slack). time: share\n"
        "of that finding's time inside the violation. place: its box points at the violation's. false: possible clips\n"
        "with any finding.\n"
    )


def _row(group: list[Pair]) -> tuple[str, ...]:
    a, b = [p.possible["score"] for p in group], [p.impossible["score"] for p in group]
    named = [p for p in group if p.right]
    times = [time_overlap(p.right, p.start, p.end) for p in named if p.right]
    places = [points_at(p.right["box"], p.box) for p in named if p.right]
    boxes = [box_overlap(p.right["box"], p.box) for p in named if p.right]
    return (
        str(len(group)),
        number(pairwise(a, b), percent=True),
        number(auc(a, b), 3),
        number(float(np.mean([bool(p.impossible["findings"]) for p in group])), percent=True),
        number(len(named) / len(group), percent=True),
        number(float(np.mean(times)) if times else float("nan"), percent=True),
        number(float(np.mean(places)) if places else float("nan"), percent=True),
        number(float(np.mean(boxes)) if boxes else float("nan")),
        number(float(np.mean([bool(p.possible["findings"]) for p in group])), percent=True),
    )


def misses(found: list[Pair]) -> list[str]:
    """One line a pair that the audit gets wrong: for whoever works on the laws (development split only)."""
    lines = []
    for p in found:
        said = [(f["law"], round(f["start"], 2), round(f["probability"], 2)) for f in p.impossible["findings"][:4]]
        high = {k: v for k, v in p.impossible["checked"].items() if v > 0.05}
        where = f"{p.world:<10} {p.twin:<18} seed {p.seed:<4} {'|'.join(sorted(p.laws))}"
        if p.right is None:
            unchecked = {law: p.impossible["unchecked"][law] for law in p.laws if law in p.impossible["unchecked"]}
            absent = [law for law in p.laws if law not in p.impossible["checked"] and law not in unchecked]
            box = tuple(round(v) for v in p.box)
            lines.append(f"MISSED {where} at {p.start:.2f}-{p.end:.2f} s box {box}; said {said}; suspicion {high}; "
                         f"unchecked {unchecked}; no such law yet {absent}")  # fmt: skip
        if p.possible["findings"]:
            false = [(f["law"], round(f["start"], 2), round(f["probability"], 2)) for f in p.possible["findings"][:4]]
            lines.append(f"FALSE  {where} possible clip: {false}")
    return lines


def some_clips(split: str, count: int, store: Store, only: list[str] | None = None) -> list[tuple[str, bool, Clip]]:
    """(name, is it possible, clip): both clips of `count` pairs of each twin."""
    clips = []
    for _, violation, possible, impossible in clips_of(split, count, store, only):
        assert impossible.truth is not None
        world, seed = impossible.truth.world, impossible.truth.parameters["seed"]
        clips.append((f"{world} {seed}", True, possible))
        clips.append((f"{world} {violation.twin} {seed}", False, impossible))
    return clips
