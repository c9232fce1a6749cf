"""What do poor, lent and true captions make of a generator? One flow of Juice, as many steps, captions that differ.

    python benchmarks/recaption_training.py FOLDER [--steps 240] [--prompts 30] [--quick] [--save]

FOLDER holds the recordings of `python recipes/folds.py --folder FOLDER --record`. 400 clips, of which 5 % are well
captioned; the others have poor captions (`poor`), the captions that they are lent (`lent`: the nearest that agrees
with the clip's own words; `--arms "lent, folds"`: never across a fold) or rich ones (`true`). One caption a clip,
nothing else differs: clips, codec, seed, steps. Each model draws the captions of held-out clips (seeds 1,000,000 and
on), with a path drawn first (brenier) and by the network alone (flow); detectors read what became of the glass, whose
colour, and when. Runs are kept in --work and go on where they were.
"""

import argparse
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from cuspworld.clip import Clip
from cuspworld.codec.codec import Codec
from cuspworld.curation.lending import ways_of
from cuspworld.detectors import detector
from cuspworld.language.facts import facts
from cuspworld.simulator.simulator import Simulator
from cuspworld.training.presets import Phase, preset
from cuspworld.training.run import train
from fold_arms import Arm
from folds import FPS, QUESTIONS, Wish, wishes
from recaption import CLIPS, encoded, lent, ways_kept
from results import Table, add_argument, wilson

FIRST, WORLD, SHARE = 1_000_000, "Juice", 0.05
PRESET = replace(
    preset("small"),
    window=24,
    context=8,
    token_frames=4,
    predicts="data",
    places=True,
    sketch=True,
    where_width=16,
    width=192,
    depth=4,
    heads=3,
)
ASKED = {
    "outcome": QUESTIONS[WORLD]["outcome as asked"],
    "colour": QUESTIONS[WORLD]["colour as asked"],
    "fall within a frame": QUESTIONS[WORLD]["fall within a frame of the time asked"],
}


def captions_of(arm: str, rich: list[str], poor: list[str], good: np.ndarray, ways: object) -> list[str]:
    if arm == "true":
        return rich
    given = [a if g else b for a, b, g in zip(rich, poor, good, strict=True)]
    return given if arm == "poor" else lent(ways, given, good, folds="folds" in arm, own_words=True)[0]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--steps", type=int, default=240)
    parser.add_argument("--prompts", type=int, default=30, help="0: only train")
    parser.add_argument("--arms", nargs="*", default=["poor", "lent", "true"])
    parser.add_argument("--work", type=Path, default=Path("runs/recaption"))
    parser.add_argument("--quick", action="store_true", help="40 clips, 4 steps, 2 prompts")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    count, steps, asked = (40, 4, 2) if arguments.quick else (CLIPS, arguments.steps, arguments.prompts)
    arguments.work.mkdir(parents=True, exist_ok=True)
    codec = Codec.from_pretrained("worlds")
    with np.load(next(arguments.folder.glob(f"{WORLD}_0_*.npz"))) as recorded:
        rich, poor = (recorded[name][:count].tolist() for name in ("rich", "poor"))
        frames = recorded["frames"][:count]
    good = np.zeros(count, bool)
    good[np.random.default_rng(0).choice(count, max(3, round(SHARE * count)), replace=False)] = True
    ways = ways_kept(
        arguments.work / f"{WORLD}_{count}.npz", lambda: ways_of(encoded(frames, codec, arguments.folder / WORLD))
    )
    held_out = wishes(WORLD, range(FIRST, FIRST + asked))
    with Table("recaption_training", arguments.save) as table:
        for arm in arguments.arms:
            texts = captions_of(arm, rich, poor, good, ways)
            folder = arguments.work / f"{WORLD}_{count}_{arm.replace(', ', '_')}_{steps}"
            if not (folder / "model").is_dir():
                learn(folder, frames, texts, steps, codec)
            if not asked:
                continue
            right = [len(set(facts(a)) & set(facts(b))) / len(set(facts(a))) for a, b in zip(rich, texts, strict=True)]
            model = Simulator.from_pretrained(folder / "model")
            for transport in ("brenier", "flow"):
                row = {"captions": arm, "steps": steps, "facts right": round(float(np.mean(right)), 3)}
                table.add({**row, "transport": transport, **told(Arm(arm, model, {"transport": transport}), held_out)})


def learn(folder: Path, frames: np.ndarray, texts: list[str], steps: int, codec: Codec) -> None:
    phase = Phase(steps, batch=8, learning_rate=3e-3, muon=True, warmup=50, ema=0.99, sample_every=steps)
    folder.mkdir(parents=True, exist_ok=True)
    if known := next(folder.parent.glob(f"{WORLD}_{len(texts)}_*/latents-*.safetensors"), None):  # of another arm
        shutil.copy(known, folder / known.name) if known.parent != folder else None
    clips = [Clip(clip, FPS, text) for clip, text in zip(frames, texts, strict=True)]
    train(
        clips,
        replace(PRESET, transport=phase),
        folder,
        wordings=[(text,) for text in texts],
        kinds=[WORLD] * len(clips),
        codec=codec,
        resume=True,
    )


def told(arm: Arm, asked: list[Wish]) -> dict[str, object]:
    """Shares as asked, in percent, of the outcome with Wilson's 95 % interval."""
    reader = detector(WORLD)
    seen = [reader(arm.clip(wish.clip.caption, k).frames, FPS) for k, wish in enumerate(asked)]
    found: dict[str, object] = {"prompts": len(asked)}
    for what, question in ASKED.items():
        said = [
            a for a in (question(wish, reading) for wish, reading in zip(asked, seen, strict=True)) if a is not None
        ]
        found[f"{what}, %"] = round(100 * sum(said) / len(said), 1) if said else None
        if what == "outcome":
            found["from"], found["to"] = (round(100 * end, 1) for end in wilson(sum(said), len(said)))
    found["frames that are no true state, %"] = round(100 * float(np.mean([r.mixed.mean() for r in seen])), 1)
    return found


if __name__ == "__main__":
    main()
