"""cusp generate: sizes, stills, images without words, and what a file keeps of how it was made."""

import json

import numpy as np
from PIL import Image

from cuspworld import Clip, Library
from tests.cli.test_library_verbs import cusp
from tests.helpers import moving_box

QUICK = ["--steps", "1", "--guidance", "1"]


def test_height_and_width_and_what_the_file_says(tmp_path, capsys):
    file = tmp_path / "a.mp4"
    assert (
        cusp("generate", "two balls collide", "-o", file, "--size", "24x32", "--num-frames", 5, "--seed", 3, *QUICK)
        == 0
    )
    assert Clip.read(file).frames.shape == (5, 24, 32, 3)
    capsys.readouterr()
    assert cusp("info", file, "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["caption"] == "two balls collide"
    assert (
        facts["made"]["seed"] == 3
        and facts["made"]["model"] == "default"
        and facts["made"]["prompt"] == "two balls collide"
    )


def test_an_expanded_prompt_is_kept_beside_what_was_asked(tmp_path, capsys):
    file, library = tmp_path / "a.mp4", tmp_path / "l.lance"
    assert cusp("generate", "red juice tips over", "--expand", "-o", file, "--num-frames", 3, "--seed", 1, *QUICK) == 0
    capsys.readouterr()
    assert cusp("info", file, "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    text = facts["made"]["expansion"]
    assert facts["made"]["prompt"] == "red juice tips over" and facts["caption"] == text
    assert len(text) > 30 and "red" in text and "tip" in text
    assert cusp("ingest", tmp_path, "-o", library) == 0
    assert Library.open(library)[0].caption == text


def test_stills(tmp_path):
    for name, options in (("a.jpg", []), ("a.png", ["--num-frames", 1])):
        assert cusp("generate", "two balls collide", "-o", tmp_path / name, *options, *QUICK) == 0
        assert Image.open(tmp_path / name).size == (64, 64)
    assert "two balls" in Image.open(tmp_path / "a.png").text["Description"]
    assert "two balls" in Image.open(tmp_path / "a.jpg").getexif()[0x010E]
    assert cusp("generate", "two balls collide", "-o", tmp_path / "b.jpg", "--num-frames", 3, *QUICK) == 2


def test_an_image_needs_no_words_and_nothing_needs_some(tmp_path, capsys):
    Image.fromarray(moving_box(0, 1).frames[0]).save(tmp_path / "first.png")
    assert (
        cusp("generate", "--image", tmp_path / "first.png", "-o", tmp_path / "on.mp4", "--num-frames", 3, *QUICK) == 0
    )
    assert len(Clip.read(tmp_path / "on.mp4")) == 3
    assert cusp("generate", "-o", tmp_path / "none.mp4") == 2
    assert "say what should happen" in capsys.readouterr().err


def test_a_still_of_a_clip_is_its_frame(tmp_path):
    clip = moving_box(0, 5)
    assert np.array_equal(np.asarray(Image.open(clip[2:3].write(tmp_path / "a.png"))), clip.frames[2])
    assert Image.open(clip.write(tmp_path / "sheet.png")).size[0] > 400
