"""Simulated lists and the ranks of their truths, in chunks that are kept and can be shared out.

Unknowns are drawn, a list is simulated from them, the model is fitted to the list, and the rank of
each true value among its posterior draws is kept (Talts et al. 2018,
https://doi.org/10.48550/arXiv.1804.06788).  Proper priors are drawn from; the scale prior cannot
be, so that rates are fixed at 10^2 to 10^6 and only shares are drawn; where coverage is learned
they are fixed around what the list says, and all else is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from typing import Any

import numpy as np

from estimation.errors import (
    InvalidValueError,
    NotEstimableError,
    UndercountError,
    UsageError,
)
from estimation.fit.batch import run_tasks
from estimation.fit.engine import Engine, plan
from estimation.fit.exact import exact_draws
from estimation.fit.key import code_digest, content_key, engine_versions
from estimation.fit.nuts import nuts_draws
from estimation.fit.record import Record
from estimation.fit.store import Refit, Store, obtain
from estimation.progress import Progress, Tell, silent
from estimation.randomness import integer, stream
from models.learned import Learned
from models.model import Model
from models.overlapping import Overlapping

#: Fixed rates (expected deaths) under the scale prior.
RATES = (1e2, 1e3, 1e4, 1e5, 1e6)

#: Fixed mean rates of a cell of a table (expected deaths).
CELL_RATES = (50.0, 500.0)

#: Where coverage is learned: rates, relative to what the list says, spread evenly as the scale
#: prior is; errors of other evidence have a size of their own, so that no rate stands for all.
LEARNED_RATES = tuple(np.geomspace(0.25, 4.0, 10))

#: Simulations of one task: seconds of work, so that little is lost when it is interrupted.
CHUNK = 100

#: Simulations a model if none are asked for, by engine.
SIMULATIONS = {"exact": 4000, "nuts": 400}

#: Expected names of a simulated list at the low end of coverage; higher rates than 10^2 if needed.
_FEWEST = 40

#: Posterior draws a simulation, and the NUTS settings that give as many.
_SETTINGS = {"draws": 1000, "chains": 4, "tune": 500}


def simulated_ranks(
    models: Mapping[str, Model], simulations: int | None, seed: int, engine: Engine = "auto", *,
    executor: Executor | None = None, store: Store | None = None, refit: Refit = "on_change",
    tell: Tell = silent,
) -> dict[str, tuple[dict[str, np.ndarray], int]]:  # fmt: skip
    """Return, by model, ranks in (0, 1) of each unknown and how many lists had no posterior.

    Parameters
    ----------
    models : mapping of Model
        Their data are replaced by simulated ones.
    simulations : int, optional
        How many a model, 100 or more; 4,000 by exact draws and 400 by NUTS if not stated.  A larger
        number goes on where a smaller one ended.
    seed : int
    engine : {"auto", "exact", "nuts"}
    executor : concurrent.futures.Executor, optional
        Works on chunks of simulations.
    store, refit
        Where chunks are kept; see `estimation.fit.engine.fit`.
    tell : callable
        Told how many chunks are done.

    Returns
    -------
    dict
        ranks, a dict of (simulation,) arrays, and the number refused.
    """
    if simulations is not None and simulations < 100:
        raise UsageError(
            f"{simulations} simulations say nothing", where="simulations", remedy="100 or more"
        )
    here = executor is None
    tasks: dict[tuple[str, int], tuple[Any, ...]] = {}
    for name, model in models.items():
        chosen = plan(model, engine).engine
        size = simulations or SIMULATIONS[chosen]
        for start in range(0, size, CHUNK):
            tasks[name, start] = (model, chosen, seed, start, min(CHUNK, size - start), store,
                                  refit, None if here else 1)  # fmt: skip
    counted = 0

    def done(name: tuple[str, int], result: Any) -> None:
        if isinstance(result, UndercountError):
            raise result.inside(name[0])
        nonlocal counted
        counted += 1
        tell(Progress(name[0], result[2], counted, len(tasks)))

    results = run_tasks(_chunk, tasks, executor=executor, store=store, done=done)
    found = {}
    for name in models:
        chunks = [result for (owner, _), result in results.items() if owner == name]
        ranks = {key: np.concatenate([chunk[0][key] for chunk in chunks]) for key in chunks[0][0]}
        if not ranks or not next(iter(ranks.values())).size:
            raise NotEstimableError("no simulated list has a posterior", where=name)
        found[name] = (ranks, sum(chunk[1] for chunk in chunks))
    return found


def _chunk(
    model: Model, engine: str, seed: int, start: int, size: int, store: Store | None,
    refit: Refit, cores: int | None,
) -> tuple[dict[str, np.ndarray], int, str]:  # fmt: skip
    """Return ranks of the simulations from `start` on, the number refused, and the origin."""
    made_of = {
        "kind": "ranks", "model": model.content(), "engine": engine, "seed": seed, "start": start,
        "size": size, "settings": _SETTINGS, "versions": engine_versions(engine),
        "code": code_digest(),
    }  # fmt: skip

    def make() -> Record:
        ranks, refused = _ranks(model, engine, seed, start, size, cores)
        return Record(made_of, {"refused": refused}, ranks)

    record, origin = obtain(store, refit, made_of, make)
    return record.arrays, int(record.meta["refused"]), origin


def _ranks(
    model: Model, engine: str, seed: int, start: int, size: int, cores: int | None
) -> tuple[dict[str, np.ndarray], int]:
    simulated = _simulated(model, seed, start)
    truth = model.joint.rank_quantities(simulated)
    draws, chains, tune = (_SETTINGS[key] for key in ("draws", "chains", "tune"))
    rows: list[list[float]] = []
    refused = 0
    for i in range(size):
        replaced = _with_data(model, simulated, i)
        if replaced is None:
            refused += 1
            continue
        own = str(start + i)
        one = integer(seed, "simulation", own)
        if engine == "nuts":
            found, _, _ = nuts_draws(
                replaced, draws // chains, tune=tune, chains=chains, seed=one, cores=cores
            )
        else:
            found = exact_draws(replaced, draws, one)
        posterior = replaced.joint.rank_quantities(found)
        rng = stream(seed, "ranks", own)
        rows.append([_rank(truth[name][i], posterior[name], rng) for name in truth])
    columns = np.array(rows).reshape(len(rows), len(truth)).T
    return dict(zip(truth, columns, strict=True)), refused


def _with_data(model: Model, simulated: Mapping[str, np.ndarray], index: int) -> Model | None:
    """Return the model with the data of one simulation; None if they cannot be fitted."""
    joint = model.joint
    try:
        of = (
            joint.simulated_data(simulated, index) if isinstance(joint, Learned | Overlapping)
            else {model.base_name: joint.simulated_data(simulated, index)}
        )  # fmt: skip
        return model.replace_all(
            {f"{name}.{model.evidence[name].data_field}": one for name, one in of.items()}
        )
    except NotEstimableError:
        return None
    except InvalidValueError:
        # rows and ages of few deaths are refused for their data alone: the rest is as calibrated
        if isinstance(joint, Learned):
            return None
        raise


def _simulated(model: Model, seed: int, start: int) -> dict[str, np.ndarray]:
    # models get simulations of their own, so that their verdicts are independent; a chunk that is
    # cut short has the same first ones
    rng = stream(seed, "truth", content_key(**model.content()), str(start))
    if isinstance(model.joint, Learned | Overlapping):
        rate = _listed_rate(model, model.joint)
        return model.simulate(rng, CHUNK, rate * np.resize(LEARNED_RATES, CHUNK))
    if not model.joint.scale_free:
        return model.simulate(rng, CHUNK)
    if model.base.cells is not None:
        return model.simulate(rng, CHUNK, np.resize(CELL_RATES, CHUNK))
    # below some fifty names a list is too small a number for ranks under fixed rates to be uniform
    lowest = _FEWEST / float(model.base.coverage.quantile(0.001))
    return model.simulate(rng, CHUNK, np.maximum(np.resize(RATES, CHUNK), lowest))


def _listed_rate(model: Model, joint: Learned | Overlapping) -> float:
    """Return the deaths of a period or stratum that the lists and the belief on them speak of."""
    if isinstance(joint, Overlapping):  # its rate is that of listed persons
        return model.base.names / joint.form.strata
    deaths = model.base.names * model.base.precision.mean() / model.base.coverage.quantile(0.5)
    return float(deaths) / max(1, len(joint.listed.periods))


def _rank(truth: float, draws: np.ndarray, rng: np.random.Generator) -> float:
    """Return the rank of the truth among the draws, in (0, 1); ties are broken at random."""
    below = np.count_nonzero(draws < truth)
    ties = np.count_nonzero(draws == truth)
    return float((below + rng.random() * (ties + 1)) / (draws.size + 1))
