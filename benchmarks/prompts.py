"""Is a prompt read, not counted? Prompts against recorded clips whose truth is known.

    python benchmarks/prompts.py [--quick] [--save]

A library of clips of eight worlds with four captions each (rich and poor, English and Chinese; seeds 0, 1, ...), and
some in which nothing happens. Each prompt's hard set is judged by the truth of its clips: the share whose facts all
agree with the prompt. Prompts: captions of unseen seeds (2,000,000 and on) without their times, told by another
sentence than the library's clip; those of `prompts_by_hand.py`. A prompt that no clip of the library answers does
not count.
Beside it: words as a bag (TF-IDF, cosine), and the shipped model's prompt encoder (cosine of its pooled embedding).
"""

import argparse
import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from cuspworld import worlds
from cuspworld.language.expansion import expand
from cuspworld.language.matching import Matcher
from cuspworld.language.prompt import PromptEncoder
from cuspworld.language.words import split_words
from cuspworld.simulator.folder import DEFAULT
from cuspworld.worlds.world import World
from prompts_by_hand import AFTER, BEFORE, FOREIGN, IMPOSSIBLE
from results import Table, add_argument

CLIPS = {"Collision": 1600, "Puppies": 200, "Heat": 100, "Planets": 100, "Chair": 100, "CoffeeCup": 100, "Juice": 60,
         "Candles": 60}  # fmt: skip
STILL = {"Juice": {"push": 0.0}, "Candles": {"breath": 0.0}}  # worlds in which by default something happens
UNSEEN = 2_000_000  # the weights of `matching.py` were mended on 1,000,000 and on
SECONDS = 3.0


@dataclass(frozen=True)
class Told:
    """What a clip shows, in the words of its world, and its captions."""

    world: str
    outcome: Any
    words: dict[str, str]
    events: list[tuple[str, float]]
    captions: list[str]
    other: str  # the same story in another sentence, without times
    used: list[str]  # which words that sentence uses


def told(world: World, seed: int, options: dict[str, float] | None = None) -> Told:
    clip = world.record(seed, seconds=SECONDS, fps=10, size=8, options=options)
    assert clip.truth is not None
    story = world.story()
    words = {name: word if isinstance(word, str) else word[0] for name, word in story.words.items()}
    rng = np.random.default_rng(seed + 7)
    language = ("en", "zh")[seed % 2]
    sentences = (world.captions.english, world.captions.chinese)[seed % 2][story.outcome]
    state = rng.bit_generator.state
    sentence = sentences[int(rng.integers(len(sentences)))]
    rng.bit_generator.state = state
    other = world.captions.say(story, "rich", language, rng)
    captions = [world.caption(style, language) for style in ("rich", "poor") for language in ("en", "zh")]
    events = [(event.name, event.time) for event in clip.truth.events]
    used = re.findall(r"{(\w+)}", sentence)
    return Told(world.name, story.outcome, words, events, captions, other, used)


def library(file: Path, count: Callable[[str], int], first: int, still: bool) -> list[Told]:
    """Clips by world, kept in one file so that a second run reads them."""
    kept = [Told(**json.loads(line)) for line in file.read_text().splitlines()] if file.exists() else []
    done = {clip.world for clip in kept}
    for name in CLIPS:
        if name in done:
            continue
        world = worlds.make(name)
        found = [told(world, seed) for seed in range(first, first + count(name))]
        if still and name in STILL:
            found += [told(world, first + 500_000 + k, STILL[name]) for k in range(max(1, count(name) // 8))]
        kept += found
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a") as lines:
            lines.writelines(json.dumps(vars(clip), ensure_ascii=False) + "\n" for clip in found)
    return [Told(**{**vars(clip), "outcome": _tuple(clip.outcome)}) for clip in kept]


def _tuple(outcome: Any) -> Any:
    return tuple(outcome) if isinstance(outcome, list) else outcome


def agrees(clip: Told, world: str, facts: dict[str, Any]) -> bool:
    """Whether all that a prompt asks for is true of a clip."""
    return clip.world == world and all(_holds(clip, name, wanted) for name, wanted in facts.items())


def _holds(clip: Told, name: str, wanted: Any) -> bool:
    words = clip.words
    if name == "things":
        things = [words["a"] + " " + words.get("s1", ""), words["b"] + " " + words.get("s2", "")]
        sets = [set(thing.replace("slowly", "slow").split()) for thing in things]
        asked = [set(thing.split()) for thing in wanted]
        return any(all(a <= b for a, b in zip(asked, order, strict=True)) for order in (sets, sets[::-1]))
    if name == "at":
        return any(event == wanted[0] and abs(time - wanted[1]) <= 0.151 for event, time in clip.events)
    tests: dict[str, Callable[[], bool]] = {
        "first": lambda: wanted in words["a"].split(),
        "back": lambda: words.get("end", "").startswith(f"the {wanted} ball is knocked back"),
        "coats": lambda: all(coat in words["all"] for coat in wanted),
        "not": lambda: wanted not in words["all"],
        "hidden": lambda: words.get("a") == wanted,
        "rams": lambda: clip.outcome[0] is wanted,
        "count": lambda: clip.outcome[2] == wanted,
        "lost": lambda: words["c"] == wanted,
    }
    if name in tests:
        return tests[name]()
    found = clip.outcome if name == "outcome" else words.get(name)
    several = isinstance(wanted, tuple) and not isinstance(found, tuple)
    return found in wanted if several else bool(found == wanted)


def retold(clips: Sequence[Told]) -> list[tuple[str, str, dict[str, Any]]]:
    """A prompt of each unseen clip, and the facts that its sentence tells."""
    asked = []
    for clip in clips:
        facts: dict[str, Any] = {name: clip.words[name] for name in clip.used}
        outcome = {} if clip.world == "Puppies" else {"outcome": clip.outcome}
        if clip.world == "Puppies":
            facts = {"m": clip.words["m"], "coats": tuple(re.findall(r"a (\w+) one", clip.words["all"]))}
        if clip.world == "Collision":
            facts = _balls(clip)
        if clip.world == "Planets":  # when, and numbers that no two clips share
            facts = {name: value for name, value in facts.items() if name in ("n", "c")}
        if clip.world in ("Chair", "Snow"):
            facts = {name: value for name, value in facts.items() if name in ("c", "a", "k")}
        asked.append((clip.other, clip.world, {**outcome, **facts}))
    return asked


def _balls(clip: Told) -> dict[str, Any]:
    """Which balls there are, with what the sentence tells of them, and which comes from the left if it tells that."""
    things = []
    for ball, speed in (("a", "s1"), ("b", "s2")):
        told = clip.words[ball].split()[1:-1] + (clip.words[speed].split() if speed in clip.used else [])
        things.append(" ".join(told).replace("slowly", "slow"))
    facts: dict[str, Any] = {"things": tuple(things)}
    if "end" in clip.used:
        facts["end"] = clip.words["end"]
    if "left" in clip.other or "左" in clip.other:
        facts["first"] = things[0].split()[-1]
    return facts


Retrieve = Callable[[str], np.ndarray]


def bag(captions: Sequence[str]) -> Retrieve:
    """TF-IDF over words and Chinese characters, cosine."""
    rows = [split_words(caption) for caption in captions]
    index = {word: k for k, word in enumerate(sorted({word for row in rows for word in row}))}
    counts = np.zeros((len(rows), len(index)), np.float32)
    for k, row in enumerate(rows):
        for word in row:
            counts[k, index[word]] += 1
    rarity = np.log(len(rows) / (counts > 0).sum(0))
    table = counts * rarity
    table /= np.linalg.norm(table, axis=1, keepdims=True) + 1e-9

    def retrieve(prompt: str) -> np.ndarray:
        row = np.zeros(len(index), np.float32)
        for word in split_words(prompt):
            if word in index:
                row[index[word]] += 1
        return table @ (row * rarity)

    return retrieve


@torch.no_grad()
def embedded(captions: Sequence[str]) -> Retrieve:
    """The shipped prompt encoder, its tokens' mean, cosine."""
    encoder = PromptEncoder.from_pretrained(DEFAULT / "experts" / "0" / "language")

    def pooled(texts: Sequence[str]) -> np.ndarray:
        with torch.no_grad():
            states, mask = encoder.encode(list(texts))
        mean = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        return torch.nn.functional.normalize(mean, dim=1).numpy()

    table = np.concatenate([pooled(captions[k : k + 64]) for k in range(0, len(captions), 64)])
    return lambda prompt: table @ pooled([prompt])[0]


def of_clips(retrieve: Retrieve, owner: np.ndarray, count: int) -> Callable[[str], np.ndarray]:
    """The clips of the best caption (all that share the best score)."""

    def best(prompt: str) -> np.ndarray:
        scores = np.full(count, -np.inf)
        np.maximum.at(scores, owner, retrieve(prompt))
        return np.flatnonzero(scores >= scores.max() - 1e-6)

    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few clips, few prompts")
    add_argument(parser)
    parser.add_argument("--folder", type=Path, default=Path("runs/prompts"))
    arguments = parser.parse_args()
    size = (lambda name: 6) if arguments.quick else CLIPS.__getitem__
    part = "quick" if arguments.quick else "full"
    clips = library(arguments.folder / f"{part}_library.jsonl", size, 0, still=True)
    unseen = library(arguments.folder / f"{part}_unseen.jsonl", lambda name: 1 if arguments.quick else 8, UNSEEN, False)

    began = time.process_time()
    matcher = Matcher([clip.captions for clip in clips])
    built = time.process_time() - began
    captions = [caption for clip in clips for caption in clip.captions]
    owner = np.repeat(np.arange(len(clips)), [len(clip.captions) for clip in clips])
    ways: dict[str, Callable[[str], np.ndarray]] = {
        "facts (`language.matching`)": lambda prompt: matcher(prompt).clips,
        "bag of words (TF-IDF)": of_clips(bag(captions), owner, len(clips)),
        "shipped prompt encoder": of_clips(embedded(captions), owner, len(clips)),
    }
    sets = {"retold, unseen seeds": retold(unseen), "by hand, before": list(BEFORE), "by hand, after": list(AFTER)}
    with Table("prompts", arguments.save) as table:
        for name, prompts in sets.items():
            asked = [(p, np.array([agrees(clip, world, facts) for clip in clips])) for p, world, facts in prompts]
            asked = [(prompt, right) for prompt, right in asked if right.any()]
            for way, find in ways.items():
                shares = np.array([right[find(prompt)].mean() for prompt, right in asked] or [np.nan])
                table.add({"prompts": name, "n": len(asked), "matched by": way, "right clips %": 100 * shares.mean(),
                           "prompts with right clips alone": int((shares == 1).sum())})  # fmt: skip
    short = [
        (prompt, np.array([agrees(clip, world, facts) for clip in clips]))
        for prompts in sets.values()
        for prompt, world, facts in prompts
    ]
    grown = wrong = 0
    for prompt, right in ((prompt, right) for prompt, right in short if right.any()):
        described = expand(prompt, matcher)
        lenders = [k for k, clip in enumerate(clips) if any(described.endswith(text) for text in clip.captions)]
        grown += described != prompt
        wrong += described != prompt and not right[lenders].any()
    print(
        f"\nExpanded: {grown} of the prompts that a clip answers, {wrong} by a caption of a clip that contradicts them."
    )
    foreign = [matcher(prompt) for prompt in FOREIGN]
    impossible = [(matcher(prompt), world) for prompt, world in IMPOSSIBLE]
    taught = [matcher(prompt) for prompts in sets.values() for prompt, *_ in prompts]
    warned = sum(match.warning() is not None for match, _ in impossible)
    near = sum(clips[match.clips[0]].world == world for match, world in impossible if world)
    print(
        f"Foreign prompts called unknown: {sum(not m.known for m in foreign)} of {len(foreign)}; taught ones: "
        f"{sum(not m.known for m in taught)} of {len(taught)}. Impossible ones warned: {warned} of {len(impossible)}, "
        f"nearest clip of the right world: {near} of {sum(bool(world) for _, world in impossible)}. "
        f"{len(clips)} clips read in {built:.1f} CPU s."
    )


if __name__ == "__main__":
    main()
