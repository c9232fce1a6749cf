"""cusp worlds, record, ingest, show, info: what they print, their exit codes, and what they leave when stopped."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cuspworld import Clip, Library, worlds
from cuspworld.cli import VERBS, main
from cuspworld.cli.parse import parse_number, parse_settings, parse_size
from cuspworld.errors import CuspError
from tests.helpers import moving_box

SHORT = ["--seconds", "0.5", "--size", "16"]


def cusp(*arguments: object) -> int:
    with pytest.raises(SystemExit) as stopped:
        main([str(argument) for argument in arguments])
    return int(stopped.value.code or 0)


def test_worlds_are_listed_and_described(capsys):
    assert cusp("worlds") == 0
    printed = capsys.readouterr().out
    assert all(name in printed and worlds.describe(name) in printed for name in worlds.names())
    assert cusp("worlds", "Collision", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    world = worlds.make("Collision")
    assert facts["id"] == "cuspworld/Collision-v0" and set(facts["twins"]) == set(world.twins)
    assert [p["name"] for p in facts["parameters"]] == list(world.ranges)
    assert cusp("worlds", "Collision") == 0
    printed = capsys.readouterr().out
    assert "twins" in printed and "phyworld" in printed
    assert cusp("worlds", "Colision") == 2
    assert "did you mean 'Collision'?" in capsys.readouterr().err


def test_a_video_is_recorded_with_its_truth(tmp_path, capsys):
    file = tmp_path / "c.mp4"
    assert (
        cusp("record", "Collision", "-o", file, "--seed", 3, "--size", "24x32", "--seconds", 1, "--truth", "--json")
        == 0
    )
    facts = json.loads(capsys.readouterr().out)
    direct = worlds.make("Collision").record(3, size=(24, 32), seconds=1)
    back = Clip.read(file, truth=True)
    assert back.size == (24, 32) and back.caption == facts["caption"] == direct.caption
    assert back.truth.to_bytes() == direct.truth.to_bytes()
    assert [event["name"] for event in facts["events"]] == [event.name for event in direct.truth.events]


def test_a_world_of_ones_own_in_the_working_folder(tmp_path):
    page = Path(__file__).parents[2] / "docs" / "worlds" / "your_own.md"
    code = re.findall(r"^```python\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)[0]
    (tmp_path / "pendulum.py").write_text(code)
    for arguments in (
        ("worlds", "pendulum:Pendulum"),
        ("record", "pendulum:Pendulum", "-o", "p.mp4", *SHORT),
        ("record", "pendulum:Pendulum", "-n", 2, "-o", "p.lance", "--workers", 2, *SHORT),
    ):
        command = [sys.executable, "-m", "cuspworld", *map(str, arguments)]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stderr[-2000:]
    assert (tmp_path / "p.mp4").stat().st_size > 0
    missing = [sys.executable, "-m", "cuspworld", "worlds", "pendulum:Clock"]
    failed = subprocess.run(missing, cwd=tmp_path, capture_output=True, text=True, timeout=240)
    assert failed.returncode == 2 and "no world at pendulum:Clock" in failed.stderr


def test_a_twin_and_fixed_parameters(tmp_path, capsys):
    seed = worlds.make("Collision").twin_seed("passes_through")
    assert (
        cusp("record", "Collision", "-o", tmp_path / "t.mp4", "--seed", seed, "--twin", "passes_through", "--truth")
        == 0
    )
    assert Clip.read(tmp_path / "t.mp4", truth=True).truth.violation.twin == "passes_through"
    name = next(iter(worlds.make("Collision").ranges))
    value = worlds.make("Collision").record(5, seconds=0.2, size=16).truth.parameters[name]
    assert cusp("record", "Collision", "-o", tmp_path / "s.mp4", *SHORT, "--set", f"{name}={value}", "--truth") == 0
    assert Clip.read(tmp_path / "s.mp4", truth=True).truth.parameters[name] == value
    assert (
        cusp(
            "record",
            "Collision",
            "-o",
            tmp_path / "v.mp4",
            *SHORT,
            "--split",
            "varied",
            "--truth",
            "--passes",
            "depth,flow",
        )
        == 0
    )
    filmed = Clip.read(tmp_path / "v.mp4", truth=True)
    assert "Filmed" in filmed.caption and filmed.truth.flow.shape == (*filmed.frames.shape[:3], 2)
    assert cusp("record", "Collision", "-o", tmp_path / "u.mp4", "--twin", "melts") == 2
    assert "no twin 'melts'" in capsys.readouterr().err and not (tmp_path / "u.mp4").exists()


def test_a_library_is_recorded_ingested_shown_and_described(tmp_path, capsys):
    library, videos = tmp_path / "a.lance", tmp_path / "videos"
    assert cusp("record", "Collision", "-n", 3, "-o", library, *SHORT) == 0
    assert "3 clips added; 3 in all" in capsys.readouterr().out
    assert cusp("record", "Collision", "-n", 4, "-o", library, *SHORT, "--json") == 0
    assert json.loads(capsys.readouterr().out)["present"] == 3
    videos.mkdir()
    moving_box(0).write(videos / "good.mp4")
    (videos / "bad.mp4").write_text("not a video")
    assert cusp("ingest", videos, "-o", library, "--size", "16") == 3  # done, but not all of it
    output = capsys.readouterr()
    assert "1 clips added, 1 left out or in doubt; 5 in all" in output.out and "left out bad.mp4" in output.err
    assert cusp("info", library, "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["clips"], facts["worlds"], facts["not_recorded"]) == (5, {"Collision": 4}, 1)
    assert cusp("info", library) == 0 and "clips: 5" in capsys.readouterr().out
    assert cusp("show", library, "-o", tmp_path / "sheet.png", "--clips", 4, "--frames", 3) == 0
    with Image.open(tmp_path / "sheet.png") as sheet:
        assert np.asarray(sheet).std() > 10


def test_show_makes_a_sheet_of_a_video(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = moving_box(0).write(tmp_path / "box.mp4")
    assert cusp("show", path) == 0 and (tmp_path / "box.png").is_file()
    assert cusp("show", path, "-o", "part.png", "--start", 1, "--seconds", 0.5, "--frames", 4, "--columns", 2) == 0
    path.write_bytes(path.read_bytes()[:-200])
    assert cusp("show", path, "-o", "cut.png") == 2 and not (tmp_path / "cut.png").exists()
    assert "could be read" in capsys.readouterr().err
    assert cusp("show", path, "-o", "cut.png", "--partial") in (0, 2)  # where one frame is whole
    for wrong in (["-o", "sheet.mp4"], ["--frames", "0"], ["--columns", "-1"], ["--seconds", "0"], ["--start", "1e9"]):
        assert cusp("show", path, *wrong) == 2


def test_info_counts_all_weights_and_tells_the_sizes_that_are_drawn(capsys):
    from cuspworld.simulator.folder import DEFAULT

    assert cusp("info", "default", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["parameters"] == sum(found["parts"].values()) and len(found["parts"]) == len(
        list(DEFAULT.rglob("*.safetensors"))
    )
    assert found["formats"] == {"experts/2/transport": ["64x96@10", "96x64@10", "64x64@20"]}


def test_info_about_a_video_and_a_model(tmp_path, capsys):
    path = moving_box(0).write(tmp_path / "box.mp4")
    assert cusp("info", path, "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["codec"], facts["frames"], facts["fps"], facts["caption"]) == (
        "h264",
        25,
        10.0,
        moving_box(0).caption,
    )
    model = tmp_path / "model"
    model.mkdir()
    from safetensors.numpy import save_file

    save_file({"a": np.zeros((3, 4), np.float16), "b": np.zeros(5, np.float32)}, model / "model.safetensors")
    (model / "config.json").write_text('{"fps": 10}')
    assert cusp("info", model, "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["kind"], facts["parameters"], facts["config"]) == ("model", 17, {"fps": 10})
    (model / "model.safetensors").write_bytes(b"\x80\x04pickle of some kind")
    assert cusp("info", model) == 2 and "not a safetensors file" in capsys.readouterr().err
    for nothing in (tmp_path, tmp_path / "missing.mp4", tmp_path / "missing.lance"):
        assert cusp("info", nothing) == 2


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["record", "Juize", "-o", "a.mp4"], "did you mean 'Juice'"),
        (["record", "Collision", "-o", "a.mp4", "-n", "3"], "need a library"),
        (["record", "Collision", "-o", "a.txt"], "must end in"),
        (["record", "Collision", "-o", "no/folder/a.mp4"], "does not exist"),
        (["record", "Collision", "-o", "no/folder/a.lance"], "does not exist"),
        (["record", "Collision", "-o", "a.lance", "--truth"], "keeps every clip's truth"),
        (["record", "Collision", "-o", "a.mp4", "--size", "big"], "size must be"),
        (["record", "Collision", "-o", "a.mp4", "--size", "0"], "size must be"),
        (["record", "Collision", "-o", "a.mp4", "--seconds", "-1"], "seconds must be"),
        (["record", "Collision", "-o", "a.mp4", "--seconds", "1e9"], "seconds must be"),
        (["record", "Collision", "-o", "a.mp4", "--set", "mass"], "NAME=VALUE"),
        (["record", "Collision", "-o", "a.mp4", "--set", "mass=heavy"], "mass"),
        (["ingest", "missing", "-o", "a.lance"], "does not exist"),
        (["ingest", ".", "-o", "a.lance"], "no video in the folder"),
        (["ingest", ".", "-o", "a.lance", "--fps", "fast"], "fps must be"),
        (["show", "missing.mp4"], "no file at"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert cusp(*arguments) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and message in error and "Traceback" not in error
    assert list(tmp_path.iterdir()) == []  # nothing was made for nothing


@pytest.mark.parametrize("verb", ["worlds", "record", "ingest", "show", "info"])
def test_help_has_examples(verb, capsys):
    assert cusp(verb, "--help") == 0
    printed = capsys.readouterr().out
    assert "Examples:" in printed and f"cusp {verb}" in printed


def test_values_on_the_command_line():
    assert [parse_size(text) for text in ("64", "48x64", "48X64")] == [64, (48, 64), (48, 64)]
    assert parse_settings(["a=1", "b=0.5", "c=red", "d=-2e3", "e=a=b"]) == {
        "a": 1, "b": 0.5, "c": "red", "d": -2000.0, "e": "a=b",
    }  # fmt: skip
    for text in ("", "a", "1x2x3", "x", "1.5"):
        with pytest.raises(CuspError):
            parse_size(text)


def test_help_loads_nothing_heavy():
    """`cusp --help` in under 0.5 s: benchmarks time it; here, that nothing which takes long is imported."""
    code = (
        "import sys\nfrom cuspworld.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit: pass\n"
        "heavy = {'numpy', 'torch', 'av', 'lance', 'numba', 'scipy', 'typer', 'rich'} & set(sys.modules)\n"
        "sys.exit(f'loaded {heavy}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert all(f"  {verb} " in done.stdout for verb in VERBS)


def test_ctrl_c_leaves_a_library_that_goes_on_and_no_half_file(tmp_path):
    """A real Ctrl-C, to the whole group of processes as a terminal sends it, with two workers at work."""
    arguments = ["Collision", "-n", "4000", "-o", "a.lance", "--workers", "2"]
    command = [sys.executable, "-m", "cuspworld", "record", *arguments]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE, process_group=0,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background job ignores it
    )  # fmt: skip
    data = tmp_path / "a.lance" / "data"
    deadline = time.monotonic() + 240
    while not (data.is_dir() and any(data.iterdir())) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, complaint = process.communicate(timeout=120)
    assert process.returncode == 130 and b"Traceback" not in complaint
    library = Library.open(tmp_path / "a.lance")
    assert 0 <= len(library) < 4000 and all(clip.frames.any() for clip in library)
    assert sorted(path.name for path in Path(tmp_path).iterdir()) == ["a.lance"]


@pytest.mark.parametrize("verb", ["record Collision -n 2 -o a.lance", "ingest . -o a.lance", "train a.lance -o run"])
@pytest.mark.parametrize("missing", ["lance", "pyarrow"])
def test_the_core_alone_says_what_a_library_needs(verb, missing, tmp_path):
    code = f"import sys; sys.modules[{missing!r}] = None; from cuspworld.cli import main; main({verb.split()!r})"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 2 and "pip install 'cuspworld[library]'" in done.stderr
    assert "Traceback" not in done.stderr and not list(tmp_path.iterdir())


def test_a_sheet_of_a_library_has_the_columns_asked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cusp("record", "Collision", "-n", 2, "-o", "worlds.lance", "--size", 16, "--seconds", 1) == 0
    sizes = {}
    for name, more in (("row", []), ("two", ["--columns", 2])):
        assert cusp("show", "worlds.lance", "-o", f"{name}.png", "--frames", 4, *more) == 0
        sizes[name] = Image.open(f"{name}.png").size
    assert sizes["row"][0] > sizes["two"][0] and sizes["row"][1] < sizes["two"][1], sizes


def test_numbers_on_the_command_line():
    assert parse_number("--fps", "-2.5e1") == -25.0
    with pytest.raises(CuspError, match="--fps must be a number: got 'ten'"):
        parse_number("--fps", "ten")
