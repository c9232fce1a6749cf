"""What every world promises, checked for one world by name: called from that world's own test file."""

import math
import re

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from cuspworld.errors import CuspError
from cuspworld.worlds import make
from cuspworld.worlds.parameters import SPLITS, split_of


def check_environment(name: str) -> None:
    """Gymnasium's own checker (its vector API: test_vector.py)."""
    environment = gymnasium.make(f"cuspworld/{name}-v0", render_mode="rgb_array", size=16)
    check_env(environment.unwrapped, skip_render_check=False)


def check_same_seed_same_bytes(name: str, seconds: float) -> None:
    first, second = (make(name).record(5, seconds=seconds, size=(24, 40)) for _ in range(2))
    assert first.frames.tobytes() == second.frames.tobytes()
    assert first.truth.to_bytes() == second.truth.to_bytes()
    assert first.caption == second.caption
    other = make(name).record(6, seconds=seconds, size=(24, 40))
    assert other.frames.tobytes() != first.frames.tobytes()


def check_size_changes_only_the_picture(name: str, seconds: float) -> None:
    world = make(name)
    small, large = world.record(2, seconds=seconds, size=8), world.record(2, seconds=seconds, size=(96, 130))
    assert large.frames.shape[1:] == (96, 130, 3) and large.truth.masks.shape[1:] == (96, 130)
    assert small.truth.state.tobytes() == large.truth.state.tobytes()
    assert small.truth.events == large.truth.events
    assert set(np.unique(large.truth.masks)) - {0} <= set(world.instances)


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


def check_splits(name: str) -> None:
    """Drawn values belong to the split that was asked for, and to no other."""
    world = make(name, size=8)
    for split in SPLITS:
        for seed in range(40):
            world.seed = seed
            values = _drawn(world, split)
            assert split_of(world.ranges, world.held_out, values) == split


def _drawn(world, split: str) -> dict:
    from cuspworld.worlds.parameters import draw

    world.drawn_split = split
    return draw(world.ranges, world.held_out, split, world.rng("parameters"), {}, world.why_not)


def check_captions(name: str, seconds: float) -> None:
    world = make(name)
    world.reset(seed=1)
    world.record(1, seconds=seconds, size=8)
    rich, poor = world.caption("rich"), world.caption("poor")
    assert len(rich.split()) >= 6 and 2 <= len(poor.split()) <= 3
    for style in ("rich", "poor"):
        chinese = world.caption(style, "zh")
        assert any("\u4e00" <= letter <= "\u9fff" for letter in chinese) and not any(
            c.isalpha() and c < "z" for c in chinese
        )
    assert "{" not in rich + world.caption("rich", "zh")
    assert re.search(r"\d\.\d s", rich) and re.search(r"\d\.\d秒", world.caption("rich", "zh"))  # it says when
    assert set(world.critical_events) <= set(world.captions.events)


def check_bad_input(name: str) -> None:
    world = make(name, size=8)
    for parameter in world.parameters:
        wrong = [None, [1.0]]
        if not parameter.choices:
            wrong += [math.nan, math.inf, True, "many"]
            wrong += [bound for bound in (parameter.bounds[0] - 1, parameter.bounds[1] * 2 + 1) if math.isfinite(bound)]
        for value in (*wrong, *(["plaid", True] if parameter.choices else [])):
            with pytest.raises(CuspError, match=parameter.name):
                world.reset(seed=0, options={parameter.name: value})
    with pytest.raises(CuspError, match="did you mean"):
        make(name, **{world.parameters[0].name + "s": 1})
    with pytest.raises(CuspError, match="call reset"):
        make(name).step(np.zeros(len(world.actions)))
    world.reset(seed=0)
    count = len(world.actions)
    for action in ([math.nan] * count, [math.inf] * count, [0.0] * (count + 1), 0.0, ["fast"] * count, None):
        with pytest.raises(CuspError, match="action"):
            world.step(action)
    for size in (0, -64, 10**6, 6.5, "64", (64,), (64, 64, 64), None, True):
        with pytest.raises(CuspError, match="size"):
            world.record(0, size=size)
        with pytest.raises(CuspError, match="size"):
            make(name, size=size)
    for arguments in ({"seconds": 0}, {"seconds": math.nan}, {"seconds": 1e9}, {"fps": 0}, {"fps": math.inf}):
        with pytest.raises(CuspError, match=next(iter(arguments))):
            world.record(0, size=8, **arguments)
    for actions in (3, [], np.zeros((1, count + 1))):
        with pytest.raises(CuspError, match="action"):
            world.record(0, size=8, seconds=0.1, actions=actions)
    for options in ([1], "gravity", 3):
        with pytest.raises(CuspError, match="options"):
            world.reset(seed=0, options=options)
    for seed in (-1, 2**63):
        with pytest.raises(CuspError, match="seed"):
            world.record(seed, size=8)
    with pytest.raises(CuspError, match=r"twin.*(did you mean|known)"):
        world.record(0, size=8, twin="nonsense")
    with pytest.raises(CuspError, match="did you mean"):
        make(name + "x")
