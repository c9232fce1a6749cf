"""Do the bounds in pyproject.toml hold? Lowest and highest versions on every Python here, and the quick tests in each.

    python tests/versions.py                      # every Python from 3.11 on: ~/.pyenv, PATH; hours
    python tests/versions.py --python 3.12 --highest --tests tests/test_clip.py
    python tests/versions.py --without torch      # where only CUDA builds of it are to be had: what needs none
    python tests/versions.py --keep environments  # they stay there, and the next run installs nothing

Each pair gets a virtual environment of its own, in a temporary folder unless it is kept. "Lowest" pins what
pyproject.toml names to its lower bounds (their newest patch) and lets pip choose the rest, "highest" takes the newest
within the bounds. Prints a row a pair; exit code 1 if any failed.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
EXTRAS = ("library", "training", "worlds", "diffusers", "text", "geometry", "addresses", "play", "studio")
NEED_TORCH = {"accelerate"}  # would bring it
TOOLS = ("pytest", "pytest-timeout", "pytest-xdist", "hypothesis", "beartype", "jsonschema", "scikit-dimension")
TORCHLESS = (
    "tests/test_checks.py", "tests/test_clip.py", "tests/test_contact_sheet.py", "tests/test_dynamic_range.py",
    "tests/test_lock.py", "tests/test_truth_and_files.py", "tests/test_video_container.py",
    "tests/test_video_frames.py",
    "tests/test_video_read.py", "tests/test_video_write.py", "tests/library", "tests/worlds",
    "tests/cli/test_library_verbs.py",
)  # fmt: skip


def pythons() -> dict[str, str]:
    """version -> executable, of every Python here that pyproject.toml promises."""
    known = map(str, Path.home().glob(".pyenv/versions/*/bin/python3"))
    found: dict[str, str] = {}
    for place in (*known, *filter(None, (shutil.which(f"python3.{k}") for k in range(11, 20)))):
        told = subprocess.run([place, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True)
        version = told.stdout.decode().strip()
        if told.returncode == 0 and version and tuple(map(int, version.split("."))) >= (3, 11):
            found.setdefault(version, place)
    return dict(sorted(found.items()))


def requirements(without: set[str]) -> list[str]:
    """What the core, `EXTRAS` and the tests need, as pyproject.toml says it."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    optional = project["optional-dependencies"]
    named = [*project["dependencies"], *(one for extra in EXTRAS for one in optional[extra])]
    named += [one for one in optional["dev"] if re.split(r"[<>=\[]", one)[0] in TOOLS]
    left = without | {"cuspworld"} | (NEED_TORCH if "torch" in without else set())
    return sorted({one for one in named if re.split(r"[<>=\[]", one)[0] not in left})


def lowest(requirement: str) -> str:
    """`name==lower bound.*`: the newest patch of it."""
    name, _, bound = requirement.partition(">=")
    return f"{name}=={bound.split(',')[0]}.*" if bound else name


def install(python: str, low: bool, without: set[str], folder: str) -> str:
    """Nothing once `folder` is an environment of what the package needs, or pip's last line."""
    done = Path(folder) / "installed"
    if done.exists():
        return ""
    subprocess.run([python, "-m", "venv", folder], check=True)
    wanted = [lowest(one) if low else one for one in requirements(without)]
    command = [f"{folder}/bin/python", "-m", "pip", "install", "--quiet", "--only-binary", ":all:", *wanted]
    said = subprocess.run(command, capture_output=True, text=True, cwd=folder)
    if said.returncode:
        return "install: " + said.stderr.strip().splitlines()[-1]
    done.touch()
    return ""


def run(version: str, low: bool, without: set[str], tests: list[str], keep: str | None) -> tuple[str, float]:
    """("ok", or what failed; seconds) of one pair."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="cuspworld-versions-") as temporary:
        folder = str(Path(keep).resolve() / f"{version}-{'lowest' if low else 'highest'}") if keep else temporary
        failed = install(pythons()[version], low, without, folder)
        if failed:
            return failed, time.monotonic() - began
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY / "src"), "OMP_NUM_THREADS": "1"}
        chosen = tests or (list(TORCHLESS) if "torch" in without else ["tests"])
        quick = ["-m", "not long and not gpu and not browser", "-p", "no:cacheprovider", "--timeout", "3000"]
        command = [f"{folder}/bin/python", "-m", "pytest", *quick, *chosen]
        done = subprocess.run(command, capture_output=True, text=True, cwd=REPOSITORY, env=environment)
        lines = done.stdout.strip().splitlines() or done.stderr.strip().splitlines() or ["nothing printed"]
        for line in lines:
            if line.startswith(("FAILED", "ERROR")):
                print(f"    {line[:200]}", flush=True)
        return ("ok: " if done.returncode == 0 else "FAILED: ") + lines[-1], time.monotonic() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--python", choices=list(pythons()), action="append", help="only this version; may be repeated")
    parser.add_argument("--lowest", action="store_true", help="only the lowest")
    parser.add_argument("--highest", action="store_true", help="only the highest")
    parser.add_argument("--without", action="append", default=[], help="a package to leave out, with what needs it")
    parser.add_argument("--tests", nargs="*", default=[], help="instead of all quick tests")
    parser.add_argument("--keep", metavar="FOLDER", help="the environments stay there, and are used again")
    asked = parser.parse_args()
    failed = False
    for version in asked.python or pythons():
        for low in (True, False):
            if asked.lowest != asked.highest and low != asked.lowest:
                continue
            said, took = run(version, low, set(asked.without), asked.tests, asked.keep)
            failed |= not said.startswith("ok")
            print(f"| {version} | {'lowest' if low else 'highest'} | {said} | {took:.0f} s |", flush=True)
    sys.exit(failed)


if __name__ == "__main__":
    main()
