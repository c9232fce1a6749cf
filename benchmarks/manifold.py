"""Does the manifold report find what is known: Heat's boundary in its inside, and Juice's two steady states?

    python benchmarks/manifold.py [--quick] [--save]

*inside*: of a plate whose edge n heaters set, n x n temperatures inside are known (n^2 numbers, n = 2, 4, 8; 1,000
draws): the dimension is n, and the solution of Laplace's equation says why. *recorded*: the same plates with one to
four heaters as 200 clips of 64 x 64 pixels, encoded, as `cusp manifold` sees them: their steps' codes. Dimensions are
those of the report, with the interval that nine in ten random halves stay in.
*branches*: 150 clips of Juice of one colour, and of three; a step *has fallen* if its glass is tilted by
more than 45 degrees at its last frame.
"""

import argparse
import math
import tempfile
from pathlib import Path

import numpy as np

from cuspworld import Library
from cuspworld.codec.codec import Codec
from cuspworld.curation.encoding import Latents, encode
from cuspworld.curation.manifold import Manifold, dimensions, manifold_of
from cuspworld.worlds.heat.equation import Plate
from results import Table, add_argument

STEP = 4  # latent frames
COLOURS = ("red", "blue", "orange", "green", "purple")
INNER, DRAWS = 63, 1000


def inside(n: int, draws: int) -> np.ndarray:
    """(draws, n^2): temperatures on an n x n grid inside, of edges that n heaters of random temperatures set."""
    plate = Plate(INNER, 0.1, 1e-4)
    outer = INNER + 2
    ring = [(0, k) for k in range(outer)] + [(k, outer - 1) for k in range(1, outer)]
    ring += [(outer - 1, k) for k in range(outer - 2, -1, -1)] + [(k, 0) for k in range(outer - 2, 0, -1)]
    rows, columns = np.array(ring).T
    place = np.arange(len(ring)) / len(ring)
    answers = []
    for heater in range(n):  # Laplace's equation is linear: one solution a heater
        edge = np.zeros((outer, outer))
        edge[rows, columns] = np.exp(6.0 * (np.cos(2 * math.pi * (place - heater / n)) - 1))
        grid = (np.arange(1, n + 1) * (INNER + 1) / (n + 1)).round().astype(int) - 1
        answers.append(plate.steady(edge)[np.ix_(grid, grid)].ravel())
    heats = np.random.default_rng(n).uniform(-60, 60, (draws, n))
    return heats @ np.array(answers)


def recorded(folder: Path, codec: Codec, world: str, clips: int, **recipe: object) -> tuple[Library, Manifold]:
    library = Library.create(folder / f"{len(list(folder.iterdir()))}.lance")
    colours = recipe.pop("colours", None)
    for part in colours or [None]:
        options = {} if part is None else {"options": {"liquid": part}}
        library.record(world, max(1, clips // len(colours or [0])), size=64, fps=10, **recipe, **options)
    encode(library, codec)
    return library, manifold_of(world, list(Latents(library)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="fewer draws and clips")
    add_argument(parser)
    arguments = parser.parse_args()
    draws, plates, glasses = (200, 60, 40) if arguments.quick else (DRAWS, 200, 150)
    codec = Codec.from_pretrained("worlds")
    with Table("manifold", arguments.save) as table, tempfile.TemporaryDirectory() as name:

        def tell(what: str, n: int, numbers: int, points: np.ndarray) -> None:
            row: dict[str, object] = {"what": what, "heaters": n, "numbers a point": numbers, "points": len(points)}
            for found in dimensions(points):
                row |= {found.estimator: round(found.value, 2), f"{found.estimator}, from": round(found.low, 2)}
                row[f"{found.estimator}, to"] = round(found.high, 2)
            table.add(row)

        for n in (2, 4, 8):
            tell("inside", n, n * n, inside(n, draws))
        for n, preset in ((1, "one_heater"), (2, "two_heaters"), (3, "three_heaters"), (4, None)):
            _, found = recorded(Path(name), codec, "Heat", plates, seconds=0.8, preset=preset)
            tell("recorded", n, found.codes.shape[1], np.unique(found.codes, axis=0))
        for count in (1, 3):
            library, found = recorded(Path(name), codec, "Juice", glasses, seconds=3.0, colours=COLOURS[:count])
            tilts = [np.abs(clip.truth.state["glass_angle"]) for clip in library]
            ends = np.minimum(found.times + STEP - 1, len(tilts[0]) - 1)
            fallen = np.array([tilts[clip][end] > math.pi / 4 for clip, end in zip(found.clips, ends, strict=True)])
            shares = [float(fallen[found.branch == b].mean()) for b in range(len(found.branches))]
            sizes = [branch.steps for branch in found.branches]
            pure = sum(size * max(share, 1 - share) for size, share in zip(sizes, shares, strict=True)) / sum(sizes)
            row = {"colours": count, "clips": len(library), "steps": sum(sizes), "branches": len(sizes)}
            row |= {"steps in each": " ".join(map(str, sizes))}
            row |= {"fallen in each, %": " ".join(f"{100 * share:.0f}" for share in shares)}
            table.add({**row, "steps of their branch's state, %": round(100 * pure, 1)})


if __name__ == "__main__":
    main()
