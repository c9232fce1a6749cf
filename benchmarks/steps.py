"""How many steps of the sampler? Frames of the shipped model's flow against those of 96 evaluations.

    python benchmarks/steps.py [--quick]

Root mean square difference in grey levels of 2.4 s (24 frames) by number of steps, prompt k with seed k, with
`transport="flow"`, the shipped guidance and time grid; the reference is Heun with 48 steps. A single row need not fall:
what few steps blend (the hue between two, say) lies nearer to each of them than one lies to the other.
"""

import argparse

import numpy as np

from cuspworld import Simulator

STEPS = (1, 2, 3, 4, 5, 6, 8, 12, 24)
PROMPTS = (
    "A glass of red juice is pushed hard and tips over.",
    "A glass of purple juice rocks on the table and stands again.",
    "A glass of green juice is not pushed and stands.",
    "A candle burns.",
    "The wind blows out three candles.",
    "A brown chair is pushed and tips over.",
    "A chair is tilted and falls back on its legs.",
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="one prompt, up to 4 steps")
    quick = parser.parse_args().quick
    simulator, counts = Simulator.from_pretrained("default"), STEPS[:4] if quick else STEPS

    def drawn(seed: int, steps: int, sampler: str) -> np.ndarray:
        options = {"transport": "flow", "num_inference_steps": steps, "sampler": sampler}
        return simulator(PROMPTS[seed], seconds=2.4, seed=seed, **options).frames.astype(np.float32)

    print("| prompt | " + " | ".join(map(str, counts)) + " |")
    print("|---" * (len(counts) + 1) + "|", flush=True)
    rows = []
    for seed, prompt in enumerate(PROMPTS[: 1 if quick else None]):
        reference = drawn(seed, 12 if quick else 48, "heun")
        clips = (drawn(seed, steps, "adams_bashforth") for steps in counts)
        rows.append([float(np.sqrt(((clip - reference) ** 2).mean())) for clip in clips])
        print(f"| {prompt} | " + " | ".join(f"{value:.1f}" for value in rows[-1]) + " |", flush=True)
    print("| mean | " + " | ".join(f"{value:.1f}" for value in np.mean(rows, axis=0)) + " |")


if __name__ == "__main__":
    main()
