"""Past nowcasts with what became of them: values that are scored and drawn."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from estimation.diagnostics.verdicts import Verdict

#: The methods of a replay.
MODEL, CHAIN_LADDER, AS_REPORTED = "model", "chain ladder", "as reported"


@dataclasses.dataclass(frozen=True, eq=False)
class Past:
    """The nowcasts of one date, for the periods whose final counts are known now.

    Parameters
    ----------
    as_of : datetime.date
    periods : tuple of datetime.date
        First days.
    known, final : (n_target,) integers, deaths
        Names known then, and known now, with delays up to the longest.
    draws : mapping of (draw, n_target) integers
        By method; "as reported" has one draw, the names known then.
    verdict : Verdict or None
        Of the fit; none of the chain ladder.
    """

    as_of: datetime.date
    periods: tuple[datetime.date, ...]
    known: NDArray[np.int64]
    final: NDArray[np.int64]
    draws: Mapping[str, NDArray[np.int64]]
    verdict: Verdict | None


@dataclasses.dataclass(frozen=True, eq=False)
class Replay:
    """Past nowcasts with what became of them; see `estimation.nowcasts.scores`.

    Parameters
    ----------
    title : str
    pasts : tuple of Past
        By date.
    failed : dict of str to str
        Reasons, by date.
    max_delay, window, last : int
    step : str
    every : int
        Steps between dates, the fewest.
    seed : int
    notes : tuple of str
    assumptions : tuple of mapping
        statement, if_false and because of each, as of a nowcast.
    """

    title: str
    pasts: tuple[Past, ...]
    failed: dict[str, str]
    max_delay: int
    window: int
    last: int
    step: str
    every: int
    seed: int
    notes: tuple[str, ...]
    assumptions: tuple[Mapping[str, str], ...] = ()

    @property
    def methods(self) -> tuple[str, ...]:
        """Return the methods that made a forecast at any date, the first one first."""
        return tuple(dict.fromkeys(name for past in self.pasts for name in past.draws))
