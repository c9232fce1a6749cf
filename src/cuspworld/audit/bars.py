"""How much evidence true clips show, kind by kind, and the bar that keeps all but one in twenty of them unaccused.

Of n true clips of a kind (a stratum of elsewhere.py) the largest log-odds that any check reaches are kept, a number a
clip. The bar is the k-th largest, k = floor(0.05 (n + 1)): of true clips like those at most 5 % reach beyond it,
whatever the checks are worth (split conformal prediction, Vovk et al. 2005). Fewer than 19 promise nothing.

The package's are in calibration.json; `cusp audit --calibrate FOLDER` makes a user's own, of her true clips:

    {"format": 1, "of": what they were measured on, "largest": {stratum: [log-odds, a number a clip]}}
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cuspworld.errors import CuspError
from cuspworld.files import written_whole

FEWEST = 19  # true clips: with fewer no bar promises 5 %
SHARE = 0.05  # of true clips that may have a finding
NAME = "bars.json"
FORMAT = 1
STRATA = ("slow", "still", "moving")


@dataclass(frozen=True)
class Bars:
    """`largest`: stratum -> the largest log-odds of each true clip of that kind. `of`: which clips they were."""

    largest: Mapping[str, Sequence[float]]
    of: str = ""

    def bar(self, stratum: str) -> float | None:
        """In log-odds; None where too few true clips are known."""
        return bar(self.largest.get(stratum, ()))

    def as_odd(self, stratum: str, odds: float) -> float:
        """The conformal p-value: the share of true clips, this one among them, with as much evidence."""
        known = self.largest.get(stratum, ())
        return (1 + sum(value >= odds for value in known)) / (1 + len(known))

    def save(self, path: Path) -> None:
        """Write a user's bars, whole or not at all. Raises CuspError where `path` cannot be written."""
        largest = {stratum: [round(float(v), 3) for v in sorted(values)] for stratum, values in self.largest.items()}
        content = {"format": FORMAT, "of": self.of, "largest": largest}
        with written_whole(path) as aside:
            aside.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")

    @staticmethod
    def load(path: Path) -> Bars:
        """A user's bars, from a file or from NAME in a folder. Raises CuspError where there are none, or no such."""
        file = path / NAME if path.is_dir() else path
        how = "cusp audit --calibrate FOLDER makes them of a folder of true clips"
        if not file.is_file():
            raise CuspError(f"there are no bars in {file}: {how}")
        try:
            content: Any = json.loads(file.read_text(encoding="utf-8"))
            largest = {str(k): tuple(float(v) for v in vs) for k, vs in content["largest"].items()}
            known = content["format"] == FORMAT and set(largest) <= set(STRATA)
            finite = all(math.isfinite(v) for vs in largest.values() for v in vs)
            of = str(content["of"])
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CuspError(f"{file} holds no bars of the audit: {how}") from error
        if not known or not finite:
            raise CuspError(f"{file} holds bars of another format than {FORMAT}, or of unknown strata: {how}")
        return Bars(largest, of)


def bar(largest: Sequence[float]) -> float | None:
    """The bar of true clips whose largest log-odds these are; None where they are too few."""
    allowed = math.floor(SHARE * (len(largest) + 1))
    return sorted(largest, reverse=True)[allowed - 1] if len(largest) >= FEWEST else None
