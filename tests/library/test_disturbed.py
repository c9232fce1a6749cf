"""An ingest that is killed, refused by the disk, or not alone: the table opens, holds whole clips, and loses none."""

import errno
import os
import random
import shutil
import signal
import subprocess
import sys

import numpy as np
import pytest

from cuspworld import Clip, Library
from cuspworld.errors import CuspError
from cuspworld.library import kept
from cuspworld.lock import one_writer
from tests.helpers import moving_box

KILLS = int(os.environ.get("CUSPWORLD_KILLS", "100"))


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "videos").mkdir()
    for seed in range(6):
        moving_box(seed, 4, (16, 16)).write(tmp_path / "videos" / f"{seed}.mp4")
    return tmp_path / "videos"


def test_a_disk_that_fills_up_loses_nothing_that_is_in(folder, tmp_path, monkeypatch):
    library = Library.create(tmp_path / "full.lance")
    library.ingest(f"{folder}/[01].mp4")
    before = [clip.frames.copy() for clip in library]
    copied = []

    def full(source, target):
        if len(copied) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        copied.append(target.write_bytes(source.read_bytes()))

    with monkeypatch.context() as patch:
        patch.setattr(kept.shutil, "copyfile", full)
        addition = library.ingest(folder)
    assert (addition.added, len(addition.problems)) == (2, 2) and "No space left" in addition.problems[0][1]
    opened = Library.open(library.path)
    assert len(opened) == 4
    assert all(np.array_equal(a.frames, b) for a, b in zip(opened[:2], before, strict=True))
    assert opened.ingest(folder).added == 2 and len(opened) == 6  # once there is room, the same command goes on


def test_a_disk_that_refuses_the_table_is_told_and_nothing_is_half_in(folder, tmp_path, monkeypatch):
    import lance.fragment

    library = Library.create(tmp_path / "full.lance")
    library.ingest(f"{folder}/[01].mp4")

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(lance.fragment, "write_fragments", full)
        with pytest.raises(CuspError, match="No space left on device"):
            library.ingest(folder)
    assert len(Library.open(library.path)) == 2
    assert library.ingest(folder).added == 4


def test_a_second_writer_is_told(folder, tmp_path):
    library = Library.create(tmp_path / "two.lance")
    with one_writer(library.path, "library"), pytest.raises(CuspError, match="being written by another process"):
        library.ingest(folder)
    assert library.ingest(folder).added == 6


@pytest.mark.long
@pytest.mark.timeout(3000)
def test_a_hundred_random_kills_lose_no_clip(tmp_path):
    """SIGKILL at random moments of `cusp ingest`: after each the table opens, every clip in it reads, none is gone."""
    rng = random.Random(0)
    folder = tmp_path / "videos"
    folder.mkdir()
    for seed in range(10):
        moving_box(seed, 6, (64, 64)).write(folder / f"{seed:04d}.mp4")
    for seed in range(10, 400):
        shutil.copy(folder / f"{seed % 10:04d}.mp4", folder / f"{seed:04d}.mp4")
    truth = {f"{seed:04d}.mp4": Clip.read(folder / f"{seed % 10:04d}.mp4").frames for seed in range(400)}
    kills = library_number = 0
    while kills < KILLS:
        library_number += 1
        path = tmp_path / f"{library_number}.lance"
        size = ["--size", "own"] if library_number % 2 else ["--size", "64"]
        Library.create(path)
        seen: set[str] = set()
        done = False
        while not done:
            command = [sys.executable, "-m", "cuspworld", "ingest", str(folder), "-o", str(path), *size]
            driver = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            before = len(seen)
            if kills < KILLS:  # wait until it works on clips, then a random moment of that
                while driver.poll() is None and rng.random() > 0.02 and len(Library.open(path)) <= before:
                    continue
                try:
                    driver.wait(rng.uniform(0, 0.3))
                except subprocess.TimeoutExpired:
                    os.kill(driver.pid, signal.SIGKILL)
                    kills += 1
            said, _ = driver.communicate()
            done = driver.returncode == 0
            assert done or driver.returncode == -signal.SIGKILL, said.decode()[-1000:]
            library = Library.open(path)
            sources = set(library.column("source"))
            assert len(sources) == len(library) and seen <= sources
            for source, clip in zip(library.column("source"), library, strict=True):
                if source not in seen:
                    assert np.array_equal(clip.frames, truth[source])
            seen = sources
            if kills >= KILLS and not done:
                continue
        assert seen == set(truth)
    print(f"{kills} kills, {library_number} libraries, none lost")
