"""Is this video physically possible? Findings with time, place, law, evidence and uncertainty.

`cuspworld.audit(clip)` calls this room (it is a module that can be called: the same as `cuspworld.audit.audit_clip`),
and `cuspworld.audit.physics_iq`, `.Report`, `.Finding`, `.compare` and the others below are its public names. They
load on first use.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, cast

from cuspworld.audit.room import Room

_HOMES = {
    "Bars": "cuspworld.audit.bars",
    "Check": "cuspworld.audit.laws.check",
    "Curve": "cuspworld.audit.calibration",
    "Suspect": "cuspworld.audit.laws.check",
    "checks": "cuspworld.audit.laws",
    "register": "cuspworld.audit.laws",
    "unregister": "cuspworld.audit.laws",
    "Finding": "cuspworld.audit.finding",
    "Measurement": "cuspworld.audit.finding",
    "Report": "cuspworld.audit.report",
    "compare": "cuspworld.audit.compare",
    "physics_iq": "cuspworld.audit.judges.physics_iq",
    "PhysicsIQ": "cuspworld.audit.judges.physics_iq",
    "audit_clip": "cuspworld.audit.run",
    "audit_frames": "cuspworld.audit.run",
    "recalibrated": "cuspworld.audit.recalibration",
    "schema": "cuspworld.audit.report",
    "write_page": "cuspworld.audit.pages.page",
}

__all__ = [
    "Bars",
    "Check",
    "Curve",
    "Finding",
    "Measurement",
    "PhysicsIQ",
    "Report",
    "Suspect",
    "audit_clip",
    "audit_frames",
    "checks",
    "compare",
    "physics_iq",
    "recalibrated",
    "register",
    "schema",
    "unregister",
    "write_page",
]

if TYPE_CHECKING:
    from cuspworld.audit.bars import Bars
    from cuspworld.audit.calibration import Curve
    from cuspworld.audit.compare import compare
    from cuspworld.audit.finding import Finding, Measurement
    from cuspworld.audit.judges.physics_iq import PhysicsIQ, physics_iq
    from cuspworld.audit.laws import checks, register, unregister
    from cuspworld.audit.laws.check import Check, Suspect
    from cuspworld.audit.pages.page import write_page
    from cuspworld.audit.recalibration import recalibrated
    from cuspworld.audit.report import Report, schema
    from cuspworld.audit.run import audit_clip, audit_frames

sys.modules[__name__].__class__ = cast(Any, Room)
