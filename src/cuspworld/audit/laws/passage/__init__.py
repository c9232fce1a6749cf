"""Critical passage: a scene does not jump from one steady state to another without the passage between."""

from cuspworld.audit.laws.passage.as_read import READ
from cuspworld.audit.laws.passage.skipped import SKIPPED, SUDDEN

CHECKS = (SKIPPED, SUDDEN, READ)
