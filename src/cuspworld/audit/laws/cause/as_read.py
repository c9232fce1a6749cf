"""What a world's detector reads that breaks this law: `laws/reading.py`."""

from cuspworld.audit.laws.reading import reading_check
from cuspworld.laws import Law

READ = reading_check(
    "moves untouched as read",
    Law.CAUSE,
    "a detector that knows the world reads that a thing moves before anything touches it; only "
    "in clips that look like that world",
)
