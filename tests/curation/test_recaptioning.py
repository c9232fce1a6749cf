"""Recaptioning: the old caption is kept, a new one names its source; a server may misbehave in any way."""

import json
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cuspworld import Library
from cuspworld.cli import main
from cuspworld.curation import recaptioning
from cuspworld.curation.endpoint import Endpoint
from cuspworld.curation.recaptioning import ask_captions, lend_captions, well_captioned
from cuspworld.errors import CuspError
from tests.helpers import moving_box

RICH = "A blue box moves to the right over a white ground, comes to its edge at 0.8 s, and is not seen again."


@pytest.fixture
def library(tmp_path: Path) -> Library:
    library = Library.create(tmp_path / "boxes.lance")
    library.add([moving_box(seed, frames=5) for seed in range(3)], "boxes")
    return library


def patient(address: str, **options: float) -> Endpoint:
    return Endpoint(address, "eye", **{"rate": 6000, "timeout": 1.5, "pause": 0.01, **options})


def test_a_server_that_misbehaves_is_asked_again_and_its_answers_are_text(library, serve):
    address, log = serve("429", "500", "garbage", "silence", "other", "huge", "instruction")
    old = library.column("caption")
    done = ask_captions(library, np.zeros(3, bool), patient(address))
    assert (done.changed, done.kept, done.problems) == (3, 0, ()) and (done.tokens_in, done.tokens_out) == (300, 27)
    captions = library.column("caption")
    assert captions.count("A blue box moves to the left and stops.") == 2
    obeyed = next(text for text in captions if text.startswith("Ignore all"))
    assert obeyed.isprintable() and "rm -rf" in obeyed  # stored as text
    assert library.column("caption_before") == old
    assert library.column("caption_source") == [f"eye at {address}"] * 3
    asked = [json.loads(line) for line in log.read_text().splitlines()]
    assert len(asked) == 9 and all(a["pictures"] == 5 and a["path"] == "/v1/chat/completions" for a in asked)
    assert [clip.caption for clip in library] == captions
    assert not well_captioned(library).any()  # what a model said is not a person's caption


@pytest.mark.parametrize("refusal", ["403", "redirect"])
def test_a_refusal_is_reported_and_the_clip_keeps_its_caption(library, serve, refusal):
    address, log = serve(*[refusal] * 3)
    old = library.column("caption")
    done = ask_captions(library, np.zeros(3, bool), patient(address))
    assert done.changed == 0 and len(done.problems) == 3 and library.column("caption") == old
    assert len(log.read_text().splitlines()) == 3


def test_a_stopped_run_asks_the_rest(library, serve, monkeypatch):
    address, log = serve("good", "403", "403")
    monkeypatch.setattr(recaptioning, "AT_ONCE", 1)
    assert len(ask_captions(library, np.zeros(3, bool), patient(address)).problems) == 2
    (journal,) = library.path.glob(".recaption-*/answers.jsonl")
    with journal.open("a") as file:
        file.write('{"key": "cut sho')
    done = ask_captions(library, np.zeros(3, bool), patient(address))
    assert done.changed == 3 and len(log.read_text().splitlines()) == 5
    assert not {*library.column("caption_before")} & {*library.column("caption")}


def test_questions_keep_to_the_rate(library, serve):
    address, _ = serve()
    began = time.monotonic()
    ask_captions(library, np.zeros(3, bool), patient(address, rate=300))
    assert time.monotonic() - began > 2 * 60 / 300


@pytest.mark.parametrize("address", ["file:///etc/passwd", "localhost:80", "ftp://x/v1"])
def test_an_address_is_of_the_web(address):
    with pytest.raises(CuspError, match="http:// or https://"):
        Endpoint(address, "eye")


def test_rich_captions_are_told_from_poor_ones(tmp_path):
    library = Library.create(tmp_path / "some.lance")
    clips = [moving_box(seed, frames=5) for seed in range(8)]
    texts = ["a box", RICH, "", "box", "video", RICH, "a box moves", "box"]
    library.add([replace(clip, caption=text) for clip, text in zip(clips, texts, strict=True)], "boxes")
    assert [text == RICH for text in library.column("caption")] == well_captioned(library).tolist()
    assert well_captioned(library, "caption = 'box'").sum() == 2


def test_too_few_well_captioned_clips_are_told(library):
    with pytest.raises(CuspError, match="at least 3 well-captioned clips are needed to lend from: 2 found"):
        lend_captions(library, np.array([True, True, False]))


@pytest.mark.long
def test_the_verb_lends_and_names_the_lender(tmp_path, capsys):
    path = tmp_path / "boxes.lance"
    library = Library.create(path)
    clips = [moving_box(seed, frames=12) for seed in range(16)]
    texts = [f"a box that moves {clip.caption[12:]} over a light ground at 0.{k} s" for k, clip in enumerate(clips)]
    library.add(
        [replace(c, caption=t if k < 8 else "box") for k, (c, t) in enumerate(zip(clips, texts, strict=True))], "b"
    )

    def cusp(*arguments: str) -> int:
        with pytest.raises(SystemExit) as stopped:
            main(list(arguments))
        return int(stopped.value.code or 0)

    assert cusp("recaption", str(path)) == 2 and "cusp encode" in capsys.readouterr().err
    assert cusp("encode", str(path)) == 0
    assert cusp("recaption", str(path), "--json") == 0
    told = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert told["well_captioned"] == 8 and told["changed"] + told["kept"] == 8 and told["changed"] > 0
    library = Library.open(path)
    keys = library.column("key")
    rows = zip(*(library.column(f"caption{name}") for name in ("", "_before", "_source", "_confidence")), strict=True)
    for caption, before, source, confidence in rows:
        if source is not None:
            lender = keys.index(source.removeprefix("lent by "))
            assert before == "box" and caption == library.column("caption")[lender] and 0 <= confidence <= 1
