"""Nothing that is judged was seen by what is fitted."""

from pathlib import Path

import pytest

from cuspworld.exam.audit.split import DEV_FILES, FIRST_SEED, LABELS, TEST_FILES, files
from cuspworld.laws import Law


def test_no_clip_and_no_seed_is_in_both_splits() -> None:
    assert not set(DEV_FILES) & set(TEST_FILES)
    assert FIRST_SEED["test"] >= FIRST_SEED["dev"] + 1000


def test_labels_are_laws_of_clips_in_a_split() -> None:
    assert set(LABELS) <= {*DEV_FILES, *TEST_FILES}
    for label in LABELS.values():
        assert label is None or label == "?" or set(label) <= set(Law)


def test_clips_that_are_not_there_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CUSPWORLD_DATA", str(tmp_path))
    (tmp_path / "videos").mkdir()
    (tmp_path / "videos" / DEV_FILES[0]).touch()
    assert [path.name for path in files("dev")] == [DEV_FILES[0]]
    said = capsys.readouterr().out
    assert DEV_FILES[1] in said and DEV_FILES[0] not in said and "CUSPWORLD_DATA" in said
