"""What a world's detector reads that breaks this law: `laws/reading.py`."""

from cuspworld.audit.laws.reading import reading_check
from cuspworld.laws import Law

READ = reading_check(
    "another as read",
    Law.IDENTITY,
    "a detector that knows the world reads that things are others after a contact than before; only "
    "in clips that look like that world",
)
