"""How dim the picture is: in a dim one what is bright and warm shines."""

from __future__ import annotations

import numpy as np

from cuspworld.audit.evidence.scene import Scene

DIM, BRIGHT = 80, 130  # grey levels, of the background's red channel


def dimness(scene: Scene) -> float:
    """1 in a picture so dim that what is bright and warm shines, 0 in a bright one."""
    usual = float(np.median(scene.background[..., 0]))
    return float(np.clip((BRIGHT - usual) / (BRIGHT - DIM), 0, 1))
