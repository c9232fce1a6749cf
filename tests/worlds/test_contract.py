"""What every world promises: those of this package, and a user's own, the one of docs/worlds/your_own.md."""

import copy
import math
import pickle
import re
from importlib.metadata import EntryPoint
from importlib.util import find_spec

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from cuspworld.errors import CuspError
from cuspworld.worlds import address, describe, make, names, register, registry
from cuspworld.worlds.parameters import SPLITS, draw, split_of
from cuspworld.worlds.world import World
from tests.worlds import contract

YOURS = "tests.worlds.users_world:Pendulum"
SECONDS = {"Heat": 0.4, "Ant": 0.5, "Treadmill": 0.5, "Snow": 0.6}  # of clips where one second is more than enough


def _here(name: str) -> bool:
    return all(find_spec(package) for package in registry._entries[name].needs)


every_world = pytest.mark.parametrize("name", [*filter(_here, names()), "Pendulum"])


@pytest.fixture(autouse=True)
def yours(monkeypatch):
    """A user's world is known in these tests, and in no other."""
    monkeypatch.setattr(registry, "_entries", dict(registry._entries))
    return make(YOURS)


@every_world
def test_environment(name):
    """Gymnasium's own checker (its vector API: test_vector.py)."""
    environment = gymnasium.make(f"cuspworld/{name}-v0", render_mode="rgb_array", size=16)
    check_env(environment.unwrapped, skip_render_check=False)


@every_world
def test_same_seed_same_bytes(name):
    first, second = (make(name).record(5, seconds=SECONDS.get(name, 1.0), size=(24, 40)) for _ in range(2))
    assert first.frames.tobytes() == second.frames.tobytes()
    assert first.truth.to_bytes() == second.truth.to_bytes()
    assert first.caption == second.caption
    other = make(name).record(6, seconds=SECONDS.get(name, 1.0), size=(24, 40))
    assert other.frames.tobytes() != first.frames.tobytes()


@every_world
def test_size_changes_only_the_picture(name):
    world = make(name)
    small, large = (world.record(2, seconds=SECONDS.get(name, 0.5), size=size) for size in (8, (96, 130)))
    assert large.frames.shape[1:] == (96, 130, 3) and large.truth.masks.shape[1:] == (96, 130)
    assert small.truth.state.tobytes() == large.truth.state.tobytes()
    assert small.truth.events == large.truth.events
    assert set(np.unique(large.truth.masks)) - {0} <= set(world.instances)


@every_world
def test_splits(name):
    """Drawn values belong to the split that was asked for, and to no other."""
    world = make(name, size=8)
    for split in SPLITS:
        for seed in range(40):
            world.seed = seed
            values = _drawn(world, split)
            assert split_of(world.ranges, world.held_out, values) == split


def _drawn(world, split: str) -> dict:
    world.drawn_split = split
    return draw(world.ranges, world.held_out, split, world.rng("parameters"), {}, world.why_not)


@every_world
def test_captions(name):
    world = make(name)
    world.reset(seed=1)
    world.record(1, seconds=SECONDS.get(name, 1.0), size=8)
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


@every_world
def test_bad_input(name):
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
            make(name, size=size)
        if size is not None:  # of a recording: the world's own
            with pytest.raises(CuspError, match="size"):
                world.record(0, size=size)
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


@every_world
def test_a_picture_does_not_depend_on_the_pictures_before(name):
    often, once = (make(name, render_mode="rgb_array", size=24) for _ in range(2))
    for world in (often, once):
        world.reset(seed=3)
    for k in range(8):
        for world in (often, once):
            world.step(np.array(world.policy(k / world.fps)))
        often.render()
    assert (often.render() == once.render()).all()


@every_world
def test_what_it_declares_belongs_together(name):
    world = make(name, size=8)
    world.reset(seed=1)
    assert len(tuple(world.row())) == len(world.columns) and len(tuple(world.policy(0.0))) == len(world.actions)
    assert len(tuple(world.conserved())) == len(world.conserved_units)
    assert world.branch(world.state) in world.branches and np.isfinite(world.criticality(world.state))
    assert set(world.captions.english) == set(world.captions.chinese)
    table = {parameter.name: parameter for parameter in world.parameters}
    for name_of, held in (pair for pairs in world.held_out for pair in pairs):  # each alone is known from training
        if isinstance(held, tuple):
            least, most = table[name_of].train
            assert least <= held[0] < held[1] <= most
        else:
            assert held in table[name_of].choices
    assert world.name == name and describe(name).endswith(".")


def test_the_twin_of_a_users_world():
    contract.check_twin("Pendulum", "sticks")


def test_a_users_world_goes_into_a_library_from_other_processes(tmp_path):
    from cuspworld.library import Library

    library = Library.create(tmp_path / "yours.lance")
    addition = library.record("Pendulum", 3, size=16, seconds=0.5, workers=2)
    assert len(library) == 3 and not addition.problems
    assert library[0].truth.world == "Pendulum" and library.topics() == [describe("Pendulum")]
    assert address("Pendulum") == YOURS and address("Juice") == "Juice"


def test_worlds_of_installed_packages_are_known_by_their_entry_points(monkeypatch):
    points = [EntryPoint("Pendulum", "tests.worlds.users_world:Pendulum", registry.GROUP),
              EntryPoint("Gone", "no_such_package:Gone", registry.GROUP)]  # fmt: skip
    del registry._entries["Pendulum"]
    monkeypatch.setattr(registry, "entry_points", lambda group: [point for point in points if point.group == group])
    monkeypatch.setattr(registry, "_installed", registry._installed.__wrapped__)
    assert {"Pendulum", "Gone", "Juice"} <= set(names())
    assert make("Pendulum").name == "Pendulum" and describe("Pendulum").startswith("A pendulum is struck")
    assert "cannot be made" in describe("Gone")  # a broken package hides no other world
    with pytest.raises(CuspError, match="no world at no_such_package:Gone"):
        make("Gone")


class Nameless(World):
    columns, branches = {"x": "m"}, ("here",)


class Silent(Nameless):
    name, critical_events = "Silent", ("bang",)


class Juice(Nameless):
    name = "Juice"


def test_what_is_no_world_is_refused():
    for world, message in (
        (int, "subclass of"),
        (World, "needs a name"),
        (Nameless, "needs a name"),
        (Silent, "do not tell its critical events bang"),
        (Juice, "is taken by the world at cuspworld.worlds.juice"),
    ):
        with pytest.raises(CuspError, match=message):
            register(world)
    for where in ("no_such_module:World", "math:World", ":World", "math:"):
        with pytest.raises(CuspError, match="no world at"):
            make(where)


@pytest.mark.parametrize("name", ["Chair", "Ant", "Treadmill", "Collision"])
def test_a_world_that_was_drawn_can_be_copied(name):
    """MuJoCo's scenes cannot: a copy draws with its own."""
    pytest.importorskip("mujoco") if name != "Collision" else None
    world = make(name, size=16, render_mode="rgb_array")
    world.reset(seed=3)
    world.render()
    copies = [pickle.loads(pickle.dumps(world)), copy.deepcopy(world)]
    for each in (world, *copies):
        each.step(each.action_space.high)
        assert np.array_equal(each.render(), world.render())


@pytest.mark.parametrize("name", ["Juice", "CoffeeCup", "Collision", "Planets"])
def test_a_copy_of_a_running_world_goes_on_to_the_last_digit(name):
    """pymunk forgets its contacts in a copy: Juice differed by 3e-10."""
    world = make(name)
    world.reset(seed=3)
    for _ in range(7):
        world.step(world.policy(world.time))
    copies = [pickle.loads(pickle.dumps(world)), copy.deepcopy(world)]
    for _ in range(3):
        action = world.policy(world.time)
        rows = [tuple(each.step(action)[0]) for each in (world, *copies)]
        assert rows[0] == rows[1] == rows[2]
    assert [event.time for event in copies[0].events] == [event.time for event in world.events]


def test_a_twin_says_what_it_truly_shows():
    world = make("Collision")
    seed = world.twin_seed("stops")
    possible, twin = world.record(seed, size=8), world.record(seed, twin="stops", size=8)
    violation = twin.truth.violation
    assert twin.caption == possible.caption != violation.caption
    assert (
        violation.sentence in violation.caption and f"at {violation.start:.1f} s, the impossible" in violation.caption
    )
    later = [event for event in possible.truth.events if event.time > violation.start]
    assert not any(event.name in violation.caption.partition("Then, at")[0].lower() for event in later)
