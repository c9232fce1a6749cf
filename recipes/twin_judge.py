"""The recipe of the audit's taught judge: record worlds and their impossible twins, train, look. One command, one seed.

    python recipes/twin_judge.py --folder runs/twin_judge            # record, train, and print what unseen pairs show
    python recipes/twin_judge.py --folder runs/twin_judge --ship     # the same, then copy it into the package
    python recipes/twin_judge.py --folder runs/leave --leave Juice   # taught without a world, looked at on it
    python recipes/twin_judge.py --start FOLDER --steps 2000         # goes on from a judge's weights

Recordings and training stop and go on at any moment (run it again). Seeds: 100 to 999 teach; on 0 to 99, of the
development split too, its weight beside the laws is fitted; those from 1,000,000 on judge (exam/audit/split.py).
"""

import argparse
import json
import math
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import load_file
from scipy.spatial.distance import cdist
from torch import Tensor, nn
from twin_clips import FIRST, FPS, HARD, LAST, Pair, load, record_all

from cuspworld import worlds
from cuspworld.audit.judges.twin_look import GRID, LAWS, SIDE, STRONGEST, appearance
from cuspworld.audit.judges.twin_network import TwinNetwork, strongest
from cuspworld.audit.judges.twins import FOLDER, LIMIT, TwinJudge
from cuspworld.errors import CuspError
from cuspworld.files import written_whole
from cuspworld.models import save_folder

UNSEEN = range(FIRST, FIRST + 6)  # not taught: what the recipe prints comes from these
WINDOW = 48  # frames that are taught at once
CROP = 9  # cells a side of what is taught at two steps of three; all at the third
STEPS, PAIRS, RATE, SEED = 6000, 6, 2e-3, 0
AGAIN = 1e-3  # learning rate where the weights have been taught before
COLOURFUL, MORE = ("Collision", "Heat"), 600  # worlds of many colours are known by so many clips more


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
