"""Drawn clips test what the checks see, with the curves as they were fitted: here all is at home."""

import pytest


@pytest.fixture(autouse=True)
def _at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cuspworld.audit.run.where", lambda *_: ("home", ""))
