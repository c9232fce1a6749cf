"""How much evidence true clips show, kind by kind: what a clip is held against, and the bar of all but one in twenty.

Of n true clips of a kind (a stratum of elsewhere.py), each with the largest log-odds that any check reaches in it, the
bar is the k-th largest, k = floor(0.05 (n + 1)): of true clips like those at most 5 % reach beyond it, whatever the
checks are worth (split conformal prediction, Vovk et al. 2005). Fewer than 19 promise nothing. `alike` is the share of
true clips that are as odd as this one, the conformal p-value: it alone can be compared from one kind to another.

A longer clip holds more to be odd by: the bars are those of true clips as long as it (`Bars.lasting`). Between two
lengths that were measured they are interpolated over the logarithm of the length; beyond the longest one a clip is held
to be as many clips of that length, of which none may be accused (Bonferroni's bound).

The package's are in calibration.json; `cusp audit --calibrate FOLDER` makes a user's own, of her true clips:

    {"format": 3, "of": what they were measured on, "seconds": of the longest of them or null,
     "true": {stratum: the largest log-odds of each clip, in order}}
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from cuspworld.errors import CuspError
from cuspworld.files import written_whole

FEWEST = 19  # true clips: with fewer no bar promises 5 %
SHARE = 0.05  # of true clips that may have a finding
NAME = "bars.json"
FORMAT = 3
READ = (2, FORMAT)  # formats; the second had no length, and held for any
STRATA = ("slow", "still", "moving")


@dataclass(frozen=True)
class Bars:
    """`true`: stratum -> the largest log-odds in each true clip of it. `of`: which clips they were. `seconds`: how long
    they were; `longer`: the same of longer ones, where such were measured. `times`: how many clips of `seconds` one is
    held to be."""

    true: Mapping[str, Sequence[float]]
    of: str = ""
    seconds: float = math.inf
    longer: Bars | None = None
    times: float = 1.0

    def lasting(self, seconds: float) -> Bars:
        """The bars of true clips as long as that."""
        if seconds <= self.seconds:
            return self
        if self.longer is None or self.longer.seconds <= self.seconds:
            return replace(self, times=seconds / self.seconds)
        if seconds >= self.longer.seconds:
            return self.longer.lasting(seconds)
        share = math.log(seconds / self.seconds) / math.log(self.longer.seconds / self.seconds)
        true = {k: _between(known, self.longer.true.get(k, known), share) for k, known in self.true.items()}
        return Bars(true, self.of, seconds)

    def bar(self, stratum: str) -> float | None:
        """In log-odds; None where too few true clips are known."""
        return bar(self.true.get(stratum, ()), self.times)

    def alike(self, stratum: str, odds: float) -> float:
        """The share of true clips of a stratum that are as odd, between two of them interpolated and beyond the oddest
        falling with the odds; 1 where too few are known."""
        known = np.sort(self.true.get(stratum, ()))
        if len(known) < FEWEST:
            return 1.0
        values, least = np.unique(known, return_index=True)  # of equals all are as odd: the first of them counts
        as_odd = 1 + len(known) - least
        beyond = math.exp(min(0.0, float(values[-1]) - odds))
        share = float(np.interp(odds, values, as_odd)) * beyond / (len(known) + 1)
        return min(1.0, self.times * share)

    def plain(self) -> dict[str, list[float]]:
        """As it stands in a file, the oddest first; rounded up: what is left out of it would be a true clip's."""
        return {k: [math.ceil(100 * x) / 100 for x in sorted(v, reverse=True)] for k, v in self.true.items()}

    @property
    def _seconds(self) -> float | None:
        return self.seconds if math.isfinite(self.seconds) else None

    def save(self, path: Path) -> None:
        """Write a user's bars, whole or not at all. Raises CuspError where `path` cannot be written."""
        content = {"format": FORMAT, "of": self.of, "seconds": self._seconds, "true": self.plain()}
        with written_whole(path) as aside:
            aside.write_text(json.dumps(content, indent=1) + "\n", "utf-8")

    @staticmethod
    def load(path: Path) -> Bars:
        """A user's bars, from a file or from NAME in a folder. Raises CuspError where there are none, or no such."""
        file = path / NAME if path.is_dir() else path
        how = "cusp audit --calibrate FOLDER makes them of a folder of true clips"
        if not file.is_file():
            raise CuspError(f"there are no bars in {file}: {how}")
        try:
            content: Any = json.loads(file.read_text(encoding="utf-8"))
            true = {str(k): [float(x) for x in v] for k, v in content["true"].items()}
            known = content["format"] in READ and set(true) <= set(STRATA)
            seconds = float(content.get("seconds") or math.inf)
            finite = all(math.isfinite(x) for v in true.values() for x in v) and seconds > 0
            of = str(content["of"])
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CuspError(f"{file} holds no bars of the audit: {how}") from error
        if not known or not finite:
            raise CuspError(f"{file} holds bars of another format or of unknown strata: {how}")
        return Bars(true, of, seconds)


def bar(largest: Sequence[float], times: float = 1.0) -> float | None:
    """The bar of true clips whose largest log-odds these are; None where they are too few. `times`: of so many clips at
    once none may pass in 19 cases of 20; where more of them are asked than are known, the bar lies beyond the oddest,
    where `alike` falls with the odds: that is no promise any more."""
    if len(largest) < FEWEST:
        return None
    allowed = SHARE / times * (len(largest) + 1)
    oddest = sorted(largest, reverse=True)
    return oddest[math.floor(allowed) - 1] if allowed >= 1 else oddest[0] - math.log(allowed)


def _between(short: Sequence[float], long: Sequence[float], share: float) -> list[float]:
    """The quantiles of two lists, the second at `share`, as many as the shorter list has."""
    at = np.linspace(0, 1, min(len(short), len(long)))
    a, b = (np.quantile(known, at) if len(known) else np.zeros(0) for known in (short, long))
    return [float(x) for x in (1 - share) * a + share * b]
