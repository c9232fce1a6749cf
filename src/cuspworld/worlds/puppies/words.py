"""The captions of Puppies, in English and Chinese: how many, which coats, and who passes behind whom."""

from __future__ import annotations

import numpy as np

COUNTS = {2: ("Two", "两"), 3: ("Three", "三"), 4: ("Four", "四"), 5: ("Five", "五")}
COATS = {"brown": "棕色", "white": "白色", "black": "黑色", "golden": "金色", "grey": "灰色"}

ENGLISH = (
    "{n} puppies, {all}, romp over the grass around a red ball{behind}.",
    "{n} puppies chase a red ball on a meadow: {all}{behind}.",
    "On the grass {m} puppies play with a red ball, {all}{behind}.",
    "{n} little dogs, {all}, run about on a green meadow{behind}.",
)
CHINESE = (
    "{n}只小狗（{all}）在草地上围着红球嬉戏{behind}。",
    "草地上{n}只小狗追逐一个红球：{all}{behind}。",
    "{all}，{n}只小狗在绿色的草地上奔跑{behind}。",
)
BEHIND = (
    "; the {a} one passes behind the {b} one because it is further away, and there are still {m}",
    "; the {a} one is hidden behind the {b} one for a moment and comes out again, still {m} in all",
)
BEHIND_CHINESE = ("；{a}的因为更远而从{b}的身后经过，仍然是{n}只",)


def sentence(
    style: str, language: str, rng: np.random.Generator, coats: list[str], passing: tuple[str, str] | None
) -> str:
    """`passing`: (coat of the hidden one, coat of the one in front), None if nobody was wholly hidden."""
    english, chinese = COUNTS[len(coats)]
    if style == "poor":
        return f"{english.lower()} puppies" if language == "en" else f"{chinese}只小狗"
    choice = rng.random(2)
    if language == "zh":
        text, behind = CHINESE[int(choice[0] * len(CHINESE))], BEHIND_CHINESE[0]
        names = "、".join(f"{COATS[coat]}的" for coat in coats)
        words = {"n": chinese, "all": names}
        if passing:
            behind = behind.format(a=COATS[passing[0]], b=COATS[passing[1]], **words)
    else:
        text, behind = ENGLISH[int(choice[0] * len(ENGLISH))], BEHIND[int(choice[1] * len(BEHIND))]
        names = ", ".join(f"a {coat} one" for coat in coats[:-1]) + f" and a {coats[-1]} one"
        words = {"n": english, "m": english.lower(), "all": names}
        if passing:
            behind = behind.format(a=passing[0], b=passing[1], **words)
    return text.format(behind=behind if passing else "", **words)
