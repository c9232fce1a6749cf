"""How much evidence true clips show, kind by kind: what a clip is held against, and the bar of all but one in twenty.

Of n true clips of a kind (a stratum of elsewhere.py), each with the largest log-odds that any check reaches in it, the
bar is the k-th largest, k = floor(0.05 (n + 1)): of true clips like those at most 5 % reach beyond it, whatever the
checks are worth (split conformal prediction, Vovk et al. 2005). Fewer than 19 promise nothing. `alike` is the share of
true clips that are as odd as this one, the conformal p-value: it alone can be compared from one kind to another.

The package's are in calibration.json; `cusp audit --calibrate FOLDER` makes a user's own, of her true clips:

    {"format": 2, "of": what they were measured on, "true": {stratum: the largest log-odds of each clip, in order}}
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cuspworld.errors import CuspError
from cuspworld.files import written_whole

FEWEST = 19  # true clips: with fewer no bar promises 5 %
SHARE = 0.05  # of true clips that may have a finding
NAME = "bars.json"
FORMAT = 2
STRATA = ("slow", "still", "moving")


@dataclass(frozen=True)
class Bars:
    """`true`: stratum -> the largest log-odds in each true clip of it. `of`: which clips they were."""

    true: Mapping[str, Sequence[float]]
    of: str = ""

    def bar(self, stratum: str) -> float | None:
        """In log-odds; None where too few true clips are known."""
        return bar(self.true.get(stratum, ()))

    def alike(self, stratum: str, odds: float) -> float:
        """The share of true clips of a stratum that are as odd, between two of them interpolated and beyond the oddest
        falling with the odds; 1 where too few are known."""
        known = np.sort(self.true.get(stratum, ()))
        if len(known) < FEWEST:
            return 1.0
        values, least = np.unique(known, return_index=True)  # of equals all are as odd: the first of them counts
        as_odd = 1 + len(known) - least
        beyond = math.exp(min(0.0, float(values[-1]) - odds))
        return float(np.interp(odds, values, as_odd)) * beyond / (len(known) + 1)

    def plain(self) -> dict[str, list[float]]:
        """As it stands in a file, the oddest first; rounded up: what is left out of it would be a true clip's."""
        return {k: [math.ceil(100 * x) / 100 for x in sorted(v, reverse=True)] for k, v in self.true.items()}

    def save(self, path: Path) -> None:
        """Write a user's bars, whole or not at all. Raises CuspError where `path` cannot be written."""
        content = {"format": FORMAT, "of": self.of, "true": self.plain()}
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
            known = content["format"] == FORMAT and set(true) <= set(STRATA)
            finite = all(math.isfinite(x) for v in true.values() for x in v)
            of = str(content["of"])
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CuspError(f"{file} holds no bars of the audit: {how}") from error
        if not known or not finite:
            raise CuspError(f"{file} holds bars of another format or of unknown strata: {how}")
        return Bars(true, of)


def bar(largest: Sequence[float]) -> float | None:
    """The bar of true clips whose largest log-odds these are; None where they are too few."""
    allowed = math.floor(SHARE * (len(largest) + 1))
    return sorted(largest, reverse=True)[allowed - 1] if len(largest) >= FEWEST else None
