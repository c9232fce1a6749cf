"""Save a matplotlib figure as a small PNG, whole or not at all, and read the file type that a person asked for."""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from cuspworld.errors import CuspError
from cuspworld.files import written_whole


def check_picture(path: str | Path) -> Path:
    """The path of a PNG to write. Raises CuspError for another suffix or a missing folder, before any work."""
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise CuspError(f"the picture must be a .png: got {path.name!r}")
    if not path.parent.is_dir():
        raise CuspError(
            f"cannot write {path}: the folder {path.parent} does not exist; create it or choose another place"
        )
    return path


def save_picture(figure: Figure, path: str | Path) -> None:
    """Write the figure as an RGB PNG: a third smaller than matplotlib's own file, and without a date in it."""
    from PIL import Image

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    pixels = np.asarray(canvas.buffer_rgba())[..., :3]
    with written_whole(path) as aside:
        Image.fromarray(np.ascontiguousarray(pixels)).save(aside, format="PNG", optimize=True)
