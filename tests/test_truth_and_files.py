"""Truth to bytes and back; images from strangers; frames resized and resampled as they stream by."""

import numpy as np
import pytest
from PIL import Image

from cuspworld import worlds
from cuspworld.errors import CuspError
from cuspworld.files import written_whole
from cuspworld.laws import Law
from cuspworld.truth import Truth, Violation
from cuspworld.video import frames
from cuspworld.video.images import read_image


def test_a_truth_comes_back_with_everything():
    clip = worlds.make("Collision").record(seed=4, seconds=1.0, size=16)
    truth, back = clip.truth, Truth.from_bytes(clip.truth.to_bytes())
    assert back.to_bytes() == truth.to_bytes()
    for name in ("state", "action", "conserved", "masks"):
        a, b = getattr(truth, name), getattr(back, name)
        assert a.dtype == b.dtype and np.array_equal(a, b)
    for name in ("world", "parameters", "units", "events", "instances", "camera", "branch", "violation"):
        assert getattr(back, name) == getattr(truth, name)


@pytest.mark.parametrize("data", [b"", b"junk", b"PK\x03\x04 junk", b"\x80\x04\x95pickle"])
def test_bytes_that_are_not_a_truth(data):
    with pytest.raises(CuspError, match="not a truth record"):
        Truth.from_bytes(data)


def test_a_truth_cut_short_or_with_pickles_is_refused(tmp_path):
    data = worlds.make("Collision").record(seed=4, seconds=0.3, size=16).truth.to_bytes()
    for left in (len(data) - 1, len(data) // 2, 30):
        with pytest.raises(CuspError, match="not a truth record"):
            Truth.from_bytes(data[:left])
    np.savez(tmp_path / "evil.npz", header=np.array([{"a": 1}], dtype=object))
    with pytest.raises(CuspError, match="not a truth record"):
        Truth.from_bytes((tmp_path / "evil.npz").read_bytes())


def test_folders_take_the_place_of_folders_whole_or_not_at_all(tmp_path):
    for text in ("one", "two"):
        with written_whole(tmp_path / "model") as aside:
            aside.mkdir()
            (aside / "a").write_text(text)
        assert (tmp_path / "model" / "a").read_text() == text
    with pytest.raises(KeyboardInterrupt), written_whole(tmp_path / "model") as aside:
        aside.mkdir()
        (aside / "a").write_text("half")
        raise KeyboardInterrupt
    assert (tmp_path / "model" / "a").read_text() == "two" and len(list(tmp_path.iterdir())) == 1


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


def test_a_violation_names_the_laws_that_it_breaks_and_an_older_one_may_not():
    box = (0.0, 0.0, 1.0, 1.0)
    assert Violation("hover", "gravity, inertia", 0.1, 1.0, box).breaks == {Law.GRAVITY, Law.INERTIA}
    assert Violation("hover", "nothing hangs in the air unsupported", 0.1, 1.0, box).breaks == frozenset()
