"""Names and captions of strangers are printed as text that no terminal obeys, each on its line."""

import json
import os
import subprocess
import sys

import pytest

from cuspworld import Clip, Library
from cuspworld.cli.say import plain, say_json
from tests.cli.test_library_verbs import cusp
from tests.helpers import moving_box

EVIL = "red\x1b[31m\x1b]0;title\x07\x9b2J\nnext\rback\u202eleft \u200b"


def obeyed(text: str) -> list[str]:
    """What a terminal would do something for, beside our own line ends."""
    return [letter for letter in text if not letter.isprintable() and letter != "\n"]


def test_what_is_not_printable_is_spelled():
    assert plain("a\nb\x1b[1m") == "a\\nb\\x1b[1m" and plain("越来越亮 é 🎬") == "越来越亮 é 🎬"
    assert plain("\ud800") == "\\ud800"


def test_json_is_for_readers_and_terminals(capsys):
    say_json({EVIL: ["é", "\ud800", {"a": EVIL}]}, indent=2)
    printed = capsys.readouterr().out
    assert not obeyed(printed) and json.loads(printed) == {EVIL: ["é", "\ud800", {"a": EVIL}]}


def test_a_hostile_caption_and_name(tmp_path, capsys):
    folder = tmp_path / "videos"
    folder.mkdir()
    file = folder / "a\x1b[31mb\nc.mp4"
    Clip(moving_box(0, 12).frames, 10.0, EVIL).write(file)
    (folder / "broken\x1b[2J[red].mp4").write_bytes(b"\x00\x00\x00\x18ftypmp42")
    for verb in (
        ["info", file],
        ["info", file, "--json"],
        ["show", file, "-o", tmp_path / "s\x1b[0m.png"],
        ["audit", folder, "--table"],
        ["audit", file],
        ["audit", file, "--json"],
        ["ingest", folder, "-o", tmp_path / "l.lance"],
        ["info", tmp_path / "l.lance"],
        ["info", tmp_path / "no\x1bsuch"],
        ["nonsense\x1b[1m"],
    ):
        cusp(*verb)
        out, err = capsys.readouterr()
        assert not obeyed(out) and not obeyed(err), verb
    assert Library.open(tmp_path / "l.lance")[0].caption == EVIL


def test_what_the_terminal_has_no_letter_for_is_spelled(tmp_path):
    Clip(moving_box(0, 3).frames, 10.0, "越来越亮 é 🎬").write(tmp_path / "a.mp4")
    env = {**os.environ, "PYTHONIOENCODING": "latin-1"}
    for options in ([], ["--json"]):
        command = [sys.executable, "-m", "cuspworld", "info", str(tmp_path / "a.mp4"), *options]
        said = subprocess.run(command, env=env, capture_output=True, check=True).stdout.decode("latin-1")
        assert "\\u8d8a" in said and (not options or json.loads(said)["caption"] == "越来越亮 é 🎬")


@pytest.mark.parametrize("value", ["1e308", "1e23", "nan", "inf", "-1", "0", "1e999", "", "9" * 400])
def test_numbers_that_nothing_has(value, tmp_path, capsys):
    moving_box(0, 3).write(tmp_path / "a.mp4")
    record, generate = ["record", "Collision"], ["generate", "two balls collide", "--steps", "1"]
    for verb in (
        *([*record, "-o", tmp_path / "b.mp4", name, value] for name in ("--seconds", "--fps", "--size", "--count")),
        [*record, "-o", tmp_path / "l.lance", "--workers", value],
        [*record, "-o", tmp_path / "b.mp4", "--set", f"gravity={value}"],
        [*record, "-o", tmp_path / "b.mp4", "--set", f"law={value}"],
        *([*generate, "-o", tmp_path / "g.mp4", name, value] for name in ("--seconds", "--fps", "--guidance")),
        [*generate, "-o", tmp_path / "g.mp4", "--num-frames", "1", "--size", value],
        ["show", tmp_path / "a.mp4", "-o", tmp_path / "s.png", "--start", value],
        ["show", tmp_path / "a.mp4", "-o", tmp_path / "s.png", "--seconds", value],
        ["audit", tmp_path / "a.mp4", "--fps", value],
        ["audit", tmp_path / "a.mp4", "--metres-per-pixel", value],
        ["audit", tmp_path / "a.mp4", "--timeout", value],
    ):
        assert cusp(*verb) in (0, 2), verb  # never a traceback
    capsys.readouterr()
