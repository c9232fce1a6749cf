"""The recipe of the network that knows a thing again: follow, teach, look at unseen origins. One command, one seed.

    python recipes/identity.py --folder runs/identity            # of two thirds of the origins, tried on the rest
    python recipes/identity.py --folder runs/identity --ship     # of all, into the package

No labels: two looks of one track (`audit/observations/object_tracks.py`) attract, looks of other things repel, half of
them of the same clips. The clips: true ones of the bank (CUSPWORLD_DATA, else ../shared/data, `foreign`) whose licence
allows it, three seconds of each, and two of each world. Printed: of pairs of looks, at least five apart, of one thing
or of two that are seen at once, how often one thing's are the nearer (area under the curve), beside the mean colour
and, where it is installed (`cuspworld[exam]`), EfficientNet-Lite0 (ImageNet).
"""

from __future__ import annotations

import argparse
import csv
import os
import zlib
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from cuspworld import worlds
from cuspworld.audit.evidence.identity_network import FOLDER, KIND, IdentityConfig, IdentityNetwork
from cuspworld.audit.evidence.scene import observe
from cuspworld.audit.observations.looks import RATE as RATE_OF_LOOKS
from cuspworld.audit.observations.looks import SIDE
from cuspworld.audit.observations.object_tracks import LONG, followed
from cuspworld.audit.observations.standing_apart import standing_apart
from cuspworld.clip import Clip
from cuspworld.exam.audit.baselines import feature_network
from cuspworld.exam.audit.scoring import auc
from cuspworld.models import save_module

SEED, STEPS, BATCH, RATE, WARM = 0, 700, 96, 2e-3, 50
TEMPERATURE = 0.15
OF_A_CLIP = 4  # tracks of one clip that a batch takes at most
WORLDS = range(5_000_000, 5_000_002)
FREE = ("mit", "apache", "bsd", "cc0", "cc by 4", "cc by-sa", "unlicense")
FAR = 5  # looks
WORLD = "world"


@dataclass(frozen=True)
class Track:
    """`origin`: of whom the clip is; WORLD: of our own worlds."""

    clip: str
    origin: str
    looks: np.ndarray
    crops: np.ndarray  # (looks, side, side, 3)


def tracks() -> list[Track]:
    """Of every true clip of the bank that may teach, and of the worlds."""
    folder = Path(os.environ.get("CUSPWORLD_DATA", "../shared/data")) / "foreign"
    with (folder / "MANIFEST.tsv").open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["kind"] in ("real", "simulated_true")]
    found = []
    for row in rows:
        if row["licence"].lower().startswith(FREE):
            clip = Clip.read(folder / row["file"], seconds=3)
            found += _of(clip, row["file"], row["origin"].split(":")[0])
    for seed in WORLDS:
        for name in worlds.names():
            found += _of(worlds.make(name).record(seed, size=128, fps=8.0), f"{name} {seed}", WORLD)
    return found


def _of(clip: Clip, name: str, origin: str) -> list[Track]:
    every = max(1, round(clip.fps / RATE_OF_LOOKS))
    shrink = max(1.0, max(clip.size) / SIDE)
    size = (max(1, round(clip.size[1] / shrink)), max(1, round(clip.size[0] / shrink)))
    frames = np.stack([cv2.resize(frame, size, interpolation=cv2.INTER_AREA) for frame in clip.frames[::every]])
    if len(frames) < LONG:
        return []
    apart = standing_apart(observe(frames, clip.fps / every))
    return [
        Track(name, origin, np.array(track.looks), np.stack([thing.crop for thing in track.things]))
        for track in followed(apart)
        if len(track.looks) >= LONG
    ]


def taught(known: list[Track]) -> IdentityNetwork:
    """The network after all steps."""
    rng = np.random.default_rng(SEED)
    torch.manual_seed(SEED)
    network = IdentityNetwork(IdentityConfig()).train()
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=0.02)
    clips = defaultdict(list)
    for index, track in enumerate(known):
        clips[track.clip].append(index)
    groups = list(clips.values())
    for step in range(STEPS):
        chosen: list[int] = []
        while len(chosen) < BATCH:
            group = groups[rng.integers(len(groups))]
            chosen += [int(i) for i in rng.permutation(group)[:OF_A_CLIP]]
        chosen = chosen[:BATCH]
        two = [known[i].crops[rng.integers(len(known[i].looks))] for _ in range(2) for i in chosen]
        pictures = torch.from_numpy(np.stack(two)).permute(0, 3, 1, 2).float() / 255
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1, (step + 1) / WARM) * 0.5 * (1 + np.cos(np.pi * step / STEPS))
        loss = contrast(network(varied(pictures)), torch.tensor(chosen + chosen))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        if step % 100 == 0:
            print(f"step {step}: loss {loss.item():.3f}", flush=True)
    return network.eval()


def contrast(features: Tensor, same: Tensor) -> Tensor:
    """NT-Xent: of each row the other look of its pair against all looks of other things. `same`: each row's track."""
    likeness = features @ features.T / TEMPERATURE
    rows = torch.arange(len(features))
    other = rows.roll(len(features) // 2)
    excluded = same[:, None] == same[None]
    excluded[rows, other] = False
    return functional.cross_entropy(likeness.masked_fill(excluded, -1e9), other)


def varied(pictures: Tensor) -> Tensor:
    """In other light, turned by up to a quarter of a right angle, larger or smaller, mirrored, blurred, with noise."""
    count = len(pictures)

    def random(*shape: int) -> Tensor:
        return torch.rand(count, *shape) - 0.5

    light = (1 + 0.25 * random(1, 1, 1)) * (1 + 0.08 * random(3, 1, 1))
    pictures = (pictures - 0.5) * light + 0.06 * random(1, 1, 1)
    angle, scale, mirror = 0.9 * random(), 1 + 0.4 * random(), torch.where(random() < 0, -1.0, 1.0)
    place = torch.zeros(count, 2, 3)
    place[:, 0, 0], place[:, 0, 1] = angle.cos() * scale * mirror, -angle.sin() * scale
    place[:, 1, 0], place[:, 1, 1] = angle.sin() * scale * mirror, angle.cos() * scale
    place[:, :, 2] = 0.15 * random(2)
    grid = functional.affine_grid(place, list(pictures.shape), align_corners=False)
    pictures = functional.grid_sample(pictures, grid, align_corners=False) + 0.5
    if torch.rand(()) < 0.4:
        pictures = functional.avg_pool2d(pictures, 3, 1, 1)
    return (pictures + 0.02 * torch.randn_like(pictures)).clamp(0, 1)


def told_apart(network: IdentityNetwork, known: list[Track]) -> str:
    """The area under the curve, of the network and of its rivals."""
    rng = np.random.default_rng(SEED)
    clips = defaultdict(list)
    for track in known:
        clips[track.clip].append(track)
    one, two = [], []
    for group in clips.values():
        group = [group[i] for i in rng.permutation(len(group))[:OF_A_CLIP]]
        for index, track in enumerate(group):
            a = rng.integers(len(track.looks))
            far = np.flatnonzero(np.abs(track.looks - track.looks[a]) >= FAR)
            if len(far):
                one.append((track.crops[a], track.crops[rng.choice(far)]))
            two += [(track.crops[a], other.crops[rng.integers(len(other.looks))]) for other in group[:index]]
    crops = np.stack([crop for pair in one + two for crop in pair])
    with torch.inference_mode():
        seen = network(torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255).numpy()
    colour = np.stack([cv2.cvtColor(crop, cv2.COLOR_RGB2LAB).reshape(-1, 3).mean(0) for crop in crops])
    rivals = {"network": seen, "mean colour": colour}
    if features := feature_network():
        rivals["EfficientNet-Lite0"] = np.concatenate([features(part) for part in np.array_split(crops, 16)])
    areas = {}
    for name, told in rivals.items():
        away = np.linalg.norm(told[::2] - told[1::2], axis=1)
        areas[name] = auc(-away[: len(one)], -away[len(one) :])
    return f"{len(one)} pairs of one thing, {len(two)} of two: " + ", ".join(f"{n} {a:.3f}" for n, a in areas.items())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True, help="where the network is written")
    parser.add_argument(
        "--ship", action="store_true", help="teach it all that may teach, and write it into the package"
    )
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    found = tracks()
    third = {t.origin for t in found if t.origin != WORLD and zlib.crc32(t.origin.encode()) % 3 == 0}
    held = [] if arguments.ship else [t for t in found if t.origin in third]
    known = found if arguments.ship else [t for t in found if t.origin not in third]
    clips, origins = len({t.clip for t in known}), len({t.origin for t in known})
    print(f"{len(known)} tracks of {clips} clips, {origins} origins; {sum(len(t.looks) for t in known)} looks")
    network = taught(known)
    if held:
        print(told_apart(network, held))
    save_module(FOLDER if arguments.ship else arguments.folder, KIND, network, IdentityConfig(), torch.float16)


if __name__ == "__main__":
    main()
