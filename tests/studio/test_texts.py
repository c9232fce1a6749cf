"""Every text of the pages is there in both languages, and every key that a page uses is a text."""

import json
import re
from pathlib import Path

import pytest

import cuspworld.studio

HERE = Path(cuspworld.studio.__file__).parent
PAGES = ("frame", "make", "play", "folds", "judge", "library", "exam")


def texts(page: str, language: str) -> dict[str, str]:
    return json.loads((HERE / "texts" / f"{page}.{language}.json").read_text())


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_have_the_same_texts_with_the_same_places(page):
    english, chinese = texts(page, "en"), texts(page, "zh")
    assert list(english) == list(chinese)
    for key in english:
        assert key.startswith(f"{page}."), key
        places = re.findall(r"\{\w+\}", english[key])
        assert sorted(places) == sorted(re.findall(r"\{\w+\}", chinese[key])), key
        assert english[key].strip() and chinese[key].strip(), key


def test_every_key_that_a_page_uses_is_a_text_and_every_text_is_used():
    """A key stands in a page as a whole, or as the beginning of one that is put together: `make.example.${name}`."""
    known = {key for page in PAGES for key in texts(page, "en")}
    files = (*(HERE / "pages").glob("*.html"), *(HERE / "pages").glob("*.js"))
    said = "".join(file.read_text() for file in files)
    name = rf"(?:{'|'.join(PAGES)})\.[\w.-]+"
    used = {key for key in re.findall(rf"""["'`]({name})["'`]""", said) if not key.endswith((".js", ".html", ".css"))}
    assert used <= known, used - known
    begun = tuple(re.findall(rf"`({name})\$\{{", said))
    assert all(any(key.startswith(beginning) for key in known) for beginning in begun), begun
    unused = {key for key in known - used if not key.startswith(begun)}
    assert not unused, unused


def test_nothing_is_fetched_from_elsewhere_and_no_script_stands_in_a_page():
    for file in (HERE / "pages").iterdir():
        said = file.read_text().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|//\w+\.\w+/|@import", said), file.name
        if file.suffix == ".html":
            assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|\sstyle=|javascript:", said), file.name
