"""Linear algebra by one thread: the matrices are small, and sums do not hang on the machine."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Iterator

from threadpoolctl import ThreadpoolController

# the limit is one of the process: two threads that set and restore it would undo each other
_LOCK = threading.RLock()

# who limits now, and the libraries found when so many modules were imported
_limiting: list[ThreadpoolController] = []
_found: dict[int, ThreadpoolController] = {}


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Keep linear algebra to one thread; also a decorator."""
    with _LOCK:
        libraries = _libraries()
        if libraries in _limiting:
            yield
            return
        _limiting.append(libraries)
        try:
            with libraries.limit(limits=1, user_api="blas"):
                yield
        finally:
            _limiting.remove(libraries)


def _libraries() -> ThreadpoolController:
    """Return the libraries of the process; looked for again only when more may have been loaded.

    To look takes longer than a fit of a small table where many libraries are loaded.
    """
    imported = len(sys.modules)
    if imported not in _found:
        _found.clear()
        _found[imported] = ThreadpoolController()
    return _found[imported]
