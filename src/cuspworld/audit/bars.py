"""How much evidence true clips show, kind by kind: the bar that keeps all but one in twenty of them unaccused.

Of n true clips of a kind (a stratum of elsewhere.py), each with the largest log-odds that any check reaches in it, the
bar is the k-th largest, k = floor(0.05 (n + 1)): of true clips like those at most 5 % reach beyond it, whatever the
checks are worth (split conformal prediction, Vovk et al. 2005). Fewer than 19 promise nothing.

The package's are in calibration.json; `cusp audit --calibrate FOLDER` makes a user's own, of her true clips:

    {"format": 1, "of": what they were measured on, "bars": {stratum: {"bar": in log-odds, or null, "clips": how many}}}
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
    """`bars`: stratum -> its bar in log-odds; none, or None, where too few true clips are known. `clips`: stratum -> of
    how many true clips. `of`: which clips they were."""

    bars: Mapping[str, float | None]
    clips: Mapping[str, int]
    of: str = ""

    @staticmethod
    def measured(largest: Mapping[str, Sequence[float]], of: str = "") -> Bars:
        """Of the largest log-odds of true clips, stratum by stratum."""
        return Bars({k: bar(v) for k, v in largest.items()}, {k: len(v) for k, v in largest.items()}, of)

    def bar(self, stratum: str) -> float | None:
        """In log-odds; None where too few true clips are known."""
        return self.bars.get(stratum)

    def plain(self) -> dict[str, dict[str, float | int | None]]:
        """As it stands in a file. A bar is rounded up: what is left out of it would be a true clip's."""
        return {k: {"bar": None if v is None else math.ceil(100 * v) / 100, "clips": self.clips[k]}
                for k, v in self.bars.items()}  # fmt: skip

    def save(self, path: Path) -> None:
        """Write a user's bars, whole or not at all. Raises CuspError where `path` cannot be written."""
        with written_whole(path) as aside:
            aside.write_text(
                json.dumps({"format": FORMAT, "of": self.of, "bars": self.plain()}, indent=1) + "\n", "utf-8"
            )

    @staticmethod
    def load(path: Path) -> Bars:
        """A user's bars, from a file or from NAME in a folder. Raises CuspError where there are none, or no such."""
        file = path / NAME if path.is_dir() else path
        how = "cusp audit --calibrate FOLDER makes them of a folder of true clips"
        if not file.is_file():
            raise CuspError(f"there are no bars in {file}: {how}")
        try:
            content: Any = json.loads(file.read_text(encoding="utf-8"))
            bars = {str(k): None if v["bar"] is None else float(v["bar"]) for k, v in content["bars"].items()}
            clips = {str(k): int(v["clips"]) for k, v in content["bars"].items()}
            known = content["format"] == FORMAT and set(bars) <= set(STRATA)
            promised = all(v is None or (math.isfinite(v) and clips[k] >= FEWEST) for k, v in bars.items())
            of = str(content["of"])
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CuspError(f"{file} holds no bars of the audit: {how}") from error
        if not known or not promised:
            raise CuspError(f"{file} holds bars of another format, of unknown strata or of too few clips: {how}")
        return Bars(bars, clips, of)


def bar(largest: Sequence[float]) -> float | None:
    """The bar of true clips whose largest log-odds these are; None where they are too few."""
    allowed = math.floor(SHARE * (len(largest) + 1))
    return sorted(largest, reverse=True)[allowed - 1] if len(largest) >= FEWEST else None
