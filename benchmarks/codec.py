"""Why our own autoencoder: each class gets the same CPU time on the same clips, then meets unseen ones.

    python benchmarks/codec.py            # 5 minutes a class
    python benchmarks/codec.py --quick    # half a minute a class

Peers: diffusers' Wan and LTX-Video classes at small configurations with the same strides in space (8) and time (4), and
the same number of latent channels. One process, one thread, bfloat16 autocast for all where the CPU has it.
"""

import argparse
import time

import numpy as np
import torch

from cuspworld import Clip, worlds
from cuspworld.codec.autoencoder import AutoencoderConfig
from cuspworld.codec.autoencoder_codec import AutoencoderCodec
from cuspworld.codec.codec import psnr, to_frames, to_tensor
from cuspworld.training.codec import CodecObjective
from cuspworld.training.loop import step_generator
from cuspworld.training.run import bfloat16_helps
from results import Table, add_argument

CHANNELS, WINDOW, BATCH = 8, 9, 4


class Published(torch.nn.Module):
    """A diffusers class with the two methods that CodecObjective calls."""

    def __init__(self, model: torch.nn.Module):
        super().__init__()
        self.model = model

    def encode(self, frames):
        posterior = self.model.encode(frames.movedim(-1, 1)).latent_dist
        return posterior.mean.movedim(1, -1), posterior.logvar.movedim(1, -1)

    def decode(self, latents):
        return self.model.decode(latents.movedim(-1, 1)).sample.movedim(1, -1)


class Holder(torch.nn.Module):
    def __init__(self, autoencoder: torch.nn.Module):
        super().__init__()
        self.autoencoder = autoencoder


def candidates() -> dict[str, torch.nn.Module]:
    from diffusers import AutoencoderKLLTXVideo, AutoencoderKLWan

    wan = AutoencoderKLWan(base_dim=32, z_dim=CHANNELS, dim_mult=[1, 2, 4, 4], num_res_blocks=1)
    ltx = AutoencoderKLLTXVideo(
        latent_channels=CHANNELS,
        block_out_channels=(64, 128, 128),
        decoder_block_out_channels=(64, 128, 128),
        down_block_types=("LTXVideoDownBlock3D",) * 3,
        spatio_temporal_scaling=(True, True, False),
        decoder_spatio_temporal_scaling=(True, True, False),
        layers_per_block=(1, 1, 1, 1),
        decoder_layers_per_block=(1, 1, 1, 1),
        decoder_inject_noise=(False,) * 4,
        upsample_residual=(False,) * 3,
        upsample_factor=(1,) * 3,
        decoder_causal=True,
        patch_size=2,
    )
    own = AutoencoderCodec(AutoencoderConfig(latent_channels=CHANNELS)).autoencoder
    return {"ours": own, "diffusers Wan (small)": Published(wan), "diffusers LTX-Video (small)": Published(ltx)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=300, help="CPU seconds of training for each class")
    parser.add_argument("--quick", action="store_true", help="30 CPU seconds each")
    add_argument(parser)
    arguments = parser.parse_args()
    budget = 30.0 if arguments.quick else arguments.seconds
    torch.set_num_threads(1)
    bfloat16 = bfloat16_helps("cpu")

    names, train_seeds, test_seeds = ("Collision", "Juice"), range(40), range(10_000, 10_008)
    clips = [worlds.make(name).record(seed=seed) for name in names for seed in train_seeds]
    unseen = [worlds.make(name).record(seed=seed) for name in names for seed in test_seeds]
    print(
        f"{budget:.0f} CPU s each, batch {BATCH} x {WINDOW} x 64 x 64, bfloat16 {bfloat16}, "
        f"{len(unseen)} unseen clips\n"
    )
    with Table("codec", arguments.save) as table:
        for name, autoencoder in candidates().items():
            table.add({"class": name, **compared(autoencoder, clips, unseen, budget, bfloat16)})


def compared(
    autoencoder: torch.nn.Module, clips: list[Clip], unseen: list[Clip], budget: float, bfloat16: bool
) -> dict[str, float]:
    """One class, trained for `budget` CPU seconds on `clips` and measured on `unseen`."""
    torch.manual_seed(0)
    objective = CodecObjective(Holder(autoencoder), kl_weight=1e-4, latent_noise=0.05)
    optimizer = torch.optim.AdamW(objective.parameters(), 1e-3, betas=(0.9, 0.99))
    start, step = time.process_time(), 0
    while (used := time.process_time() - start) < budget:
        for group in optimizer.param_groups:  # the rate falls with the budget, so that each class ends settled
            group["lr"] = 1e-3 * min(1.0, (step + 1) / 20) * max(0.02, 1 - used / budget)
        g = step_generator(0, step)
        rows = torch.randint(len(clips), (BATCH,), generator=g).tolist()
        first = torch.randint(20, (BATCH,), generator=g).tolist()
        frames = to_tensor(np.stack([clips[r].frames[f : f + WINDOW] for r, f in zip(rows, first, strict=True)]))
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            loss, _ = objective((frames, step))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(objective.parameters(), 1.0)
        optimizer.step()
        step += 1
    scores, decoding = [], 0.0
    with torch.no_grad():
        for clip in unseen:
            truth = clip.frames[:21]
            mean, _ = autoencoder.encode(to_tensor(truth)[None])
            begin = time.process_time()
            made = to_frames(autoencoder.decode(mean))[0]
            decoding += time.process_time() - begin
            scores.append(psnr(truth, made))
    count = sum(p.numel() for p in autoencoder.parameters()) / 1e6
    speed = {"steps": step, "s/step": budget / step, "decode s/clip": decoding / len(unseen)}
    return {"parameters, M": count, **speed, "PSNR dB": float(np.mean(scores))}


if __name__ == "__main__":
    main()
