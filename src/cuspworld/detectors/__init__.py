"""Detectors: what a person would read in the frames of a clip of a world, and how often they agree with one."""

from cuspworld.detectors import candles, collision, juice, puppies
from cuspworld.detectors.detector import Detector, detector, names, register

__all__ = ["Detector", "candles", "collision", "detector", "juice", "names", "puppies", "register"]
