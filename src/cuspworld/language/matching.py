"""Which recorded clips does a prompt ask for? Facts of the prompt against the facts of the clips' captions.

A clip supports a fact that one of its captions tells, and contradicts one that its captions deny, or tell of another:
a red ball that is slow where the prompt wants it fast and the blue one slow. What no caption says is not held against a
clip, except that what a prompt denies must not be told (captions tell what happens). Facts count by how much they tell
the clips apart. The best clips are a hard set: the paths that the simulator may draw from.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from cuspworld.language.facts import Fact, facts
from cuspworld.language.lexicon import ANIMALS, OPPOSITES
from cuspworld.language.meanings import Meanings, kind_of, tokens
from cuspworld.language.words import split_words, stem

NEAR = 0.101  # s: a time that is as good as the one asked for
TOGETHER = 0.3  # s
AT_ANOTHER_TIME = 0.5  # less than a thing that is not there: what happens when never picks the scene
SAME = 0.15  # share by which a measure may differ
_IMPORTANCE = {"is": 1.0, "not": 1.5, "time": 1.0, "share": 1.0, "pair": 0.5, "not pair": 1.0, "measure": 0.5}
_KINDS = {"colour": 1.5, "thing": 1.5}  # of facts of what there is: a prompt is first about things and their colours
_ENDS = {(name,) for pair in OPPOSITES for name in pair}
LEAST = 0.4  # share of a prompt that the best clips must support for the prompt to be one that the library knows


@dataclass(frozen=True)
class Match:
    """What a library has for a prompt. `clips`: the hard set, best first; `scores` of every clip, 1: all is told.

    `missing`: what the prompt says and no clip of the library shows; `unmet`: what clips show, but not the best ones
    (not together with the rest); `unknown`: words that no caption has in any form. `support`: share of the prompt that
    the best clips tell. `worse`: the clips that do not tell how things look and how many there are as the best do, or
    that contradict more: no hard set is widened by them. `lacks`: how many of the prompt's things, which the best
    clips tell of, each clip does not: it is of another scene. `late`: by how many seconds each clip would have to come
    later to show at the times asked what happens; 0 where either tells none.
    """

    clips: np.ndarray
    scores: np.ndarray
    support: float
    missing: tuple[str, ...] = ()
    unmet: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    captions: tuple[str, ...] = field(default=(), repr=False)
    told: bool = True  # False where the prompt says nothing
    worse: np.ndarray = field(default_factory=lambda: np.zeros(0, bool), repr=False)
    lacks: np.ndarray = field(default_factory=lambda: np.zeros(0, int), repr=False)
    late: np.ndarray = field(default_factory=lambda: np.zeros(0), repr=False)

    @property
    def known(self) -> bool:
        """Whether the library knows what the prompt is about."""
        return self.support >= LEAST

    def warning(self, topics: Sequence[str] = ()) -> str | None:
        """What to tell a person: what is unknown, what is impossible or never shown, what is shown instead."""
        knows = ". It knows: " + "; ".join(topics or self.captions)
        if not self.told:
            return "the prompt says nothing that tells clips apart" + knows
        said = []
        if self.unknown:
            said.append("no caption has the words " + ", ".join(self.unknown))
        if self.missing:
            said.append("no recorded clip shows: " + ", ".join(self.missing))
        if self.unmet:
            said.append("no recorded clip shows all of it at once; left out: " + ", ".join(self.unmet))
        if not said:
            return None
        if not self.known:
            return "; ".join(said) + knows
        return "; ".join(said) + (f". The nearest: {self.captions[0]}" if self.captions else "")


class Matcher:
    """`Matcher(wordings)(prompt)`: the facts of a library, once, and the clips that a prompt asks for.

    `wordings`: for each clip its caption, or all its captions (both languages, rich and poor).
    """

    def __init__(self, wordings: Iterable[str | Sequence[str]]):
        self.wordings = [[texts] if isinstance(texts, str) else [text for text in texts if text] for texts in wordings]
        count = self.count = len(self.wordings)
        self._words: set[str] = set()
        told: dict[tuple[str, ...], set[int]] = defaultdict(set)
        self._numbers: dict[tuple[str, str], list[tuple[int, float]]] = defaultdict(list)
        known: dict[str, list[Fact]] = {}
        for clip, texts in enumerate(self.wordings):
            for text in texts:
                if text not in known:
                    known[text] = facts(text)
                    self._words.update(map(stem, split_words(text)))
                for fact in known[text]:
                    if fact.kind in ("time", "measure"):
                        for name in fact.first:
                            self._numbers[fact.kind, name].append((clip, fact.value))
                    for key in _keys(fact):
                        told[key].add(clip)
                told["end", *_end(known[text])].add(clip)
        self._told = {key: _mask(clips, count) for key, clips in told.items()}
        self._none = np.zeros(count, bool)
        self._others: dict[tuple[str, str], set[str]] = defaultdict(set)  # (kind of x, y) -> every x bound to y
        for key in self._told:
            if key[0] == "pair":
                for x, y in ((key[1], key[2]), (key[2], key[1])):
                    self._others[kind_of(x), y].add(x)

    def __call__(self, prompt: str) -> Match:
        asked = facts(prompt)
        differ = len({fact.first for fact in asked if fact.kind == "is" and _kinds(fact) == {"colour"}}) > 1
        total, score, missing = 0.0, np.zeros(self.count), []
        positive, told = 0.0, np.zeros(self.count)
        supports: list[tuple[Fact, np.ndarray, np.ndarray]] = []
        end = _end(asked)
        asked_pairs = {pair for fact in asked if fact.kind == "pair" for pair in _pairs(fact)}
        idle: set[str] = set()  # attributes of what is never shown with them: they pick no clip by themselves
        for fact in sorted(asked, key=lambda fact: fact.kind != "pair"):
            support, against = self._support(fact, asked_pairs, end)
            if not support.any() and fact.kind == "pair":
                if not _vague(fact) and self._knows(fact):
                    missing.append(fact.words)
                    idle.update(fact.first if kind_of(fact.second[0]) == "thing" else ())
                support, against = self._nearest_number(fact), np.zeros(self.count)
            supports.append((fact, support, against))
            weight = _weight(support, self.count) * _importance(fact, differ)
            if fact.kind == "is" and idle.issuperset(fact.first):
                weight *= 0.1
            if fact.kind == "is":
                share = weight if kind_of(fact.first[0]) else 0.5 * _weight(support, self.count)
                positive, told = positive + share, told + share * support
                if not support.any() and kind_of(fact.first[0]):
                    missing.append(fact.words)
            total += weight
            cost = AT_ANOTHER_TIME if fact.kind == "time" else weight + _penalty(fact, end)
            score += weight * support - cost * against
        scores = score / total if total else score
        best = np.flatnonzero(scores >= scores.max() - 1e-9) if self.count else np.arange(0)
        unmet = []
        if len(best):
            for fact, support, against in supports:
                needed = fact.kind in ("is", "not", "time") or "number" in _kinds(fact)
                lost = not support[best[0]] if needed else against[best[0]]
                if lost and not _vague(fact) and fact.words not in missing:
                    unmet.append(fact.words)
        worse, lacks = np.zeros(self.count, bool), np.zeros(self.count, int)
        for fact, support, against in supports:
            if len(best) and (_penalty(fact, end) > 1 or _outcome(fact)) and not against[best[0]]:
                worse |= (support < support[best[0]]) if fact.kind == "pair" else against > 0
            if len(best) and fact.kind == "is" and _kinds(fact) == {"thing"}:
                lacks += support < support[best[0]]
        if len(best) and (ends := self._get("end", *end))[best[0]]:
            worse |= ~ends
        return Match(
            clips=best,
            scores=scores,
            worse=worse,
            lacks=lacks,
            late=self._late(asked),
            support=float(told[best[0]] / positive) if len(best) and positive else 0.0,
            missing=tuple(dict.fromkeys(missing)),
            unmet=tuple(dict.fromkeys(unmet)),
            unknown=self._unknown(prompt),
            told=bool(asked),
            captions=tuple(self.wordings[clip][0] for clip in best[:3] if self.wordings[clip]),
        )

    def _unknown(self, prompt: str) -> tuple[str, ...]:
        """Words of the prompt that are in no caption and in no line of the lexicon."""
        runs: list[list[str]] = [[]]
        for token in tokens(prompt):
            if token.kind != "word":
                runs.append([])
            elif token.words.isascii():
                runs += [[token.words], []]
            else:
                runs[-1].append(token.words)  # characters that stand together are one word
        unknown = ("".join(run) for run in runs if any(stem(word) not in self._words for word in run))
        return tuple(dict.fromkeys(unknown))

    def _get(self, *key: str) -> np.ndarray:
        return self._told.get(key, self._none)

    def _any(self, names: Iterable[str]) -> np.ndarray:
        return np.logical_or.reduce([self._get("is", name) for name in names])

    def _knows(self, fact: Fact) -> bool:
        """Whether each of the two is told of by itself; a number always is."""
        return all(
            kind_of(name) == "number" or self._get("is", name).any() for name in fact.first[:1] + fact.second[:1]
        )

    def _nearest_number(self, fact: Fact) -> np.ndarray:
        """Where no clip has as many: the clips that have the nearest number of that thing."""
        names = fact.first + fact.second
        number, thing = next((n for n in names if kind_of(n) == "number"), None), fact.second[0]
        told = sorted(self._others.get(("number", thing), ()), key=lambda n: abs(float(n) - float(number or 0)))
        return self._get("pair", *sorted((told[0], thing))).astype(float) if number and told else np.zeros(self.count)

    def _support(self, fact: Fact, asked: set[tuple[str, str]], end: Meanings) -> tuple[np.ndarray, np.ndarray]:
        """How far each clip supports a fact, and how far it contradicts it. `asked`: what the prompt binds; `end`: what
        happens last in it."""
        if fact.kind in ("time", "measure"):
            return self._near(fact)
        told = self._any(fact.first)
        perhaps = np.logical_or.reduce([self._get("may", name) for name in fact.first])
        denied = np.logical_or.reduce([self._get("not", name) for name in fact.first])
        if fact.kind == "is":
            against = denied & ~told & ~perhaps
            if fact.first == end:
                against = against | self._ends_otherwise(end)
            if fact.first[0] in ANIMALS:  # a clip that tells of another animal shows that one
                against = against | (self._any(ANIMALS) & ~told & ~perhaps)
            return np.where(told, 1.0, 0.5 * perhaps), against.astype(float)
        if (
            fact.kind == "not"
        ):  # captions tell what happens, so what they leave out did not; of other words nothing is known
            unsaid = 0.7 if kind_of(fact.first[0]) else 0.0
            return np.where(told, 0.0, np.where(denied, 1.0, unsaid)), told.astype(float)
        if fact.kind == "share":
            said = {name: self._get("share", name) for name in ("all", "some")}
            told, others = said[fact.first[0]], [mask for name, mask in said.items() if name != fact.first[0]]
            return told.astype(float), (others[0] & ~told).astype(float)
        pairs = _pairs(fact)
        bound = np.logical_or.reduce([self._get("pair", *sorted(pair)) for pair in pairs])
        if fact.kind == "not pair":
            return (~bound).astype(float), bound.astype(float)
        otherwise = np.logical_or.reduce(
            [self._otherwise(x, y, asked) | self._otherwise(y, x, asked) for x, y in pairs]
        )
        return bound.astype(float), (otherwise & ~bound).astype(float)

    def _ends_otherwise(self, end: Meanings) -> np.ndarray:
        """The clips that end in the opposite, whatever they begin with."""
        found = self._none
        for begun, over in OPPOSITES:
            if end == (begun,):
                found = found | self._get("is", over)
            elif end == (over,):
                found = found | (self._get("is", begun) & ~self._get("is", over))
        return found

    def _otherwise(self, x: str, y: str, asked: set[tuple[str, str]]) -> np.ndarray:
        """The clips that bind something else of x's kind to y, which the prompt did not."""
        kind = kind_of(x)
        pairs = [_sorted(other, y) for other in self._others.get((kind, y), ()) if other != x]
        others = [self._get("pair", *pair) for pair in pairs if pair not in asked]
        return np.logical_or.reduce(others) if kind and others else self._none

    def _late(self, asked: Sequence[Fact]) -> np.ndarray:
        """By how many seconds each clip's own times are earlier than those asked for: of what comes first, and the mean
        with all that is nearly as late (`TOGETHER`)."""
        each = np.full((1, self.count), np.nan)
        for fact in sorted((fact for fact in asked if fact.kind == "time"), key=lambda fact: fact.value):
            found = np.full(self.count, np.nan)
            for name in fact.first:
                for clip, value in self._numbers.get(("time", name), ()):
                    if not abs(found[clip]) < abs(fact.value - value):  # of several times the nearest
                        found[clip] = fact.value - value
            each = np.vstack([each, found])
        told = ~np.isnan(each)
        first = np.take_along_axis(each, told.argmax(axis=0)[None], axis=0)
        near = told & (np.abs(each - first) <= TOGETHER)
        return np.where(near, each, 0.0).sum(axis=0) / np.maximum(near.sum(axis=0), 1)

    def _near(self, fact: Fact) -> tuple[np.ndarray, np.ndarray]:
        near, told = np.zeros(self.count), np.zeros(self.count, bool)
        allowed = NEAR if fact.kind == "time" else SAME * max(abs(fact.value), 1e-9)
        for name in fact.first:
            for clip, value in self._numbers.get((fact.kind, name), ()):
                told[clip] = True
                apart = abs(value - fact.value) / allowed
                near[clip] = max(near[clip], 1.0 if apart <= 1 else 0.5 if apart <= 2 else 0.0)
        return near, (told & (near == 0)).astype(float)


def _end(asked: Sequence[Fact]) -> Meanings:
    """What happens last, of what is told without a time, or ends a clip whenever it happens."""
    timed = {fact.first for fact in asked if fact.kind == "time"} - {(over,) for _, over in OPPOSITES}
    events = [fact.first for fact in asked if fact.kind == "is" and _kinds(fact) == {"event"}]
    return next((event for event in reversed(events) if event not in timed), ())


def _keys(fact: Fact) -> Iterable[tuple[str, ...]]:
    """Under which keys a clip that tells this fact is found."""
    if fact.kind in ("is", "not", "share"):
        kind = "may" if fact.kind == "is" and len(fact.first) > 1 else fact.kind
        return [(kind, name) for name in fact.first]
    if fact.kind == "pair":
        return [("pair", *pair) for pair in _pairs(fact)]
    return []


def _pairs(fact: Fact) -> list[tuple[str, str]]:
    return [_sorted(x, y) for x in fact.first for y in fact.second]


def _sorted(x: str, y: str) -> tuple[str, str]:
    return (x, y) if x < y else (y, x)


def _importance(fact: Fact, differ: bool) -> float:
    """`differ`: the prompt names several colours, so that it matters whose deed something is."""
    if fact.kind == "is":
        kind = kind_of(fact.first[0])  # a word that means itself may be anything, a character of Chinese even more so
        return _KINDS.get(kind, 1.0) if kind else 0.3 if fact.words.isascii() else 0.1
    if fact.kind == "pair" and "number" in _kinds(fact):
        return 1.5
    if fact.kind == "pair" and "event" in _kinds(fact):
        return 0.3 if differ or "colour" not in _kinds(fact) else 0.02
    if _looks(fact):
        return 1.5
    return _IMPORTANCE[fact.kind]


def _kinds(fact: Fact) -> set[str]:
    return {kind_of(name) for name in fact.first + fact.second}


def _penalty(fact: Fact, end: Meanings) -> float:
    """Of a fact that a clip contradicts, beyond its weight; `end`: what happens last."""
    if fact.kind == "is" and fact.first == end and end in _ENDS:
        return 8.0
    if fact.kind == "is" and fact.first[0] in ANIMALS:
        return 4.0
    if fact.kind in ("not", "not pair"):
        return 4.0 if _kinds(fact) == {"event"} else 2.0  # what must not happen is seen as well as a colour
    if _side_of(fact):
        return 2.0
    named = fact.kind == "pair" and _kinds(fact) & {"colour", "number"} and "thing" in _kinds(fact)
    return 4.0 if named or _looks(fact) or _to_how_many(fact) or fact.kind == "share" else 1.0


def _looks(fact: Fact) -> bool:
    """Whether it says how large the thing of a colour is: seen in every frame, unlike its speed or when something
    happens."""
    return fact.kind == "pair" and _kinds(fact) == {"colour", "size"}


def _side_of(fact: Fact) -> bool:
    """Whether it says from which side something is done: seen in every frame too, but what comes of it says more."""
    return fact.kind == "pair" and _kinds(fact) == {"side", "event"}


def _to_how_many(fact: Fact) -> bool:
    """Whether it says to how many of several something happens."""
    return fact.kind == "pair" and _kinds(fact) == {"number", "event"}


def _outcome(fact: Fact) -> bool:
    """Whether it says what happens, or to how many."""
    return fact.kind == "share" or (fact.kind == "is" and _kinds(fact) == {"event"})


def _vague(fact: Fact) -> bool:
    """Whether a person need not be told that the clips do not say it."""
    kinds = _kinds(fact)
    if fact.kind == "pair":
        return "event" in kinds and not _to_how_many(fact)
    return fact.kind == "is" and (kinds == {""} or fact.first[0] in ("person", "hand", "together"))


def _mask(clips: set[int], count: int) -> np.ndarray:
    mask = np.zeros(count, bool)
    mask[list(clips)] = True
    return mask


def _weight(support: np.ndarray, count: int) -> float:
    """What a fact tells: the rarer, the more; something of a fact that all clips share, or none."""
    share = (float((support > 0).sum()) + 0.5) / (count + 1)
    return 0.3 + math.log(1 / share) if share < 1 else 0.3
