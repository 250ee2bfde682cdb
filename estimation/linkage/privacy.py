"""Keep names out of logs and errors, of libraries and of our own faults."""

from __future__ import annotations

import contextlib
import logging
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path

from estimation.errors import DataError, UndercountError


@contextlib.contextmanager
def guarded(step: str) -> Iterator[None]:
    """Tell an error of a library by its kind alone, for its text may hold a name; silence its log.

    Raises
    ------
    DataError
        If a library fails.
    """
    logger = logging.getLogger("splink")
    before, disabled = logger.level, logger.disabled
    logger.setLevel(logging.CRITICAL)
    logger.disabled = True
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of Splink, on levels without a pair; told by us
            yield
    except UndercountError:
        raise
    except Exception as error:
        if _interrupted(error):
            raise KeyboardInterrupt from None
        # Splink wraps the error of DuckDB in one of its own
        if isinstance(error, MemoryError) or "OutOfMemory" in type(error).__name__ or (
            "Out of Memory Error" in str(error)
        ):  # fmt: skip
            raise _too_large(step) from None
        package = type(error).__module__.partition(".")[0].lstrip("_")
        package = "a library" if package == "builtins" else package
        raise DataError(
            f"{package} failed with {type(error).__name__}", where=f"linkage: {step}",
            why="its message may hold a name and is not shown",
            remedy="try with fewer columns or lists to find which one it is",
        ) from None  # fmt: skip
    finally:
        logger.setLevel(before)
        logger.disabled = disabled


class NamelessFaultError(RuntimeError):
    """A fault of our own, told without the text of the error."""


@contextlib.contextmanager
def nameless() -> Iterator[None]:
    """Tell a fault of our own by its kind and place in the code, not by its text.

    Raises
    ------
    NamelessFaultError
        In place of any error that is not ours to tell.
    """
    try:
        yield
    except (UndercountError, NamelessFaultError, MemoryError, OSError):
        raise  # of the system: they name files, not what stands in them
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{Path(place.filename).name}, line {place.lineno}"
        raise NamelessFaultError(
            f"{type(error).__name__} in {where} (its text may hold a name and is not shown)"
        ) from None


def _interrupted(error: BaseException | None) -> bool:
    """Return whether a library wrapped Ctrl-C in an error of its own."""
    while error is not None:
        words = f"{type(error).__name__} {error}".lower()
        if isinstance(error, KeyboardInterrupt) or "interrupt" in words:
            return True
        error = error.__cause__ or error.__context__
    return False


def _too_large(step: str) -> DataError:
    return DataError(
        "there is not enough memory", where=f"linkage: {step}",
        why="names are never written to temporary files, so all must fit",
        remedy="raise --memory, lower --pairs, or use --backend spark",
    )  # fmt: skip
