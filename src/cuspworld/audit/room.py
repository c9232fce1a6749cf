"""What `cuspworld.audit` is: a module that can be called. Its class is written down for type checkers, which know no
module that can."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

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

    Module = object  # to type checkers a ModuleType has every attribute
else:
    Module = ModuleType


class Room(Module):
    """`audit(clip)` is `audit.audit_clip(clip)`; the public names are attributes and load on first use.

    As annotations the classes come from the module: `from cuspworld.audit import Report`.
    """

    if TYPE_CHECKING:
        __call__ = staticmethod(audit_clip)
        Bars, Check, Curve, Finding, Measurement = Bars, Check, Curve, Finding, Measurement
        PhysicsIQ, Report, Suspect = PhysicsIQ, Report, Suspect
        audit_clip, audit_frames = staticmethod(audit_clip), staticmethod(audit_frames)
        checks, register, unregister = staticmethod(checks), staticmethod(register), staticmethod(unregister)
        compare, physics_iq = staticmethod(compare), staticmethod(physics_iq)
        recalibrated = staticmethod(recalibrated)
        schema, write_page = staticmethod(schema), staticmethod(write_page)
    else:

        def __call__(self, clip: Any, **options: Any) -> Any:
            return self.audit_clip(clip, **options)

        def __getattr__(self, name: str) -> Any:
            homes: Mapping[str, str] = self.__dict__["_HOMES"]
            if name in homes:
                return getattr(import_module(homes[name]), name)
            raise AttributeError(f"module 'cuspworld.audit' has no attribute {name!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        # importing the file compare.py would otherwise put that module in the place of the function `compare`
        if not (name in self.__dict__["_HOMES"] and isinstance(value, ModuleType)):
            super().__setattr__(name, value)

    def __dir__(self) -> list[str]:
        names: list[str] = self.__dict__["__all__"]
        return names
