"""How much do clips of one world differ in what does not matter, and is the truth of their pixels true?

    python benchmarks/variety.py [--clips 12] [--quick] [--save]

Per world, as it is filmed plainly and in the split `varied`: the share of pixels that lie within 8 levels of the median
of all frames of all clips (what a model could learn by heart); how many cameras, lights and backgrounds the clips have;
decibels of the next frame, warped back by the true flow, against the frame, where things move and are not hidden,
beside no warp; the share of pixels that change from frame to frame and lie within the boxes of the truth, a pixel wider
(shadows, glow and the coffee's waves have none). At the end: what others' data has, by their own pages.
"""

import argparse

import cv2
import numpy as np

from cuspworld import Clip, worlds
from results import Table, add_argument

FIRST = 6_000_000  # seeds that no recipe uses
SIZE = 64
LEVELS = 8  # of 255
MOVES = 0.25  # pixels a frame

# Sources: Kubric's challenges/movi/README.md (MOVi-A to E; Greff et al. 2022); data.csail.mit.edu/clevrer/README.txt
# and Yi et al. 2020; Physion's stimuli/generation/README.md and dominoes_signature.md (Bear et al. 2021);
# phyworld's README.md, id_ood_data/two_balls_collision.py (white ground, soft discs; it stores positions, radii,
# velocities) and combinatorial_data/ (Kang et al. 2024). "-": not said there.
PEERS = {
    "CuspWorld, varied": {
        "kinds of scene": "12", "camera": "drawn, at rest", "light": "6 lights, 3 sides", "background": "patterns",
        "distractors": "0 to 4", "depth": "yes", "flow": "forward", "boxes": "2-D", "segmentation": "yes",
        "physical parameters": "set and told", "impossible twins": "29",
    },
    "MOVi-A to F (Kubric)": {
        "kinds of scene": "1: things fall", "camera": "drawn; E, F: moves", "light": "A, B fixed; C to F of the HDRI",
        "background": "colours; HDRI photographs", "distractors": "D to F: 10 to 20 at rest", "depth": "yes",
        "flow": "forward, backward", "boxes": "2-D, 3-D", "segmentation": "yes",
        "physical parameters": "mass, friction, restitution told", "impossible twins": "none",
    },
    "CLEVRER": {
        "kinds of scene": "1: things collide", "camera": "-", "light": "-", "background": "one", "distractors": "-",
        "depth": "no", "flow": "no", "boxes": "no", "segmentation": "no",
        "physical parameters": "motion told", "impossible twins": "none (counterfactual questions)",
    },
    "Physion": {
        "kinds of scene": "8", "camera": "drawn, at rest", "light": "of the room", "background": "rooms",
        "distractors": "0 to 3, and occluders", "depth": "yes", "flow": "yes", "boxes": "-", "segmentation": "yes",
        "physical parameters": "set and told", "impossible twins": "none",
    },
    "phyworld": {
        "kinds of scene": "3 laws; 70 templates of PHYRE", "camera": "one, flat", "light": "none", "background": "one",
        "distractors": "none", "depth": "no", "flow": "no", "boxes": "no", "segmentation": "no",
        "physical parameters": "set and told", "impossible twins": "none",
    },
}  # fmt: skip


def beside() -> str:
    """What each has, as a table of docs/worlds/index.md: a column a collection."""
    facts = list(next(iter(PEERS.values())))
    rows = [["", *PEERS], ["---"] * (len(PEERS) + 1)]
    rows += [[fact, *(peer[fact] for peer in PEERS.values())] for fact in facts]
    return "\n".join(f"| {' | '.join(row)} |".replace("|  |", "| |") for row in rows)


def common(clips: list[Clip]) -> float:
    """The share of pixels within LEVELS of the median over all frames of all clips."""
    frames = np.concatenate([clip.frames for clip in clips])
    apart = np.abs(frames.astype(np.int16) - np.median(frames, axis=0).astype(np.int16)).max(-1)
    return float((apart <= LEVELS).mean())


def warped(frame: np.ndarray, flow: np.ndarray) -> np.ndarray:
    """The next frame (height, width, 3), brought back to where its points were."""
    x, y = np.meshgrid(np.arange(flow.shape[1]), np.arange(flow.shape[0]))
    place = (np.stack([x, y], -1) + flow).astype(np.float32)
    return cv2.remap(frame, place[..., 0], place[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


def decibels(clips: list[Clip]) -> tuple[float | None, float | None]:
    """Of the frames against the next ones with and without the warp; None where nothing moves."""
    errors: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
    for clip in clips:
        truth = clip.truth
        assert truth is not None and truth.flow is not None and truth.hidden is not None
        for k in range(len(clip) - 1):
            seen = ~truth.hidden[k] & (np.hypot(*np.moveaxis(truth.flow[k], -1, 0)) > MOVES)
            for place, other in enumerate((warped(clip.frames[k + 1], truth.flow[k]), clip.frames[k + 1])):
                errors[place].append(((other[seen].astype(float) - clip.frames[k][seen]) ** 2).ravel())
    squares = [np.concatenate(kind) for kind in errors]
    return tuple(10 * np.log10(255**2 / s.mean()) if s.size else None for s in squares)  # type: ignore[return-value]


def in_boxes(clips: list[Clip]) -> float:
    """The share of pixels that change by more than LEVELS and lie in a box of either frame, a pixel wider."""
    inside = changed = 0
    for clip in clips:
        assert clip.truth is not None
        boxes = np.stack(list(clip.truth.boxes().values()), 1)  # (frames, things, 4)
        x, y = np.meshgrid(np.arange(clip.size[1]), np.arange(clip.size[0]))
        for k in range(len(clip) - 1):
            differ = np.abs(clip.frames[k + 1].astype(int) - clip.frames[k]).max(-1) > LEVELS
            held = np.zeros_like(differ)
            for x0, y0, x1, y1 in boxes[k : k + 2].reshape(-1, 4):
                held |= (x >= x0 - 1) & (x < x1 + 1) & (y >= y0 - 1) & (y < y1 + 1)
            inside, changed = inside + int((differ & held).sum()), changed + int(differ.sum())
    return inside / max(changed, 1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, default=12, help="of each world and split")
    parser.add_argument("--quick", action="store_true", help="three clips of two worlds")
    add_argument(parser)
    arguments = parser.parse_args()
    names = ["Collision", "Planets"] if arguments.quick else worlds.names()
    count = 3 if arguments.quick else arguments.clips
    with Table("variety", arguments.save) as table:
        for name in names:
            row: dict[str, object] = {"world": name}
            for split in ("train", "varied"):
                world = worlds.make(name, split=split)
                clips = [world.record(FIRST + k, size=SIZE, fps=4) for k in range(count)]
                traced = [world.record(FIRST, size=SIZE, seconds=1.5, passes=("flow",)) for _ in range(1)]
                with_flow, without = decibels(traced)
                told = [clip.truth.parameters for clip in clips if clip.truth is not None]
                kinds = {
                    what: len({tuple(t.get(name) for name in keys) for t in told})
                    for what, keys in (("cameras", ("camera_x", "camera_turn", "camera_zoom")),
                                       ("lights", ("time_of_day", "light_from")), ("backgrounds", ("background",)))
                }  # fmt: skip
                label = "plain" if split == "train" else split
                row |= {f"{label}: common pixels": common(clips)}
                row |= {f"{label}: {what}": number for what, number in kinds.items() if split == "varied"}
                row |= {
                    f"{label}: warped dB": with_flow, f"{label}: unwarped dB": without,
                    f"{label}: change in boxes": in_boxes(traced),
                }  # fmt: skip
            table.add(row)
    print(f"\nWhat others' data has:\n{beside()}")


if __name__ == "__main__":
    main()
