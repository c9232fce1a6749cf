"""The codec: causality, streaming, sizes, tokens, folders, and the published classes behind the same interface."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from cuspworld.codec.autoencoder import AutoencoderConfig, ResidualBlock
from cuspworld.codec.autoencoder_codec import AutoencoderCodec
from cuspworld.codec.codec import Codec, psnr, reconstruct, to_frames, to_tensor
from cuspworld.codec.loading import WORLDS
from cuspworld.codec.published import PublishedCodec
from cuspworld.codec.tokens import pack, tokenize, untokenize
from cuspworld.errors import CuspError
from cuspworld.simulator.folder import DEFAULT


def small_codec(seed: int = 0) -> AutoencoderCodec:
    """Random weights everywhere: the zero-initialised layers would hide a broken causality."""
    torch.manual_seed(seed)
    codec = AutoencoderCodec(AutoencoderConfig(latent_channels=4, fine_channels=8, coarse_channels=16))
    for parameter in codec.parameters():
        torch.nn.init.normal_(parameter, std=0.1)
    return codec.eval()


@torch.no_grad()
def test_a_latent_sees_no_later_frame():
    codec, frames = small_codec(), torch.rand(1, 13, 32, 24, 3) * 2 - 1
    changed = frames.clone()
    changed[:, 9:] = torch.rand(1, 4, 32, 24, 3) * 2 - 1
    before, after = codec.encode(frames), codec.encode(changed)
    assert torch.equal(before[:, :3], after[:, :3])  # frames 0..8
    assert not torch.allclose(before[:, 3], after[:, 3])


@torch.no_grad()
def test_a_frame_sees_no_later_latent():
    codec, latents = small_codec(), torch.randn(1, 4, 4, 3, 4)
    changed = latents.clone()
    changed[:, 2:] += 1
    before, after = codec.decode(latents), codec.decode(changed)
    assert torch.equal(before[:, :5], after[:, :5])  # latents 0 and 1
    assert not torch.allclose(before[:, 5], after[:, 5])


@torch.no_grad()
def test_decoding_in_pieces_is_decoding_at_once():
    codec, latents = small_codec(), torch.randn(2, 7, 3, 3, 4)
    whole = codec.decode(latents)
    tail = codec.decode_next(latents[:, 5:], latents[:, :5])
    torch.testing.assert_close(tail, whole[:, -8:], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("time,height,width,latents", [(1, 8, 8, 1), (5, 64, 40, 2), (21, 16, 128, 6)])
def test_any_4k_plus_1_frames_of_any_multiple_of_8(time, height, width, latents):
    codec = small_codec()
    z = codec.encode(torch.zeros(1, time, height, width, 3))
    assert z.shape == (1, latents, height // 8, width // 8, 4)
    assert codec.decode(z).shape == (1, time, height, width, 3)


@pytest.mark.parametrize(
    "shape,said",
    [((18, 64, 64), "17 or 21"), ((1, 60, 64), "56 or 64"), ((1, 64, 7), "8 or 16"), ((0, 64, 64), "1 or 5")],
)
def test_the_error_says_what_fits(shape, said):
    with pytest.raises(CuspError, match=said):
        small_codec().encode(torch.zeros(1, *shape, 3))


def test_uint8_survives_the_way_to_floats_and_back():
    values = np.arange(256, dtype=np.uint8).repeat(3).reshape(1, 16, 16, 3)
    assert np.array_equal(to_frames(to_tensor(values)), values)


def test_psnr_of_a_known_error():
    a = np.zeros((2, 2, 2, 3), np.uint8)
    assert psnr(a, a) == float("inf")
    assert psnr(a, a + 255) == pytest.approx(0.0)
    assert psnr(a, a + 51) == pytest.approx(20 * np.log10(5))


def test_reconstruct_keeps_the_number_of_frames():
    frames = np.zeros((7, 16, 16, 3), np.uint8)
    assert reconstruct(small_codec(), frames).shape == frames.shape


def test_save_and_load(tmp_path):
    codec = small_codec()
    codec.latent_mean.fill_(0.5)
    codec.save_pretrained(tmp_path / "codec")
    again = Codec.from_pretrained(tmp_path / "codec")
    frames = torch.rand(1, 5, 16, 16, 3)
    assert torch.equal(codec.encode(frames), again.encode(frames))
    assert not list(tmp_path.glob(".*aside*"))


def test_a_wrong_shape_a_pickle_and_a_missing_file_are_clear_errors(tmp_path):
    small_codec().save_pretrained(tmp_path / "codec")
    config = json.loads((tmp_path / "codec/config.json").read_text())
    (tmp_path / "codec/config.json").write_text(json.dumps(config | {"latent_channels": 5}))
    with pytest.raises(CuspError, match=r"has shape .* config.json asks for"):
        Codec.from_pretrained(tmp_path / "codec")
    (tmp_path / "codec/config.json").write_text(json.dumps(config | {"colour": "red"}))
    with pytest.raises(CuspError, match="colour"):
        Codec.from_pretrained(tmp_path / "codec")
    (tmp_path / "codec/config.json").write_text(json.dumps(config))
    torch.save({"a": torch.zeros(2)}, tmp_path / "codec/model.safetensors")
    with pytest.raises(CuspError, match="pickle"):
        Codec.from_pretrained(tmp_path / "codec")
    (tmp_path / "codec/model.safetensors").unlink()
    with pytest.raises(CuspError, match="no weights"):
        Codec.from_pretrained(tmp_path / "codec")
    with pytest.raises(CuspError, match="no model at"):
        Codec.from_pretrained(tmp_path / "nothing")


@settings(max_examples=25, deadline=None)
@given(
    time=st.integers(1, 4),
    rows=st.integers(1, 4),
    columns=st.integers(1, 4),
    patch=st.integers(1, 3),
    c=st.integers(1, 5),
)
def test_tokens_hold_the_latents_and_their_place(time, rows, columns, patch, c):
    latents = torch.randn(2, time, rows * patch, columns * patch, c)
    tokens, positions = tokenize(latents, patch)
    assert torch.equal(untokenize(tokens, tuple(latents.shape[1:4]), patch), latents)
    t, i, j = positions[-1].tolist()
    assert (t, i, j) == (time - 1, rows - 1, columns - 1)
    n = len(positions) // 2
    t, i, j = positions[n].tolist()
    block = latents[:, t, i * patch : (i + 1) * patch, j * patch : (j + 1) * patch]
    assert torch.equal(tokens[:, n], block.flatten(1))


def test_packing_marks_the_padding():
    long, short = tokenize(torch.randn(1, 3, 4, 4, 2), 2), tokenize(torch.randn(1, 1, 2, 4, 2), 2)
    packed = pack([(long[0][0], long[1]), (short[0][0], short[1])])
    assert packed.mask.sum(1).tolist() == [12, 2]
    assert torch.equal(packed.tokens[1, :2], short[0][0])
    assert not packed.tokens[1, 2:].any()


TINY_PUBLISHED = {
    "AutoencoderKLWan": dict(base_dim=8, z_dim=4, dim_mult=[1, 1, 1, 1], num_res_blocks=1),
    "AutoencoderKLLTXVideo": dict(
        latent_channels=8,
        block_out_channels=(8, 8, 8, 8),
        decoder_block_out_channels=(8, 8, 8, 8),
        layers_per_block=(1, 1, 1, 1, 1),
        decoder_layers_per_block=(1, 1, 1, 1, 1),
    ),
    "AutoencoderKLCogVideoX": dict(
        latent_channels=4,
        block_out_channels=(8, 8, 8, 8),
        down_block_types=("CogVideoXDownBlock3D",) * 4,
        up_block_types=("CogVideoXUpBlock3D",) * 4,
        layers_per_block=1,
        norm_num_groups=2,
    ),
}


@pytest.mark.parametrize("name", sorted(TINY_PUBLISHED))
@torch.no_grad()
def test_published_autoencoders_load_by_folder(name, tmp_path):
    diffusers = pytest.importorskip("diffusers")
    torch.manual_seed(0)
    getattr(diffusers, name)(**TINY_PUBLISHED[name]).save_pretrained(tmp_path / "vae")
    codec = Codec.from_pretrained(tmp_path / "vae")
    assert isinstance(codec, PublishedCodec)
    t, s = codec.temporal_stride, codec.spatial_stride
    frames = torch.rand(1, t + 1, 2 * s, s, 3) * 2 - 1
    latents = codec.encode(frames)
    assert latents.shape == (1, 2, 2, 1, codec.latent_channels)
    assert codec.decode(latents).shape == frames.shape
    direct = codec.model.encode(frames.movedim(-1, 1)).latent_dist.mode()
    torch.testing.assert_close(latents * codec.latent_std + codec.latent_mean, direct.movedim(1, -1))
    decoded = codec.model.decode(direct).sample.movedim(1, -1)
    torch.testing.assert_close(codec.decode(latents), decoded[:, -(t + 1) :])
    torch.testing.assert_close(codec.decode_next(latents[:, 1:], latents[:, :1]), decoded[:, -t:])
    with pytest.raises(CuspError, match=f"multiple of {s}"):
        codec.encode(torch.zeros(1, 1, s + 1, s, 3))


@torch.no_grad()
def test_a_pipeline_s_autoencoder_of_images_is_a_codec_that_folds_no_time(tmp_path):
    diffusers = pytest.importorskip("diffusers")
    torch.manual_seed(0)
    small = dict(block_out_channels=(8, 8), norm_num_groups=2, down_block_types=("DownEncoderBlock2D",) * 2)
    made = diffusers.AutoencoderKL(**small, up_block_types=("UpDecoderBlock2D",) * 2, latent_channels=3)
    made.save_pretrained(tmp_path / "pipeline" / "vae")
    codec = Codec.from_pretrained(tmp_path / "pipeline", subfolder="vae")
    assert isinstance(codec, PublishedCodec) and (codec.temporal_stride, codec.spatial_stride) == (1, 2)
    frames = torch.rand(2, 3, 8, 6, 3) * 2 - 1
    latents = codec.encode(frames)
    assert latents.shape == (2, 3, 4, 3, 3) and codec.decode(latents).shape == frames.shape
    one = made.encode(frames[1, 2].movedim(-1, 0)[None]).latent_dist.mode()[0].movedim(0, -1)
    torch.testing.assert_close(latents[1, 2] / made.config.scaling_factor, one)
    assert torch.equal(codec.decode_next(latents[:, 1:], latents[:, :1]), codec.decode(latents)[:, 1:])
    with pytest.raises(CuspError, match=r"pipeline|no config.json"):
        Codec.from_pretrained(tmp_path / "pipeline")


def test_a_name_on_the_hub_is_asked_there(monkeypatch):
    """What cannot be reached is a clear error; the class is read by the call that the installed diffusers has."""
    diffusers = pytest.importorskip("diffusers")
    asked = []

    def load_config(name, **where):
        asked.append((name, where["subfolder"], where["local_files_only"]))
        raise OSError("no network here")

    monkeypatch.setattr(diffusers.AutoencoderKL, "load_config", load_config)
    with pytest.raises(CuspError, match="nor a name that the hub gives"):
        Codec.from_pretrained("organisation/model", subfolder="vae")
    assert asked == [("organisation/model", "vae", False)]


def test_a_class_that_is_no_video_autoencoder(tmp_path):
    (tmp_path / "config.json").write_text('{"_class_name": "UNet2DModel"}')
    pytest.importorskip("diffusers")
    with pytest.raises(CuspError, match="not a video autoencoder"):
        Codec.from_pretrained(tmp_path)


@torch.no_grad()
def test_a_residual_block_starts_as_the_identity():
    x = torch.randn(2, 4, 6, 5)
    assert torch.equal(ResidualBlock(4)(x), x)


@torch.no_grad()
def test_latents_are_told_in_their_own_spread_and_decoded_from_it():
    """With the statistics of some clips, their latents have mean 0 and spread 1, and decode to the same frames."""
    codec, frames = small_codec(), torch.rand(4, 5, 16, 16, 3) * 2 - 1
    raw = codec.encode(frames)
    plain = codec.decode(raw)
    codec.latent_mean.copy_(raw.mean(dim=(0, 1, 2, 3)))
    codec.latent_std.copy_(raw.std(dim=(0, 1, 2, 3)))
    latents = codec.encode(frames)
    torch.testing.assert_close(latents.mean(dim=(0, 1, 2, 3)), torch.zeros(4), atol=1e-4, rtol=0)
    torch.testing.assert_close(latents.std(dim=(0, 1, 2, 3)), torch.ones(4), atol=1e-4, rtol=0)
    torch.testing.assert_close(codec.decode(latents), plain, atol=1e-4, rtol=1e-4)


def test_the_codec_of_the_worlds_draws_a_glass_that_tips():
    """Frames between push and impact of a clip that it never saw, nearly as well as all its others; and the shipped
    model draws with this codec."""
    from cuspworld import worlds

    world = worlds.make("Juice")
    clips = (world.record(seed, seconds=2.5, fps=10.0, size=64) for seed in range(2_000_000, 2_000_020))
    clip = next(made for made in clips if "impact" in {event.name for event in made.truth.events})
    at = {event.name: event.time for event in clip.truth.events}
    passage = np.zeros(len(clip), bool)
    passage[int(at["push"] * 10) + 1 : int(at["impact"] * 10) + 2] = True
    codec = Codec.from_pretrained("worlds")
    made = reconstruct(codec, clip.frames)
    tips, rest = (psnr(clip.frames[part], made[part]) for part in (passage, ~passage))
    assert tips >= 36.0 and tips >= rest - 5  # both have gained, what stands still more
    assert WORLDS == DEFAULT / "codec"
