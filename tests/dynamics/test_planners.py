"""Planners, on a world whose best plan is known: a point that actions push; and the branch graph on a corridor."""

import pytest
import torch

from cuspworld.dynamics.planners import CEM, MPPI, Gradient
from cuspworld.errors import CuspError


class Point:
    """The embedding is the place; an action adds to it."""

    action_low, action_high = torch.tensor([-1.0, -0.5]), torch.tensor([1.0, 0.5])

    def encode(self, frames):
        return torch.zeros(1, 1, 2)

    def predict(self, state, actions):
        return state[:, -1:] + actions.cumsum(1)


@pytest.mark.parametrize("planner", [CEM(4, 256, 8, 16), MPPI(4, 256, 12, 0.1), Gradient(4, 4, 60)])
def test_a_planner_goes_straight_to_what_it_can_reach(planner):
    """The cost over all steps is least when the first step does all that it may: (1, -0.5), then (0.8, -0.2)."""
    model, goal = Point(), torch.tensor([1.8, -0.7])
    plan = planner(model, model.encode(None), goal, seed=3)
    assert plan.shape == (4, 2)
    assert (plan >= model.action_low).all() and (plan <= model.action_high).all()
    assert (plan[0] - torch.tensor([1.0, -0.5])).abs().max() < 0.12
    assert (model.predict(model.encode(None), plan[None])[0, -1] - goal).abs().max() < 0.15
    assert torch.equal(plan, planner(model, model.encode(None), goal, seed=3))


@pytest.mark.parametrize("planner", [CEM, MPPI, Gradient])
@pytest.mark.parametrize("budget", ["samples", "rounds", "horizon"])
def test_a_budget_of_nothing_is_refused(planner, budget):
    with pytest.raises(CuspError, match=f"{budget} must be a whole number from 1"):
        planner(**{budget: 0})


@pytest.mark.parametrize("planner", [CEM(), MPPI(), Gradient()])
def test_a_goal_that_is_none_is_refused(planner):
    with pytest.raises(CuspError, match="goal must be one embedding of 2 numbers: got 3"):
        planner(Point(), torch.zeros(1, 1, 2), torch.zeros(3))
    with pytest.raises(CuspError, match="goal must be finite"):
        planner(Point(), torch.zeros(1, 1, 2), torch.tensor([0.0, float("nan")]))


def test_a_seed_that_is_none_is_refused():
    with pytest.raises(CuspError, match="seed must be a whole number"):
        CEM()(Point(), torch.zeros(1, 1, 2), torch.zeros(2), seed=-1)
