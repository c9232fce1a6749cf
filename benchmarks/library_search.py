"""Vector search of a library: an index against looking at every vector, 100,000 vectors of 64 numbers.

    python benchmarks/library_search.py [--quick] [--save]

Three sets: noise (no index can be quick: every list may hold a near vector), noise in 8 of the 64 dimensions bent by a
sine, and 500 clouds. Queries are 200 more of the same. Recall is the share of the ten nearest that NumPy's matrix
product finds.
"""

import argparse
import tempfile
import time
from pathlib import Path

import lance
import numpy as np
import pyarrow as pa

from cuspworld import Library
from cuspworld.library.schema import SCHEMA
from results import Table, add_argument

WIDTH, QUERIES, NEAREST = 64, 200, 10


def sets(count: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    inner = rng.normal(size=(count, 8)) @ rng.normal(size=(8, WIDTH))
    clouds = 3 * rng.normal(size=(500, WIDTH))[rng.integers(500, size=count)] + rng.normal(size=(count, WIDTH))
    return {"noise": rng.normal(size=(count, WIDTH)), "8-dimensional": np.sin(inner), "500 clouds": clouds}


def library_of(path: Path, vectors: np.ndarray) -> Library:
    """A library of clips without frames, written as one piece: only its vectors are looked at."""
    count = len(vectors)
    same = {"source": "s", "split": "train", "caption": "c", "fps": 10.0, "time": 1, "height": 8, "width": 8}
    known = {name: pa.array([value] * count, SCHEMA.field(name).type) for name, value in same.items()}
    known |= {"key": pa.array([f"{n:08d}" for n in range(count)]), "frames": pa.array([b""] * count, pa.large_binary())}
    columns = [known.get(field.name, pa.nulls(count, field.type)) for field in SCHEMA]
    lance.write_dataset(pa.table(columns, schema=SCHEMA), str(path))
    library = Library.open(path)
    library.set_vectors(vectors)
    return library


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="3,000 vectors")
    add_argument(parser)
    arguments = parser.parse_args()
    count = 3_000 if arguments.quick else 100_000
    rng = np.random.default_rng(0)
    with Table("library_search", arguments.save) as table, tempfile.TemporaryDirectory() as folder:
        for name, vectors in sets(count + QUERIES, rng).items():
            queries, vectors = vectors[:QUERIES].astype(np.float32), vectors[QUERIES:].astype(np.float32)
            library = library_of(Path(folder) / f"{name.replace(' ', '_')}.lance", vectors)
            began = time.perf_counter()
            apart = (vectors**2).sum(1) - 2 * queries @ vectors.T
            truth = [set(row.tolist()) for row in np.argpartition(apart, NEAREST, axis=1)[:, :NEAREST]]
            product = (time.perf_counter() - began) / QUERIES
            exact, exact_time = searched(library, queries, exact=True)
            began = time.perf_counter()
            lists = library.index_vectors()
            made = time.perf_counter() - began
            found, index_time = searched(library, queries, exact=False)
            table.add(
                {
                    "vectors": name,
                    "count": count,
                    "every vector, ms": 1000 * exact_time,
                    "its recall": recall(exact, truth),
                    "index, ms": 1000 * index_time,
                    "index's recall": recall(found, truth),
                    "lists looked into": f"{lists} of {round(count**0.5)}",
                    "making the index, s": made,
                    "matrix product of 200 at once, ms each": 1000 * product,
                }
            )


def searched(library: Library, queries: np.ndarray, exact: bool) -> tuple[list[set[int]], float]:
    library.search(queries[0], k=NEAREST, exact=exact)  # opens files
    began = time.perf_counter()
    found = [{match.index for match in library.search(query, k=NEAREST, exact=exact)} for query in queries]
    return found, (time.perf_counter() - began) / len(queries)


def recall(found: list[set[int]], truth: list[set[int]]) -> float:
    return sum(len(a & b) for a, b in zip(found, truth, strict=True)) / sum(map(len, truth))


if __name__ == "__main__":
    main()
