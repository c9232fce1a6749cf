"""Text -> words: what a word is, which number it says, which inflections are one word, how a caption is shortened."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

import torch

LONGEST_PROMPT = 2_000  # characters that are read
NUMBER = "#"  # stands in a vocabulary for every number in digits
BLANK = "□"  # a word that is not told: training puts it where it hides one, reading where it knows none
_FUNCTION = (
    "a an the is are was be it its this there and of on in to with at by for from into as s while then so "
    "的 了 在 着 被 把 是 个 它 们 这 那 而 地 得 和 与"
)
COMMON = frozenset(_FUNCTION.split())  # words that say nothing about a scene; `not`, `no` and numbers do
# a Chinese character, a number, a run of letters (and digits after them), a blank
_WORD = re.compile(rf"[\u3400-\u9fff]|\d+(?:[.,]\d+)?|[^\W\d_\u3400-\u9fff][^\W_\u3400-\u9fff]*|{BLANK}")
_CONTRACTED = ((re.compile(r"\b(ca|wo|sha)n['’]t\b"), r"can not"), (re.compile(r"n['’]t\b"), " not"),
               (re.compile(r"\bcannot\b"), "can not"), (re.compile(r"['’](s|re|ll|ve|d)\b"), ""))  # fmt: skip
_NUMERALS = {
    word: float(value)
    for words in (
        "zero one two three four five six seven eight nine ten eleven twelve",
        "零 一 二 三 四 五 六 七 八 九 十",
    )
    for value, word in enumerate(words.split())
} | {"两": 2.0, "〇": 0.0}
# past forms that no ending tells
_IRREGULAR = {
    form: word
    for word, forms in {
        "be": "is are was were been being am", "begin": "began begun", "blow": "blew blown", "break": "broke broken",
        "burn": "burnt", "catch": "caught", "come": "came", "do": "does did done", "draw": "drew drawn",
        "fall": "fell fallen", "fight": "fought", "fly": "flew flown flies", "freeze": "froze frozen",
        "get": "got gotten", "give": "gave given", "go": "goes went gone", "hang": "hung", "have": "has had",
        "hide": "hid hidden", "hold": "held", "keep": "kept", "leave": "left", "lie": "lay lain lying",
        "lose": "lost", "make": "made", "meet": "met", "ride": "rode ridden", "rise": "rose risen", "run": "ran",
        "shake": "shook shaken", "shrink": "shrank shrunk", "sink": "sank sunk", "slide": "slid", "spill": "spilt",
        "stand": "stood", "stick": "stuck", "strike": "struck", "swing": "swung", "take": "took taken",
        "throw": "threw thrown",
    }.items()
    for form in forms.split()
    if form != "left"  # the side, far more often
}  # fmt: skip


def split_words(text: str) -> list[str]:
    """Lower-case words; each Chinese character is a word, `isn't` is two, `0.7` is one."""
    text = unicodedata.normalize("NFKC", text[:LONGEST_PROMPT]).lower()
    for form, words in _CONTRACTED:
        text = form.sub(words, text)
    return [word.replace(",", ".") for word in _WORD.findall(text)]


def is_number(word: str) -> bool:
    """Whether a word is a number in digits."""
    return word[:1].isdecimal()


def value_of(word: str) -> float | None:
    """The number that a word says, in digits or spelled; None where it says none."""
    if word in _NUMERALS:
        return _NUMERALS[word]
    return min(float(word), 1e6) if is_number(word) else None


def stem(word: str) -> str:
    """What the inflections of an English word share: tips, tipped, tipping -> tip. Never the root of another word."""
    if word == "others":  # says that these are not all; `other` does not
        return word
    if word in _IRREGULAR:
        return stem(_IRREGULAR[word])
    if not word.isascii() or len(word) < 4:
        return word
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("ied", "y"), ("ing", ""), ("ed", ""), ("es", ""), ("s", "")):
        root = word.removesuffix(ending)
        if (
            root != word
            and len(root) >= 3
            and not (ending == "s" and root.endswith(("s", "u")))
            and set(root) & _VOWELS
        ):
            root += instead
            if not instead and ending != "s" and len(root) > 3 and root[-1] == root[-2] and root[-1] not in "aeosl":
                root = root[:-1]
            return root.removesuffix("e") if len(root) > 3 else root
    return word.removesuffix("e")


_VOWELS = set("aeiouy")


def learn_words(captions: Iterable[str], most: int = 4096, at_least: int = 3) -> tuple[str, ...]:
    """The words of a library's captions, most frequent first (ties in alphabetical order); numbers as `NUMBER`."""
    counts = Counter(NUMBER if is_number(word) else word for text in captions for word in split_words(text))
    ranked = sorted((item for item in counts.items() if item[1] >= at_least), key=lambda item: (-item[1], item[0]))
    return tuple(word for word, _ in ranked[:most])


_CLAUSE = re.compile(r"[^;:.,；：。，]*(?:[.](?=\d)[^;:.,；：。，]*)*[;:.,；：。，]*")


def shortened(caption: str, generator: torch.Generator, clauses: float = 0.6, words: float = 0.04) -> str:
    """A caption as people shorten one: whole clauses stay, each with this chance and one at least, so that no `not` is
    torn from its verb; a few words are blanked, so that an unknown word is something that training has seen."""
    parts = [part for part in _CLAUSE.findall(caption) if part.strip()]
    if not parts:
        return caption
    draws = torch.rand(len(parts), generator=generator).tolist()
    text = "".join(part for part, draw in zip(parts, draws, strict=True) if draw < clauses or draw == min(draws))
    pieces = re.split(r"(\s+|(?<=[\u3400-\u9fff]))", text)
    hidden = torch.rand(len(pieces), generator=generator).tolist()
    return "".join(
        BLANK if draw < words and piece.strip() else piece for piece, draw in zip(pieces, hidden, strict=True)
    ).strip()
