"""What every impossible twin promises, for one world by name: called from that world's own test file."""

import numpy as np

from cuspworld.worlds import make


def check_twin(name: str, twin: str, **arguments) -> tuple:
    """Both clips: equal before the breach in frames, masks and state; the breach shows inside its box."""
    world = make(name)
    seed = world.twin_seed(twin, **arguments)
    possible, impossible = world.record(seed, size=48, **arguments), world.record(seed, size=48, twin=twin, **arguments)
    violation = impossible.truth.violation
    first = round(violation.start * impossible.fps)
    assert 1 <= first < len(possible)
    assert (possible.frames[:first] == impossible.frames[:first]).all()
    assert (possible.truth.masks[:first] == impossible.truth.masks[:first]).all()
    assert possible.truth.state[:first].tobytes() == impossible.truth.state[:first].tobytes()
    assert (possible.truth.action[:first] == impossible.truth.action[:first]).all()
    equal = (first - 1) / possible.fps - 0.01  # 0.01 s: what happens in a step may be noticed in the next
    before = [[e for e in c.truth.events if e.time < equal] for c in (possible, impossible)]
    assert before[0] == before[1]
    assert violation.twin == twin and violation.breaks == world.twins[twin].breaks and violation.sentence
    assert violation.start < violation.end <= len(possible) / possible.fps + 1e-9
    x0, y0, x1, y1 = violation.box
    assert 0 <= x0 < x1 <= 48 and 0 <= y0 < y1 <= 48
    differ = np.abs(possible.frames[first:].astype(int) - impossible.frames[first:]).max(-1) > 24
    assert differ.any(), "the breach cannot be seen"
    inside = differ[:, int(y0) : int(y1), int(x0) : int(x1)]
    assert inside.any(), "the breach cannot be seen where its box says"
    assert possible.truth.violation is None
    return possible, impossible
