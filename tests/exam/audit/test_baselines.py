import numpy as np

from cuspworld.exam.audit import baselines
from cuspworld.exam.audit.baselines import looks


def drifting(jump: int = 0, noise: float = 0.0) -> np.ndarray:
    """A textured picture that drifts a pixel a look; after the sixth it is shifted by `jump` more."""
    rng = np.random.default_rng(0)
    picture = np.kron(rng.integers(40, 200, (24, 24)), np.ones((4, 4))).astype(np.uint8)
    shifts = [t + jump * (t > 6) for t in range(14)]
    seen = np.stack([np.roll(picture, shift, axis=1)[..., None].repeat(3, -1) for shift in shifts])
    return (seen + noise * rng.standard_normal(seen.shape)).clip(0, 255).astype(np.uint8)


def test_eight_looks_a_second_at_128_pixels() -> None:
    assert looks(np.zeros((48, 90, 256, 3), np.uint8), 24.0).shape == (16, 45, 128, 3)
    assert len(looks(np.zeros((10, 32, 32, 3), np.uint8), 5.0)) == 10


def test_each_baseline_rises_with_what_it_is_named_after(monkeypatch) -> None:
    monkeypatch.setattr(baselines, "feature_network", lambda: None)
    even, jumps, noisy = (baselines.baselines(seen) for seen in (drifting(), drifting(11), drifting(noise=12)))
    assert jumps["largest over median difference"] > 2 * even["largest over median difference"]
    assert noisy["mean difference"] > even["mean difference"]
    assert noisy["warping error"] > 2 * even["warping error"]
    assert noisy["roughness of flow"] > even["roughness of flow"]
