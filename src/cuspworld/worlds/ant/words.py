"""The captions of Ant, in English and Chinese: how it walks, what makes it lose its footing, and what comes of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from cuspworld.worlds.drawing.canvas import CHINESE_COLOURS
from cuspworld.worlds.words import articles

# (story, whether the footing was lost, whether there is a slope) -> sentences
ENGLISH = {
    ("walk", False, False): (
        "A {c} ant walks over a plank on its six legs, always three of them on the wood.",
        "On six legs, a {c} ant walks along a level plank at {v} cm/s.",
    ),
    ("walk", False, True): (
        "A {c} ant climbs a plank that rises by {s} degrees; its feet hold, and it walks up.",
        "Three feet at a time, a {c} ant walks up a slope of {s} degrees without slipping.",
    ),
    ("walk", True, False): ("A {c} ant walks over a plank that is so smooth that its feet slip.",),
    ("walk", True, True): (
        "A {c} ant tries to climb a plank of {s} degrees; the wood is too smooth for the slope, and its feet slide.",
        "On a plank that rises by {s} degrees a {c} ant loses its footing and slides: friction cannot hold its weight.",
    ),
    ("patch", False, False): ("A {c} ant walks along a plank with a blue icy patch and keeps its footing.",),
    ("patch", True, False): ("A {c} ant walks onto a blue icy patch, where its feet slip.",),
    ("patch", False, True): ("A {c} ant climbs a slope with a blue icy patch, and its feet hold.",),
    ("patch", True, True): (
        "A {c} ant climbs a plank of {s} degrees until its feet come onto a blue icy patch, where they slide.",
        "A {c} ant loses its footing on the blue icy patch of a sloping plank.",
    ),
    ("kick", False, False): ("A hand nudges a {c} ant that walks along a plank; its six feet hold and it walks on.",),
    ("kick", True, False): (
        "A hand kicks a walking {c} ant from the side; its feet lose their hold and it skids.",
        "Pushed from the side after {k} s, a {c} ant on six legs loses its footing.",
    ),
    ("kick", False, True): ("A hand nudges a {c} ant that climbs a sloping plank; its feet hold and it walks on.",),
    ("kick", True, True): ("A hand kicks a {c} ant on a sloping plank from the side; it loses its footing and skids.",),
    ("stands", False, False): ("A {c} ant with six legs stands on a plank and does not move.",),
}
CHINESE = {
    ("walk", False, False): (
        "一只{c}蚂蚁用六条腿走过木板，总有三条腿着地。",
        "一只{c}蚂蚁以每秒{v}厘米的速度沿水平木板爬行。",
    ),
    ("walk", False, True): ("一只{c}蚂蚁爬上倾斜{s}度的木板，脚没有打滑。",),
    ("walk", True, False): ("一只{c}蚂蚁走在光滑的木板上，脚下打滑。",),
    ("walk", True, True): ("一只{c}蚂蚁想爬上倾斜{s}度的木板，木板太滑，摩擦力撑不住，脚下打滑。",),
    ("patch", False, False): ("一只{c}蚂蚁走过木板上蓝色的冰面，站得很稳。",),
    ("patch", True, False): ("一只{c}蚂蚁走上蓝色的冰面，脚下打滑。",),
    ("patch", False, True): ("一只{c}蚂蚁爬上有蓝色冰面的斜坡，没有打滑。",),
    ("patch", True, True): ("一只{c}蚂蚁爬上倾斜{s}度的木板，踩到蓝色冰面，滑了下来。",),
    ("kick", False, False): ("一只手轻推正在爬行的{c}蚂蚁，六只脚站稳了，它继续向前走。",),
    ("kick", True, False): ("一只手从侧面推了{c}蚂蚁一下，它失去立足，滑到一边。",),
    ("kick", False, True): ("一只手轻推爬坡的{c}蚂蚁，它站稳了，继续向上爬。",),
    ("kick", True, True): ("一只手从侧面推了斜坡上的{c}蚂蚁一下，它失去立足，滑到一边。",),
    ("stands", False, False): ("一只六条腿的{c}蚂蚁站在木板上不动。",),
}
POOR = {
    "en": {False: "ant walks", True: "ant slips"},
    "zh": {False: "蚂蚁爬行", True: "蚂蚁打滑"},
}


def sentence(
    style: str,
    language: str,
    rng: np.random.Generator,
    values: dict[str, Any],
    slipped: bool,
    kicked: float | None,
) -> str:
    """`slipped`: it has lost its footing; `kicked`: when a hand kicked it (s), None if none has."""
    if style == "poor":
        return POOR[language][slipped]
    story = "walk" if values["story"] == "kick" and kicked is None else values["story"]
    key = (story, slipped, abs(values["slope"]) >= 2.0)
    if values["speed"] == 0.0 and not slipped and kicked is None:
        key = ("stands", False, False)
    texts = (CHINESE if language == "zh" else ENGLISH)[key]
    name = CHINESE_COLOURS[values["colour"]] if language == "zh" else values["colour"]
    text = texts[int(rng.integers(len(texts)))]
    if values["slope"] < -2.0:
        text = (
            text.replace("climbs", "walks down").replace("walks up a", "walks down a").replace("walks up", "walks on")
        )
        text = text.replace("tries to climb", "walks down").replace("that rises by", "that falls by")
        text = (
            text.replace("爬上", "走下").replace("想走下", "走下").replace("向上爬", "向下走").replace("爬坡", "下坡")
        )
    return articles(
        text.format(c=name, v=round(100 * values["speed"]), s=round(abs(values["slope"])), k=f"{kicked or 0.0:.1f}")
    )
