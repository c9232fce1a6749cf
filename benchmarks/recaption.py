"""Does recaptioning tell the truth? Poor captions of recorded worlds get rich ones; their facts are compared.

    python benchmarks/recaption.py FOLDER [--quick] [--save]

FOLDER holds the recordings of `python recipes/folds.py --folder FOLDER --record`: clips with a rich and a poor caption
each. Some clips are well captioned; the others have the poor caption. Facts are read by `language/facts.py`, and sorted
into slots: how many (count), what colour is what (colours), what happens and does not (outcome), what comes first
(order), and at which time, to 0.15 s (when). *Right* is the share of the true caption's facts that the new one tells;
*wrong* the share of the new caption's facts of these slots that neither the English nor the Chinese true one tells.
Five draws of the well-captioned clips each. *The surest only*: as many loans as the fold rule makes, chosen by their
confidence instead.
"""

import argparse
import hashlib
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open

from cuspworld.codec.codec import Codec, to_tensor
from cuspworld.curation.lending import Ways, lend, ways_of
from cuspworld.language.facts import facts
from cuspworld.language.matching import Matcher
from cuspworld.language.meanings import kind_of
from results import Table, add_argument

WORLDS = ("Juice", "Chair", "Candles", "Collision", "Puppies")
SLOTS = ("count", "colours", "outcome", "order", "when")
SHARES = (0.01, 0.05, 0.2)
DRAWS = 5
CLIPS = 400
NEAR = 0.151  # s


def slots(text: str) -> dict[str, set[Any]]:
    """The facts of a text by slot."""
    found: dict[str, set[Any]] = {slot: set() for slot in SLOTS}
    times = []
    for fact in facts(text):
        kinds = [kind_of(name[0]) if name else "" for name in (fact.first, fact.second)]
        if fact.kind == "pair" and "number" in kinds:
            found["count"].add((fact.first, fact.second))
        elif fact.kind == "pair" and set(kinds) == {"colour", "thing"}:
            found["colours"].add((fact.first, fact.second))
        elif fact.kind in ("is", "not") and kinds[0] == "event":
            found["outcome"].add((fact.kind, fact.first))
        elif fact.kind == "time":
            found["when"].add((fact.first, fact.value))
            times.append((fact.value, fact.first))
    times.sort()
    found["order"] = {(a, b) for k, (at, a) in enumerate(times) for later, b in times[k + 1 :] if later > at}
    return found


def told(fact: Any, slot: str, new: set[Any]) -> bool:
    if slot == "when":
        return any(name == fact[0] and abs(value - fact[1]) <= NEAR for name, value in new)
    return fact in new


class Truth:
    """What is true of each clip: `rich` is what should be said, `either` what may be."""

    def __init__(self, rich: Sequence[str], chinese: Sequence[str]):
        self.rich = [slots(text) for text in rich]
        other = [slots(text) for text in chinese]
        self.either = [{s: a[s] | b[s] for s in SLOTS} for a, b in zip(self.rich, other, strict=True)]
        self.known: dict[str, dict[str, set[Any]]] = {}

    def judge(self, texts: Sequence[str], chosen: Sequence[int]) -> dict[str, float]:
        """Share right by slot and over all, and share wrong."""
        right, asked, wrong, said = Counter(), Counter(), 0, 0
        for clip in chosen:
            new = self.known.setdefault(texts[clip], slots(texts[clip]))
            for slot in SLOTS:
                asked[slot] += len(self.rich[clip][slot])
                right[slot] += sum(told(fact, slot, new[slot]) for fact in self.rich[clip][slot])
                said += len(new[slot])
                wrong += sum(not told(fact, slot, self.either[clip][slot]) for fact in new[slot])
        shares = {slot: right[slot] / asked[slot] if asked[slot] else None for slot in SLOTS}
        return {"right": sum(right.values()) / max(sum(asked.values()), 1), "wrong": wrong / max(said, 1), **shares}


def majority(captions: Sequence[str], good: np.ndarray, own_words: bool) -> list[str]:
    """The well-captioned clips' most typical caption, the one that shares most facts with the others; `own_words`: of
    those that tell what the clip's own caption tells."""
    lenders = np.flatnonzero(good)
    read = [set(facts(captions[k])) for k in lenders]
    agree = np.array([[len(a & b) for b in read] for a in read])
    matcher = Matcher([captions[k] for k in lenders])

    def typical(text: str) -> str:
        of = matcher(text).clips if own_words else np.arange(len(lenders))
        return captions[lenders[of[int(agree[np.ix_(of, of)].sum(1).argmax())]]]

    known = {text: typical(text) for text in set(captions)}
    return [text if good[k] else known[text] for k, text in enumerate(captions)]


def lent(ways: Ways, captions: Sequence[str], good: np.ndarray, **rules: bool) -> tuple[list[str], float, float]:
    """The new captions, the share of poor ones that got a loan, and the mean confidence."""
    loans = lend(ways, captions, good, **rules)
    got = [loan for loan in loans if loan is not None]
    texts = [text if loan is None else loan.caption for text, loan in zip(captions, loans, strict=True)]
    return texts, len(got) / int((~good).sum()), float(np.mean([loan.confidence for loan in got])) if got else 0.0


def surest(ways: Ways, captions: Sequence[str], good: np.ndarray) -> tuple[list[str], float, float]:
    """As `lent` without the fold rule but by own words, the surest loans alone: as many as the fold rule makes. What a
    bound on the confidence would do in its place."""
    made = sum(loan is not None for loan in lend(ways, captions, good))
    loans = lend(ways, captions, good, folds=False)
    order = sorted((k for k, loan in enumerate(loans) if loan), key=lambda k: -loans[k].confidence)[:made]
    texts = [loans[k].caption if k in set(order) else text for k, text in enumerate(captions)]
    confidence = float(np.mean([loans[k].confidence for k in order])) if order else 0.0
    return texts, made / int((~good).sum()), confidence


def encoded(frames: np.ndarray, codec: Codec, kept: Path) -> list[torch.Tensor]:
    """The clips' latents: those that the recipe's training kept, where the codec made them."""
    digest = hashlib.sha256(b"".join(t.contiguous().numpy().tobytes() for t in codec.state_dict().values()))
    file = kept / f"latents-{digest.hexdigest()[:12]}.safetensors"
    if file.exists() and codec.temporal_stride == 1:
        with safe_open(file, "pt") as latents:
            return [latents.get_tensor(f"{clip:08d}.{0:08d}") for clip in range(len(frames))]
    with torch.inference_mode():
        return [codec.encode(to_tensor(clip)[None])[0].half() for clip in frames]


def ways_kept(file: Path, make: Callable[[], Ways]) -> Ways:
    """The clips' vectors and ways, kept in a file so that a second run reads them."""
    if file.exists():
        with np.load(file) as kept:
            return Ways(kept["vectors"], tuple(tuple(map(int, text.split())) for text in kept["ways"]))
    ways = make()
    np.savez(file, vectors=ways.vectors, ways=np.array([" ".join(map(str, way)) for way in ways.ways]))
    return ways


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quick", action="store_true", help="one world, 100 clips, one draw")
    parser.add_argument("--work", type=Path, default=Path("runs/recaption"), help="where codes are kept")
    add_argument(parser)
    arguments = parser.parse_args()
    count, draws = (100, 1) if arguments.quick else (CLIPS, DRAWS)
    arguments.work.mkdir(parents=True, exist_ok=True)
    codec = Codec.from_pretrained("worlds")
    rules = {
        "nearest": {"folds": False, "own_words": False},
        "nearest, own words": {"folds": False, "own_words": True},
        "nearest, folds": {"folds": True, "own_words": False},
        "nearest, folds, own words (cusp recaption)": {"folds": True, "own_words": True},
    }
    with Table("recaption", arguments.save) as table:
        for world in WORLDS[: 1 if arguments.quick else None]:
            with np.load(next(arguments.folder.glob(f"{world}_0_*.npz"))) as recorded:
                rich, chinese, poor = (recorded[name][:count].tolist() for name in ("rich", "rich_zh", "poor"))

                def make(recorded: Any = recorded, world: str = world) -> Ways:
                    return ways_of(encoded(recorded["frames"][:count], codec, arguments.folder / world))

                ways = ways_kept(arguments.work / f"{world}_{count}.npz", make)
            truth = Truth(rich, chinese)
            for share in SHARES:
                rows: dict[str, list[dict[str, Any]]] = {}
                for draw in range(draws):
                    good = np.zeros(count, bool)
                    few = max(3, round(share * count))
                    good[np.random.default_rng([draw, few]).choice(count, few, replace=False)] = True
                    captions = [a if g else b for a, b, g in zip(rich, poor, good, strict=True)]
                    chosen = np.flatnonzero(~good).tolist()
                    new = {
                        "none": (captions, 0.0, None),
                        "majority": (majority(captions, good, False), 1.0, None),
                        "majority, own words": (majority(captions, good, True), 1.0, None),
                        **{name: lent(ways, captions, good, **rule) for name, rule in rules.items()},
                        "nearest, own words, the surest only": surest(ways, captions, good),
                    }
                    for name, (texts, given, sure) in new.items():
                        judged = truth.judge(texts, chosen)
                        rows.setdefault(name, []).append({"given": given, "confidence": sure, **judged})
                for name, judged in rows.items():
                    first = {"world": world, "well captioned": f"{100 * share:g} %", "recaptioned by": name}
                    table.add({**first, **{key: mean([row[key] for row in judged]) for key in judged[0]}})


def mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(float(np.mean(known)), 3) if known else None


if __name__ == "__main__":
    main()
