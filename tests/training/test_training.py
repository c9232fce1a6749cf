"""Training: exact resume, many processes, checkpoints, batches by step number."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from cuspworld import Clip, worlds
from cuspworld.codec.autoencoder import AutoencoderConfig
from cuspworld.errors import CuspError
from cuspworld.lock import one_writer
from cuspworld.simulator.simulator import Simulator
from cuspworld.training.data import ClipWindows, Shape, window_shape
from cuspworld.training.loop import Process, learning_rate, step_generator
from cuspworld.training.presets import PRESETS, Phase, preset
from cuspworld.training.run import train, with_steps
from tests.helpers import moving_box

MICRO = dataclasses.replace(
    PRESETS["tiny"],
    codec=Phase(
        8, batch=4, learning_rate=2e-3, muon=True, warmup=2, ema=0.9, log_every=1, sample_every=8, save_every=3
    ),
    transport=Phase(steps=8, batch=4, learning_rate=1e-3, warmup=2, ema=0.9, log_every=1, sample_every=8, save_every=3),
    autoencoder=AutoencoderConfig(latent_channels=4, fine_channels=8, coarse_channels=16),
    window=13,
    width=32,
    depth=2,
    heads=1,
    text_width=16,
)
CLIPS = [moving_box(i) for i in range(6)] + [moving_box(9, 18, (32, 48)), moving_box(10, 3)]


def weights(folder: Path) -> dict[str, bytes]:
    return {p.parent.name: p.read_bytes() for p in sorted((folder / "model").rglob("*.safetensors"))}


def test_a_resumed_run_ends_with_the_same_bytes(tmp_path):
    before = torch.get_rng_state()
    train(CLIPS, MICRO, tmp_path / "whole", bfloat16=False)
    assert torch.equal(before, torch.get_rng_state())  # the caller's
    for stop in ("codec", "transport"):
        folder = tmp_path / stop
        broken = dataclasses.replace(MICRO, **{stop: dataclasses.replace(getattr(MICRO, stop), sample_every=10**6)})
        interrupt(broken, folder, stop, at=5)
        train(CLIPS, MICRO, folder, resume=True, bfloat16=False)
        assert weights(folder) == weights(tmp_path / "whole")
    assert (tmp_path / "whole/codec_loss.png").is_file()
    assert (tmp_path / "whole/transport_samples.png").is_file()
    assert not list(tmp_path.rglob("*aside*"))


def interrupt(_preset, folder: Path, phase: str, at: int) -> None:
    """Train as a person would who presses Ctrl-C in step `at` of `phase`."""
    from cuspworld.training.loop import Trainer

    original = Trainer._train_step

    def step(self, objective):
        if self.name == phase and self.step == at:
            raise KeyboardInterrupt
        return original(self, objective)

    Trainer._train_step = step
    try:
        with pytest.raises(KeyboardInterrupt):
            train(CLIPS, MICRO, folder, bfloat16=False)
    finally:
        Trainer._train_step = original


def test_two_runs_in_one_folder_are_refused(tmp_path):
    torch.manual_seed(5)
    train(CLIPS, MICRO, tmp_path / "run", bfloat16=False)
    drawn = torch.rand(3)
    torch.manual_seed(5)
    assert torch.equal(drawn, torch.rand(3))  # training leaves the caller's random numbers alone
    before = weights(tmp_path / "run")
    with one_writer(tmp_path / "run", "run"), pytest.raises(CuspError, match="being written by another process"):
        train(CLIPS, MICRO, tmp_path / "run", resume=True, bfloat16=False)
    assert weights(tmp_path / "run") == before


def test_a_run_folder_is_not_overwritten_and_not_mixed(tmp_path):
    train(CLIPS, MICRO, tmp_path / "run", bfloat16=False)
    with pytest.raises(CuspError, match="--resume"):
        train(CLIPS, MICRO, tmp_path / "run", bfloat16=False)
    with pytest.raises(CuspError, match=r"other settings .seed"):
        train(CLIPS, MICRO, tmp_path / "run", resume=True, seed=1, bfloat16=False)


def test_two_processes_have_the_loss_curve_of_one(tmp_path):
    """torchrun's environment is also accelerate's; the global batch is the same, so the curves agree."""
    script = Path(__file__).with_name("train_micro.py")
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join((str(root / "src"), str(root)))}
    one = [sys.executable, str(script), str(tmp_path / "one")]
    two = [
        sys.executable, "-m", "accelerate.commands.launch", "--cpu", "--num_processes", "2", "--num_machines", "1",
        "--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "29517",
        str(script), str(tmp_path / "two"),
    ]  # fmt: skip
    pytest.importorskip("accelerate")
    for command in (one, two):
        subprocess.run(command, check=True, env=environment, capture_output=True, timeout=240)
    curves = [json.loads((tmp_path / name / "losses.json").read_text()) for name in ("one", "two")]
    for phase in ("codec", "transport"):
        a, b = (np.array(curve[phase]) for curve in curves)
        assert len(a) == len(b) == 8
        np.testing.assert_allclose(a[:, 1], b[:, 1], rtol=0.05)


def test_batches_depend_on_the_step_alone():
    windows = ClipWindows(CLIPS, 9, 4, 16, seed=3)
    again = ClipWindows(CLIPS, 9, 4, 16, seed=3)
    for step in (5, 0, 5):
        assert np.array_equal(windows.batch(step, 4, Process()), again.batch(step, 4, Process()))
    halves = [windows.batch(7, 4, Process(rank, 2)) for rank in (0, 1)]
    assert np.array_equal(np.concatenate(halves), windows.batch(7, 4, Process()))
    shapes = {windows.batch(step, 4, Process()).shape for step in range(40)}
    assert shapes == {(4, 9, 32, 32, 3), (4, 9, 32, 48, 3), (4, 1, 32, 32, 3)}  # the short clip gives images


def test_seeds_and_steps_draw_apart():
    draws = {int(torch.randint(2**62, (1,), generator=step_generator(s, k))) for s in range(20) for k in range(20)}
    assert len(draws) == 400


def test_windows_are_the_largest_that_fit():
    shape = window_shape(Shape(18, 40, 50), 21, 4, 16)
    assert (shape.frames, shape.height, shape.width) == (17, 32, 48)
    with pytest.raises(CuspError, match="smaller than one token"):
        window_shape(Shape(5, 12, 50), 21, 4, 16)


def test_a_batch_that_cannot_be_shared():
    with pytest.raises(CuspError, match="cannot be shared by 3"):
        Process(0, 3).share(4)


def test_learning_rate_warms_up_and_ends_near_zero():
    phase = Phase(steps=100, batch=1, learning_rate=1.0, warmup=10)
    rates = [learning_rate(phase, step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1) and max(rates) == pytest.approx(1.0) and rates[-1] < 0.02


def test_presets_and_their_changes():
    assert with_steps(preset("tiny"), 5, None, 2).codec == dataclasses.replace(PRESETS["tiny"].codec, steps=5, batch=2)
    with pytest.raises(CuspError, match="tiny, small, expert, base"):
        preset("huge")
    with pytest.raises(CuspError, match="1 or more"):
        with_steps(preset("tiny"), 0, None, None)


def test_a_checkpoint_of_another_model_is_a_clear_error(tmp_path):
    train(CLIPS, MICRO, tmp_path / "run", bfloat16=False)
    (tmp_path / "run/transport.checkpoint.safetensors").write_bytes(b"not tensors")
    with pytest.raises(CuspError, match="not a safetensors file"):
        train(CLIPS, MICRO, tmp_path / "run", resume=True, bfloat16=False)


def test_an_empty_library():
    with pytest.raises(CuspError, match="no clips"):
        ClipWindows([], 9, 4, 16, seed=0)


@pytest.mark.long
def test_a_small_training_learns(tmp_path):
    """The codec gains 6 dB and the flow's loss falls well below the 1.0 of predicting nothing (a minute)."""
    clips = [moving_box(i) for i in range(32)]
    chosen = dataclasses.replace(with_steps(PRESETS["tiny"], 150, 300, 8), critical=0.0)  # every place weighs alike
    result = train(clips, chosen, tmp_path / "run")
    assert result.psnr_after > result.psnr_before + 6
    assert result.transport_loss < 0.8
    clip = Simulator.from_pretrained(result.model)("a box moves left", seconds=2)
    assert clip.frames.shape == (20, 32, 32, 3)


ALL_TOLD = {"where_width": 3, "identity_width": 2, "places": True, "sketch": True, "known_steps": 0.5}


LOOKS = {**ALL_TOLD, "looks_width": 5}


@pytest.mark.parametrize(
    ("width", "told"),
    [(0, {}), (4, {}), (4, ALL_TOLD), (4, LOOKS)],
    ids=["none", "codes", "all told", "what lies where too"],
)
def test_a_model_with_paths_or_without_is_saved_and_read(tmp_path, width, told):
    """The Sora recipe alone (no codes), and with paths: both run, are kept, and make a clip again."""
    chosen = dataclasses.replace(
        MICRO,
        code_width=width,
        **told,
        window=8,
        context=4,
        token_frames=4,
        autoencoder=AutoencoderConfig(latent_channels=4, fine_channels=8, coarse_channels=8, temporal_stride=1),
    )
    clips = [moving_box(i, 16) for i in range(6)]
    result = train(clips, chosen, tmp_path / "run", bfloat16=False, kinds=["left", "right"] * 3)
    simulator = Simulator.from_pretrained(result.model)
    assert [kind.name for kind in simulator.kinds] == (["left", "right"] if width else [])
    clip = simulator(clips[0].caption, seconds=1.4)
    assert len(clip) == 14 and clip.made["transport"] == ("brenier" if width else "flow")
    if told:
        transformer = simulator.experts[0].transformer
        lies = 4 if "looks_width" in told else 0
        assert transformer.config.sketch == 4 * 4 * (4 + lies + 1 + 4)  # picture, what lies there, how much, the field
        before = clip.frames.copy()
        torch.nn.init.zeros_(transformer.sketch_in.weight)
        assert (simulator(clips[0].caption, seconds=1.4).frames != before).any()  # it is drawn with the sketch


ACTING = dataclasses.replace(
    MICRO,
    codec=dataclasses.replace(MICRO.codec, steps=2, sample_every=2),
    transport=dataclasses.replace(MICRO.transport, steps=2, sample_every=2),
    autoencoder=AutoencoderConfig(latent_channels=4, fine_channels=8, coarse_channels=16, temporal_stride=1),
    window=8,
    token_frames=4,
    actions=True,
)


def pushed(count: int) -> list[Clip]:
    juice = worlds.make("Juice")
    return [juice.record(seed=seed, seconds=0.8, fps=10, size=32) for seed in range(count)]


def test_paths_tell_what_was_done_where_clips_say_it(tmp_path):
    clips = pushed(6)
    result = train(clips, ACTING, tmp_path / "run", bfloat16=False)
    model = Simulator.from_pretrained(result.model)
    (kind,) = model.kinds
    assert kind.actions is not None
    assert model.experts[0].transformer.config.code_width == kind.width == kind.code.width + 4  # a push a frame
    told = kind.acts(np.flatnonzero((kind.clips == 2) & (kind.times == 1)))
    pushes = clips[2].truth.action["push"][1:5]
    np.testing.assert_allclose(told[0] * kind.actions.largest, pushes, atol=float(kind.actions.largest[0]) / 250)
    assert len(model(clips[0].caption, num_frames=12, seed=0)) == 12  # a second chunk goes on by recorded successors


def test_actions_need_clips_that_tell_them_and_a_codec_that_folds_no_time(tmp_path):
    with pytest.raises(CuspError, match="actions: 8 of 8 clips do not say what was done"):
        train(CLIPS, ACTING, tmp_path / "silent", bfloat16=False)
    folding = dataclasses.replace(ACTING, autoencoder=MICRO.autoencoder, window=13, token_frames=1)
    with pytest.raises(CuspError, match="actions: one latent must be one frame"):
        train(pushed(1), folding, tmp_path / "folding", bfloat16=False)
    assert not list(tmp_path.iterdir())  # no run was begun that another preset could not go on with
