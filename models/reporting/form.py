"""Which unknowns a model of late reports has, and where each stands in one vector.

All unknowns stand in one vector of unbounded coordinates, `latent`, so that the sampler can work on
a rotated and stretched copy of it (see models/reporting/anchor.py).  Blocks that begin with "log_"
are logs of scales with half-normal priors; blocks in `HEAVY` are arsinh of standard Student's t
variables, whose tails are too long for a sampler as they are; all others are standard normal, but
for the level, which is free.
"""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
from numpy.typing import NDArray

#: Blocks of arsinh of standard Student's t variables, and the scale that multiplies each.
HEAVY = {"step": "log_step", "delay": "log_delay_step", "shock": "log_shock"}

#: Blocks of standard normals that a scale with a prior of its own multiplies.
NORMAL = {
    "drift": "log_drift", "effect": "log_spread", "own": "log_own_step",
    "stratum_delay": "log_stratum_delay",
}  # fmt: skip

#: Numbers of the priors, in the order in which the graph holds them.
PRIORS = (
    "log_step", "log_noise", "log_delay_step", "log_shock", "log_drift", "log_spread",
    "log_own_step", "log_stratum_delay",  # scales of half-normals
    "first", "first_spread", "walk_drift", "report_weekday", "event_weekday", "delay_weekday",
    "step_tail", "delay_tail", "shock_tail",
)  # fmt: skip

#: Delays whose hazard has a weekly rhythm of its own beside that of all delays.
EARLY = 2

#: Largest count up to which a table of log gamma functions is faster than the function.
SMALL_COUNT = 600


@dataclasses.dataclass(frozen=True)
class Form:
    """The shape of a model of late reports.

    Parameters
    ----------
    periods, delays, strata, reports : int
        Sizes; report periods are counted from the first period of death to the last one seen.
    weekly : bool
        Whether there are effects of weekdays (daily tables).
    drift : bool
        Whether hazards drift in calendar time.
    walk_drift : bool
        Whether the walk of rates has a constant drift.
    own : bool
        Whether strata have walks of their own.
    small : bool
        Whether all counts are so small that a table of log gamma functions serves.
    sparse : bool
        Whether most dates are without publication, and hazards are alike but on the others.
    publications : int
        Dates with a publication; read of sparse forms, which have a shock for these alone.
    """

    periods: int
    delays: int
    strata: int
    reports: int
    weekly: bool
    drift: bool
    walk_drift: bool
    own: bool
    small: bool
    sparse: bool = False
    publications: int = 0

    @functools.cached_property
    def blocks(self) -> dict[str, slice]:
        """Return where each block of unknowns stands in the vector."""
        found: dict[str, slice] = {}
        start = 0
        for name, size in self._sizes():
            found[name] = slice(start, start + size)
            start += size
        return found

    @property
    def size(self) -> int:
        """Return the length of the vector of unknowns."""
        return sum(size for _, size in self._sizes())

    @property
    def early(self) -> int:
        """Return how many delays have a weekly rhythm of their own."""
        return min(EARLY, self.delays - 1) if self.weekly else 0

    def _sizes(self) -> list[tuple[str, int]]:
        sizes = [
            ("level", 1), ("log_step", 1), ("step", self.periods - 1), ("log_noise", 1),
            ("first", 1), ("log_delay_step", 1), ("delay", self.delays - 2),
            ("log_shock", 1), ("shock", self.publications if self.sparse else self.reports),
        ]  # fmt: skip
        if self.walk_drift:
            sizes.append(("walk_drift", 1))
        if self.weekly:
            sizes += [("report_weekday", 6), ("event_weekday", 6), ("delay_weekday", 6)]
            sizes += [(f"delay_weekday_{delay}", 6) for delay in range(self.early)]
        if self.drift:
            sizes += [("log_drift", 1), ("drift", self.reports - 1)]
        if self.strata > 1:
            sizes += [("log_spread", 1), ("effect", self.strata)]
            sizes += [("log_stratum_delay", 1), ("stratum_delay", self.strata)]
        if self.own:
            sizes += [("log_own_step", 1), ("own", (self.periods - 1) * self.strata)]
        return [(name, size) for name, size in sizes if size > 0]


def weekday_contrasts() -> NDArray[np.float64]:
    """Return an orthonormal basis of seven effects that sum to zero, (7, 6)."""
    start = np.concatenate([np.ones((7, 1)), np.eye(7)[:, :6]], axis=1)
    basis = np.linalg.qr(start)[0][:, 1:]
    # signs are the library's choice: fix them
    return np.asarray(basis * np.sign(basis[np.abs(basis).argmax(axis=0), np.arange(6)]))
