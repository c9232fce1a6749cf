"""Description length: which explains the clips in fewest bits, its own bits counted?

A clip is sent without loss: its first frames each alone, each later stretch as the residual (modulo 256) from what the
describer predicts of it after the frames before. Residuals are coded with adaptive counts (Krichevsky and Trofimov
1981) in three contexts by the size of the residuals beside and before: the ideal length of an adaptive arithmetic
code, bit by bit prequential; `coded` below is such a coder, and agrees with it. Beside it the describer's own bits:
of a network its parameters at 16 bits; of a law its program, the compressed source of what computes it, and 64 bits
a clip for the seed; of any other code its compressed source. The decoder of residuals is common to all and not counted.
"""

from __future__ import annotations

import inspect
import lzma
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

import cuspworld
from cuspworld.exam.answers import Refusal, ask
from cuspworld.exam.made_of import networks
from cuspworld.exam.parts.range import LAWS, scene
from cuspworld.exam.question import Played, Question, Scene
from cuspworld.exam.references import Oracle, Parabola
from cuspworld.exam.sitting import Numbers, Sitting, mean
from cuspworld.exam.transcript import Part, Table

NAME, TITLE = "length", "Description length: what explains the clips in fewest bits?"
WORLDS = ("Collision",)
GIVEN, STRETCH, FRAMES = 3, 7, 31
SIDE = 32  # pixels: of a model of another size, every second or fourth
SEED_BITS = 64
PROGRAM = ("worlds/collision", "worlds/drawing", "worlds/environment.py", "worlds/parameters.py", "worlds/filming.py")


def ideal_bits(symbols: np.ndarray, contexts: np.ndarray, alphabet: int = 256) -> float:
    """Bits of a sequence under adaptive counts in each context, every count beginning at 1/2: the sum of
    -log2 (n_s + 1/2) / (n + alphabet/2), in closed form by the gamma function."""
    from scipy.special import gammaln

    bits = 0.0
    for context in np.unique(contexts):
        counts = np.bincount(symbols[contexts == context], minlength=alphabet)
        bits -= float((gammaln(counts + 0.5) - gammaln(0.5)).sum())
        bits += float(gammaln(counts.sum() + alphabet / 2) - gammaln(alphabet / 2))
    return bits / np.log(2)


def coded(symbols: np.ndarray, contexts: np.ndarray, alphabet: int = 256) -> bytes:
    """The same by an arithmetic coder: bytes from which `decoded` reads the symbols again."""
    coder, low, high, out, pending = _Counts(contexts, alphabet), 0, _TOP - 1, [], 0

    def emit(bit: int) -> None:
        nonlocal pending
        out.append(bit)
        out.extend([1 - bit] * pending)
        pending = 0

    for symbol, context in zip(symbols.tolist(), contexts.tolist(), strict=True):
        below, width, total = coder.interval(context, symbol)
        span = high - low + 1
        low, high = low + span * below // total, low + span * (below + width) // total - 1
        while True:
            if high < _HALF:
                emit(0)
            elif low >= _HALF:
                emit(1)
                low, high = low - _HALF, high - _HALF
            elif low >= _QUARTER and high < 3 * _QUARTER:
                pending += 1
                low, high = low - _QUARTER, high - _QUARTER
            else:
                break
            low, high = 2 * low, 2 * high + 1
        coder.saw(context, symbol)
    pending += 1
    emit(int(low >= _QUARTER))
    return np.packbits(out).tobytes()


def decoded(data: bytes, contexts: np.ndarray, alphabet: int = 256) -> np.ndarray:
    """The symbols that `coded` was given."""
    bits = np.unpackbits(np.frombuffer(data, np.uint8)).tolist()
    bits += [0] * 64
    at, value = 48, int("".join(map(str, bits[:48])), 2)
    coder, low, high, found = _Counts(contexts, alphabet), 0, _TOP - 1, []
    for context in contexts.tolist():
        total = int(coder.counts[context].sum())
        span = high - low + 1
        reached = ((value - low + 1) * total - 1) // span
        symbol = int(np.searchsorted(np.cumsum(coder.counts[context]), reached, side="right"))
        below, width, total = coder.interval(context, symbol)
        low, high = low + span * below // total, low + span * (below + width) // total - 1
        while True:
            if high < _HALF:
                pass
            elif low >= _HALF:
                low, high, value = low - _HALF, high - _HALF, value - _HALF
            elif low >= _QUARTER and high < 3 * _QUARTER:
                low, high, value = low - _QUARTER, high - _QUARTER, value - _QUARTER
            else:
                break
            low, high, value = 2 * low, 2 * high + 1, 2 * value + (bits[at] if at < len(bits) else 0)
            at += 1
        coder.saw(context, symbol)
        found.append(symbol)
    return np.array(found, np.int64)


_TOP, _HALF, _QUARTER = 1 << 48, 1 << 47, 1 << 46


class _Counts:
    """Twice the adaptive counts, so that the halves are whole numbers."""

    def __init__(self, contexts: np.ndarray, alphabet: int):
        self.counts = np.ones((int(contexts.max(initial=0)) + 1, alphabet), np.int64)

    def interval(self, context: int, symbol: int) -> tuple[int, int, int]:
        row = self.counts[context]
        return int(row[:symbol].sum()), int(row[symbol]), int(row.sum())

    def saw(self, context: int, symbol: int) -> None:
        self.counts[context, symbol] += 2


def residual_bits(frames: np.ndarray, predicted: np.ndarray) -> float:
    """Bits of frames (t, h, w, 3) after their prediction; a context is how large the residuals above and to the left,
    which the decoder has, are."""
    residual = (frames.astype(np.int16) - predicted) % 256
    size = np.minimum(residual, 256 - residual)
    beside = np.zeros_like(size)
    beside[:, 1:] += size[:, :-1]
    beside[:, :, 1:] += size[:, :, :-1]
    return ideal_bits(residual.ravel(), np.digitize(beside.ravel(), (1, 8)))


def own_bits(model: Any) -> tuple[int, str]:
    """The describer's own bits, and what they are."""
    if isinstance(model, Oracle):
        root = Path(cuspworld.__file__).parent
        parts = [root / part for part in PROGRAM]
        files = [f for part in parts for f in ([part] if part.suffix else sorted(part.rglob("*.py")))]
        return 8 * len(lzma.compress(b"".join(f.read_bytes() for f in files))), "compressed program of the world"
    kept = [network.state_dict(keep_vars=True).values() for network in networks(model)]
    parameters = {id(p): p.numel() for tensors in kept for p in tensors}
    if parameters:
        return 16 * sum(parameters.values()), f"{sum(parameters.values()):,} parameters at 16 bits"
    try:
        kinds = [kind for kind in type(model).__mro__ if kind.__module__ not in ("builtins", "typing", "abc")]
        source = "".join(map(inspect.getsource, kinds))  # what it inherits too
    except (OSError, TypeError):
        source = repr(model)
    clips = getattr(model, "clips", ())
    films = 8 * sum(_zipped(clip) for clip in clips)
    return 8 * len(lzma.compress(source.encode())) + films, "compressed source" + (" and clips" if films else "")


def _zipped(frames: np.ndarray) -> int:
    return len(lzma.compress(np.ascontiguousarray(frames).tobytes(), preset=9))


def sit(sitting: Sitting) -> Part:
    settings = sitting.settings
    scenes = [
        scene(law, "train", settings.fresh + 500 + k, settings.size)
        for law in LAWS
        for k in range(max(1, settings.clips // 2))
    ]
    cases = [(what, what.play(FRAMES)) for what in scenes]
    starts = range(GIVEN, FRAMES, STRETCH)
    step = max(1, settings.size // SIDE)
    small = [known.frames[:, ::step, ::step] for _, known in cases]
    describers = {**sitting.models, "parabola": Parabola()}
    sitting.plan(len(cases) * len(starts) * len(describers))
    given = mean([alone_bits(clip[:GIVEN]) for clip in small]) or 0.0
    nothing: dict[str, Any] = {"own bits": 0, "counted": "nothing"}
    rows: list[dict[str, Any]] = [
        {"row": "the pixels as they are", **nothing, "bits a clip": mean([8.0 * clip.size for clip in small])},
        {"row": "zip of the pixels (LZMA)", **nothing, "bits a clip": mean([8.0 * _zipped(clip) for clip in small])},
        {"row": "each frame alone", **nothing, "bits a clip": mean([alone_bits(clip) for clip in small])},
    ]
    for model, who in describers.items():
        bits, failed = [], 0
        for what, known in cases:
            total = given + (SEED_BITS if hasattr(who, "answer") else 0)
            for start in starts:
                measure = partial(_bits, known=known, start=start, step=step)
                name = f"{what.options['law']} {what.seed} {start}"
                work = partial(_measured, who, _question(what, known, start), settings.timeout, measure)
                found = sitting.measured(NAME, model, name, work)
                failed += found is None
                alone = alone_bits(known.frames[start : start + STRETCH, ::step, ::step]) if found is None else 0.0
                total += alone if found is None else found["bits"]
            bits.append(total)
        own, counted = own_bits(who)
        rows.append({"row": model, "own bits": own, "counted": counted, "bits a clip": mean(bits), "failed": failed})
        if hasattr(who, "bits"):
            told = [_told(sitting, model, f"{what.options['law']} {what.seed}", clip)
                    for (what, _), clip in zip(cases, small, strict=True)]  # fmt: skip
            failed = told.count(None)
            rows.append({"row": f"{model}, by its own code", "own bits": own, "counted": counted,
                         "bits a clip": mean(told) if not failed else None, "failed": failed})  # fmt: skip
    zipped = rows[1]["bits a clip"]
    for row in rows:
        saved = zipped - (row["bits a clip"] if row["bits a clip"] is not None else zipped)
        row["clips until shorter than zip"] = int(np.ceil(row["own bits"] / saved)) if saved > 0 else None
    table = Table(
        "Bits without loss",
        f"{len(cases)} clips of {FRAMES} frames of {small[0].shape[1]} pixels a side; {GIVEN} frames alone, then "
        f"stretches of {STRETCH} predicted from all before. Bits a clip: the residual's, and what says which clip "
        f"it is; own bits: what the describer itself takes, once.",
        ("row", "own bits", "counted", "bits a clip", "clips until shorter than zip", "failed"),
        tuple(rows),
    )
    return Part(NAME, TITLE, (table, _toy()))


def _told(sitting: Sitting, model: str, name: str, clip: np.ndarray) -> float | None:
    """What a model says a clip takes in its own lossless code."""

    def work() -> Numbers:
        bits = float(sitting.models[model].bits(clip.copy()))
        if not (np.isfinite(bits) and bits > 0):
            raise Refusal(f"bits must be a positive number of bits a clip: got {bits}")
        return {"bits": bits}

    found = sitting.call(NAME, model, f"{name} bits", work)
    return None if found is None else found["bits"]


def _measured(who: Any, question: Question, timeout: float, measure: Callable[[np.ndarray], Numbers]) -> Numbers:
    return measure(ask(who, question, timeout))


def _question(what: Scene, known: Played, start: int) -> Question:
    count = len(known.frames[start : start + STRETCH])
    return Question(known.frames[:start], what.fps, count / what.fps, 0, None, what)


def _bits(frames: np.ndarray, known: Played, start: int, step: int) -> Numbers:
    true = known.frames[start : start + STRETCH]
    return {"bits": residual_bits(true[:, ::step, ::step], frames[:, ::step, ::step])}


def alone_bits(frames: np.ndarray) -> float:
    """Bits of frames each by itself: a pixel is predicted from those left and above, as JPEG-LS does (the median of
    left, above and left + above - above left)."""
    x = frames.astype(np.int16)
    left, up, corner = np.zeros_like(x), np.zeros_like(x), np.zeros_like(x)
    left[:, :, 1:], up[:, 1:], corner[:, 1:, 1:] = x[:, :, :-1], x[:, :-1], x[:, :-1, :-1]
    guess = np.clip(left + up - corner, np.minimum(left, up), np.maximum(left, up))
    return residual_bits(frames, guess)


def _toy(count: int = 8000, alphabet: int = 24) -> Table:
    """A source whose entropy is known: 0, 1, 2, ... with chances 1/2, 1/4, 1/8, ..., cut off at the alphabet's end."""
    chances = 0.5 ** np.arange(1, alphabet + 1)
    chances[-1] *= 2
    symbols = np.random.default_rng(5).choice(alphabet, count, p=chances)
    contexts = np.zeros(count, np.int64)
    entropy = float(-(chances * np.log2(chances)).sum()) * count
    ideal, coder = ideal_bits(symbols, contexts, alphabet), 8.0 * len(coded(symbols, contexts, alphabet))
    rows: tuple[dict[str, Any], ...] = (
        {"way": "the source's entropy, known", "bits": entropy},
        {"way": "adaptive counts, in closed form", "bits": ideal},
        {"way": "bytes of an arithmetic coder, times eight", "bits": coder},
        {"way": "the largest difference of any two, as a share", "bits": (max(ideal, coder, entropy) - min(
            ideal, coder, entropy)) / entropy},
    )  # fmt: skip
    about = f"{count} symbols of a source whose answer is known: two independent ways, which must agree within 5 %."
    return Table("The same counted in independent ways", about, ("way", "bits"), rows)
