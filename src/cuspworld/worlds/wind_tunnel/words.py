"""The captions of WindTunnel, in English and Chinese: the obstacle, the wind, what the wake does, and why."""

from __future__ import annotations

import numpy as np

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
    "en": {"sheds": "vortex street", "steady": "smooth wake", "not yet": "smoke flows", "still": "still air"},
    "zh": {"sheds": "旋涡脱落", "steady": "平稳绕流", "not yet": "烟雾流动", "still": "静止空气"},
}


def sentence(style: str, language: str, rng: np.random.Generator, obstacle: str, wind: float, outcome: str) -> str:
    """`outcome`: sheds, steady, not yet or still; `wind` in m/s."""
    if style == "poor":
        return POOR[language][outcome]
    chinese = language == "zh"
    strength = next(words[chinese] for limit, *words in STRENGTHS if wind < limit)
    texts = (CHINESE if chinese else ENGLISH)[outcome]
    return texts[int(rng.integers(len(texts)))].format(s=strength, o=OBSTACLES[obstacle][chinese])
