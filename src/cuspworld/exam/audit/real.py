"""Part b: real and foreign clips. False alarms a minute of true ones, and labelled violations found."""

from __future__ import annotations

from typing import Any

from cuspworld.exam.audit.scoring import number, table
from cuspworld.exam.audit.split import LABELS, files
from cuspworld.exam.audit.store import Store


def run(split: str, store: Store) -> list[tuple[str, Any, dict[str, Any]]]:
    """(file, label, report) of every clip of the split."""
    return [(path.name, LABELS.get(path.name, "?"), store.report(path)) for path in files(split)]


def show(results: list[tuple[str, Any, dict[str, Any]]]) -> None:
    """One row a clip, then the sums."""
    print("Real and foreign clips")
    rows = []
    minutes, alarms, passed, true, found, labelled = 0.0, 0, 0, 0, 0, 0
    for name, label, report in results:
        said = ", ".join(f"{f['law']} {f['start']:.1f} s {f['probability']:.0%}" for f in report["findings"][:3])
        kind = "true" if label is None else "not labelled" if label == "?" else "|".join(sorted(label))
        verdict = "-"
        if label is None:
            true, minutes, alarms = true + 1, minutes + report["seconds"] / 60, alarms + len(report["findings"])
            passed += not report["findings"]
            verdict = "passes" if not report["findings"] else "FALSE ALARM"
        elif label != "?":
            labelled += 1
            named = any(f["law"] in label for f in report["findings"])
            found += named
            verdict = "found" if named else "other law" if report["findings"] else "missed"
        rows.append((name, kind, f"{report['score']:.3f}", verdict, len(report["checked"]), said))
    table(("clip", "label", "score", "result", "laws", "findings"), rows)
    if true:
        print(f"true clips that pass: {passed} of {true}")
        print(f"false alarms: {alarms} in {minutes:.2f} min = {number(alarms / minutes)} a minute")
    print(f"labelled violations found by their law: {found} of {labelled}\n")


def misses(results: list[tuple[str, Any, dict[str, Any]]]) -> list[str]:
    """One line a clip that the audit gets wrong."""
    lines = []
    for name, label, report in results:
        said = [(f["law"], f["start"], f["probability"], f["box"], f["sentence"]) for f in report["findings"][:4]]
        if label is None and said:
            lines.append(f"FALSE  {name}: {said}")
        elif label not in (None, "?") and not any(f["law"] in label for f in report["findings"]):
            high = {k: v for k, v in report["checked"].items() if v > 0.05}
            lines.append(f"MISSED {name} {sorted(label)}: said {said}; suspicion {high}; "
                         f"unchecked {report['unchecked']}")  # fmt: skip
    return lines
