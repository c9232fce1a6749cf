"""Flow matching: paths, samplers of known order, and the transformer's masks and places."""

import itertools
import math

import pytest
import torch

from cuspworld.codec.tokens import tokenize
from cuspworld.errors import CuspError
from cuspworld.transport.flow.matching import SAMPLERS, flow_loss, interpolate, sample_time, time_grid
from cuspworld.transport.flow.transformer import FlowTransformer, TransformerConfig, place_features, rotary, rotate


def test_the_path_goes_straight_from_noise_to_data():
    noise, data = torch.randn(3, 2, 4), torch.randn(3, 2, 4)
    ends = interpolate(noise, data, torch.tensor([0.0, 0.5, 1.0]))
    torch.testing.assert_close(ends[0], noise[0])
    torch.testing.assert_close(ends[1], (noise[1] + data[1]) / 2)
    torch.testing.assert_close(ends[2], data[2])


def test_the_loss_counts_learned_tokens_only():
    noise, data = torch.zeros(1, 2, 4), torch.ones(1, 2, 4)
    velocity = torch.stack([torch.ones(1, 4), torch.full((1, 4), 9.0)], dim=1)
    assert flow_loss(velocity, noise, data, torch.tensor([[True, False]])) == 0
    assert flow_loss(velocity, noise, data, torch.tensor([[True, True]])) == 32


@pytest.mark.parametrize("shift", [1.0, 3.0])
def test_the_time_grid_rises_from_0_to_1(shift):
    times = time_grid(7, shift)
    assert times[0] == 0 and times[-1] == 1 and times == sorted(times)
    noise = 1 - times[3]  # SD3 equation 23 in the noise level
    plain = 1 - 3 / 7
    assert noise == pytest.approx(shift * plain / (1 + (shift - 1) * plain))


@pytest.mark.parametrize("shift", [1.0, 3.0])
def test_sampled_times_are_logit_normal_before_the_shift(shift):
    """Kolmogorov-Smirnov against the exact distribution; strata make it far closer than chance."""
    t = sample_time(4000, torch.Generator().manual_seed(0), shift).double().sort().values
    unshifted = shift * t / (1 + (shift - 1) * t)
    exact = torch.special.ndtr(torch.logit(unshifted))
    assert (exact - (torch.arange(4000) + 0.5) / 4000).abs().max() < 1e-3


def test_no_steps_is_an_error():
    with pytest.raises(CuspError, match="num_inference_steps"):
        time_grid(0, 1.0)


@pytest.mark.parametrize("name,order", [("euler", 1), ("heun", 2), ("adams_bashforth", 2)])
@pytest.mark.parametrize("shift", [1.0, 2.0])
def test_samplers_converge_at_their_order(name, order, shift):
    """dx/dt = x cos(3 t): x(1) = x(0) exp(sin(3) / 3)."""
    start = torch.ones(1, 1, 1, dtype=torch.float64)
    exact = math.exp(math.sin(3) / 3)

    def error(steps: int) -> float:
        end = SAMPLERS[name](lambda x, t: x * math.cos(3 * t), start, time_grid(steps, shift))
        return abs(float(end) - exact)

    measured = math.log2(error(64) / error(128))
    assert measured == pytest.approx(order, abs=0.35)


def integral(name: str, times: list[float], slope: float) -> float:
    """x(1) of dx/dt = slope * t from x(0) = 0 (exactly slope / 2)."""
    return float(SAMPLERS[name](lambda x, t: torch.full_like(x, slope * t), torch.zeros(1, 1, 1).double(), times))


def test_adams_bashforth_is_exact_for_a_velocity_that_grows_evenly_whatever_the_steps():
    """But for its first and last step, which are Euler's and miss slope * step^2 / 2."""
    for times in ([0, 0.3, 0.5, 0.8, 1], [0, 0.1, 0.25, 0.5, 0.9, 1], time_grid(12, 3.0)):
        missed = 3.0 * (times[1] ** 2 + (1 - times[-2]) ** 2)
        assert integral("adams_bashforth", times, 6.0) == pytest.approx(3.0 - missed, abs=1e-12)


@pytest.mark.parametrize("steps", range(2, 30))
def test_more_steps_are_never_worse(steps):
    """The exact flow from N(0, 1) to N(2, 0.3^2) takes 1 to 2.3, on the grid that the shipped model is sampled on: the
    error falls with every step, and is never above Euler's."""
    spread = 0.3

    def velocity(x: torch.Tensor, t: float) -> torch.Tensor:
        return 2 + (t * spread**2 - (1 - t)) / ((1 - t) ** 2 + (t * spread) ** 2) * (x - 2 * t)

    def error(name: str, count: int) -> float:
        end = SAMPLERS[name](velocity, torch.ones(1, 1, 1, dtype=torch.float64), time_grid(count, 3.0))
        return abs(float(end) - 2.3)

    assert error("adams_bashforth", steps) < error("adams_bashforth", steps - 1)
    assert error("adams_bashforth", steps) <= error("euler", steps)


def torn(steps: int, sampler: str = "adams_bashforth", shift: float = 3.0) -> torch.Tensor:
    """Ends (512, 2) of the exact flow from N(0, 1) to two branches, N(+-3, 0.1^2) along the first axis."""
    branches = torch.tensor([[3.0, 0.0], [-3.0, 0.0]]).double()

    def velocity(x: torch.Tensor, t: float) -> torch.Tensor:
        t = min(t, 1 - 1e-9)
        variance = (1 - t) ** 2 + (t * 0.1) ** 2
        away = x[:, :, None] - t * branches  # (1, noises, branches, 2)
        share = torch.softmax(-away.square().sum(-1) / (2 * variance), dim=-1)
        data = (share[..., None] * (branches + t * 0.1**2 / variance * away)).sum(2)
        return (data - x) / (1 - t)

    noise = torch.randn(1, 512, 2, generator=torch.Generator().manual_seed(0)).double()
    return SAMPLERS[sampler](velocity, noise, time_grid(steps, shift))[0]


@pytest.mark.parametrize("shift", [1.0, 3.0])
def test_more_steps_are_never_worse_where_the_noise_is_torn(shift):
    """Mean distance to where the exact flow leads. With the last step extrapolated it doubled from 5 to 6 steps."""
    exact = torn(200, "heun", shift)
    errors = [float((torn(steps, shift=shift) - exact).norm(dim=-1).mean()) for steps in (*range(1, 13), 16, 24, 48)]
    assert all(after < before for before, after in itertools.pairwise(errors)), errors


def test_a_step_far_longer_than_the_last_is_not_extrapolated():
    """Two steps of the shipped grid are 0.25 and 0.75 long: three times as far as the slope was seen."""
    assert integral("adams_bashforth", time_grid(2, 3.0), 6.0) == integral("euler", time_grid(2, 3.0), 6.0)


def make(seed: int = 0) -> FlowTransformer:
    torch.manual_seed(seed)
    model = FlowTransformer(TransformerConfig(token_channels=6, width=48, depth=2, heads=2, text_width=8))
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.2)
    return model.eval()


def inputs(n: int = 5, seed: int = 0) -> dict:
    g = torch.Generator().manual_seed(seed)
    return dict(
        tokens=torch.randn(1, n, 6, generator=g),
        positions=torch.randint(4, (1, n, 3), generator=g),
        known=torch.zeros(1, n, dtype=torch.bool),
        time=torch.tensor([0.3]),
        text=torch.randn(1, 3, 8, generator=g),
        text_mask=torch.ones(1, 3, dtype=torch.bool),
    )


@torch.no_grad()
def test_padding_changes_nothing():
    model, one = make(), inputs()
    alone = model(**one)
    padded = dict(one)
    padded["tokens"] = torch.cat([one["tokens"], torch.full((1, 3, 6), 7.0)], dim=1)
    padded["positions"] = torch.cat([one["positions"], torch.ones(1, 3, 3, dtype=torch.long)], dim=1)
    padded["known"] = torch.zeros(1, 8, dtype=torch.bool)
    padded["text"] = torch.cat([one["text"], torch.full((1, 2, 8), 5.0)], dim=1)
    padded["text_mask"] = torch.tensor([[True, True, True, False, False]])
    mask = torch.tensor([[True] * 5 + [False] * 3])
    torch.testing.assert_close(model(**padded, mask=mask)[:, :5], alone, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_tokens_are_a_set_with_places():
    model, one = make(), inputs()
    order = torch.tensor([3, 1, 4, 0, 2])
    shuffled = dict(one, tokens=one["tokens"][:, order], positions=one["positions"][:, order])
    torch.testing.assert_close(model(**shuffled), model(**one)[:, order], atol=1e-5, rtol=1e-5)
    moved = dict(one, positions=one["positions"] + torch.tensor([1, 0, 2]) * (torch.arange(5) == 2)[None, :, None])
    assert not torch.allclose(model(**moved), model(**one), atol=1e-3)


@torch.no_grad()
def test_rotary_products_depend_on_the_difference_of_places_only():
    g = torch.Generator().manual_seed(0)
    q, k = torch.randn(1, 1, 1, 24, generator=g), torch.randn(1, 1, 1, 24, generator=g)
    a, b, shift = torch.tensor([[[2, 5, 1]]]), torch.tensor([[[4, 0, 3]]]), torch.tensor([7, 3, 9])

    def product(p, r):
        return (rotate(q, *rotary(p, 24, 100.0)) * rotate(k, *rotary(r, 24, 100.0))).sum()

    torch.testing.assert_close(product(a, b), product(a + shift, b + shift), atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_a_known_token_is_seen():
    model, one = make(), inputs()
    marked = dict(one, known=torch.tensor([[True, False, False, False, False]]))
    assert not torch.allclose(model(**marked)[:, 1:], model(**one)[:, 1:], atol=1e-3)


def test_it_learns_two_points():
    """Noise to two data points, chosen by the text: after a short training the samples are the points."""
    torch.manual_seed(0)
    model = FlowTransformer(TransformerConfig(token_channels=2, width=64, depth=2, heads=2, text_width=2))
    points, text = torch.tensor([[[2.0, 0.0]], [[-1.0, 1.0]]]), torch.eye(2)[:, None]
    mask, known = torch.ones(2, 1, dtype=torch.bool), torch.zeros(2, 1, dtype=torch.bool)
    positions = torch.zeros(2, 1, 3, dtype=torch.long)
    optimizer = torch.optim.Adam(model.parameters(), 2e-3)
    g = torch.Generator().manual_seed(0)
    for _ in range(300):
        rows = torch.arange(2).repeat(16)
        noise, time = torch.randn(32, 1, 2, generator=g), torch.rand(32, generator=g)
        x = interpolate(noise, points[rows], time)
        v = model(x, positions[rows], known[rows], time, text[rows], mask[rows])
        loss = flow_loss(v, noise, points[rows], mask[rows])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    noise = torch.randn(2, 1, 2, generator=g)
    with torch.no_grad():
        end = SAMPLERS["heun"](
            lambda x, t: model(x, positions, known, torch.full((2,), t), text, mask), noise, time_grid(8, 1.0)
        )
    torch.testing.assert_close(end, points, atol=0.2, rtol=0)


def test_only_a_network_that_is_told_places_knows_the_left_from_the_right():
    torch.manual_seed(0)
    positions = tokenize(torch.zeros(1, 1, 4, 4, 2), 1)[1][None]
    told = {}
    for places in (False, True):
        model = FlowTransformer(
            TransformerConfig(token_channels=2, width=32, depth=2, heads=1, text_width=4, places=places)
        )
        for parameter in model.parameters():
            torch.nn.init.normal_(parameter, std=0.2)
        told[places] = model(
            torch.ones(1, 16, 2), positions, torch.zeros(1, 16, dtype=torch.bool), torch.zeros(1),
            torch.zeros(1, 1, 4), torch.zeros(1, 1, dtype=torch.bool),
        )[0].unflatten(0, (4, 4))  # fmt: skip
    assert torch.allclose(told[False], told[False][:1, :1].expand_as(told[False]), atol=1e-5)  # text is masked
    assert (told[True][:, 0] - told[True][:, 3]).abs().min() > 1e-3


def test_a_place_is_a_share_of_the_picture():
    small, large = (place_features(tokenize(torch.zeros(1, 1, n, n, 2), 1)[1][None])[0] for n in (3, 5))
    assert torch.allclose(small[[0, 4, 8]], large[[0, 12, 24]], atol=1e-6)
