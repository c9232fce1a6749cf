"""Identity: a thing keeps its colour, size and shape unless something acts on it."""

from cuspworld.audit.laws.identity.as_read import READ
from cuspworld.audit.laws.identity.at_once import RECOLOURS, RESHAPES, SUDDEN
from cuspworld.audit.laws.identity.becomes_another import BECOMES_ANOTHER
from cuspworld.audit.laws.identity.colour_leaps import COLOUR_LEAPS
from cuspworld.audit.laws.identity.comes_out_as_another import COMES_OUT_AS_ANOTHER
from cuspworld.audit.laws.identity.melts_as_read import MELTS

CHECKS = (RECOLOURS, RESHAPES, SUDDEN, COLOUR_LEAPS, BECOMES_ANOTHER, COMES_OUT_AS_ANOTHER, READ, MELTS)
