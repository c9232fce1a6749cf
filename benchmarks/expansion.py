"""Does expansion keep what a prompt says? 208 prompts, English and Chinese, with paraphrases and negations.

    python benchmarks/expansion.py [--quick] [--save]

The shipped model's captions. The parser (`language/facts.py`) reads prompt and expansion; a fact of the prompt is lost
where the expansion does not tell its count, colour or outcome, and denied where it tells what the prompt negates.
*Whose* are colours bound to events, which a paraphrase may bind otherwise: shown, and no fault.
"""

import argparse
import itertools
import time

from cuspworld.language.facts import Fact, facts
from cuspworld.language.meanings import kind_of
from cuspworld.simulator.simulator import Simulator
from results import Table, add_argument

COLOURS = dict(
    zip(
        ["red", "green", "blue", "orange", "purple", "yellow"],
        ["红色", "绿色", "蓝色", "橙色", "紫色", "黄色"],
        strict=True,
    )
)
OF_A_COLOUR = (
    "a glass of {en} juice is knocked over", "{en} juice, the glass rocks but does not tip over",
    "someone pokes a glass of {en} juice gently and nothing is spilled", "the {en} juice is not spilled",
    "a tumbler of {en} juice is shoved hard and spills", "a glass of {en} juice is not pushed",
    "一杯{zh}果汁被推倒", "{zh}果汁没有洒出来", "一杯{zh}果汁被轻轻推了一下，杯子没有翻倒", "{zh}果汁洒了一桌",
    "a {en} chair falls over", "a {en} chair is dropped and comes to stand", "a {en} chair does not tip over",
    "{zh}椅子翻倒了", "{zh}椅子站稳了，没有翻倒", "three {en} candles are blown out",
    "someone blows at {en} candles and none goes out", "吹灭{zh}蜡烛", "{zh}蜡烛没有熄灭", "two {en} candles burn on",
)  # fmt: skip
OF_TWO = (
    "a {a} ball hits a {b} ball", "the small {a} ball bounces back from the big {b} ball", "{za}小球撞上{zb}大球",
)  # fmt: skip
OF_A_NUMBER = (
    "{en} puppies", "{en} dogs play on the grass", "{zh}只小狗", "{zh}只小狗在草地上玩",
    "{en} puppies, none of them black", "{en} little dogs, one is white",
)  # fmt: skip
NUMBERS = (("two", "两"), ("three", "三"), ("four", "四"), ("3", "3"), ("4", "4"), ("five", "五"))
OTHERS = (
    "a ball collides, then bounces back", "the glass tips over before the juice spills", "no puppies", "a violin",
    "first the hand pushes, then the glass rocks", "seven puppies in space", "两个球没有相撞", "balls do not collide",
    "a chair that is not red falls over", "a non-red chair falls over", "不是红色的椅子翻倒", "一把不红的椅子翻倒了",
    "a glass of juice that is neither red nor blue spills", "a dog that is not black", "candles that won't go out",
    "the chair never falls",
)  # fmt: skip


def prompts() -> list[str]:
    made = [text.format(en=en, zh=zh) for en, zh in COLOURS.items() for text in OF_A_COLOUR]
    for a, b in itertools.permutations(list(COLOURS)[:4], 2):
        made += [text.format(a=a, b=b, za=COLOURS[a], zb=COLOURS[b]) for text in OF_TWO]
    made += [text.format(en=en, zh=zh) for en, zh in NUMBERS for text in OF_A_NUMBER]
    return list(dict.fromkeys([*made, *OTHERS]))


def pairs(fact: Fact) -> set[tuple[str, ...]]:
    return {tuple(sorted((a, b))) for a in fact.first for b in fact.second}


def lost(prompt: str, told: str) -> list[str]:
    """What the expansion lost or contradicts: count, colour, outcome, negation, whose."""
    new = facts(told)
    said = {name for fact in new if fact.kind == "is" for name in fact.first}
    bound = {pair for fact in new if fact.kind == "pair" for pair in pairs(fact)}
    found = []
    for fact in facts(prompt):
        kinds = {kind_of(name) for name in fact.first + fact.second}
        if fact.kind == "is" and kinds & {"event", "colour"} and not set(fact.first) & said:
            found.append("outcome" if "event" in kinds else "colour")
        if fact.kind == "not" and set(fact.first) & said:
            found.append("negation")
        if fact.kind == "pair" and not pairs(fact) & bound:
            found += ["count"] if "number" in kinds else ["whose"] if kinds == {"colour", "event"} else []
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="every tenth prompt")
    add_argument(parser)
    arguments = parser.parse_args()
    simulator = Simulator.from_pretrained("default")
    with Table("expansion", arguments.save) as table:
        every = prompts()[:: 10 if arguments.quick else 1]
        for language in ("English", "Chinese"):
            chosen = [text for text in every if text.isascii() == (language == "English")]
            row = {"prompts": language, "count": len(chosen), "left as they are": 0, "tell more": 0}
            row |= dict.fromkeys(("count lost", "colour lost", "outcome lost", "negation lost", "whose lost"), 0)
            row |= {"same again": 0, "median CPU s": 0.0, "longest CPU s": 0.0}
            took = []
            for prompt in chosen:
                began = time.process_time()
                told = simulator.expand(prompt, seed=0)
                took.append(time.process_time() - began)
                row["same again"] += simulator.expand(prompt, seed=0) == told
                row["left as they are"] += told == prompt
                row["tell more"] += len(facts(told)) > len(facts(prompt))
                for what in set(lost(prompt, told)) if told != prompt else ():
                    row[f"{what} lost"] += 1
            table.add({**row, "median CPU s": sorted(took)[len(took) // 2], "longest CPU s": max(took)})


if __name__ == "__main__":
    main()
