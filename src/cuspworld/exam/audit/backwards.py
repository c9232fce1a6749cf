"""Part c, time: true clips of irreversible processes run backwards, as Physics-IQ and as the audit see it."""

from __future__ import annotations

from typing import Any

import numpy as np

from cuspworld import worlds
from cuspworld.audit.judges.physics_iq import PhysicsIQ, physics_iq
from cuspworld.clip import Clip
from cuspworld.exam.audit.injected import small
from cuspworld.exam.audit.scoring import auc, number, pairwise, table
from cuspworld.exam.audit.split import FIRST_SEED, files
from cuspworld.exam.audit.store import Store

# true clips in which something irreversible is seen
REAL = (
    "physicsiq_match_real.mp4", "physicsiq_pour_real.mp4", "physicsiq_tangerine_real.mp4",
    "physion_0.mp4", "physion_1.mp4", "physion_2.mp4", "physion_3.mp4", "physion_4.mp4",
)  # fmt: skip
WORLDS = ("Juice", "Snow", "Chair", "Heat")


def run(split: str, store: Store, count: int) -> list[tuple[str, PhysicsIQ, dict[str, Any], dict[str, Any]]]:
    """(name, Physics-IQ of the reversed clip, report forwards, report backwards)."""
    clips = [(path.name, small(path)) for path in files(split) if path.name in REAL]
    for name in WORLDS:
        if name not in worlds.names():
            continue
        world = worlds.make(name, size=128, fps=24.0)
        for seed in range(FIRST_SEED[split], FIRST_SEED[split] + count):
            clip = world.record(seed, size=128, fps=24.0)
            clips.append((f"{name} seed {seed}", Clip(clip.frames, clip.fps)))
    results = []
    for name, clip in clips:
        back = Clip(clip.frames[::-1].copy(), clip.fps)
        results.append((name, physics_iq(back, clip, shrink=1), store.report(clip), store.report(back)))
    return results


def show(results: list[tuple[str, PhysicsIQ, dict[str, Any], dict[str, Any]]]) -> None:
    """One row a clip."""
    print("True clips of irreversible processes, backwards (Physics-IQ 100 is the best; two takes taken as identical)")
    rows = []
    for name, measures, forwards, backwards in results:
        caught = ", ".join(dict.fromkeys(f["law"] for f in backwards["findings"]))
        rows.append((
            name, f"{measures.spatial_iou:.2f}", f"{measures.spatiotemporal_iou:.2f}",
            f"{measures.weighted_spatial_iou:.2f}", f"{measures.mse:.4f}", f"{measures.score():.0f}",
            f"{forwards['score']:.3f}", f"{backwards['score']:.3f}", caught or "-",
        ))  # fmt: skip
    header = ("clip", "spatial", "space-time", "weighted", "MSE", "P-IQ", "audit", "backwards", "findings backwards")
    table(header, rows)
    if not results:
        return
    a, b = [r[2]["score"] for r in results], [r[3]["score"] for r in results]
    share = np.mean([bool(r[3]["findings"]) for r in results])
    arrow = np.mean([any(f["law"] == "arrow" for f in r[3]["findings"]) for r in results])
    false = np.mean([bool(r[2]["findings"]) for r in results])
    by_arrow = number(float(arrow), percent=True)
    print(f"backwards: {number(float(share), percent=True)} have a finding ({by_arrow} by the arrow of time)")
    print(f"forwards: {number(float(false), percent=True)} have a finding")
    print(f"pairwise {number(pairwise(a, b), percent=True)}, AUC {number(auc(a, b), 3)}\n")
