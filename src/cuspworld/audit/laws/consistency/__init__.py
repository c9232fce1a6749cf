"""Global consistency: what is measured here and now agrees with what is measured there and then."""

from cuspworld.audit.laws.consistency.gluing import CHROMA_DRIFTS, FALLS_DISAGREE
from cuspworld.audit.laws.consistency.surface_reversal import SURFACE_REVERSES

CHECKS = (SURFACE_REVERSES, CHROMA_DRIFTS, FALLS_DISAGREE)
