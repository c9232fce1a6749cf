"""The captions of Snow, in English and Chinese: who, what falls or is jumped through, what comes of it, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cuspworld.worlds.words import Captions, Story

CHINESE_ANIMALS = {"fox": "狐狸", "bear": "小熊", "penguin": "企鹅", "rabbit": "兔子", "cat": "小猫"}

# (scene, whether the snow gave way) -> sentences
ENGLISH = {
    ("jump", True): (
        "A {a} leaps through the snow into a bank of snow and bursts it; the bank crumbles into lumps that fall down.",
        "A {a} jumps into a wall of {k} snow. It hits hard enough to break it, and the lumps fly and fall.",
        "Jumping through deep snow, a {a} breaks through a snow bank, which crumbles.",
    ),
    ("jump", False): (
        "A {a} leaps through the snow against a bank of {k} snow; the bank holds and stops it.",
        "A {a} jumps into a wall of snow, but the snow is too firm to break, and the {a} lands before it.",
    ),
    ("lump", True): (
        "A lump of {k} snow falls from a branch beside a {a} and crumbles when it hits the ground.",
        "A {a} hops aside as a lump of snow drops from a branch; it falls so far that it breaks to pieces.",
        "A snow lump lets go of its branch, falls beside a {a} and crumbles in the snow.",
    ),
    ("lump", False): (
        "A lump of {k} snow falls from a branch beside a {a} and stays whole.",
        "A {a} hops aside as a lump of snow drops from a branch; the firm lump holds together.",
    ),
    ("avalanche", True): (
        "A lump of snow falls on a steep slope above a {a}; the layer below it breaks, and the snow slides down as an "
        "avalanche.",
        "Snow falls on a slope of {s} degrees, steeper than snow can rest, and sets off an avalanche towards a {a}.",
    ),
    ("avalanche", False): (
        "A lump of snow falls on a slope above a {a}; the slope holds and no avalanche comes.",
        "Snow drops on a slope of {s} degrees above a {a}; the layer below it holds, and the snow of the slope stays "
        "where it is.",
    ),
    ("rolls", False): (
        "A lump of {k} snow falls on a slope above a {a}; the slope holds, but the lump slides down to the {a}.",
        "Snow drops on a slope of {s} degrees above a {a}; no avalanche comes, yet the lump itself reaches the {a}.",
    ),
    ("alone", True): (
        "A slope of {s} degrees above a {a} is too steep for its snow: the layer below breaks by itself, an avalanche.",
    ),
    ("", False): ("A {a} stands in the snow; nothing happens.",),
}
CHINESE = {
    ("jump", True): (
        "一只{a}在雪地里跃起，撞破了一堵雪墙，雪墙碎成雪块落下。",
        "{a}跳进{k}的雪墙，撞击足够猛烈，雪墙碎裂，雪块飞散落下。",
    ),
    ("jump", False): ("一只{a}在雪地里跃起，撞上{k}的雪墙，雪墙太结实，把它挡住了。",),
    ("lump", True): (
        "一团{k}的雪从树枝上落在{a}旁边，落地时摔碎了。",
        "{a}跳到一旁，一团雪从树枝上掉下来，摔成碎块。",
    ),
    ("lump", False): ("一团{k}的雪从树枝上落在{a}旁边，没有碎。",),
    ("avalanche", True): (
        "一团雪落在{a}上方的陡坡上，坡下的软弱层断裂，积雪滑下，发生了雪崩。",
        "雪落在{s}度的陡坡上，坡比雪的休止角更陡，雪崩滑向{a}。",
    ),
    ("avalanche", False): ("一团雪落在{a}上方的雪坡上，雪坡稳住了，没有发生雪崩。",),
    ("rolls", False): ("一团{k}的雪落在{a}上方的雪坡上，雪坡稳住了，雪团却滑到了{a}那里。",),
    ("alone", True): ("{a}上方{s}度的雪坡太陡，软弱层自行断裂，发生了雪崩。",),
    ("", False): ("一只{a}站在雪地里，什么也没有发生。",),
}
POOR = {
    ("jump", True): ("snow bursts", "撞破雪墙"),
    ("jump", False): ("{a} jumps", "{a}跳雪"),
    ("lump", True): ("lump crumbles", "雪团摔碎"),
    ("lump", False): ("lump falls", "雪团落下"),
    ("avalanche", True): ("snow avalanche", "雪崩发生"),
    ("avalanche", False): ("slope holds", "雪坡稳定"),
    ("rolls", False): ("lump slides", "雪团滑下"),
    ("alone", True): ("snow avalanche", "雪崩发生"),
    ("", False): ("{a} stands", "{a}站立"),
}
EVENTS = {
    "avalanche": "雪崩",
    "crumbles": "碎裂",
    "impact": "撞上",
    "jumps": "起跳",
    "lands": "落地",
    "lump released": "雪团松脱",
}


CAPTIONS = Captions(ENGLISH, CHINESE, POOR, EVENTS)


def story(values: Mapping[str, Any], happened: Sequence[str], reached: bool) -> Story:
    """`values`: the world's parameters; `happened`: the names of the events in their order; `reached`: the lump is
    where the animal is."""
    gave_way = "crumbles" in happened or "avalanche" in happened
    begun = "jumps" in happened or "lump released" in happened
    outcome = (values["scene"], gave_way) if begun or gave_way else ("", False)
    if "avalanche" in happened and ("impact" not in happened or happened.index("avalanche") < happened.index("impact")):
        outcome = ("alone", True)
    if outcome == ("avalanche", False) and reached:
        outcome = ("rolls", False)
    firmness = ("soft", "松软") if values["cohesion"] < 1500.0 else ("firm", "结实")
    animal = values["animal"]
    return Story(outcome, {"a": (animal, CHINESE_ANIMALS[animal]), "k": firmness, "s": f"{values['slope']:.0f}"})
