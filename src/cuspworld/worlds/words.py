"""Captions: the sentences that tell what happened in a world, in English and Chinese, whole or in two words."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from cuspworld.truth import Event
from cuspworld.worlds.drawing.canvas import CHINESE_COLOURS

MOST_TIMES = 3  # events whose time a caption gives
LANGUAGES = ("en", "zh")
STYLES = ("rich", "poor", "none")

# A word of a sentence: the same in both languages, or (English, Chinese).
Word = str | tuple[str, str]


@dataclass(frozen=True)
class Story:
    """What happened in a run: which sentences tell it, and the words that fill their {places}.

    `brief`: which of the poor captions tells it, where that is not `outcome`.
    """

    outcome: Hashable
    words: Mapping[str, Word] = field(default_factory=dict)
    brief: Hashable = None


@dataclass(frozen=True)
class Captions:
    """A world's captions: by outcome, sentences of which one is drawn (`english`, `chinese`) and two or three words
    (`poor`: English, Chinese); `events`: the events whose times are told, with their Chinese names."""

    english: Mapping[Any, Sequence[str]]
    chinese: Mapping[Any, Sequence[str]]
    poor: Mapping[Any, tuple[str, str] | Sequence[tuple[str, str]]]
    events: Mapping[str, str] = field(default_factory=dict)

    def say(self, story: Story, style: str, language: str, rng: np.random.Generator) -> str:
        """What happened and why. `style`: rich or poor."""
        which = LANGUAGES.index(language)
        if style == "poor":
            known = self.poor[story.outcome if story.brief is None else story.brief]
            pairs: Sequence[Any] = [known] if isinstance(known[0], str) else known
            text = pairs[int(rng.integers(len(pairs)))][which] if len(pairs) > 1 else pairs[0][which]
        else:
            texts = (self.english, self.chinese)[which][story.outcome]
            text = texts[int(rng.integers(len(texts)))]
        words = {name: word if isinstance(word, str) else word[which] for name, word in story.words.items()}
        text = text.format(**words)
        if language == "en" and style == "rich":
            return articles(re.sub(r"(^|\. )([a-z])", lambda start: start[1] + start[2].upper(), text))
        return text

    def when(self, events: Iterable[Event], critical: tuple[str, ...], until: float, language: str) -> str:
        """The sentence that says when: the first event of each kind, critical ones before others; `until` (s): now.

        "Push at 0.5 s, tipping at 0.7 s.", or, where nothing happened, that it is so from the start until now.
        """
        first: dict[str, Event] = {}
        for event in sorted(events, key=lambda event: event.time):
            if event.time <= until + 1e-9 and event.name in self.events:
                first.setdefault(event.name, event)
        chosen = sorted(first.values(), key=lambda event: (event.name not in critical, event.time))[:MOST_TIMES]
        chosen.sort(key=lambda event: event.time)
        if language == "zh":
            told = "，".join(f"第{event.time:.1f}秒{self.events[event.name]}" for event in chosen)
            return f"{told or f'从0到{until:.1f}秒一直如此'}。"
        told = ", ".join(f"{event.name} at {event.time:.1f} s" for event in chosen)
        return f" {told[:1].upper()}{told[1:]}." if told else f" So it goes from 0 to {until:.1f} s."


def articles(text: str) -> str:
    """English text with `an` before a vowel: "A orange ant" becomes "An orange ant"."""
    return re.sub(r"\b([Aa]) (?=[aei]|o(?!ne\b))", r"\1n ", text)


def coloured(colour: str) -> Word:
    """The name of a colour in both languages."""
    return colour, CHINESE_COLOURS[colour]
