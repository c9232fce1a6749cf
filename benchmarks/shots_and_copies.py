"""Are cuts found where there are cuts, and copies where there are copies? Both bounds, on video from elsewhere.

    python benchmarks/shots_and_copies.py [--parts shots copies] [--quick] [--save]

The clips of `foreign/` in the folder that CUSPWORLD_DATA names (else ../shared/data), halved by origin: bounds are
chosen on the half `tune`, `report` is for the page. Shots: PySceneDetect's adaptive detector at several bounds (how
many times the usual change from frame to frame, and how much change at least) on the frames that ingest sees, beside
its content detector at its own bound. *Cut* and *uncut* are what people who looked at
the clips wrote of them; *spliced* are clips of two origins, 1.5 s each, one after the other, found within two frames.
Copies: the first 3 s of a clip written anew in the way that a row says; found where the hashes differ in at most so
many bits. *Others* are pairs of clips of different origins: whatever is found there is false.
"""

import argparse
import itertools
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from scenedetect import FrameTimecode
from scenedetect.detectors import AdaptiveDetector, ContentDetector

from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.exam.audit.abroad import Foreign, listed
from cuspworld.library.cuts import SHORTEST
from cuspworld.library.measuring import Measure, picture_of, small
from cuspworld.video.read import VideoFile, probe
from results import Table, add_argument

BOUNDS = ((3, 15), (2, 22), (3, 22), (3, 27), (3, 35), (5, 27))  # of the adaptive detector: the first is its own
BITS = (5, 8, 11, 14, 17)
UNCUT = 45  # clips a half
SPLICED = 1.5  # seconds of each clip
LARGEST = 2e8  # pixels of a clip that is copied
COPIED = 3.0
Frames = np.ndarray


def brighter(frames: Frames) -> Frames:
    return (255 * (frames / 255) ** 0.8).astype(np.uint8)


def cropped(frames: Frames) -> Frames:
    top, left = (max(1, side // 25) for side in frames.shape[1:3])
    return frames[:, top:-top, left:-left]


def written_on(frames: Frames) -> Frames:
    marked = frames.copy()
    marked[:, -frames.shape[1] // 8 :] //= 3
    return marked


def halved(frames: Frames) -> Frames:
    height, width = (max(16, side // 4 * 2) for side in frames.shape[1:3])
    return np.stack([cv2.resize(frame, (width, height), interpolation=cv2.INTER_AREA) for frame in frames])


WAYS: dict[str, Callable[[Frames], Frames]] = {
    "compressed": lambda frames: frames,
    "half as large": halved,
    "gamma 0.8": brighter,
    "4 % cut off each side": cropped,
    "a dark bar below": written_on,
}


def even(frames: Frames) -> Frames:
    return frames[:, : frames.shape[1] // 2 * 2, : frames.shape[2] // 2 * 2]


def seen(path: Path, seconds: float | None = None) -> Iterator[np.ndarray]:
    """The small pictures that ingest measures."""
    with VideoFile(path) as video:
        yield from video.looked_at(lambda f: video.picture(f, small(*video.size_of(f))), seconds=seconds, partial=True)


def picture(path: Path) -> np.ndarray:
    """The bits of the first seconds' hash."""
    measure = Measure()
    for tiny in seen(path, COPIED):
        measure.add(picture_of(tiny), None)
    return np.unpackbits(np.frombuffer(bytes(measure.columns()["picture"]), np.uint8))  # type: ignore[arg-type]


class Detectors:
    """Several at once, fed a frame at a time; `cuts`: the frames that each found to begin a shot."""

    def __init__(self, fps: float):
        least = max(2, round(SHORTEST * fps))
        self.fps, self.count = float(fps), 0
        self.each = {
            f"adaptive, {bound} times the usual and {change}": AdaptiveDetector(
                bound, min_scene_len=least, min_content_val=change
            )
            for bound, change in BOUNDS
        }
        self.each |= {"content, 27": ContentDetector(27.0, min_scene_len=least)}
        self.cuts: dict[str, list[int]] = {name: [] for name in self.each}

    def add(self, tiny: np.ndarray) -> None:
        turned = cv2.cvtColor(tiny, cv2.COLOR_RGB2BGR)
        for name, detector in self.each.items():
            found = detector.process_frame(FrameTimecode(self.count, self.fps), turned)
            self.cuts[name] += [cut.frame_num for cut in found]
        self.count += 1


def shots(table: Table, half: str, clips: list[Foreign]) -> None:
    found: dict[str, dict[str, list[bool]]] = {}
    begins: list[tuple[float, list[np.ndarray]]] = []
    for clip in clips:
        with VideoFile(clip.path) as video:
            fps = video.fps
        detectors, first = Detectors(fps), []
        for tiny in seen(clip.path):
            detectors.add(tiny)
            if len(first) < SPLICED * fps:
                first.append(cv2.resize(tiny, (96, 64), interpolation=cv2.INTER_AREA))
        for name, cuts in detectors.cuts.items():
            what = "cut" if "cuts" in clip.strata else "uncut"
            found.setdefault(name, {}).setdefault(what, []).append(bool(cuts))
        if "cuts" not in clip.strata:
            begins.append((fps, first))
    for (fps, first), (_, second) in itertools.pairwise(begins):
        detectors = Detectors(fps)
        for tiny in [*first, *second]:
            detectors.add(tiny)
        for name, cuts in detectors.cuts.items():
            found[name].setdefault("spliced", []).append(any(abs(cut - len(first)) <= 2 for cut in cuts))
    for name, answers in found.items():
        row: dict[str, object] = {"half": half, "detector": name}
        for what in ("spliced", "cut", "uncut"):
            said = answers.get(what, [])
            row[f"{what}: cuts found, %"] = round(100 * sum(said) / max(1, len(said)), 1)
            row[f"{what}: clips"] = len(said)
        table.add(row)


def copies(table: Table, half: str, clips: list[Foreign]) -> None:
    bits, apart = [], {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as name:
        for clip in clips:
            try:
                video = probe(clip.path)
                if video.fps * COPIED * video.height * video.width > LARGEST:
                    continue  # its changed copies, as numbers with a fraction, take more memory than the machine has
                read = Clip.read(clip.path, seconds=COPIED, partial=True)
                bits.append((clip.origin, picture(clip.path)))
                for way, change in WAYS.items():
                    path = Path(name) / "copy.mp4"
                    Clip(even(change(read.frames)), read.fps).write(path, quality=60)
                    apart[way].append(int((picture(path) != bits[-1][1]).sum()))
            except CuspError:
                continue
    others = [int((a != b).sum()) for (x, a), (y, b) in itertools.combinations(bits, 2) if x != y]
    for bound in BITS:
        row: dict[str, object] = {"half": half, "bits that may differ": bound}
        row |= {f"{way}, % found": round(100 * float(np.mean(np.array(far) <= bound)), 1) for way, far in apart.items()}
        row |= {"clips": len(bits), "others found": sum(far <= bound for far in others), "pairs of others": len(others)}
        table.add(row)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="6 clips a half")
    parser.add_argument("--parts", nargs="*", choices=["shots", "copies"], default=["shots", "copies"])
    add_argument(parser)
    arguments = parser.parse_args()
    every = [clip for split in ("dev", "calib") for clip in listed(split) if clip.true]
    with Table("shots_and_copies", arguments.save) as table:
        for half in ("tune", "report") if "shots" in arguments.parts else ():
            own = sorted((clip for clip in every if clip.half == half), key=lambda clip: "cuts" not in clip.strata)
            shots(table, half, own[: 6 if arguments.quick else UNCUT + sum("cuts" in clip.strata for clip in own)])
        for half in ("tune", "report") if "copies" in arguments.parts else ():
            own = [clip for clip in every if clip.half == half]
            copies(table, half, own[: 3 if arguments.quick else 25])


if __name__ == "__main__":
    main()
