"""Late reports without compilation: small triangles, draws around the sampler's center, fits.

Models whose coverage is learned are drawn in the same way.
"""

from __future__ import annotations

import datetime
from typing import Any

import numpy as np
import xarray

from estimation.diagnostics.verdicts import Verdict
from estimation.fit.nuts import Sampled, completed
from estimation.fit.tree import to_tree
from estimation.summaries.losses import Losses
from models import Model
from models.late import Late
from models.learned import Learned
from models.losses import Walk
from models.reports import Reports, period_after
from models.triangle import Triangle
from tests.drawn_by_hand import sound_statistics

#: Names of four months by delay; what is not yet past is zero.
COUNTS = np.array([[60, 30, 10, 5], [70, 30, 12, 0], [66, 35, 0, 0], [80, 0, 0, 0]])


def monthly(**changes: Any) -> Reports:
    """Return a triangle of the four months to April 2024."""
    first = datetime.date(2024, 1, 1)
    periods = tuple(period_after(first, i, "month") for i in range(4))
    usual = {"counts": COUNTS[:, :, None], "periods": periods, "step": "month",
             "as_of": periods[-1]}  # fmt: skip
    return Reports(**{**usual, **changes})


def late_model(reports: Reports | None = None, **parts: Any) -> Model:
    """Return a model of late reports with a horizon of two periods."""
    triangle = Triangle(reports or monthly(), **{"horizon": 2, **parts})
    return Model(Walk(), {"names": triangle})


def sample_late_by_hand(
    model: Model, draws: int = 100, *, chains: int = 4, seed: int = 1, spread: float = 1.0,
    **_: Any,
) -> Sampled:  # fmt: skip
    """Return draws of the normal approximation that the sampler begins with.

    Parameters
    ----------
    model : Model
        Of a triangle, or one whose coverage is learned.
    draws, chains, seed : int
        As of `estimation.fit.nuts.sample_graph`.
    spread : float
        Factor of the standard deviations.
    """
    assert isinstance(model.joint, Late | Learned)
    data, rng = model.graph_data(), np.random.default_rng(seed)
    center, factor = np.asarray(data["center"]), np.asarray(data["factor"])
    position = spread * rng.standard_normal((chains * draws, center.size))
    return Sampled({"latent": center + position @ factor.T}, sound_statistics(chains, draws, rng))


def late_tree(model: Model, draws: int = 100) -> xarray.DataTree:
    """Return the fit of such a model, of one chain."""
    sampled = sample_late_by_hand(model, draws, chains=1)
    estimands, unknowns = completed(model, sampled, 1)
    return to_tree(
        model, estimands, unknowns, sampled.statistics, engine="nuts", seed=1,
        settings={"chains": 1, "draws": draws, "tune": 0}, densities=False,
    )  # fmt: skip


def late_losses(model: Model, draws: int = 100) -> Losses:
    """Return the losses of such a fit."""
    return Losses(late_tree(model, draws), verdict=Verdict(()))
