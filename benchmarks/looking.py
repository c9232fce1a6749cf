"""Does the shipped model know what it is shown? First frames of its own worlds, of others, of anybody's video.

    python benchmarks/looking.py [--frames 20] [--quick] [--save]

A row: how many of the frames are called strange (a warning), and how many of those of a world that it was taught are
taken for that world. Seeds from 6,000,000 on; foreign clips: split dev, CUSPWORLD_DATA, else ../shared/data.
"""

import argparse

import numpy as np
import torch

from cuspworld import Clip, Simulator, worlds
from cuspworld.errors import CuspError
from cuspworld.exam.audit import abroad
from cuspworld.simulator.looking import look_at
from cuspworld.video.frames import resize_frames
from results import Table, add_argument, wilson

FIRST = 6_000_000  # the threshold was 1.5 on the seeds from 5,000,000 on


def row(model: Simulator, name: str, frames: list[np.ndarray], own: bool) -> dict[str, object]:
    size = (model.config.height, model.config.width)
    looks = [look_at(model, resize_frames(frame[None], size)) for frame in frames]
    found = [look for look in looks if look is not None]
    strange = sum(look.strange for look in found)
    low, high = wilson(strange, len(found))
    right = sum(model.kinds[look.kind].name == name for look in found) if own else None
    return {
        "frames of": name,
        "taught": "yes" if own else "no",
        "number": len(found),
        "called strange": strange,
        "share": f"{100 * strange / len(found):.0f} % ({100 * low:.0f}-{100 * high:.0f})",
        "world right": right,
        "times its reach, median": round(float(np.median([look.times for look in found])), 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--frames", type=int, default=20, help="a world; of foreign clips four times as many")
    parser.add_argument("--quick", action="store_true", help="two frames of two worlds")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    model = Simulator.from_pretrained("default")
    taught = {kind.name for kind in model.kinds}
    names = sorted(worlds.names(), key=lambda name: (name not in taught, name))
    count = 2 if arguments.quick else arguments.frames
    with Table("looking", arguments.save) as table:
        for name in [*names[:1], *names[-1:]] if arguments.quick else names:
            made = (worlds.make(name).record(seed=FIRST + k, seconds=0.3, fps=10, size=64) for k in range(count))
            table.add(row(model, name, [clip.frames[0] for clip in made], name in taught))
        try:
            listed = abroad.listed("dev")
        except CuspError:
            return
        frames = []
        for foreign in listed[:: max(1, len(listed) // (4 * count))]:
            try:
                frames.append(Clip.read(foreign.path, seconds=0.3).frames[0])
            except CuspError:
                continue
        table.add(row(model, "foreign clips", frames, False))


if __name__ == "__main__":
    main()
