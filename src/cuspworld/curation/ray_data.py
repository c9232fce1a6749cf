"""Tasks through Ray Data: a row a task, mapped by as many processes as the cluster has processors; results as they
come. A process that dies is replaced by Ray and its rows done again."""

from __future__ import annotations

import logging
import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any


def on_ray_data(function: Callable[[Any], Any], tasks: Sequence[Any]) -> Iterator[tuple[Any, Any]]:
    """(task, function(task)) as they finish, on the cluster that RAY_ADDRESS names, else one started here."""
    if not tasks:
        return
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    import ray
    import ray.data

    ours = not ray.is_initialized()
    if ours:
        ray.init(log_to_driver=False, include_dashboard=False, logging_level=logging.ERROR)
    try:
        ray.data.DataContext.get_current().enable_progress_bars = False
        rows = ray.data.from_items([{"number": number} for number in range(len(tasks))], override_num_blocks=len(tasks))
        for row in rows.map(partial(_work, function, tasks)).iter_rows():
            yield tasks[row["number"]], pickle.loads(row["result"])
    finally:
        if ours:
            ray.shutdown()


def _work(function: Callable[[Any], Any], tasks: Sequence[Any], row: dict[str, Any]) -> dict[str, Any]:
    """What Ray calls. A function of a module, which its workers import: one made here would travel by value, with
    whatever it holds."""
    return {"number": row["number"], "result": pickle.dumps(function(tasks[row["number"]]))}
