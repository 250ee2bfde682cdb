"""Write files and folders whole or not at all: aside first, then renamed."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import itertools
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from estimation.errors import DataError

#: The file by which a folder is known as a run of ours.
PROVENANCE = "provenance.json"

#: Where text begins that a spreadsheet would run, apostrophes before it too; numbers are none.
_RUN = re.compile(r"'*[=+\-@\t\r\n]")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")


@contextlib.contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Yield a new folder beside `target` that takes its place once the block is done.

    A run of ours that stands there is replaced; anything else is refused.

    Parameters
    ----------
    target : Path
        The folder to write.

    Raises
    ------
    DataError
        If the place is taken by something else, or cannot be written (no right, no space).
    """
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise DataError("is a file, not a folder", where=str(target), remedy="name another --out")
    if target.is_dir() and any(target.iterdir()) and not (target / PROVENANCE).is_file():
        raise DataError(
            "is a folder with other contents", where=str(target), why="they would be lost",
            remedy="name another --out",
        )  # fmt: skip
    aside: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(prefix=f".{target.name}-partial-", dir=target.parent))
        aside.chmod(0o755)
        yield aside
        _put(aside, target)
    except OSError as error:
        raise DataError(
            f"cannot be written: {error.strerror or error}", where=str(target),
            why="nothing was kept of this run", remedy="free space, or name another --out",
        ) from error  # fmt: skip
    finally:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)


@contextlib.contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """Yield a new file beside `target` that takes its place once the block is done.

    Parameters
    ----------
    target : Path
        The file to write; one that stands there is replaced.

    Raises
    ------
    DataError
        If the place is a folder or cannot be written (no right, no space).
    """
    if target.is_dir():
        raise DataError("is a folder, not a file", where=str(target), remedy="name a file")
    aside: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.name}-partial-", dir=target.parent)
        os.close(handle)
        aside = Path(name)
        aside.chmod(0o644)
        yield aside
        aside.replace(target)
        aside = None
    except OSError as error:
        raise DataError(
            f"cannot be written: {error.strerror or error}", where=str(target),
            why="nothing was kept of it", remedy="free space, or name another file",
        ) from error  # fmt: skip
    finally:
        if aside is not None:
            aside.unlink(missing_ok=True)


def refuse_other_run(target: Path, command: str) -> None:
    """Refuse to replace what another command has written.

    Parameters
    ----------
    target : Path
        The folder to write.
    command : str
        Ours; what does not say its command is a run.

    Raises
    ------
    DataError
        If the folder holds the results of another command.
    """
    try:
        settings = json.loads((target / PROVENANCE).read_text(encoding="utf-8"))["settings"]
    except (OSError, ValueError, KeyError, TypeError):
        return  # nothing there, or nothing of ours, which `whole_folder` sees to
    other = settings.get("command", "run") if isinstance(settings, dict) else "run"
    if other != command:
        raise DataError(f"holds what '{other}' has written", where=str(target),
                        why="it would be lost", remedy="name another --out")  # fmt: skip


def _put(aside: Path, target: Path) -> None:
    """Rename `aside` to `target`; an older run there is moved off first and then removed."""
    old = aside.with_name(aside.name + "-old")
    if target.exists():
        target.rename(old)
    try:
        aside.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def guarded(value: Any) -> Any:
    """Return a cell of a CSV with an apostrophe before text that a spreadsheet would run.

    Text that begins with ``= + - @``, a tab or the end of a line, and is no number, is guarded;
    all else is returned as it is.

    Parameters
    ----------
    value : object
        What the cell holds.
    """
    return f"'{value}" if isinstance(value, str) and _would_run(value) else value


def unguarded(text: str) -> str:
    """Return the text of a cell without the apostrophe that `guarded` put before it."""
    return text[1:] if text[:1] == "'" and _would_run(text[1:]) else text


def _would_run(text: str) -> bool:
    # with apostrophes before it it would not, but one of them would be taken off when it is read
    text = text.lstrip("'")
    return _RUN.match(text) is not None and _NUMBER.fullmatch(text) is None


def write_table(path: Path, head: Iterable[Any], rows: Iterable[Iterable[Any]]) -> None:
    """Write a CSV file: `guarded` cells, what is None stays empty."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(map(guarded, head))
        writer.writerows(map(guarded, row) for row in rows)


def write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> bool:
    """Write rows with the same keys as a CSV file, see `write_table`.

    Returns
    -------
    bool
        Whether there were any rows; else no file is written.
    """
    rest = iter(rows)
    first = next(rest, None)
    if first is None:
        return False
    write_table(path, first, (row.values() for row in itertools.chain([first], rest)))
    return True


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder, by relative path."""
    return {
        path.relative_to(folder).as_posix(): _digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
