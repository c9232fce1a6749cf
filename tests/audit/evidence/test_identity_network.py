"""The shipped network knows a drawn thing again in other light, and from another one."""

import numpy as np

from cuspworld.audit.evidence.identity_network import FOLDER, features

from ..scenes import BLUE, RED, draw


def _crop(colour: tuple[int, int, int], radius: float, light: float = 1.0) -> np.ndarray:
    picture = np.full((32, 32, 3), 128.0)
    draw(picture, (15.5, 15.5), radius, tuple(round(light * c) for c in colour))
    picture[12:20, 12:20] *= 0.7
    return np.rint(picture).astype(np.uint8)


def test_a_thing_is_nearer_to_itself_in_other_light_than_to_another() -> None:
    red, dim, blue = features(np.stack([_crop(RED, 14), _crop(RED, 13, 0.9), _crop(BLUE, 14)]))
    assert np.allclose(np.linalg.norm([red, dim, blue], axis=1), 1, atol=1e-5)
    assert 1 - red @ dim < 0.1 < 0.3 < 1 - red @ blue


def test_its_weights_are_small() -> None:
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 3e6
