"""Executors by a word: none, threads over one compiled model, or processes for exact work."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import re
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor

from estimation.errors import UsageError

#: The most workers that are taken for meant.
_MOST = 256

FORMS = "none, threads, threads:N, processes or processes:N"


def parse_executor(word: str) -> tuple[str, int]:
    """Return kind and number of workers of an executor named by a word.

    Parameters
    ----------
    word : str
        "none", "threads", "threads:N", "processes" or "processes:N"; N is the number of cores by
        default.

    Raises
    ------
    UsageError
        If the word is none of these.
    """
    found = re.fullmatch(r"(none|threads|processes)(?::(\d{1,9}))?", word)
    if found is None or (found[1] == "none" and found[2]):
        raise UsageError(f"no executor {word!r}", where="executor", remedy=f"one of {FORMS}")
    workers = int(found[2]) if found[2] else os.cpu_count() or 1
    if not 1 <= workers <= _MOST:
        raise UsageError(f"1 to {_MOST} workers, not {workers}", where="executor")
    return found[1], workers


@contextlib.contextmanager
def named_executor(word: str) -> Iterator[Executor | None]:
    """Yield the executor of a word, and shut it down afterwards; what waits is dropped on errors.

    Parameters
    ----------
    word : str
        See `parse_executor`.
    """
    kind, workers = parse_executor(word)
    if kind == "none":
        yield None
        return
    executor: Executor
    if kind == "threads":
        executor = ThreadPoolExecutor(workers)
    else:
        # started afresh: a copy of a process with running threads may hang
        context = multiprocessing.get_context("spawn")
        executor = ProcessPoolExecutor(workers, mp_context=context, initializer=_start_worker)
    try:
        yield executor
    except BaseException:  # Ctrl-C too: workers must not go on without us
        executor.shutdown(wait=kind == "threads", cancel_futures=True)
        raise
    executor.shutdown()


def _start_worker() -> None:
    """Make a worker die silently: by an interrupt from the terminal, or with its parent."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_follow, args=(parent,), daemon=True).start()


def _follow(parent: multiprocessing.process.BaseProcess) -> None:
    # a killed parent cannot tell its workers, and they would wait for work for ever
    parent.join()
    os._exit(1)
