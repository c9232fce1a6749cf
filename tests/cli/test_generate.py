"""cusp generate: sizes, stills, images without words, and what a file keeps of how it was made."""

import json

import numpy as np
from PIL import Image

from cuspworld import Clip, Library
from cuspworld.video.images import description
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
    assert Library.open(library)[0].caption == text and Library.open(library)[0].made == facts["made"]


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


def test_stills_sheets_and_gifs_say_how_they_were_made(tmp_path, capsys):
    for name, count in (("a.png", 1), ("a.jpg", 1), ("sheet.png", 4), ("a.gif", 4)):
        file = tmp_path / name
        assert cusp("generate", "two balls collide", "-o", file, "--num-frames", count, "--seed", 6, *QUICK) == 0
        capsys.readouterr()
        assert cusp("info", file, "--json") == 0
        facts = json.loads(capsys.readouterr().out)
        assert facts["caption"] == "two balls collide" and facts["made"]["seed"] == 6, name
        assert facts["kind"] == ("video" if name == "a.gif" else "image") and facts["height"] >= 64
    assert len(Clip.read(tmp_path / "a.gif")) == 4 and Clip.read(tmp_path / "a.gif").made["seed"] == 6
    assert cusp("ingest", tmp_path, "-o", tmp_path / "l.lance") == 0
    assert Library.open(tmp_path / "l.lance")[0].caption == "two balls collide"


def test_any_image_has_a_size_and_what_is_none_is_named(tmp_path, capsys):
    Image.fromarray(moving_box(0, 1).frames[0]).save(tmp_path / "a.png")
    (tmp_path / "b.jpg").write_bytes(b"nothing")
    assert cusp("info", tmp_path / "a.png", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["caption"] == "" and "made" not in facts and facts["width"] == moving_box(0, 1).size[1]
    assert cusp("info", tmp_path / "b.jpg") == 2 and cusp("info", tmp_path / "c.png") == 2
    assert "b.jpg is not an image" in capsys.readouterr().err


def test_words_in_no_encoding_are_marked(tmp_path):
    """A terminal in Latin-1 hands over bytes that are no UTF-8: Python keeps them as halves of characters."""
    clip = Clip(moving_box(0, 3).frames, 10.0, "caf\udce9", made={"prompt": "caf\udce9"})
    for name in ("a.mp4", "a.mov", "a.webm", "a.gif"):
        back = Clip.read(clip.write(tmp_path / name))
        assert back.caption == "caf?" and back.made == {"prompt": "caf?"}, name
    for name in ("a.png", "a.jpg"):
        clip[:1].write(tmp_path / name)
        assert "caf?" in description(tmp_path / name)[2]
