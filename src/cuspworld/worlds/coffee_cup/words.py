"""The captions of CoffeeCup, in English and Chinese: the ships, the ram, the wave, who capsizes, and why."""

from __future__ import annotations

from collections.abc import Hashable

from cuspworld.worlds.words import Captions, Story, coloured

Said = dict[bool, str]
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
POOR = {
    0: ("toy ships", "玩具船"),
    1: ("ship capsizes", "船翻了"),
    2: ("ships capsize", "两船皆翻"),
}
EVENTS = {"capsizing": "船倾覆", "ramming": "相撞", "wave": "起波浪"}


def _whole(start: tuple[str, ...], ram: Said, wave: Said, lost: dict[int, str]) -> dict[Hashable, tuple[str, ...]]:
    """(whether they ram, whether there is a wave, how many capsize) -> sentences."""
    return {
        (r, w, n): tuple(first + ram[r] + wave[w] + lost[n] for first in start) for r in ram for w in wave for n in lost
    }


CAPTIONS = Captions(
    _whole(START, RAM, WAVE, LOST), _whole(CHINESE_START, CHINESE_RAM, CHINESE_WAVE, CHINESE_LOST), POOR, EVENTS
)


def story(colours: tuple[str, str], rammed: bool, wave: bool, lost: list[int]) -> Story:
    """`colours` of the sails; `lost`: numbers of the ships that capsized."""
    a, b = (coloured(colour) for colour in colours)
    count = len(set(lost))
    return Story((rammed, wave, count), {"a": a, "b": b, "c": (a, b)[lost[0] - 1] if lost else ""}, count)
