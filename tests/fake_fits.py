"""Small posteriors made by hand: what `Losses` reads of a fit, without fitting anything."""

from __future__ import annotations

import datetime
import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray

from estimation.diagnostics.verdicts import Verdict
from estimation.summaries.losses import UNKNOWN, Losses
from models.cells import next_period


def periods_from(first: str, step: str, size: int) -> list[datetime.date]:
    """Return the first days of so many periods."""
    found = [datetime.date.fromisoformat(first)]
    while len(found) < size:
        found.append(next_period(found[-1], step))
    return found


def fake_tree(
    deaths: Any, *, first: str = "", step: str = "", strata: Sequence[str] = (),
    observed: Any = None, confirmed: Any = None, undated: Sequence[int] | None = None,
    as_of: str = "", log_walk: Any = None, **labels: Any,
) -> xarray.DataTree:  # fmt: skip
    """Return a fit with one chain.

    Parameters
    ----------
    deaths : (draw, n_period, n_stratum) integers
        With a last row of unknown period if there are undated names.
    first, step : str
        First day of the first period, and length of each; none by default.
    strata : sequence of str
    observed : (n_period, n_stratum) integers, optional
        The table; one name a cell by default.
    confirmed : as deaths, optional
        Names that are not simply the table.
    undated : (n_stratum,) integers, optional
    as_of : str
    log_walk : (draw, n_period) numbers, optional
    **labels
        Of the table: dating, partial, exposure, apart.
    """
    deaths = np.asarray(deaths)
    size = deaths.shape[1] - (undated is not None)
    days = [day.isoformat() for day in periods_from(first, step, size)] if step else []
    coords: dict[str, Any] = {"chain": [0], "draw": np.arange(deaths.shape[0])}
    if step:
        coords["period"] = days + [UNKNOWN] * (undated is not None)
    if strata:
        coords["stratum"] = list(strata)
    dims = ("chain", "draw", *(["period"] if step else []), *(["stratum"] if strata else []))
    keep = (None, slice(None), slice(None) if step else 0, slice(None) if strata else 0)
    variables: dict[str, Any] = {
        "deaths": (dims, deaths[keep]),
        "total": (("chain", "draw"), deaths.sum(axis=(1, 2))[None]),
    }
    if confirmed is not None:
        variables["confirmed"] = (dims, np.asarray(confirmed)[keep])
    if log_walk is not None:
        period = "period" if undated is None else "dated_period"
        variables["log_walk"] = (("chain", "draw", period), np.asarray(log_walk)[None])
    names = np.ones((size, deaths.shape[2]), int) if observed is None else np.asarray(observed)
    table = {"step": step, "dating": "death", "partial": False, "apart": [], "names": "names",
             "exposure": None} | labels  # fmt: skip
    count = {"undated": list(undated) if undated is not None else [0] * deaths.shape[2]}
    tree = xarray.DataTree.from_dict(
        {
            "posterior": xarray.Dataset(variables, coords=coords),
            "observed_data": xarray.Dataset({"names": (("row", "column"), names)}),
        }
    )
    tree.attrs = {
        "table": json.dumps(table), "as_of": as_of,
        "model": json.dumps({"evidence": {"names": {"count": count}}}),
    }  # fmt: skip
    return tree


def fake_losses(deaths: Any, *, prob: float = 0.9, **parts: Any) -> Losses:
    """Return the losses of a fit that passed its checks; see `fake_tree`."""
    return Losses(fake_tree(deaths, **parts), prob, verdict=Verdict(()))


def flat_losses(total: Any, names: int = 100, *, prob: float = 0.9) -> Losses:
    """Return the losses of a model without a table."""
    total = np.asarray(total)
    dims = ("chain", "draw")
    variables = {"total": (dims, total[None]), "observed": (dims, np.full((1, total.size), names))}
    tree = xarray.DataTree.from_dict({"posterior": xarray.Dataset(variables)})
    tree.attrs = {"table": "null", "as_of": ""}
    return Losses(tree, prob, verdict=Verdict(()))


def draws_of(*cells: Any, draws: int = 50) -> np.ndarray:
    """Return (draw, n_period, 1) deaths: a number for a known period, an array for draws."""
    return np.stack([np.broadcast_to(one, draws) for one in cells], axis=1)[:, :, None]
