"""The digits: four ways from noise to a code, and how often each ends between two digits.

An autoencoder gives every training digit a code; a Brenier potential transports Gaussian noise to the codes, and its
singular set cuts them into branches without being told a label. Codes are then made from the same noise by

- flow matching with independent pairs (Lipman et al. 2023),
- flow matching trained on pairs that the transport couples (Mousavi-Hosseini et al. 2025),
- the transport map averaged over neighbouring cells, tears or not (as AE-OT does; An et al. 2020),
- the extended map, which never averages across a singular facet,

decoded, and judged. The rule, set before anything is generated: an image is *ambiguous* when the judge's largest
probability falls below the threshold that `FALSE_ALARM` of the real digits of the development split fall below.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int64, UInt8
from numpy import ndarray
from torch import Tensor
from torch.nn import functional

from cuspworld.figures.digits_data import CLASSES, Digits, as_input
from cuspworld.figures.digits_networks import Autoencoder, Batches, Judge, Velocity, in_parts, train
from cuspworld.transport.brenier import Brenier
from cuspworld.transport.flow.matching import euler, flow_loss, interpolate, time_grid
from cuspworld.transport.singular.extended import NEIGHBOURS, POWER, averages

FALSE_ALARM = 0.01  # share of real digits that the rule calls ambiguous
FLOW_STEPS = 30

Tell = Callable[[str], None]


@dataclass(frozen=True)
class DigitsConfig:
    """How much of everything. `sites`: codes that noise is transported to; `samples`: images judged of each kind."""

    seed: int = 0
    digits: int = 55_000
    judge_steps: int = 860  # two passes over the digits
    autoencoder_steps: int = 1720
    batch: int = 128
    sites: int = 6000
    tolerance: float = 0.1
    flow_steps: int = 6000
    flow_batch: int = 256
    samples: int = 5000

    @classmethod
    def quick(cls, seed: int = 0) -> "DigitsConfig":
        """About a minute of one core."""
        return cls(seed, 12_000, 280, 470, 128, 3000, 0.1, 800, 256, 1000)


@dataclass(frozen=True, eq=False)
class Trained:
    """What is learned from the training split before anything is generated.

    `sites` (N, d): codes of training digits in units of `scale`. `threshold`: of ambiguity. `accuracy`: the judge's, on
    the test split.
    """

    judge: Judge
    autoencoder: Autoencoder
    brenier: Brenier
    labels: ndarray
    scale: float
    spacing: float
    threshold: float
    accuracy: float

    def decode(self, codes: Float[Tensor, "n d"]) -> Float[Tensor, "n 1 h w"]:
        return in_parts(self.autoencoder.decoder, codes * self.scale)

    def judged(self, images: Float[Tensor, "n 1 h w"]) -> Float[Tensor, "n classes"]:
        return in_parts(lambda part: self.judge(part).softmax(1), images)


@dataclass(frozen=True, eq=False)
class Panel:
    """One way to make digits: images, which of them are ambiguous, and how new they are.

    `confidence` (n,): the judge's largest probability. `novelty`: median distance of a code to the nearest site over
    the sites' own median nearest-neighbour distance.
    """

    name: str
    images: UInt8[ndarray, "n h w"]
    confidence: Float[ndarray, " n"]
    threshold: float
    novelty: float

    @property
    def ambiguous(self) -> Bool[ndarray, " n"]:
        return self.confidence < self.threshold

    @property
    def share(self) -> float:
        return float(self.ambiguous.mean())

    @property
    def standard_error(self) -> float:
        return float(np.sqrt(self.share * (1 - self.share) / len(self.ambiguous)))


def learn(digits: Digits, config: DigitsConfig, tell: Tell) -> Trained:
    """Train judge and autoencoder, set the threshold, and transport noise to the codes."""
    images, labels = digits.training
    judge = _trained_judge(images, labels, config)
    test = in_parts(lambda part: judge(as_input(part)).softmax(1), digits.test[0])
    accuracy = float((test.argmax(1) == digits.test[1]).float().mean())
    real = in_parts(lambda part: judge(as_input(part)).softmax(1).amax(1), digits.development[0])
    threshold = float(np.quantile(real.numpy(), FALSE_ALARM))
    tell(f"judge: {100 * accuracy:.2f} % right on {len(test)} test digits; ambiguous below {threshold:.3f}")
    autoencoder = _trained_autoencoder(images, labels, config)
    codes = in_parts(lambda part: autoencoder.encoder(as_input(part)), images[: config.sites])
    scale = float(codes.std())
    sites = (codes / scale).numpy()
    brenier = Brenier(tolerance=config.tolerance, seed=config.seed, threads=torch.get_num_threads()).fit(sites)
    spacing = float(np.median(nearest_distance(sites, sites, skip=1)))
    site_labels = labels[: len(sites)].numpy()
    tell(
        f"transport: {len(sites)} codes in {sites.shape[1]} dimensions, error {brenier.error_:.3f}; "
        + describe_branches(brenier.branches_, site_labels)
    )
    return Trained(judge, autoencoder, brenier, site_labels, scale, spacing, threshold, accuracy)


def describe_branches(branches: ndarray, labels: ndarray) -> str:
    """How many branches were found without labels, and which share of their points carries the branch's main label."""
    counts = np.zeros((branches.max() + 1, CLASSES), np.int64)
    np.add.at(counts, (branches, labels), 1)
    return (
        f"{len(counts)} branches of {', '.join(str(n) for n in counts.sum(1))} codes, "
        f"{100 * counts.max(1).sum() / len(labels):.1f} % of them of their branch's commonest digit"
    )


def _trained_judge(images: Tensor, labels: Tensor, config: DigitsConfig) -> Judge:
    batches = Batches(images, labels, config.batch, config.seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed)  # layers draw their first weights from torch's own generator
        judge = Judge()

    def loss(step: int) -> Tensor:
        pictures, names = batches[step]
        return functional.cross_entropy(judge(pictures), names)

    train(judge, loss, config.judge_steps, 3e-3)
    return judge


def _trained_autoencoder(images: Tensor, labels: Tensor, config: DigitsConfig) -> Autoencoder:
    batches = Batches(images, labels, config.batch, config.seed + 1)
    generator = torch.Generator().manual_seed(config.seed + 2)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed + 1)
        autoencoder = Autoencoder()
    train(
        autoencoder, lambda step: autoencoder.loss(*batches[step], generator), config.autoencoder_steps, 3e-3
    )  # fmt: skip
    return autoencoder


def trained_flow(brenier: Brenier, config: DigitsConfig, coupled: bool, told: bool = False) -> Velocity:
    """Flow matching to the sites: noise and site independent, or paired by the transport. All else is the same.

    With `told` the velocity also learns in which branch each path ends.
    """
    sites = torch.from_numpy(np.asarray(brenier.points_, np.float32))
    branch_of = torch.from_numpy(brenier.branches_) if told else None
    generator = torch.Generator().manual_seed(config.seed + 3)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(config.seed + 3)
        velocity = Velocity(sites.shape[1], 0 if branch_of is None else int(branch_of.max()) + 1)
    everything = torch.ones(config.flow_batch, 1, dtype=torch.bool)

    def loss(step: int) -> Tensor:
        noise = torch.randn(config.flow_batch, sites.shape[1], generator=generator)
        rows = torch.randint(len(sites), (config.flow_batch,), generator=generator)
        if coupled:
            rows = brenier.cells(noise)  # the pairs of `couple`, by index
        time = torch.rand(config.flow_batch, generator=generator)
        data = sites[rows]
        x = interpolate(noise[:, None], data[:, None], time)  # (batch, 1, d): one token
        found = velocity(x[:, 0], time, None if branch_of is None else branch_of[rows])
        return flow_loss(found[:, None], noise[:, None], data[:, None], everything)

    train(velocity, loss, config.flow_steps, 2e-3)
    return velocity


def flow_codes(
    velocity: Callable[..., Tensor], noise: Float[Tensor, "n d"], steps: int, branch: Int64[Tensor, " n"] | None = None
) -> Float[Tensor, "n d"]:
    """Codes by Euler's method; `branch` is where each path shall end, for a velocity that is told so."""
    told = () if branch is None else (branch,)
    with torch.no_grad():
        moved = euler(
            lambda x, t: velocity(x[:, 0], torch.full((len(x),), t), *told)[:, None],
            noise[:, None],
            time_grid(steps, 1.0),
        )
    return moved[:, 0]


def averaged_codes(brenier: Brenier, noise: Float[Tensor, "n d"]) -> Float[Tensor, "n d"]:
    """Averages of the map over the cells around, by their values and with no regard for tears or for what is near."""
    values, sites = brenier._potential.top_k(noise.numpy(), NEIGHBOURS)
    weights = (values - values[:, -1:]).astype(np.float64) ** POWER
    weights[:, 0] += 1e-12  # where all are equal, the map
    weights /= weights.sum(1, keepdims=True)
    return torch.from_numpy(averages(brenier._normalised.active[sites], weights, brenier.points_).astype(np.float32))


def generate(trained: Trained, digits: Digits, config: DigitsConfig, tell: Tell) -> list[Panel]:
    """The four panels from one and the same noise; before them the test digits' own reconstructions."""
    brenier = trained.brenier
    noise = torch.from_numpy(brenier.sample_noise(config.samples, config.seed + 11))
    tested = in_parts(lambda part: trained.autoencoder.encoder(as_input(part)), digits.test[0][: config.samples])
    makers: dict[str, Callable[[], Tensor]] = {
        "reconstructions of test digits": lambda: tested / trained.scale,
        f"flow matching, {FLOW_STEPS} steps": lambda: flow_codes(
            trained_flow(brenier, config, False), noise, FLOW_STEPS
        ),
        f"flow matching, coupled, {FLOW_STEPS} steps": lambda: flow_codes(
            trained_flow(brenier, config, True), noise, FLOW_STEPS
        ),
        "plain map, averaged over neighbouring cells": lambda: averaged_codes(brenier, noise),
        "extended map, never across a tear": lambda: brenier.extend(noise).float(),
    }
    panels = []
    for name, make in makers.items():
        panels.append(judged_panel(trained, name, make()))
        tell(panel_line(panels[-1]))
    return panels


def judged_panel(trained: Trained, name: str, codes: Float[Tensor, "n d"]) -> Panel:
    """Decode codes, judge the images, and measure how new the codes are."""
    images = trained.decode(codes)
    confidence = trained.judged(images).amax(1).numpy()
    novelty = float(np.median(nearest_distance(codes.numpy(), trained.brenier.points_))) / trained.spacing
    return Panel(name, (images[:, 0] * 255.0).round().byte().numpy(), confidence, trained.threshold, novelty)


def panel_line(panel: Panel) -> str:
    return (
        f"{panel.name:<43} {100 * panel.share:5.2f} % ambiguous (+- {100 * panel.standard_error:.2f}), "
        f"novelty {panel.novelty:.2f}"
    )


def nearest_distance(queries: ndarray, sites: ndarray, skip: int = 0) -> ndarray:
    """(n,) distance to the nearest site; `skip` 1 leaves out the query itself."""
    out = [
        torch.cdist(part, torch.from_numpy(np.asarray(sites, np.float32))).kthvalue(1 + skip, dim=1).values
        for part in torch.from_numpy(np.asarray(queries, np.float32)).split(1000)
    ]
    return torch.cat(out).numpy()
