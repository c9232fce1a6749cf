"""The captions of Heat, in English and Chinese: which edge is hot, which is cold, and what the inside does."""

from __future__ import annotations

from collections.abc import Mapping

from cuspworld.worlds.words import Captions, Story, Word

# heater -> where it sits
PLACES = {
    1: ("the bottom edge", "下边"), 2: ("the right edge", "右边"), 3: ("the top edge", "上边"),
    4: ("the left edge", "左边"),
    5: ("the lower left corner", "左下角"), 6: ("the lower right corner", "右下角"),
    7: ("the upper right corner", "右上角"), 8: ("the upper left corner", "左上角"),
}  # fmt: skip

SIDES = {
    1: ("bottom", "下边"), 2: ("right", "右边"), 3: ("top", "上边"), 4: ("left", "左边"), 5: ("corner", "左下角"),
    6: ("corner", "右下角"), 7: ("corner", "右上角"), 8: ("corner", "左上角"),
}  # fmt: skip

STEADY = (
    "A square metal plate is held hottest at {h} and coldest at {c}, {k} apart; its temperature is steady, and nowhere "
    "inside is it hotter or colder than at the edge.",
    "The edge of a metal plate is kept {d}: hottest at {h}, then {m}, coldest at {c}. The heat has settled, and each "
    "point has the mean temperature of its surroundings.",
    "A plate heated at {h} and cooled at {c}, {f}; the temperature falls smoothly by {k} from one to the other.",
    "{f}: at {h} a copper plate is hot, at {c} it is cold, and {m} lies between. Nothing changes any more.",
    "Seen from above, colours run over a square plate from {h}, the hottest side, to {c}, the coldest; the steady heat "
    "flows over {k}.",
)
RELAXING = (
    "A square metal plate starts at one temperature; heat spreads in from {h} and out towards {c}, because its edge is "
    "held hot and cold there, {k} apart.",
    "Heat flows into a plate from {h} and leaves it at {c}, {f}, until the temperature settles.",
    "A plate of even temperature is warmed at {h} and cooled at {c}; {m} stays between, and slowly the heat settles.",
)
STEADY_CHINESE = (
    "一块方形金属板，{h}最热，{c}最冷，相差{k}；温度已经稳定，板内没有一处比边缘更热或更冷。",
    "金属板的边缘保持不同的温度，{d}：{h}最热，{m}次之，{c}最冷，热量平稳地传递，温度不再变化。",
    "{f}：铜板的{h}是热的，{c}是冷的，{m}介于两者之间，一切都已稳定。",
    "从上方看，颜色从最热的{h}渐变到最冷的{c}，温差{k}，热量稳定地流过方形金属板。",
)
RELAXING_CHINESE = (
    "一块温度均匀的金属板，{h}被加热，{c}被冷却，相差{k}，热量逐渐传入板内。",
    "热量从{h}流入金属板，又从{c}流出，{f}，直到温度稳定；{m}介于两者之间。",
)
UNIFORM = ("A square metal plate whose edge has one temperature all round; nothing changes.",)
UNIFORM_CHINESE = ("一块边缘温度处处相同的金属板，没有变化。",)
POOR = {
    True: (
        ("steady plate", "温度稳定"), ("{b} hot", "{b}热"), ("{e} cold", "{e}冷"), ("{b} warms plate", "{b}加热"),
        ("{e} cools plate", "{e}冷却"), ("steady {b} heat", "{b}稳定加热"),
    ),
    False: (
        ("heat spreads", "热量扩散"), ("heat from {b}", "热从{b}来"), ("heat towards {e}", "热向{e}去"),
        ("{b} warms plate", "{b}加热"),
    ),
}  # fmt: skip
EVENTS = {"heaters change": "加热器改变", "settles": "达到稳定"}


CAPTIONS = Captions(
    {True: STEADY, False: RELAXING, "uniform": UNIFORM},
    {True: STEADY_CHINESE, False: RELAXING_CHINESE, "uniform": UNIFORM_CHINESE},
    POOR,
    EVENTS,
)


def story(heaters: Mapping[int, float], steady: bool) -> Story:
    """`heaters`: number -> temperature above ambient (K); `steady`: whether the plate began in its steady state."""
    order = sorted(heaters, key=heaters.__getitem__)
    hot, cold = order[-1], order[0]
    apart = heaters[hot] - heaters[cold]
    words: dict[str, Word] = {
        "h": PLACES[hot],
        "c": PLACES[cold],
        "m": PLACES[order[-2] if len(order) > 2 else hot],
        "d": _apart(apart),
        "k": (f"about {round(apart)} K", f"约{round(apart)}开"),
        "f": _facing(hot, cold),
        "b": SIDES[hot],
        "e": SIDES[cold],
    }
    return Story("uniform" if apart < 1.0 else steady, words, steady)


def _apart(kelvin: float) -> Word:
    """How far the hottest and the coldest place are apart."""
    for most, words in (
        (30, ("a little warmer than cold", "温差很小")),
        (60, ("clearly apart", "温差明显")),
        (90, ("far apart", "温差很大")),
    ):
        if kelvin < most:
            return words
    return "very far apart", "温差极大"


def _facing(hot: int, cold: int) -> Word:
    if max(hot, cold) <= 4 and abs(hot - cold) == 2:
        return "hot facing cold", "冷热相对"
    return "hot beside cold", "冷热相邻"
