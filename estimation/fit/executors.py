"""Executors by a word: none, threads over one compiled model, processes, a Dask cluster."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from estimation.errors import UsageError
from estimation.fit.cluster import Cluster, connected

if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

#: The most workers that are taken for meant.
_MOST = 256

FORMS = "none, threads, threads:N, processes, processes:N or dask://HOST:PORT"


class Named(NamedTuple):
    """What a word says: workers of threads and processes, the address of a cluster's scheduler."""

    kind: str
    workers: int = 0
    address: str = ""


def parse_executor(word: str) -> Named:
    """Return kind and number of workers, or address, of an executor named by a word.

    Parameters
    ----------
    word : str
        "none", "threads", "threads:N", "processes", "processes:N" or "dask://HOST:PORT"; N is the
        number of cores by default.

    Raises
    ------
    UsageError
        If the word is none of these.
    """
    if word.startswith("dask:"):
        place = re.fullmatch(r"dask://([\w.-]+|\[[\da-fA-F:.]+\]):(\d{1,5})", word)
        if place is None or not 1 <= int(place[2]) <= 65_535:
            raise UsageError(
                f"no address of a cluster {word!r}", where="executor",
                remedy="dask://HOST:PORT, as its scheduler says it: dask://127.0.0.1:8786",
            )  # fmt: skip
        return Named("dask", address=f"tcp://{place[1]}:{place[2]}")
    found = re.fullmatch(r"(none|threads|processes)(?::(\d{1,9}))?", word)
    if found is None or (found[1] == "none" and found[2]):
        raise UsageError(f"no executor {word!r}", where="executor", remedy=f"one of {FORMS}")
    workers = int(found[2]) if found[2] else os.cpu_count() or 1
    if not 1 <= workers <= _MOST:
        raise UsageError(f"1 to {_MOST} workers, not {workers}", where="executor")
    return Named(found[1], workers)


@contextlib.contextmanager
def named_executor(word: str) -> Iterator[Executor | None]:
    """Yield the executor of a word, and shut it down afterwards; what waits is dropped on errors.

    Parameters
    ----------
    word : str
        See `parse_executor`.

    Raises
    ------
    UsageError
        If the word names no executor, or one whose packages are not installed.
    DataError
        If there is no cluster at the address.
    RefusedError
        If workers of the cluster would make other numbers.
    """
    kind, workers, address = parse_executor(word)
    if kind == "none":
        yield None
        return
    executor: Executor
    with contextlib.ExitStack() as afterwards:
        if kind == "threads":
            executor = ThreadPoolExecutor(workers)
        elif kind == "processes":
            executor = _processes(workers)
        else:
            executor = Cluster(afterwards.enter_context(connected(address, word)))
            executor.check(word)
        try:
            yield executor
        except BaseException:  # Ctrl-C too: workers must not go on without us
            executor.shutdown(wait=kind == "threads", cancel_futures=True)
            raise
        executor.shutdown()


def _processes(workers: int) -> Executor:
    # start-up counts: most commands work without other processes
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    # started afresh: a copy of a process with running threads may hang
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker)


def _start_worker() -> None:
    """Make a worker die silently: by an interrupt from the terminal, or with its parent."""
    import multiprocessing

    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: BaseProcess) -> None:
    # a killed parent cannot tell its workers, and they would wait for work for ever
    parent.join()
    os._exit(1)
