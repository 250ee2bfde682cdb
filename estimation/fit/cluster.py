"""A Dask cluster as an executor: greeted with a time limit, checked, and told to stop.

Dask's own executor is not used: it waits for ever for a result that was under way when the
scheduler went away.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import threading
import warnings
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from estimation.errors import DataError, RefusedError, UndercountError, UsageError
from estimation.fit.key import code_digest, engine_versions
from estimation.fit.stop import stop

if TYPE_CHECKING:
    import distributed

#: Seconds to wait for a scheduler, for its first worker, and for workers to hear of a stop.
_PATIENCE = 3.0

#: What logs to stderr on its own once `distributed` is imported; errors reach us as exceptions.
_LOGGERS = ("distributed", "distributed.client", "tornado", "tornado.application")


@contextlib.contextmanager
def connected(address: str, word: str) -> Iterator[distributed.Client]:
    """Yield a client of the scheduler at an address; it prints nothing.

    Parameters
    ----------
    address : str
        As in "tcp://127.0.0.1:8786".
    word : str
        What the user named, for messages.

    Raises
    ------
    UsageError
        If Dask is not installed.
    DataError
        If no scheduler answers.
    """
    import asyncio

    try:
        import distributed
    except ImportError:
        raise UsageError(
            "a cluster needs the package distributed, which is not installed",
            where=f"executor {word}", remedy='pip install "undercount[cluster]"',
        ) from None  # fmt: skip
    with _silence(distributed.versions.VersionMismatchWarning):
        try:
            # in a thread: a notebook has a loop of its own in this one
            with ThreadPoolExecutor(1) as aside:
                aside.submit(asyncio.run, _greet(address)).result()
            client = distributed.Client(address, timeout=_PATIENCE, set_as_default=False)
        except Exception as error:  # a server of another kind may answer with anything
            raise DataError(
                "no scheduler of Dask answers there", where=f"executor {word}",
                why="nothing was fitted",
                remedy="start one with 'dask scheduler', or name another executor",
            ) from error  # fmt: skip
        try:
            yield client
        finally:
            client.close(timeout=_PATIENCE)


async def _greet(address: str) -> None:
    """Raise if no scheduler answers: a client would wait for ever for a silent server."""
    import asyncio

    import distributed

    async with asyncio.timeout(_PATIENCE):
        async with distributed.rpc(address, timeout=_PATIENCE) as scheduler:
            await scheduler.identity()


@contextlib.contextmanager
def _silence(category: type[Warning]) -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        # we look at versions ourselves
        warnings.simplefilter("ignore", category)
        # the model is sent with each task, so that tasks stay independent
        warnings.filterwarnings("ignore", message="Sending large graph", category=UserWarning)
        try:
            for logger in loggers:
                logger.setLevel(logging.CRITICAL + 1)
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


class LostCluster(BrokenExecutor):
    """The scheduler went away."""


class Cluster(Executor):
    """The workers of a Dask cluster.

    A killed worker's tasks are begun again by others; a task may therefore run twice.

    Parameters
    ----------
    client : distributed.Client
    """

    def __init__(self, client: distributed.Client) -> None:
        self._client = client
        self._ours = _origin_of_numbers()
        self._under_way: weakref.WeakSet[distributed.Future[Any]] = weakref.WeakSet()

    def check(self, word: str) -> None:
        """Refuse a cluster without workers, or with workers that would make other numbers."""
        try:
            self._client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError:
            raise DataError(
                "the scheduler has no workers", where=f"executor {word}",
                why="the work would wait for ever",
                remedy="start some: dask worker " + word.removeprefix("dask://"),
            ) from None  # fmt: skip
        found = self._client.run(_origin_of_numbers, on_error="return")
        for worker, theirs in sorted(found.items()):
            # a worker that is dying says nothing; each task looks again where it runs
            if not isinstance(theirs, OSError):
                _compare(self._ours, theirs, f"worker {worker}")

    def submit[**Given, Made](
        self, function: Callable[Given, Made], /, *words: Given.args, **options: Given.kwargs
    ) -> Future[Made]:
        """Send a task to the cluster; see `concurrent.futures.Executor`."""
        here: Future[Made] = Future()
        task = functools.partial(function, *words, **options)
        try:
            # the arguments say nothing of the result's identity: keys of the store do
            there = self._client.submit(_in_worker, self._ours, task, pure=False)
        except Exception as error:  # what a closing client raises is not documented
            if self._client.status == "running":
                raise
            raise LostCluster from error
        self._under_way.add(there)
        # `there` is not held after that: what the cluster keeps of finished work is given free,
        # and not made again when a worker dies
        there.add_done_callback(functools.partial(_hand_over, here))
        return here

    def stop(self, batch: str) -> None:
        """Drop what waits, and ask samplers of a batch to stop in all workers."""
        if self._client.status != "running":
            return
        self._client.cancel(list(self._under_way))
        # aside: a worker that hangs must not keep us
        asking = threading.Thread(target=self._ask_to_stop, args=(batch,), daemon=True)
        asking.start()
        asking.join(_PATIENCE)

    def _ask_to_stop(self, batch: str) -> None:
        with contextlib.suppress(Exception):  # the cluster may be going away as well
            self._client.run(stop, batch, on_error="ignore")

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Drop what waits; the cluster itself lives on."""
        if cancel_futures and self._client.status == "running":
            self._client.cancel(list(self._under_way))


def _hand_over(here: Future[Any], there: distributed.Future[Any]) -> None:
    if not here.set_running_or_notify_cancel():
        return
    try:
        failure = there.exception() if there.status == "error" else None
        if failure is None:
            here.set_result(there.result())
            return
    except BaseException as error:  # else the batch would wait for ever
        failure = LostCluster()
        failure.__cause__ = error
    here.set_exception(failure)


def _origin_of_numbers() -> dict[str, str]:
    """Return what must be the same everywhere for the same numbers."""
    return engine_versions("nuts") | {"code": code_digest()}


def _compare(ours: dict[str, str], theirs: dict[str, str] | Exception, place: str) -> None:
    """Raise if the numbers of a worker would not be ours."""
    if theirs == ours:
        return
    if isinstance(theirs, dict):
        differing = [name for name in ours if theirs.get(name) != ours[name]]
        said = ", ".join(
            "the code of undercount" if name == "code"
            else f"{name} {theirs.get(name, 'absent')} there and {ours[name]} here"
            for name in differing
        )  # fmt: skip
        said = f"differs from this process: {said}"
    else:
        said = f"cannot say what it works with: {type(theirs).__name__}: {theirs}"
    raise RefusedError(
        said, where=place, why="it would make other numbers",
        remedy="install the same undercount and packages everywhere, and restart the workers",
    )  # fmt: skip


def _in_worker[Made](ours: dict[str, str], task: Callable[[], Made]) -> Made:
    """Carry out a task in a worker of a cluster; it may have joined after the check."""
    _compare(ours, _origin_of_numbers(), "a worker of the cluster")
    try:
        return task()
    except KeyboardInterrupt:  # a batch was stopped; let through, it would end the worker
        raise UndercountError("stopped", where="executor") from None
