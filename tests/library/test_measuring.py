"""What a clip looks like: measured alike whether its file is kept or its frames are stored, and as its pixels say."""

import numpy as np

from cuspworld import Clip, Library
from cuspworld.video.read import VideoFile
from tests.helpers import moving_box


def film(path, light=1.0):
    """Coloured noise that drifts over 120 x 160 pixels, black at first."""
    rng = np.random.default_rng(0)
    ground = np.kron(rng.integers(0, 256, (20, 40, 3)), np.ones((6, 6, 1))).astype(np.uint8)
    frames = np.stack([np.roll(ground, 2 * k, 1)[:, :160] for k in range(20)])
    frames[:5] = 0
    Clip((frames * light).astype(np.uint8), 20.0).write(path, quality=95)


def test_kept_and_stored_clips_measure_alike(tmp_path):
    film(tmp_path / "film.mp4")
    library = Library.create(tmp_path / "both.lance")
    library.ingest(tmp_path / "film.mp4", shots=False)
    library.ingest(tmp_path / "film.mp4", shots=False, size=(120, 160))
    a, b = (np.unpackbits(np.frombuffer(bits, np.uint8)) for bits in library.column("picture"))
    assert (a != b).sum() <= 4  # of 192: two ways to scale down
    for name in ("sharpness", "motion", "black"):
        kept, stored = library.column(name)
        assert abs(kept - stored) <= 0.02 * stored, name
    assert library.column("black") == [0.25, 0.25] and library.column("duplicate_of") == [None, None]


def test_frames_looked_at_are_those_that_are_read(tmp_path):
    """A frame that is shown twice is looked at once; what is made of it comes as often as it is shown."""
    moving_box(0, 6).write(tmp_path / "box.mp4")
    looked = []
    with VideoFile(tmp_path / "box.mp4") as video:
        sizes = list(video.looked_at(lambda frame: (looked.append(1), video.size_of(frame))[1], fps=20))
    with VideoFile(tmp_path / "box.mp4") as video:
        assert sizes == [frame.shape[:2] for frame in video.frames(fps=20)] == 12 * [(32, 32)]
    assert len(looked) == 6
