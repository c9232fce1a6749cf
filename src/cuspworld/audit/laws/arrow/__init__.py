"""The arrow of time: what cannot be undone does not undo itself.

Friction and impact take energy out of motion, and pieces scatter. So: a bounce does not return faster than it came;
many pieces do not come together; a scene at rest does not burst into its strongest motion and then gently calm down
to another rest (an impact, seen backwards).
"""

from cuspworld.audit.laws.arrow.as_read import READ
from cuspworld.audit.laws.arrow.bounces import BOUNCE_GAINS
from cuspworld.audit.laws.arrow.bursts import BURSTS
from cuspworld.audit.laws.arrow.pieces import GATHERS

CHECKS = (BURSTS, GATHERS, BOUNCE_GAINS, READ)
