"""Asking a model: whatever it does wrong becomes a Refusal that says so, and the exam goes on.

A model is anything with `continue_clip(frames (t, h, w, 3) uint8, fps, seconds, action=None, seed=0)`, which returns
the new frames, round(seconds x fps) of them, of the same size and rate. Who knows the world (a first-principles
world, a learned one that begins from its seed) has `answer(question)` instead. Optional: `surprise(frames) -> (t,)`,
`bits(frames) -> float`, `features(frames) -> {layer: array (t, ...)}`.
"""

from __future__ import annotations

import ctypes
import signal
import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

import numpy as np
from jaxtyping import UInt8

from cuspworld.errors import CuspError
from cuspworld.exam.question import Question

Value = TypeVar("Value")


class Continues(Protocol):
    """What every model of an exam can do."""

    def continue_clip(
        self, frames: UInt8[np.ndarray, "t h w 3"], fps: float, seconds: float, action: Any = None, seed: int = 0
    ) -> UInt8[np.ndarray, "n h w 3"]: ...


class Refusal(CuspError):
    """A model gave no answer that can be judged: it crashed, hung, or returned something else than was asked for."""


class Late(Refusal):
    """It took too long: on this machine, at this hour. It is asked again when an exam goes on."""


def ask(model: Any, question: Question, timeout: float) -> UInt8[np.ndarray, "n h w 3"]:
    """The new frames. Raises Refusal, with what was wrong; never anything else but KeyboardInterrupt."""
    if hasattr(model, "answer"):
        return _checked(alarmed(timeout, lambda: model.answer(question)), question)
    frames = question.frames.copy()  # a model may write into what it is given
    return _checked(
        within(
            timeout,
            lambda: model.continue_clip(
                frames, question.fps, question.seconds, action=question.action, seed=question.seed
            ),
        ),
        question,
    )


def _checked(value: Any, question: Question) -> UInt8[np.ndarray, "n h w 3"]:
    shape = (question.count, *question.frames.shape[1:])
    try:
        found = np.asarray(value)
    except (TypeError, ValueError) as error:
        raise Refusal(f"returned what is no array: {error}") from error
    if found.dtype.kind == "f" and not np.isfinite(found).all():
        raise Refusal(f"returned NaN or infinity in {int((~np.isfinite(found)).sum())} of {found.size} numbers")
    if found.dtype != np.uint8:
        raise Refusal(f"returned {found.dtype} {found.shape}; frames are uint8, 0 to 255")
    if found.ndim != 4 or found.shape[3] != 3:
        raise Refusal(f"returned the shape {found.shape}; frames are (time, height, width, 3)")
    if found.shape[1:] != shape[1:]:
        raise Refusal(f"returned frames of {found.shape[1]} x {found.shape[2]}, given {shape[1]} x {shape[2]}")
    if len(found) != shape[0]:
        rate = f"{question.seconds:g} s at {question.fps:g} frames a second are {shape[0]}"
        raise Refusal(f"returned {len(found)} new frames; {rate}, without those that were given")
    return found


def features_of(model: Any, frames: UInt8[np.ndarray, "t h w 3"], timeout: float) -> dict[str, np.ndarray]:
    """Each layer's features, (t, ...) finite numbers. Raises Refusal, with what was wrong."""
    found = within(timeout, lambda: layers_in(model.features(frames.copy())))
    if not found:
        raise Refusal("its features have no layer")
    return found


def layers_in(layers: Any) -> dict[str, np.ndarray]:
    """Layers as arrays. Raises Refusal for what is no dictionary of finite numbers."""
    if not isinstance(layers, Mapping):
        raise Refusal(f"features must be {{layer: array}}: got {type(layers).__name__}")
    found = {str(name): np.asarray(rows, float) for name, rows in layers.items()}
    for name, rows in found.items():
        if not rows.size or not np.isfinite(rows).all():
            raise Refusal(f"its features {name!r} are NaN or infinite, or none: shape {rows.shape}")
    return found


class _Stopped(BaseException):
    """Raised in a thread whose time is over."""


def within(seconds: float, work: Callable[[], Value]) -> Value:
    """What `work` returns. Raises Refusal where it raises, or takes longer; then it is told to stop, and left alone if
    it cannot hear (foreign code that never returns)."""
    found: list[Value] = []
    wrong: list[BaseException] = []

    def run() -> None:
        try:
            found.append(work())
        except _Stopped:
            pass
        except BaseException as error:  # a model may raise anything, SystemExit too
            wrong.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_Stopped))
        raise Late(f"gave no answer in {seconds:g} s")
    if wrong:
        raise _crash(wrong[0]) from wrong[0]
    return found[0]


def alarmed(seconds: float, work: Callable[[], Value]) -> Value:
    """As `within`, in this thread, which what draws by OpenGL needs; outside the main thread nothing ends its time."""
    timed = threading.current_thread() is threading.main_thread() and hasattr(signal, "setitimer")

    def stop(number: int, frame: Any) -> None:
        raise _Stopped

    before = signal.signal(signal.SIGALRM, stop) if timed else None
    try:
        if timed:
            signal.setitimer(signal.ITIMER_REAL, seconds)
        return work()
    except _Stopped as error:
        raise Late(f"gave no answer in {seconds:g} s") from error
    except Refusal:
        raise
    except Exception as error:
        raise _crash(error) from error
    finally:
        if timed:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


def _crash(error: BaseException) -> Refusal:
    if isinstance(error, Refusal):
        return error
    return Refusal(f"crashed: {type(error).__name__}: {' '.join(str(error).split())[:200]}")
