"""The training loop: what is averaged, and how soon."""

import torch
from torch import nn

from cuspworld.training.loop import Process, Trainer
from cuspworld.training.presets import Phase


class Parabola(nn.Module):
    """Loss (x - 1)^2 from x = 0, whatever the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.x = nn.Parameter(torch.zeros(()))

    def forward(self, batch):
        return (self.x - 1).square(), {}


def test_the_average_forgets_the_first_weights_however_short_the_run(tmp_path):
    """An average of 0.9999 alone would keep 99 % of the first weights over 100 steps: x would hardly have moved."""
    phase = Phase(steps=100, batch=1, learning_rate=0.05, warmup=1, ema=0.9999, weight_decay=0.0)
    trainer = Trainer("x", Parabola(), lambda step, process: None, phase, tmp_path, process=Process(), bfloat16=False)
    trainer.run()
    assert abs(float(trainer.parameters["x"].detach()) - 1) < 0.1
    assert float(trainer.average["x"]) > 0.5
