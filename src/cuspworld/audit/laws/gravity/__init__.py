"""Gravity and support: what falls free falls with one constant acceleration until it touches something."""

from cuspworld.audit.laws.gravity.coloured_falls import COLOURED_FALL_ENDS, COLOURED_FALL_TURNS
from cuspworld.audit.laws.gravity.falls import FALL_ENDS, FALL_TURNS, FALLS_UPWARD
from cuspworld.audit.laws.gravity.free_fall import FREE_FALL
from cuspworld.audit.laws.gravity.orbits import AREAL_VELOCITY, INVERSE_SQUARE
from cuspworld.audit.laws.gravity.rises_by_itself import RISES_BY_ITSELF
from cuspworld.audit.laws.gravity.standing_liquid import STANDING_LIQUID
from cuspworld.audit.laws.gravity.stays_up import STAYS_UP

CHECKS = (
    AREAL_VELOCITY,
    INVERSE_SQUARE,
    FALL_ENDS,
    FALL_TURNS,
    FALLS_UPWARD,
    COLOURED_FALL_ENDS,
    COLOURED_FALL_TURNS,
    STANDING_LIQUID,
    FREE_FALL,
    RISES_BY_ITSELF,
    STAYS_UP,
)
