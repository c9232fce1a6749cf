"""The captions of Planets, in English and Chinese: the star, how many planets, what the rocket does, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from cuspworld.worlds.words import Captions, Story, Word, coloured

NUMBERS = {1: ("one planet goes", "一颗行星"), 2: ("two planets go", "两颗行星"), 3: ("three planets go", "三颗行星"),
           4: ("four planets go", "四颗行星")}  # fmt: skip

ENGLISH = {
    "none": (
        "{n} {o} round a {c} star; each sweeps equal areas in equal times.",
        "A {m} {c} star holds its planets; {n} {o} about it, nearer ones faster.",
    ),
    "orbits": (
        "{n} {o} round a {c} star, and a rocket orbits with them{b}.",
        "A rocket circles a {m} {c} star; {p} it stays bound to the star. {n} {o} round it too.",
        "Bound to a {c} star, a rocket keeps falling round it{b}. {n} {o} with it.",
    ),
    "escape": (
        "{n} {o} round a {c} star. A rocket fires its engine {t} {s} until it is faster than the star can hold, and "
        "escapes.",
        "A rocket in orbit around a {m} {c} star fires its engine {t} {s}; its energy rises above zero and it flies "
        "away for good. {n} {o} on round the star.",
        "One push {t}, {s}, and a rocket leaves a {c} star for ever, while {n} {o} round it as before.",
    ),
    "capture": (
        "{n} {o} round a {c} star. A rocket arrives {a} from afar, brakes {s} close to the star {t}, and is captured "
        "into orbit.",
        "A rocket falls {a} past a {m} {c} star and fires {s} against its motion {t}; its energy drops below zero and "
        "the star keeps it. {n} {o} round the star.",
        "Coming in {a}, a rocket brakes {t} and stays: a {c} star has caught it. {n} {o} round the star.",
    ),
    "flyby": (
        "{n} {o} round a {c} star. A rocket arrives {a} from afar, swings around the star, and leaves again{w}.",
        "A rocket passes a {m} {c} star too fast to be caught; the star only bends its path. {n} {o} round the star.",
        "{a} a rocket comes, bends round a {c} star, and is gone{w}. {n} {o} on.",
    ),
    "falls": (
        "{n} {o} round a {c} star. A rocket brakes {s} {t}, loses its orbit, and falls into the star.",
        "A rocket loses too much speed {t} and drops into a {m} {c} star. {n} {o} round it.",
    ),
}
CHINESE = {
    "none": (
        "{n}{o}绕着一颗{c}恒星运行，相等时间扫过相等的面积。",
        "一颗{m}{c}恒星吸引着它的行星，{n}{o}绕它运行，近的更快。",
    ),
    "orbits": (
        "{n}{o}绕着一颗{c}恒星运行，一艘火箭也在轨道上，始终被恒星束缚{b}。",
        "一艘火箭环绕一颗{m}{c}恒星飞行{b}，{n}{o}与它同行。",
    ),
    "escape": (
        "{n}{o}绕着一颗{c}恒星运行。{t}一艘火箭{s}点火加速，能量变为正值，逃离了恒星。",
        "{t}火箭{s}一推，便永远离开了{m}{c}恒星，{n}{o}照旧绕行。",
    ),
    "capture": (
        "{n}{o}绕着一颗{c}恒星运行。一艘火箭{a}从远处飞来，{t}在恒星附近{s}减速，能量降到零以下，被恒星俘获。",
        "{a}飞来的火箭{t}{s}刹车，被一颗{m}{c}恒星留住，{n}{o}绕行。",
    ),
    "flyby": (
        "{n}{o}绕着一颗{c}恒星运行。一艘火箭{a}从远处飞来，绕过恒星后又飞走了，没有被俘获。",
        "一艘火箭{a}掠过一颗{m}{c}恒星，恒星只使它的路径弯曲，{n}{o}绕行不变。",
    ),
    "falls": (
        "{n}{o}绕着一颗{c}恒星运行。一艘火箭{t}{s}减速，坠入了恒星。",
        "火箭{t}失去了太多速度，落入一颗{m}{c}恒星，{n}{o}绕行。",
    ),
}
POOR = {
    "none": (("planets orbit", "行星运行"), ("{c} star, planets", "{c}恒星与行星")),
    "orbits": (("rocket orbits", "火箭绕行"), ("rocket, {c} star", "火箭与{c}恒星"), ("bound rocket", "束缚的火箭")),
    "escape": (("rocket escapes", "火箭逃离"), ("leaving {c} star", "离开{c}恒星"), ("rocket breaks free", "火箭挣脱")),
    "capture": (
        ("rocket captured", "火箭被俘"),
        ("{c} star captures", "{c}恒星俘获"),
        ("rocket brakes, stays", "火箭减速留下"),
    ),
    "flyby": (("rocket passes", "火箭飞掠"), ("passing {c} star", "掠过{c}恒星"), ("rocket swings by", "火箭绕过")),
    "falls": (("rocket falls", "火箭坠落"), ("into {c} star", "坠入{c}恒星")),
}
EVENTS = {"capture": "被俘获", "engine fires": "点火", "escape": "逃离", "falls into the star": "坠入恒星"}


CAPTIONS = Captions(ENGLISH, CHINESE, POOR, EVENTS)


def story(values: Mapping[str, Any], outcome: str, when: float | None) -> Story:
    """`outcome`: none, orbits, escape, capture, flyby or falls; `when`: seconds at which the engine fired, or None."""
    fired = when is not None
    words: dict[str, Word] = {
        "n": NUMBERS[values["planets"]],
        "c": coloured(values["star_colour"]),
        "t": (f"after {when:.1f} s", f"第{when:.1f}秒，") if fired else "",
        "b": ("; its engine fires, but it stays bound", "，虽然点火，仍未逃脱") if fired else "",
        "o": _step(
            values["eccentricity"],
            ((0.08, ("in circles", "沿圆轨道")), (0.22, ("on ovals", "沿椭圆轨道"))),
            ("on long ovals", "沿狭长的椭圆轨道"),
        ),
        "m": _step(values["star_mass"], ((0.9, ("light", "轻的")), (1.1, ("middling", "中等的"))), ("heavy", "重的")),
        "s": _step(values["burn"], ((1.0, ("gently", "轻轻地")), (2.0, ("firmly", "稳稳地"))), ("hard", "猛烈地")),
        "a": _step(
            values["arrival_speed"],
            ((1.8, ("slowly", "缓缓地")), (2.7, ("quickly", "快速地"))),
            ("at great speed", "高速地"),
        ),
        "p": "its engine fires, but" if fired else "without any thrust",
        "w": ", for it brakes too little to be caught" if fired else "",
    }
    return Story(outcome, words)


def _step(value: float, steps: tuple[tuple[float, tuple[str, str]], ...], beyond: tuple[str, str]) -> Word:
    """The word of the first step that the value lies below."""
    return next((word for most, word in steps if value < most), beyond)
