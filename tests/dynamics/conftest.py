"""What several tests of the dynamics play with."""

import pytest

from tests.untrained import untrained


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return untrained(tmp_path_factory.mktemp("hybrid") / "model")
