"""Tests of a method on tables whose answer is known, and of how much it owes to each list.

The persons of one list are a population of known size: of these, the other lists see some, and a
method is asked how many there are.  A method that fails here, on the same lists, is hardly to be
trusted with persons on none of them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from estimation.overlap.methods import REFUSALS
from estimation.summaries.overlap import OverlapEstimate
from models.lists.patterns import Patterns

Method = Callable[[Patterns], OverlapEstimate]

#: Fewer persons of a list on others say too little of a method.
FEWEST = 30

#: With fewer other lists nothing is left to compare.
_FEWEST_LISTS = 3


def self_test(
    patterns: Patterns, methods: dict[str, Method], prob: float = 0.95
) -> list[dict[str, Any]]:
    """Ask methods for the size of each list, given its persons on other lists.

    Parameters
    ----------
    patterns : Patterns
        Strata are summed.
    methods : dict of str to callable
    prob : float
        Level of the intervals.

    Returns
    -------
    list of dict
        list, method, truth, observed (on other lists), median, low, high, holds (whether the
        interval does; of a lower bound, that it is not surely above), refused (why there is no
        answer).

    References
    ----------
    .. [1] Binette, O. and Steorts, R. C. (2022). On the reliability of multiple systems estimation
       for the quantification of modern slavery. Journal of the Royal Statistical Society A 185(2),
       640-676. https://doi.org/10.1111/rssa.12803
    """
    if len(patterns.lists) < _FEWEST_LISTS or not patterns.complete:
        return []
    table = patterns.pooled()
    found = []
    for place, name in enumerate(table.lists):
        inside = table.on_list(name)
        if inside.observed < FEWEST:
            continue
        truth = int(table.list_totals[place])
        for method, ask in methods.items():
            found.append(
                {"list": name, "method": method, "truth": truth, "observed": inside.observed}
                | _asked(ask, inside, prob, truth)
            )
    return found


def _asked(ask: Method, table: Patterns, prob: float, truth: int | None) -> dict[str, Any]:
    empty = {"median": None, "low": None, "high": None, "refused": ""}
    if truth is not None:
        empty["holds"] = None
    try:
        estimate = ask(table)
    except REFUSALS as error:
        return {**empty, "refused": str(error)}
    row = estimate.row(prob)
    found = {**empty, **{key: row[key] for key in ("median", "low", "high")}}
    if truth is not None:
        found["holds"] = bool(row["low"] <= truth and (estimate.bound or truth <= row["high"]))
    return found


def left_out(
    patterns: Patterns, methods: dict[str, Method], prob: float = 0.95
) -> list[dict[str, Any]]:
    """Estimate the total without each list in turn.

    Parameters
    ----------
    patterns : Patterns
        Strata are summed.
    methods : dict of str to callable
    prob : float

    Returns
    -------
    list of dict
        list (left out), method, observed, median, low, high, refused.
    """
    if len(patterns.lists) < _FEWEST_LISTS or not patterns.complete:
        return []
    table = patterns.pooled()
    found = []
    for name in table.lists:
        rest = table.leave_out([name])
        for method, ask in methods.items():
            found.append(
                {"list": name, "method": method, "observed": rest.observed}
                | _asked(ask, rest, prob, None)
            )
    return found


def summarized(rows: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """Return by method how the tests went: lists asked, answered and held, and the mean log ratio.

    Parameters
    ----------
    rows : list of dict
        What `self_test` returned, of one or many tables.
    """
    found = {}
    for method in dict.fromkeys(row["method"] for row in rows):
        own = [row for row in rows if row["method"] == method]
        answered = [row for row in own if not row["refused"]]
        logs = np.array([math.log(row["median"] / row["truth"]) for row in answered])
        found[method] = {
            "asked": len(own), "answered": len(answered),
            "held": sum(row["holds"] for row in answered),
            "too_low": sum(row["high"] < row["truth"] for row in answered if not row["holds"]),
            "too_high": sum(row["low"] > row["truth"] for row in answered),
            "bias": float(logs.mean()) if logs.size else math.nan,
            "rmse": float(np.sqrt((logs**2).mean())) if logs.size else math.nan,
        }  # fmt: skip
    return found
