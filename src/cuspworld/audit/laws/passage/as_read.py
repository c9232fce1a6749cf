"""What a world's detector reads that breaks this law: `laws/reading.py`."""

from cuspworld.audit.laws.reading import reading_check
from cuspworld.laws import Law

READ = reading_check(
    "no passage as read",
    Law.PASSAGE,
    "a detector that knows the world reads two steady states, and none of those between; only "
    "in clips that look like that world",
)
