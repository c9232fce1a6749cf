"""The recipe of the audit's taught judge: record worlds and their impossible twins, train, look. One command, one seed.

    python recipes/twin_judge.py --folder runs/twin_judge            # record, train, and print what unseen pairs show
    python recipes/twin_judge.py --folder runs/twin_judge --ship     # the same, then copy it into the package
    python recipes/twin_judge.py --folder runs/leave --leave Juice   # taught without a world, looked at on it
    python recipes/twin_judge.py --start FOLDER --steps 2000         # goes on from a judge's weights

Recordings and training stop and go on at any moment (run it again). Seeds: 100 to 999 teach; on 0 to 99, of the
development split too, its weight beside the laws is fitted; those from 1,000,000 on judge (audit_parts/split.py).
"""

import argparse
import json
import math
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import load_file
from scipy.spatial.distance import cdist
from torch import Tensor, nn

from cuspworld import worlds
from cuspworld.audit.twin_judge import FOLDER, LIMIT, TwinJudge, appearance
from cuspworld.audit.twin_network import TwinNetwork, strongest
from cuspworld.audit.twin_shapes import GRID, LAWS, SIDE, STRONGEST
from cuspworld.errors import CuspError
from cuspworld.files import written_whole
from cuspworld.models import save_folder

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
from audit_parts.split import laws_of

FIRST, EVERY, RARER, LAST = 100, 175, 180, 1000  # seeds: every twin of FIRST to EVERY, rare ones from RARER to LAST
RARE = 60  # a twin with fewer occasions than this is looked for further on
HARD, HARDER = ("Candles", "CoffeeCup", "Collision", "Planets", "Puppies"), 220  # worlds of which more seeds are taught
SIZES = (SIDE, 2 * SIDE, 128, 128)  # pixels at which a seed is drawn, by turns
UNSEEN = range(FIRST, FIRST + 6)  # not taught: what the recipe prints comes from these
FPS = 24.0
WINDOW = 48  # frames that are taught at once
CROP = 9  # cells a side of what is taught at two steps of three; all at the third
STEPS, PAIRS, RATE, SEED = 6000, 6, 2e-3, 0
AGAIN = 1e-3  # learning rate where the weights have been taught before
COLOURFUL, MORE = ("Collision", "Heat"), 600  # worlds of many colours are known by so many clips more
STILL = 24  # grey levels: a twin that differs nowhere by more can't be seen


@dataclass(frozen=True)
class Pair:
    """A possible clip and its twin, uint8 (time, 96, 96, 3); the violation in seconds and pixels of 96."""

    world: str
    twin: str
    seed: int
    possible: np.ndarray
    impossible: np.ndarray
    start: float
    end: float
    box: np.ndarray
    laws: tuple[int, ...]

    def region(self, offset: int, count: int, rate: float = FPS) -> Tensor:
        """Cells (count, 12, 12) in which the law is broken, of the looks from frame `offset` on."""
        first = math.floor((self.start - offset / FPS) * rate) - 1
        last = max(math.ceil((self.end - offset / FPS) * rate) + 2, first + 5)
        x0, y0, x1, y1 = self.box * GRID / SIDE
        i, j = max(0, int(y0 - 0.5)), max(0, int(x0 - 0.5))
        found = torch.zeros(count, GRID, GRID, dtype=torch.bool)
        found[max(0, first) : last, i : max(i + 1, math.ceil(y1 + 0.5)), j : max(j + 1, math.ceil(x1 + 0.5))] = True
        return found


def record(folder: Path, name: str, seed: int) -> None:
    """One seed of a world and every twin that it offers, at the judge's size (drawn so, or shrunk to it)."""
    file = folder / f"{name}_{seed}.npz"
    if file.exists():
        return
    size = SIZES[seed % len(SIZES)]
    world = worlds.make(name, size=size, fps=FPS)
    possible = world.record(seed, size=size, fps=FPS).frames
    kept: dict[str, np.ndarray] = {"possible": _small(possible)}
    violations, names = [], []
    for twin in world.twins:
        try:
            clip = world.record(seed, size=size, fps=FPS, twin=twin)
        except CuspError:
            continue  # no occasion
        assert clip.truth is not None and clip.truth.violation is not None
        violation = clip.truth.violation
        if np.abs(clip.frames.astype(np.int16) - possible).max() < STILL or clip.seconds - violation.start < 0.25:
            continue
        kept[twin] = _small(clip.frames)
        names.append(twin)
        violations.append((violation.start, violation.end, *(side * SIDE / size for side in violation.box)))
    kept |= {"twins": np.array(names), "meta": np.array(violations, float).reshape(-1, 6)}
    with written_whole(file) as aside:
        np.savez(aside, **kept)


def record_all(folder: Path, workers: int) -> None:
    """Every seed up to EVERY, further ones of HARD worlds, then rare twins' occasions."""
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(workers) as pool:
        todo = [(name, seed) for seed in range(FIRST, EVERY) for name in worlds.names()]
        todo += [(name, seed) for seed in range(EVERY, HARDER) for name in HARD]
        for _ in pool.map(record, *zip(*((folder, *one) for one in todo), strict=True)):
            pass
        list(pool.map(_record_rare, [folder] * len(worlds.names()), worlds.names()))


def _record_rare(folder: Path, name: str) -> None:
    world = worlds.make(name, fps=FPS)
    for twin in world.twins:
        count = sum(twin in _twins_of(file) for file in folder.glob(f"{name}_*.npz"))
        seed = RARER
        while count < RARE and seed < LAST:
            try:
                seed = world.twin_seed(twin, seed, fps=FPS)
            except CuspError:
                break
            if seed < LAST:
                record(folder, name, seed)
                count += twin in _twins_of(folder / f"{name}_{seed}.npz")
            seed += 1


def _twins_of(file: Path) -> list[str]:
    with np.load(file) as kept:
        return [str(twin) for twin in kept["twins"]]


def _small(frames: np.ndarray) -> np.ndarray:
    if frames.shape[1] == SIDE:
        return frames
    return np.stack([cv2.resize(frame, (SIDE, SIDE), interpolation=cv2.INTER_AREA) for frame in frames])


def load(folder: Path) -> list[Pair]:
    """All pairs, by world and seed."""
    pairs = []
    for name in worlds.names():
        twins = worlds.make(name).twins
        for file in sorted(folder.glob(f"{name}_*.npz")):
            seed = int(file.stem.split("_")[-1])
            with np.load(file) as kept:
                possible = kept["possible"]
                for twin, meta in zip(kept["twins"].tolist(), kept["meta"], strict=True):
                    laws = tuple(LAWS.index(law) for law in sorted(laws_of(name, twin, twins[twin].law)))
                    pairs.append(Pair(name, twin, seed, possible, kept[twin], meta[0], meta[1], meta[2:], laws))
    return pairs


def draw(pair: Pair, rate: float, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """A window about the violation's start, of both clips, altered alike: (2, looks, 3, 96, 96), and its region.

    Three times in ten the possible clip's window is any of it. `rate`: looks a second.
    """
    length = min(WINDOW, len(pair.possible))
    start = int(pair.start * FPS)
    low, high = (min(max(0, v), len(pair.possible) - length) for v in (start - length + 6, start - 4))
    offset = int(rng.integers(low, high + 1))
    other = int(rng.integers(len(pair.possible) - length + 1)) if rng.random() < 0.3 else offset
    looks = (np.arange(int(length * rate / FPS)) * FPS / rate + 1e-6).astype(int)
    both = np.stack([pair.possible[other + looks], pair.impossible[offset + looks]])
    if rng.random() < 0.15:
        both = _squeezed(both, int(rng.integers(15, 60)))
    x = torch.from_numpy(both).float().permute(0, 1, 4, 2, 3) / 255
    region = pair.region(offset, x.shape[1], rate)
    if rng.random() < 0.5:
        x, region = x.flip(-1), region.flip(-1)
    if rng.random() < 0.4:
        x = x[:, :, torch.from_numpy(rng.permutation(3))]
    gain = rng.uniform(0.5, 0.8) if rng.random() < 0.25 else rng.uniform(0.8, 1.25)
    x = x * torch.from_numpy(rng.uniform(0.85, 1.15, (3, 1, 1)) * gain).float() + rng.uniform(-0.06, 0.06)
    if rng.random() < 0.25:
        x = nn.functional.avg_pool2d(x.flatten(0, 1), 3, 1, 1, count_include_pad=False).unflatten(0, x.shape[:2])
    if rng.random() < 0.6:
        x = x + torch.randn(x.shape, generator=_generator(rng)) * rng.uniform(0, 0.03)
    return x.clamp(0, 1), region


def _squeezed(clips: np.ndarray, quality: int) -> np.ndarray:
    """As JPEG of this quality keeps every frame."""
    result = np.empty_like(clips)
    for place in np.ndindex(clips.shape[:2]):
        code = cv2.imencode(".jpg", clips[place], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        result[place] = cv2.imdecode(code, cv2.IMREAD_COLOR)
    return result


def cropped(x: Tensor, region: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """CROP by CROP cells that hold most of the region."""
    share = nn.functional.avg_pool2d(region.any(0)[None].float(), CROP, 1)[0]
    places = (share >= 0.7 * share.max()).nonzero()
    i, j = places[int(rng.integers(len(places)))].tolist()
    side = SIDE // GRID
    x = x[..., i * side : (i + CROP) * side, j * side : (j + CROP) * side]
    return x, region[:, i : i + CROP, j : j + CROP]


def _generator(rng: np.random.Generator) -> torch.Generator:
    return torch.Generator().manual_seed(int(rng.integers(2**31)))


def loss_of(network: TwinNetwork, windows: list[Tensor], regions: list[Tensor], pairs: list[Pair]) -> Tensor:
    """The strongest cells of a possible clip, and of a twin beside its region, say no; those in the region say yes, and
    more than the possible clip's; and they say which law."""
    with torch.autocast("cpu", torch.bfloat16):
        broken, which = network(torch.cat(windows))
    total = torch.zeros(())
    softplus = nn.functional.softplus
    for k, (region, pair) in enumerate(zip(regions, pairs, strict=True)):
        good, bad = broken[2 * k : 2 * k + 1], broken[2 * k + 1 : 2 * k + 2]
        near = nn.functional.max_pool3d(region[None, None].float(), (9, 3, 3), 1, (4, 1, 1))[0, 0] > 0
        inside, outside = bad[0][region], bad[0][~near]
        no, yes = strongest(good), strongest(inside[None])
        total = total + softplus(no).mean() + softplus(-yes).mean() + 0.5 * softplus(no - strongest(bad)).mean()
        if outside.numel():
            total = total + 0.5 * softplus(strongest(outside[None])).mean()
        share = torch.softmax(inside.detach(), 0)[:, None]
        law = torch.log_softmax((share * which[2 * k + 1].permute(0, 2, 3, 1)[region]).sum(0), 0)
        total = total - 0.3 * torch.logsumexp(law[list(pair.laws)], 0)
    return total / len(pairs)


def train(network: TwinNetwork, pairs: list[Pair], folder: Path, steps: int, peak: float = RATE) -> None:
    """AdamW, warm-up and cosine; twins are drawn equally often, those of HARD worlds twice; resumes from its last
    checkpoint."""
    groups: dict[tuple[str, str], list[Pair]] = {}
    for pair in pairs:
        groups.setdefault((pair.world, pair.twin), []).append(pair)
    optimizer = torch.optim.AdamW(network.parameters(), lr=peak, weight_decay=0.05)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, step / 100) * (0.5 + 0.5 * math.cos(math.pi * step / steps))
    )
    first, file = 0, folder / "checkpoint.pt"
    if file.exists():
        kept = torch.load(file, weights_only=True)
        network.load_state_dict(kept["network"])
        optimizer.load_state_dict(kept["optimizer"])
        schedule.load_state_dict(kept["schedule"])
        first = kept["step"]
    network.train()
    mean, begin = 0.0, time.monotonic()
    for step in range(first, steps):
        rng = np.random.default_rng((SEED, step))
        rate = (FPS, FPS / 2, FPS, float(rng.uniform(13, 30)))[step % 4]
        chosen = list(_turn(groups, step))
        drawn = [draw(pair, rate, rng) for pair in chosen]
        if step % 3 != 2:
            drawn = [cropped(*window, rng) for window in drawn]
        windows, regions = zip(*drawn, strict=True)
        loss = loss_of(network, list(windows), list(regions), chosen)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        mean = float(loss) if step == first else 0.98 * mean + 0.02 * float(loss)
        if (step + 1) % 100 == 0 or step + 1 == steps:
            print(f"step {step + 1} loss {mean:.3f} {time.monotonic() - begin:.0f} s", flush=True)
            kept = {"network": network.state_dict(), "optimizer": optimizer.state_dict()}
            with written_whole(file) as aside:
                torch.save(kept | {"schedule": schedule.state_dict(), "step": step + 1}, aside)


def go_on(network: TwinNetwork, folder: Path) -> None:
    """Take the weights that a judge has; the blocks that it lacks begin by changing nothing."""
    kept = {name: t.float() for name, t in load_file(folder / "model.safetensors").items() if "appearance" not in name}
    lacking, unknown = network.load_state_dict(kept, strict=False)
    if unknown:
        raise CuspError(f"{folder} is no taught judge: {unknown[0]}")
    for name, parameter in network.named_parameters():
        if name in lacking and name.endswith(("norm.weight", "places.1.weight")):
            nn.init.zeros_(parameter)


def _turn(groups: dict[tuple[str, str], list[Pair]], step: int) -> Iterator[Pair]:
    """PAIRS pairs: every twin comes in its turn before any comes again."""
    names = [name for name in groups for _ in range(1 + (name[0] in HARD))]
    for k in range(step * PAIRS, (step + 1) * PAIRS):
        turn, place = divmod(k, len(names))
        group = groups[names[int(np.random.default_rng((SEED, 1, turn)).permutation(len(names))[place])]]
        yield group[int(np.random.default_rng((SEED, 2, k)).integers(len(group)))]


def seen(folder: Path, pairs: list[Pair]) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """(worlds, looks of their possible clips, each one's world); prints how far a clip is from the nearest other."""
    names = tuple(dict.fromkeys(pair.world for pair in pairs))
    looks = []
    for name in names:
        clips = {pair.seed: pair.possible for pair in pairs if pair.world == name}
        looks.append([appearance(clip) for clip in clips.values()])
        if name in COLOURFUL:
            looks[-1] += list(_more(folder, name))
        away = cdist(np.array(looks[-1]), np.array(looks[-1])) / math.sqrt(len(looks[-1][0])) / LIMIT
        np.fill_diagonal(away, np.inf)
        print(
            f"{name}: 98 % of the clips are at most {np.quantile(away.min(1), 0.98):.2f} limits from the nearest other"
        )
    of = np.repeat(np.arange(len(names)), [len(look) for look in looks])
    return names, np.concatenate(looks).astype(np.float32), of


def _more(folder: Path, name: str) -> np.ndarray:
    """The appearance of MORE further possible clips of a world of many colours."""
    file = folder / f"appearance_{name}.npy"
    if not file.exists():
        world = worlds.make(name, size=SIDE, fps=FPS)
        looks = [appearance(world.record(seed).frames) for seed in range(LAST, LAST + MORE)]
        with written_whole(file) as aside, aside.open("wb") as stream:
            np.save(stream, np.array(looks, np.float32))
    return np.load(file)


def show(judge: TwinJudge, pairs: list[Pair]) -> None:
    """What the judge says of pairs that it has not been taught."""
    rows: dict[tuple[str, str], list[tuple[float, ...]]] = {}
    for pair in pairs:
        looks = [judge.look(clip, FPS) for clip in (pair.possible, pair.impossible)]
        good, bad = (float(np.sort(look.broken.ravel())[-STRONGEST:].mean()) for look in looks if look is not None)
        peak = int(looks[1].broken.argmax())  # type: ignore[union-attr]
        there = bool(pair.region(0, len(pair.impossible)).flatten()[peak])
        law = int(looks[1].which.reshape(-1, len(LAWS))[peak].argmax()) in pair.laws  # type: ignore[union-attr]
        far = max(look.distance for look in looks if look is not None)
        rows.setdefault((pair.world, pair.twin), []).append((bad > good, good, bad, there, law, far))
    print(f"{'twin':<32} pairs  pairwise  possible  impossible  place  law  distance")
    for (world, twin), group in rows.items():
        right, good, bad, there, law, far = np.array(group, float).mean(0)
        name = f"{world} {twin}"
        print(f"{name:<32} {len(group):5d} {right:9.0%} {good:9.1f} {bad:11.1f} {there:6.0%} {law:4.0%} {far:9.2f}")
    every = np.array([row for group in rows.values() for row in group], float)
    auc = float((every[:, None, 2] > every[None, :, 1]).mean())
    print(f"all: {len(every)} pairs, pairwise {every[:, 0].mean():.1%}, AUC {auc:.3f}, place {every[:, 3].mean():.0%}, "
          f"law {every[:, 4].mean():.0%}, farthest {every[:, 5].max():.2f}")  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("runs/twin_judge"))
    parser.add_argument("--clips", type=Path, help="folder of the recordings (default: FOLDER/clips)")
    parser.add_argument("--workers", type=int, default=1, help="processes that record")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--leave", nargs="*", default=[], help="worlds that are not taught, and are looked at instead")
    parser.add_argument("--start", type=Path, help="folder of a judge from whose weights to go on")
    parser.add_argument("--ship", action="store_true", help="copy the judge into the package")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    torch.manual_seed(SEED)
    clips = arguments.clips or arguments.folder / "clips"
    record_all(clips, arguments.workers)
    pairs = load(clips)
    taught = [pair for pair in pairs if pair.seed not in UNSEEN and pair.world not in arguments.leave]
    unseen = [pair for pair in pairs if pair.seed in UNSEEN and (not arguments.leave or pair.world in arguments.leave)]
    print(f"{len(taught)} pairs to teach, {len(unseen)} unseen", flush=True)
    network = TwinNetwork().to(memory_format=torch.channels_last)
    if arguments.start:
        go_on(network, arguments.start)
    train(network, taught, arguments.folder, arguments.steps, AGAIN if arguments.start else RATE)
    network.eval()
    names, looks, of = seen(arguments.folder, taught)
    show(TwinJudge(lambda: network, names, looks, of), unseen)
    tensors = {name: t.half() if t.is_floating_point() else t for name, t in network.state_dict().items()}
    for part, values in {"taught": looks, "of": of.astype(np.float32)}.items():
        tensors[f"appearance.{part}"] = torch.from_numpy(values).half()
    save_folder(arguments.folder / "judge", {"worlds": list(names)}, tensors)
    if arguments.ship:
        card = FOLDER / "README.md"
        words = card.read_text() if card.exists() else ""
        save_folder(FOLDER, json.loads((arguments.folder / "judge" / "config.json").read_text()), tensors)
        card.write_text(words)


if __name__ == "__main__":
    main()
