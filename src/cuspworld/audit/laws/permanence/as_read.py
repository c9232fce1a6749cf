"""What a world's detector reads that breaks this law: `laws/reading.py`."""

from cuspworld.audit.laws.reading import reading_check
from cuspworld.laws import Law

READ = reading_check(
    "comes or goes as read",
    Law.PERMANENCE,
    "a detector that knows the world reads that a thing comes out of nothing or goes into nothing; only "
    "in clips that look like that world",
)
