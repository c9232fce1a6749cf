"""Errors that a person can act on: each names what was wrong, what it got, and what to do next."""


class CuspError(ValueError):
    """Bad input. The command line prints its message without a traceback and exits with code 2."""


class MissingExtraError(CuspError, ImportError):
    """An optional dependency is not installed; the message says which extra brings it."""

    def __init__(self, what: str, extra: str):
        super().__init__(f"{what} needs an optional dependency: pip install 'cuspworld[{extra}]'")


class NotFittedError(CuspError, AttributeError):
    """A learned thing was asked for before `fit`; an AttributeError, so that `hasattr` answers."""


class CuspWarning(UserWarning):
    """Something that a person should know and that does not stop the work."""
