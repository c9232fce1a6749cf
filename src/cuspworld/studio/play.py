"""The jobs of Play: which worlds there are, and a run in one, true and learned side by side, that a hand moves."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from cuspworld import worlds
from cuspworld.checks import number, whole
from cuspworld.dynamics.learned_world import folder_of, shipped, world_of
from cuspworld.dynamics.side_by_side import Moment, SideBySide
from cuspworld.errors import CuspError
from cuspworld.studio.worker import Job
from cuspworld.worlds.exploring import IMPULSE

RATES = (1.0, 30.0)  # frames a second
SIZES = (32, 256)  # pixels of the true picture
MOST = 6000  # frames of a run
IDLE = 600.0  # seconds that a paused run waits
_SOONEST = 1 / 3  # of a frame's time: so soon after the last a key may bring the next one
_SEEDS = 2**31


def worlds_of(job: Job) -> None:
    """Says "worlds": the name and scene of each, and whether a learned one is at hand."""
    known = [
        {"name": name, "scene": worlds.describe(name), "learned": learned_folder(job, name) is not None}
        for name in worlds.names()
    ]
    job.say("worlds", worlds=known, library=job.settings.library is not None, rates=RATES)


def learned_folder(job: Job, name: str) -> Path | None:
    """The learned world of this name that is at hand, the given one before the shipped one, if any."""
    given = job.settings.learned
    if given is not None and world_of(given) == name:
        return Path(given)
    return folder_of(name, None) if name in shipped() else None


def play(job: Job, world: str, seed: int = 0, learned: bool = True, rate: float = 16.0, size: int = 64) -> None:
    """A run until it is stopped. Says "ready" (the actions), then "moment" for each frame: its facts, and as bytes the
    RGB pixels of the true and of the learned picture; "saved", and "refused" where something that was told cannot be.

    It hears {"act": n, "held": [...], "once": [...]} (what is held from now on, and what is added to the next frame
    alone), {"pause": bool}, {"frame": true} (one, while paused), {"seed": n} (begin anew), {"least": x} (who goes on),
    {"look": true} (learned looks again), {"rate": x}, {"save": true}. A frame says the last `n` that it heeds.
    """
    folder = learned_folder(job, world) if learned else None
    side = SideBySide(world, folder, size=whole("size", size, *SIZES))
    job.say(
        "ready", world=side.world.name, learned=side.learned is not None, trust=hasattr(side.learned, "error_map"),
        hands_over=side.hands_over, fps=side.fps, unheard=unheard(side), actions=[
            {"name": name, "unit": unit, "low": low, "high": high, "impulse": unit == IMPULSE}
            for name, (unit, low, high) in side.world.actions.items()
        ],
    )  # fmt: skip
    _Run(job, side, number("rate", rate, *RATES)).go(whole("seed", seed, 0, _SEEDS))


def unheard(side: SideBySide) -> int:
    """Frames at the beginning in which nobody acts, so that the learned world sees speeds."""
    return 0 if side.learned is None else int(side.learned.model.config.history) - 1


class _Run:
    """The clock of a run, and what is told to it."""

    def __init__(self, job: Job, side: SideBySide, rate: float):
        self.job, self.side, self.period = job, side, 1 / rate
        self.heard, self.paused = 0, False
        self.rest()

    def rest(self) -> None:
        self.held = [0.0] * len(self.side.world.actions)
        self.once, self.tapped = list(self.held), list(self.held)

    def go(self, seed: int) -> None:
        self.show(self.side.reset(seed))
        last, due = time.monotonic(), time.monotonic() + self.period
        while True:
            told = self.job.heard(IDLE if self.paused else max(0.0, due - time.monotonic()))
            if told is None and self.paused:
                return
            acted = told is not None and self.obey(told)
            now = time.monotonic()
            if acted:
                due = min(due, max(now, last + _SOONEST * self.period))
            if not self.paused and now >= due:
                self.step()
                last, due = now, max(now, due) + self.period

    def obey(self, told: dict[str, Any]) -> bool:
        """Do what was told; whether it was an action. What cannot be is said, and the run goes on."""
        try:
            return self.act(told) if "act" in told else self.manage(told)
        except (CuspError, TypeError, ValueError) as error:
            self.job.say("refused", text=str(error))
            return False

    def act(self, told: dict[str, Any]) -> bool:
        held, once = ([float(value) for value in told[name]] for name in ("held", "once"))
        self.side.world.check_action(held)
        self.side.world.check_action(once)
        self.held, self.heard = held, whole("act", told["act"], 0, 2**53)
        self.once = [a + b for a, b in zip(self.once, once, strict=True)]
        self.tapped = [new or before for new, before in zip(held, self.tapped, strict=True)]
        return any(held) or any(once)

    def manage(self, told: dict[str, Any]) -> bool:
        if "pause" in told:
            self.paused = bool(told["pause"])
        if "frame" in told and self.paused:
            self.step()
        if "seed" in told:
            self.rest()
            self.show(self.side.reset(whole("seed", told["seed"], 0, _SEEDS)))
        if "least" in told:
            self.side.hand_over(told["least"])
        if "look" in told:
            self.show(self.side.look_again())
        if "rate" in told:
            self.period = 1 / number("rate", told["rate"], *RATES)
        if "save" in told:
            self.save()
        return False

    def step(self) -> None:
        held = [now or tapped for now, tapped in zip(self.held, self.tapped, strict=True)]  # a short press acts too
        action = [a + b for a, b in zip(held, self.once, strict=True)]
        self.once, self.tapped = [0.0] * len(action), [0.0] * len(action)
        began = time.perf_counter()
        moment = self.side.step(action)
        self.show(moment, 1000 * (time.perf_counter() - began))
        if moment.step >= MOST:
            self.paused = True
            self.job.say("long", frames=moment.step)

    def show(self, moment: Moment, took: float = 0.0) -> None:
        pictures = [picture for picture in (moment.true, moment.learned) if picture is not None]
        self.job.say(
            "moment", b"".join(picture.tobytes() for picture in pictures), step=moment.step, time=moment.time,
            sizes=[picture.shape[:2] for picture in pictures], trust=moment.trust, by=moment.by, heard=self.heard,
            events=[event.name for event in moment.events], milliseconds=round(took, 2),
        )  # fmt: skip

    def save(self) -> None:
        """The true run so far as a clip of the studio's library."""
        if self.job.settings.library is None:
            raise CuspError("no library to keep it in: start the studio with --library, as in --library mine.lance")
        from cuspworld.library.library import Library

        self.job.say("saving")
        clip = self.side.clip()
        addition = Library.open(self.job.settings.library).add(clip, f"play/{self.side.world.name}")
        self.job.say("saved", frames=len(clip), caption=clip.caption, present=addition.present > 0)
