"""The captions of Puppies, in English and Chinese: how many, which coats, and who passes behind whom."""

from __future__ import annotations

from collections.abc import Sequence

from cuspworld.worlds.words import Captions, Story, Word

COUNTS = {2: ("Two", "两"), 3: ("Three", "三"), 4: ("Four", "四"), 5: ("Five", "五")}
COATS = {"brown": "棕色", "white": "白色", "black": "黑色", "golden": "金色", "grey": "灰色"}

TEXTS = (
    "{n} puppies, {all}, romp over the grass around a red ball{behind}.",
    "{n} puppies chase a red ball on a meadow: {all}{behind}.",
    "On the grass {m} puppies play with a red ball, {all}{behind}.",
    "{n} little dogs, {all}, run about on a green meadow{behind}.",
)
CHINESE_TEXTS = (
    "{n}只小狗（{all}）在草地上围着红球嬉戏{behind}。",
    "草地上{n}只小狗追逐一个红球：{all}{behind}。",
    "{all}，{n}只小狗在绿色的草地上奔跑{behind}。",
)
BEHIND = (
    "; the {a} one passes behind the {b} one because it is further away, and there are still {m}",
    "; the {a} one is hidden behind the {b} one for a moment and comes out again, still {m} in all",
)
BEHIND_CHINESE = "；{a}的因为更远而从{b}的身后经过，仍然是{n}只"
TWELFTHS = 12  # one share of 1 draws one of four English and of three Chinese sentences
# (which twelfth, which clause about a hidden one: None where nobody is) -> sentence
ENGLISH = {
    (n, k): (TEXTS[n * len(TEXTS) // TWELFTHS].replace("{behind}", clause),)
    for n in range(TWELFTHS)
    for k, clause in ((None, ""), *enumerate(BEHIND))
}
CHINESE = {
    (n, k): (CHINESE_TEXTS[n * len(CHINESE_TEXTS) // TWELFTHS].replace("{behind}", clause),)
    for n in range(TWELFTHS)
    for k, clause in ((None, ""), (0, BEHIND_CHINESE), (1, BEHIND_CHINESE))
}
EVENTS = {"full occlusion": "完全被挡住", "kick": "受到一击", "reappears": "重新出现"}
CAPTIONS = Captions(ENGLISH, CHINESE, {"": ("{m} puppies", "{n}只小狗")}, EVENTS)


def story(shares: Sequence[float], coats: list[str], passing: tuple[str, str] | None) -> Story:
    """`shares` of 1 draw the sentence and its clause; `passing`: (coat of the hidden one, coat of the one in front),
    None if nobody was wholly hidden."""
    english, chinese = COUNTS[len(coats)]
    words: dict[str, Word] = {
        "n": (english, chinese),
        "m": english.lower(),
        "all": (
            ", ".join(f"a {coat} one" for coat in coats[:-1]) + f" and a {coats[-1]} one",
            "、".join(f"{COATS[coat]}的" for coat in coats),
        ),
    }
    clause = None
    if passing is not None:
        clause = int(shares[1] * len(BEHIND))
        words |= {name: (coat, COATS[coat]) for name, coat in zip("ab", passing, strict=True)}
    return Story((int(shares[0] * TWELFTHS), clause), words, "")
