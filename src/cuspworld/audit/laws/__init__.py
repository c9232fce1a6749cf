"""The laws, one folder each, made of checks. Importing this package alone imports nothing heavy.

A law's folder has its checks in `CHECKS`, in the order in which they are named in the report. `register` adds a
user's own.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from cuspworld.errors import CuspError
from cuspworld.laws import Law

if TYPE_CHECKING:
    from cuspworld.audit.laws.check import Check

_registered: dict[str, Check] = {}


def checks() -> tuple[Check, ...]:
    """Every check, law by law: the package's own, then those that were registered."""
    result: list[Check] = []
    for law in Law:
        result += import_module(f"cuspworld.audit.laws.{law.value}").CHECKS
        result += [check for check in _registered.values() if check.law == law]
    return tuple(result)


def register(check: Check) -> Check:
    """Let a check of your own join every audit of this process.

    Raises CuspError where it has no curve of its own (the package's curves are the package's checks'), or where a check
    of this name is there already (`unregister` takes a registered one out).
    """
    if check.curve is None:
        raise CuspError(
            f"the check {check.name!r} has no curve: give it one, Check(curve=Curve(centre, slope)), where centre is "
            "the strength at which it is as likely wrong as right"
        )
    if check.name in {other.name for other in checks()}:
        raise CuspError(f"there is a check {check.name!r} already: take another name, or unregister({check.name!r})")
    _registered[check.name] = check
    return check


def unregister(name: str) -> None:
    """Take a registered check out again. Raises CuspError where none of this name was registered."""
    if name not in _registered:
        raise CuspError(f"no check {name!r} was registered: there are {', '.join(_registered) or 'none'}")
    del _registered[name]
