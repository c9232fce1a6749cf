"""Captions of a folder: tables of any name, encoding and habit, texts beside the videos, and hostile ones."""

import gzip
import json

import pytest

from cuspworld import Library
from cuspworld.library.captions import caption_beside, read_captions
from cuspworld.video.folder import videos_of
from tests.helpers import moving_box


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
        ("train.jsonl.gz", gzip.compress(LINES.encode(), mtime=0)),
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
