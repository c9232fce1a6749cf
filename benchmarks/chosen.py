"""Do the recorded clips that a prompt's path is drawn from show what the prompt asks?

    python benchmarks/chosen.py [--first 96500000] [--prompts 60] [--worlds Snow] [--model FOLDER] [--quick]
        [--save]

Captions of unseen clips, in English and Chinese, with their times; the shipped model's recorded clips. What each shows
is read from its English caption, which the world wrote from its truth (8 CPU minutes). *Ends*: prompts of which every
chosen clip ends as was asked, and the share of the chosen clips that do; *all of it*: the share that also has the
number, the colour, the side and the animal that were asked. Beside it words as a bag: the six clips whose captions are
nearest (TF-IDF, cosine).
"""

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cuspworld import worlds
from cuspworld.simulator.folder import DEFAULT
from cuspworld.simulator.kinds_folder import load_kinds
from cuspworld.simulator.masses import FEWEST, Prompts
from cuspworld.worlds.world import World
from prompts import bag
from results import Table, add_argument, wilson

LOOKS = {
    "Juice": ("c",),
    "Candles": ("c", "n", "d"),
    "Chair": ("c",),
    "Snow": ("a",),
}  # words that tell what is seen, beside the end
SECONDS = 3.0


@dataclass(frozen=True)
class Shown:
    """How a clip ends, and how it looks."""

    end: Any
    looks: tuple[str, ...]


class Sentences:
    """The English sentences of a world, read backwards."""

    def __init__(self, world: World):
        told = world.captions.english.items()
        self.patterns = [(re.compile(_pattern(text)), end) for end, texts in told for text in texts]
        self.looks = LOOKS[world.name]

    def __call__(self, caption: str) -> Shown:
        found = {end: match for pattern, end in self.patterns if (match := pattern.match(caption))}
        ((end, match),) = found.items()
        return Shown(end, tuple(match.groupdict().get(word, "").lower() for word in self.looks))


def _pattern(sentence: str) -> str:
    """Anything for its words, `an` for `a` before some of them."""
    told: set[str] = set()

    def word(match: re.Match[str]) -> str:
        name = match[1]
        again = name in told
        told.add(name)
        return f"(?P={name})" if again else f"(?P<{name}>.+?)"

    found = re.sub(r"\\{(\w+)\\}", word, re.escape(sentence))
    return re.sub(r"\b([Aa])\\ ", r"\1n?\\ ", found) + "(?= [A-Z]|$)"


def _compared(chosen: Sequence[Shown], asked: Shown) -> tuple[float, float, float]:
    """Whether every one ends as asked, the share that does, and the share that shows all of it."""
    ends = [one.end == asked.end for one in chosen] or [False]
    return float(all(ends)), float(np.mean(ends)), float(np.mean([one == asked for one in chosen] or [False]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=96_500_000, help="seed of the first prompt's clip")
    parser.add_argument("--prompts", type=int, default=60)
    parser.add_argument("--worlds", nargs="*", choices=list(LOOKS), default=list(LOOKS))
    parser.add_argument("--model", type=Path, default=DEFAULT, help="whose recorded clips they are")
    parser.add_argument("--quick", action="store_true", help="6 prompts")
    add_argument(parser)
    arguments = parser.parse_args()
    kinds = load_kinds(arguments.model / "paths")
    prompts, names = Prompts(kinds), [kind.name for kind in kinds]
    with Table("chosen", arguments.save) as table:
        for name in arguments.worlds:
            kind, world = kinds[names.index(name)], worlds.make(name)
            read = Sentences(world)
            truth = [read(texts[0]) for texts in kind.captions]
            texts = [(clip, text) for clip, several in enumerate(kind.captions) for text in several]
            nearest = bag([text for _, text in texts])
            for language in ("en", "zh"):
                ours, simple = [], []
                for seed in range(arguments.first, arguments.first + (6 if arguments.quick else arguments.prompts)):
                    world.record(seed=seed, seconds=SECONDS, fps=10, size=8)
                    asked, caption = read(world.caption("rich", "en")), world.caption("rich", language)
                    masses = prompts.masses(caption, 0)
                    chosen = np.flatnonzero(masses.of) if names[masses.kind] == name else []
                    ours.append(_compared([truth[clip] for clip in chosen], asked))
                    ranked = dict.fromkeys(texts[k][0] for k in np.argsort(-nearest(caption), kind="stable"))
                    simple.append(_compared([truth[clip] for clip in list(ranked)[:FEWEST]], asked))
                row: dict[str, object] = {"world": name, "language": language}
                for told, found in (("ours", ours), ("bag of words", simple)):
                    ends, share, everything = np.array(found).T
                    low, high = wilson(int(ends.sum()), len(found))
                    row[f"{told}: ends, every one, %"] = f"{100 * ends.mean():.0f} ({100 * low:.0f}-{100 * high:.0f})"
                    row[f"{told}: ends, share, %"] = round(100 * float(share.mean()), 1)
                    row[f"{told}: all of it, share, %"] = round(100 * float(everything.mean()), 1)
                table.add(row)


if __name__ == "__main__":
    main()
