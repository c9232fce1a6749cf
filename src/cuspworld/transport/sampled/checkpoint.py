"""What a run of the solver goes on from, kept in a file: its state, and of which problem it is."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from jaxtyping import Float64
from numpy import ndarray

from cuspworld.arrays import read_arrays, write_arrays
from cuspworld.errors import CuspError
from cuspworld.transport.sampled.processes import Processes

_ADVICE = "remove it, and the next fit starts anew"


@dataclass(frozen=True)
class State:
    """All that a run goes on from; a step makes a new one, so that Ctrl-C never leaves half a step."""

    heights: Float64[ndarray, " sites"]
    average: Float64[ndarray, " sites"]
    gap: float = 0.0
    batch: int = 0
    next_check: int = 0
    checks: int = 0
    tried: int = 0  # 1 after Newton steps did worse than those before

    @property
    def numbers(self) -> Float64[ndarray, "5"]:
        return np.array([self.gap, self.batch, self.next_check, self.checks, self.tried], np.float64)

    @classmethod
    def of(cls, heights: ndarray, average: ndarray, numbers: Float64[ndarray, "5"]) -> "State":
        gap, *counts = numbers.tolist()
        return cls(heights, average, gap, *(int(number) for number in counts))


def fingerprint(told: str, arrays: list[ndarray | None]) -> str:
    """Of a problem: what is told of it in words, and its arrays."""
    digest = hashlib.sha256(told.encode())
    for array in arrays:
        if array is not None:
            digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


class Checkpoint:
    """The file `path`, None for no file, of the first of several processes. `problem`: its fingerprint."""

    def __init__(self, path: Path | None, problem: Callable[[], str], processes: Processes):
        self.path, self._problem, self.processes = path, problem, processes

    @cached_property
    def problem(self) -> str:
        return self._problem()

    def begun(self, first: State) -> State:
        """The state that the file holds, else `first`: the same in all processes. Raises CuspError for a file of
        another problem, or a damaged one."""
        state = (self._load(len(first.heights)) if self.processes.first else None) or first
        if self.processes.count == 1:
            return state
        told = self.processes.firsts(np.concatenate([state.heights, state.average, state.numbers]))
        return State.of(*np.split(told, [len(first.heights), 2 * len(first.heights)]))

    def save(self, state: State) -> None:
        if self.path is not None and self.processes.first:
            arrays = {"heights": state.heights, "average": state.average, "numbers": state.numbers}
            write_arrays(self.path, arrays, {"problem": self.problem})

    def forget(self) -> None:
        """Remove the file of a finished run: other problems may use its place."""
        if self.path is not None and self.processes.first:
            Path(self.path).unlink(missing_ok=True)

    def _load(self, sites: int) -> State | None:
        if self.path is None or not Path(self.path).is_file():
            return None
        arrays, header = read_arrays(self.path, _ADVICE)
        if header.get("problem") != self.problem:
            raise CuspError(
                f"checkpoint {self.path} belongs to other points, masses, source, seed or tolerance: "
                "remove it, or name another file"
            )
        shapes = {"heights": (sites,), "average": (sites,), "numbers": (5,)}
        if any(name not in arrays or arrays[name].shape != shape for name, shape in shapes.items()) or not all(
            np.isfinite(arrays[name]).all() for name in shapes
        ):
            raise CuspError(f"checkpoint {self.path} is damaged; {_ADVICE}")
        return State.of(arrays["heights"], arrays["average"], arrays["numbers"])
