"""The captions of Candles, in English and Chinese: how many candles, the breath, what goes out, and why."""

from __future__ import annotations

from cuspworld.worlds.words import Captions, Story, coloured

COUNTS = ("zero", "one", "two", "three", "four", "five", "six", "seven")
CHINESE_COUNTS = "零一两三四五六七"
STRENGTHS = ((1.4, "gently", "轻轻"), (2.6, "firmly", "用力"), (99.0, "hard", "猛力"))
ENGLISH = {
    "all": (
        "{n} {c} candles burn on a cake; someone blows {s} from the {d}, and the breath blows every flame out.",
        "A face blows {s} from the {d} at a cake with {n} {c} candles. The flames lean over, go out, and smoke rises.",
    ),
    "some": (
        "{n} {c} candles burn on a cake; someone blows {s} from the {d}. {M}, the others burn on.",
        "A breath from the {d} blows out {m} of {n} {c} candles on a cake; it is too weak for the rest.",
    ),
    "none": (
        "{n} {c} candles burn on a cake; someone blows {s} from the {d}. The flames lean and stand up again.",
        "A face blows {s} from the {d} at {n} {c} candles on a cake, but the breath is too weak to put a flame out.",
    ),
    "still": ("{n} {c} candles burn quietly on a cake; nobody blows.",),
}
CHINESE = {
    "all": (
        "蛋糕上点着{n}支{c}蜡烛，有人从{d}{s}吹气，火焰全部被吹灭，冒出青烟。",
        "一个人从{d}{s}吹向{n}支{c}蜡烛，火苗倒向一边，全部熄灭。",
    ),
    "some": ("蛋糕上点着{n}支{c}蜡烛，有人从{d}{s}吹气，吹灭了{m}支，其余的继续燃烧。",),
    "none": ("蛋糕上点着{n}支{c}蜡烛，有人从{d}{s}吹气，火苗晃了晃，没有熄灭。",),
    "still": ("蛋糕上{n}支{c}蜡烛静静地燃烧，没有人吹气。",),
}
POOR = {
    "all": ("candles out", "蜡烛吹灭"),
    "some": ("candles blown", "吹蜡烛"),
    "none": ("candles flicker", "蜡烛摇曳"),
    "still": ("candles burn", "蜡烛燃烧"),
}
EVENTS = {"blow-out": "火焰熄灭", "breath": "吹气"}


CAPTIONS = Captions(ENGLISH, CHINESE, POOR, EVENTS)


def story(colour: str, count: int, out: int, breath: float, side: str) -> Story:
    """`out`: how many flames went out; a `breath` (m/s) of 0 means that nobody blew."""
    outcome = "still" if breath == 0.0 else "all" if out == count else "some" if out else "none"
    strength = next((english, chinese) for limit, english, chinese in STRENGTHS if breath < limit)
    number, went = (COUNTS[count], CHINESE_COUNTS[count]), (COUNTS[out], CHINESE_COUNTS[out])
    sides = "左边" if side == "left" else "右边"
    went_out = f"{COUNTS[out].capitalize()} {'goes' if out == 1 else 'go'} out"
    return Story(outcome, {"n": number, "m": went, "M": went_out, "c": coloured(colour), "s": strength,
                           "d": (side, sides)})  # fmt: skip
