"""Stillness: a scene in full motion does not freeze and go on, and no part of it does."""

from cuspworld.audit.laws.stillness.freezes import FREEZES
from cuspworld.audit.laws.stillness.thaws import THAWS

CHECKS = (FREEZES, THAWS)
