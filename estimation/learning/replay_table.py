"""How often intervals of a replay held, and how wide they were, by what was foretold and how."""

from __future__ import annotations

import dataclasses

import numpy as np

from estimation.learning.replay import LearnedReplay


@dataclasses.dataclass(frozen=True)
class Kept:
    """What became of the forecasts of one method of one thing.

    Parameters
    ----------
    what, method : str
    forecasts, targets : int
        Forecasts, and the numbers that they foretold: those of one number are no independent
        trials.
    inside, error : float
        Share of 95 % intervals that held what came, and its binomial standard error, that of two
        more hits and two more misses, since all or none would else have none.
    width, width_of_new : float
        Medians of the width of the interval over what came, and over what came beyond what was
        known.
    off : float
        Median of the distance of the median from what came, over what came.
    wis : float
        Mean weighted interval score, deaths.
    """

    what: str
    method: str
    forecasts: int
    targets: int
    inside: float
    error: float
    width: float
    width_of_new: float
    off: float
    wis: float


def kept(found: LearnedReplay) -> tuple[Kept, ...]:
    """Return a row for each thing that was foretold and each method."""
    pairs = dict.fromkeys((row.what, row.method) for row in found.rows)
    result = []
    for what, method in sorted(pairs):
        rows = [row for row in found.rows if (row.what, row.method) == (what, method)]
        inside, size = sum(row.inside for row in rows), len(rows)
        share = (inside + 2) / (size + 4)
        off = [abs(row.score.median / row.score.truth - 1) for row in rows]
        result.append(Kept(
            what, method, size, len({row.until for row in rows}), inside / size,
            float(np.sqrt(share * (1 - share) / (size + 4))),
            float(np.median([row.width for row in rows])),
            float(np.median([row.width_of_new for row in rows])), float(np.median(off)),
            float(np.mean([row.score.wis for row in rows])),
        ))  # fmt: skip
    return tuple(result)


def of_target(found: LearnedReplay, what: str) -> tuple[LearnedReplay, ...]:
    """Return a replay of each number that was foretold, in the order of its day."""
    days = sorted({row.until for row in found.rows if row.what == what})
    return tuple(
        dataclasses.replace(
            found, rows=tuple(row for row in found.rows if (row.what, row.until) == (what, day))
        )
        for day in days
    )
