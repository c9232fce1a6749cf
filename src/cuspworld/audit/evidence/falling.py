"""What is evidently a fall, and what is a body and no drop or heap."""

from __future__ import annotations

import numpy as np

from cuspworld.audit.evidence.flights import Flight
from cuspworld.audit.evidence.paths import Path


def falling(flight: Flight) -> bool:
    """Evidently a fall: accelerated downward, and going down ever faster."""
    ax, ay = flight.acceleration
    gain = flight.velocity_end[1] - flight.velocity_start[1]
    return ay > max(0.03, 4 * flight.error) and abs(ax) < 0.5 * ay and flight.velocity_end[1] > 0.4 and gain > 0.4


def keeps_shape(path: Path) -> bool:
    """A body, and no drop or heap: its area varies little while it is alone."""
    areas = path.track.areas[path.track.alone]
    return len(areas) >= 8 and bool(np.median(np.abs(areas - np.median(areas))) < 0.06 * np.median(areas))
