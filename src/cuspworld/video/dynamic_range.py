"""High dynamic range (what phones record by default) as standard range: HLG and PQ (ITU-R BT.2100) to BT.709.

Light is decoded to multiples of the reference white (203 cd/m2, ITU-R BT.2408), taken from BT.2020's to BT.709's
primaries, kept as it is up to seven tenths of white and pressed together above, and coded with BT.709's display gamma.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from jaxtyping import Float, UInt8, UInt16

PQ, HLG = 16, 18  # transfer characteristics, ISO/IEC 23091-2
HIGH_DYNAMIC_RANGE = (PQ, HLG)
WHITE = 203.0  # cd/m2 of reference white, BT.2408
HLG_PEAK = 1000.0  # cd/m2 that HLG's full signal shows at, BT.2100's nominal display
KNEE = 0.7  # of white: what is darker stays as it is
_BT2020_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32
)  # ITU-R BT.2087, linear light
_LUMA = np.array([0.2627, 0.6780, 0.0593], np.float32)  # BT.2020


def tone_mapped(picture: UInt16[np.ndarray, "height width 3"], transfer: int) -> UInt8[np.ndarray, "height width 3"]:
    """A coded HDR picture (BT.2020, 16 bits) as BT.709 RGB of 8 bits."""
    light = _curve(transfer)[picture]  # (height, width, 3), of reference white; HLG: of the scene
    if transfer == HLG:  # the display's own gamma, on the luminance (BT.2100's OOTF)
        light = light * np.power(np.maximum(light @ _LUMA, 1e-6), 0.2)[..., None] * (HLG_PEAK / WHITE)
    light = np.maximum(light @ _BT2020_TO_BT709.T, 0)
    bright = light.max(-1, keepdims=True)  # pressed by its brightest channel, so that hues stay
    pressed = KNEE + (1 - KNEE) * (1 - np.exp(-(bright - KNEE) / (1 - KNEE)))
    light = np.where(bright > KNEE, light * pressed / np.maximum(bright, 1e-6), light)
    return (255 * np.power(np.clip(light, 0, 1), 1 / 2.4) + 0.5).astype(np.uint8)


@cache
def _curve(transfer: int) -> Float[np.ndarray, " levels"]:
    """Linear light of each 16-bit level: PQ in units of reference white, HLG of the scene from 0 to 1."""
    signal = np.arange(1 << 16) / 65535
    if transfer == PQ:  # SMPTE ST 2084
        m1, m2, c1, c2, c3 = 2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128
        power = signal ** (1 / m2)
        return (10000 / WHITE * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)).astype(np.float32)
    a, b, c = 0.17883277, 0.28466892, 0.55991073  # ARIB STD-B67
    return np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12).astype(np.float32)
