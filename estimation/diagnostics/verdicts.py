"""Verdicts as data: what was checked, the number, the threshold, a sentence, a remedy."""

from __future__ import annotations

import dataclasses
from typing import Any

PASS, INCONCLUSIVE, FAIL = "pass", "inconclusive", "fail"


@dataclasses.dataclass(frozen=True)
class Thresholds:
    """The limits of the gate.

    Parameters
    ----------
    rhat : float
        Largest R-hat.
    ess : float
        Smallest effective size, in bulk and in the tails.
    mcse : float
        Largest Monte Carlo error of a reported bound, as a share of the interval's width.
    divergences : float
        Share of divergent draws up to which the verdict is inconclusive; 0 passes.
    bfmi : float
        Smallest energy Bayesian fraction of missing information.
    depth : float
        Largest share of draws that hit the depth limit of the tree.
    """

    rhat: float = 1.01
    ess: float = 400
    mcse: float = 0.05
    divergences: float = 0.001
    bfmi: float = 0.3
    depth: float = 0.01


@dataclasses.dataclass(frozen=True)
class Check:
    """One check of a fit."""

    name: str
    verdict: str
    value: float
    threshold: float
    says: str
    remedy: str = ""


@dataclasses.dataclass(frozen=True)
class Verdict:
    """All checks of a fit and what follows from them."""

    checks: tuple[Check, ...]
    accepted: str = ""

    @property
    def verdict(self) -> str:
        """The worst verdict of the checks."""
        found = {check.verdict for check in self.checks}
        return FAIL if FAIL in found else INCONCLUSIVE if INCONCLUSIVE in found else PASS

    def failed(self) -> tuple[Check, ...]:
        """Return the checks that failed."""
        return tuple(check for check in self.checks if check.verdict == FAIL)

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        found: dict[str, Any] = {
            "verdict": self.verdict,
            "checks": [
                {name: value for name, value in dataclasses.asdict(check).items() if value != ""}
                for check in self.checks
            ],
        }
        if self.accepted:
            found["accepted"] = self.accepted
        return found
