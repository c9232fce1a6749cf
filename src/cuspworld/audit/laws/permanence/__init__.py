"""Permanence: things do not appear or vanish away from the frame's edge and behind nothing."""

from cuspworld.audit.laws.permanence.as_read import READ
from cuspworld.audit.laws.permanence.colours import GONE, NEW
from cuspworld.audit.laws.permanence.jumps import APPEARS, SUDDEN, VANISHES
from cuspworld.audit.laws.permanence.more_come_out import MORE_COME_OUT
from cuspworld.audit.laws.permanence.plain_ground import PLAIN_GROUND

CHECKS = (PLAIN_GROUND, APPEARS, VANISHES, SUDDEN, GONE, NEW, MORE_COME_OUT, READ)
