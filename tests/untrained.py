"""An untrained learned world of Collision, for tests of what plays in one."""

from pathlib import Path

import numpy as np
import torch

from cuspworld import worlds
from cuspworld.dynamics.error_map import ErrorMap
from cuspworld.dynamics.hybrid_world import ERROR_MAP
from cuspworld.dynamics.jepa import JEPA, JEPAConfig
from cuspworld.dynamics.readout import Readout, ReadoutConfig


def untrained(path: Path) -> Path:
    """A model folder with an error map; its readout says one fixed row of numbers."""
    torch.manual_seed(0)
    world = worlds.make("Collision")
    model = JEPA(JEPAConfig(16, 16, 10.0, tuple(world.actions), 2, embedding=8, channels=4, hidden=16)).eval()
    model.set_actions(np.full(2, -20.0), np.full(2, 20.0))
    clips = [world.record(seed, seconds=1, size=16, actions="random") for seed in range(4)]
    tables = [np.stack([clip.truth.action[name] for name in world.actions], -1) for clip in clips]
    model.spread_out(np.concatenate([c.frames[:-1] for c in clips]), np.concatenate([c.frames[1:] for c in clips]))
    model.save_pretrained(path)
    readout = Readout(ReadoutConfig("Collision", tuple(world.columns), 16, 16, 2, 8, 4, 16))
    with torch.no_grad():
        readout.numbers[-1].weight.zero_()
        readout.numbers[-1].bias.copy_(torch.tensor([2, 5, 1, 0, 0.5, 0.8, 1, 7, 5, -1, 0, 0.5, 0.8, 1]))
    readout.save_pretrained(path / "readout")
    ErrorMap.learn(model, [clip.frames for clip in clips], tables).save_pretrained(path / ERROR_MAP)
    return path
