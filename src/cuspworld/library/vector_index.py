"""An index of a library's vectors: lists of near vectors (Lance's IVF_FLAT), and how many of them a search looks into.

How many lists hold the nearest vectors depends on the data: few where it lies on a low-dimensional manifold, most where
it is noise. So it is measured on the column itself, against looking at every vector.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from cuspworld.errors import CuspError

SAMPLE = 200  # vectors that the number of lists is measured on
NEAREST = 20  # a search for more, or under a condition, looks at every vector
_FEWEST = 256  # vectors that an index is made of


def lists_name(column: str) -> str:
    """Under which name the table's configuration keeps how many lists a search looks into."""
    return f"cuspworld.lists.{column}"


def make_index(dataset: Any, column: str) -> None:
    """Lists as many as the square root of the vectors."""
    if column not in dataset.schema.names:
        raise CuspError(f"the library has no vectors {column!r}: set them, or run cusp encode")
    count = dataset.count_rows(f"{column} is not null")
    if count < _FEWEST:
        raise CuspError(f"an index needs {_FEWEST} vectors, {column!r} has {count}: every one is compared quickly")
    dataset.create_index(column, "IVF_FLAT", metric="l2", num_partitions=max(1, round(count**0.5)), replace=True)


def fewest_lists(dataset: Any, column: str, recall: float) -> int:
    """The fewest lists, in steps of a half more, that find `recall` of the nearest of some of the column's vectors."""
    count = dataset.count_rows()
    rows = np.sort(np.random.default_rng(0).choice(count, min(2 * SAMPLE, count), replace=False))
    found = [vector for vector in dataset.take(rows.tolist(), columns=[column])[column].to_pylist() if vector]
    queries = np.array(found[:SAMPLE], np.float32)
    truth = [set(_nearest(dataset, column, query, use_index=False)) for query in queries]
    most = max(1, round(dataset.count_rows(f"{column} is not null") ** 0.5))
    lists = 1
    while lists < most:
        hits = [set(_nearest(dataset, column, query, nprobes=lists)) for query in queries]
        if sum(len(a & b) for a, b in zip(hits, truth, strict=True)) >= recall * sum(map(len, truth)):
            return lists
        lists = min(most, max(lists + 1, lists * 3 // 2))
    return most


def _nearest(dataset: Any, column: str, query: np.ndarray, **options: Any) -> list[int]:
    nearest = {"column": column, "q": query, "k": NEAREST, "metric": "l2", **options}
    table = dataset.scanner(columns=["_distance"], nearest=nearest, with_row_id=True).to_table()
    return table["_rowid"].to_pylist()
