"""The captions of Planets, in English and Chinese: the star, how many planets, what the rocket does, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cuspworld.worlds.words import Captions, Story, Word, coloured

NUMBERS = {1: ("One planet goes", "一颗行星"), 2: ("Two planets go", "两颗行星"), 3: ("Three planets go", "三颗行星"),
           4: ("Four planets go", "四颗行星")}  # fmt: skip

ENGLISH = {
    "none": ("{n} round a {c} star; each sweeps equal areas in equal times.",),
    "orbits": (
        "{n} round a {c} star, and a rocket orbits with them{b}.",
        "A rocket circles a {c} star; {p} it stays bound to the star. {n} round it too.",
    ),
    "escape": (
        "{n} round a {c} star. A rocket fires its engine {t} until it is faster than the star can hold, and escapes.",
        "A rocket in orbit around a {c} star fires its engine {t}; its energy rises above zero and it flies away for "
        "good. {n} on round the star.",
    ),
    "capture": (
        "{n} round a {c} star. A rocket arrives from afar, brakes close to the star {t}, and is captured into orbit.",
        "A rocket falls past a {c} star and fires against its motion {t}; its energy drops below zero and the star "
        "keeps it. {n} round the star.",
    ),
    "flyby": (
        "{n} round a {c} star. A rocket arrives from afar, swings around the star, and leaves again{w}.",
        "A rocket passes a {c} star too fast to be caught; the star only bends its path. {n} round the star.",
    ),
    "falls": ("{n} round a {c} star. A rocket brakes {t}, loses its orbit, and falls into the star.",),
}
CHINESE = {
    "none": ("{n}绕着一颗{c}恒星运行，相等时间扫过相等的面积。",),
    "orbits": ("{n}绕着一颗{c}恒星运行，一艘火箭也在轨道上，始终被恒星束缚。",),
    "escape": ("{n}绕着一颗{c}恒星运行。{t}一艘火箭点火加速，能量变为正值，逃离了恒星。",),
    "capture": ("{n}绕着一颗{c}恒星运行。一艘火箭从远处飞来，{t}在恒星附近减速，能量降到零以下，被恒星俘获。",),
    "flyby": ("{n}绕着一颗{c}恒星运行。一艘火箭从远处飞来，绕过恒星后又飞走了，没有被俘获。",),
    "falls": ("{n}绕着一颗{c}恒星运行。一艘火箭{t}减速，坠入了恒星。",),
}
POOR = {
    "none": ("planets orbit", "行星运行"),
    "orbits": ("rocket orbits", "火箭绕行"),
    "escape": ("rocket escapes", "火箭逃离"),
    "capture": ("rocket captured", "火箭被俘"),
    "flyby": ("rocket passes", "火箭飞掠"),
    "falls": ("rocket falls", "火箭坠落"),
}
EVENTS = {"capture": "被俘获", "engine fires": "点火", "escape": "逃离", "falls into the star": "坠入恒星"}


CAPTIONS = Captions(ENGLISH, CHINESE, POOR, EVENTS)


def story(values: Mapping[str, Any], outcome: str, when: float | None) -> Story:
    """`outcome`: none, orbits, escape, capture, flyby or falls; `when`: seconds at which the engine fired, or None."""
    fired = when is not None
    words: dict[str, Word] = {
        "n": NUMBERS[values["planets"]],
        "c": coloured(values["star_colour"]),
        "t": (f"after {when:.1f} s", f"第{when:.1f}秒，") if fired else "",
        "b": "; its engine fires, but it stays bound" if fired else "",
        "p": "its engine fires, but" if fired else "without any thrust",
        "w": ", for it brakes too little to be caught" if fired else "",
    }
    return Story(outcome, words)
