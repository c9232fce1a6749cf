"""Presets: every number of a training run, with its reason. `tiny` is for tests and a first look, `expert` is what one
kind of clips takes on the latents of a codec that folds no time (the shipped model has one a kind), `small` learns
codec and transport of several kinds (CPU), `base` wants a GPU."""

from __future__ import annotations

from dataclasses import dataclass, field

from cuspworld.codec.autoencoder import AutoencoderConfig
from cuspworld.errors import CuspError


@dataclass(frozen=True)
class Phase:
    """One training phase: codec or transport."""

    steps: int
    batch: int
    learning_rate: float
    warmup: int = 100
    weight_decay: float = 0.01
    clip: float = 1.0  # of the gradient's norm
    muon: bool = (
        False  # instead of AdamW: 26.8 dB instead of 19.5 after tiny's 400 steps on real clips, each 1.4 times dearer
    )
    ema: float = 0.999  # of the weights that are saved; ramps up from 0 over the first steps
    log_every: int = 20
    sample_every: int = 500  # contact sheet and loss curve
    save_every: int = 250  # checkpoint


@dataclass(frozen=True)
class Preset:
    """`window` frames train the transport at once (4k+1); `context` latents of it may be given as known."""

    name: str
    codec: Phase
    transport: Phase
    autoencoder: AutoencoderConfig = field(default_factory=AutoencoderConfig)
    codec_window: int = 9  # two groups of four frames after the first are enough to learn time
    codec_crop: int = 32  # pixels a side; the codec sees no farther, and a crop costs a fraction of a frame
    window: int = 21
    context: int = 2  # latents, that is 5 frames: position and speed
    patch: int = 2
    token_frames: int = 1  # latent frames a token
    predicts: str = "velocity"  # or "data", for tokens of more numbers than about half the width
    places: bool = False  # tokens are told where in the picture they lie
    width: int = 320
    depth: int = 8
    heads: int = 5
    text_width: int = 128
    time_shift: float = 3.0  # of the flow's times towards the noise, where the text decides: see `flow.sample_time`
    first_share: float = 0.7  # of the windows that begin their clip: only they learn to start from text alone
    known_steps: float = 0.0  # of the windows of which some whole steps are known: a chunk is then made step by step
    known_noise: float = 0.1  # most noise added to known latents, so that the flow forgives what it made itself
    text_dropout: float = 0.1  # share of empty prompts, for classifier-free guidance
    code_width: int = 8  # numbers of the scene code of a step
    where_width: int = 0  # numbers more, that say where a step differs from the usual picture: small things that move
    looks_width: int = 0  # numbers more, that say what lies there; only beside those that say where
    sketch: bool = False  # each token is told what the path's codes show in its place
    identity_width: int = 0  # numbers that say who is in a clip, where things move and are told apart
    actions: bool = False  # paths tell what was done in each frame, where the clips' truth says it
    causes: float = 3.0  # with actions, weight in the loss of places where what is done shows: see `caused`
    code_noise: float = 0.6  # most noise added to a path, so that a path that was never recorded is followed too
    code_dropout: float = 0.15  # share of windows without a path: the flow alone
    coupling: str | None = None  # of noise and windows: "minibatch" or "semidiscrete", see `training.coupling`
    critical: float = 3.0  # weight of what changes, in loss and sampling: see `critical_weights`
    word_dropout: float = 0.3  # share of prompts that lose clauses, so that a short prompt works too
    kl_weight: float = 1e-4
    latent_noise: float = (
        0.05  # added (in units of the latents' own spread) so that the decoder forgives the flow's errors
    )


PRESETS = {
    "tiny": Preset(
        "tiny",
        codec=Phase(
            400, batch=16, learning_rate=1e-2, muon=True, warmup=20, ema=0.98, sample_every=200, save_every=100
        ),
        transport=Phase(steps=300, batch=8, learning_rate=1e-3, warmup=20, ema=0.99, sample_every=150, save_every=100),
        autoencoder=AutoencoderConfig(fine_channels=32, coarse_channels=64),
        width=128,
        depth=4,
        heads=2,
        text_width=64,
    ),
    "small": Preset(
        "small",
        codec=Phase(steps=2200, batch=16, learning_rate=1e-2, muon=True, warmup=20, ema=0.99, sample_every=1100),
        transport=Phase(4200, batch=16, learning_rate=3e-3, muon=True, warmup=100, ema=0.998, sample_every=750),
        width=256,
        heads=4,
    ),
    "expert": Preset(
        "expert",
        codec=Phase(6500, batch=16, learning_rate=1e-2, muon=True, warmup=20, ema=0.99, sample_every=1000),
        transport=Phase(4000, batch=16, learning_rate=3e-3, muon=True, warmup=100, ema=0.998, sample_every=1000),
        autoencoder=AutoencoderConfig(temporal_stride=1),
        window=24,
        context=8,
        token_frames=4,
        predicts="data",
        known_steps=0.5,
        width=192,
        depth=4,
        heads=3,
    ),
    "base": Preset(
        "base",
        codec=Phase(50_000, batch=32, learning_rate=2e-3, muon=True, warmup=1000, ema=0.9995, sample_every=2000),
        transport=Phase(steps=100_000, batch=128, learning_rate=3e-4, warmup=2000, ema=0.9998, sample_every=2000),
        autoencoder=AutoencoderConfig(fine_channels=128, coarse_channels=256),
        codec_crop=64,
        width=768,
        depth=16,
        heads=12,
        text_width=256,
    ),
}


def preset(name: str) -> Preset:
    if name not in PRESETS:
        raise CuspError(f"no preset {name!r}: take one of {', '.join(PRESETS)}")
    return PRESETS[name]
