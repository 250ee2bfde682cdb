"""Stop what a batch still has running: a sampler in another thread hears no Ctrl-C."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

_stopped: set[str] = set()
_here = threading.local()


@contextlib.contextmanager
def working_for(batch: str) -> Iterator[None]:
    """Mark the work of this thread as part of a batch."""
    before = getattr(_here, "batch", None)
    _here.batch = batch
    try:
        yield
    finally:
        _here.batch = before


def stop(batch: str) -> None:
    """Ask all threads that work for a batch to stop."""
    _stopped.add(batch)


def asked_to_stop() -> bool:
    """Return whether the batch that this thread works for was stopped."""
    return getattr(_here, "batch", None) in _stopped
