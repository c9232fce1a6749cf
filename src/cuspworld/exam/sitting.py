"""Sitting: one exam while it lasts: who sits it, how much is asked, and what was measured so far, kept on disk.

What is kept are the measured numbers of each question, one JSON line each; an exam that was stopped at any moment goes
on where it was and comes to the same transcript.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from cuspworld.errors import CuspError
from cuspworld.exam.answers import Late, Refusal, ask, features_of, within
from cuspworld.exam.question import Question
from cuspworld.exam.transcript import Failure
from cuspworld.lock import one_writer
from cuspworld.progress import Move

Numbers = dict[str, Any]


@dataclass(frozen=True)
class Settings:
    """How much is asked. `clips`: questions of each kind; `size`: pixels; `timeout`: seconds that one answer may take;
    `taught`: the worlds that the model was taught, or None where nobody says."""

    clips: int = 8
    size: int = 64
    seed: int = 0
    timeout: float = 600.0
    taught: tuple[str, ...] | None = None

    @property
    def fresh(self) -> int:
        """The first seed of a world that is asked about: no recipe trains on those."""
        return 7_000_000 + 10_000 * self.seed


@dataclass(eq=False)
class Sitting:
    """`models`: by name, the examinee first, then the reference rows; `members`: others of the examinee's kind, trained
    apart from it, which make a deep ensemble with it."""

    models: Mapping[str, Any]
    settings: Settings
    kept: Kept
    move: Move = lambda done, total, text="": None
    failures: list[Failure] = field(default_factory=list)
    done: int = 0
    planned: int = 0
    members: Sequence[Any] = ()

    @property
    def examinee(self) -> Any:
        return next(iter(self.models.values()))

    def plan(self, count: int) -> None:
        """So many questions more: the progress bar's end moves."""
        self.planned += count

    def ask(
        self, part: str, model: str, name: str, question: Question, measure: Callable[[np.ndarray], Numbers]
    ) -> Numbers | None:
        """The numbers that `measure` takes from the model's answer; None, and a failure, where it gives none."""
        return self.measured(
            part, model, name, lambda: measure(ask(self.models[model], question, self.settings.timeout))
        )

    def call(self, part: str, model: str, name: str, work: Callable[[], Numbers]) -> Numbers | None:
        """As `ask`, of anything else that a model does (surprise, features), under the same guard."""
        return self.measured(part, model, name, lambda: within(self.settings.timeout, work))

    def features(self, part: str, frames: np.ndarray) -> dict[str, np.ndarray]:
        """The examinee's, layer by layer; none, and a failure, where it gives none."""
        try:
            return features_of(self.examinee, frames, self.settings.timeout)
        except Refusal as error:
            self.failures.append(Failure(part, next(iter(self.models)), "features", str(error)))
            return {}

    def measured(self, part: str, model: str, name: str, work: Callable[[], Numbers]) -> Numbers | None:
        """What `work` returns, kept by part, model and name; a Refusal becomes a failure."""
        self.done += 1
        self.move(self.done, max(self.planned, self.done), f"{part}: {model}")
        found = self.kept.get(f"{part}/{model}/{name}", work)
        if "refused" in found:
            self.failures.append(Failure(part, model, name, found["refused"]))
            return None
        return found


class Kept:
    """Numbers by name in FOLDER/kept.jsonl; without a folder they are not kept. `version`: what they depend on."""

    def __init__(self, folder: Path | None, version: str):
        self.version = hashlib.sha256(version.encode()).hexdigest()[:16]
        self._found: dict[str, Numbers] = {}
        self._file = None if folder is None else folder / "kept.jsonl"
        if self._file is not None:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            if self._file.is_file():
                for version_, name, numbers in _lines(self._file):
                    if version_ == self.version:
                        self._found[name] = numbers
                if not self._file.read_bytes().endswith(b"\n"):  # a last line that was cut off
                    with self._file.open("a") as file:
                        file.write("\n")

    def get(self, name: str, work: Callable[[], Numbers]) -> Numbers:
        """What was kept, or what `work` returns now; {"refused": why} where it raised Refusal. What came too late is
        not written down: another time it may come."""
        if name in self._found:
            return self._found[name]
        late = False
        try:
            numbers = json.loads(json.dumps(work(), default=_plain))
        except Refusal as error:
            numbers, late = {"refused": str(error)}, isinstance(error, Late)
        self._found[name] = numbers
        if self._file is not None and not late:
            with self._file.open("a") as file:
                file.write(json.dumps([self.version, name, numbers]) + "\n")
        return numbers


@contextmanager
def kept_in(folder: str | Path | None, what: str, version: str) -> Iterator[Kept]:
    """A Kept in `folder`, which nobody else writes meanwhile; `what` it is, for people. Raises CuspError where it
    cannot be written."""
    if folder is None:
        yield Kept(None, version)
        return
    where = Path(folder)
    try:
        where.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CuspError(f"cannot write to {where}: {error.strerror}") from error
    with one_writer(where, what):
        yield Kept(where, version)


def _lines(file: Path) -> Iterator[tuple[str, str, Numbers]]:
    """What can be read: a last line may have been cut off."""
    for line in file.read_text().splitlines():
        try:
            version, name, numbers = json.loads(line)
        except ValueError:
            continue
        yield version, name, numbers


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)


def mean(values: Sequence[float | None]) -> float | None:
    """Of what is finite; None where nothing is."""
    found = [v for v in values if v is not None and np.isfinite(v)]
    return float(np.mean(found)) if found else None


def interval(values: Sequence[float], seed: int = 0) -> tuple[float, float] | None:
    """The 95 % bootstrap interval of the mean; None for fewer than three."""
    if len(values) < 3:
        return None
    draws = np.random.default_rng(seed).choice(np.asarray(values, float), (2000, len(values))).mean(1)
    low, high = np.quantile(draws, (0.025, 0.975))
    return float(low), float(high)
