"""The captions of Heat, in English and Chinese: which edge is hot, which is cold, and what the inside does."""

from __future__ import annotations

from collections.abc import Mapping

from cuspworld.worlds.words import Captions, Story, Word

# heater -> where it sits
PLACES = {
    1: ("the bottom edge", "下边"), 2: ("the right edge", "右边"), 3: ("the top edge", "上边"),
    4: ("the left edge", "左边"),
    5: ("the lower left corner", "左下角"), 6: ("the lower right corner", "右下角"),
    7: ("the upper right corner", "右上角"), 8: ("the upper left corner", "左上角"),
}  # fmt: skip

STEADY = (
    "A square metal plate is held hottest at {h} and coldest at {c}; its temperature is steady, and nowhere inside is "
    "it hotter or colder than at the edge.",
    "The edge of a metal plate is kept {d}: hottest at {h}, coldest at {c}. The heat has settled, and each point has "
    "the mean temperature of its surroundings.",
    "A plate heated at {h} and cooled at {c}; the temperature falls smoothly from one to the other and stays.",
)
RELAXING = (
    "A square metal plate starts at one temperature; heat spreads in from {h} and out towards {c}, because its edge is "
    "held hot and cold there.",
    "Heat flows into a plate from {h} and leaves it at {c}, until the temperature settles.",
)
STEADY_CHINESE = (
    "一块方形金属板，{h}最热，{c}最冷；温度已经稳定，板内没有一处比边缘更热或更冷。",
    "金属板的边缘保持不同的温度，{h}热，{c}冷，热量从一边平稳地传到另一边，温度不再变化。",
)
RELAXING_CHINESE = ("一块温度均匀的金属板，{h}被加热，{c}被冷却，热量逐渐传入板内。",)
UNIFORM = ("A square metal plate whose edge has one temperature all round; nothing changes.",)
UNIFORM_CHINESE = ("一块边缘温度处处相同的金属板，没有变化。",)
POOR = {
    True: ("steady plate", "温度稳定"),
    False: ("heat spreads", "热量扩散"),
}
EVENTS = {"heaters change": "加热器改变", "settles": "达到稳定"}


CAPTIONS = Captions(
    {True: STEADY, False: RELAXING, "uniform": UNIFORM},
    {True: STEADY_CHINESE, False: RELAXING_CHINESE, "uniform": UNIFORM_CHINESE},
    POOR,
    EVENTS,
)


def story(heaters: Mapping[int, float], steady: bool) -> Story:
    """`heaters`: number -> temperature above ambient (K); `steady`: whether the plate began in its steady state."""
    hot, cold = max(heaters, key=heaters.__getitem__), min(heaters, key=heaters.__getitem__)
    apart = heaters[hot] - heaters[cold]
    differing = "at very different temperatures" if apart > 60 else "at different temperatures"
    words: dict[str, Word] = {"h": PLACES[hot], "c": PLACES[cold], "d": differing}
    return Story("uniform" if apart < 1.0 else steady, words, steady)
