"""Library: a Lance table of clips with captions, truth and vectors. Record worlds into it, ingest folders of video."""

from cuspworld.library.library import Addition, Library
from cuspworld.library.selection import Match, Selection

__all__ = ["Addition", "Library", "Match", "Selection"]
