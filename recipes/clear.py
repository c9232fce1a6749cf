"""How clear the package's recorded paths come out. Each is drawn once by the shipped model, for the share of frames of
a true state, and its true clip is recorded, for the share in which all that is in it can be told apart (of a drawn one
a detector cannot say what has melted away); the world's detector reads both. It goes into the paths' config.json, and
the clearer have more mass (`simulator/masses.py`).

python recipes/clear.py --folder runs/clear --worlds Puppies Collision  # half an hour of a core each; resumes
python recipes/clear.py --folder runs/clear --worlds Puppies Collision --ship  # into the package
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

import folds
from cuspworld import worlds
from cuspworld.detectors import detector
from cuspworld.files import written_whole
from cuspworld.language.matching import Match
from cuspworld.models import read_config
from cuspworld.simulator.branches import Branches
from cuspworld.simulator.chunks import Chunks
from cuspworld.simulator.folder import DEFAULT
from cuspworld.simulator.masses import Masses, Prompts
from cuspworld.simulator.options import settled
from cuspworld.simulator.paths import Paths
from cuspworld.simulator.route import DrawnRoute
from cuspworld.simulator.sampling import sampling
from cuspworld.simulator.simulator import Simulator

SEED = 100_000  # of the first path; the next ones' follow
FRAMES = 20
EVERY = 100  # paths, after which what is read so far is kept


def drawn(model: Simulator, number: int, clip: int, any_match: Match) -> np.ndarray:
    """Two seconds along a recorded path, for its own caption."""
    kind, config = model.kinds[number], model.config
    caption, seed = kind.captions[clip][0], SEED + clip
    alone = Masses(number, np.eye(len(kind.captions))[clip], any_match, whole=True)
    steps = config.window // config.token_frames
    paths = Paths(Branches(kind, kind.branches), seed)
    route = DrawnRoute(paths, alone, model.expert(number)[1], steps, steps, model.device)
    told = sampling(config, settled({"seed": seed}), True, model)
    return Chunks(model, caption, told, route, number).next()[:FRAMES]


def read(reader: Any, frames: np.ndarray, true: np.ndarray, fps: float) -> float:
    """The share of what is drawn that is a true state, times that of the true clip in which all can be told apart."""
    return (1 - float(reader.no_true_state(frames).mean())) * (1 - float(reader.unclear(reader(true, fps))))


def shares(folder: Path, name: str) -> list[float]:
    """Of each recorded path, as far as read."""
    file = folder / f"{name}.json"
    return list(json.loads(file.read_text())) if file.exists() else []


def look(folder: Path, name: str) -> None:
    """Draw and read every path of a world."""
    model = Simulator.from_pretrained("default")
    number = [kind.name for kind in model.kinds].index(name)
    found, reader, captions = shares(folder, name), detector(name), model.kinds[number].captions
    count, match = len(captions), Prompts(model.kinds).masses(captions[0][0], SEED).match
    size = (model.config.height, model.config.width)
    for clip in range(len(found), count):  # the k-th path is of the seed k (`recipes/folds.py`)
        true = worlds.make(name).record(seed=clip, seconds=folds.SECONDS, fps=model.config.fps, size=size)
        found.append(round(read(reader, drawn(model, number, clip, match), true.frames, model.config.fps), 4))
        if len(found) % EVERY == 0 or len(found) == count:
            with written_whole(folder / f"{name}.json") as aside:
                aside.write_text(json.dumps(found))
            told = np.quantile(found, (0.1, 0.5, 0.9)).round(2)
            print(f"{name}: {len(found)} paths; a tenth, half and nine tenths up to {told}", flush=True)


def ship(folder: Path, names: list[str], into: Path) -> None:
    """What was read, in per cent, into a model's paths."""
    told = read_config(into / "paths")
    for kind in told["kinds"]:
        if kind["name"] in names:
            kind["clear"] = [round(100 * share) for share in shares(folder, kind["name"])]
    with written_whole(into / "paths" / "config.json") as aside:
        aside.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("runs/clear"))
    parser.add_argument("--worlds", nargs="+", default=["Puppies", "Collision"])
    parser.add_argument("--ship", action="store_true", help="what is read so far, into the package")
    parser.add_argument("--into", type=Path, default=DEFAULT, help="into a copy of the shipped model instead")
    arguments = parser.parse_args()
    arguments.folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    if arguments.ship:
        ship(arguments.folder, arguments.worlds, arguments.into)
        return
    for name in arguments.worlds:
        look(arguments.folder, name)


if __name__ == "__main__":
    main()
