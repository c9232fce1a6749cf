"""Several processes solve one problem: the heights of one process."""

import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np

from cuspworld.transport.sampled.processes import Processes


def test_shares_follow_each_other_and_are_all():
    three = [Processes(together=False) for _ in range(3)]
    for rank, process in enumerate(three):
        process.rank, process.count = rank, 3
    shares = [process.share(1000) for process in three]
    assert shares[0][0] == 0 and shares[-1][1] == 1000
    assert all(a[1] == b[0] for a, b in pairwise(shares))


def test_two_processes_find_the_heights_of_one(tmp_path):
    script = Path(__file__).with_name("solve_together.py")
    source = Path(__file__).resolve().parents[2] / "src"
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(source)}
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", "2", "--standalone"]
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    one = [sys.executable, str(script), str(tmp_path / "one")]
    subprocess.run(one, check=True, env=environment, capture_output=True, timeout=240)
    two = [*launch, str(script), str(tmp_path / "two"), "and others"]
    ended = subprocess.run(two, env=environment, capture_output=True, text=True, timeout=240)
    assert ended.returncode != 0 and "theirs differ in points" in ended.stderr  # the last problem is not one
    for name in ("even", "curve", "many"):
        alone = np.load(tmp_path / "one" / f"{name}_0.npz")
        both = [np.load(tmp_path / "two" / f"{name}_{rank}.npz") for rank in (0, 1)]
        np.testing.assert_array_equal(both[0]["heights"], both[1]["heights"])
        assert both[0]["samples"] == alone["samples"] and float(both[0]["error"]) < 0.2
        np.testing.assert_allclose(both[0]["heights"], alone["heights"], atol=1e-6)
