"""Contact: solid bodies do not pass through each other."""

from cuspworld.audit.laws.contact.meetings import PASSES_THROUGH
from cuspworld.audit.laws.contact.solid_crossed import STREAM_THROUGH_SOLID

CHECKS = (STREAM_THROUGH_SOLID, PASSES_THROUGH)
