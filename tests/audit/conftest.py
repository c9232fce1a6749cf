"""Drawn clips test what the checks see, with the curves as they were fitted: here all is at home."""

import pytest

from cuspworld.audit import elsewhere


@pytest.fixture(autouse=True)
def _at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elsewhere, "where", lambda *_: "home")
