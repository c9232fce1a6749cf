"""The captions of Heat, in English and Chinese: which edge is hot, which is cold, and what the inside does."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

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
UNIFORM = (
    "A square metal plate whose edge has one temperature all round; nothing changes.",
    "一块边缘温度处处相同的金属板，没有变化。",
)
POOR = {"en": {True: "steady plate", False: "heat spreads"}, "zh": {True: "温度稳定", False: "热量扩散"}}


def sentence(style: str, language: str, rng: np.random.Generator, heaters: Mapping[int, float], steady: bool) -> str:
    """`heaters`: number -> temperature above ambient (K); `steady`: whether the plate began in its steady state."""
    if style == "poor":
        return POOR[language][steady]
    hot, cold = max(heaters, key=heaters.__getitem__), min(heaters, key=heaters.__getitem__)
    chosen = language == "zh"
    if heaters[hot] - heaters[cold] < 1.0:
        return UNIFORM[chosen]
    texts = ((STEADY, STEADY_CHINESE) if steady else (RELAXING, RELAXING_CHINESE))[chosen]
    text = texts[int(rng.integers(len(texts)))]
    differing = "at very different temperatures" if heaters[hot] - heaters[cold] > 60 else "at different temperatures"
    return text.format(h=PLACES[hot][chosen], c=PLACES[cold][chosen], d=differing)
