"""Inertia and momentum: velocity does not jump where nothing is touched, and a thing does not leap from place to place.

Steps with anything near enough to touch (another thing, an edge in the background plate, the frame's border) are not
judged: they may be contacts.
"""

from cuspworld.audit.laws.inertia.leaps import LEAPS, SUDDEN
from cuspworld.audit.laws.inertia.velocity_jumps import VELOCITY_JUMPS

CHECKS = (LEAPS, SUDDEN, VELOCITY_JUMPS)
