"""The solvers that `brenier.py` races, each offering its heights after every step, and the judge of their errors.

A peer's potential g belongs to the cost |x - y|^2, so h = (g - |y|^2) / 2. The peers need a learning rate; they are
handed the height change that matters here (the mean gap between best and second-best value), which our solver must
measure for itself, in several multiples.
"""

import sys
import time
from collections.abc import Callable, Iterator

import numpy as np

from cuspworld.transport.sampled.mass_error import MassError, mass_error
from cuspworld.transport.sampled.solver import Control, Problem, solve
from cuspworld.transport.sampled.sources import Sampler, Source
from cuspworld.transport.search.products import Products

JUDGE_STREAM = 1 << 30


def targets(count: int, dimension: int, seed: int) -> np.ndarray:
    """(count, dimension) points of ten Gaussian clusters, centred and of unit RMS."""
    generator = np.random.default_rng([seed, count, dimension])
    centres = generator.normal(size=(10, dimension))
    points = centres[generator.integers(0, 10, count)] + 0.3 * generator.normal(size=(count, dimension))
    points -= points.mean(0)
    return (points / np.sqrt((points**2).mean())).astype(np.float32)


class Judge:
    """The unbiased error of the cell masses on one independent sample, the same for all solvers."""

    def __init__(self, points: np.ndarray, threads: int, goal: float, device: str = "cpu"):
        self.count, self.goal, self.device = len(points), goal, device
        self.source, self.products = Source("cube", points.shape[1]), Products(points, device, threads=threads)
        self.samples = int(np.sqrt(2 * self.count) / (0.1 * goal**2))  # deviation: a tenth of the squared goal

    def __call__(self, heights: np.ndarray) -> MassError:
        sampler = Sampler(self.source, 0, JUDGE_STREAM, device=self.device)
        centred = (heights - heights.mean()).astype(np.float32)
        counts, masses = np.zeros(self.count, np.int64), np.full(self.count, 1 / self.count)
        for share in (self.samples // 8, self.samples - self.samples // 8):
            while share > 0:
                part = min(share, 16384)
                counts += np.bincount(self.products.top2(sampler.draw(part), centred)[2], minlength=self.count)
                share -= part
            error = mass_error(counts, masses, 1 / masses)
            if error.square - 2 * error.square_deviation > (3 * self.goal) ** 2:
                break  # far away: an eighth of the sample says so
        return error


class Race:
    """Seconds of one solver by a `timer`, without those of its judge. `offer` ends the run by raising `Over`."""

    class Over(Exception):
        """The last goal is reached, or the time is up."""

    def __init__(
        self, judge: Judge, goals: tuple[float, ...], seconds: float, timer: Callable[[], float] = time.process_time
    ):
        self.judge, self.goals, self.seconds, self.timer = judge, goals, seconds, timer
        self.ratio = 1.15 if judge.count < 20_000 else 1.3  # CPU time from look to look
        self.began, self.judging, self.next_look = timer(), 0.0, 0.0
        self.looks: list[tuple[float, float]] = []

    @property
    def clock(self) -> float:
        return self.timer() - self.began - self.judging

    def offer(self, heights: Callable[[], np.ndarray], last: bool = False) -> None:
        now = self.clock
        if now < self.next_look and now < self.seconds and not last:
            return
        before = self.timer()
        self.looks.append((now, self.judge(heights()).value))
        self.judging += self.timer() - before
        self.next_look = now * self.ratio
        if self.looks[-1][1] <= 0.97 * self.goals[-1] or now >= self.seconds:
            raise Race.Over

    def reached(self, goal: float) -> float | None:
        """CPU seconds to the goal, interpolated between looks in the logarithms; None if it was not reached."""
        for k, (now, error) in enumerate(self.looks):
            if error <= goal:
                if k == 0:
                    return now
                before, former = self.looks[k - 1]
                share = np.log(former / goal) / np.log(former / max(error, 1e-9))
                return float(before * (now / before) ** share) if before > 0 else now
        return None

    @property
    def best(self) -> float:
        return min((error for _, error in self.looks), default=np.inf)


def ours(
    points: np.ndarray, race: Race, seed: int, threads: int, certify: bool = True, device: str = "cpu"
) -> float | None:
    """Seconds to the certificate of the last goal, the certificate included; None where it is not waited for."""
    problem = Problem(Source("cube", points.shape[1]), points, np.full(len(points), 1 / len(points)))

    def on_batch(batch: int, heights: np.ndarray) -> None:
        if race.reached(race.goals[-1]) is None:
            try:
                race.offer(lambda: heights)
            except Race.Over:
                if race.reached(race.goals[-1]) is None or not certify:
                    raise

    try:
        solve(problem, Control(race.goals[-1], seed=seed, device=device, threads=threads, on_batch=on_batch))
    except Race.Over:
        return None
    return race.clock


def step_scale(points: np.ndarray, threads: int) -> float:
    """Mean gap between best and second-best value at g = 0, in units of g."""
    x = Sampler(Source("cube", points.shape[1]), 0, JUDGE_STREAM + 1).draw(4096)
    best, second, _ = Products(points, threads=threads).top2(x, (-0.5 * (points**2).sum(1)).astype(np.float32))
    return 2 * float((best - second).mean())


Peer = Callable[[Race], None]


def pot(points: np.ndarray, seed: int, threads: int) -> Iterator[tuple[str, Peer]]:
    """POT's `solve_semidiscrete` on torch tensors. Its loop hands out nothing, so the sampler reads its average."""
    import torch
    from ot.semidiscrete import solve_semidiscrete

    count, dimension = points.shape
    target, half = torch.from_numpy(points), 0.5 * (points.astype(np.float64) ** 2).sum(1)
    scale = step_scale(points, threads)

    def peer(batch: int, rate: float | None, decreasing: bool) -> Peer:
        def run(race: Race) -> None:
            generator = torch.Generator().manual_seed(seed)

            def sampler(size: int) -> torch.Tensor:
                loop = sys._getframe(1).f_locals
                if loop["t"] > 1:
                    race.offer(lambda: 0.5 * loop["g_avg"].double().numpy() - half)
                return torch.rand(size, dimension, generator=generator) - 0.5

            solve_semidiscrete(target, sampler, max_iter=10**9, batch_size=batch, lr0=rate, decreasing_reg=decreasing)

        return run

    middle = max(32, count // 4)
    yield "default", peer(32, None, True)
    yield f"batch {middle}, entropy falling", peer(middle, None, True)
    for multiple in (1, 4, 16):
        yield f"batch {middle}, rate {multiple} N gap", peer(middle, multiple * count * scale, False)


def pyomt(points: np.ndarray, seed: int, threads: int) -> Iterator[tuple[str, Peer]]:
    """AE-OT's solver (An et al. 2020, algorithm 1) as pyOMT runs it: the Sobol sequence starts anew at every step."""
    yield from _ae_ot(points, seed, threads, anew=True)


def fresh(points: np.ndarray, seed: int, threads: int) -> Iterator[tuple[str, Peer]]:
    """The same with fresh samples at every step, as the paper has it. No package offers it."""
    yield from _ae_ot(points, seed, threads, anew=False)


def _ae_ot(points: np.ndarray, seed: int, threads: int, anew: bool) -> Iterator[tuple[str, Peer]]:
    """Written from the paper's description; no line of AE-OT's code is here.

    Adam on the sampled gradient mu(W_j) - nu_j, heights centred after each step; the sample is doubled and the rate
    falls by a fifth where the gradient has not become smaller for 20 steps.
    """
    import torch

    count, dimension = points.shape
    sites = torch.from_numpy(points)
    scale = step_scale(points, threads) / 2

    def peer(rate: float, start: int) -> Peer:
        def run(race: Race) -> None:
            heights = torch.zeros(count, requires_grad=True)
            optimizer = torch.optim.Adam([heights], lr=rate, betas=(0.9, 0.5))
            sobol = torch.quasirandom.SobolEngine(dimension, scramble=True, seed=seed)
            size, least, waited = start, float("inf"), 0
            while True:
                if anew:
                    sobol.reset()
                counts, left = torch.zeros(count), size
                while left > 0:
                    part = min(left, max(1, (1 << 24) // count))
                    best = torch.addmm(heights.detach(), sobol.draw(part) - 0.5, sites.T).max(1).indices
                    counts += torch.bincount(best, minlength=count)
                    left -= part
                heights.grad = counts / size - 1 / count
                optimizer.step()
                with torch.no_grad():
                    heights -= heights.mean()
                norm = float(heights.grad.norm())
                waited = 0 if norm < least else waited + 1
                least = min(least, norm)
                if waited >= 20:
                    size, least, waited = 2 * size, float("inf"), 0
                    optimizer.param_groups[0]["lr"] *= 0.8
                race.offer(lambda now=heights: now.detach().double().numpy())

        return run

    for multiple in (0.03, 0.3):
        for batches in (1, 10):
            yield f"Adam {multiple} gap, from {batches} N", peer(multiple * scale, batches * count)


def ott(points: np.ndarray, seed: int, threads: int) -> Iterator[tuple[str, Peer]]:
    """OTT-JAX's `SemidiscreteSolver`, step by step; compiling is not counted."""
    import jax
    import optax
    from ott.geometry.semidiscrete_pointcloud import SemidiscretePointCloud
    from ott.problems.linear.semidiscrete_linear_problem import SemidiscreteLinearProblem
    from ott.solvers.linear.semidiscrete import SemidiscreteSolver, SemidiscreteState

    count = len(points)
    half, scale = 0.5 * (points.astype(np.float64) ** 2).sum(1), step_scale(points, threads)

    def cube(key, shape, dtype=None):
        return jax.random.uniform(key, shape, dtype or jax.numpy.float32, -0.5, 0.5)

    problem = SemidiscreteLinearProblem(SemidiscretePointCloud(cube, jax.numpy.asarray(points), epsilon=0.0))

    def peer(batch: int, optimizer: optax.GradientTransformation, average: float) -> Peer:
        def run(race: Race) -> None:
            solver = SemidiscreteSolver(num_iterations=1, batch_size=batch, optimizer=optimizer, potential_ema=average)
            nothing = jax.numpy.zeros(1)
            zero = jax.numpy.zeros(count)
            state = SemidiscreteState(
                jax.numpy.array(0), jax.numpy.array(0.0), zero, zero, optimizer.init(zero), nothing, nothing, nothing
            )
            step = jax.jit(lambda key, state: solver.step(key, state, problem))
            key = jax.random.key(seed)
            jax.block_until_ready(step(key, state))
            race.began = race.timer()
            number = 0
            while True:
                state = jax.block_until_ready(step(jax.random.fold_in(key, number), state))
                number += 1
                race.offer(lambda now=state: 0.5 * np.asarray(now.g_ema, np.float64) - half)

        return run

    middle = max(32, count // 4)
    for multiple in (1, 4):
        falling = optax.polynomial_schedule(multiple * count * scale, 0.0, 1, 10**5)
        for name, rate in (("1/sqrt t", lambda t, m=multiple: m * count * scale / (1 + t) ** 0.5), ("linear", falling)):
            yield f"SGD {multiple} N gap {name}, batch {middle}", peer(middle, optax.sgd(rate), 0.01)
    yield f"Adam gap / 10, batch {middle}", peer(middle, optax.adam(scale / 10), 0.01)
