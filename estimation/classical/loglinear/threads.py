"""Linear algebra by one thread: the matrices are small, and sums do not hang on the machine."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from threadpoolctl import threadpool_limits

# the limit is one of the process: two threads that set and restore it would undo each other
_LOCK = threading.RLock()


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Keep linear algebra to one thread; also a decorator."""
    with _LOCK, threadpool_limits(1, "blas"):
        yield
