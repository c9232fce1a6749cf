"""The recipe of the shipped simulator: record five worlds; of each encode, find the folds, train a flow on paths; join.

python recipes/folds.py --folder runs/folds --record  # the recordings alone
python recipes/folds.py --folder runs/folds  # all of it; stops and goes on at any moment
python recipes/folds.py --folder runs/folds --worlds Juice Candles  # two of the five, where another process has others
python recipes/folds.py --folder runs/folds --join  # those that are trained, as one model: runs/folds/model
python recipes/folds.py --folder runs/folds --ship  # the same, into the package as float16, with its card
python recipes/folds.py --worlds Collision --pack  # the package's recorded paths of a world anew, a byte a number
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from cuspworld import worlds
from cuspworld.clip import Clip
from cuspworld.codec.codec import Codec
from cuspworld.codec.enlarger import Enlarger
from cuspworld.files import written_whole
from cuspworld.models import write_tensors
from cuspworld.simulator.actions import done_in
from cuspworld.simulator.folder import DEFAULT
from cuspworld.simulator.formats import Format
from cuspworld.simulator.join import join
from cuspworld.simulator.kinds_folder import load_kinds
from cuspworld.simulator.simulator import Simulator
from cuspworld.training.presets import Phase, Preset, preset
from cuspworld.training.run import train

WORLDS = {"Puppies": 1600, "Collision": 1600, "Juice": 1200, "Candles": 500, "Chair": 700}
STILL = {"Juice": {"push": 0.0}, "Candles": {"breath": 0.0}}  # nothing happens: so many clips more
STILLS = 100
STEPS = {"Puppies": 5000, "Collision": 2000, "Juice": 4000, "Candles": 2000, "Chair": 2000}
BY_STEPS = {"Puppies": 0.5, "Collision": 0.5, "Chair": 0.5}  # things that move and are told apart: made step by step
DEPTH = {"Puppies": 6}
WHERE = {"Puppies": 24, "Juice": 16, "Collision": 24, "Candles": 24, "Chair": 24}  # numbers: where things are
IDENTITY = {"Puppies": 16, "Collision": 32, "Candles": 32, "Chair": 16}  # numbers that say who is in a clip
FINE = {"Puppies", "Collision"}  # small things: a token is 8 pixels wide instead of 16, a batch half as large
SECONDS, FORMAT = 3.0, Format(64, 64, 10.0)
HELD_OUT = range(1_000_000, 1_000_004)  # seeds of the clips that measure the codec
SEED = 0
PRESET = replace(
    preset("small"),
    transport=Phase(6000, batch=16, learning_rate=3e-3, muon=True, warmup=100, ema=0.998, sample_every=1000),
    window=24,
    context=8,
    token_frames=4,
    predicts="data",
    places=True,
    sketch=True,
)
ARMS = {  # what an arm changes of the preset
    "ours": {},
    "flow": {"code_width": 0, "identity_width": 0, "critical": 0.0},  # the Sora recipe
    "critical": {"code_width": 0, "identity_width": 0},  # the same with critical weights
    "codes": {"critical": 0.0},  # paths without critical weights
    "ot_cfm": {"code_width": 0, "identity_width": 0, "critical": 0.0, "coupling": "minibatch"},
    "sd_fm": {"code_width": 0, "identity_width": 0, "critical": 0.0, "coupling": "semidiscrete"},
}
TOPICS = {
    "Puppies": "three or four puppies of named colours romp over the grass around a red ball",
    "Collision": "two balls of two colours collide (red, green, blue, yellow, orange, purple; big, small; fast, slow)",
    "Juice": "a glass of juice of some colour is pushed: it rocks and stands, or tips over and spills",
    "Candles": "candles on a cake are blown at: they go out or burn on",
    "Chair": "a chair is dropped, propped up, lifted or dug in: it stands, rocks or tips over",
}
CAPTIONS = {"rich": ("rich", "en"), "rich_zh": ("rich", "zh"), "poor": ("poor", "en"), "poor_zh": ("poor", "zh")}


def record(folder: Path, name: str, seeds: range, still: bool = False, shown: Format = FORMAT) -> Path:
    """Clips of a world with four captions each, kept in one file so that a second run reads them."""
    other = "" if shown == FORMAT else f"_{shown}"
    file = folder / f"{name}{'_still' if still else ''}_{seeds.start}_{len(seeds)}{other}.npz"
    if not file.exists():
        world = worlds.make(name, **(STILL[name] if still else {}))
        frames, actions, captions, branches = [], [], {key: [] for key in CAPTIONS}, []
        for seed in seeds:
            clip = world.record(seed=seed, seconds=SECONDS, fps=shown.fps, size=(shown.height, shown.width))
            frames.append(clip.frames)
            actions.append(done_in(clip))
            branches.append(clip.truth.branch)
            for key, (style, language) in CAPTIONS.items():
                captions[key].append(world.caption(style, language))
        with written_whole(file) as aside:
            np.savez(
                aside,
                frames=np.array(frames),
                action=np.array(actions),
                branch=np.array(branches),
                **{key: np.array(texts) for key, texts in captions.items()},
            )
    return file


def clips_of(file: Path, fps: float = FORMAT.fps) -> list[tuple[Clip, tuple[str, ...]]]:
    """The clips of a recording, each with its captions."""
    with np.load(file) as kept:
        wordings = zip(*(kept[key].tolist() for key in CAPTIONS), strict=True)
        return [(Clip(frames, fps, texts[0]), texts) for frames, texts in zip(kept["frames"], wordings, strict=True)]


def actions_of(file: Path) -> list[np.ndarray]:
    """What was done in each frame of each clip of a recording."""
    with np.load(file) as kept:
        if "action" not in kept:
            raise SystemExit(f"{file} was recorded before it told what is done: delete it, and it is recorded anew")
        return list(kept["action"])


def recordings(folder: Path, name: str) -> tuple[list[Path], Path]:
    """The files of the clips that teach a world, and the one of those that measure the codec."""
    taught = [record(folder, name, range(WORLDS[name]))]
    if name in STILL:
        taught.append(record(folder, name, range(WORLDS[name], WORLDS[name] + STILLS), still=True))
    return taught, record(folder, name, HELD_OUT)


def joined(folder: Path, names: list[str], ship: bool) -> None:
    """The experts that are trained as one model, in `folder`/model or in the package. There the enlarger stays, which
    belongs to the codec; adapters go, which belong to the experts of before: `recipes/adapt.py` makes others."""
    model = join([Simulator.from_pretrained(folder / name / "model") for name in names])
    card, codec_card = DEFAULT / "README.md", DEFAULT / "codec" / "README.md"
    if ship:
        if (DEFAULT / "enlarger").exists():
            model.enlarger = Enlarger.from_pretrained(DEFAULT / "enlarger")
        kept = codec_card.read_text()
        model.save_pretrained(DEFAULT, card=card.read_text() if card.exists() else None, dtype=torch.float16)
        codec_card.write_text(kept)
    else:
        model.save_pretrained(folder / "model")


def pack(names: Sequence[str]) -> None:
    """Write the package's recorded paths of these worlds as they are written now (`Kind.tensors`)."""
    for index, kind in enumerate(load_kinds(DEFAULT / "paths")):
        if kind.name in names:
            with written_whole(DEFAULT / "paths" / f"{index}.safetensors") as aside:
                write_tensors(aside, kind.tensors())


def own_preset(name: str, steps: int | None) -> Preset:
    """What a world's expert is and how it is trained."""
    fine = name in FINE
    return replace(
        PRESET,
        transport=replace(PRESET.transport, steps=steps or STEPS[name], batch=8 if fine else 16),
        patch=1 if fine else 2,
        code_dropout=0.3 if fine else PRESET.code_dropout,  # the text is read only where the path does not tell all
        known_steps=BY_STEPS.get(name, 0.0),
        where_width=WHERE.get(name, 0),
        code_noise=0.2 if fine else PRESET.code_noise,
        identity_width=IDENTITY.get(name, 0),
        width=192,  # with 4 blocks 1.9 million parameters: enough for one world
        depth=DEPTH.get(name, 4),
        heads=3,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=Path("runs/folds"))
    parser.add_argument("--codec", default="worlds", help="a codec's folder, or the one of the package")
    parser.add_argument("--record", action="store_true", help="only record")
    parser.add_argument("--worlds", nargs="*", choices=list(WORLDS), default=list(WORLDS), help="fewer of them")
    parser.add_argument("--steps", type=int, help="fewer than the recipe's, for a look")
    parser.add_argument("--arm", choices=ARMS, default="ours", help="what is left out, for benchmarks/folds.py")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--join", action="store_true", help="only join what is trained")
    parser.add_argument("--ship", action="store_true", help="the same, into the package")
    parser.add_argument("--pack", action="store_true", help="only the package's paths, in less space")
    arguments = parser.parse_args()
    folder = arguments.folder
    if arguments.pack:
        pack(arguments.worlds)
        return
    if arguments.join or arguments.ship:
        joined(folder, arguments.worlds, arguments.ship)
        return
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(arguments.threads)
    for name in arguments.worlds:
        files, held_out = recordings(folder, name)
        if arguments.record:
            continue
        taught = [pair for file in files for pair in clips_of(file)]
        result = train(
            [clip for clip, _ in taught],
            replace(own_preset(name, arguments.steps), **ARMS[arguments.arm]),
            folder / (name if arguments.arm == "ours" else f"{name}_{arguments.arm}"),
            held_out=[clip for clip, _ in clips_of(held_out)],
            topics=[TOPICS[name]],
            wordings=[texts for _, texts in taught],
            kinds=[name] * len(taught),
            codec=Codec.from_pretrained(arguments.codec),
            seed=SEED,
            resume=True,
        )
        print(name, result, flush=True)


if __name__ == "__main__":
    main()
