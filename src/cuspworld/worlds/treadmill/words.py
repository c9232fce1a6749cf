"""The captions of Treadmill, in English and Chinese: how the belt runs, and whether the dog keeps its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cuspworld.worlds.words import Captions, Story, coloured

# (story, whether it was carried off) -> sentences
ENGLISH = {
    ("steady", False): (
        "A {c} dog trots on a treadmill; the belt runs back under it as fast as it trots, and it keeps its place.",
        "On a treadmill at {b} cm/s a {c} dog trots without getting any further.",
    ),
    ("steady", True): ("A {c} dog on a treadmill does not keep up with the belt and is carried off its end.",),
    ("fast", False): ("The belt of a treadmill speeds up under a {c} dog; the dog trots faster and keeps its place.",),
    ("fast", True): (
        "A {c} dog trots on a treadmill; the belt speeds up to {t} cm/s, faster than it can trot, and carries it off.",
        "After {w} s the belt runs faster than a {c} dog can trot: it falls back and is carried off the treadmill.",
    ),
    ("slippery", False): ("A {c} dog trots on a slippery treadmill; its feet slide a little, and it keeps its place.",),
    ("slippery", True): (
        "A {c} dog slips on the smooth belt of a sloping treadmill and is carried off backwards.",
        "The sloping belt is so slippery that a {c} dog cannot push itself up; the treadmill carries it off.",
    ),
    ("still", False): ("A {c} dog stands on a treadmill that does not run.",),
    ("still", True): ("A {c} dog leaves a treadmill that does not run.",),
}
CHINESE = {
    ("steady", False): (
        "一只{c}小狗在跑步机上小跑，传送带向后走得和它一样快，它留在原地。",
        "一只{c}小狗在每秒{b}厘米的跑步机上小跑，没有前进。",
    ),
    ("steady", True): ("一只{c}小狗跟不上跑步机的传送带，被带到了后面。",),
    ("fast", False): ("跑步机的传送带加快了，一只{c}小狗跑得更快，留在原地。",),
    ("fast", True): (
        "一只{c}小狗在跑步机上小跑，传送带加快到每秒{t}厘米，它跟不上，被带了下去。",
        "{w}秒后传送带比{c}小狗跑得还快，小狗落到后面，被带下跑步机。",
    ),
    ("slippery", False): ("一只{c}小狗在打滑的跑步机上小跑，脚滑了一点，还是留在原地。",),
    ("slippery", True): ("倾斜的跑步机传送带太滑，一只{c}小狗脚下打滑，被向后带走。",),
    ("still", False): ("一只{c}小狗站在不动的跑步机上。",),
    ("still", True): ("一只{c}小狗离开了不动的跑步机。",),
}
POOR = {
    False: ("dog trots", "小狗小跑"),
    True: ("dog slips", "小狗滑落"),
}
EVENTS = {
    "carried off": "被带走",
    "falls over": "摔倒",
    "kick": "受到一击",
    "loses its footing": "开始打滑",
    "regains its footing": "重新站稳",
}


CAPTIONS = Captions(ENGLISH, CHINESE, POOR, EVENTS)


def story(values: Mapping[str, Any], carried_off: bool, moved: bool) -> Story:
    """`carried_off`: it has left the belt; `moved`: the belt has run."""
    words = {"c": coloured(values["colour"]), "b": f"{100 * values['belt']:.0f}", "t": f"{100 * values['top']:.0f}",
             "w": f"{values['when']:.1f}"}  # fmt: skip
    return Story((values["story"] if moved else "still", carried_off), words, carried_off)
