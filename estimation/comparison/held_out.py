"""Held-out future and held-out strata: what models predict of counts they were not fitted on."""

from __future__ import annotations

import dataclasses
import datetime
import itertools
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimation.comparison.masked import Found, HeldOut, Settings, carry_out_held_out, without
from estimation.comparison.refusals import refuse_incomparable, refuse_unassigned
from estimation.comparison.scoring import score
from estimation.errors import InvalidValueError, RefusedError, UndercountError, UsageError
from estimation.fit.engine import as_store
from estimation.fit.nuts import TUNE
from estimation.fit.store import Refit, Store
from estimation.progress import Tell, silent
from models.cells import Cells
from models.model import Model

#: Periods that a walk is fitted on at least.
_FEWEST = 8


@dataclasses.dataclass(frozen=True)
class Fold:
    """One model, fitted once without some cells.

    Parameters
    ----------
    model : str
    fold : str
        The first period, or the stratum, held out.
    log_density : float
        Log predictive density of all that was held out, together; not a number if it failed.
    error : float
        Its Monte Carlo error.
    each : (horizon,) array
        Log predictive densities of single periods (not a number where nobody looked), or of the
        stratum's total.
    predicted : (draw, horizon) integers
        Predictive draws of all names of a period, or of the stratum.
    truth : (horizon,) integers
        The counts held out.
    failed : str
        Why the fold failed; empty if it did not.
    """

    model: str
    fold: str
    log_density: float
    error: float
    each: NDArray[np.float64]
    predicted: NDArray[np.int64]
    truth: NDArray[np.int64]
    failed: str = ""


@dataclasses.dataclass(frozen=True)
class Difference:
    """A model against the best one, over the folds that all models have.

    Parameters
    ----------
    elpd, se : float
        Sum of log predictive densities, and its standard error over folds.
    difference, difference_se : float
        To the best model, with the standard error of the paired differences.
    """

    elpd: float
    se: float
    difference: float
    difference_se: float


@dataclasses.dataclass(frozen=True)
class HeldOutComparison:
    """Predictions of held-out counts by several models.

    Parameters
    ----------
    kind : {"future", "stratum"}
    folds : tuple of Fold
        Failed ones too.
    asked : int
        Folds a model that were asked for.
    shared : tuple of str
        Folds that no model failed: the ranking rests on them.
    differences : dict of Difference
        By model, best first; empty if no fold is shared.
    """

    kind: str
    folds: tuple[Fold, ...]
    asked: int
    shared: tuple[str, ...]
    differences: dict[str, Difference]

    def of(self, model: str) -> tuple[Fold, ...]:
        """Return the folds of a model."""
        return tuple(one for one in self.folds if one.model == model)

    def elpd_by_fold(self) -> dict[str, dict[str, float]]:
        """Return log predictive densities by model and fold; not a number where one failed."""
        found: dict[str, dict[str, float]] = {}
        for one in self.folds:
            found.setdefault(one.model, {})[one.fold] = one.log_density
        return found

    def scores(self) -> list[dict[str, Any]]:
        """Return scores of the counts that were predicted: a row a model, fold and period ahead."""
        rows = []
        for one in self.folds:
            for ahead in np.flatnonzero(np.isfinite(one.each)).tolist():
                found = score(one.predicted[:, ahead], float(one.truth[ahead]))
                place = {"model": one.model, "fold": one.fold, "ahead": ahead + 1}
                rows.append(place | dataclasses.asdict(found))
        return rows

    def says(self) -> str:
        """Return what the ranking rests on."""
        unit = "cutoffs" if self.kind == "future" else "strata"
        said = f"rests on {len(self.shared)} of {self.asked} {unit}"
        broken = [one for one in self.folds if one.failed]
        if broken:
            said += f"; {len(broken)} fits failed, the first ({broken[0].model}, {broken[0].fold})"
            said += f" because {broken[0].failed}"
        return said


def leave_future_out(
    models: Mapping[str, Model], horizon: int = 4, folds: int = 8,
    earliest: int | datetime.date | None = None, *, draws: int | None = None, chains: int = 4,
    tune: int = TUNE, seed: int = 1, cores: int | None = None,
    store: Store | str | Path | None = None, refit: Refit = "on_change",
    executor: Executor | None = None, tell: Tell = silent,
) -> HeldOutComparison:  # fmt: skip
    """Compare models by the joint density of the next counts, given those up to a cutoff.

    Parameters
    ----------
    models : mapping of Model
        By name; of one table with periods.
    horizon : int
        Periods that are predicted at each cutoff.
    folds : int
        Cutoffs, evenly spread from the earliest to the last possible; fewer if their horizons
        would overlap, for then they would not be independent.
    earliest : int or datetime.date, optional
        Periods before the first cutoff, or the first day predicted there; half of all by default.
    draws, chains, tune, seed, cores, store, refit, executor, tell
        See `estimation.fit.batch.fit_many`.

    Raises
    ------
    RefusedError
        If a ranking would be made up, or names stand outside the cells.
    InvalidValueError
        If the table is too short.
    """
    refuse_incomparable(models)
    refuse_unassigned(models, "leave-future-out")
    cells = _cells(models)
    if not cells.periods:
        raise InvalidValueError(
            "the table has no periods", where="models", why="there is no future to hold out",
            remedy="compare by leave-one-out or leave-stratum-out",
        )  # fmt: skip
    for word, value, least in (("horizon", horizon, 1), ("folds", folds, 2)):
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise UsageError(f"must be {least} or more, not {value!r}", where=word)
    cutoffs = _cutoffs(cells, horizon, folds, earliest)
    settings = Settings(draws, chains, tune, seed, cores, as_store(store), refit, executor, tell)
    asked: dict[tuple[str, str], HeldOut | UndercountError] = {}
    for (name, model), first in itertools.product(models.items(), cutoffs):
        hidden = np.zeros(cells.shape, bool)
        hidden[first:] = True
        day = cells.periods[first].isoformat()
        asked[name, day] = _asked(model, hidden, "future", first, horizon, settings)
    return _comparison("future", asked, settings)


def leave_stratum_out(
    models: Mapping[str, Model], strata: Sequence[str] | None = None, *, draws: int | None = None,
    chains: int = 4, tune: int = TUNE, seed: int = 1, cores: int | None = None,
    store: Store | str | Path | None = None, refit: Refit = "on_change",
    executor: Executor | None = None, tell: Tell = silent,
) -> HeldOutComparison:  # fmt: skip
    """Compare models by the density of all names of a stratum, given those of the others.

    Parameters
    ----------
    models : mapping of Model
        By name; of one table with strata.
    strata : sequence of str, optional
        Which; all that are pooled and observed by default.
    draws, chains, tune, seed, cores, store, refit, executor, tell
        See `estimation.fit.batch.fit_many`.

    Raises
    ------
    RefusedError
        If a ranking would be made up, names stand outside the cells, or a stratum is apart.
    InvalidValueError
        If there is no such stratum.
    """
    refuse_incomparable(models)
    refuse_unassigned(models, "leave-stratum-out")
    cells = _cells(models)
    pooled = np.all([_cells({name: model}).pooled for name, model in models.items()], axis=0)
    if not cells.strata:
        raise InvalidValueError(
            "the table has no strata", where="models",
            remedy="compare by leave-one-out or leave-future-out",
        )  # fmt: skip
    usable = [name for i, name in enumerate(cells.strata)
              if pooled[i] and cells.observed[:, i].any()]  # fmt: skip
    chosen = list(dict.fromkeys(usable if strata is None else strata))
    for name in chosen:
        if name not in cells.strata:
            raise InvalidValueError(f"no stratum {name!r}", where="strata")
        if name not in usable:
            raise RefusedError(
                f"{name!r} is apart or was never observed", where="strata",
                why="nothing links it to the others, so that no model predicts it",
            )  # fmt: skip
    if len(chosen) < 2:
        raise InvalidValueError("fewer than two strata to hold out", where="strata")
    settings = Settings(draws, chains, tune, seed, cores, as_store(store), refit, executor, tell)
    asked: dict[tuple[str, str], HeldOut | UndercountError] = {}
    for (name, model), stratum in itertools.product(models.items(), chosen):
        column = cells.strata.index(stratum)
        hidden = np.zeros(cells.shape, bool)
        hidden[:, column] = True
        asked[name, stratum] = _asked(model, hidden, "stratum", column, 0, settings)
    return _comparison("stratum", asked, settings)


def _asked(
    model: Model, hidden: NDArray[np.bool_], kind: str, index: int, horizon: int, settings: Settings
) -> HeldOut | UndercountError:
    cells = _cells({"": model})
    try:
        planned = settings.plan(without(model, hidden))
    except UndercountError as error:  # what is left may determine nothing
        return error
    if kind == "future":
        return HeldOut(planned, cells, "future", index, horizon)
    return HeldOut(planned, cells, "stratum", index)


def _cutoffs(
    cells: Cells, horizon: int, folds: int, earliest: int | datetime.date | None
) -> list[int]:
    """Return the first held-out period of each fold."""
    periods = len(cells.periods)
    if isinstance(earliest, datetime.date):
        first = sum(day < earliest for day in cells.periods)
    elif earliest is None:
        first = max(_FEWEST, periods // 2)
    elif isinstance(earliest, bool) or not isinstance(earliest, int):
        raise UsageError(f"must be periods or a date, not {earliest!r}", where="earliest")
    else:
        first = earliest
    last = periods - horizon
    if first < _FEWEST or last < first:
        raise InvalidValueError(
            f"{periods} periods leave no cutoff from {first} on with {horizon} to predict",
            where="earliest",
            remedy=f"a shorter horizon, or at least {_FEWEST} periods before the first cutoff",
        )  # fmt: skip
    # horizons that overlap are no folds of their own: fewer cutoffs are taken instead
    most = min(folds, 1 + (last - first) // horizon)
    spread = np.unique(np.linspace(first, last, most).round().astype(int)).tolist()
    observed = cells.observed.any(axis=1)
    found = [one for one in spread if observed[one : one + horizon].any()]
    if len(found) < 2:
        raise InvalidValueError(
            f"{len(found)} cutoffs can be had", where="folds",
            why="a standard error needs two at least", remedy="an earlier first cutoff",
        )  # fmt: skip
    return found


def _comparison(
    kind: str, asked: dict[tuple[str, str], HeldOut | UndercountError], settings: Settings,
) -> HeldOutComparison:  # fmt: skip
    found = carry_out_held_out(asked, settings)
    folds = tuple(_fold(*name, one) for name, one in found.items())
    names = list(dict.fromkeys(one.fold for one in folds))
    broken = {one.fold for one in folds if one.failed}
    shared = tuple(name for name in names if name not in broken)
    differences = _differences(folds, shared)
    return HeldOutComparison(kind, folds, len(names), shared, differences)


def _fold(model: str, fold: str, found: Found) -> Fold:
    if found.failed:
        none = np.zeros(0, np.int64)
        return Fold(
            model, fold, np.nan, np.nan, np.zeros(0), none.reshape(0, 0), none, found.failed
        )
    arrays = found.arrays
    return Fold(
        model, fold, float(arrays["joint"]), float(arrays["error"]), arrays["each"],
        arrays["predicted"], arrays["truth"],
    )  # fmt: skip


def _differences(folds: Sequence[Fold], shared: Sequence[str]) -> dict[str, Difference]:
    if not shared:
        return {}
    by_model: dict[str, list[float]] = {}
    for one in folds:
        if one.fold in shared:
            by_model.setdefault(one.model, []).append(one.log_density)
    values = {name: np.array(one) for name, one in by_model.items()}
    order = sorted(values, key=lambda name: -values[name].sum())
    best = values[order[0]]
    return {
        name: Difference(
            float(values[name].sum()), _error(values[name]),
            float((values[name] - best).sum()), _error(values[name] - best),
        )
        for name in order
    }  # fmt: skip


def _error(values: NDArray[np.float64]) -> float:
    """Return the standard error of the sum of values; of a single one it is not known."""
    return float(np.sqrt(values.size) * values.std(ddof=1)) if values.size > 1 else float("nan")


def _cells(models: Mapping[str, Model]) -> Cells:
    cells = next(iter(models.values())).base.cells
    if cells is None:
        raise TypeError("a single number has no cells")
    return cells
