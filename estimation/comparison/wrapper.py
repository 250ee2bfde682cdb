"""Exact leave-one-out by refits, in the form that ArviZ asks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from arviz_stats import SamplingWrapper

from estimation.comparison.masked import Found, HeldOut, Settings, carry_out_held_out, without
from estimation.errors import UndercountError
from models.model import Model


class Refits(SamplingWrapper):  # type: ignore[misc]
    """Refits without one cell each, for `arviz_stats.reloo`.

    They are made before ArviZ asks, so that an executor can work on them side by side.

    Parameters
    ----------
    tree : xarray.DataTree
        Log likelihoods of the fit to all cells, with one dimension "point".
    found : mapping
        By point, what the fit without it says.
    """

    def __init__(self, tree: Any, found: Mapping[int, Found]) -> None:
        super().__init__(model=None, idata_orig=tree)
        self._found = found

    def sel_observations(self, idx: Any) -> tuple[int, int]:
        """Return what a fit is asked for by: the point that it goes without."""
        return int(idx), int(idx)

    def sample(self, modified_observed_data: int) -> Found:
        """Return the fit without a point."""
        return self._found[modified_observed_data]

    def get_inference_data(self, fitted_model: Found) -> Found:
        """Return the fit as it is: only its log densities are asked for."""
        return fitted_model

    def log_likelihood__i(self, excluded_obs: int, idata__i: Found) -> Any:
        """Return the log density of the left-out count under each draw, (chain, draw)."""
        import xarray

        return xarray.DataArray(idata__i.arrays["log_density"], dims=("chain", "draw"))


def refit_without(model: Model, points: Mapping[int, int], settings: Settings) -> dict[int, Found]:
    """Fit a model once without each of some cells.

    Parameters
    ----------
    model : Model
    points : mapping
        By point, its cell in the order of the table's rows.
    settings : Settings
    """
    cells = model.base.cells
    if cells is None:
        raise TypeError("a single number has no cells")
    asked: dict[int, HeldOut | UndercountError] = {}
    for point, cell in points.items():
        hidden = np.zeros(cells.shape, bool)
        hidden.flat[cell] = True
        try:
            planned = settings.plan(without(model, hidden))
            asked[point] = HeldOut(planned, cells, "cell", cell)
        except UndercountError as error:
            asked[point] = error
    return carry_out_held_out(asked, settings)
