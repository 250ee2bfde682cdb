"""Rows of estimates: median, mean, interval and quantiles of draws, in the form of the output."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

#: The quantiles that every row holds, for scoring.
QUANTILES = (0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975)


def estimate_rows(
    draws: Mapping[str, np.ndarray],
    prob: float,
    *,
    constants: Collection[str] = (),
    moment_orders: Mapping[str, float] | None = None,
    method: str = "",
    index: Mapping[str, str] | None = None,
) -> list[dict[str, Any]]:
    """Return one row an estimand, the total first.

    Parameters
    ----------
    draws : mapping of arrays
        Estimands; all axes are draws.
    prob : float
        Level of the equal-tailed interval.
    constants : collection of str
        Estimands taken as known; left out, except for the total.
    moment_orders : mapping of str to float, optional
        Order below which moments exist: mean and sd are None where they do not.
    method, index : str, mapping
        What tells rows of one name apart.
    """
    levels = ((1 - prob) / 2, (1 + prob) / 2)
    rows = []
    for name, values in draws.items():
        if name in constants and name != "total":
            continue
        order = (moment_orders or {}).get(name, np.inf)
        low, high, *quantiles = (
            float(q) for q in np.quantile(values, [*levels, *QUANTILES], axis=None)
        )
        rows.append(
            {
                "name": name,
                "method": method,
                "index": dict(index or {}),
                "median": quantiles[QUANTILES.index(0.5)],
                "mean": float(np.mean(values)) if order > 1 else None,
                "sd": float(np.std(values, ddof=1)) if order > 2 else None,
                "low": low,
                "high": high,
                "quantiles": {str(p): q for p, q in zip(QUANTILES, quantiles, strict=True)},
            }
        )
    return rows
