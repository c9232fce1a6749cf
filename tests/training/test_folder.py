"""`cusp train FOLDER`: somebody's folder of videos becomes a library, and the library a model, in one command."""

import json
import warnings

import pytest

from cuspworld import Clip, Library, Simulator
from tests.cli.test_library_verbs import cusp
from tests.helpers import moving_box


@pytest.mark.long
def test_a_folder_of_videos_becomes_a_model(tmp_path, capsys):
    clips = tmp_path / "clips"
    clips.mkdir()
    for seed in range(5):
        moving_box(seed, frames=30).write(clips / f"{seed}.mp4")
    (clips / "metadata.csv").write_text("file_name,text\n" + "".join(f"{k}.mp4,box {k} moves\n" for k in range(5)))
    (clips / "broken.mp4").write_bytes(b"no video")
    command = [
        "train",
        clips,
        "-o",
        tmp_path / "run",
        "--preset",
        "tiny",
        "--codec",
        "worlds",
        "--size",
        "32",
        "--json",
    ]
    assert cusp(*command) == 0
    told = json.loads(capsys.readouterr().out)
    library = Library.open(tmp_path / "run" / "library.lance")
    assert len(library) == 5 and sorted(c for c in library.column("caption")) == [f"box {k} moves" for k in range(5)]
    model = Simulator.from_pretrained(told["model"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        clip = model("box 2 moves", seconds=1.0, seed=0)
    assert clip.frames.shape[1:] == (32, 32, 3)
    assert cusp(*command[:-1], "--resume") == 0  # nothing is left to do, and nothing is taken in twice
    assert len(Library.open(tmp_path / "run" / "library.lance")) == 5
    assert cusp("generate", "box 2 moves", "--model", told["model"], "-o", tmp_path / "a.mp4") == 0
    assert len(Clip.read(tmp_path / "a.mp4")) > 0
