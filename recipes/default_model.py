"""The recipe of the shipped model: record three worlds, train, look. One command, one seed: `make model`.

    python recipes/default_model.py --folder runs/default

Stops and goes on at any moment (run it again). The result is runs/default/run/model; `--ship` copies it into the
package as float16 with its card, which says what people saw in its clips.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from cuspworld import worlds
from cuspworld.clip import Clip
from cuspworld.files import written_whole
from cuspworld.simulator.folder import DEFAULT
from cuspworld.simulator.simulator import Simulator
from cuspworld.training.presets import preset
from cuspworld.training.run import train

WORLDS = {"Collision": 1200, "Juice": 1000, "Puppies": 1200}  # clips of each, seeds 0, 1, ...
HELD_OUT = range(1_000_000, 1_000_012)  # seeds of the clips that measure the codec
SECONDS = 3.0
SEED = 0
TOPICS = (
    "two balls of two colours collide (red, green, blue, yellow, orange, purple; big, small; fast, slow)",
    "a glass of juice of some colour is pushed: it rocks and stands, or tips over and spills",
    "three or four puppies of named colours romp over the grass around a red ball",
)


def record(folder: Path, name: str, seeds: range) -> list[Clip]:
    """Clips of a world, kept in one file so that a second run reads them."""
    file = folder / f"{name}_{seeds.start}.npz"
    if not file.exists():
        world = worlds.make(name)
        clips = [world.record(seed=seed, seconds=SECONDS) for seed in seeds]
        with written_whole(file) as aside:
            np.savez(aside, f=np.array([c.frames for c in clips]), c=np.array([c.caption for c in clips]))
    with np.load(file) as kept:
        return [Clip(frames, 10.0, str(caption)) for frames, caption in zip(kept["f"], kept["c"], strict=True)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("runs/default"))
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--ship", action="store_true", help="copy the trained model into the package")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    folder = arguments.folder
    folder.mkdir(parents=True, exist_ok=True)
    if arguments.ship:
        simulator = Simulator.from_pretrained(folder / "run" / "model")
        card = (DEFAULT / "README.md").read_text() if (DEFAULT / "README.md").exists() else None
        simulator.save_pretrained(DEFAULT, card=card, dtype=torch.float16)
        return
    clips = [clip for name, count in WORLDS.items() for clip in record(folder, name, range(count))]
    held_out = [clip for name in WORLDS for clip in record(folder, name, HELD_OUT)]
    print(train(clips, preset("small"), folder / "run", held_out=held_out, topics=TOPICS, seed=SEED, resume=True))


if __name__ == "__main__":
    main()
