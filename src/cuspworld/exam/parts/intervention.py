"""Intervention: something is changed on the way; the predicted effect is held against the truth's counterfactual.

Effect: what is seen with the change less what is seen without, both predicted with the same seed. A change of a law (g,
restitution, the star's mass) can only be known by what it does, so the given frames show it for a while; a change of
what is done is told as the action. Size: the projection of the predicted effect on the true one, 1 where it is right, 0
where there is none, below 0 the wrong way. Delay: seconds from the true effect's beginning (a quarter of its end) to
the predicted one's. Placebos change nothing that matters; there an effect of any size is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import cv2
import numpy as np

from cuspworld.exam.question import Played, Question, Scene, asked
from cuspworld.exam.sitting import Numbers, Settings, Sitting, mean
from cuspworld.exam.tracking import background, places
from cuspworld.exam.transcript import Part, Table
from cuspworld.worlds.collision.world import SIDE
from cuspworld.worlds.drawing.canvas import COLOURS

NAME, TITLE = "intervention", "Intervention: does it know what a change causes?"
WORLDS = ("Collision", "Planets", "Juice")
AFTER = 12  # new frames
BLOCKS = 8  # a side: where no tracker reads the picture, the means of so many squares are what is seen
Seen = Callable[[np.ndarray], Numbers]


@dataclass(frozen=True, eq=False)
class Trial:
    """The same question without and with the change. `without`, `with_`: what is seen of frames of either; `true`: the
    true effect. `placebo`: nothing that matters is changed."""

    kind: str
    unit: str
    seed: int
    before: Question
    after: Question
    without: Seen
    with_: Seen
    true: np.ndarray
    placebo: bool = False


def trials(settings: Settings) -> Iterator[Trial]:
    for k in range(max(1, settings.clips // 2)):
        for make in (_gravity, _restitution, _kick, _star, _push, _colour, _nothing, _seed):
            yield make(settings.fresh + k, settings)


def _ball(seed: int, settings: Settings, **options: Any) -> Scene:
    plain = {"colour_1": "red", "colour_2": "blue", "offset": 0.0, "radius_1": 1.0, "speed_1": 2.0, **options}
    return Scene("Collision", seed, 10.0, settings.size, plain)


def _gravity(seed: int, settings: Settings) -> Trial:
    scene = _ball(seed, settings, law="parabola", gravity=1.5)
    return _trial("g, twice, of a thrown ball", scene, scene.but(changes=((5, "gravity", 3.0),)), 10, 6)


def _restitution(seed: int, settings: Settings) -> Trial:
    scene = _ball(seed, settings, law="collision", radius_2=1.0, speed_2=2.0)
    contact = next(e.time for e in scene.play(40, drawn=False).events if e.name == "contact")
    given = int(np.ceil(contact * scene.fps)) + 4  # the last three frames show how they part
    return _trial("restitution, a fifth", scene, scene.but(changes=((0, "restitution", 0.2),)), given, AFTER)


def _kick(seed: int, settings: Settings) -> Trial:
    scene = _ball(seed, settings, law="uniform", speed_1=1.5)
    kicked = scene.but(actions={5: (0.0, 5.0)})
    return _trial("a kick", scene.but(actions={5: (0.0, 0.0)}), kicked, 6, AFTER, told=True)


def _star(seed: int, settings: Settings) -> Trial:
    scene = Scene("Planets", seed, 10.0, settings.size, {"rocket": "none", "planets": 2, "star_mass": 1.0})
    return _trial("the star's mass, half more", scene, scene.but(changes=((3, "star_mass", 1.5),)), 9, AFTER)


def _push(seed: int, settings: Settings) -> Trial:
    plain = {"push_time": 0.5, "push": 0.36, "liquid": "red"}
    pushed = Scene("Juice", seed, 10.0, settings.size, plain)
    return _trial("the push", pushed.but(actions={5: (0.0,)}), pushed, 6, AFTER, told=True)


def _colour(seed: int, settings: Settings) -> Trial:
    scene = _ball(seed, settings, law="parabola", gravity=1.5)
    other = scene.but(options={**scene.options, "colour_1": "blue"})
    return _trial("placebo: another colour", scene, other, 8, 6, placebo=True)


def _nothing(seed: int, settings: Settings) -> Trial:
    trial = _kick(seed, settings)
    told = replace(trial.before, action=np.zeros_like(trial.before.action))
    untold = replace(trial.before, action=None)
    kind = "placebo: told that nothing is done"
    return replace(trial, kind=kind, before=untold, after=told, with_=trial.without, true=0 * trial.true, placebo=True)


def _seed(seed: int, settings: Settings) -> Trial:
    trial = _gravity(seed, settings)
    other = replace(trial.before, seed=trial.before.seed + 1)
    kind = "placebo: another seed of the model"
    return replace(trial, kind=kind, after=other, with_=trial.without, true=0 * trial.true, placebo=True)


def _trial(
    kind: str, scene: Scene, other: Scene, given: int, count: int, *, told: bool = False, placebo: bool = False
) -> Trial:  # fmt: skip
    played = [what.play(given + count) for what in (scene, other)]
    before, after = (asked(what, known, given, told=told) for what, known in zip((scene, other), played, strict=True))
    without, with_ = (_seeing(scene.world, known) for known in played)
    truth = [see(known.frames[given:])["seen"] for see, known in zip((without, with_), played, strict=True)]
    unit = "m" if scene.world == "Collision" else "grey levels"
    return Trial(kind, unit, scene.seed, before, after, without, with_, _difference(truth[0], truth[1]), placebo)


def _seeing(world: str, known: Played) -> Seen:
    """What is measured of new frames: places of the balls (m) where a tracker reads them, blocks of grey elsewhere."""
    if world != "Collision":
        return _blocks
    balls = [k for k in (1, 2) if known.state[f"ball_{k}_present"][0]]
    return partial(_places, colours=[COLOURS[known.values[f"colour_{k}"]] for k in balls])


def _places(frames: np.ndarray, colours: list[tuple[int, int, int]]) -> Numbers:
    size = frames.shape[1]
    found, area = places(frames, colours, background("Collision", size))
    found[area < 0.01 * size] = np.nan
    return {"seen": [[None if np.isnan(v) else round(v, 4) for v in row] for row in (found * SIDE / size).reshape(
        len(frames), -1).tolist()]}  # fmt: skip


def _blocks(frames: np.ndarray) -> Numbers:
    small = [cv2.resize(frame, (BLOCKS, BLOCKS), interpolation=cv2.INTER_AREA).mean(-1).ravel() for frame in frames]
    return {"seen": np.round(np.stack(small), 2).tolist()}


def _difference(without: Any, with_: Any) -> np.ndarray:
    """(frames, numbers) of the effect; what either does not see has none."""
    return np.nan_to_num(np.array(with_, float) - np.array(without, float))


def effect(predicted: np.ndarray, true: np.ndarray, fps: float = 10.0) -> Numbers:
    """Of effects (frames, numbers): size, direction (cosine), delay (s; None where it never comes), rms."""
    across, power = float((predicted * true).sum()), float((true**2).sum())
    norm = float(np.sqrt((predicted**2).sum()))
    late = _onset(predicted, true)
    due = _onset(true, true)
    return {
        "size": across / power if power else None,
        "cosine": across / (norm * np.sqrt(power)) if norm * power else 0.0,
        "delay": None if late is None or due is None else (late - due) / fps,
        "rms": float(np.sqrt((predicted**2).sum(1).mean())),
    }


def _onset(shown: np.ndarray, true: np.ndarray) -> int | None:
    """The first frame in which an effect is as large as a quarter of the true one's largest."""
    large = np.linalg.norm(shown, axis=1) >= 0.25 * max(float(np.linalg.norm(true, axis=1).max()), 1e-9)
    return int(large.argmax()) if large.any() else None


def sit(sitting: Sitting) -> Part:
    known = list(trials(sitting.settings))
    sitting.plan(2 * len(known) * len(sitting.models))
    rows: list[dict[str, Any]] = []
    placebos: list[dict[str, Any]] = []
    for kind in dict.fromkeys(trial.kind for trial in known):
        own = [trial for trial in known if trial.kind == kind]
        for model in sitting.models:
            found = [_effect(sitting, model, trial) for trial in own]
            told = [f for f in found if f is not None]
            row: dict[str, Any] = {"change": kind, "row": model}
            if own[0].placebo:
                row |= {"effect": mean([f["rms"] for f in told]), "unit": own[0].unit, "failed": found.count(None)}
                placebos.append(row)
                continue
            sizes = [f["size"] for f in told]
            rows.append(
                row
                | {
                    "right way": mean([float(f["cosine"] > 0.5) for f in told]),
                    "size": mean(sizes),
                    "delay, s": mean([f["delay"] for f in told]),
                    "never": mean([float(f["delay"] is None) for f in told]),
                    "failed": found.count(None),
                }
            )
    per = len([t for t in known if t.kind == known[0].kind])
    effects = Table(
        "Effects",
        f"{per} trials a row. Right way: the share whose cosine with the true effect is above 0.5; size: 1 is "
        f"right, 0 is no effect; never: the share in which it does not come.",
        ("change", "row", "right way", "size", "delay, s", "never", "failed"),
        tuple(rows),
    )
    none = Table(
        "No effect where nothing is changed",
        "The root mean square of the difference, 0 where it is right.",
        ("change", "row", "effect", "unit", "failed"),
        tuple(placebos),
    )
    return Part(NAME, TITLE, (effects, none), NOTES)


NOTES = (
    "A change of restitution is shown by three frames after the contact, of g by four, of the star's mass by five; "
    "the kick and the push are told as actions in the world's units, and nothing of them is shown.",
    "The oracle with a wrong g is wrong in both arms, so its effects are right where g is not what is changed.",
)


def _effect(sitting: Sitting, model: str, trial: Trial) -> Numbers | None:
    name = f"{trial.kind} {trial.seed}"
    without = sitting.ask(NAME, model, f"{name} without", trial.before, trial.without)
    with_ = sitting.ask(NAME, model, f"{name} with", trial.after, trial.with_)
    if without is None or with_ is None:
        return None
    return effect(_difference(without["seen"], with_["seen"]), trial.true)
