"""Simulator: prompt -> video, assembled of the rooms before it."""

from cuspworld.simulator.simulator import Simulator

__all__ = ["Simulator"]
