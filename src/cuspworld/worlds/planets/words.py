"""The captions of Planets, in English and Chinese: the star, how many planets, what the rocket does, and why."""

from __future__ import annotations

from typing import Any

import numpy as np

from cuspworld.worlds.drawing.canvas import CHINESE_COLOURS

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
    "en": {"none": "planets orbit", "orbits": "rocket orbits", "escape": "rocket escapes", "capture": "rocket captured",
           "flyby": "rocket passes", "falls": "rocket falls"},
    "zh": {"none": "行星运行", "orbits": "火箭绕行", "escape": "火箭逃离", "capture": "火箭被俘", "flyby": "火箭飞掠",
           "falls": "火箭坠落"},
}  # fmt: skip


def sentence(
    style: str, language: str, rng: np.random.Generator, values: dict[str, Any], outcome: str, when: float | None
) -> str:
    """`outcome`: none, orbits, escape, capture, flyby or falls; `when`: seconds at which the engine fired, or None."""
    if style == "poor":
        return POOR[language][outcome]
    english, chinese = NUMBERS[values["planets"]]
    colour = values["star_colour"]
    texts = (ENGLISH if language == "en" else CHINESE)[outcome]
    text = texts[int(rng.integers(len(texts)))]
    if language == "zh":
        moment = f"第{when:.1f}秒，" if when is not None else ""
        return text.format(n=chinese, c=CHINESE_COLOURS[colour], t=moment)
    moment = f"after {when:.1f} s" if when is not None else ""
    text = text.format(
        n=english,
        c=colour,
        t=moment,
        b="; its engine fires, but it stays bound" if when is not None else "",
        p="its engine fires, but" if when is not None else "without any thrust",
        w=", for it brakes too little to be caught" if when is not None else "",
    )
    return text.replace("a orange", "an orange")[0].upper() + text.replace("a orange", "an orange")[1:]
