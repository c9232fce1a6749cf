"""Poor captions of a library get rich ones, lent by its well-captioned clips or asked of a vision-language model.

`caption` takes the new one; `caption_before` keeps the old, `caption_source` says where the new one came from, and
`caption_confidence` what share of its facts is expected to be right (lent ones). All clips change in one commit.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from cuspworld.clip import Clip
from cuspworld.curation.encoding import Latents
from cuspworld.curation.endpoint import Answer, Endpoint
from cuspworld.curation.lending import FEWEST, lend, ways_of
from cuspworld.errors import CuspError
from cuspworld.language.facts import facts
from cuspworld.library.library import Library, Progress
from cuspworld.lock import one_writer
from cuspworld.progress import progress_bar

LEAST_FACTS = 0.5  # of the median of the richest quarter's number of facts: fewer is a poor caption
PICTURES = 8  # frames of a clip that a model is shown
AT_ONCE = 4  # questions under way
QUESTION = (
    "These are frames of one short video, in order. Describe in one or two sentences what is in it and what happens: "
    "how many things there are, their colours, what each does, in which order, and how it ends. Answer with the "
    "description alone."
)
_COLUMNS = pa.schema(
    [
        pa.field("caption_before", pa.string()),
        pa.field("caption_source", pa.string()),
        pa.field("caption_confidence", pa.float32()),
    ]
)


@dataclass(frozen=True)
class Caption:
    """A new caption and where it came from; NaN: how sure it is, is not known."""

    text: str
    source: str
    confidence: float = float("nan")


@dataclass(frozen=True)
class Recaptioned:
    """Clips with a new caption, poor ones that keep theirs, (what, why) of failures, and the tokens that were used."""

    changed: int
    kept: int
    problems: tuple[tuple[str, str], ...] = ()
    tokens_in: int = 0
    tokens_out: int = 0


def well_captioned(library: Library, condition: str | None = None) -> np.ndarray:
    """(clips,) which captions are rich: those of an SQL condition, else those that tell at least half as many facts
    as the library's richest do. Captions that were made here are none."""
    before = _column(library, "caption_source")
    own = np.array([source is None for source in before], bool)
    if condition is not None:
        chosen = set(library.where(condition).column("key"))
        return own & np.array([key in chosen for key in library.column("key")], bool)
    captions = library.column("caption")
    known = {text: len(facts(text)) for text in set(captions)}
    count = np.array([known[text] for text in captions])
    return own & (count >= max(1.0, LEAST_FACTS * float(np.quantile(count[own], 0.875)))) if own.any() else own


def lend_captions(library: Library, good: np.ndarray, least: float = 0.0) -> Recaptioned:
    """New captions from the nearest well-captioned clips (`lending.py`), for those that an encoded library has none
    of. A loan that is expected to have less than `least` of its facts right is not made. Clips of one world are
    compared with each other; of no world, all. Raises CuspError where fewer than three clips are well captioned."""
    if good.sum() < FEWEST:
        raise CuspError(
            f"at least {FEWEST} well-captioned clips are needed to lend from: {int(good.sum())} found; caption some, "
            "name them by --good, or ask a model by --address"
        )
    latents, keys = Latents(library), library.column("key")
    old = _old_captions(library)
    worlds = [world or "" for world in library.column("world")]
    new: dict[str, Caption] = {}
    for world in sorted(set(worlds)):
        clips = [clip for clip, own in enumerate(worlds) if own == world]
        if not good[clips].any() or good[clips].all():
            continue
        ways = ways_of([latents[clip] for clip in clips])
        for clip, loan in zip(clips, lend(ways, [old[clip] for clip in clips], good[clips]), strict=True):
            if loan is not None and loan.confidence >= least:
                source = f"lent by {keys[clips[loan.lender]]}"
                new[keys[clip]] = Caption(loan.caption, source, loan.confidence)
    _write(library, new)
    return Recaptioned(len(new), int((~good).sum()) - len(new))


def ask_captions(
    library: Library,
    good: np.ndarray,
    endpoint: Endpoint,
    *,
    question: str = QUESTION,
    progress: Progress | None = None,
) -> Recaptioned:
    """New captions from a vision-language model for the clips that are not `good`. What it answered is kept as it
    comes, beside the table: a run that was stopped asks the rest. A clip without an answer keeps its caption."""
    keys = library.column("key")
    poor = [clip for clip in range(len(keys)) if not good[clip]]
    digest = hashlib.sha256(json.dumps([endpoint.address, endpoint.model, question]).encode()).hexdigest()[:16]
    source = f"{endpoint.model} at {endpoint.address}"
    folder = library.path / f".recaption-{digest}"
    folder.mkdir(exist_ok=True)
    with one_writer(folder, "recaptioning"):
        journal = folder / "answers.jsonl"
        answers = _read(journal)
        left = [clip for clip in poor if keys[clip] not in answers]
        if journal.exists() and not journal.read_bytes().endswith(b"\n"):
            journal.write_bytes(journal.read_bytes() + b"\n")  # what a kill cut short stays a line of its own
        problems = []
        bar = progress_bar("recaption", "clips", shown=False if progress else None)
        with bar as move, journal.open("a", encoding="utf-8") as file, ThreadPoolExecutor(AT_ONCE) as pool:
            done = len(poor) - len(left)
            for start in range(0, len(left), AT_ONCE * 8):  # so many clips are in memory
                part = left[start : start + AT_ONCE * 8]
                asked = {pool.submit(_ask, endpoint, question, library[clip]): keys[clip] for clip in part}
                for future in as_completed(asked):
                    key = asked[future]
                    try:
                        answer = answers[key] = future.result()
                        line = {"key": key, **vars(answer)}
                        file.write(json.dumps(line, ensure_ascii=False) + "\n")
                        file.flush()
                    except CuspError as error:
                        problems.append((key, str(error)))
                    done += 1
                    (progress or move)(done, len(poor))
        wanted = {keys[clip] for clip in poor}
        got = {key: answer for key, answer in answers.items() if key in wanted}
        _write(library, {key: Caption(answer.text, source) for key, answer in got.items()})
        if not problems:
            journal.unlink()
    tokens = [sum(getattr(answer, name) for answer in got.values()) for name in ("tokens_in", "tokens_out")]
    return Recaptioned(len(got), len(poor) - len(got), tuple(sorted(problems)), *tokens)


def _ask(endpoint: Endpoint, question: str, clip: Clip) -> Answer:
    shown = np.linspace(0, len(clip) - 1, min(PICTURES, len(clip))).round().astype(int)
    return endpoint.ask(question, [clip.frames[frame] for frame in shown])


def _read(journal: Path) -> dict[str, Answer]:
    """What was answered before; a line that a kill cut short is left out."""
    answers: dict[str, Answer] = {}
    for line in journal.read_text("utf-8").splitlines() if journal.exists() else []:
        try:
            values = json.loads(line)
            key = values.pop("key")
            answers[key] = Answer(**values)
        except (ValueError, TypeError, KeyError, AttributeError):
            continue
    return answers


def _old_captions(library: Library) -> list[str]:
    before = _column(library, "caption_before")
    return [new if old is None else old for new, old in zip(library.column("caption"), before, strict=True)]


def _column(library: Library, name: str) -> list[Any]:
    try:
        return library.column(name)
    except CuspError:
        return [None] * len(library)


def _write(library: Library, new: Mapping[str, Caption]) -> None:
    """The new captions into the table: one commit, and nothing is changed before it."""
    if not new:
        return
    old = dict(zip(library.column("key"), _old_captions(library), strict=True))
    rows = [
        {
            "key": key,
            "caption": caption.text,
            "caption_before": old[key],
            "caption_source": caption.source,
            "caption_confidence": None if np.isnan(caption.confidence) else caption.confidence,
        }
        for key, caption in sorted(new.items())
    ]
    library.update_columns(_COLUMNS, rows)
