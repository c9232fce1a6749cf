"""What warns of a model's errors: does a deep ensemble tell them, and better than its own seeds and horizons?

    python benchmarks/validity_ensemble.py --folder runs/ensemble --save

Five models of ours (the dynamics of `cusp train --dynamics`, medium, as in range_scaling.py) are trained on the same
300 clips of the three laws from five seeds: other weights to begin with, other batches. Each then sits the exam's part
`validity` with the four others as its ensemble: collisions anywhere in the box of radii and speeds. AUROC of an error
above the tolerance, or above the model's own median where all or none are: of the region that was taught from errors
(which has seen some), of two seeds, of two horizons, and of the ensemble's spread. The dynamics draw no noise, so that
two seeds never disagree: 0.5. "inside": the share of judged clips in the certified region. The last row is the mean of
the five; "from", "to": 95 % of the mean AUROC of the ensemble, bootstrap over models.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np

from cuspworld.exam.examine import examine
from cuspworld.exam.sitting import interval
from range_scaling import SIZE, recorded, trained
from results import Table, add_argument

CLIPS, STEPS, MEMBERS = 300, 400, 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=10, help="of the exam: 18 times as many, a third judged")
    parser.add_argument("--folder", type=Path, help="keep models and answers there, so that a stopped run goes on")
    parser.add_argument("--quick", action="store_true", help="two models, a few steps")
    add_argument(parser)
    arguments = parser.parse_args()
    count, steps, members = (9, 20, 2) if arguments.quick else (CLIPS, STEPS, MEMBERS)
    asked = 1 if arguments.quick else arguments.clips
    with tempfile.TemporaryDirectory() as aside, Table("validity_ensemble", arguments.save) as table:
        folder = arguments.folder or Path(aside)
        clips = recorded(count)
        size = "small" if arguments.quick else "medium"
        models = [trained(clips, size, steps, seed, folder / f"seed-{seed}") for seed in range(members)]
        rows = []
        for k, model in enumerate(models):
            others = [other for other in models if other is not model]
            transcript = examine(
                model, name=f"seed {k}", parts=["validity"], clips=asked, size=SIZE, members=others,
                folder=folder / f"exam-{k}",
            )  # fmt: skip
            rows.append(transcript["validity"].tables[0].row(row=f"seed {k}"))
        scores = [name for name in rows[0] if name.startswith("AUROC ") and not name.endswith("m/s")]
        for row in rows:
            table.add({"model": row["row"], **_told(row, scores), "from": None, "to": None})
        mean = {name: float(np.mean([row[name] for row in rows])) for name in _told(rows[0], scores)}
        low, high = interval([row["AUROC ensemble"] for row in rows]) or (None, None)
        table.add({"model": "mean", **mean, "from": low, "to": high})


def _told(row: dict, scores: list[str]) -> dict:
    return {name: row[name] for name in ("above tolerance", "inside", "AUROC above, m/s", *scores)}


if __name__ == "__main__":
    main()
