"""Contact sheets: the right frames, at the right places, with the right times."""

import numpy as np
import pytest
from PIL import Image

from cuspworld import Clip
from cuspworld.errors import CuspError
from cuspworld.video.contact_sheet import _evenly, contact_sheet
from tests.video_files import numbered


def test_frames_are_evenly_spaced_with_the_first_and_the_last():
    for total in (1, 2, 15, 16, 17, 100, 5000):
        frames = np.arange(total, dtype=np.uint32).view(np.uint8).reshape(total, 1, 4, 1)[:, :, :3].repeat(3, -1)
        chosen, counted = _evenly((frames[k : k + 7] for k in range(0, total, 7)), 16)
        indices = [index for index, _ in chosen]
        assert counted == total and len(indices) == min(16, total)
        assert indices[0] == 0 and indices[-1] == total - 1
        ideal = np.linspace(0, total - 1, len(indices))
        assert np.abs(indices - ideal).max() <= max(1, total / 15 / 8)  # an eighth of the gap at most
        assert all(np.array_equal(picture, frames[index]) for index, picture in chosen)


def test_each_cell_shows_its_frame():
    sheet = contact_sheet([numbered(8, 32, 32)], 10.0, frames=8, columns=4, cell=64)
    levels = [16 + 9 * k for k in range(8)]
    found = []
    for row in range(sheet.shape[0]):
        line = sheet[row, :, 0]
        for column in range(4):
            patch = line[20 + column * 74 : 20 + column * 74 + 64]
            if (patch == patch[0]).all() and int(patch[0]) in levels and int(patch[0]) not in found:
                found.append(int(patch[0]))
    assert found == levels  # in reading order


def test_a_sheet_is_written_by_the_clip(tmp_path):
    Clip(numbered(20), 10.0, "numbers, brighter and brighter").write(tmp_path / "sheet.png")
    with Image.open(tmp_path / "sheet.png") as image:
        assert image.mode == "RGB" and image.width >= 420


@pytest.mark.parametrize("caption", ["", "word " * 2000, "x" * 5000, "一只小狗在草地上", "🎬🐶", "\x00\n\t"])
def test_any_caption_can_be_drawn(caption):
    assert contact_sheet([numbered(2)], 10.0, caption=caption).std() > 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (33, 47)])
def test_any_shape_of_frame(shape):
    assert contact_sheet([numbered(3, *shape)], 10.0).ndim == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"frames": 0}, "frames of a contact sheet"),
        ({"frames": 10**6}, "frames of a contact sheet"),
        ({"columns": -1}, "columns of a contact sheet"),
        ({"cell": 10**6}, "cell of a contact sheet"),
    ],
)
def test_numbers_out_of_range(options, message):
    with pytest.raises(CuspError, match=message):
        contact_sheet([numbered(2)], 10.0, **options)
    with pytest.raises(CuspError, match="at least one frame"):
        contact_sheet([], 10.0)
