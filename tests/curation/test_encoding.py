"""Encoding in bulk: once, resumable after a kill, and refused where another codec made it."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from cuspworld import Library
from cuspworld.codec.autoencoder import AutoencoderConfig
from cuspworld.codec.autoencoder_codec import AutoencoderCodec
from cuspworld.curation import encoding
from cuspworld.curation.encoding import Latents, encode, latents_of, scene_vector, weights_hash
from cuspworld.errors import CuspError
from tests.helpers import moving_box

CLIPS = 5
SMALL = AutoencoderConfig(latent_channels=4, fine_channels=8, coarse_channels=8, fine_blocks=1, coarse_blocks=1)


def codec_of(seed: int) -> AutoencoderCodec:
    torch.manual_seed(seed)
    return AutoencoderCodec(SMALL).eval()


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library.create(tmp_path / "boxes.lance")
    library.add([moving_box(seed, frames=6 + seed % 3) for seed in range(CLIPS)], "boxes")
    return library


def test_every_clip_is_encoded_once_and_its_row_says_by_which_codec(library, monkeypatch):
    codec, calls = codec_of(0), []
    monkeypatch.setattr(encoding, "latents_of", lambda *given: calls.append(1) or latents_of(*given))
    lengths = lambda captions: np.array([[len(caption), 1.0] for caption in captions])  # noqa: E731
    done = encode(library, codec, texts=("lengths", lengths))
    assert (done.encoded, done.present, len(calls)) == (CLIPS, 0, CLIPS)
    latents = Latents(library, codec)
    for clip, found in zip(library, latents, strict=True):
        assert torch.equal(found, latents_of(codec, clip))
    assert library.column("codec") == [weights_hash(codec)] * CLIPS == [done.codec] * CLIPS
    assert [row[0] for row in library.column("text_code")] == [len(clip.caption) for clip in library]
    nearest = library.search(scene_vector(library, codec, library[2]), k=2, column="scene_code")
    assert nearest[0].index == 2 and nearest[0].distance < 1e-3 < nearest[1].distance
    library.add(moving_box(99, frames=6), "more")
    with pytest.raises(CuspError, match="1 clips were added after"):
        Latents(library, codec)
    codes = dict(zip(library.column("key"), library.column("scene_code"), strict=True))
    assert encode(library, codec).present == CLIPS and len(calls) == CLIPS + 1
    for key, code in zip(library.column("key"), library.column("scene_code"), strict=True):
        assert codes[key] is None or code == codes[key]
    assert not list(library.path.glob(".encoding-*"))


def test_latents_of_another_codec_are_refused_and_replaced(library):
    first, second = codec_of(0), codec_of(1)
    with pytest.raises(CuspError, match="not encoded: run cusp encode"):
        Latents(library, first)
    encode(library, first)
    with pytest.raises(CuspError, match="stale"):
        Latents(library, second)
    with pytest.raises(CuspError, match="stale"):
        scene_vector(library, second, library[0])
    assert encode(library, second).encoded == CLIPS
    assert torch.equal(Latents(library, second)[-1], latents_of(second, library[-1]))
    with pytest.raises(CuspError, match="stale"):
        Latents(library, first)


def test_the_hash_is_of_the_weights_not_of_how_they_were_saved(tmp_path):
    codec = codec_of(0)
    codec.save_pretrained(tmp_path / "codec")
    assert weights_hash(AutoencoderCodec.from_pretrained(tmp_path / "codec")) == weights_hash(codec)
    assert weights_hash(codec) != weights_hash(codec_of(1))


def test_a_share_that_is_done_is_not_done_again(library, monkeypatch):
    codec, calls = codec_of(0), []
    monkeypatch.setattr(encoding, "SHARE", 2)

    def stop_at_three(*given):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return latents_of(*given)

    monkeypatch.setattr(encoding, "latents_of", stop_at_three)
    with pytest.raises(KeyboardInterrupt):
        encode(library, codec)
    with pytest.raises(CuspError, match="not encoded"):
        Latents(library, codec)  # nothing half is in the table
    encode(library, codec)
    assert len(calls) == 4 + CLIPS - 2  # the first share of two was kept, the second begun anew
    assert len(Latents(library, codec)) == CLIPS


DRIVER = """
import sys
from cuspworld import Library
from cuspworld.codec.codec import Codec
from cuspworld.curation import encoding
encoding.SHARE = 2
print(encoding.encode(Library.open(sys.argv[1]), Codec.from_pretrained(sys.argv[2]), workers=sys.argv[3]))
"""


@pytest.mark.long
def test_a_killed_run_goes_on_and_gives_the_same_latents(tmp_path, library):
    library.add([moving_box(seed, frames=40) for seed in range(100, 140)], "more")
    codec = codec_of(0)
    codec.save_pretrained(tmp_path / "codec")
    command = [sys.executable, "-c", DRIVER, str(library.path), str(tmp_path / "codec"), "2"]
    killed = 0
    for _ in range(10):
        process = subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True)
        files = len(list(library.path.glob(".encoding-*/share-*")))
        while process.poll() is None and len(list(library.path.glob(".encoding-*/share-*"))) < files + 3:
            time.sleep(0.01)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            killed += 1
        process.wait()
        if not process.returncode:
            break
    assert killed >= 3
    subprocess.run(command, check=True)
    found = Latents(Library.open(library.path), codec)
    assert len(found) == CLIPS + 40
    for clip, latents in zip(library, found, strict=True):
        assert torch.allclose(latents.float(), latents_of(codec, clip).float(), atol=2e-3)


@pytest.mark.long
def test_ray_data_gives_the_same(tmp_path, library):
    pytest.importorskip("ray")
    codec = codec_of(0)
    done = encode(library, codec, workers="ray")
    assert done.encoded == CLIPS
    for clip, latents in zip(library, Latents(library, codec), strict=True):
        assert torch.allclose(latents.float(), latents_of(codec, clip).float(), atol=2e-3)
