"""Windows of a library: what is learned of its clips before the first batch costs no frame."""

import dataclasses

import numpy as np
import pytest

from cuspworld.codec.autoencoder import AutoencoderConfig
from cuspworld.codec.autoencoder_codec import AutoencoderCodec
from cuspworld.library import Library, schema
from cuspworld.training.data import ClipWindows
from cuspworld.training.loop import Process
from cuspworld.training.presets import PRESETS
from cuspworld.training.transport import encode_clips, make_windows
from tests.helpers import moving_box

CLIPS = [moving_box(i) for i in range(22)] + [moving_box(9, 18, (32, 48)), moving_box(10, 3)]

CHECKER = 5  # clips that the run-time type checker of the tests reads: one of each argument that is a sequence of clips


@pytest.fixture
def library(tmp_path):
    made = Library.create(tmp_path / "boxes.lance")
    made.add(CLIPS, "boxes")
    return made


@pytest.fixture
def decoded(monkeypatch) -> list[tuple[int, ...]]:
    """The shape of every clip whose frames are decoded from now on."""
    seen: list[tuple[int, ...]] = []
    unpack = schema.unpack_frames

    def counted(data, shape):
        seen.append(tuple(shape))
        return unpack(data, shape)

    monkeypatch.setattr(schema, "unpack_frames", counted)
    return seen


def test_the_buckets_of_a_library_are_made_without_its_frames(library, decoded):
    windows = ClipWindows(library, 9, 4, 16, seed=3)
    assert len(decoded) <= CHECKER
    decoded.clear()
    windows.batch(0, 4, Process())
    assert len(decoded) == 4  # the clips of the batch, and no other


def test_a_library_gives_the_windows_of_its_clips(library):
    """The same clips as a list, in the library's order, draw the same batches."""
    listed = ClipWindows([library[i] for i in range(len(library))], 9, 4, 16, seed=3, side=24)
    read = ClipWindows(library, 9, 4, 16, seed=3, side=24)
    assert listed.shapes == read.shapes and listed.members == read.members
    for step in range(5):
        assert np.array_equal(listed.batch(step, 4, Process()), read.batch(step, 4, Process()))


def test_encoding_decodes_a_clip_once(library, decoded, tmp_path):
    codec = AutoencoderCodec(AutoencoderConfig(latent_channels=4, fine_channels=8, coarse_channels=16)).eval()
    preset = dataclasses.replace(PRESETS["tiny"], window=9)  # several windows a clip
    encoded = encode_clips(library, codec, preset, tmp_path, device="cpu", process=Process())
    assert len(library) <= len(decoded) <= len(library) + CHECKER < len(encoded)
    captions = library.column("caption")
    found = make_windows(encoded, [(caption,) for caption in captions], preset)
    assert {w.captions for w in found} == {(caption,) for caption in captions}
