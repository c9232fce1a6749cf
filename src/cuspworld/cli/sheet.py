"""A contact sheet of a library: a row of frames a clip, its caption above."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from cuspworld.errors import CuspError
from cuspworld.files import written_whole
from cuspworld.video.contact_sheet import contact_sheet


def write_library_sheet(path: Path, library: Path, clips: int, frames: int, columns: int | None) -> None:
    """`clips` clips spread evenly over the library, one under the other, as a PNG."""
    from PIL import Image

    from cuspworld.library import Library

    opened = Library.open(library)
    if not len(opened):
        raise CuspError(f"the library {library} has no clips to show")
    chosen = np.unique(np.linspace(0, len(opened) - 1, clips).round().astype(int))
    sheets = []
    for index in chosen:
        clip = opened[int(index)]
        sheets.append(contact_sheet([clip.frames], clip.fps, caption=clip.caption, frames=frames,
                                    columns=columns or frames, cell=100))  # fmt: skip
    width = max(sheet.shape[1] for sheet in sheets)
    padded = [np.pad(s, ((0, 0), (0, width - s.shape[1]), (0, 0)), constant_values=255) for s in sheets]
    with written_whole(path) as aside:
        Image.fromarray(np.concatenate(padded)).save(aside, format="PNG")
