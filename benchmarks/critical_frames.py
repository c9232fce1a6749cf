"""How rare the critical event is in ordinary recordings of every world: clips that have it, and frames next to it.

    python benchmarks/critical_frames.py [NAMES] [--clips 100]

Seeds 0, 1, ... of the training split, each world's own clip length. A frame is critical within one frame of the event.
The pictures do not matter here and are drawn at 8x8.
"""

from __future__ import annotations

import argparse
from collections import Counter

from cuspworld.worlds import make, names
from results import Table, add_argument


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--clips", type=int, default=100)
    parser.add_argument("--quick", action="store_true", help="10 clips a world")
    add_argument(parser)
    chosen = parser.parse_args()
    chosen.clips = 10 if chosen.quick else chosen.clips
    print(f"{chosen.clips} clips a world")
    with Table("critical_frames", chosen.save) as table:
        run(chosen, table)


def run(chosen: argparse.Namespace, table: Table) -> None:
    for name in chosen.names or names():
        world = make(name)
        clips, critical, frames = 0, 0, 0
        events: Counter[str] = Counter()
        branches: Counter[str] = Counter()
        for seed in range(chosen.clips):
            clip = world.record(seed, size=8)
            assert clip.truth is not None
            found = {event.name for event in clip.truth.events} & set(world.critical_events)
            events.update(found)
            branches[str(clip.truth.branch)] += 1
            clips += bool(found)
            critical += int(world.critical_frames(clip.truth, clip.fps).sum())
            frames += len(clip)
        said = ", ".join(f"{event} {events[event]}" for event in world.critical_events) or "none"
        ends = ", ".join(f"{branch} {branches[branch]}" for branch in world.branches)
        shares = {"with a critical event, %": 100 * clips / chosen.clips, "critical frames, %": 100 * critical / frames}
        table.add({"world": name, **shares, "clips with each event": said, "branch at the end": ends})


if __name__ == "__main__":
    main()
