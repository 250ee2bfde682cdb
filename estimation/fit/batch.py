"""Many tasks: one after the other, or by any executor; what fails is kept with its reason.

Tasks are pure: their randomness comes from their own seed and name, and what they keep has a name
that follows from their content.  Order, parallel work and repetition therefore change nothing.
"""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import BrokenExecutor, Executor, as_completed
from typing import TYPE_CHECKING, Any

from estimation.errors import Interrupted, UndercountError
from estimation.fit.stop import stop, working_for
from estimation.fit.store import Refit, Store

if TYPE_CHECKING:
    import xarray

    from estimation.fit.engine import Plan


@dataclasses.dataclass(frozen=True)
class Progress:
    """How far a batch is.

    Parameters
    ----------
    name : str
        The task.
    stage : {"started", "sampling", "stored", "made", "failed"}
    done, total : int
        Draws of that task while it is sampling, else tasks of the batch.
    divergences : int
        So far, while sampling.
    """

    name: str
    stage: str
    done: int
    total: int
    divergences: int = 0


Tell = Callable[[Progress], None]


def silent(_: Progress) -> None:
    """Tell nothing."""


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
        If a worker process died.
    """
    results: dict[Name, Any] = {}
    batch = uuid.uuid4().hex
    futures = {}
    try:
        if executor is None:
            for name, task in tasks.items():
                results[name] = _attempt(batch, function, task)
                done(name, results[name])
        else:
            futures = {
                executor.submit(_attempt, batch, function, task): name
                for name, task in tasks.items()
            }
            for future in as_completed(futures):
                name = futures[future]
                results[name] = future.result()
                done(name, results[name])
    except KeyboardInterrupt:
        raise Interrupted(_how_to_go_on(len(results), len(tasks), store)) from None
    except BrokenExecutor as error:
        kept = f"; {len(results)} of {len(tasks)} are kept" if store else ""
        raise UndercountError(
            f"a worker process died{kept}", where="executor",
            why="it was killed, or the memory was short",
            remedy="run it again, with fewer workers",
        ) from error  # fmt: skip
    finally:
        if len(results) < len(tasks):
            stop(batch)
            for future in futures:
                future.cancel()
    return {name: results[name] for name in tasks}


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
    plans: Mapping[str, Plan], *, store: Store | None = None, refit: Refit = "on_change",
    executor: Executor | None = None, cores: int | None = None, tell: Tell = silent,
    done: Callable[[str, Any], None] = lambda name, result: None,
) -> dict[str, tuple[xarray.DataTree, str] | UndercountError]:  # fmt: skip
    """Fit many models.

    Parameters
    ----------
    plans : mapping of Plan
        What to fit, by name; see `estimation.fit.engine.plan`.
    store, refit
        See `estimation.fit.engine.fit`.
    executor : concurrent.futures.Executor, optional
        Any; with one, each fit takes one core.
    cores : int, optional
        Cores of one fit by NUTS; all without an executor.
    tell : callable
        Told how far the batch is.
    done : callable
        Told name and result of each fit as it ends.

    Returns
    -------
    dict
        By name the fit and its origin ("stored" or "made"), or the error that ended it.
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
        tasks = {name: (plan, store, refit, 1, "", silent) for name, plan in plans.items()}
    else:
        tasks = {name: (plan, store, refit, cores, name, tell) for name, plan in plans.items()}
    return run_tasks(_fit_one, tasks, executor=executor, store=store, done=end)


def _fit_one(
    plan: Plan, store: Store | None, refit: Refit, cores: int | None, name: str, tell: Tell
) -> tuple[xarray.DataTree, str]:
    if tell is silent:
        return plan.obtain(store, refit, cores)
    tell(Progress(name, "started", 0, 0))
    return plan.obtain(
        store, refit, cores, lambda *counts: tell(Progress(name, "sampling", *counts))
    )
