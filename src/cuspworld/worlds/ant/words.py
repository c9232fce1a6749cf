"""The captions of Ant, in English and Chinese: how it walks, what makes it lose its footing, and what comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cuspworld.worlds.words import Captions, Story, coloured

# (story, whether the footing was lost, the way of the plank) -> sentences; those down are made of these
ENGLISH: dict[Any, tuple[str, ...]] = {
    ("walk", False, "level"): (
        "A {c} ant walks over a plank on its six legs, always three of them on the wood.",
        "On six legs, a {c} ant walks along a level plank at {v} cm/s.",
    ),
    ("walk", False, "up"): (
        "A {c} ant climbs a plank that rises by {s} degrees; its feet hold, and it walks up.",
        "Three feet at a time, a {c} ant walks up a slope of {s} degrees without slipping.",
    ),
    ("walk", True, "level"): ("A {c} ant walks over a plank that is so smooth that its feet slip.",),
    ("walk", True, "up"): (
        "A {c} ant tries to climb a plank of {s} degrees; the wood is too smooth for the slope, and its feet slide.",
        "On a plank that rises by {s} degrees a {c} ant loses its footing and slides: friction cannot hold its weight.",
    ),
    ("patch", False, "level"): ("A {c} ant walks along a plank with a blue icy patch and keeps its footing.",),
    ("patch", True, "level"): ("A {c} ant walks onto a blue icy patch, where its feet slip.",),
    ("patch", False, "up"): ("A {c} ant climbs a slope with a blue icy patch, and its feet hold.",),
    ("patch", True, "up"): (
        "A {c} ant climbs a plank of {s} degrees until its feet come onto a blue icy patch, where they slide.",
        "A {c} ant loses its footing on the blue icy patch of a sloping plank.",
    ),
    ("kick", False, "level"): ("A hand nudges a {c} ant that walks along a plank; its six feet hold and it walks on.",),
    ("kick", True, "level"): (
        "A hand kicks a walking {c} ant from the side; its feet lose their hold and it skids.",
        "Pushed from the side after {k} s, a {c} ant on six legs loses its footing.",
    ),
    ("kick", False, "up"): ("A hand nudges a {c} ant that climbs a sloping plank; its feet hold and it walks on.",),
    ("kick", True, "up"): ("A hand kicks a {c} ant on a sloping plank from the side; it loses its footing and skids.",),
    ("stands", False, "level"): ("A {c} ant with six legs stands on a plank and does not move.",),
}
CHINESE: dict[Any, tuple[str, ...]] = {
    ("walk", False, "level"): (
        "一只{c}蚂蚁用六条腿走过木板，总有三条腿着地。",
        "一只{c}蚂蚁以每秒{v}厘米的速度沿水平木板爬行。",
    ),
    ("walk", False, "up"): ("一只{c}蚂蚁爬上倾斜{s}度的木板，脚没有打滑。",),
    ("walk", True, "level"): ("一只{c}蚂蚁走在光滑的木板上，脚下打滑。",),
    ("walk", True, "up"): ("一只{c}蚂蚁想爬上倾斜{s}度的木板，木板太滑，摩擦力撑不住，脚下打滑。",),
    ("patch", False, "level"): ("一只{c}蚂蚁走过木板上蓝色的冰面，站得很稳。",),
    ("patch", True, "level"): ("一只{c}蚂蚁走上蓝色的冰面，脚下打滑。",),
    ("patch", False, "up"): ("一只{c}蚂蚁爬上有蓝色冰面的斜坡，没有打滑。",),
    ("patch", True, "up"): ("一只{c}蚂蚁爬上倾斜{s}度的木板，踩到蓝色冰面，滑了下来。",),
    ("kick", False, "level"): ("一只手轻推正在爬行的{c}蚂蚁，六只脚站稳了，它继续向前走。",),
    ("kick", True, "level"): ("一只手从侧面推了{c}蚂蚁一下，它失去立足，滑到一边。",),
    ("kick", False, "up"): ("一只手轻推爬坡的{c}蚂蚁，它站稳了，继续向上爬。",),
    ("kick", True, "up"): ("一只手从侧面推了斜坡上的{c}蚂蚁一下，它失去立足，滑到一边。",),
    ("stands", False, "level"): ("一只六条腿的{c}蚂蚁站在木板上不动。",),
}
DOWNHILL = (
    ("climbs", "walks down"),
    ("walks up a", "walks down a"),
    ("walks up", "walks on"),
    ("tries to climb", "walks down"),
    ("that rises by", "that falls by"),
    ("爬上", "走下"),
    ("想走下", "走下"),
    ("向上爬", "向下走"),
    ("爬坡", "下坡"),
)
POOR = {
    False: ("ant walks", "蚂蚁爬行"),
    True: ("ant slips", "蚂蚁打滑"),
}
EVENTS = {"falls over": "摔倒", "kick": "受到一击", "loses its footing": "开始打滑", "regains its footing": "重新站稳"}


def _downhill(text: str) -> str:
    """The sentence of a way up for a way down."""
    for up, down in DOWNHILL:
        text = text.replace(up, down)
    return text


def _with_downhill(sentences: dict[Any, tuple[str, ...]]) -> dict[Any, Sequence[str]]:
    ways_up = {key: texts for key, texts in sentences.items() if key[2] == "up"}
    return {**sentences, **{(*key[:2], "down"): [_downhill(t) for t in texts] for key, texts in ways_up.items()}}


CAPTIONS = Captions(_with_downhill(ENGLISH), _with_downhill(CHINESE), POOR, EVENTS)


def story(values: Mapping[str, Any], slipped: bool, kicked: float | None) -> Story:
    """`slipped`: it has lost its footing; `kicked`: when a hand kicked it (s), None if none has."""
    outcome = "walk" if values["story"] == "kick" and kicked is None else values["story"]
    if values["speed"] == 0.0 and not slipped and kicked is None:
        outcome = "stands"
    slope = values["slope"]
    way = "level" if abs(slope) < 2.0 or outcome == "stands" else "down" if slope < -2.0 else "up"
    words = {"c": coloured(values["colour"]), "v": f"{100 * values['speed']:.0f}", "s": f"{abs(slope):.0f}",
             "k": f"{kicked or 0.0:.1f}"}  # fmt: skip
    return Story((outcome, slipped, way), words, slipped)
