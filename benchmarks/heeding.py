"""Does the flow read its text, or its path alone? What another clip's caption, path or identity costs it.

    python benchmarks/heeding.py [--model FOLDER] [--worlds Collision] [--clips 48] [--quick] [--save]

Unseen clips (seeds from 2,000,000), a share of the way from noise to data; mean squared error of the predicted latents
over the tokens that differ most from the mean picture (where small things are), with the clip's own caption and path,
and with parts of them taken from another clip. A part that costs nothing is not read.
"""

import argparse

import numpy as np
import torch

from cuspworld import Simulator, worlds
from cuspworld.codec.codec import to_tensor
from cuspworld.codec.tokens import tokenize
from cuspworld.transport.flow.transformer import CodePath
from results import Table, add_argument

FIRST = 2_000_000
TIMES = (0.02, 0.1, 0.3)
DIFFERS = 1.0  # mean square, in units of the latents' variance, from which on a token counts


@torch.inference_mode()
def rows(simulator: Simulator, number: int, count: int, table: Table) -> None:
    """A row a time of one of the model's kinds."""
    kind, (expert, place), config = simulator.kinds[number], simulator.expert(number), simulator.config
    each, length = config.token_frames, config.window
    world, captions, latents = worlds.make(kind.name), [], []
    for seed in range(FIRST, FIRST + count):
        clip = world.record(seed=seed, seconds=length / config.fps, fps=config.fps, size=config.height)
        captions.append(world.caption("rich", "en"))
        latents.append(simulator.codec.encode(to_tensor(clip.frames[:length])[None])[0])
    who = [None if kind.identity is None else kind.identity.of(clip) for clip in latents]
    told = [kind.path(kind.code.of(clip)[::each], own) for clip, own in zip(latents, who, strict=True)]
    codes = torch.from_numpy(np.stack(told)).float()
    data, positions = tokenize(torch.stack(latents), simulator.patch(expert), each)
    noise = torch.randn(data.shape, generator=torch.Generator().manual_seed(0))
    counted = (data - data.mean(0)).square().mean(-1) > DIFFERS
    others, width = np.roll(np.arange(count), 7), kind.code.width
    swapped = codes.clone()
    swapped[..., width:] = codes[others][..., width:]

    sketch = None
    if expert.transformer.config.sketch:
        shown = torch.stack([kind.sketch(row, *latents[0].shape[1:3]) for row in codes])
        sketch = tokenize(shown, simulator.patch(expert), each)[0]

    def error(time: float, own: bool, path: torch.Tensor | None) -> float:
        text, mask = expert.prompts.encode(captions if own else [captions[k] for k in others])
        times = torch.full((count,), time)
        x = (1 - time) * noise + time * data
        known = torch.zeros(*data.shape[:2], each, dtype=torch.bool)
        given = None
        if path is not None:
            kinds, still = torch.full((count,), place), torch.zeros(count)
            given = CodePath(path, kinds, still, torch.ones(count, dtype=torch.bool), sketch)
        v = expert.transformer(x, positions.expand(count, -1, -1), known, times, text, mask, None, given)
        return float((x + (1 - time) * v - data).square().mean(-1)[counted].mean())

    for time in TIMES:
        table.add(
            {
                "world": kind.name,
                "from noise": time,
                "own caption and path": error(time, True, codes),
                "another's caption": error(time, False, codes),
                "another's identity": error(time, True, swapped) if codes.shape[-1] > width else None,
                "no path": error(time, True, None),
                "no path, another's caption": error(time, False, None),
            }
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="default")
    parser.add_argument("--worlds", nargs="*", help="of the model's; all by default")
    parser.add_argument("--clips", type=int, default=48)
    parser.add_argument("--quick", action="store_true", help="the first world, ten clips")
    add_argument(parser)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    simulator = Simulator.from_pretrained(arguments.model)
    chosen = arguments.worlds or [kind.name for kind in simulator.kinds]
    with Table("heeding", arguments.save) as table:
        for number, kind in enumerate(simulator.kinds):
            if kind.name in (chosen[:1] if arguments.quick else chosen):
                rows(simulator, number, 10 if arguments.quick else arguments.clips, table)


if __name__ == "__main__":
    main()
