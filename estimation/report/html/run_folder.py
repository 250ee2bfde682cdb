"""Read the folder of a run: what is in it, whether it is ours, whether it was changed since."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import itertools
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from estimation.errors import DataError
from estimation.files import PROVENANCE, unguarded

#: The page in the folder of a run.
REPORT = "report.html"

#: The file with estimates, by command; commands on sections of a study write tables only.
_SUMMARIES = {"run": "summary.json", "lists": "summary.json", "excess": "excess.json",
              "nowcast": "nowcast.json", "replay": "scores.json",
              "calibrate": "calibration.json"}  # fmt: skip
_TABLES_ONLY = ("sensitivity", "compare", "audit_plan", "audit-plan")

#: Rows of a table that are read at most; the page shows fewer.
MOST_ROWS = 2_000

_EMPTY: dict[str, Any] = {"estimates": [], "diagnostics": {"verdict": "", "checks": []},
                          "published": [], "notes": []}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Table:
    """A CSV file: rows as text, and whether there are more than were read."""

    name: str
    columns: tuple[str, ...]
    rows: tuple[dict[str, str], ...]
    more: bool = False


@dataclasses.dataclass(frozen=True)
class RunFolder:
    """What a folder holds.

    Parameters
    ----------
    command : str
        Which command wrote it.
    record : dict
        Its provenance.
    summary : dict
        Estimates, diagnostics, published, notes; empty where the command writes tables only.
    tables : dict of Table
        By file name without ending.
    figures : dict of bytes
        SVG files by their path in the folder.
    changed : tuple of str
        Files that are no longer what was written.
    """

    command: str
    record: dict[str, Any]
    summary: dict[str, Any]
    tables: Mapping[str, Table]
    figures: Mapping[str, bytes]
    changed: tuple[str, ...] = ()

    @property
    def prob(self) -> float:
        """Level of the intervals."""
        return float(self.summary.get("prob") or self.record["settings"].get("prob") or 0.95)

    @property
    def failed(self) -> dict[str, str]:
        """What failed or was refused, with the reason."""
        found = self.record.get("failed") or self.summary.get("failed") or {}
        return {str(key): str(why) for key, why in found.items()}

    def rows(self, name: str) -> tuple[dict[str, str], ...]:
        """Return the rows of a table; none if it is not there."""
        return self.tables[name].rows if name in self.tables else ()


def read_run_folder(folder: Path, record: dict[str, Any] | None = None) -> RunFolder:
    """Read what the page needs; no posterior is opened.

    Parameters
    ----------
    folder : Path
    record : dict, optional
        The provenance of a folder that is being written.

    Raises
    ------
    DataError
        If the folder is none of ours, or a file is missing or damaged.
    """
    if not folder.is_dir():
        what = "is a file, not the folder of a run" if folder.exists() else "is not there"
        raise DataError(what, where=str(folder), remedy="name a folder that a command wrote")
    if record is None:
        record = _record(folder)
    command = str(record["settings"].get("command", "run"))
    if command not in (*_SUMMARIES, *_TABLES_ONLY):
        raise DataError(f"was written by {command!r}, of which this version makes no report",
                        where=str(folder))  # fmt: skip
    summary = dict(_EMPTY)
    if command in _SUMMARIES:
        summary |= _summary(folder / _SUMMARIES[command])
    paths = [*sorted(folder.glob("*.csv")), *sorted(folder.glob("figures/*.svg")),
             *sorted(folder.glob("*.svg"))]  # fmt: skip
    # a link could lead out of the folder, into files of whoever reads a run of another
    kept = [path for path in paths if path.is_file() and not path.is_symlink()]
    tables = {path.stem: _table(path) for path in kept if path.suffix == ".csv"}
    figures = {path.relative_to(folder).as_posix(): _bytes(path)
               for path in kept if path.suffix == ".svg"}  # fmt: skip
    return RunFolder(command, record, summary, tables, figures, _changed(folder, record, command))


def _record(folder: Path) -> dict[str, Any]:
    path = folder / PROVENANCE
    if not path.is_file():
        raise DataError(f"is no folder of ours: it holds no {PROVENANCE}", where=str(folder),
                        remedy="name a folder that 'undercount run', or another command with "
                        "--out, wrote")  # fmt: skip
    found = _json(path)
    types = {"settings": dict, "seed": int, "versions": dict, "files": dict}
    for key, kind in types.items():
        if not isinstance(found.get(key), kind):
            raise DataError(f"is no provenance of ours: {key!r} is missing or damaged",
                            where=str(path))  # fmt: skip
    if not isinstance(found.get("failed", {}), dict):
        raise DataError("is no provenance of ours: 'failed' is damaged", where=str(path))
    prob = found["settings"].get("prob", 0.95)
    if not isinstance(prob, float) or not 0 < prob < 1:
        raise DataError("is no provenance of ours: 'prob' is damaged", where=str(path))
    return found


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}", where=str(path),
                        why="a report without it would look whole") from None  # fmt: skip


def _json(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise DataError("is missing", where=str(path), why="the report is made of it",
                        remedy="repeat the run")  # fmt: skip
    try:
        found = json.loads(_bytes(path).decode("utf-8"))
    except (ValueError, RecursionError):
        raise DataError("is damaged: it is no JSON", where=str(path), why="no number of it can "
                        "be trusted", remedy="repeat the run") from None  # fmt: skip
    if not isinstance(found, dict):
        raise DataError("is damaged: it is no JSON object", where=str(path),
                        remedy="repeat the run")  # fmt: skip
    return found


def _summary(path: Path) -> dict[str, Any]:
    found = _json(path)
    sound = (
        isinstance(found.get("estimates"), list) and all(map(_is_row, found["estimates"]))
        and isinstance(found.get("diagnostics"), dict)
        and _texts(found["diagnostics"], ("verdict",))
        and isinstance(found["diagnostics"].get("checks"), list)
        and all(_is_check(one) for one in found["diagnostics"]["checks"])
        and isinstance(found.get("published"), list)
        and all(_is_published(one) for one in found["published"])
        and isinstance(found.get("notes"), list)
        and all(isinstance(one, str) for one in found["notes"])
        and _number(found.get("prob")) and 0 < found["prob"] < 1
    )  # fmt: skip
    if not sound:
        raise DataError("is damaged: it is no summary of ours", where=str(path),
                        why="no number of it can be trusted", remedy="repeat the run")  # fmt: skip
    return found


def _texts(found: dict[str, Any], keys: tuple[str, ...]) -> bool:
    return all(isinstance(found.get(key), str) for key in keys)


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _is_row(row: object) -> bool:
    return (
        isinstance(row, dict) and _texts(row, ("name",)) and isinstance(row.get("index"), dict)
        and all(isinstance(value, str) for value in row["index"].values())
        and all(row.get(key) is None or _number(row[key])
                for key in ("median", "mean", "low", "high"))
    )  # fmt: skip


def _is_check(one: object) -> bool:
    return isinstance(one, dict) and _texts(one, ("name", "verdict", "says"))


def _is_published(one: object) -> bool:
    return (
        isinstance(one, dict) and _texts(one, ("name", "says"))
        and _number(one.get("low")) and _number(one.get("high"))
    )  # fmt: skip


def _table(path: Path) -> Table:
    try:
        with path.open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file, restval="")
            columns = tuple(map(unguarded, reader.fieldnames or ()))
            rows = [
                {unguarded(key): unguarded(value) for key, value in row.items() if key is not None}
                for row in itertools.islice(reader, MOST_ROWS + 1)
            ]
    except (ValueError, csv.Error):
        raise DataError("is damaged: it is no CSV table", where=str(path),
                        remedy="repeat the run") from None  # fmt: skip
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror or error}", where=str(path)) from None
    return Table(path.stem, columns, tuple(rows[:MOST_ROWS]), len(rows) > MOST_ROWS)


def _changed(folder: Path, record: dict[str, Any], command: str) -> tuple[str, ...]:
    """Return files the page is made of that are not, or no longer, what the run wrote."""
    found = []
    for name, digest in record["files"].items():
        if name == REPORT or "/" in name.removeprefix("figures/") or ".." in name:
            continue
        path = folder / name
        if not path.is_file():
            found.append(f"{name} (gone)")
        elif hashlib.sha256(_bytes(path)).hexdigest() != digest:
            found.append(name)
    made = {
        path.relative_to(folder).as_posix()
        for pattern in ("*.csv", "*.svg", "figures/*.svg")
        for path in folder.glob(pattern)
    }
    found += [f"{name} (not of the run)" for name in sorted(made - set(record["files"]))]
    return tuple(found)
