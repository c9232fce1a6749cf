"""HDR pictures against the numbers of the standards."""

import numpy as np
import pytest

from cuspworld import Clip
from cuspworld.video.dynamic_range import HLG, KNEE, PQ, tone_mapped


def grey(signal: float) -> np.ndarray:
    return np.full((2, 2, 3), round(65535 * signal), np.uint16)


@pytest.mark.parametrize(("transfer", "white"), [(PQ, 0.5807), (HLG, 0.75)])
def test_reference_white_is_the_same_light_in_both(transfer, white):
    """BT.2408: 203 cd/m2 is 58 % of PQ's signal and 75 % of HLG's; pressed once, it is 0.7 + 0.3 (1 - 1/e) of white."""
    expected = 255 * (KNEE + (1 - KNEE) * (1 - np.exp(-1))) ** (1 / 2.4)
    assert np.abs(tone_mapped(grey(white), transfer).astype(float) - expected).max() <= 2


@pytest.mark.parametrize("transfer", [PQ, HLG])
def test_grey_stays_grey_and_brighter_stays_brighter(transfer):
    levels = [tone_mapped(grey(s), transfer)[0, 0] for s in np.linspace(0, 1, 60)]
    assert all(np.ptp(level.astype(int)) <= 1 for level in levels)
    brightness = [int(level[1]) for level in levels]
    assert brightness == sorted(brightness) and brightness[0] == 0 and brightness[-1] >= 250


def test_dark_light_is_kept_as_it_is():
    """20.3 cd/m2, a tenth of white, is 0.1 ** (1 / 2.4) of BT.709's signal."""
    y = (20.3 / 10000) ** (2610 / 16384)
    signal = ((3424 / 4096 + 2413 / 128 * y) / (1 + 2392 / 128 * y)) ** (2523 / 32)
    assert np.abs(tone_mapped(grey(signal), PQ).astype(float) - 255 * 0.1 ** (1 / 2.4)).max() <= 1


def test_a_phone_s_file_is_read_as_high_dynamic_range(data_folder):
    clip = Clip.read(data_folder / "cases" / "video" / "hdr_hlg.mp4", seconds=0.2)
    assert clip.frames.shape[1:] == (96, 128, 3) and clip.frames.max() >= 250
