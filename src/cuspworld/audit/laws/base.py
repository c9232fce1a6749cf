"""What every law is: a check of one shot's evidence that returns findings and suspicion, or says why it can't tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from cuspworld.audit.calibration import probability
from cuspworld.audit.evidence.scene import Scene
from cuspworld.audit.finding import SAID, Finding
from cuspworld.audit.observations.sudden_changes import Jump


@dataclass(frozen=True)
class Evidence:
    """`suspects`: everything that was found odd, each with its probability; those above one half become findings.

    `unchecked`: why the law could not be checked in this shot (then there are no suspects).
    """

    suspects: tuple[Finding, ...] = ()
    unchecked: str = ""

    @property
    def findings(self) -> list[Finding]:
        return [finding for finding in self.suspects if finding.probability >= SAID]

    @property
    def suspicion(self) -> float:
        """The probability of the strongest suspect; 0 where nothing is odd."""
        return max((finding.probability for finding in self.suspects), default=0.0)


def certainty(test: str, jump: Jump, share: float | int = 1.0) -> float:
    """The probability that a jump is a broken law, by how alone it is in its place or in the shot, times `share`."""
    return max(probability(test, jump.ratio * share), probability("sudden", jump.sudden * share))


@dataclass(frozen=True)
class Law:
    """A law of the registry: its name, what counts as a finding, and its check."""

    name: str
    counts: str
    check: Callable[[Scene], Evidence] = field(repr=False)
