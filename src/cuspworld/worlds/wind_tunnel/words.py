"""The captions of WindTunnel, in English and Chinese: the obstacle, the wind, what the wake does, and why."""

from __future__ import annotations

from cuspworld.worlds.words import Captions, Story

OBSTACLES = {
    "cylinder": ("a round cylinder", "圆柱"),
    "square": ("a square bar", "方柱"),
    "triangle": ("a wedge", "三角柱"),
    "plate": ("a flat plate", "平板"),
}
STRENGTHS = ((0.055, "weak", "微弱的"), (0.1, "gentle", "平缓的"), (9.0, "brisk", "较强的"))
ENGLISH = {
    "sheds": (
        "In a wind tunnel a {s} wind blows smoke past {o}; the wake begins to swing and sheds vortices to either side.",
        "A fan starts and smoke lines flow around {o}. Too fast for a steady wake: vortices break off in turn.",
        "Smoke streams past {o} in a {s} wind, and behind it a street of whirling vortices forms.",
    ),
    "steady": (
        "In a wind tunnel a {s} wind blows smoke past {o}; it is slow, and the wake behind stays smooth.",
        "A fan starts and smoke lines flow around {o}. Too slow to shed vortices, the wind closes smoothly behind it.",
    ),
    "not yet": (
        "In a wind tunnel a {s} wind blows smoke past {o}; the wake grows longer and is about to swing.",
        "A fan starts and smoke lines flow around {o}; no vortex has been shed yet.",
    ),
    "still": ("Lines of smoke hang in the still air of a wind tunnel around {o}; the fan stands.",),
}
CHINESE = {
    "sheds": (
        "风洞里，{s}风吹动烟线绕过{o}，尾流开始摆动，向两侧交替脱落旋涡。",
        "风扇启动，烟线绕过{o}；风速超过临界值，后方形成一串旋涡。",
    ),
    "steady": ("风洞里，{s}风吹动烟线绕过{o}；风速很低，尾流平稳闭合，没有旋涡脱落。",),
    "not yet": ("风洞里，{s}风吹动烟线绕过{o}，尾流变长，旋涡还没有脱落。",),
    "still": ("风扇没有转动，烟线静止在风洞里的{o}周围。",),
}
POOR = {
    "sheds": ("vortex street", "旋涡脱落"),
    "steady": ("smooth wake", "平稳绕流"),
    "not yet": ("smoke flows", "烟雾流动"),
    "still": ("still air", "静止空气"),
}
EVENTS = {
    "critical speed": "达到临界风速",
    "fan": "风扇启动",
    "shedding begins": "开始脱落旋涡",
    "shedding stops": "停止脱落旋涡",
}


CAPTIONS = Captions(ENGLISH, CHINESE, POOR, EVENTS)


def story(obstacle: str, wind: float, outcome: str) -> Story:
    """`outcome`: sheds, steady, not yet or still; `wind` in m/s."""
    strength = next((english, chinese) for limit, english, chinese in STRENGTHS if wind < limit)
    return Story(outcome, {"s": strength, "o": OBSTACLES[obstacle]})
