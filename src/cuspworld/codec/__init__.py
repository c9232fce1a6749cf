"""Clip <-> latents <-> spacetime tokens."""

from cuspworld.codec.codec import Codec

__all__ = ["Codec"]
