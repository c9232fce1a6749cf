"""`cusp audit`: exit codes, forms of output, many files."""

import json
from pathlib import Path

import numpy as np
import pytest

from cuspworld.cli import main
from cuspworld.cli.audit import _videos
from cuspworld.clip import Clip
from cuspworld.errors import CuspError
from cuspworld.video.folder import look

from ..audit.scenes import BLUE, FPS, RED, render, straight


def _run(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as stopped:
        main(["audit", *arguments])
    return int(stopped.value.code or 0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("videos")
    paths = [straight((25, 30), (1.2, 0), 45), straight((100, 65), (-1.1, 0.1), 45)]
    Clip(render(paths, [7, 9], [RED, BLUE]), FPS).write(place / "true.mp4")
    paths[1][25:] = np.nan
    Clip(render(paths, [7, 9], [RED, BLUE]), FPS).write(place / "false.mp4")
    return place


def test_exit_codes(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run([str(folder / "true.mp4"), "--fail-on", "any"]) == 0
    assert _run([str(folder / "false.mp4")]) == 0
    assert _run([str(folder / "false.mp4"), "--fail-on", "permanence"]) == 1
    assert _run([str(folder / "false.mp4"), "--fail-on", "arrow"]) == 0
    assert _run([str(folder / "missing.mp4")]) == 2
    assert _run([str(folder / "true.mp4"), "--fail-on", "gravitas"]) == 2
    assert "gravitas" in capsys.readouterr().err


def test_json_is_one_report_a_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run([str(folder), "--json"]) == 0
    verdicts = {json.loads(line)["name"]: json.loads(line)["verdict"] for line in capsys.readouterr().out.splitlines()}
    assert verdicts == {"true.mp4": "cannot tell", "false.mp4": "impossible"}  # they look like no world


def test_the_table_ranks_the_impossible_first(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run([str(folder), "--table"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["score", "checked", "verdict", "findings", "video"]
    assert "false.mp4" in lines[1]
    assert "true.mp4" in lines[2]


def test_a_pair_is_compared(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run([str(folder / "true.mp4"), str(folder / "false.mp4")]) == 0
    assert "false.mp4 is less possible" in capsys.readouterr().out


def test_a_bad_file_among_good_ones_is_reported_and_the_rest_audited(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text.mp4").write_text("not a video")
    assert _run([str(tmp_path / "text.mp4"), str(folder / "false.mp4"), "--json"]) == 3
    output = capsys.readouterr()
    assert "text.mp4" in output.err
    assert json.loads(output.out)["verdict"] == "impossible"


def test_pages_for_many(folder: Path, tmp_path: Path) -> None:
    assert _run([str(folder), "--html", str(tmp_path / "pages")]) == 0
    assert {p.name for p in (tmp_path / "pages").iterdir()} == {"true.html", "false.html"}
    assert _run([str(folder), "--html", str(tmp_path / "one.html")]) == 2


def test_a_time_limit_that_is_none_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run([str(folder / "true.mp4"), "--timeout", "0"]) == 2
    assert "timeout must be a positive number" in capsys.readouterr().err


def test_known_scale_and_rate_reach_the_report(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run([str(folder / "false.mp4"), "--json", "--metres-per-pixel", "0.01", "--fps", "15"]) == 0
    assert json.loads(capsys.readouterr().out)["fps"] == 15


def test_a_folder_without_video_says_what_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run([str(tmp_path), "--table"]) == 2
    error = capsys.readouterr().err
    assert "no video in the folder" in error and ".mp4" in error
    assert "Traceback" not in error


def test_a_folder_is_what_the_library_takes_from_it(folder: Path, tmp_path: Path) -> None:
    """Hidden files, hidden folders and links that lead out are left out; a video without a suffix is taken."""
    place = tmp_path / "place"
    (place / "sub").mkdir(parents=True)
    (place / ".hidden").mkdir()
    for name in ("sub/b.mp4", "a.MP4", ".c.mp4", ".hidden/d.mp4", "no_suffix"):
        (place / name).write_bytes((folder / "true.mp4").read_bytes())
    (place / "words.txt").touch()
    (place / "link.mp4").symlink_to(folder / "true.mp4")
    found = [path.relative_to(place).as_posix() for path in _videos([place])]
    assert found == ["a.MP4", "no_suffix", "sub/b.mp4"]
    assert found == [path.relative_to(place).as_posix() for path in look(place)[0]]
    assert look(place)[1] == [("link.mp4", "a link that leads out of the folder is not followed")]
    assert _videos([folder / "true.mp4", place])[0] == folder / "true.mp4"
    assert _run([str(place / "sub"), str(tmp_path)]) == 0
    (tmp_path / "empty").mkdir()
    assert _run([str(tmp_path / "empty")]) == 2
    for name in ("one.mp4", "two.mp4"):
        (tmp_path / "empty" / name).symlink_to(folder / "true.mp4")
    with pytest.raises(CuspError, match=r"empty can be taken: one.mp4: a link .* is not followed, and 1 more"):
        look(tmp_path / "empty")


def test_own_true_clips_set_the_bars_and_too_few_say_nothing(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bars = tmp_path / "own.json"
    assert _run(["--calibrate", str(folder), "--bars", str(bars)]) == 0
    assert "still: 2 true clips, fewer than 19: nothing will be said of such clips" in capsys.readouterr().out
    assert _run([str(folder / "false.mp4"), "--bars", str(bars), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["verdict"] == "cannot tell" and "bars of 2 true clips" in report["notes"][0]


def test_bars_that_are_none_and_a_broken_clip_are_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _run([str(folder / "true.mp4"), "--bars", str(tmp_path)]) == 2
    assert "there are no bars" in capsys.readouterr().err
    assert _run(["--calibrate", str(folder / "true.mp4")]) == 2
    assert "takes one folder" in capsys.readouterr().err
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    assert _run(["--calibrate", str(tmp_path)]) == 2
    assert not (tmp_path / "bars.json").exists()
