"""Text -> tokens by meaning: the lexicon's longest phrases, numbers with their units, other words as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from cuspworld.language.lexicon import BOTH, EITHER, KINDS, NEGATIONS, UNITS
from cuspworld.language.words import COMMON, split_words, stem, value_of

Meanings = tuple[str, ...]  # any of which may be meant
_BETWEEN = (
    "and while but though although because when where until so then whereas for which who that "
    "， 、 ； 。 而 但 ; : , . ( ) ！ ! ? ？"
)
_BORDERS = frozenset(_BETWEEN.split())  # between clauses
_ARTICLES = frozenset(["a", "an", "the", "another", "一"])
_PRONOUNS = frozenset(["one", "ones", "them", "other"])  # stand for a thing
_MARKS = re.compile(r"\d+(?:[.,]\d+)|[;:.,()；：。，、（）！？!?]")
_EMPTY = (
    "he she his her him their theirs our we you i each both all others will would can could has have had do does did "
    "been being am or nor very much just only also too more most any about again away back down up out off over under "
    "around through along past after before during still whom whose what how if begin start come get make keep stay "
    "remain go take give look see here they us s t yet 只 个 支 把 杯 艘 块 颗 团 都 也 就 还 又 再 中 里 上 "
    "下 来 去 到 从 向 往 使 让 后 前 时 秒 第 那 每 其 已 很 起 出 回 开 住 过 受 两 三 四 五 有 以 地 像 将 之 可 一"
)
EMPTY = COMMON | frozenset(_EMPTY.split()) | frozenset(map(stem, _EMPTY.split()))  # say nothing by themselves


@dataclass(frozen=True)
class Token:
    words: str
    kind: str  # of the lexicon's, or number, time, measure, not, border, article, pronoun, word
    meanings: Meanings = ()
    value: float = 0.0
    unit: str = ""


@cache
def _entries() -> tuple[dict[tuple[str, ...], list[tuple[str, Meanings]]], dict[str, int]]:
    """Phrase (stems) -> its (kind, meanings) one after another; first stem -> the length of its longest phrase."""
    entries: dict[tuple[str, ...], list[tuple[str, Meanings]]] = {}
    kinds = {}
    for kind, lines in KINDS.items():
        for line in lines.replace("\n  ", " ").strip().splitlines():
            name, rest = line.split(":", 1)
            english, _, chinese = rest.partition("|")
            kinds[name] = kind
            for phrase in (name, *english.split(","), *chinese.split(",")):
                if key := _key(phrase):
                    entries.setdefault(key, [(kind, (name,))])
    for phrase, names in BOTH.items():
        known = sorted((n for n in kinds if n in names), key=names.find)
        entries[_key(phrase)] = [("denied" if f"!{n}" in names else kinds[n], (n,)) for n in known]
    for phrase, names in EITHER.items():
        entries[_key(phrase)] = [("event", tuple(n for n in kinds if n in names.split()))]
    for word in NEGATIONS:
        entries[_key(word)] = [("not", ())]
    longest: dict[str, int] = {}
    for key in entries:
        longest[key[0]] = max(len(key), longest.get(key[0], 0))
    return entries, longest


def _key(phrase: str) -> tuple[str, ...]:
    return tuple(map(stem, split_words(phrase)))


def _raw(text: str) -> Iterator[str]:
    """Words and the marks between clauses, in order."""
    place = 0
    for mark in _MARKS.finditer(text):
        if mark.group()[0].isdigit():
            continue
        yield from split_words(text[place : mark.start()])
        yield mark.group()
        place = mark.end()
    yield from split_words(text[place:])


def tokens(text: str) -> list[Token]:
    """The text's words by meaning, longest phrases first."""
    entries, longest = _entries()
    words = list(_raw(text[:4000]))
    stems = [stem(word) for word in words]
    found: list[Token] = []
    i = 0
    while i < len(words):
        if said := _number(words, i):
            found.append(said[0])
            i += said[1]
            continue
        for length in range(min(longest.get(stems[i], 0), len(words) - i), 0, -1):
            if (entry := entries.get(tuple(stems[i : i + length]))) is not None:
                joined = "".join(words[i : i + length])
                said_words = " ".join(words[i : i + length]) if joined.isascii() else joined
                found.extend(Token(said_words, kind, meanings) for kind, meanings in entry)
                i += length
                break
        else:
            found.append(_plain(words, i))
            i += 1
    for place, token in enumerate(found[:-1]):  # in front of an unknown character `small` is part of its word
        after = found[place + 1]
        if token.words in ("小", "大") and after.kind == "word" and not after.words.isascii():
            found[place] = Token(token.words, "word", (token.words,))
    return found


def _plain(words: list[str], i: int) -> Token:
    word = words[i]
    if word in _BORDERS or not word.isalnum():
        return Token(word, "border")
    if word == "too" and "to" in words[i + 1 : i + 4]:
        return Token(word, "not")
    if word in _ARTICLES:
        return Token(word, "article")
    if word in _PRONOUNS:
        return Token(word, "pronoun")
    return Token(word, "empty" if word in EMPTY or stem(word) in EMPTY else "word", (stem(word),))


def _number(words: list[str], i: int) -> tuple[Token, int] | None:
    """A number at this place, and how many words it takes: a time, a measure, or how many."""
    value = value_of(words[i])
    if value is None or words[i] == "一":
        return None
    after = words[i + 1] if i + 1 < len(words) else ""
    unit = UNITS.get(after) or UNITS.get(stem(after))
    if unit == "s":
        return Token(f"{words[i]} {after}", "time", (), value), 2
    if unit:
        return Token(f"{words[i]} {after}", "measure", (unit,), value, unit), 2
    if words[i] == "one" and not _names_thing(after):
        return Token("one", "pronoun"), 1
    if "." in words[i]:
        return Token(words[i], "time", (), value), 1
    return Token(words[i], "number", (f"{value:g}",), value), 1


def _names_thing(word: str) -> bool:
    return any(kind == "thing" for kind, _ in _entries()[0].get((stem(word),), ()))


@cache
def _kinds() -> dict[str, str]:
    return {
        line.split(":")[0]: kind
        for kind, lines in KINDS.items()
        for line in lines.replace("\n  ", " ").strip().splitlines()
    }


def kind_of(name: str) -> str:
    """The lexicon's kind of a meaning, `number` of a number in digits, empty for a word that means itself."""
    return _kinds().get(name, "number" if name.replace(".", "", 1).isdigit() else "")
