"""The captions of CoffeeCup, in English and Chinese: the ships, the ram, the wave, who capsizes, and why."""

from __future__ import annotations

import numpy as np

from cuspworld.worlds.drawing.canvas import CHINESE_COLOURS

START = (
    "Two toy ships, one with {a} and one with {b} sails, fight in a cup of coffee",
    "In a coffee cup a tiny ship with {a} sails sails at another with {b} sails",
)
RAM = {True: "; they ram each other", False: "; they miss each other"}
WAVE = {True: ", a jolt of the cup sends a wave through the coffee", False: ""}
LOST = {
    0: ", and both stay afloat.",
    1: ", and the ship with {c} sails rolls too far and capsizes.",
    2: ", and both capsize.",
}
CHINESE_START = ("两艘玩具船在一杯咖啡里战斗，一艘挂{a}帆，一艘挂{b}帆", "咖啡杯里，挂{a}帆的小船冲向挂{b}帆的小船")
CHINESE_RAM = {True: "，互相撞击", False: "，没有撞上"}
CHINESE_WAVE = {True: "，杯子一晃，咖啡里起了波浪", False: ""}
CHINESE_LOST = {0: "，两艘船都没有翻。", 1: "，挂{c}帆的船倾斜过度，翻了。", 2: "，两艘船都翻了。"}
POOR = {"en": {0: "toy ships", 1: "ship capsizes", 2: "ships capsize"}, "zh": {0: "玩具船", 1: "船翻了", 2: "两船皆翻"}}


def sentence(
    style: str,
    language: str,
    rng: np.random.Generator,
    colours: tuple[str, str],
    rammed: bool,
    wave: bool,
    lost: list[int],
) -> str:
    """`colours` of the sails; `lost`: numbers of the ships that capsized."""
    count = len(set(lost))
    if style == "poor":
        return POOR[language][count]
    chinese = language == "zh"
    a, b = (CHINESE_COLOURS[c] if chinese else c for c in colours)
    parts = (CHINESE_START, CHINESE_RAM, CHINESE_WAVE, CHINESE_LOST) if chinese else (START, RAM, WAVE, LOST)
    start, ram, wave_words, end = parts
    text = start[int(rng.integers(len(start)))] + ram[rammed] + wave_words[wave] + end[count]
    return text.format(a=a, b=b, c=(a, b)[lost[0] - 1] if lost else "")
