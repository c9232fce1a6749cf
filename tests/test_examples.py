"""The scripts in examples/ run as they stand, in a folder of their own, and say and write what they promise."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cuspworld import Clip, Simulator
from cuspworld.models import read_tensors

EXAMPLES = Path(__file__).parent.parent / "examples"


def said(script: str, folder: Path, *arguments: str) -> str:
    """What a script prints."""
    command = [sys.executable, str(EXAMPLES / script), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_every_script_is_tested_and_on_the_page():
    scripts = {path.name for path in EXAMPLES.glob("*.py")}
    page, here = (EXAMPLES / "README.md").read_text(), Path(__file__).read_text()
    assert len(scripts) == 6 and all(f"`{name}`" in page and f'"{name}"' in here for name in scripts)


def test_make_a_video(tmp_path):
    assert "at 10 a second" in said("make_a_video.py", tmp_path)
    clip = Clip.read(tmp_path / "made.mp4")
    assert clip.seconds == pytest.approx(2, abs=0.2) and clip.frames.std() > 5
    assert (tmp_path / "made.png").is_file()


def test_record_a_world(tmp_path):
    printed = said("record_a_world.py", tmp_path)
    assert "s  push" in printed and "breaks a law" in printed
    possible, twin = (Clip.read(tmp_path / f"{name}.mp4", truth=True).truth for name in ("possible", "impossible"))
    assert possible.violation is None
    same = (possible.state == twin.state).cumprod().sum()  # rows until the two part
    assert same >= twin.violation.start * 10 - 1 and same < len(twin.state)


def test_audit_a_video(tmp_path):
    printed = said("audit_a_video.py", tmp_path)
    assert "passage" in printed and (tmp_path / "audit.html").stat().st_size > 1000
    grey = np.full((20, 64, 64, 3), 128, np.uint8)
    Clip(grey, fps=10).write(tmp_path / "grey.mp4")
    assert "score 0.50" in said("audit_a_video.py", tmp_path, "grey.mp4")


def test_find_branches(tmp_path):
    printed = said("find_branches.py", tmp_path)
    assert "2 branches of [400, 200] points" in printed or "2 branches of [200, 400] points" in printed
    assert printed.count("new point") == 5


@pytest.mark.long
def test_train_on_a_folder(tmp_path):
    pytest.importorskip("lance", reason="needs cuspworld[training]")
    printed = said("train_on_a_folder.py", tmp_path, "videos", "run", "30")
    before, after = (float(word) for word in printed.split("codec: ")[1].split(" dB after")[0].split(" dB before, "))
    assert after > before + 3
    assert Clip.read(tmp_path / "run.mp4").seconds == pytest.approx(2, abs=0.2)


@pytest.mark.long
def test_train_on_a_cluster(tmp_path):
    """Two workers on this machine end with the losses that one process has."""
    pytest.importorskip("ray.train", reason="needs ray[train]")
    from cuspworld.cli import main

    with pytest.raises(SystemExit):
        main(["record", "Collision", "-n", "12", "-o", str(tmp_path / "worlds.lance"), "--size", "32"])
    losses = {}
    for workers in ("1", "2"):
        options = ["--workers", workers, "--preset", "tiny", "--steps", "4", "--batch", "4"]
        said("train_on_a_cluster.py", tmp_path, "worlds.lance", f"run{workers}", *options)
        Simulator.from_pretrained(tmp_path / f"run{workers}" / "model")
        tensors = read_tensors(tmp_path / f"run{workers}" / "transport.checkpoint.safetensors")
        losses[workers] = {name: tensor for name, tensor in tensors.items() if name.startswith("average.")}
    for name, tensor in losses["1"].items():
        assert (tensor - losses["2"][name]).abs().max() < 1e-3, name
