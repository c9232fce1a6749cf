"""Contact: solid bodies do not pass through each other, and nothing sinks into a floor."""

from cuspworld.audit.laws.contact.meetings import PASSES_THROUGH
from cuspworld.audit.laws.contact.sinks import SINKS
from cuspworld.audit.laws.contact.solid_crossed import STREAM_THROUGH_SOLID

CHECKS = (STREAM_THROUGH_SOLID, PASSES_THROUGH, SINKS)
