"""Regular (weighted Delaunay) triangulation of sites with heights, from scipy's Qhull.

The lower hull of the lifted points (y_j, -h_j) in one more dimension is the graph of the conjugate u* of the potential
u(x) = max_j <x, y_j> + h_j; its faces project to the triangulation that is dual to the Laguerre cells (Aurenhammer
1987). The hull is equivariant under affine maps of y and under adding an affine function to h, so flat and stretched
sets of sites are whitened inside their own affine hull first.
"""

import numpy as np
from jaxtyping import Float64, Int64
from scipy.spatial import ConvexHull, QhullError

from cuspworld.errors import CuspError


def affine_coordinates(points: Float64[np.ndarray, "N d"], flat: float = 1e-10) -> Float64[np.ndarray, "N r"]:
    """Whitened coordinates of the points inside their affine hull of dimension r <= d.

    A direction whose extent is below `flat` times the widest one counts as absent.
    """
    centred = points - points.mean(0)
    _, singular, directions = np.linalg.svd(np.linalg.qr(centred, mode="r"))
    if len(singular) == 0 or singular[0] == 0.0:
        return np.zeros((len(points), 0))
    kept = singular > flat * singular[0]
    rank = int(kept.sum())
    return np.ascontiguousarray(centred @ directions[:rank].T / singular[:rank] * np.sqrt(len(points)))


def regular_triangulation(
    points: Float64[np.ndarray, "N d"], heights: Float64[np.ndarray, " N"]
) -> Int64[np.ndarray, "T corners"]:
    """Simplices (T, r + 1) of the regular triangulation, r the dimension of the points' affine hull.

    The points must be distinct. Sites whose cell is empty in all of R^d do not occur.
    """
    coordinates = affine_coordinates(points)
    number, rank = coordinates.shape
    if number == 1 or rank == 0:
        return np.zeros((1, 1), np.int64)
    design = np.column_stack([coordinates, np.ones(number)])
    lift = -heights + design @ np.linalg.lstsq(design, heights, rcond=None)[0]
    spread = np.abs(lift).max()
    lift = lift / spread if spread > 0 else lift
    if rank == 1:
        return _chain(coordinates[:, 0], lift)
    # one apex far above closes the hull, so that r + 1 sites suffice and the upper side costs nothing
    apex = np.append(coordinates.mean(0), 10.0 * max(1.0, np.abs(lift).max()) + 10.0)
    lifted = np.vstack([np.column_stack([coordinates, lift]), apex])
    try:
        hull = ConvexHull(lifted, qhull_options="Qt" if rank < 3 else "Qt Qx")
    except QhullError as error:
        raise CuspError(
            f"points could not be triangulated ({str(error).splitlines()[0]}); remove near duplicates"
        ) from error
    simplices = hull.simplices[(hull.simplices != number).all(1)]
    return np.ascontiguousarray(simplices, dtype=np.int64)


def _chain(coordinate: np.ndarray, lift: np.ndarray) -> np.ndarray:
    """Lower hull in the plane by Andrew's scan, as segments (T, 2)."""
    hull: list[int] = []
    for k in np.lexsort((lift, coordinate)):
        if hull and coordinate[k] == coordinate[hull[-1]]:
            continue
        while len(hull) > 1:
            a, b = hull[-2], hull[-1]
            left = (lift[b] - lift[a]) * (coordinate[k] - coordinate[a])
            if left < (lift[k] - lift[a]) * (coordinate[b] - coordinate[a]):
                break
            hull.pop()
        hull.append(int(k))
    return np.column_stack([hull[:-1], hull[1:]]).astype(np.int64)


def neighbour_graph(
    simplices: Int64[np.ndarray, "T corners"], number: int
) -> tuple[Int64[np.ndarray, " N1"], Int64[np.ndarray, " E"]]:
    """Edges of the simplices as compressed rows: offsets (number + 1,) and neighbours (E,), each row sorted."""
    corners = simplices.shape[1]
    pairs = [simplices[:, [a, b]] for a in range(corners) for b in range(corners) if a != b]
    if not pairs:
        return np.zeros(number + 1, np.int64), np.zeros(0, np.int64)
    return compressed_rows(np.concatenate(pairs), number)


def compressed_rows(
    pairs: Int64[np.ndarray, "P 2"], number: int
) -> tuple[Int64[np.ndarray, " N1"], Int64[np.ndarray, " E"]]:
    """Distinct directed pairs as compressed rows."""
    keys = np.unique(pairs[:, 0] * number + pairs[:, 1])
    rows, columns = np.divmod(keys, number)
    return np.searchsorted(rows, np.arange(number + 1)).astype(np.int64), columns
