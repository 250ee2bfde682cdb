"""Stored runs below one folder: what they hold, and which of their files may be seen.

Nothing in these files is trusted: what is not of the expected kind is left out, and nothing above
the folder is ever read.
"""

from __future__ import annotations

import csv
import dataclasses
import json
import math
import tomllib
from pathlib import Path
from typing import Any

from estimation.errors import DataError
from estimation.files import PROVENANCE

#: Endings of files that are shown, with their types.
SHOWN: dict[str, str] = {
    ".png": "image/png", ".svg": "image/svg+xml", ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
}  # fmt: skip

#: Bytes above which a file is not read into the page, runs listed, rows of a table shown.
_MOST_BYTES, _MOST_RUNS, _MOST_ROWS = 50_000_000, 500, 40

#: Letters of a file name at most.
_LONGEST = 120


@dataclasses.dataclass(frozen=True)
class Run:
    """One stored run.

    Parameters
    ----------
    name : str
        Its folder, below the folder of runs; "." is that folder itself.
    title : str
    created : str
    command : str
        What made it.
    total : tuple of float, optional
        Low end, median and high end of the main total.
    verdict : str
        Of its checks.
    """

    name: str
    title: str
    created: str = ""
    command: str = "run"
    total: tuple[float, float, float] | None = None
    verdict: str = ""


@dataclasses.dataclass(frozen=True)
class Details:
    """What the page of one run shows.

    Parameters
    ----------
    run : Run
    totals : tuple of (label, low, median, high)
        Of all scenarios and models.
    says : tuple of str
        How it stands to published ranges.
    notes : tuple of str
    claims : tuple of dict
        Rows of claims.csv.
    figures, files : tuple of str
        Names below its folder.
    """

    run: Run
    totals: tuple[tuple[str, float, float, float], ...]
    says: tuple[str, ...]
    notes: tuple[str, ...]
    claims: tuple[dict[str, str], ...]
    figures: tuple[str, ...]
    files: tuple[str, ...]


def stored_runs(folder: Path) -> list[Run]:
    """Return the runs in a folder, newest first.

    Parameters
    ----------
    folder : Path
        It may be a run itself, and need not exist.
    """
    try:
        inside = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return []
    found = []
    for name in [".", *inside][:_MOST_RUNS]:
        try:
            place = run_folder(folder, name)
        except DataError:
            continue
        found.append(_run(place, name))
    return sorted(found, key=lambda run: run.created, reverse=True)


def run_folder(folder: Path, name: str) -> Path:
    """Return the folder of a run.

    Raises
    ------
    DataError
        If there is no run of that name below the folder.
    """
    place = _below(folder, name)
    if not place.is_dir() or not (place / PROVENANCE).is_file():
        raise DataError("is no stored run", where=name[:80], remedy="choose one from the list")
    return place


def run_file(folder: Path, run: str, name: str) -> Path:
    """Return a file of a run that may be shown.

    Parameters
    ----------
    folder : Path
        Of all runs.
    run, name : str
        The run, and the file below it.

    Raises
    ------
    DataError
        If it lies elsewhere (also by way of a link), is hidden, or not of a kind that is shown.
    """
    place = _below(run_folder(folder, run), name)
    if place.suffix not in SHOWN or not place.is_file() or place.stat().st_size > _MOST_BYTES:
        raise DataError("is no file of this run that is shown", where=name[:80])
    # a link inside of the run may lead out of the folder
    if not place.resolve().is_relative_to(folder.resolve()):
        raise DataError("is no file of this run that is shown", where=name[:80])
    return place


def details(folder: Path, name: str) -> Details:
    """Return what the page of a run shows.

    Raises
    ------
    DataError
        If there is no such run.
    """
    place = run_folder(folder, name)
    summary, study = _summary(place), _study(_object(place / PROVENANCE))
    return Details(
        _run(place, name),
        tuple(_totals(summary, study)),
        tuple(_text(one.get("says")) for one in _objects(summary.get("published"))),
        tuple(one for one in _list(summary.get("notes")) if isinstance(one, str)),
        tuple(_claims(place / "claims.csv")),
        tuple(_names(place, "figures", (".png",))),
        tuple(_names(place, "", (".csv", ".json"))),
    )


def _below(folder: Path, name: str) -> Path:
    """Return a place below a folder, refusing every name that leads out of it or is hidden."""
    parts = [] if name == "." else name.split("/")
    refused = any(
        not part
        or len(part) > _LONGEST
        or part.startswith(".")
        or not part.isprintable()
        or "\\" in part
        or ":" in part
        for part in parts
    )
    try:
        inside = not refused and folder.joinpath(*parts).resolve().is_relative_to(folder.resolve())
    except (OSError, ValueError, RuntimeError):
        inside = False
    if not inside:
        raise DataError("does not lie in the folder of runs", where=name[:80])
    return folder.joinpath(*parts)


def _run(place: Path, name: str) -> Run:
    kept, summary = _object(place / PROVENANCE), _summary(place)
    study, settings = _study(kept), kept.get("settings")
    title = _text(study.get("title")) or (place.resolve().name if name == "." else name)
    command = _text(settings.get("command")) if isinstance(settings, dict) else ""
    diagnostics = summary.get("diagnostics")
    verdict = _text(diagnostics.get("verdict")) if isinstance(diagnostics, dict) else ""
    main = next((numbers for index, numbers in _total_rows(summary) if not index), None)
    return Run(name, title, _text(kept.get("created"))[:40], command or "run", main, verdict)


def _total_rows(summary: dict[str, Any]) -> list[tuple[dict[str, Any], tuple[float, float, float]]]:
    found = []
    for row in _objects(summary.get("estimates")):
        numbers = [row.get(key) for key in ("low", "median", "high")]
        index = row.get("index")
        if row.get("name") == "total" and isinstance(index, dict):
            low, middle, high = (_finite(number) for number in numbers)
            if low is not None and middle is not None and high is not None:
                found.append((index, (low, middle, high)))
    return found


def _totals(
    summary: dict[str, Any], study: dict[str, Any]
) -> list[tuple[str, float, float, float]]:
    titles = {_text(one.get("name")): _text(one.get("title"))
              for one in _objects(study.get("scenario"))}  # fmt: skip
    models = study.get("models")
    if isinstance(models, dict):
        titles |= {name: _text(one.get("title")) for name, one in models.items()
                   if isinstance(one, dict)}  # fmt: skip
    found = []
    for index, numbers in _total_rows(summary)[:_MOST_ROWS]:
        if set(index) <= {"scenario", "model"}:
            key = _text(next(iter(index.values()), ""))
            found.append((titles.get(key) or key or "as stated", *numbers))
    return found


def _claims(path: Path) -> list[dict[str, str]]:
    if not path.is_file() or path.is_symlink() or path.stat().st_size > _MOST_BYTES:
        return []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row, _ in zip(csv.DictReader(file), range(_MOST_ROWS), strict=False)]
    except (OSError, ValueError, csv.Error):
        return []
    return [{str(key): _text(value) for key, value in row.items()} for row in rows]


def _names(place: Path, inside: str, endings: tuple[str, ...]) -> list[str]:
    folder = place / inside if inside else place
    try:
        names = sorted(path.name for path in folder.iterdir() if path.suffix in endings)
    except OSError:
        return []
    return [f"{inside}/{name}" if inside else name for name in names]


def _summary(place: Path) -> dict[str, Any]:
    return _object(place / "summary.json")


def _study(kept: dict[str, Any]) -> dict[str, Any]:
    study = kept.get("study")
    if not isinstance(study, dict):
        return {}
    try:
        return tomllib.loads(_text(study.get("text")))
    except (tomllib.TOMLDecodeError, RecursionError):
        return {}


def _object(path: Path) -> dict[str, Any]:
    """Return the JSON object in a file; an empty one if there is none."""
    try:
        if path.is_symlink() or path.stat().st_size > _MOST_BYTES:
            return {}
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _objects(value: object) -> list[dict[str, Any]]:
    return [one for one in _list(value) if isinstance(one, dict)]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _finite(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
