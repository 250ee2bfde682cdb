"""The fit behind a nowcast, its draws, and how they are kept."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from estimation.diagnostics.gate import tree_verdict
from estimation.diagnostics.verdicts import Check, Thresholds, Verdict
from estimation.fit import nuts
from estimation.fit.engine import plan
from estimation.fit.key import code_digest, engine_versions
from estimation.fit.record import Record
from estimation.fit.store import Refit, Store, obtain
from estimation.fit.tree import to_tree
from estimation.nowcasts.windows import padded
from estimation.progress import Watch
from models.losses import Walk, walk_pooled
from models.model import Model
from models.reports import Reports
from models.triangle import Delays, Triangle

if TYPE_CHECKING:
    import xarray


#: A replay judges its fits more mildly: each is one of many, and has few draws.  Divergences are
#: told, and its scores say how good it was.
REPLAY_THRESHOLDS = Thresholds(rhat=1.05, ess=100, mcse=0.2, divergences=0.01)

#: What the numbers of a kept nowcast depend on, beside models and fits.
_CODE = ("estimation/nowcasts/fits.py",)


@dataclasses.dataclass(frozen=True)
class Sampler:
    """How a nowcast is sampled.

    Parameters
    ----------
    chains, draws, tune : int
        Chains; draws and warm-up draws of each (the engine's defaults if none).
    seed : int
    target_accept : float, optional
        Mean acceptance of fits that are not kept whole; what suits the model by default.
    """

    chains: int = nuts.CHAINS
    draws: int | None = None
    tune: int | None = None
    seed: int = 1
    target_accept: float | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class Drawn:
    """What a nowcast takes of a fit.

    Parameters
    ----------
    total : (draw,) integers, deaths
        All names that will ever be on the list, those without a period too.
    names : (draw, n_period, n_stratum) integers, deaths
        Those of each period; one column without strata.
    reported : (draw, n_period, n_stratum) probabilities
        That a name of the period has been reported by now.
    moment_order : float
        Order below which moments of names exist.
    """

    total: NDArray[np.int64]
    names: NDArray[np.int64]
    reported: NDArray[np.float64]
    moment_order: float = np.inf


def late_model(reports: Reports, drift: float | None) -> Model:
    """Return the model of late reports under which the whole list is foreseen.

    Parameters
    ----------
    reports : Reports
    drift : float, optional
        Scale of the change of delays in calendar time; none by default.
    """
    losses = walk_pooled() if len(reports.strata) > 1 else Walk()
    return Model(losses, {"names": Triangle(reports, delays=Delays(drift=drift))})


def fit_tree(
    reports: Reports, drift: float | None, sampler: Sampler, *, store: Store | None = None,
    refit: Refit = "on_change", cores: int | None = None, progress: Watch | None = None,
    densities: bool = True,
) -> tuple[xarray.DataTree, tuple[dict[str, str], ...]]:  # fmt: skip
    """Return the fit, and what the model assumes as plain data.

    Parameters
    ----------
    reports : Reports
    drift : float, optional
    sampler : Sampler
    store, refit, cores, progress
        See `estimation.fit.engine.fit`.
    densities : bool
        Whether the fit holds densities a cell; without them it is not kept.
    """
    model = late_model(reports, drift)
    planned = plan(
        model, "nuts", draws=sampler.draws, chains=sampler.chains, tune=sampler.tune,
        seed=sampler.seed,
    )  # fmt: skip
    assumed = tuple(dataclasses.asdict(one) for one in model.assumptions())
    if densities:
        return planned.obtain(store, refit, cores, progress)[0], assumed
    settings = planned.settings
    draws, unknowns, statistics = nuts.nuts_draws(
        model, settings["draws"], tune=settings["tune"], chains=settings["chains"], cores=cores,
        seed=sampler.seed, progress=progress, target_accept=sampler.target_accept,
    )  # fmt: skip
    tree = to_tree(
        model, draws, unknowns, statistics, engine="nuts", seed=sampler.seed, settings=settings,
        densities=False,
    )  # fmt: skip
    return tree, assumed


def drawn(tree: xarray.DataTree) -> Drawn:
    """Return what a nowcast takes of a fit."""
    posterior = tree["posterior"].to_dataset()

    def flat(name: str) -> np.ndarray:
        # names without a period have none of their own: then the axis has another name
        dims = [one for one in ("period", "dated_period", "stratum") if one in posterior[name].dims]
        values = posterior[name].transpose("chain", "draw", *dims).to_numpy()
        return values.reshape(values.shape[0] * values.shape[1], *values.shape[2:])

    names, reported = flat("eventual_names"), flat("reported_by_now")
    orders = json.loads(tree.attrs.get("moment_orders", "{}"))
    return Drawn(
        flat("eventual").astype(np.int64), names.reshape(*names.shape[:2], -1).astype(np.int64),
        reported.reshape(*reported.shape[:2], -1), orders.get("eventual", np.inf),
    )  # fmt: skip


def keep_names(
    reports: Reports, periods: int, drift: float | None, sampler: Sampler, store: Store | None,
    refit: Refit, cores: int | None, progress: Watch | None = None,
) -> tuple[NDArray[np.int64], Verdict, str]:  # fmt: skip
    """Return draws of the names of each period, and keep them; for processes too.

    Parameters
    ----------
    reports : Reports
    periods : int
        Of the model; missing ones are put in front and not returned.
    drift : float, optional
    sampler : Sampler
    store, refit, cores, progress
        See `estimation.fit.engine.fit`.

    Returns
    -------
    names : (draw, n_period) integers, deaths
    verdict : Verdict
    origin : {"stored", "made"}
    """
    made_of = {
        "kind": "nowcast", "reports": reports.content(), "step": reports.step,
        "first": reports.periods[0].isoformat(), "as_of": reports.as_of.isoformat(),
        "strata": len(reports.strata), "periods": periods, "drift": drift,
        "settings": dataclasses.asdict(sampler), "versions": engine_versions("nuts"),
        "code": code_digest(*_CODE),
    }  # fmt: skip

    def make() -> Record:
        tree, _ = fit_tree(
            padded(reports, periods), drift, sampler, cores=cores, progress=progress,
            densities=False,
        )  # fmt: skip
        names = drawn(tree).names.sum(axis=2)[:, -len(reports.periods) :]
        checks = tree_verdict(tree, 0.9, REPLAY_THRESHOLDS).checks
        meta = {"checks": [json.dumps(dataclasses.asdict(check)) for check in checks]}
        return Record(made_of, meta, {"names": names})

    record, origin = obtain(store, refit, made_of, make)
    checks = tuple(Check(**json.loads(one)) for one in record.meta["checks"])
    return record.arrays["names"], Verdict(checks), origin
