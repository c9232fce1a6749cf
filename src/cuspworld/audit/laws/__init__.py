"""The laws, one file each. `registry()` imports them; importing this package alone imports nothing heavy."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from cuspworld.laws import Law as Name

if TYPE_CHECKING:
    from cuspworld.audit.laws.base import Law


_HOMES = {
    "permanence": "permanence.jumps",
    "gravity": "gravity.flights",
    "inertia": "inertia.velocity",
    "contact": "contact.meetings",
    "conservation": "conservation.coupled_amounts",
    "cause": "cause.starts",
    "consistency": "consistency.gluing",
}


def registry() -> list[Law]:
    """Every law, in the order of the report. Each module of this package has one `LAW`."""
    return [import_module(f"cuspworld.audit.laws.{_HOMES.get(name, name)}").LAW for name in Name]
