"""The summary table of a fit, made by ArviZ behind the gate."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from estimation.diagnostics.gate import require, tree_verdict
from estimation.errors import UsageError

if TYPE_CHECKING:
    import pandas
    import xarray

#: Columns that rest on the second moment.
_SECOND_MOMENTS = ["sd", "mcse_mean", "mcse_sd"]


def summary(
    posterior: xarray.DataTree, prob: float = 0.95, *, accept: str | None = None
) -> pandas.DataFrame:
    """Return a table of all uncertain estimands.

    Parameters
    ----------
    posterior : xarray.DataTree
        What `fit` returned.
    prob : float
        Level of the equal-tailed interval.
    accept : str, optional
        Reason to report numbers although the fit failed its checks; kept in ``attrs["accepted"]``.

    Returns
    -------
    pandas.DataFrame
        One row an estimand, unrounded: median, mean, sd, interval (columns named by ArviZ, such as
        eti95_lb), Monte Carlo errors; R-hat and effective sizes only where chains were run.
        Moments that do not exist are missing values.

    Raises
    ------
    GateError
        If the fit failed its checks and no reason was given.
    UsageError
        If prob is not strictly between 0 and 1.
    """
    import arviz_stats
    import pandas

    if not 0 < prob < 1:
        raise UsageError(f"must lie strictly between 0 and 1, not {prob!r}", where="prob")
    verdict = require(tree_verdict(posterior, prob), accept)
    constants = json.loads(posterior.attrs["constants"])
    dataset = posterior["posterior"].to_dataset()
    dataset = dataset.drop_vars([name for name in constants if name != "total"], errors="ignore")
    exact = posterior.attrs["engine"] == "exact"
    options = {"ci_prob": prob, "ci_kind": "eti", "round_to": "none"}
    median = arviz_stats.summary(dataset, kind="stats_median", **options)
    # independent draws: chains are mere rows, so that R-hat and effective sizes would say nothing
    rest = arviz_stats.summary(dataset, kind="stats" if exact else "all", **options)
    table: pandas.DataFrame = pandas.concat([median[["median"]], rest], axis="columns")
    if exact:
        table["mcse_mean"] = table["sd"] / dataset["total"].size ** 0.5
    for name, order in json.loads(posterior.attrs["moment_orders"]).items():
        if name in table.index:
            if order <= 2:
                table.loc[name, [c for c in table.columns if c in _SECOND_MOMENTS]] = float("nan")
            if order <= 1:
                table.loc[name, "mean"] = float("nan")
    table.attrs = {"verdict": verdict.verdict, "accepted": verdict.accepted, "prob": prob}
    return table
