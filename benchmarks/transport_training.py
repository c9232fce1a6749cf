"""What do Muon and times that lean to the noise buy the flow transformer, step for step?

    python benchmarks/transport_training.py [--steps 120] [--quick]

The `small` transport is trained on 600 clips of Collision (seeds 0 to 599) from the same initial weights and batches,
on the latents of the shipped codec. Then the loss on the first windows of 48 unseen clips (seeds from 2,000,000) at
fixed times, 0 being noise, and in brackets how much worse it is with another clip's caption: what the text is worth.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from cuspworld import worlds
from cuspworld.clip import Clip
from cuspworld.codec.tokens import tokenize
from cuspworld.language.prompt import PromptConfig, PromptEncoder
from cuspworld.language.words import learn_words
from cuspworld.simulator.simulator import Simulator
from cuspworld.training.loop import Process, Trainer
from cuspworld.training.presets import Preset, preset
from cuspworld.training.run import bfloat16_helps
from cuspworld.training.transport import FlowObjective, Window, WindowBatches, encode_clips, make_windows
from cuspworld.transport.flow.matching import flow_loss, interpolate
from cuspworld.transport.flow.transformer import FlowTransformer, TransformerConfig
from results import Table, add_argument

PATCH = preset("small").patch
TIMES = (0.02, 0.1, 0.3, 0.6)
WAYS = {  # name -> time_shift, muon, learning rate (each optimizer's own in the presets)
    "AdamW, unshifted": (1.0, False, 1e-3),
    "AdamW, shift 3": (3.0, False, 1e-3),
    "Muon, unshifted": (1.0, True, 3e-3),
    "Muon, shift 3": (3.0, True, 3e-3),
}


def record(count: int, first: int) -> list[Clip]:
    world = worlds.make("Collision")
    return [world.record(seed=seed) for seed in range(first, first + count)]


def trained(windows: list[Window], chosen: Preset, folder: Path) -> tuple[FlowObjective, float]:
    """The objective with its averaged weights after all steps, and the CPU seconds that they took."""
    torch.manual_seed(1)
    words = learn_words([window.captions[0] for window in windows])
    prompts = PromptEncoder(PromptConfig(words=words, width=chosen.text_width))
    channels = chosen.patch**2 * windows[0].latents.shape[-1]
    transformer = FlowTransformer(
        TransformerConfig(channels, chosen.width, chosen.depth, chosen.heads, chosen.text_width)
    )
    objective = FlowObjective(transformer, prompts)
    batches, helps = WindowBatches(windows, chosen, seed=0).batch, bfloat16_helps("cpu")
    trainer = Trainer("transport", objective, batches, chosen.transport, folder, process=Process(), bfloat16=helps)
    begin = time.process_time()
    trainer.run()
    took = time.process_time() - begin
    trainer.use_average()
    return objective, took


@torch.inference_mode()
def losses(objective: FlowObjective, windows: Sequence[Window]) -> list[tuple[float, float]]:
    """At each of TIMES: the loss with each clip's caption, and what another clip's caption adds to it."""
    data, positions = tokenize(torch.stack([window.latents.float() for window in windows]), PATCH)
    places = positions.expand(len(data), -1, -1)
    known = torch.zeros(data.shape[:2], dtype=torch.bool)
    noise = torch.randn(data.shape, generator=torch.Generator().manual_seed(5))
    captions = [window.captions[0] for window in windows]
    rows = []
    for moment in TIMES:
        times = torch.full((len(data),), moment)
        found = []
        for said in (captions, captions[1:] + captions[:1]):
            text, mask = objective.prompts.encode(said)
            x = interpolate(noise, data, times)
            velocity = objective.transformer(x, places, known, times, text, mask)
            found.append(float(flow_loss(velocity, noise, data, ~known)))
        rows.append((found[0], found[1] - found[0]))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=120)
    parser.add_argument("--quick", action="store_true", help="60 clips and 10 steps")
    add_argument(parser)
    arguments = parser.parse_args()
    steps, count = (10, 60) if arguments.quick else (arguments.steps, 600)
    codec = Simulator.from_pretrained("default").codec
    small = replace(preset("small"), code_width=0, critical=0.0)
    with TemporaryDirectory() as name, Table("transport_training", arguments.save) as table:
        folder = Path(name)
        windows, unseen = [], []
        for clips, kept in ((record(count, 0), windows), (record(48, 2_000_000), unseen)):
            own = folder / str(len(clips))
            own.mkdir()
            encoded = encode_clips(clips, codec, small, own, device="cpu", process=Process())
            kept += make_windows(encoded, [(clip.caption,) for clip in clips], small)
        unseen = [window for window in unseen if window.first]
        for way, (shift, muon, rate) in WAYS.items():
            phase = replace(small.transport, steps=steps, muon=muon, learning_rate=rate, warmup=30, ema=0.98)
            own = folder / way
            own.mkdir()
            objective, took = trained(windows, replace(small, time_shift=shift, transport=phase), own)
            found = zip(TIMES, losses(objective, unseen), strict=True)
            cells = {f"t = {t}": f"{loss:.3f} ({gap:+.4f})" for t, (loss, gap) in found}
            table.add({"way": way, "steps": steps, "CPU s": took, **cells})


if __name__ == "__main__":
    main()
