"""The captions of Collision, in English and Chinese: sizes, colours, speeds, and what the contact does and why."""

from __future__ import annotations

from typing import Any

import numpy as np

from cuspworld.worlds.drawing.canvas import CHINESE_COLOURS

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
    "en": {"collision": "balls collide", "apart": "balls roll", "uniform": "ball rolls", "parabola": "ball falls"},
    "zh": {"collision": "两球相撞", "apart": "两球滚动", "uniform": "小球滚动", "parabola": "小球下落"},
}


def sentence(
    style: str,
    language: str,
    rng: np.random.Generator,
    values: dict[str, Any],
    before: np.ndarray | None,
    after: np.ndarray,
) -> str:
    """`before`: velocities (balls, 2) just before the first contact, None if there was none; `after`: at the end."""
    law = values["law"]
    if law == "collision" and before is None:
        law = "apart"
    if style == "poor":
        return POOR[language][law]
    words = {}
    for k, name in ((1, "a"), (2, "b")):
        words[name] = _ball(values[f"colour_{k}"], values[f"radius_{k}"], language)
        words[f"s{k}"] = _speed(values[f"speed_{k}"], language)
    if law == "collision":
        words["end"] = _end(before, after, values, language)
    texts = {
        "en": {"collision": TWO, "apart": APART, **ONE},
        "zh": {"collision": TWO_CHINESE, "apart": ("一个{a}和一个{b}滚过桌面，没有相撞。",), **ONE_CHINESE},
    }[language][law]
    text = texts[int(rng.integers(len(texts)))].format(**words)
    return text[0].upper() + text[1:]


def _ball(colour: str, radius: float, language: str) -> str:
    if language == "zh":
        return f"{CHINESE_COLOURS[colour]}的{'大' if radius > BIG else '小' if radius < SMALL else ''}球"
    size = "big " if radius > BIG else "small " if radius < SMALL else ""
    phrase = f"{size}{colour} ball"
    return f"{'an' if phrase[0] in 'aeiou' else 'a'} {phrase}"


def _speed(speed: float, language: str) -> str:
    english, chinese = ("fast", "快速") if speed > FAST else ("slowly", "缓慢") if speed < SLOW else ("", "")
    return (english or "at medium speed") if language == "en" else (chinese or "以中等速度")


def _end(before: np.ndarray | None, after: np.ndarray, values: dict[str, Any], language: str) -> str:
    """What the contact did to the two balls."""
    assert before is not None
    first, second = values["colour_1"], values["colour_2"]
    if (after[1, 0] - after[0, 0]) < 0.05 * abs(before[1, 0] - before[0, 0]):
        return "they stay together" if language == "en" else "一起运动"
    turned = [before[k, 0] * after[k, 0] < 0 for k in (0, 1)]
    if all(turned):
        return "both bounce back" if language == "en" else "都弹了回去"
    if not any(turned):
        return "both go on their ways" if language == "en" else "各自继续前进"
    pusher, pushed = (second, first) if turned[0] else (first, second)
    if language == "zh":
        return f"{CHINESE_COLOURS[pushed]}球被弹回，{CHINESE_COLOURS[pusher]}球继续前进"
    return f"the {pushed} ball is knocked back while the {pusher} ball rolls on"
