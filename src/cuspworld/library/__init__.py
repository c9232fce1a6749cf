"""Library: a Lance table of clips with captions, truth and vectors. Record worlds into it, ingest folders of video."""

from cuspworld.errors import MissingExtraError

try:
    from cuspworld.library.library import Addition, Library
    from cuspworld.library.selection import Match, Selection
except ModuleNotFoundError as error:
    if error.name not in ("lance", "pyarrow"):
        raise
    raise MissingExtraError("a library (pylance, pyarrow)", "library") from error

__all__ = ["Addition", "Library", "Match", "Selection"]
