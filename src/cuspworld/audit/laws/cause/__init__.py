"""Cause and effect: every effect has a cause before it at its place, and every cause its effect."""

from cuspworld.audit.laws.cause.as_read import READ
from cuspworld.audit.laws.cause.driven_by_nothing import DRIVEN_BY_NOTHING
from cuspworld.audit.laws.cause.flames_in_wind import FLAMES_UNMOVED
from cuspworld.audit.laws.cause.ignitions import FIRE_BEGINS
from cuspworld.audit.laws.cause.lights import LIGHT_BEGINS, LIGHT_FLARES, LIGHT_GOES_OUT, SUDDEN
from cuspworld.audit.laws.cause.limbless_walk import GLIDES
from cuspworld.audit.laws.cause.moves_apart import MOVES_APART
from cuspworld.audit.laws.cause.moves_by_itself import MOVES_BY_ITSELF
from cuspworld.audit.laws.cause.starts import STARTS

CHECKS = (
    FIRE_BEGINS,
    LIGHT_BEGINS,
    LIGHT_GOES_OUT,
    LIGHT_FLARES,
    SUDDEN,
    FLAMES_UNMOVED,
    GLIDES,
    STARTS,
    MOVES_BY_ITSELF,
    DRIVEN_BY_NOTHING,
    MOVES_APART,
    READ,
)
