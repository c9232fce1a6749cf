"""Truth to bytes and back; files and folders written whole."""

import numpy as np
import pytest

from cuspworld import worlds
from cuspworld.errors import CuspError
from cuspworld.files import written_whole
from cuspworld.laws import Law
from cuspworld.truth import Truth, Violation


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


def test_a_violation_names_the_laws_that_it_breaks_and_an_older_one_may_not():
    box = (0.0, 0.0, 1.0, 1.0)
    assert Violation("hover", "gravity, inertia", 0.1, 1.0, box).breaks == {Law.GRAVITY, Law.INERTIA}
    assert Violation("hover", "nothing hangs in the air unsupported", 0.1, 1.0, box).breaks == frozenset()


def test_boxes_hold_every_pixel_of_an_instance_and_touch_it():
    truth = worlds.make("Collision").record(seed=4, seconds=2.0, size=(24, 32)).truth
    boxes = truth.boxes()
    assert set(boxes) == set(truth.instances.values())
    for number, name in truth.instances.items():
        for mask, (x0, y0, x1, y1) in zip(truth.masks == number, boxes[name], strict=True):
            if not mask.any():
                assert np.isnan([x0, y0, x1, y1]).all()
                continue
            inside = mask[int(y0) : int(y1), int(x0) : int(x1)]
            assert inside.sum() == mask.sum()
            assert inside[0].any() and inside[-1].any() and inside[:, 0].any() and inside[:, -1].any()
