"""The laws of nature that are checked: one vocabulary for worlds, audit, judges and exam.

A world's impossible twin names the laws that it breaks, a check of the audit belongs to one law, a taught judge tells
them apart, and a report lists them, all in this order.
"""

from __future__ import annotations

from enum import StrEnum


class Law(StrEnum):
    """A law: its name, the sentence that holds, and what is seen where it is broken."""

    sentence: str
    broken: str

    PERMANENCE = (
        "permanence",
        "What is there stays there: nothing comes out of nothing or goes into nothing.",
        "something comes or goes that cannot",
    )
    IDENTITY = (
        "identity",
        "A thing stays the thing that it is: its kind, its parts and its look.",
        "something turns into something else",
    )
    GRAVITY = (
        "gravity",
        "What is free falls with one constant acceleration, and what rests is held up by something.",
        "something is held up, or falls, by nothing",
    )
    INERTIA = (
        "inertia",
        "Nothing changes its velocity by itself.",
        "something changes its motion by itself",
    )
    CONTACT = (
        "contact",
        "Two solid bodies are never in the same place.",
        "solid bodies pass through each other",
    )
    CONSERVATION = (
        "conservation",
        "How much there is of a matter, a momentum or an energy does not change by itself.",
        "an amount changes that cannot",
    )
    CAUSE = (
        "cause",
        "Every effect has a cause before it, and every cause its effect.",
        "an effect has no cause, or a cause no effect",
    )
    PASSAGE = (
        "passage",
        "From one state to another everything goes through the states between.",
        "the passage between two states is missing",
    )
    ARROW = (
        "arrow",
        "What cannot be undone is not undone: motion dies away, pieces do not gather.",
        "what cannot be undone is undone",
    )
    CONSISTENCY = (
        "consistency",
        "What is measured here and now agrees with what is measured there and then.",
        "parts of the scene move against each other",
    )
    STILLNESS = (
        "stillness",
        "Motion does not stop everywhere at once and go on as if nothing had been.",
        "everything stands still that was in motion",
    )

    def __new__(cls, name: str, sentence: str, broken: str) -> Law:
        law = str.__new__(cls, name)
        law._value_ = name
        law.sentence, law.broken = sentence, broken
        return law
