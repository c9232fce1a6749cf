"""The branch graph: inside a room any way, between rooms only the recorded one."""

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from cuspworld.dynamics.branch_graph import BranchGraph
from cuspworld.dynamics.jepa import JEPA, JEPAConfig
from cuspworld.errors import CuspError


class Places(JEPA):
    """The embedding is a place, read from the first pixel; an action is a step in it."""

    def embed(self, frames):
        return torch.tensor(frames[:, 0, 0, :2], dtype=torch.float32)

    def read(self, state, later):
        return later - state[:, -1]

    def roll(self, state, scaled):
        return state[:, -1:] + scaled.cumsum(1)


def clips_of(places):
    return [np.broadcast_to(np.c_[p, p[:, :1]][:, None, None, :], (len(p), 1, 1, 3)) for p in places]


def rooms(passage):
    """Two squares of side 4, 6 apart; each clip walks in one, and one through the door at the top."""
    random = np.random.default_rng(0)
    walks = [random.uniform(0, 4, (15, 2)) + np.array([10.0 * (k % 2), 0]) for k in range(16)]
    through = [np.array([[3.5, 3.8], [10.5, 3.8]])] if passage else []
    return clips_of([*walks, *through])


@pytest.fixture(scope="module")
def model():
    return Places(JEPAConfig(16, 16, 10.0, ("x", "y"), 1, embedding=2, channels=1, hidden=1)).eval()


def test_it_goes_through_the_recorded_door(model):
    graph = BranchGraph.learn(model, rooms(True), moments=242, neighbours=5)
    here, goal = torch.tensor([1.0, 0.2]), torch.tensor([13.0, 0.2])
    sides = graph.branches[[int((graph.moments - z).square().sum(1).argmin()) for z in (here, goal)]]
    assert sides[0] != sides[1] and graph.passages == 1
    way = graph.moments[graph.way(here, goal)]
    crossing = int((way[:, 0] > 7).nonzero()[0])
    assert way[crossing - 1 : crossing + 1].tolist() == [pytest.approx([3.5, 3.8]), pytest.approx([10.5, 3.8])]
    action = graph(model, here[None, None], goal)
    assert not action.requires_grad
    assert action.shape == (1, 2) and float(action.abs().max()) <= 1 and float(action[0, 1]) > 0.3  # up, to the door


def test_where_actions_are_hindered_there_is_no_branch(model):
    """A walk along a line; in its middle third every action comes to nothing and chance moves instead."""
    random = np.random.default_rng(1)
    places, actions = [], []
    for _ in range(12):
        place, done = np.array([random.uniform(0, 9), 0.0]), []
        walk = []
        for _ in range(20):
            action = random.uniform(-0.5, 0.5, 2)
            walk.append(place)
            done.append(action)
            hindered = 3 < place[0] < 6
            place = place + (random.uniform(-0.5, 0.5, 2) if hindered else action)
        places.append(np.array(walk))
        actions.append(np.array(done))
    clips = [np.broadcast_to(np.c_[p, p[:, :1]][:, None, None, :], (len(p), 1, 1, 3)) for p in places]
    graph = BranchGraph.learn(model, clips, actions, moments=240)
    x = graph.moments[:, 0].numpy()
    middle, outside = (x > 3.7) & (x < 5.3), (x < 1) | (x > 8)
    assert (graph.branches[middle] == -1).mean() > 0.7 and (graph.branches[outside] >= 0).mean() > 0.8


def test_at_the_end_it_goes_to_the_goal_itself(model):
    graph = BranchGraph.learn(model, rooms(True), moments=242, neighbours=5)
    goal = torch.tensor([2.0, 2.1])
    assert torch.allclose(graph(model, torch.tensor([[[1.7, 2.0]]]), goal), torch.tensor([[0.3, 0.1]]), atol=1e-6)


def test_without_a_recorded_door_it_says_so(model):
    graph = BranchGraph.learn(model, rooms(False), moments=240, neighbours=5)
    with pytest.raises(CuspError, match="no recorded way leads from branch"):
        graph.way(torch.tensor([1.0, 0.2]), torch.tensor([13.0, 0.2]))


def test_bad_input(model):
    with pytest.raises(CuspError, match="moments must be a whole number from 16"):
        BranchGraph.learn(model, rooms(True), moments=0)
    with pytest.raises(CuspError, match="needs 16 recorded moments"):
        BranchGraph.learn(model, rooms(True)[:1], moments=16)
    graph = BranchGraph(torch.zeros(1, 2), np.zeros(1, int), csr_array((1, 1)), 0)
    with pytest.raises(CuspError, match="goal must be one embedding of 2"):
        graph(model, torch.zeros(1, 1, 2), torch.zeros(3))
    with pytest.raises(CuspError, match="goal must be finite"):
        graph(model, torch.zeros(1, 1, 2), torch.full((2,), float("inf")))
