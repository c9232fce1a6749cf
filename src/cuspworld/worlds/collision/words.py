"""The captions of Collision, in English and Chinese: sizes, colours, speeds, and what the contact does and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from cuspworld.worlds.words import Captions, Story, Word, coloured

BIG, SMALL = 1.15, 0.95  # m
FAST, SLOW = 3.0, 2.0  # m/s

TWO = (
    "{a} and {b} roll towards each other and collide; {end}.",
    "Two balls collide: {a} comes from the left and {b} from the right; {end}.",
    "{a} rolling {s1} meets {b} rolling {s2}; they hit each other, and {end}.",
    "{a} and {b} collide; {end}, for momentum and energy are conserved.",
)
TWO_CHINESE = (
    "一个{a}和一个{b}相向滚来，相撞后{end}。",
    "两个球相撞：左边来的是{a}，右边来的是{b}，它们{end}。",
    "{s1}滚动的{a}遇上{s2}滚动的{b}，撞在一起后{end}。",
)
APART = (
    "{a} and {b} roll across the table and do not touch.",
    "{a} and {b} move past each other without a collision.",
)
ONE = {
    "uniform": ("{a} rolls {s1} and steadily to the right.", "{a} moves {s1} in a straight line to the right."),
    "parabola": (
        "{a} is thrown {s1} to the right and falls along a parabola.",
        "{a} that was thrown flies {s1} to the right and falls faster and faster.",
    ),
}
ONE_CHINESE = {
    "uniform": ("一个{a}{s1}地向右匀速滚动。",),
    "parabola": ("一个{a}被{s1}地抛向右方，沿抛物线落下。",),
}
POOR = {
    "collision": ("balls collide", "两球相撞"),
    "apart": ("balls roll", "两球滚动"),
    "uniform": ("ball rolls", "小球滚动"),
    "parabola": ("ball falls", "小球下落"),
}
EVENTS = {"contact": "相碰", "kick": "受到一击"}


ENGLISH = {"collision": TWO, "apart": APART, **ONE}
CHINESE = {"collision": TWO_CHINESE, "apart": ("一个{a}和一个{b}滚过桌面，没有相撞。",), **ONE_CHINESE}
CAPTIONS = Captions(ENGLISH, CHINESE, POOR, EVENTS)


def story(values: Mapping[str, Any], before: np.ndarray | None, after: np.ndarray) -> Story:
    """`before`: velocities (balls, 2) just before the first contact, None if there was none; `after`: at the end."""
    words: dict[str, Word] = {}
    for k, name in ((1, "a"), (2, "b")):
        words[name] = _ball(values[f"colour_{k}"], values[f"radius_{k}"])
        words[f"s{k}"] = _speed(values[f"speed_{k}"])
    if values["law"] != "collision":
        return Story(values["law"], words)
    if before is None:
        return Story("apart", words)
    return Story("collision", {**words, "end": _end(before, after, values)})


def _ball(colour: str, radius: float) -> Word:
    size, chinese = ("big ", "大") if radius > BIG else ("small ", "小") if radius < SMALL else ("", "")
    phrase = f"{size}{colour} ball"
    return f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}", f"{coloured(colour)[1]}的{chinese}球"


def _speed(speed: float) -> Word:
    return (
        ("fast", "快速") if speed > FAST else ("slowly", "缓慢") if speed < SLOW else ("at medium speed", "以中等速度")
    )


def _end(before: np.ndarray, after: np.ndarray, values: Mapping[str, Any]) -> Word:
    """What the contact did to the two balls."""
    if (after[1, 0] - after[0, 0]) < 0.05 * abs(before[1, 0] - before[0, 0]):
        return "they stay together", "一起运动"
    turned = [before[k, 0] * after[k, 0] < 0 for k in (0, 1)]
    if all(turned):
        return "both bounce back", "都弹了回去"
    if not any(turned):
        return "both go on their ways", "各自继续前进"
    first, second = coloured(values["colour_1"]), coloured(values["colour_2"])
    pusher, pushed = (second, first) if turned[0] else (first, second)
    return (
        f"the {pushed[0]} ball is knocked back while the {pusher[0]} ball rolls on",
        f"{pushed[1]}球被弹回，{pusher[1]}球继续前进",
    )
