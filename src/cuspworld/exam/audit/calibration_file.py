"""`calibration.json` of the audit, written: how its numbers were fitted stands beside them (audit/calibration.py)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from cuspworld.audit.calibration import FILE
from cuspworld.files import written_whole

BARS = ("elsewhere", "longer")  # of two lengths of clips


def read(path: Path = FILE) -> dict[str, Any]:
    """What the file says; what the package's own says where there is none yet."""
    kept: dict[str, Any] = json.loads((path if path.is_file() else FILE).read_text(encoding="utf-8"))
    return kept


def write(content: dict[str, Any], path: Path) -> None:
    """Write it whole or not at all, a line a curve; fits that no number is of any more are left out."""
    bars = [stratum for name in BARS for stratum in content[name]["strata"].values()]
    fitted = [content["judge"], content["home"], *bars, *content["curves"].values()]
    used = {part["fit"] for part in fitted}
    fits = {name: how for name, how in content["fits"].items() if name in used}
    parts = [
        f'  "format": {content["format"]}',
        f'  "fits": {_lines(fits)}',
        f'  "judge": {json.dumps(content["judge"])}',
        *(f'  "{name}": {_bars(content[name])}' for name in BARS),
        f'  "home": {json.dumps(content["home"])}',
        f'  "curves": {_lines(content["curves"])}',
    ]
    with written_whole(path) as aside:
        aside.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")


def _bars(known: dict[str, Any]) -> str:
    return f'{{"seconds": {known["seconds"]}, "strata": {_lines(known["strata"])}}}'


def _lines(values: dict[str, Any]) -> str:
    rows = [f"    {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in values.items()]
    return "{\n" + ",\n".join(rows) + "\n  }"
