"""Images from strangers; frames resized and resampled as they stream by; sizes that are refused."""

import os

import numpy as np
import pytest
from PIL import Image

from cuspworld.errors import CuspError
from cuspworld.video import frames
from cuspworld.video.folder import videos_of
from cuspworld.video.images import description, read_image


def test_images_are_upright_rgb_and_bad_ones_are_named(tmp_path):
    picture = np.zeros((4, 6, 3), np.uint8)
    picture[0, 0] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned by 90 degrees clockwise
    Image.fromarray(picture).save(tmp_path / "a.png", exif=exif)
    assert np.array_equal(read_image(tmp_path / "a.png"), np.rot90(picture, -1))
    Image.fromarray(picture[..., 0]).save(tmp_path / "grey.png")
    assert read_image(tmp_path / "grey.png").shape == (4, 6, 3)
    for name, data in (("empty.png", b""), ("text.png", b"hello"), ("cut.png", (tmp_path / "a.png").read_bytes()[:60])):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(CuspError, match="not an image"):
            read_image(tmp_path / name)
    with pytest.raises(CuspError, match="no image at"):
        read_image(tmp_path / "missing.png")
    os.mkfifo(tmp_path / "pipe.png")  # nobody writes into it
    for read in (read_image, description):
        with pytest.raises(CuspError, match="no file"):
            read(tmp_path / "pipe.png")


def test_resampling_shows_the_frame_that_is_on_and_does_not_depend_on_the_pieces():
    video = np.arange(30, dtype=np.uint8).reshape(30, 1, 1, 1).repeat(3, -1)
    for rate in (3.0, 10.0, 12.5, 24.0, 60.0):
        whole = np.concatenate(list(frames.resample(iter([video]), 10.0, rate)))[:, 0, 0, 0]
        pieces = np.concatenate(list(frames.resample(iter([video[:7], video[7:8], video[8:]]), 10.0, rate)))[:, 0, 0, 0]
        times = np.arange(len(whole)) / rate
        assert np.array_equal(whole, np.floor(times * 10 + 1e-9)) and np.array_equal(pieces, whole)
        assert len(whole) == round(3 * rate)


def test_the_first_frames_of_a_stream():
    video = np.arange(20, dtype=np.uint8).reshape(20, 1, 1, 1).repeat(3, -1)
    for total in (1, 5, 6, 20, 50):
        taken = np.concatenate(list(frames.first(iter([video[:5], video[5:12], video[12:]]), total)))
        assert taken[:, 0, 0, 0].tolist() == list(range(min(total, 20)))


def test_frames_are_covered_and_cropped_never_stretched():
    """A disc stays round whatever the target's shape, and frames of the right size are the very same."""
    y, x = np.mgrid[:48, :96]
    disc = ((y - 23.5) ** 2 + (x - 47.5) ** 2 < 12**2)[None, ..., None] * np.full(3, 255, np.uint8)
    assert frames.resize_frames(disc, (48, 96)) is disc
    for size in ((24, 24), (64, 64), (24, 80)):
        lit = frames.resize_frames(disc, size)[0, ..., 0] > 127
        assert lit.shape == size and abs(int(lit.any(0).sum()) - int(lit.any(1).sum())) <= 1
    strip = np.zeros((1, 2, 4000, 3), np.uint8)
    with pytest.raises(CuspError, match="a frame of 2x4000 pixels would become"):
        frames.resize_frames(strip, (4000, 64))


def test_a_folder_that_is_none_says_what_it_is(tmp_path):
    (tmp_path / "file").touch()
    for name, said in (("nowhere", "does not exist"), ("file", "is a file")):
        with pytest.raises(CuspError, match=said):
            videos_of(tmp_path / name)
    with pytest.raises(CuspError, match="no video in the folder"):
        videos_of(tmp_path)
    (tmp_path / ".hidden.mp4").touch()
    (tmp_path / "b.mp4").touch()
    assert videos_of(tmp_path) == [tmp_path / "b.mp4"]
