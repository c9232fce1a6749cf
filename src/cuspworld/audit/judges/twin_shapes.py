"""The shapes that the taught judge and its network share."""

from __future__ import annotations

from cuspworld.laws import Law

SIDE = 96  # pixels: the side at which clips are looked at, whatever their shape
GRID = 12  # cells a side, of 8x8 pixels
LOOK = 8  # cells a side of how a clip looks
RATE = 24.0  # frames a second that are taught; half of it too
STRONGEST = 9  # cells whose mean logit is a clip's
LAWS = tuple(
    law for law in Law if law is not Law.STILLNESS
)  # the laws that a twin can break, in the order of the logits
