"""Acquisitions by name: ours, one a file, and yours by `register`."""

from __future__ import annotations

from importlib import import_module

from cuspworld.errors import CuspError
from cuspworld.explore.acquisitions.acquisition import Acquisition, Seen, known, register

for _name in ("chance", "sobol", "latent_distance", "ensemble", "straddle", "horizons", "singular_set"):
    import_module(f"cuspworld.explore.acquisitions.{_name}")


def acquisition(name: str) -> Acquisition:
    """A new one of this name. Raises CuspError for an unknown name."""
    if name not in known:
        raise CuspError(f"no acquisition {name!r}: take one of {', '.join(known)}")
    return known[name]()


__all__ = ["Acquisition", "Seen", "acquisition", "known", "register"]
