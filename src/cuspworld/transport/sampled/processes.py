"""The processes that solve one problem together: each counts its share of every sample, and all know all counts.

Samples are what a solution costs, and a sample's cell does not depend on the others'. Counts are whole numbers, so
their sum is that of one process, however many there are. What is decided (is it late, which start) the first decides.
"""

import os
from collections.abc import Callable, Iterator

import numpy as np
import torch
import torch.distributed as group
from numpy import ndarray

from cuspworld.errors import CuspError

Step = tuple[ndarray, float, int]  # heights, samples that they cost, samples that they stand on


class Processes:
    """This process among those that torchrun or accelerate started, if they are to work `together`; else alone."""

    def __init__(self, together: bool):
        self.rank, self.count = 0, 1
        if together and int(os.environ.get("WORLD_SIZE", "1")) > 1 and not group.is_initialized():
            group.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
        if together and group.is_available() and group.is_initialized():
            self.rank, self.count = group.get_rank(), group.get_world_size()

    @property
    def first(self) -> bool:
        return self.rank == 0

    def of_one(self, digest: Callable[[], str]) -> None:
        """Raises CuspError, in all of them, where they were not given the same problem."""
        if self.count == 1:
            return
        digests: list[str] = [""] * self.count
        group.all_gather_object(digests, digest())
        if len(set(digests)) > 1:
            raise CuspError(
                "distributed=True solves one problem by all processes, and theirs differ in points, masses, source, "
                "seed or tolerance: give every process the same, or distributed=False to solve each its own"
            )

    def share(self, samples: int) -> tuple[int, int]:
        """Where this process's share of so many samples begins and ends."""
        return self.rank * samples // self.count, (self.rank + 1) * samples // self.count

    def total(self, counts: ndarray, gap: float, done: int) -> tuple[ndarray, float, int]:
        """The sums over all processes."""
        if self.count == 1:
            return counts, gap, done
        whole = self._everywhere(np.append(counts, done), group.all_reduce)
        return whole[:-1], float(self._everywhere(np.array([gap]), group.all_reduce)[0]), int(whole[-1])

    def firsts(self, array: ndarray) -> ndarray:
        """The first process's array; the others give one of its shape and kind."""
        return array if self.count == 1 else self._everywhere(array, lambda tensor: group.broadcast(tensor, 0))

    def decided(self, flag: bool) -> bool:
        """What the first process finds, whose clock is everybody's."""
        return bool(self.firsts(np.array([flag], np.int64))[0])

    def led(self, steps: Iterator[Step], sites: int) -> Iterator[Step]:
        """The first process's steps. The others' iterators are not begun."""
        while True:
            heights, cost, weight = next(steps) if self.first else (np.empty(sites), 0.0, 0)
            told = self.firsts(np.concatenate([heights, [cost, weight]]))
            yield told[:-2], float(told[-2]), int(told[-1])

    def _everywhere(self, array: ndarray, work: Callable[[torch.Tensor], object]) -> ndarray:
        here = f"cuda:{os.environ.get('LOCAL_RANK', '0')}" if group.get_backend() == "nccl" else "cpu"
        tensor = torch.from_numpy(np.array(array)).to(here)  # a copy: alone, the caller keeps its own
        work(tensor)
        return tensor.cpu().numpy()
