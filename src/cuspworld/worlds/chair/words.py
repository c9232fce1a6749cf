"""The captions of Chair, in English and Chinese: what is done, why it ends as it does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cuspworld.worlds.words import Captions, Story, coloured

ENGLISH = {
    ("dropped", False): (
        "A {c} chair hangs on ropes; the ropes let go, it falls, lands on its legs and stays standing.",
        "A {c} chair is dropped from {h} cm. Its weight stays over its feet, and it comes to stand.",
    ),
    ("dropped", True): (
        "A tilted {c} chair hangs on ropes; the ropes let go, it falls, lands on one edge and tips over.",
        "A {c} chair is dropped from {h} cm. It lands with its weight beyond its feet and falls over.",
    ),
    ("propped", False): (
        "A {c} chair stands with two legs on a block; a hand pushes its back, it rocks and settles again.",
        "Pushed by a hand, a {c} chair propped on a block rocks back onto its legs: its weight stays over its feet.",
    ),
    ("propped", True): (
        "A {c} chair stands with two legs on a block; a hand pushes its back and it tips over backwards.",
        "Pushed by a hand, a {c} chair propped on a block tips over: its weight passes beyond its rear legs.",
    ),
    ("lifted", False): (
        "A {c} chair is lifted from the floor on two ropes and hangs there.",
        "Two ropes lift a {c} chair {h} cm from the floor; it hangs still below the hook.",
    ),
    ("dug", False): (
        "A {c} chair stands with its legs in sand; two ropes pull it out of the sand and it hangs over the box.",
        "A {c} chair is dug out: ropes pull its legs, {d} cm deep, out of the sand.",
    ),
    ("stands", False): ("A {c} chair is propped with two legs on a block; nothing happens.",),
    ("stands", True): ("A {c} chair is propped too high on a block and tips over backwards by itself.",),
}
CHINESE = {
    ("dropped", False): (
        "一把{c}椅子吊在绳上；绳子松开，椅子落下，四脚着地站住了。",
        "一把{c}椅子从{h}厘米高处落下，重心没有越过椅脚，站稳了。",
    ),
    ("dropped", True): (
        "一把倾斜的{c}椅子吊在绳上；绳子松开，椅子落下，一边先着地，翻倒了。",
        "一把{c}椅子从{h}厘米高处落下，着地时重心越过椅脚，倒了下去。",
    ),
    ("propped", False): (
        "一把{c}椅子两条前腿搁在石块上；一只手推椅背，椅子晃了晃又站稳。",
        "一只手推了推搁在石块上的{c}椅子，重心没有越过后腿，椅子晃回原位。",
    ),
    ("propped", True): (
        "一把{c}椅子两条前腿搁在石块上；一只手推椅背，椅子向后翻倒。",
        "一只手推动搁在石块上的{c}椅子，重心越过后腿，椅子翻倒了。",
    ),
    ("lifted", False): (
        "一把{c}椅子被两根绳子从地上吊起，悬在那里。",
        "两根绳子把一把{c}椅子吊离地面{h}厘米，静静挂在吊钩下。",
    ),
    ("dug", False): (
        "一把{c}椅子的腿埋在沙里；两根绳子把它从沙中拉出，悬在沙箱上方。",
        "一把{c}椅子被挖出来：绳子把埋了{d}厘米深的椅腿从沙里拔出。",
    ),
    ("stands", False): ("一把{c}椅子两条前腿搁在石块上，什么也没有发生。",),
    ("stands", True): ("一把{c}椅子在石块上搁得太高，自己向后翻倒了。",),
}
POOR = {
    "dropped": ("chair falls", "椅子落下"),
    "propped": ("chair rocks", "椅子摇晃"),
    "lifted": ("chair rises", "椅子升起"),
    "dug": ("chair unearthed", "椅子出土"),
    "stands": ("chair stands", "椅子站着"),
    "tips": ("chair tips", "椅子翻倒"),
}
EVENTS = {
    "lands": "落地",
    "leaves the floor": "离开地面",
    "leaves the sand": "离开沙子",
    "push": "推动",
    "recovers": "恢复平稳",
    "release": "松开绳子",
    "tipping": "开始倾倒",
}


CAPTIONS = Captions(ENGLISH, CHINESE, POOR, EVENTS)


def story(values: Mapping[str, Any], fallen: bool, pushed: bool) -> Story:
    """`fallen`: it lies at the end; `pushed`: a hand has pushed it."""
    outcome = "stands" if values["story"] == "propped" and not pushed else values["story"]
    fallen = fallen and outcome in ("dropped", "propped", "stands")
    words = {"c": coloured(values["colour"]), "h": f"{100 * values['height']:.0f}", "d": f"{100 * values['depth']:.0f}"}
    return Story((outcome, fallen), words, "tips" if fallen else outcome)
