"""The store: results kept under their content key, so that nothing is computed twice.

One file a result.  It is written aside and renamed, so that a reader meets all of it or nothing;
two processes that write the same result write the same bytes.  Files are not forced to the platter:
what a power cut leaves is found out by its hash and made again.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

from estimation.errors import DataError, RefusedError, UsageError
from estimation.fit.key import content_key
from estimation.fit.record import DamagedRecordError, Record, from_bytes
from estimation.places import ENDING

Refit = Literal["never", "on_change", "always"]

REFIT = ("never", "on_change", "always")

_log = logging.getLogger("undercount")

#: Seconds after which a file that was never renamed is taken for the remains of a dead process.
_STALE = 24 * 3600


class Store:
    """A folder of results.

    Parameters
    ----------
    folder : str or Path
        Where; made when something is first kept.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)

    def __repr__(self) -> str:
        """Return the constructor call."""
        return f"Store({str(self.folder)!r})"

    def path(self, key: str) -> Path:
        """Return the file of a key, whether it is there or not."""
        return self.folder / key[:2] / f"{key}{ENDING}"

    def __contains__(self, key: str) -> bool:
        """Return whether a file of that key is there; `load` finds out whether it is sound."""
        return self.path(key).is_file()

    def load(self, key: str) -> Record | None:
        """Return the result of a key, or None if there is none.

        Raises
        ------
        DamagedRecordError
            If what lies there is not that result, whole.
        DataError
            If the file cannot be read.
        """
        try:
            contents = self.path(key).read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._failure("read", error) from error
        return from_bytes(contents, key)

    def save(self, record: Record) -> None:
        """Keep a result, whole or not at all.

        Raises
        ------
        DataError
            If the folder cannot be written; what it holds stays as it was.
        """
        target = self.path(record.key)
        contents = record.to_bytes()
        partial = self.folder / f"partial-{os.getpid()}-{uuid.uuid4().hex}"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(contents)
            partial.replace(target)
        except OSError as error:
            raise self._failure("written", error) from error
        finally:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)

    def sweep(self) -> None:
        """Remove what dead processes left half written, once it is a day old."""
        for path in self.folder.glob("partial-*"):
            with contextlib.suppress(OSError):  # another process may sweep too
                if time.time() - path.stat().st_mtime > _STALE:
                    path.unlink()

    def _failure(self, what: str, error: OSError) -> DataError:
        return DataError(
            f"the store of fits cannot be {what}: {error.strerror or error}",
            where=str(self.folder),
            why="what it holds is whole" if what == "written" else "",
            remedy="free space, or name another folder for it",
        )


def obtain(
    store: Store | None, refit: Refit, made_of: dict[str, Any], make: Callable[[], Record]
) -> tuple[Record, str]:
    """Return a result from the store, or make and keep it.

    Parameters
    ----------
    store : Store or None
        None keeps nothing.
    refit : {"never", "on_change", "always"}
        Whether what is not in the store is refused, made, or everything made anew.
    made_of : dict
        Everything that the numbers depend on.
    make : callable
        Makes the result.

    Returns
    -------
    record : Record
    origin : {"stored", "made"}

    Raises
    ------
    RefusedError
        If `refit` is "never" and the store has no such result.
    DataError
        If the store cannot be read or written, or the result is damaged and `refit` is "never".
    """
    if refit not in REFIT:
        raise UsageError(f"no policy {refit!r}", where="refit", remedy="one of " + ", ".join(REFIT))
    if store is None:
        if refit == "never":
            raise UsageError("'never' needs a store to take fits from", where="refit")
        return make(), "made"
    key = content_key(**made_of)
    if refit != "always":
        try:
            found = store.load(key)
        except DamagedRecordError as error:
            if refit == "never":
                raise DataError(
                    f"is damaged: {error}", where=str(store.path(key)), why="it is not trusted",
                    remedy="allow it to be fitted again (refit on_change)",
                ) from None  # fmt: skip
            _log.warning("%s is damaged: %s; fitted again", store.path(key), error)
            found = None
        if found is not None:
            return found, "stored"
    if refit == "never":
        raise RefusedError(
            "this fit is not in the store, and nothing may be fitted", where=str(store.folder),
            why="data, model, settings, seed or library versions differ from those of kept fits",
            remedy="allow it to be fitted (refit on_change)",
        )  # fmt: skip
    record = make()
    store.save(record)
    return record, "made"
