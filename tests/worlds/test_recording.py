"""Recording: what it leaves alone, and that a run goes on as it was recorded."""

import numpy as np

from cuspworld.worlds import make


def test_recording_leaves_the_rate_of_the_world_alone():
    world = make("Collision", fps=10, size=8)
    world.record(1, seconds=1.0, fps=25.0)
    assert world.fps == 10 and world.metadata["render_fps"] == 10
    world.step(np.zeros(2))
    assert abs(world.time - 1.0) < 1e-12  # the 26th frame of the run at 25 a second
    world.reset(seed=1)
    world.step(np.zeros(2))
    assert world.time == 0.1
    assert len(world.record(1, seconds=1.0)) == 10
