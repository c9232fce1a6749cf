"""The captions of Juice, in English and Chinese: colour, push, outcome, and why."""

from __future__ import annotations

from cuspworld.worlds.words import Captions, Story, coloured

STRENGTHS = ((0.20, "gently", "轻轻"), (0.31, "firmly", "用力"), (9.0, "hard", "猛力"))
SPILLED = (
    (0.005, "no juice is spilled", "没有洒出果汁"),
    (0.12, "only a few drops splash out", "只溅出几滴"),
    (9.0, "some of the juice splashes out", "溅出了一些果汁"),
)

ENGLISH = {
    "tips": (
        "A glass of {c} juice on a table is pushed {s}; it tips over and the {c} juice pours out over the table.",
        "A hand pushes a glass of {c} juice {s}. The glass falls over and the juice spills.",
        "A glass of {c} juice is pushed {s} until its weight is beyond its edge; it tips over and the juice pours out.",
        "Pushed {s}, a glass of {c} juice tips over on the table and spills its juice.",
    ),
    "rocks": (
        "A glass of {c} juice on a table is pushed {s}; it rocks and settles back, and {n}.",
        "A hand pushes a glass of {c} juice {s}. The glass rocks and stays upright, and {n}.",
        "A glass of {c} juice is pushed {s}, but its weight stays over its base; it rocks back, and {n}.",
        "Pushed {s}, a glass of {c} juice rocks on the table and stands again; {n}.",
    ),
    "slides": (
        "A glass of {c} juice is pushed {s}; it slides along the table and stays upright, and {n}.",
        "Pushed {s}, a glass of {c} juice slides on the smooth table without tipping over; {n}.",
    ),
    "stands": (
        "A glass of {c} juice stands on a table; nothing happens.",
        "A glass of {c} juice stands still on a table.",
    ),
}
CHINESE = {
    "tips": (
        "桌上一杯{c}果汁被{s}推了一下，杯子翻倒，{c}果汁流了一桌。",
        "一只手{s}推一杯{c}果汁，杯子倒了，果汁洒了出来。",
        "一杯{c}果汁被{s}推动，重心越过底边，杯子翻倒，果汁倾泻而出。",
    ),
    "rocks": (
        "桌上一杯{c}果汁被{s}推了一下，晃了晃又站稳，{n}。",
        "一只手{s}推一杯{c}果汁，杯子摇晃后仍然直立，{n}。",
        "一杯{c}果汁被{s}推动，重心没有越过底边，杯子晃回原位，{n}。",
    ),
    "slides": ("一杯{c}果汁被{s}推了一下，在桌上滑动但没有倒，{n}。",),
    "stands": ("桌上放着一杯{c}果汁，什么也没有发生。",),
}
POOR = {
    "tips": ("juice spills", "果汁洒了"),
    "rocks": ("glass rocks", "杯子摇晃"),
    "slides": ("glass slides", "杯子滑动"),
    "stands": ("glass stands", "杯子站着"),
}
EVENTS = {"impact": "撞上", "push": "推动", "recovers": "恢复平稳", "spill begins": "开始洒出", "tipping": "开始倾倒"}


CAPTIONS = Captions(ENGLISH, CHINESE, POOR, EVENTS)


def story(colour: str, impulse: float, outcome: str, spilled: float) -> Story:
    """`outcome`: tips, rocks or slides; an impulse (N s) of 0 means that nobody pushed. `spilled`: share of
    the juice that left the glass."""
    if impulse == 0.0 and outcome != "tips":
        outcome = "stands"
    strength = next((english, chinese) for limit, english, chinese in STRENGTHS if impulse < limit)
    lost = next((english, chinese) for limit, english, chinese in SPILLED if spilled < limit)
    return Story(outcome, {"c": coloured(colour), "s": strength, "n": lost})
