"""Conservation: what one place loses another gains, and matter does not grow out of itself."""

from cuspworld.audit.laws.conservation.coupled_amounts import AMOUNT_GROWS, FLOWS_UPWARD
from cuspworld.audit.laws.conservation.hue_growth import HUE_GROWS
from cuspworld.audit.laws.conservation.thing_grows import THING_GROWS

CHECKS = (HUE_GROWS, THING_GROWS, FLOWS_UPWARD, AMOUNT_GROWS)
