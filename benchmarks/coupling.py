"""Does coupling straighten the flow? Digits by flow matching in few steps, with and without pairs from the transport.

    python benchmarks/coupling.py            # the networks of `cusp figure digits`, minutes
    python benchmarks/coupling.py --quick    # a minute of one core

The velocities differ in the pairs that they are trained on, noise and code independent or those of `Brenier.couple`,
and in whether they are told the branch that a path ends in ("told"): with coupled pairs the branch of the noise's own
cell, with independent ones that of another noise's. All start from the same noise. Printed for each number of Euler
steps:

- ambiguous: share of images that the judge is not sure of (the rule of `cusp figure digits`);
- energy: energy distance between the codes and those of the test digits, over the same for as many training codes
  (1 is what the data itself reaches; Szekely and Rizzo 2013);
- Frechet: distance of the judge's features to the test digits' reconstructions (normal distributions fitted to both).
"""

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from scipy.linalg import sqrtm

from cuspworld.figures.digits import DigitsConfig, Trained, flow_codes, judged_panel, learn, trained_flow
from cuspworld.figures.digits_data import as_input, load_digits
from cuspworld.figures.digits_networks import in_parts
from results import Table, add_argument

STEPS = (1, 2, 4, 8, 30)


def energy_distance(first: torch.Tensor, second: torch.Tensor) -> float:
    """2 E|x - y| - E|x - x'| - E|y - y'|, unbiased."""
    within = [
        torch.cdist(part, part).sum() / (len(part) * (len(part) - 1)) for part in (first, second)
    ]  # the diagonal is 0
    return float(2 * torch.cdist(first, second).mean() - within[0] - within[1])


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """|m - n|^2 + trace(A + B - 2 (A B)^(1/2)) of the normal distributions with the samples' means and covariances."""
    mean, other = first.mean(0), second.mean(0)
    covariance, another = np.cov(first.T), np.cov(second.T)
    root = sqrtm(covariance @ another)
    return float(((mean - other) ** 2).sum() + np.trace(covariance + another - 2 * np.real(root)))


def features(trained: Trained, codes: torch.Tensor) -> np.ndarray:
    return in_parts(trained.judge.features, trained.decode(codes)).numpy()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="smaller networks, fewer samples")
    parser.add_argument("--data", type=Path, default=None, help="as for `cusp figure digits`")
    parser.add_argument("--seed", type=int, default=0)
    add_argument(parser)
    arguments = parser.parse_args()
    with Table("coupling", arguments.save) as table:
        run(arguments, table)


def run(arguments: argparse.Namespace, table: Table) -> None:
    torch.set_num_threads(1)
    config = DigitsConfig.quick(arguments.seed) if arguments.quick else DigitsConfig(seed=arguments.seed)
    config = replace(config, samples=min(config.samples, 3000))
    digits = load_digits(arguments.data, arguments.seed).smaller(config.digits, 10_000)
    trained = learn(digits, config, print)
    tested = in_parts(lambda part: trained.autoencoder.encoder(as_input(part)), digits.test[0]) / trained.scale
    tested = tested[: 2 * config.samples]
    # sites were seen in training: digits of the development split are new to the autoencoder, as the test digits are
    held = in_parts(lambda part: trained.autoencoder.encoder(as_input(part)), digits.development[0]) / trained.scale
    floor = energy_distance(held[: config.samples], tested)
    real = features(trained, tested)
    print(f"floor: energy {floor:.4f}, Frechet {frechet_distance(features(trained, held[: config.samples]), real):.2f}")
    brenier = trained.brenier
    noise = torch.from_numpy(brenier.sample_noise(config.samples, config.seed + 11))
    ends = {
        True: torch.from_numpy(brenier.branches_[brenier.cells(noise)]),
        False: torch.from_numpy(
            brenier.branches_[brenier.cells(brenier.sample_noise(config.samples, config.seed + 12))]
        ),
    }
    for told in (False, True):
        for coupled in (False, True):
            name = ("coupled" if coupled else "independent") + (", told" if told else "")
            velocity = trained_flow(brenier, config, coupled, told)
            for steps in STEPS:
                codes = flow_codes(velocity, noise, steps, ends[coupled] if told else None)
                panel = judged_panel(trained, name, codes)
                energy = energy_distance(codes, tested)
                frechet = frechet_distance(features(trained, codes), real)
                ambiguous = {"ambiguous, %": 100 * panel.share, "+-": 100 * panel.standard_error}
                table.add({"pairs": name, "steps": steps, **ambiguous, "energy": energy, "Frechet": frechet})


if __name__ == "__main__":
    main()
