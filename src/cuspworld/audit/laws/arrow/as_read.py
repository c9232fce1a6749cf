"""What a world's detector reads that breaks this law: `laws/reading.py`."""

from cuspworld.audit.laws.reading import reading_check
from cuspworld.laws import Law

READ = reading_check(
    "undone as read",
    Law.ARROW,
    "a detector that knows the world reads that what cannot be undone is undone; only "
    "in clips that look like that world",
)
