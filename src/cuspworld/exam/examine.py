"""examine: did this model learn the law? Its parts one after the other, into one Transcript."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from cuspworld.checks import number, whole
from cuspworld.errors import CuspError
from cuspworld.exam.audit.store import version
from cuspworld.exam.made_of import made_of
from cuspworld.exam.references import rows
from cuspworld.exam.sitting import Kept, Settings, Sitting, kept_in
from cuspworld.exam.transcript import Transcript
from cuspworld.progress import progress_bar

PARTS = ("range", "intervention", "preference", "newton", "validity", "length", "training")  # as they are asked


def examine(
    model: Any,
    *,
    name: str = "",
    parts: Sequence[str] | None = None,
    clips: int = 8,
    size: int = 64,
    seed: int = 0,
    timeout: float = 600.0,
    taught: Sequence[str] | None = None,
    members: Sequence[Any] = (),
    folder: str | Path | None = None,
    shown: bool | None = None,
) -> Transcript:
    """Ask `model` (`answers` says what it must be able to do) and the reference rows the same questions.

    `parts`: some of PARTS, by default all. `clips`: questions of each kind. `size`: pixels of the frames. `timeout`:
    seconds that one answer may take. `taught`: the worlds that it was taught; the transcript says where another is
    asked about. `members`: models of the same kind that were trained apart from it: with it they are a deep ensemble,
    whose disagreement the part `validity` judges. `folder`: what is measured is kept there, an exam that was stopped
    goes on, and the transcript is written there. `shown`: a progress bar; None: in notebooks. Same arguments, same
    transcript.

    Raises CuspError for bad arguments; what the model does wrong is no error but a line of the transcript.
    """
    for which, one in (("model", model), *(("a member", member) for member in members)):
        if not (hasattr(one, "continue_clip") or hasattr(one, "answer")):
            raise CuspError(
                f"{which} must have continue_clip(frames, fps, seconds, action=None, seed=0), or be one of "
                f"cuspworld.exam.adapters: got {type(one).__name__}"
            )
    chosen = list(PARTS if parts is None else dict.fromkeys(parts))
    if unknown := [part for part in chosen if part not in PARTS]:
        raise CuspError(f"no part {unknown[0]!r} of the exam: take some of {', '.join(PARTS)}")
    settings = Settings(
        whole("clips", clips, 1, 100_000), whole("size", size, 16, 1024), whole("seed", seed, 0, 100_000),
        number("timeout", timeout, 0.01, 1e6), None if taught is None else tuple(taught),
    )  # fmt: skip
    called = name or getattr(model, "name", "") or type(model).__name__
    # what was measured by other code, or of a model that was another, is measured again
    what = f"{version('exam', 'worlds')} {made_of(model)} {called} {settings.clips} {settings.size} {settings.seed}"
    if members:
        what += " ".join(map(made_of, members))
    with kept_in(folder, "exam", what) as kept:
        transcript = _sat(model, called, chosen, settings, kept, shown, members)
        if folder is not None:
            transcript.write(folder)
    return transcript


def _sat(
    model: Any, name: str, chosen: list[str], settings: Settings, kept: Kept, shown: bool | None, members: Sequence[Any]
) -> Transcript:
    asked = {part: import_module(f"cuspworld.exam.parts.{part}") for part in chosen}
    with progress_bar("exam", "answers", shown=shown) as move:
        sitting = Sitting(_models(model, name, settings), settings, kept, move, members=members)
        found = tuple(module.sit(sitting) for module in asked.values())
    strange = sorted(
        {world for module in asked.values() for world in module.WORLDS}
        - set(settings.taught if settings.taught is not None else [w for m in asked.values() for w in m.WORLDS])
    )
    notes = (f"The model was never taught {', '.join(strange)}; it was asked all the same.",) if strange else ()
    how = {"seed": settings.seed, "clips": settings.clips, "size": settings.size}
    return Transcript(name, how, found, tuple(sitting.failures), notes)


def _models(model: Any, name: str, settings: Settings) -> Mapping[str, Any]:
    from cuspworld.exam.parts.range import recorded

    references = rows(_Later(lambda: recorded(settings)))
    return {name if name not in references else f"{name} (examined)": model, **references}


class _Later(Sequence[np.ndarray]):
    """Clips that are recorded when they are first looked at."""

    def __init__(self, make: Callable[[], list[np.ndarray]]):
        self._make = make
        self._clips: list[np.ndarray] | None = None

    def _all(self) -> list[np.ndarray]:
        if self._clips is None:
            self._clips = self._make()
        return self._clips

    def __getitem__(self, index: Any) -> Any:
        return self._all()[index]

    def __len__(self) -> int:
        return len(self._all())
