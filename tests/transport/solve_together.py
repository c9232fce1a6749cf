"""Solve three problems and write the heights: what the test of several processes runs in each process."""

import os
import sys
from pathlib import Path

import numpy as np

from cuspworld import Brenier

folder = Path(sys.argv[1])
rank = int(os.environ.get("RANK", "0"))
generator = np.random.default_rng(100)
turn = 2 * np.pi * generator.random(200)
curve = np.column_stack([np.cos(turn), np.sin(turn)]) @ generator.normal(size=(2, 10))
clouds = {"even": generator.normal(size=(300, 3)), "curve": curve, "many": generator.normal(size=(600, 4))}
for name, points in clouds.items():
    checkpoint = folder / f"{name}.checkpoint"
    brenier = Brenier(tolerance=0.2, threads=1, distributed=True, checkpoint=checkpoint).fit(points)
    np.savez(folder / f"{name}_{rank}.npz", heights=brenier.heights_, error=brenier.error_, samples=brenier.samples_)
if len(sys.argv) > 2:  # every process its own points
    Brenier(tolerance=0.2, distributed=True).fit(clouds["even"] * [1 + rank, 1, 1])
