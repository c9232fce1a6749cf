"""Folders of video into a library: captions, bad files, real files."""

import gzip
import json
import os
import shutil
import subprocess
import sys
import tarfile
from dataclasses import replace

import av
import numpy as np
import pytest
from PIL import Image

from cuspworld import Clip, Library
from cuspworld.errors import CuspError
from cuspworld.library.captions import caption_beside, read_captions
from cuspworld.video.folder import look, videos_of
from tests.helpers import moving_box


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Six good videos in two folders, with captions of every kind, and five bad ones."""
    folder = tmp_path_factory.mktemp("videos")
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / ".hidden").mkdir()
    names = ["a.mp4", "b.webm", "c.gif", "deep/d.mov", "deep/er/e.mp4", "f.MP4"]
    for seed, name in enumerate(names):
        clip = moving_box(seed, 10, (32, 40))
        clip.write(folder / name.lower())
        if name != name.lower():
            (folder / name.lower()).rename(folder / name)
    shutil.copy(folder / "a.mp4", folder / ".hidden" / "h.mp4")
    (folder / "metadata.csv").write_text('file_name,caption\na.mp4,from csv\nb.webm,"csv, with a comma"\n,nobody\n')
    lines = [{"file_name": "a.mp4", "text": "from jsonl"}, {"file_name": "deep/d.mov", "caption": "深い箱"}]
    text = "\n".join([json.dumps(lines[0]), "{broken", json.dumps(lines[1], ensure_ascii=False), "[1]", ""])
    (folder / "metadata.jsonl").write_text(text, encoding="utf-8")
    (folder / "c.txt").write_text("from a\n text file \n")
    whole = (folder / "a.mp4").read_bytes()
    (folder / "bad-empty.mp4").write_bytes(b"")
    (folder / "bad-text.mp4").write_text("this is not a video")
    (folder / "bad-cut.mp4").write_bytes(whole[: len(whole) // 2])
    (folder / "deep" / "bad-noise.gif").write_bytes(np.random.default_rng(0).bytes(500))
    (folder / "bad-link.mp4").symlink_to(folder / "nowhere.mp4")
    (folder / "notes.pdf").write_text("not asked for")
    return folder


GOOD = ["a.mp4", "b.webm", "c.gif", "deep/d.mov", "deep/er/e.mp4", "f.MP4"]


@pytest.fixture(scope="module")
def library(folder, tmp_path_factory):
    library = Library.create(tmp_path_factory.mktemp("library") / "real.lance")
    addition = library.ingest(folder, size=32, fps=10, shots=False)
    return library, addition


def test_the_good_files_are_in_and_the_bad_ones_are_named(library):
    opened, addition = library
    assert opened.column("source") == sorted(GOOD) and addition.added == 6
    wrong = dict(addition.problems)
    assert {"bad-empty.mp4", "bad-text.mp4", "bad-cut.mp4", "bad-link.mp4", "deep/bad-noise.gif", "captions"} == set(
        wrong
    )
    assert "empty" in wrong["bad-empty.mp4"] and "0 frames could be read" in wrong["bad-text.mp4"]
    assert sum(what == "captions" for what, _ in addition.problems) == 3  # one csv line, two jsonl lines


def test_captions_come_from_the_tables_then_the_text_file_then_the_video(library):
    opened, _ = library
    found = dict(zip(opened.column("source"), opened.column("caption"), strict=True))
    assert found == {
        "a.mp4": "from jsonl",
        "b.webm": "csv, with a comma",
        "c.gif": "from a text file",
        "deep/d.mov": "深い箱",
        "deep/er/e.mp4": moving_box(4).caption,
        "f.MP4": moving_box(5).caption,
    }


def test_clips_are_what_clip_read_reads(library, folder):
    opened, _ = library
    for name, clip in zip(opened.column("source"), opened, strict=True):
        direct = Clip.read(folder / name, size=32, fps=10)
        assert np.array_equal(clip.frames, direct.frames) and clip.fps == direct.fps == 10


def test_ingesting_again_adds_nothing_and_another_reading_adds_all(library, folder, tmp_path):
    opened = Library.open(shutil.copytree(library[0].path, tmp_path / "again.lance"))
    again = opened.ingest(folder, size=32, fps=10, shots=False, workers=2)
    assert (again.added, again.present, len(opened)) == (0, 6, 6)
    assert opened.ingest(folder, size=(16, 24), fps=10, shots=False).added == 6


def test_copies_of_a_file_share_a_split(tmp_path):
    (tmp_path / "videos").mkdir()
    for seed in range(4):
        moving_box(seed, 3).write(tmp_path / "videos" / f"{seed}.mp4")
        shutil.copy(tmp_path / "videos" / f"{seed}.mp4", tmp_path / "videos" / f"copy of {seed}.mp4")
    library = Library.create(tmp_path / "copies.lance")
    assert library.ingest(tmp_path / "videos").added == 8
    splits = dict(zip(library.column("source"), library.column("split"), strict=True))
    assert all(splits[f"{seed}.mp4"] == splits[f"copy of {seed}.mp4"] for seed in range(4))


def test_long_videos_are_cut_into_clips_that_follow_one_another(tmp_path):
    clip = moving_box(1, 25, (32, 32))
    (tmp_path / "videos").mkdir()
    clip.write(tmp_path / "videos" / "long.mp4")
    library = Library.create(tmp_path / "pieces.lance")
    assert library.ingest(tmp_path / "videos", size=None, fps=None, seconds=1.0, shots=False).added == 3
    assert library.column("time") == [10, 10, 5] and set(library.column("caption")) == {clip.caption}
    joined = np.concatenate([piece.frames for piece in library])
    assert np.array_equal(joined, Clip.read(tmp_path / "videos" / "long.mp4").frames)
    assert len(set(library.column("split"))) == 1
    again = library.ingest(tmp_path / "videos", size=None, fps=None, seconds=1.0, shots=False)
    assert (again.added, again.present, len(library)) == (0, 1, 3)


def test_pieces_shorter_than_a_frame_are_frames(tmp_path):
    (tmp_path / "videos").mkdir()
    moving_box(1, 4, (32, 32)).write(tmp_path / "videos" / "short.mp4")
    library = Library.create(tmp_path / "pieces.lance")
    assert library.ingest(tmp_path / "videos", size=None, fps=None, seconds=0.01, shots=False).added == 4
    assert library.column("time") == [1, 1, 1, 1]


def test_folders_that_give_nothing(tmp_path):
    library = Library.create(tmp_path / "nothing.lance")
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.txt").write_text("")
    for name, why in (("missing", "does not exist"), ("file.txt", "is a file"), ("empty", "no video in the folder")):
        with pytest.raises(CuspError, match=why):
            library.ingest(tmp_path / name)
    (tmp_path / "empty" / "v.mp4").write_bytes(b"")
    for bad in ({"size": 0}, {"size": 10**6}, {"fps": 0}, {"seconds": -1}, {"seconds": 0}, {"seconds": float("nan")}):
        with pytest.raises(CuspError, match=f"{next(iter(bad))} must be"):
            library.ingest(tmp_path / "empty", **bad)


def test_caption_tables_that_are_not_text(tmp_path):
    (tmp_path / "metadata.csv").write_bytes(b"\xff\xfe\x00file")
    (tmp_path / "metadata.jsonl").write_bytes(b"\x80\x81")
    captions = read_captions(tmp_path, [])
    assert captions.of == {} and len(captions.problems) == 2


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("hfjsonl", {"train/a.mp4": "one", "train/b.mp4": "two"}),
        ("opensora", {"a.mp4": "one", "b.mp4": "two"}),
        ("semi", {"a.mp4": "A ball, red", "b.mp4": "two"}),
        ("latin1", {"a.mp4": "Zwei Bälle", "b.mp4": "two"}),
        ("noext", {"a.mp4": "one", "b.mp4": "two"}),
        ("upper", {"a.mp4": "one", "b.mp4": "two"}),
        ("longcsv", {"a.mp4": "x" * 100_000, "b.mp4": "two"}),
    ],
)
def test_tables_that_others_wrote(folder, expected, data_folder):
    place = data_folder / "cases" / "captions" / folder
    captions = read_captions(place, videos_of(place))
    assert captions.of == expected
    assert len(captions.problems) == (folder in ("latin1", "longcsv"))  # read, and it is said how


def test_a_name_in_either_unicode_form(data_folder):
    place = data_folder / "cases" / "captions" / "nfd"
    captions = read_captions(place, videos_of(place))
    assert list(captions.of.values()) == ["one"] and captions.problems == []


def _table(folder, name, data, videos=("a.mp4", "deep/b.mp4")):
    for video in videos:
        (folder / video).parent.mkdir(parents=True, exist_ok=True)
        (folder / video).write_bytes(b"")
    (folder / name).write_bytes(data)
    return read_captions(folder, [folder / video for video in videos])


def test_lines_of_two_files_go_together(tmp_path):
    (tmp_path / "prompts.txt").write_text("one\ntwo\n")
    assert _table(tmp_path, "videos.txt", b"a.mp4\nvideos/b.mp4\n").of == {"a.mp4": "one", "deep/b.mp4": "two"}
    assert "must go together" in _table(tmp_path, "videos.txt", b"a.mp4\n").problems[0]


def test_utf_16_tabs_and_windows_paths(tmp_path):
    found = _table(tmp_path, "metadata.csv", "file_name\tcaption\na.mp4\tBälle\n".encode("utf-16"))
    assert found.of == {"a.mp4": "Bälle"} and found.problems == []
    found = _table(tmp_path, "metadata.csv", b"path,text\nC:\\data\\deep\\b.mp4,two\n")
    assert found.of == {"deep/b.mp4": "two"}


def test_a_row_with_several_texts_gives_its_caption_before_its_text_before_its_prompt(tmp_path):
    found = _table(tmp_path, "metadata.csv", b"prompt,text,caption,file_name\nP,T,C,a.mp4\n")
    assert found.of == {"a.mp4": "C"}
    found = _table(tmp_path, "metadata.csv", b"prompt,text,file_name\nP,T,a.mp4\n")
    assert found.of == {"a.mp4": "T"}


def test_rows_that_fit_no_video_or_several_are_counted_and_named(tmp_path):
    rows = b"file_name,caption\nnobody.mp4,x\na.mp4,one\nb.mp4,two\n"
    found = _table(tmp_path, "metadata.csv", rows, ("a.mp4", "x/b.mp4", "y/b.mp4"))
    assert found.of == {"a.mp4": "one"}
    assert found.problems == [
        "metadata.csv: 2 of 3 rows name no video of the folder, or several ('nobody.mp4', 'b.mp4')"
    ]


def test_hostile_rows_spoil_only_themselves(tmp_path):
    deep = b'{"file_name": ' + b"[" * 100_000 + b"\n"
    good = b'{"file_name": "a.mp4", "text": "\\ud800 one"}\n'
    found = _table(tmp_path, "metadata.jsonl", deep + good)
    assert found.of == {"a.mp4": "? one"} and len(found.problems) == 1


def test_links_out_of_the_folder_are_not_followed(tmp_path):
    (tmp_path / "outside.txt").write_text("a secret")
    folder = tmp_path / "videos"
    folder.mkdir()
    moving_box(0, 3).write(folder / "a.mp4")
    moving_box(1, 3).write(tmp_path / "outside.mp4")
    (folder / "a.txt").symlink_to(tmp_path / "outside.txt")
    (folder / "b.mp4").symlink_to(tmp_path / "outside.mp4")
    library = Library.create(tmp_path / "links.lance")
    addition = library.ingest(folder)
    assert library.column("source") == ["a.mp4"] and library.column("caption") == [moving_box(0).caption]
    assert addition.problems == (("b.mp4", "a link that leads out of the folder is not followed"),)


@pytest.mark.parametrize(
    "name, data",
    [
        ("metadata.csv", "file_name,text\na.mp4,hällo\n".encode("utf-16-be")),
        ("metadata.csv", "file_name,text\na.mp4,hällo\n".encode("utf-32")),
        ("metadata.json", json.dumps([{"path": "/data/a.mp4", "text": "hällo"}]).encode()),
        ("metadata.json", json.dumps({"a.mp4": "hällo"}).encode()),
    ],
)
def test_more_tables_that_others_write(tmp_path, name, data):
    found = _table(tmp_path, name, data)
    assert found.of == {"a.mp4": "hällo"} and not found.problems


ROWS = [{"video": "a.mp4", "caption": "One, two."}, {"video": "deep/b.mp4", "caption": "three"}]
LINES = "\n".join(json.dumps(row) for row in ROWS)


@pytest.mark.parametrize(
    "name, data",
    [
        ("captions.csv", "video,caption\na.mp4,One, two.\nb.mp4,three\n"),  # a comma that nobody quoted
        ("train.csv", 'caption,video\nOne, two.,a.mp4\n"three",b.mp4\n'),
        ("metadata.csv", 'file_name, text\na.mp4, "One, two."\nb.mp4, "three"\n'),
        ("metadata.csv", "sep=;\nfile_name;text;x,y,z\na.mp4;One, two.;1\nb.mp4;three;2\n"),
        ("metadata.csv", "\n# of us\n\nfile_name|text\na.mp4|One, two.\nb.mp4|three\n"),
        ("metadata.csv", 'videoid,contentUrl,duration,name\na,https://x/a.mp4,1,"One, two."\nb,,2,three\n'),
        ("metadata.csv", "'file_name','text'\n'a.mp4','One, two.'\n'b.mp4','three'\n"),
        ("metadata.csv", "file_name,text\rA.MP4,One, two.\rB.mp4,three\r"),
        ("metadata.csv", "file_name,text\nhttps://x.org/a.mp4?dl=1,One, two.\ndeep%2Fb.avi,three\n"),
        ("captions.txt", "a.mp4\tOne, two.\nb.mp4\tthree\n"),
        ("metadata.json", LINES),
        ("metadata.jsonl", json.dumps(ROWS, indent=1)),
        ("metadata.jsonl", "\n".join(json.dumps(row, indent=1) for row in ROWS)),
        ("metadata.jsonl", LINES.replace("\n", "\r")),
        ("train.jsonl.gz", gzip.compress(LINES.encode())),
        ("annotations.json", json.dumps({"info": {}, "videos": ROWS})),
        ("captions.json", json.dumps({row["video"]: {"captions": [row["caption"], "x"]} for row in ROWS})),
        ("a.mp4.txt", "One, two."),
        ("a.caption", "One, two."),
        ("a.json", '{"fps": 3, "caption": "One, two."}'),
        ("texts/a.txt", "One, two."),
    ],
)
def test_tables_of_any_name_and_habit(tmp_path, name, data):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    found = _table(tmp_path, name, data if isinstance(data, bytes) else data.encode())
    texts = {"a.mp4": caption_beside(tmp_path / "a.mp4", tmp_path)[0], "deep/b.mp4": None} | found.of
    assert texts == {"a.mp4": "One, two.", "deep/b.mp4": None if name[:2] == "a." or "/" in name else "three"}
    assert not found.problems


def test_quotes_that_do_not_close_lose_no_row(tmp_path):
    found = _table(tmp_path, "metadata.csv", b'file_name,text\na.mp4,"One\nb.mp4,two\n')
    assert found.of == {"a.mp4": '"One', "deep/b.mp4": "two"}
    found = _table(tmp_path, "metadata.tsv", b'file_name\ttext\na.mp4\t"Hi", says one.\nb.mp4\t"two"\n')
    assert found.of == {"a.mp4": '"Hi", says one.', "deep/b.mp4": "two"}


def test_tables_of_something_else_and_many_bad_rows_are_not_told_at_length(tmp_path):
    (tmp_path / "README.txt").write_text("We filmed, and you watch.\nThank you, all.\n")
    (tmp_path / "sales.csv").write_text("id,name\n7,Smith\n")
    found = _table(tmp_path, "metadata.csv", b"file_name,text\n" + b"a.mp4\n" * 1000)
    assert found.of == {} and len(found.problems) == 4 and "997 more rows of 1000" in found.problems[-1]


def test_names_and_captions_that_are_no_utf_8_spoil_nothing(tmp_path):
    """Two names that differ in such a byte alone are two; a caption's half of a character comes from hostile JSON."""
    folder = tmp_path / "of\udce9"
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    for name in ("caf\udce8.mp4", "caf\udce9.mp4", "noise.\udce9"):
        moving_box(3, 3).write(tmp_path / "a.mp4")
        (tmp_path / "a.mp4").rename(folder / name)
    (folder / "caf\udce9.txt").write_text("coffee")
    moving_box(1, 3).write(folder / "good.mp4")
    said = folder / "said.gif"
    replace(moving_box(2, 3), caption="halved").write(said)
    said.write_bytes(said.read_bytes().replace(b"halved", b"\\ud800"))
    library = Library.create(tmp_path / "l.lance")
    for size in (None, 16):
        addition = library.ingest(folder, size=size)
        assert addition.added == 5 and not addition.problems and library.ingest(folder, size=size).added == 0
    assert library.column("caption").count("\\ud800") == 2
    assert library.column("caption").count("coffee") == 2 and len({*library.column("source")}) == 5
    with pytest.raises(CuspError, match="must be UTF-8"):
        Library.create(tmp_path / "l\udce9.lance")


@pytest.mark.parametrize("bad, read", [(b"caf\xe9", "café"), (b"caf\x90", "caf\ufffd")])
@pytest.mark.parametrize("row", ['%s,"%s"', '{"file_name": "%s", "text": "%s"}'])
def test_a_line_in_another_encoding_spoils_only_itself(tmp_path, bad, read, row):
    for name in "ab":
        moving_box(ord(name), 3).write(tmp_path / f"{name}.mp4")
    good = "Zwei Bälle 两个球"
    first = "" if row.startswith("{") else "file_name,text\n"
    text = f"{first}{row % ('a.mp4', good)}\n{row % ('b.mp4', 'BAD')}\n".encode().replace(b"BAD", bad)
    (tmp_path / ("metadata.csv" if first else "metadata.jsonl")).write_bytes(text)
    library = Library.create(tmp_path / "l.lance")
    ((_, said),) = library.ingest(tmp_path, size=16).problems
    assert library.column("caption") == [good, read] and f"line {3 if first else 2}: it is not UTF-8" in said


def test_a_text_beside_in_no_known_encoding_is_named(tmp_path):
    moving_box(0, 3).write(tmp_path / "a.mp4")
    (tmp_path / "a.txt").write_bytes("\u732b\u3067\u3059\u3002".encode("shift-jis"))
    addition = Library.create(tmp_path / "l.lance").ingest(tmp_path, shots=False)
    assert addition.added == 1 and addition.problems == (
        ("a.mp4", "a.txt is in no encoding that is known: save it as UTF-8"),
    )


@pytest.mark.parametrize(
    "name, data, said",
    [
        ("metadata.csv", b"a.mp4\n", "no rows"),
        ("metadata.csv", b"", "no rows"),
        ("metadata.json", b"[" * 100_000, "cannot be read"),
        ("metadata.jsonl", b'{"file": "a.mp4", "text": "one"}\n{"file": "a.mp4", "text": "two"}', "has one; the last"),
    ],
)
def test_tables_that_tell_nothing_or_twice_say_so(tmp_path, name, data, said):
    assert said in _table(tmp_path, name, data).problems[0]


def test_tables_are_not_links_out_of_the_folder(tmp_path):
    """A line each of prompts.txt became the captions, wherever it lay."""
    (tmp_path / "outside").write_text("a secret\n")
    for name in ("videos", "other"):
        (tmp_path / name).mkdir()
        moving_box(0, 3).write(tmp_path / name / "a.mp4")
    (tmp_path / "videos/videos.txt").write_text("a.mp4\n")
    (tmp_path / "videos/prompts.txt").symlink_to(tmp_path / "outside")
    (tmp_path / "other/metadata.csv").symlink_to(tmp_path / "outside")
    for name in ("videos", "other"):
        found = read_captions(tmp_path / name, videos_of(tmp_path / name))
        assert not found.of and "leads out of the folder" in found.problems[0]


def test_packed_tables_of_several_pieces_and_bombs(tmp_path):
    for name in "ab":
        moving_box(ord(name), 3).write(tmp_path / f"{name}.mp4")
    table = tmp_path / "captions.csv.gz"
    table.write_bytes(gzip.compress(b"file_name,text\na.mp4,one\n") + gzip.compress(b"b.mp4,two\n"))
    videos = videos_of(tmp_path)
    assert read_captions(tmp_path, videos).of == {"a.mp4": "one", "b.mp4": "two"}
    for bad, said in (
        (gzip.compress(bytes(40 << 20)), "unpacks to more"),
        (gzip.compress(b"x,y")[:-5], "cannot be read"),
    ):
        (tmp_path / "metadata.csv.gz").write_bytes(bad)
        found = read_captions(tmp_path, videos)
        assert found.of["b.mp4"] == "two" and any(said in problem for problem in found.problems), said


def test_what_is_no_file_is_named_and_not_opened(tmp_path):
    moving_box(0, 3).write(tmp_path / "a.mp4")
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "gone.mp4").symlink_to(tmp_path / "nowhere")
    (tmp_path / "endless.mp4").symlink_to("/dev/zero")
    found, left = look(tmp_path)
    assert [path.name for path in found] == ["a.mp4"]
    assert [name for name, _ in left] == ["endless.mp4", "gone.mp4", "pipe.mp4"]


def test_a_library_inside_its_own_folder_is_not_taken_in(tmp_path):
    """Where files are kept as they came, each run would take the kept ones for new."""
    moving_box(0, 3).write(tmp_path / "a.mp4")
    library = Library.create(tmp_path / "l.lance")
    assert library.ingest(tmp_path).added == 1 and library.ingest(tmp_path).added == 0
    assert videos_of(tmp_path) == [tmp_path / "a.mp4"] and library.column("source") == ["a.mp4"]


def test_a_whole_number_of_frames_a_second(tmp_path):
    moving_box(0, 9).write(tmp_path / "a.mp4")
    addition = Library.create(tmp_path / "l.lance").ingest(tmp_path, fps=10)
    assert addition.added == 1 and not addition.problems


def test_containers_beyond_mp4(data_folder, tmp_path):
    """Transport and program streams, Theora, 3GP and a file without a suffix are read; music with a cover is not."""
    place = data_folder / "cases" / "video"
    for name in ("ts.ts", "mpg.mpg", "theora.ogv", "3gp.3gp", "noext", "cover_art.mp4", "anim.webp"):
        shutil.copy(place / name, tmp_path / name)
    library = Library.create(tmp_path / "formats.lance")
    addition = library.ingest(tmp_path)
    assert library.column("source") == ["3gp.3gp", "mpg.mpg", "noext", "theora.ogv", "ts.ts"]
    wrong = dict(addition.problems)
    assert "no video" in wrong["cover_art.mp4"] and "cannot be read here" in wrong["anim.webp"]


def test_a_video_is_known_by_its_first_bytes_where_its_name_tells_nothing(tmp_path):
    """Ten more containers, one of them under four names of no kind; sounds and still pictures are no videos."""
    frames = np.repeat(np.arange(0, 200, 20, dtype=np.uint8), 48 * 64 * 3).reshape(10, 48, 64, 3)
    kinds = {
        "vob": ("vob", "mpeg2video"), "m2v": ("mpeg2video", "mpeg2video"), "m1v": ("mpeg1video", "mpeg1video"),
        "asf": ("asf", "mpeg4"), "divx": ("avi", "mpeg4"), "f4v": ("f4v", "libx264"), "qt": ("mov", "libx264"),
        "mxf": ("mxf", "mpeg2video"), "y4m": ("yuv4mpegpipe", "rawvideo"), "m2ts": ("mpegts", "libx264"),
        "h264": ("h264", "libx264"),
    }  # fmt: skip
    for suffix, (container, codec) in kinds.items():
        with av.open(str(tmp_path / f"clip.{suffix}"), "w", format=container) as file:
            stream = file.add_stream(codec, rate=25)
            stream.height, stream.width, stream.pix_fmt = 48, 64, "yuv420p"
            for frame in frames:
                file.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
            file.mux(stream.encode(None))
    pictures = [Image.fromarray(frame) for frame in frames]
    animated = {"save_all": True, "append_images": pictures[1:], "duration": 40}
    pictures[0].save(tmp_path / "clip.apng", format="PNG", **animated)
    pictures[0].save(tmp_path / "moving.webp", **animated)
    pictures[0].save(tmp_path / "still.webp")
    pictures[0].save(tmp_path / "still.png")
    for suffix, name in (("m2ts", "bare"), ("f4v", "clip.mp4.part"), ("vob", "CLIP.001"), ("apng", "moving.png")):
        shutil.copy(tmp_path / f"clip.{suffix}", tmp_path / name)
    shutil.copy(tmp_path / "clip.f4v", tmp_path / "song.m4a")
    found, left = look(tmp_path)
    expected = {f"clip.{suffix}" for suffix in kinds} - {"clip.h264"}
    assert {path.name for path in found} == expected | {"clip.apng", "bare", "clip.mp4.part", "CLIP.001", "moving.png"}
    assert {name for name, _ in left} == {"clip.h264", "moving.webp"}
    for path in found:
        read = Clip.read(path)
        assert read.frames.shape[0] == 10 and abs(read.frames.mean(axis=(1, 2, 3)) - frames[:, 0, 0, 0]).max() < 4, path
    alone = Library.create(tmp_path / "alone.lance")
    assert alone.ingest(tmp_path / "bare", shots=False).added == 1  # as a file, too


def test_videos_beside_a_tar_are_read_too(tmp_path):
    for name in ("a.mp4", "b.mp4"):
        moving_box(0, 5 + (name == "b.mp4")).write(tmp_path / name)
    with tarfile.open(tmp_path / "more.tar", "w") as tar:
        tar.add(tmp_path / "b.mp4", "0.mp4")
    (tmp_path / "b.mp4").unlink()
    with tarfile.open(tmp_path / "photos.tar", "w"):
        pass
    library = Library.create(tmp_path.parent / f"{tmp_path.name}.lance")
    addition = library.ingest(tmp_path, shots=False)
    assert sorted(library.column("source")) == ["a.mp4", "more.tar/0.mp4"] and not addition.problems


def test_real_videos(data_folder, tmp_path):
    """Every clip of the test inputs decodes, and is small, exact and upright in the library."""
    files = sorted(path.name for path in (data_folder / "videos").iterdir() if path.suffix in (".mp4", ".mov", ".gif"))
    library = Library.create(tmp_path / "real.lance")
    addition = library.ingest(data_folder / "videos", size=64, fps=10, shots=False)
    assert (addition.problems, library.column("source")) == ((), files) and len(files) >= 20
    assert all(clip.size == (64, 64) and clip.fps == 10 and clip.frames.std() > 1 for clip in library)


@pytest.mark.long
def test_one_bad_file_in_a_thousand(tmp_path):
    folder = tmp_path / "videos"
    folder.mkdir()
    for seed in range(20):
        moving_box(seed, 3, (16, 16)).write(folder / f"{seed:04d}.mp4")
    for seed in range(20, 1000):
        shutil.copy(folder / f"{seed % 20:04d}.mp4", folder / f"{seed:04d}.mp4")
    (folder / "0500.mp4").write_bytes((folder / "0500.mp4").read_bytes()[:300])
    library = Library.create(tmp_path / "thousand.lance")
    addition = library.ingest(folder, size=16, workers=2)
    assert addition.added == len(library) == 999
    assert [what for what, _ in addition.problems] == ["0500.mp4"]


def test_a_library_without_its_packages_names_the_extra():
    hidden = "import sys; sys.modules['lance'] = None; import cuspworld.library"
    done = subprocess.run([sys.executable, "-c", hidden], capture_output=True, text=True)
    assert done.returncode != 0 and "cuspworld[library]" in done.stderr.splitlines()[-1]
