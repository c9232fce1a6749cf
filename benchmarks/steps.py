"""How many steps of the sampler? Frames of the shipped model against those of 100 evaluations, dB by number of steps.

    python benchmarks/steps.py [--quick]

One chunk of 21 frames for each of four prompts, the shipped guidance and time grid; the reference is Heun with 50 steps
(two evaluations each). Where prompts have several outcomes a different number of steps may choose another one.
"""

import argparse

import numpy as np

from cuspworld.codec.codec import psnr
from cuspworld.simulator.chunks import Chunks, Sampling
from cuspworld.simulator.simulator import Simulator
from cuspworld.transport.flow.matching import time_grid

STEPS = (1, 2, 3, 4, 5, 6, 8, 12, 24)
PROMPTS = (
    "Four puppies romp over the grass.",
    "A glass of red juice is pushed hard and tips over.",
    "A red ball and a blue ball collide.",
    "A glass of purple juice rocks on the table and stands again.",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one prompt, up to 4 steps")
    quick = parser.parse_args().quick
    simulator = Simulator.from_pretrained("default")
    config, counts = simulator.config, STEPS[:4] if quick else STEPS

    def drawn(seed: int, steps: int, sampler: str) -> np.ndarray:
        sampling = Sampling(seed, time_grid(steps, config.shift), config.guidance_scale, sampler)
        return next(Chunks(simulator, PROMPTS[seed], sampling).run(None))

    found = {sampler: np.zeros(len(counts)) for sampler in ("euler", "adams_bashforth")}
    prompts = PROMPTS[: 1 if quick else None]
    for seed in range(len(prompts)):
        reference = drawn(seed, 12 if quick else 50, "heun")
        for sampler, decibels in found.items():
            decibels += [psnr(reference, drawn(seed, steps, sampler)) / len(prompts) for steps in counts]
    print("| steps | " + " | ".join(map(str, counts)) + " |")
    print("|---" * (len(counts) + 1) + "|")
    for sampler, decibels in found.items():
        print(f"| {sampler} | " + " | ".join(f"{value:.1f}" for value in decibels) + " |")


if __name__ == "__main__":
    main()
