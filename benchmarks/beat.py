"""Does a beat of four frames tell what a video model made? Tried, and not shipped: a file's own coding beats as loudly.

    python benchmarks/beat.py [--quick] [--save]

Causal video autoencoders fold four frames into one latent, so that the finest grain might be drawn anew every fourth
frame. The beat: how grain changes from frame to frame (two scales, blocks of 16 pixels, the median of the logarithm),
the log power of that series at periods of 4 frames, or of 8, over the median power at the frequencies around, at 256
pixels, of up to 160 frames. A file codes some frames better than others (I, P, B), often every fourth: `less coding`
takes out what each kind of step (from a B frame to a P frame, say) changes in the mean.
Rows: clips beyond the level that 5 % of all filmed ones pass, and the area under the curve against filmed clips, by
origin; then the same filmed clips coded again, cuts left out.
"""

import argparse
import csv
import io
import itertools
from collections import defaultdict
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

from cuspworld.exam.audit import abroad
from cuspworld.exam.audit.scoring import auc
from results import Table, add_argument

WORKING, FRAMES, FEWEST, BLOCK = 256, 160, 24, 16
PERIODS, FINE = (4, 8), ((0.0, 1.0), (1.0, 2.5))  # frames; spreads of the blurs whose difference is a scale of grain
FLOOR, STILL, MOST, BINS, AROUND = 0.05, 0.15, 1.5, 1024, 0.18
KINDS = {1: "I", 2: "P", 3: "B"}  # FFmpeg's AVPictureType
CODINGS = {
    "as the encoder likes": "bframes=3",
    "no B frames": "bframes=0",
    "three B frames, then a P": "bframes=3:b-adapt=0:b-pyramid=none",
    "a key frame every fourth": "keyint=4:bframes=0",
}
Coded = tuple[list[np.ndarray], list[str]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="every twentieth clip")
    parser.add_argument("--coded", type=int, default=24, help="filmed clips that are coded again")
    add_argument(parser)
    arguments = parser.parse_args()
    folder = abroad.folder()
    if folder is None:
        return
    with (folder / "MANIFEST.tsv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))[:: 20 if arguments.quick else 1]
    heard: dict[str, list[tuple[float, float]]] = defaultdict(list)  # beats as they are, and less the coding
    for row in rows:
        found = beats(*decoded(folder / row["file"]))
        for name in kinds(row) if found else ():
            heard[name].append(found)
    filmed = np.array(heard["filmed"])
    levels = np.quantile(filmed, 0.95, axis=0)
    with Table("beat", arguments.save) as table:
        for name, group in sorted(heard.items()):
            table.add({"clips": name, "coded": "as it is", **row_of(np.array(group), filmed, levels)})
        again = [row for row in rows if row["kind"] == "real" and "cuts" not in row["strata"]]
        again = again[:: max(1, len(again) // (2 if arguments.quick else arguments.coded))]
        again = again[: 2 if arguments.quick else arguments.coded]
        for name, how in CODINGS.items():
            for twice in (False, True):
                group = [beats(*recoded(folder / row["file"], Fraction(row["fps"]), how, twice)) for row in again]
                label = f"{name}{', then as the encoder likes' if twice else ''}"
                known = np.array([pair for pair in group if pair])
                table.add({"clips": "filmed", "coded": label, **row_of(known, filmed, levels)})


def row_of(group: np.ndarray, filmed: np.ndarray, levels: np.ndarray) -> dict[str, Any]:
    row: dict[str, Any] = {"asked": len(group)}
    for k, name in enumerate(("", ", less coding")):
        row[f"beyond the level{name}"] = abroad.share(group[:, k] > levels[k])
        row[f"area under the curve{name}"] = auc(list(-filmed[:, k]), list(-group[:, k]))
    return row


def kinds(row: dict[str, str]) -> Iterator[str]:
    seen = "none seen" if row["violation"] == "none" else "a violation seen"
    if row["kind"] != "generated":
        yield {"real": "filmed", "animated": "animated", "simulated_true": "simulated, true"}[row["kind"]]
        return
    page = row["origin"].split(":")[0].split("/")[-1].removesuffix(".github.io")
    yield f"made: {page if page in ('physomni', 'VideoREPA') else 'other pages'}, {seen}"
    yield "made"


def decoded(source: Path | io.BytesIO, small: bool = True) -> Coded:
    """Frames, uint8 (height, width, 3), no side longer than WORKING where `small`; and how each is coded."""
    frames, coded = [], []
    with av.open(source if isinstance(source, io.BytesIO) else str(source)) as container:
        container.streams.video[0].thread_count = 1
        for frame in container.decode(video=0):
            picture = frame.reformat(format="rgb24").to_ndarray()
            frames.append(shrunk(picture) if small else picture[: frame.height // 2 * 2, : frame.width // 2 * 2])
            coded.append(KINDS.get(int(frame.pict_type), "P"))
            if len(frames) == FRAMES:
                break
    return frames, coded


def shrunk(picture: np.ndarray) -> np.ndarray:
    shrink = max(1.0, max(picture.shape[:2]) / WORKING)
    size = (round(picture.shape[1] / shrink), round(picture.shape[0] / shrink))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def recoded(path: Path, fps: Fraction, how: str, twice: bool) -> Coded:
    """A clip through H.264 at CRF 28 with these options; `twice`: and once more at CRF 23 with x264's own."""
    frames, _ = decoded(path, small=False)
    for crf, options in (("28", how), ("23", CODINGS["as the encoder likes"]))[: 2 if twice else 1]:
        file = io.BytesIO()
        with av.open(file, "w", format="mp4") as container:
            stream = container.add_stream("libx264", rate=fps.limit_denominator(1000))
            stream.height, stream.width = frames[0].shape[:2]
            stream.pix_fmt, stream.thread_count = "yuv420p", 1
            stream.options = {"crf": crf, "preset": "veryfast", "x264-params": options}
            for frame in frames:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            container.mux(stream.encode())
        file.seek(0)
        frames, coded = decoded(file, small=False)
    return [shrunk(frame) for frame in frames], coded


def beats(frames: list[np.ndarray], coded: list[str]) -> tuple[float, float] | None:
    """The beat as it is, and less the coding; None where fewer than FEWEST frames differ."""
    if len(frames) < FEWEST or min(frames[0].shape[:2]) < 2 * BLOCK:
        return None
    changes = grain(frames)  # (scales, time - 1, blocks)
    other = changes[0].mean(1) > np.log(FLOOR) + STILL  # a frame that is shown again does not count
    if other.sum() < FEWEST - 1:
        return None
    series = np.median(np.clip(changes - np.median(changes, axis=1, keepdims=True), -MOST, MOST), axis=2)
    less, steps = series.copy(), np.array([a + b for a, b in itertools.pairwise(coded)])
    for step in np.unique(steps):
        less[:, steps == step] -= less[:, steps == step].mean(1, keepdims=True)
    return beat(np.diff(series[:, other], axis=1)), beat(np.diff(less[:, other], axis=1))


def grain(frames: list[np.ndarray]) -> np.ndarray:
    before, found = None, []
    for frame in frames:
        grey = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float32)
        blurred = {s: cv2.GaussianBlur(grey, (0, 0), s) if s else grey for pair in FINE for s in pair}
        now = [blurred[fine] - blurred[coarse] for fine, coarse in FINE]
        if before is not None:
            found.append([np.log(blocks(cv2.absdiff(a, b)) + FLOOR) for a, b in zip(before, now, strict=True)])
        before = now
    return np.array(found).swapaxes(0, 1)


def blocks(picture: np.ndarray) -> np.ndarray:
    height, width = (side // BLOCK * BLOCK for side in picture.shape)
    return picture[:height, :width].reshape(height // BLOCK, BLOCK, width // BLOCK, BLOCK).mean((1, 3)).ravel()


def beat(series: np.ndarray) -> float:
    length, away = series.shape[1], np.fft.rfftfreq(BINS)
    windowed = (series - series.mean(1, keepdims=True)) * np.hanning(length + 2)[1:-1]
    power, half = np.abs(np.fft.rfft(windowed, BINS)) ** 2 + 1e-9, max(0.006, 1 / length)
    found = []
    for period in PERIODS:
        off = np.abs(away - 1 / period)
        near = (off > 2.2 * half) & (off < max(AROUND, 5 * half))
        found.append((np.log(power[:, off < half].mean(1)) - np.log(np.median(power[:, near], axis=1))).sum())
    return float(max(found))


if __name__ == "__main__":
    main()
