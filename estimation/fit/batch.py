"""Many tasks: one after the other, or by any executor; what fails is kept with its reason.

Tasks are pure: their randomness comes from their own seed and name, and what they keep has a name
that follows from their content.  Order, parallel work and repetition therefore change nothing.
"""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Hashable, Iterator, Mapping
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, as_completed
from pathlib import Path
from typing import TYPE_CHECKING, Any

from estimation.errors import Interrupted, UndercountError
from estimation.fit.cluster import Cluster, LostCluster
from estimation.fit.engine import Engine, Plan, as_store, plan
from estimation.fit.stop import stop, working_for
from estimation.fit.store import Refit, Store
from estimation.progress import STARTED, Progress, Tell, silent, watch

if TYPE_CHECKING:
    import xarray

    from models.model import Model


def run_tasks[Name: Hashable](
    function: Callable[..., Any], tasks: Mapping[Name, tuple[Any, ...]], *,
    executor: Executor | None = None, store: Store | None = None,
    done: Callable[[Name, Any], None] = lambda name, result: None,
) -> dict[Name, Any]:  # fmt: skip
    """Call a function for each task.

    Parameters
    ----------
    function : callable
        For processes: importable by its name.
    tasks : mapping
        Arguments, by the name of the task.
    executor : concurrent.futures.Executor, optional
        Any; without one the tasks run here, one after the other.
    store : Store, optional
        Where tasks keep their results; named in the message of an interruption.
    done : callable
        Told name and result of each task as it ends; what it raises ends the batch.

    Returns
    -------
    dict
        Results in the order of the tasks; an `UndercountError` where a task raised one.

    Raises
    ------
    Interrupted
        On Ctrl-C.
    UndercountError
        If a worker process died, or the scheduler of a cluster was lost.
    """
    results: dict[Name, Any] = {}
    batch = uuid.uuid4().hex
    futures: dict[Future[Any], Name] = {}
    try:
        if executor is None:
            for name, task in tasks.items():
                results[name] = _attempt(batch, function, task)
                done(name, results[name])
        else:
            for name, result in _shared_out(executor, batch, function, tasks, futures):
                results[name] = result
                done(name, result)
    except KeyboardInterrupt:
        raise Interrupted(_how_to_go_on(len(results), len(tasks), store)) from None
    except (BrokenExecutor, CancelledError) as error:
        kept = f"; {len(results)} of {len(tasks)} are kept" if store else ""
        raise _broken(error, kept) from error
    finally:
        if len(results) < len(tasks):
            stop(batch)
            if isinstance(executor, Cluster):
                executor.stop(batch)
            for future in futures:
                future.cancel()
    return {name: results[name] for name in tasks}


def _shared_out[Name: Hashable](
    executor: Executor, batch: str, function: Callable[..., Any],
    tasks: Mapping[Name, tuple[Any, ...]], futures: dict[Future[Any], Name],
) -> Iterator[tuple[Name, Any]]:  # fmt: skip
    """Yield names and results as they come; `futures` are those that are still to come."""
    for name, task in tasks.items():
        futures[executor.submit(_attempt, batch, function, _anywhere(task))] = name
    suspects: list[Name] = []
    for future in as_completed(futures):
        # neither we nor a cluster need to hold what was handed on
        name = futures.pop(future)
        if _killed(future):
            suspects.append(name)
            continue
        result = future.result()
        del future
        yield name, result
    # who waited beside a task that kills its worker is blamed as well: each again, alone
    for name in suspects:
        future = executor.submit(_attempt, batch, function, _anywhere(tasks[name]))
        futures[future] = name
        guilty = _killed(future)
        del futures[future]
        yield name, _deadly() if guilty else future.result()


def _killed(future: Future[Any]) -> bool:
    """Wait for a task and return whether a Dask cluster gave it up because workers died of it."""
    error = future.exception()
    # whoever works by a cluster has imported it
    return error is not None and isinstance(
        error, getattr(sys.modules.get("distributed"), "KilledWorker", ())
    )


def _deadly() -> UndercountError:
    return UndercountError(
        "every worker of the cluster that began this died", where="executor",
        why="it may need more memory than a worker has",
        remedy="see the logs of the workers, or run it without a cluster",
    )  # fmt: skip


def _broken(error: Exception, kept: str) -> UndercountError:
    if isinstance(error, (LostCluster, CancelledError)):
        return UndercountError(
            f"the scheduler of the cluster was lost{kept}", where="executor",
            why="it was stopped, or the network failed",
            remedy="run it again when it is back",
        )  # fmt: skip
    return UndercountError(
        f"a worker process died{kept}", where="executor",
        why="it was killed, or the memory was short",
        remedy="run it again, with fewer workers",
    )  # fmt: skip


def _anywhere(task: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a task for workers that may stand in another folder than we."""
    return tuple(
        Store(part.folder.absolute()) if isinstance(part, Store) else part for part in task
    )


def _attempt(batch: str, function: Callable[..., Any], task: tuple[Any, ...]) -> Any:
    try:
        with working_for(batch):
            return function(*task)
    except UndercountError as error:
        return error


def _how_to_go_on(done: int, total: int, store: Store | None) -> str:
    said = f"interrupted with {done} of {total} done"
    if store is None:
        return f"{said}; nothing is kept without a store"
    return f"{said} and kept in {store.folder}; run the same command again to go on"


def fit_many(
    models: Mapping[str, Model], engine: Engine = "auto", *, draws: int | None = None,
    chains: int = 4, tune: int | None = None, cores: int | None = None, seed: int = 1,
    store: Store | str | Path | None = None, refit: Refit = "on_change",
    executor: Executor | None = None, tell: Tell = silent,
) -> dict[str, xarray.DataTree | UndercountError]:  # fmt: skip
    """Fit many models; they share random numbers.

    Parameters
    ----------
    models : mapping of Model
        By name.
    engine, draws, chains, tune, cores, seed, store, refit
        See `estimation.fit.engine.fit`; with an executor each fit takes one core.
    executor : concurrent.futures.Executor, optional
        Any: threads share compiled models, processes serve exact work.  The results do not depend
        on it.
    tell : callable
        Told how far the batch is, as `Progress`.

    Returns
    -------
    dict
        By name the fit, or the error that ended it.
    """
    plans = {
        name: plan(model, engine, draws=draws, chains=chains, tune=tune, seed=seed)
        for name, model in models.items()
    }
    found = carry_out(
        plans, store=as_store(store), refit=refit, executor=executor, cores=cores, tell=tell
    )
    return {
        name: one if isinstance(one, UndercountError) else one[0] for name, one in found.items()
    }


def carry_out(
    plans: Mapping[str, Plan], *, store: Store | None = None, refit: Refit = "on_change",
    executor: Executor | None = None, cores: int | None = None, tell: Tell = silent,
    done: Callable[[str, Any], None] = lambda name, result: None,
) -> dict[str, tuple[xarray.DataTree, str] | UndercountError]:  # fmt: skip
    """Carry out plans; return by name the fit and its origin ("stored" or "made"), or its error.

    `done` is told name and result of each as it ends; what it raises ends the batch.
    """
    counted = 0

    def end(name: str, result: Any) -> None:
        nonlocal counted
        counted += 1
        stage = "failed" if isinstance(result, UndercountError) else result[1]
        tell(Progress(name, stage, counted, len(plans)))
        done(name, result)

    tasks: dict[str, tuple[Any, ...]]
    if executor is not None:
        tasks = {name: (one, store, refit, 1, "", silent) for name, one in plans.items()}
    else:
        tasks = {name: (one, store, refit, cores, name, tell) for name, one in plans.items()}
    return run_tasks(_carry_out_one, tasks, executor=executor, store=store, done=end)


def _carry_out_one(
    planned: Plan, store: Store | None, refit: Refit, cores: int | None, name: str, tell: Tell
) -> tuple[xarray.DataTree, str]:
    tell(Progress(name, STARTED))
    return planned.obtain(store, refit, cores, watch(tell, name))
