"""What the captions of several worlds share."""

from __future__ import annotations

import re
from collections.abc import Iterable

from cuspworld.truth import Event

# Events that a rich caption may tell, in Chinese; the English words are their names.
CHINESE_EVENTS: dict[str, str] = {
    "avalanche": "雪崩",
    "blow-out": "火焰熄灭",
    "breath": "吹气",
    "capsizing": "船倾覆",
    "capture": "被俘获",
    "carried off": "被带走",
    "contact": "相碰",
    "critical speed": "达到临界风速",
    "crumbles": "碎裂",
    "engine fires": "点火",
    "escape": "逃离",
    "falls into the star": "坠入恒星",
    "falls over": "摔倒",
    "fan": "风扇启动",
    "full occlusion": "完全被挡住",
    "heaters change": "加热器改变",
    "impact": "撞上",
    "jumps": "起跳",
    "kick": "受到一击",
    "lands": "落地",
    "leaves the floor": "离开地面",
    "leaves the sand": "离开沙子",
    "loses its footing": "开始打滑",
    "lump released": "雪团松脱",
    "push": "推动",
    "ramming": "相撞",
    "reappears": "重新出现",
    "recovers": "恢复平稳",
    "regains its footing": "重新站稳",
    "release": "松开绳子",
    "settles": "达到稳定",
    "shedding begins": "开始脱落旋涡",
    "shedding stops": "停止脱落旋涡",
    "spill begins": "开始洒出",
    "tipping": "开始倾倒",
    "wave": "起波浪",
}
MOST_TIMES = 3  # events whose time a caption gives


def articles(text: str) -> str:
    """English text with `an` before a vowel: "A orange ant" becomes "An orange ant"."""
    return re.sub(r"\b([Aa]) (?=[aeio])", r"\1n ", text)


def when(events: Iterable[Event], critical: tuple[str, ...], until: float, language: str) -> str:
    """The sentence that says when: the first event of each kind, critical ones before others; `until` (s): now.

    "Push at 0.5 s, tipping at 0.7 s.", or, where nothing happened, that it is so from the start until now.
    """
    first: dict[str, Event] = {}
    for event in sorted(events, key=lambda event: event.time):
        if event.time <= until + 1e-9 and event.name in CHINESE_EVENTS:
            first.setdefault(event.name, event)
    chosen = sorted(first.values(), key=lambda event: (event.name not in critical, event.time))[:MOST_TIMES]
    chosen.sort(key=lambda event: event.time)
    if language == "zh":
        told = "，".join(f"第{event.time:.1f}秒{CHINESE_EVENTS[event.name]}" for event in chosen)
        return f"{told or f'从0到{until:.1f}秒一直如此'}。"
    told = ", ".join(f"{event.name} at {event.time:.1f} s" for event in chosen)
    return f" {told[:1].upper()}{told[1:]}." if told else f" So it goes from 0 to {until:.1f} s."
