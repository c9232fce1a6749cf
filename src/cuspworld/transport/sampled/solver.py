"""Stochastic solver of semi-discrete optimal transport: heights h with mu(W_j) = nu_j, certified to a tolerance.

Averaged stochastic gradient on the convex energy E(h) = integral max_j (<x, y_j> + h_j) dmu - sum_j nu_j h_j
(Genevay et al. 2016), whose gradient is mu(W_j) - nu_j. What differs from the literature:

- the step needs no tuning: it is the running mean of the gap between the best and the second-best value, the height
  change at which a sample changes its cell, times 3 t^-0.6;
- the relative mass error is divided by max(B nu_j, 1) and clipped, so that the masses may span any range;
- the iterates are averaged with weights t, which ends within about 1.2 of the statistical floor sqrt(N / samples);
- it stops when an independent sample certifies the tolerance, not after a number of steps.

Where one step size does not suit the data (curves, near-copies, heavy tails, far clusters) the error after few samples
says so, and the run goes on by Newton steps (`newton.py`). A Gaussian source is solved in the points' own affine span.
"""

import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
from jaxtyping import Float32, Float64
from numpy import ndarray

from cuspworld.progress import progress_bar
from cuspworld.transport.sampled.affine import affine_starts
from cuspworld.transport.sampled.candidates import Candidates
from cuspworld.transport.sampled.checkpoint import Checkpoint, State, fingerprint
from cuspworld.transport.sampled.line import line_heights
from cuspworld.transport.sampled.mass_error import MassError, error_weights, mass_error
from cuspworld.transport.sampled.multilevel import LARGEST_DIMENSION, Level, coarse_sites, conjugate_heights, owners
from cuspworld.transport.sampled.newton import PER_CLUSTER, online, solve_sample, tree_start
from cuspworld.transport.sampled.processes import Processes
from cuspworld.transport.sampled.sources import Sampler, Source
from cuspworld.transport.sampled.span import in_own_span
from cuspworld.transport.search.products import Products

STEP, DECAY, CLIP = 3.0, 0.6, 4.0  # tuned on data seeds 1 and 2 of benchmarks/brenier.py; judged on others
SMALLEST_BATCH = 1024
BATCH_SHARE = 4  # sites over samples of a batch in many dimensions; in few, where mass creeps, a batch is all sites
CONFIDENCE = 0.977  # of a certificate, over all attempts of a run together
LEVEL_BATCHES = 64  # of a coarser level: an error of about 1/8
AIM = 0.89  # certificates are tried where the error should be this share of the tolerance
ABOVE_FLOOR = 1.1  # and the error is expected this far above sqrt(N / samples)
SAVE_EVERY_SECONDS = 30.0
GRACE = 1.1  # the last certificate of a run that `max_seconds` ends may go on to this multiple of it
PIECE = 1 << 26  # multiply-adds between two looks at the clock, a few milliseconds
MOST_FLOORS = 1000  # a run without `max_seconds` gives up after that many times the samples that should do,
STUCK = 0.95  # or, after a fifth of them, where twice the samples leave this share of the error
PROBE = 25  # batches, and samples a site, after which the error is compared with
SLOW = 1.6  # that many times the expected one; or cells are empty that are this part of E^2 or more
EMPTY = 0.015
GROWTH, FIXED = 3, 200  # of a fixed sample over the one before, and samples a site of the largest
CANDIDATE_BYTES = 600  # of a fixed sample's point
_TRAINING_STREAM, _TRIAL_STREAM, _FIRST_CERTIFICATE_STREAM = 0, 1, 2
_PROBE_STREAM, _NEWTON_STREAM = (1 << 20) + 3, (1 << 20) + 4  # beyond any certificate's


@dataclass(frozen=True)
class Problem:
    """Normalised transport problem: `points` (N, d) float32, centred and of unit RMS; `masses` (N,) positive, sum 1."""

    source: Source
    points: Float32[ndarray, "sites dimension"]
    masses: Float64[ndarray, " sites"]


@dataclass(frozen=True)
class Control:
    """How to run: the certified `tolerance`, the seed, the device and its budget, where to report and to save, and
    whether other processes solve the same problem with this one."""

    tolerance: float
    seed: int = 0
    device: str = "cpu"
    memory_budget: int = 1 << 30
    threads: int | None = None
    max_seconds: float | None = None
    checkpoint: Path | None = None
    progress: bool = False
    distributed: bool = False
    on_batch: Callable[[int, ndarray], None] | None = None  # gets each finished batch's number and averaged heights


@dataclass(frozen=True)
class Solution:
    """Heights (N,) float64 with mean 0, their error, samples spent on training, whether the error is certified, and
    whether it is the plain one (`mass_error.py`)."""

    heights: Float64[ndarray, " sites"]
    error: MassError
    samples: int
    certified: bool
    plain: bool


def solve(problem: Problem, control: Control, start: Float64[ndarray, " sites"] | None = None) -> Solution:
    """Solve to the tolerance, from the start that one batch of samples likes best (`start` is one candidate).

    On the line the solution is known and exact.

    Raises CuspError when the checkpoint belongs to another problem. Warns when `max_seconds` ends the run first, or
    when the error has stopped falling: a run always ends.
    """
    sites = len(problem.points)
    if problem.source.name == "gaussian" and sites > 1:
        source, points = in_own_span(problem.source, problem.points)
        problem = replace(problem, source=source, points=points)
    if sites == 1 or problem.source.dimension == 1:
        heights = line_heights(problem.source, problem.points, problem.masses) if sites > 1 else np.zeros(1)
        return Solution(heights, MassError(0.0, 0.0, 0), 0, True, True)
    products = Products(problem.points, control.device, control.memory_budget, control.threads)
    run = _Run(problem, control, products)
    with progress_bar("transport to the next certificate", "batches", shown=control.progress or None) as bar:
        return run.to_tolerance(start, bar)


class _Run:
    def __init__(self, problem: Problem, control: Control, products: Products):
        self.problem, self.control, self.products = problem, control, products
        self.processes = Processes(control.distributed)
        self.kept = Checkpoint(control.checkpoint, self._fingerprint, self.processes)
        self.sites = len(problem.points)
        many = problem.source.dimension > LARGEST_DIMENSION
        self.batch_size = max(self.sites // BATCH_SHARE if many else self.sites, SMALLEST_BATCH)
        self.expected = self.batch_size * problem.masses
        self.levels: list[Level] = []
        self.weights, self.plain = error_weights(problem.masses, control.tolerance)
        self.effort = float((self.weights * problem.masses).sum())  # E^2 of one sample: N for equal masses
        self.began = self.saved = time.monotonic()

        self.probe = max(PROBE, -(-PROBE * self.sites // self.batch_size))
        self.patience = MOST_FLOORS * self.effort / control.tolerance**2  # samples
        self.seen: list[tuple[int, float]] = []  # batches and errors of the certificates that failed

    def to_tolerance(self, start: ndarray | None, bar: Any) -> Solution:
        self.processes.of_one(lambda: self.kept.problem)
        first = self._first_state(start)  # builds the coarse levels too, the same ones at every resume
        state = self.kept.begun(first)
        sampler = self._sampler(_TRAINING_STREAM, quasi=True)
        sampler.position = state.batch * self.batch_size
        try:
            while True:
                late = self._late()
                if state.batch == self.probe and not late and not state.tried:
                    error, empty = self._probe(state)
                    if self._slow(error, state.batch, empty):
                        state, error, certified, late = self._by_newton(state, error, bar)
                        if not state.tried:
                            break
                if state.batch >= state.next_check or late:
                    error = self._certify(state)
                    certified = error.upper(self._deviations(state.checks)) <= self.control.tolerance
                    if certified or late or self._stuck(state, error):
                        break
                    if not state.tried and self._slow(error, state.batch):
                        state, error, certified, late = self._by_newton(state, error, bar)
                        if not state.tried:
                            break
                    state = self._scheduled(state, error)
                    self._save(state)
                state = self._step(state, sampler)
                bar(state.batch, state.next_check)
                if self.control.on_batch is not None:
                    self.control.on_batch(state.batch, state.average)
                if time.monotonic() - self.saved > SAVE_EVERY_SECONDS:
                    self._save(state)
        except KeyboardInterrupt:
            self._save(state)
            raise
        if certified:
            self.kept.forget()
        else:
            self._save(state)
            why, advice = "the error stopped falling", "are points nearly equal, or one of them far out?"
            if late:
                why = f"max_seconds={self.control.max_seconds} ended the solver"
                advice = "give it more time, or a checkpoint to go on from"
            warnings.warn(
                f"{why} at a relative mass error of {error.value:.3g} +- {error.standard_error:.1g}, "
                f"tolerance {self.control.tolerance}: {advice}",
                stacklevel=4,
            )
        average = state.average - state.average.mean()
        return Solution(average, error, state.batch * self.batch_size, certified, self.plain)

    def _step(self, state: State, sampler: Sampler) -> State:
        """One batch: count the cells' samples, move every height against its relative mass error, average."""
        batch = state.batch + 1
        counts, gap = self._count(sampler, state.heights, self.batch_size)
        gap = state.gap + (gap - state.gap) / batch
        excess = counts - self.expected
        move = gap * batch**-DECAY * np.clip(excess / np.maximum(self.expected, 1.0), -1.0, CLIP)
        for level in self.levels:
            total = np.bincount(level.owner, weights=excess, minlength=len(level.masses))
            group = total / np.maximum(self.batch_size * level.masses, 1.0)
            # a batch of this level's own size would be as many samples as there are groups
            batches = LEVEL_BATCHES + batch * self.sites / len(level.masses)
            move += level.gap * batches**-DECAY * np.clip(group, -1.0, CLIP)[level.owner]
        heights = state.heights - STEP * move
        heights -= heights.mean()
        average = state.average + (heights - state.average) * (2 / (batch + 1))  # weights t
        return replace(state, heights=heights, average=average, gap=gap, batch=batch)

    def _probe(self, state: State) -> tuple[MassError, float]:
        """The average's error on 8 samples a site, enough to tell a slow run, and the empty cells' part of E^2."""
        samples = max(8 * self.sites, 8 * SMALLEST_BATCH)
        counts = self._count(self._sampler(_PROBE_STREAM), state.average, samples)[0]
        masses = self.problem.masses
        empty = (counts == 0) & (masses * samples >= 8)
        return mass_error(counts, masses, self.weights), float((self.weights * masses**2)[empty].sum())

    def _slow(self, error: MassError, batch: int, empty: float = 0.0) -> bool:
        """Is the error far above what so many samples should leave, or are too many cells empty?"""
        expected = ABOVE_FLOOR**2 * self.effort / (batch * self.batch_size)
        wanted = max(SLOW**2 * expected, self.control.tolerance**2)
        fits = PER_CLUSTER * CANDIDATE_BYTES * self.sites <= self.control.memory_budget
        return fits and (error.square - 2 * error.square_deviation > wanted or empty > EMPTY)

    def _by_newton(self, state: State, before: MassError, bar: Any) -> tuple[State, MassError, bool, bool]:
        """Go on by Newton steps: the last state, its error, whether it is certified, and whether it is too late.

        Where more error is left than `before`, the state again, marked as tried: the run goes on there. A stopped run
        saves the state that it came with, and a resumed one comes here again.
        """
        former, tolerance = state, self.control.tolerance
        spent, weight = float(state.batch * self.batch_size), 0
        wanted = self.effort * (ABOVE_FLOOR / (AIM * tolerance)) ** 2
        for heights, samples, weight in self.processes.led(self._newton_heights(wanted), self.sites):
            batch = int(np.ceil((spent + samples) / self.batch_size))
            state = replace(state, heights=heights, average=heights, batch=batch)
            late = self._late()
            bar(batch, max(batch, int((spent + samples + wanted - weight) / self.batch_size)))
            if self.control.on_batch is not None:
                self.control.on_batch(batch, heights)
            if weight < wanted and not late:
                continue
            error = self._certify(state)
            certified = error.upper(self._deviations(state.checks)) <= tolerance
            if error.square > before.square:
                return replace(former, checks=state.checks + 1, tried=1), error, False, late
            if certified or late or self._stuck(state, error):
                return state, error, certified, late
            state = replace(state, checks=state.checks + 1)
            ratio = (max(error.value, tolerance) / (AIM * tolerance)) ** 2
            wanted = weight * float(np.clip(ratio, 1.15, 1.6))
        raise AssertionError("the steps never end")

    def _newton_heights(self, wanted: float) -> Iterator[tuple[ndarray, float, int]]:
        """Ever better heights, the samples that they cost, and the number of samples that they stand on."""
        problem, control = self.problem, self.control

        def make(points: ndarray) -> Products:
            return Products(points, control.device, control.memory_budget, control.threads)

        sampler = self._sampler(_NEWTON_STREAM, quasi=True)
        points = problem.points.astype(np.float64)
        most = max(FIXED * self.sites, 4 * SMALLEST_BATCH)
        most = min(most, control.memory_budget // (CANDIDATE_BYTES + 4 * points.shape[1]))
        largest = int(min(max(wanted, 1), most))
        began = time.monotonic()
        heights, cost = tree_start(points, problem.masses, make, sampler, self._overdue)
        weight, graph = PER_CLUSTER * self.sites, None
        yield heights, cost, weight
        pace = (time.monotonic() - began) / max(cost, 1)  # seconds a sample
        for size in (largest // GROWTH, largest):
            if self._overdue(pace * size):
                break
            began = time.monotonic()
            samples = sampler.draw(max(size, SMALLEST_BATCH)).cpu().numpy()
            seen = Candidates(self.products, points, problem.masses, samples, make)
            heights = solve_sample(seen, heights, self._overdue)
            cost, weight, pace = cost + seen.cost, len(samples), (time.monotonic() - began) / size
            graph = seen.hessian()
            yield heights, cost, weight
        for steps, spent in online(self.products, problem.masses, heights, weight, sampler, graph):
            yield steps, cost + spent, weight + spent

    def _count(self, sampler: Sampler, heights: ndarray, samples: int, until: float = np.inf) -> tuple[ndarray, float]:
        """The cells' counts among the next samples, and the mean gap between best and second-best value.

        At the clock's `until` it stops between two pieces, the first of which is always counted.
        """
        height = (heights - heights.mean()).astype(np.float32)
        counts = np.zeros(self.sites, np.int64)
        gap, done = 0.0, 0
        begin, end = self.processes.share(samples)
        after = sampler.position + samples
        sampler.position += begin
        piece = self.products.samples_at_once
        if until < np.inf:
            piece = min(piece, max(self.batch_size, PIECE // (self.sites * self.problem.source.dimension)))
        while done < end - begin and (done == 0 or time.monotonic() < until):
            share = min(end - begin - done, piece)
            best, second, index = self.products.top2(sampler.draw(share), height)
            counts += np.bincount(index, minlength=self.sites)
            gap += float((best - second).sum(dtype=np.float64))
            done += share
        sampler.position = after
        counts, gap, done = self.processes.total(counts, gap, done)
        return counts, gap / done

    def _certify(self, state: State) -> MassError:
        """Estimate the average's error from a fresh sample whose size is fixed beforehand, so that it stays unbiased.

        Its deviation in E^2, sqrt(2 sum (w nu)^2) / M, is at most a sixteenth of the squared tolerance. A look at a
        quarter of it may only end a hopeless check. Where the time is up the sample is shorter, and its deviation says
        so: the clock knows nothing of the counts.
        """
        sampler = self._sampler(_FIRST_CERTIFICATE_STREAM + state.checks)
        spread = float(np.sqrt(2 * ((self.weights * self.problem.masses) ** 2).sum()))
        size = max(16 * spread, 0.12 * self.effort) / self.control.tolerance**2
        size = max(int(size), SMALLEST_BATCH)
        until = np.inf
        if self.control.max_seconds is not None:
            until = self.began + (GRACE if self._late() else 1.0) * self.control.max_seconds
        counts = self._count(sampler, state.average, size // 4, until)[0]
        error = mass_error(counts, self.problem.masses, self.weights)
        hopeless = error.square - 3 * error.square_deviation > self.control.tolerance**2
        if hopeless or self.processes.decided(time.monotonic() >= until):
            return error
        counts += self._count(sampler, state.average, size - size // 4, until)[0]
        return mass_error(counts, self.problem.masses, self.weights)

    def _stuck(self, state: State, error: MassError) -> bool:
        """Has the error stopped falling above the tolerance, or has the run taken far more samples than it should?"""
        former = [value for batch, value in self.seen if 2 * batch <= state.batch]
        self.seen.append((state.batch, error.value))
        least = error.value - 2 * error.standard_error  # below the tolerance a certificate only failed by chance
        halted = bool(former) and least > max(STUCK * min(former), self.control.tolerance)
        samples = state.batch * self.batch_size
        return samples > self.patience or (halted and samples > self.patience / 5)

    def _deviations(self, checks: int) -> float:
        """Standard deviations to leave at an attempt; attempt k = 0, 1, ... errs with (1 - CONFIDENCE) / 2^(k + 1)."""
        return NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / 2 ** (checks + 1))

    def _scheduled(self, state: State, error: MassError) -> State:
        """The next check comes where sqrt(floor) decay should have brought the error to its aim."""
        ratio = (max(error.value, self.control.tolerance) / (AIM * self.control.tolerance)) ** 2
        next_check = int(np.ceil(state.batch * np.clip(ratio, 1.15, 2.5)))
        return replace(state, next_check=next_check, checks=state.checks + 1)

    def _first_state(self, start: ndarray | None) -> State:
        heights = self._best_start(start)
        samples = self.effort * (ABOVE_FLOOR / (AIM * self.control.tolerance)) ** 2
        return State(heights, heights.copy(), next_check=max(int(np.ceil(samples / self.batch_size)), 32))

    def _best_start(self, start: ndarray | None) -> ndarray:
        """The candidate with the least mass error on one batch: zeros, affine transport at three strengths, `start`."""
        problem = self.problem
        candidates = [np.zeros(self.sites), *affine_starts(problem.source, problem.points, problem.masses)]
        coarse = self._coarse_heights()
        if coarse is not None:
            candidates.append(coarse)
        if start is not None:
            candidates.append(start)
        samples = min(self.batch_size, 8192)
        errors = []
        for heights in candidates:  # the same samples for all
            counts, _ = self._count(self._sampler(_TRIAL_STREAM), heights, samples)
            errors.append(mass_error(counts, problem.masses, self.weights).square)
        return self.processes.firsts(candidates[int(np.argmin(errors))])

    def _coarse_heights(self) -> ndarray | None:
        """Solve for a quarter of the sites, keep its groups as levels of this run, and return heights for all sites."""
        problem, control = self.problem, self.control
        chosen = coarse_sites(self.sites, problem.source.dimension, control.seed)
        if chosen is None:
            return None
        points = problem.points[chosen]
        products = Products(points, control.device, control.memory_budget, control.threads)
        owner = owners(problem.points, points, products)
        masses = np.bincount(owner, weights=problem.masses, minlength=len(points))
        run = _Run(Problem(problem.source, points, masses), control, products)
        state = run._first_state(None)
        sampler = run._sampler(_TRAINING_STREAM, quasi=True)
        for _ in range(LEVEL_BATCHES):
            state = run._step(state, sampler)
        coarser = [Level(level.owner[owner], level.masses, level.gap) for level in run.levels]
        self.levels = [Level(owner, masses, state.gap), *coarser]
        average = state.average - state.average.mean()
        return conjugate_heights(problem.source, problem.points, products, average, control.seed, control.threads)

    def _sampler(self, stream: int, quasi: bool = False) -> Sampler:
        return Sampler(self.problem.source, self.control.seed, stream, quasi, self.control.device)

    def _late(self) -> bool:
        """Is the time up, by the first process's clock?"""
        return self.control.max_seconds is not None and self.processes.decided(self._overdue())

    def _overdue(self, after: float = 0.0) -> bool:
        """Is the time up by this one's clock, or will it be so many seconds `after` now?"""
        limit = self.control.max_seconds
        return limit is not None and time.monotonic() - self.began + after > limit

    def _fingerprint(self) -> str:
        source, control = self.problem.source, self.control
        told = f"{source.name} {source.dimension} {control.tolerance} {control.seed}"
        return fingerprint(told, [source.vertices, self.problem.points, self.problem.masses])

    def _save(self, state: State) -> None:
        self.saved = time.monotonic()
        self.kept.save(state)
