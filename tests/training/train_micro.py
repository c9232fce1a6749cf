"""Train the micro preset and write its loss curves: what the test of several processes runs in each process."""

import json
import random
import sys
from pathlib import Path

from cuspworld.training.loop import Trainer
from cuspworld.training.run import train
from tests.training.test_training import CLIPS, MICRO

curves = {}
original = Trainer.run


def run(self: Trainer) -> None:
    original(self)
    curves[self.name] = self.losses


Trainer.run = run  # type: ignore[method-assign]
folder = Path(sys.argv[1])
clips = [clip for clip in CLIPS if clip.frames.shape == CLIPS[0].frames.shape]
before = random.getstate()  # asked here, since the checks of types in tests draw from it
train(clips, MICRO, folder, bfloat16=False)
assert random.getstate() == before
(folder / "losses.json").write_text(json.dumps(curves))
