"""Physical parameters of a world: their ranges, their validation, and the three disjoint splits drawn from them.

train          every parameter in its training range, and no held-out pair of factors
out            at least one parameter in its out-of-range set, the others as in training, and no held-out pair
recombination  every parameter in its training range, and at least one held-out pair (factors never seen together)
"""

from __future__ import annotations

import difflib
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from cuspworld.checks import is_number
from cuspworld.errors import CuspError

SPLITS = ("train", "out", "recombination")
VARIED = "varied"  # the training split, filmed as is drawn from the seed (filming.py)

# One side of a held-out pair: (parameter name, a choice or an interval (low, high)).
Factor = tuple[str, Any]
HeldOut = tuple[tuple[Factor, Factor], ...]


@dataclass(frozen=True)
class Parameter:
    """One physical parameter: a number with a unit, or a choice among names.

    `train`: the training range (low, high), drawn uniformly. `out`: intervals outside it, for the out-of-range split.
    `bounds`: what physics allows at all; anything outside is refused. `default`: if given, training always uses it.
    `integer`: whole numbers only. `choices`, `out_choices`: for a parameter that is a name (or a number) from a list.
    """

    name: str
    unit: str
    doc: str
    train: tuple[float, float] | None = None
    out: tuple[tuple[float, float], ...] = ()
    bounds: tuple[float, float] = (-math.inf, math.inf)
    default: Any = None
    integer: bool = False
    choices: tuple[Any, ...] = ()
    out_choices: tuple[Any, ...] = ()

    @property
    def has_out(self) -> bool:
        return bool(self.out or self.out_choices)

    def draw(self, rng: np.random.Generator, out: bool = False) -> Any:
        """One value from the training set, or with `out` from the out-of-range set."""
        if self.choices:
            pool = self.out_choices if out else self.choices
            value = pool[int(rng.integers(len(pool)))]
            return self.default if self.default is not None and not out else value
        intervals = self.out if out else (self.train or (self.default, self.default),)
        lengths = np.array([high - low + self.integer for low, high in intervals], float)
        share = rng.random() * lengths.sum()
        index = int(np.searchsorted(np.cumsum(lengths), share, side="right").clip(0, len(lengths) - 1))
        low, high = intervals[index]
        within = rng.random()
        if self.default is not None and not out:
            return self.default
        return int(low + math.floor(within * (high - low + 1))) if self.integer else float(low + within * (high - low))

    def check(self, value: Any) -> Any:
        """The value in its plain Python type. Raises CuspError if physics or the type forbids it."""
        if self.choices:
            allowed = self.choices + self.out_choices
            if isinstance(value, np.generic):
                value = value.item()
            if isinstance(value, bool) or value not in allowed:
                raise CuspError(f"{self.name} must be one of {', '.join(map(str, allowed))}: got {value!r}")
            return value
        unit = "" if self.unit in ("", "1") else f" {self.unit}"
        if not is_number(value):
            known = f" in{unit}" if unit else ""
            raise CuspError(f"{self.name} must be a number{known}: got {value!r} ({type(value).__name__})")
        low, high = self.bounds
        if not (low <= value <= high and abs(value) <= sys.float_info.max):
            raise CuspError(f"{self.name} must be between {low:g} and {high:g}{unit}: got {value!r}")
        if self.integer and value != int(value):
            raise CuspError(f"{self.name} must be a whole number: got {value!r}")
        return int(value) if self.integer else float(value)


def one_of(what: str, value: Any, allowed: tuple[str, ...]) -> str:
    if value not in allowed:
        raise CuspError(f"{what} must be one of {', '.join(allowed)}: got {value!r}")
    return str(value)


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint for an unknown name: the nearest known ones, or all of them."""
    known = list(known)
    if not known:
        return "it has none"
    folded = {k.lower(): k for k in known}
    near = [folded[k] for k in difflib.get_close_matches(str(name).lower(), folded, n=3, cutoff=0.5)]
    return f"did you mean {' or '.join(map(repr, near))}?" if near else f"known: {', '.join(known)}"


def check_options(parameters: Mapping[str, Parameter], options: Mapping[str, Any]) -> dict[str, Any]:
    """Options by parameter name, validated one by one. Raises CuspError for unknown names and impossible values."""
    checked = {}
    for name, value in options.items():
        if name not in parameters:
            raise CuspError(f"no parameter {name!r}; {nearest(name, parameters)}")
        checked[name] = parameters[name].check(value)
    return checked


def matches(factor: Factor, values: Mapping[str, Any]) -> bool:
    """Whether the drawn values have this factor: the named choice, or a number in the interval [low, high]."""
    name, wanted = factor
    if isinstance(wanted, tuple):
        return bool(wanted[0] <= values[name] <= wanted[1])
    return bool(values[name] == wanted)


def split_of(parameters: Mapping[str, Parameter], held_out: HeldOut, values: Mapping[str, Any]) -> str | None:
    """The split that these values belong to, None where they belong to none (out of range and a held-out pair)."""
    outside = any(not _in_training(parameters[name], value) for name, value in values.items())
    paired = any(all(matches(side, values) for side in pair) for pair in held_out)
    return {(False, False): "train", (True, False): "out", (False, True): "recombination"}.get((outside, paired))


def _in_training(parameter: Parameter, value: Any) -> bool:
    if parameter.default is not None:
        return bool(value == parameter.default)
    if parameter.choices:
        return value in parameter.choices
    low, high = parameter.train or (-math.inf, math.inf)
    return bool(low <= value <= high)


def draw(
    parameters: Mapping[str, Parameter],
    held_out: HeldOut,
    split: str,
    rng: np.random.Generator,
    fixed: Mapping[str, Any],
    why_not: Callable[[dict[str, Any]], str] = lambda values: "",
) -> dict[str, Any]:
    """A value for every parameter: `fixed` where given, the rest drawn from `split`.

    Fixed values may lie anywhere in their bounds; the drawn ones keep the promise of the split. `why_not` says why
    values cannot exist together (empty if they can). Raises CuspError if the fixed values leave nothing to draw.
    """
    if split not in SPLITS:
        raise CuspError(f"split must be one of {', '.join(SPLITS)}: got {split!r}")
    if split == "recombination" and not held_out:
        raise CuspError("this world holds no pair of factors out: take split 'train' or 'out'")
    free = [name for name in parameters if name not in fixed]
    can_leave = [name for name in free if parameters[name].has_out]
    if split == "out" and not can_leave:
        raise CuspError("split 'out' needs at least one free parameter with an out-of-range set: fix fewer options")
    # a pair of which both sides are fixed was asked for, and is no reason to reject
    pairs = [pair for pair in held_out if not all(side[0] in fixed for side in pair)] if fixed else held_out
    reason = ""
    for _ in range(4000):
        leaving: set[str] = set()
        if split == "out":
            coins = rng.random(len(can_leave)) < 0.4
            coins[int(rng.integers(len(can_leave)))] = True
            leaving = {name for name, coin in zip(can_leave, coins, strict=True) if coin}
        values = {name: parameter.draw(rng, name in leaving) for name, parameter in parameters.items()}
        values.update(fixed)
        paired = any(all(matches(side, values) for side in pair) for pair in (held_out if split[0] == "r" else pairs))
        if paired == (split == "recombination") and not (reason := why_not(values)):
            return values
    raise CuspError(
        reason or f"the options {dict(fixed)} leave nothing to draw in split {split!r}: fix fewer, or change the split"
    )
