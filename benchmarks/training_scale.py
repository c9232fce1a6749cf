"""How near is a training step to what the machine can do, and what would a GPU or a cluster make of it?

    python benchmarks/training_scale.py [--presets expert fine base] [--steps 6] [--quick] [--save]

A preset's whole step (batch, forward, backward, optimizer, average) on random latents of 64x64 clips, in the precision
that this processor trains in; the matrix product of 2048 in the same precision is measured between the steps. Work is
counted by torch's flop counter (products alone, a multiply-add as two), so the share of the peak is what model and
optimizer reach of it together. "fine": expert with tokens of 8 pixels and batches of 8.

The last columns are an estimate, not a run: an H100 has 989 dense bfloat16 TFLOP/s (NVIDIA's data sheet), of which
networks of this width reach a share that `--share` states (0.3: small products do not fill it); and no step is shorter
than its launches, about 4,000 kernels of 5 microseconds (`LAUNCHES`), which binds all presets but base.
"""

import argparse
import math
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from cuspworld.language.prompt import PromptConfig, PromptEncoder
from cuspworld.training.loop import Process, Trainer
from cuspworld.training.presets import Preset, preset
from cuspworld.training.run import bfloat16_helps
from cuspworld.training.transport import FlowObjective, Window, WindowBatches
from cuspworld.transport.flow.transformer import FlowTransformer, TransformerConfig
from results import Table, add_argument

CHANNELS, SIDE = 16, 8  # latents of a 64x64 frame
H100 = 989e12
MINUTES = 25
LAUNCHES = 0.02  # seconds
WORDS = tuple(
    [
        "a",
        "glass",
        "of",
        "red",
        "juice",
        "is",
        "pushed",
        "and",
        "tips",
        "over",
        "while",
        "two",
        "small",
        "puppies",
        "look",
        "on",
    ]
)
CAPTION = " ".join(WORDS) + ", and then nothing happens on the table for a while."


def chosen(name: str) -> Preset:
    found = preset("expert" if name == "fine" else name)
    if name == "fine":
        return replace(found, patch=1, transport=replace(found.transport, batch=8))
    return found


def made(own: Preset, folder: Path, bfloat16: bool) -> Trainer:
    """A trainer of the preset's transport on windows of noise."""
    length = own.window if own.autoencoder.temporal_stride == 1 else (own.window - 1) // 4 + 1
    torch.manual_seed(0)
    width = own.code_width
    windows = [
        Window(
            torch.randn(length, SIDE, SIDE, CHANNELS).half(),
            (CAPTION,),
            index % 2 == 0,
            codes=torch.randn(length // own.token_frames, width),
        )
        for index in range(16)
    ]
    prompts = PromptEncoder(PromptConfig(WORDS, own.text_width, length=128, version=2))
    config = TransformerConfig(
        own.token_frames * own.patch**2 * CHANNELS,
        own.width,
        own.depth,
        own.heads,
        own.text_width,
        frames=own.token_frames,
        code_width=width,
        predicts=own.predicts,
    )
    objective = FlowObjective(FlowTransformer(config), prompts)
    batches = WindowBatches(windows, own, 0)
    return Trainer("t", objective, batches.batch, own.transport, folder, process=Process(), bfloat16=bfloat16)


def product(bfloat16: bool, side: int = 2048) -> float:
    """FLOP a second of one large matrix product, here and now."""
    a = torch.randn(side, side, dtype=torch.bfloat16 if bfloat16 else torch.float32)
    begin = time.perf_counter()
    torch.mm(a, a)
    return 2 * side**3 / (time.perf_counter() - begin)


def measured(name: str, steps: int, share: float) -> dict[str, Any]:
    own, bfloat16 = chosen(name), bfloat16_helps("cpu")
    with TemporaryDirectory() as folder:
        trainer = made(own, Path(folder), bfloat16)
        tokens = trainer.batch(0, Process()).data.shape[:2].numel()
        with FlopCounterMode(display=False) as counter:
            trainer._train_step(trainer.objective)
        took, peaks = [], []
        for _ in range(steps):
            begin = time.perf_counter()
            trainer._train_step(trainer.objective)
            took.append(time.perf_counter() - begin)
            peaks.append(product(bfloat16))
    work, least = counter.get_total_flops(), min(took)
    there = max(LAUNCHES, work / (share * H100))
    return {
        "preset": name,
        "million parameters": sum(p.numel() for p in trainer.parameters.values()) / 1e6,
        "tokens a step": tokens,
        "GFLOP a step": work / 1e9,
        "precision": "bfloat16" if bfloat16 else "float32",
        "s a step": least,
        "tokens/s": tokens / least,
        "% of the product's peak": 100 * work / least / max(peaks),
        "H100, estimated: tokens/s": tokens / there,
        f"steps in {MINUTES} minutes": math.floor(MINUTES * 60 / there),
        "of the preset's": own.transport.steps,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presets", nargs="*", default=["expert", "fine", "small", "base"])
    parser.add_argument("--steps", type=int, default=6)
    parser.add_argument("--share", type=float, default=0.3, help="of an H100's peak, for the estimate")
    parser.add_argument("--quick", action="store_true", help="tiny alone, two steps")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    names, steps = (["tiny"], 2) if arguments.quick else (arguments.presets, arguments.steps)
    with Table("training_scale", arguments.save) as table:
        for name in names:
            table.add(measured(name, steps, arguments.share))


if __name__ == "__main__":
    main()
