"""Do the recorded clips that a prompt's path is drawn from end as the prompt asks?

    python benchmarks/chosen.py [--first 96500000] [--prompts 60] [--save]

Captions of unseen clips, in English and Chinese, with their times; the shipped model's recorded clips. How each ends is
read from its English caption, which the world wrote from its truth (8 CPU minutes). *All*: prompts of which every
chosen clip ends as was asked; *mean*: the share of the chosen clips. Beside it words as a bag: the six clips whose
captions are nearest (TF-IDF, cosine).
"""

import argparse
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from cuspworld import worlds
from cuspworld.simulator.folder import DEFAULT
from cuspworld.simulator.kinds_folder import load_kinds
from cuspworld.simulator.masses import FEWEST, Prompts
from cuspworld.worlds.world import World
from prompts import bag
from results import Table, add_argument, wilson

NAMES = ("Juice", "Candles", "Chair")  # worlds whose clips end in one of a few ways
SECONDS = 3.0


def _stories(world: World) -> list[tuple[re.Pattern[str], Any]]:
    """The world's English sentences as patterns, and the outcome that each tells."""
    return [
        (re.compile(_pattern(sentence)), outcome)
        for outcome, sentences in world.captions.english.items()
        for sentence in sentences
    ]


def _pattern(sentence: str) -> str:
    """Anything for its words, `an` for `a` before some of them."""
    return re.sub(r"\b([Aa])\\ ", r"\1n?\\ ", re.sub(r"\\{\w+\\}", ".+?", re.escape(sentence))) + "(?= [A-Z]|$)"


def _outcome(stories: Sequence[tuple[re.Pattern[str], Any]], caption: str) -> Any:
    (outcome,) = {outcome for pattern, outcome in stories if pattern.match(caption)}
    return outcome


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=96_500_000, help="seed of the first prompt's clip")
    parser.add_argument("--prompts", type=int, default=60)
    add_argument(parser)
    arguments = parser.parse_args()
    kinds = load_kinds(DEFAULT / "paths")
    prompts, names = Prompts(kinds), [kind.name for kind in kinds]
    with Table("chosen", arguments.save) as table:
        for name in NAMES:
            kind, world = kinds[names.index(name)], worlds.make(name)
            stories = _stories(world)
            truth = [_outcome(stories, texts[0]) for texts in kind.captions]
            texts = [(clip, text) for clip, several in enumerate(kind.captions) for text in several]
            nearest = bag([text for _, text in texts])
            for language in ("en", "zh"):
                ours, simple = [], []
                for seed in range(arguments.first, arguments.first + arguments.prompts):
                    world.record(seed=seed, seconds=SECONDS, fps=10, size=8)
                    asked, caption = world.story().outcome, world.caption("rich", language)
                    masses = prompts.masses(caption, 0)
                    chosen = np.flatnonzero(masses.of) if names[masses.kind] == name else []
                    ours.append([truth[clip] == asked for clip in chosen] or [False])
                    ranked = dict.fromkeys(texts[k][0] for k in np.argsort(-nearest(caption), kind="stable"))
                    simple.append([truth[clip] == asked for clip in list(ranked)[:FEWEST]])
                row: dict[str, object] = {"world": name, "language": language}
                for told, found in (("ours", ours), ("bag of words", simple)):
                    whole = sum(map(all, found))
                    low, high = wilson(whole, len(found))
                    row[f"{told}, all, %"] = f"{100 * whole / len(found):.0f} ({100 * low:.0f}-{100 * high:.0f})"
                    row[f"{told}, mean, %"] = round(100 * float(np.mean([np.mean(each) for each in found])), 1)
                table.add(row)


if __name__ == "__main__":
    main()
