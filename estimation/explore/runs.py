"""Stored runs below one folder: what they hold, and which of their files may be seen.

Nothing in these files is trusted: what is not of the expected kind is left out, and nothing above
the folder is ever read.
"""

from __future__ import annotations

import csv
import dataclasses
import functools
from pathlib import Path
from typing import Any

from estimation.errors import DataError
from estimation.explore.records import (
    MOST_BYTES,
    Stamp,
    finite,
    items,
    json_object,
    objects,
    stamp,
    study_table,
    study_title,
    table_of,
    words,
)
from estimation.files import PROVENANCE, unguarded

#: The file with the estimates of a run.
SUMMARY = "summary.json"

#: Endings of files that are shown, with their types.
SHOWN: dict[str, str] = {
    ".png": "image/png", ".svg": "image/svg+xml", ".csv": "text/csv; charset=utf-8",
    ".json": "application/json",
}  # fmt: skip

#: Runs on one page of the list, entries of a folder that are looked at, rows of a table, figures.
PAGE, _MOST_RUNS, _MOST_ROWS, _MOST_FIGURES = 25, 5_000, 40, 80

#: Bytes of a file that is given out, and of all that one page of the list reads.
_MOST_GIVEN, _MOST_READ = 50_000_000, 25_000_000

#: Letters of a file name, a title and a sentence at most.
_LONGEST, _TITLE, _SENTENCE = 120, 300, 2_000


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
    unread : bool
        Whether its files were too large to be read for the list.
    """

    name: str
    title: str
    created: str = ""
    command: str = "run"
    total: tuple[float, float, float] | None = None
    verdict: str = ""
    unread: bool = False


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
    refused : tuple of str
        What failed or was refused, with the reason.
    checks : tuple of str
        Checks that did not pass.
    """

    run: Run
    totals: tuple[tuple[str, float, float, float], ...]
    says: tuple[str, ...]
    notes: tuple[str, ...]
    claims: tuple[dict[str, str], ...]
    figures: tuple[str, ...]
    files: tuple[str, ...]
    refused: tuple[str, ...] = ()
    checks: tuple[str, ...] = ()


def stored_runs(folder: Path, page: int = 0) -> tuple[list[Run], int]:
    """Return runs in a folder, newest first, and how many there are in all.

    Parameters
    ----------
    folder : Path
        It may be a run itself, and need not exist.
    page : int
        Which `PAGE` of them: 0 for those whose files are the newest.
    """
    try:
        inside = sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))
    except OSError:
        return [], 0
    places = {}
    for name in [".", *inside[:_MOST_RUNS]]:
        try:
            places[name] = run_folder(folder, name)
        except DataError:
            continue
    written = {name: stamp(place / PROVENANCE) for name, place in places.items()}
    newest = sorted(places, key=lambda name: written[name][1], reverse=True)
    found, budget = [], _MOST_READ
    for name in newest[page * PAGE : (page + 1) * PAGE]:
        both = written[name], stamp(places[name] / SUMMARY)
        budget -= both[0][2] + both[1][2]
        # what is not read is named, so that one page takes no longer than another
        found.append(
            _run(places[name], name, *both) if budget >= 0 else Run(name, name, unread=True)
        )
    return sorted(found, key=lambda run: run.created, reverse=True), len(places)


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
    if place.suffix not in SHOWN or not place.is_file() or place.stat().st_size > _MOST_GIVEN:
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
    record, summary = json_object(place / PROVENANCE), json_object(place / SUMMARY)
    notes = [one for one in items(summary.get("notes")) if isinstance(one, str)]
    pictures = _names(place, "figures", (".svg", ".png"))
    # the drawing if there is one, else the picture; in the order in which they were drawn
    stems = dict.fromkeys(one.rpartition(".")[0] for one in pictures)
    drawn = [f"{one}.svg" if f"{one}.svg" in pictures else f"{one}.png" for one in stems]
    told = words(record.get("figures")).split(", ")[:_MOST_RUNS]
    order = {name.rpartition(".")[0]: place for place, name in enumerate(told)}
    drawn.sort(key=lambda name: order.get(name.rpartition(".")[0], len(order)))
    checks = objects(table_of(summary.get("diagnostics")).get("checks"))
    return Details(
        _run(place, name, stamp(place / PROVENANCE), stamp(place / SUMMARY)),
        tuple(_totals(summary, study_table(record))),
        tuple(words(one.get("says"), _SENTENCE)
              for one in objects(summary.get("published"))[:_MOST_ROWS]),
        tuple(words(one, _SENTENCE) for one in notes[:_MOST_ROWS]),
        tuple(_claims(place / "claims.csv")),
        tuple(drawn[:_MOST_FIGURES]),
        tuple(_names(place, "", (".csv", ".json"))[:_MOST_FIGURES]),
        tuple(f"{words(str(key), _TITLE)}: {words(why, _SENTENCE)}" for key, why in
              [*table_of(record.get("failed")).items()][:_MOST_ROWS] if isinstance(why, str)),
        tuple(words(one.get("says"), _SENTENCE) for one in checks
              if one.get("verdict") != "pass")[:_MOST_ROWS],
    )  # fmt: skip


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


@functools.lru_cache(maxsize=5_000)
def _run(place: Path, name: str, _: Stamp, __: Stamp) -> Run:
    record, summary = json_object(place / PROVENANCE), json_object(place / SUMMARY)
    title = words(study_title(record), _TITLE) or (place.resolve().name if name == "." else name)
    command = words(table_of(record.get("settings")).get("command"), _LONGEST)
    verdict = words(table_of(summary.get("diagnostics")).get("verdict"), _LONGEST)
    created = words(record.get("created"))[:40]
    return Run(name, title, created, command or "run", main_total(summary), verdict)


def main_total(summary: dict[str, Any]) -> tuple[float, float, float] | None:
    """Return low end, median and high end of the total of the main model."""
    return next((numbers for index, numbers in _total_rows(summary) if not index), None)


def _total_rows(summary: dict[str, Any]) -> list[tuple[dict[str, Any], tuple[float, float, float]]]:
    found = []
    for row in objects(summary.get("estimates")):
        index = row.get("index")
        if row.get("name") == "total" and isinstance(index, dict):
            low, middle, high = (finite(row.get(key)) for key in ("low", "median", "high"))
            if low is not None and middle is not None and high is not None:
                found.append((index, (low, middle, high)))
    return found


def _totals(
    summary: dict[str, Any], study: dict[str, Any]
) -> list[tuple[str, float, float, float]]:
    titles = {words(one.get("name")): words(one.get("title"), _TITLE)
              for one in objects(study.get("scenario"))}  # fmt: skip
    titles |= {name: words(one.get("title"), _TITLE)
               for name, one in table_of(study.get("models")).items()
               if isinstance(one, dict)}  # fmt: skip
    found: list[tuple[str, float, float, float]] = []
    for index, numbers in _total_rows(summary):
        if set(index) <= {"scenario", "model"} and len(found) < _MOST_ROWS:
            key = words(next(iter(index.values()), ""), _TITLE)
            found.append((titles.get(key) or key or "as stated", *numbers))
    return found


def _claims(path: Path) -> list[dict[str, str]]:
    if not path.is_file() or path.is_symlink() or path.stat().st_size > MOST_BYTES:
        return []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = [row for row, _ in zip(csv.DictReader(file), range(_MOST_ROWS), strict=False)]
    except (OSError, ValueError, csv.Error):
        return []
    return [
        {str(key): words(unguarded(words(value)), _SENTENCE) for key, value in row.items()}
        for row in rows
    ]


def _names(place: Path, inside: str, endings: tuple[str, ...]) -> list[str]:
    folder = place / inside if inside else place
    try:
        names = sorted(path.name for path in folder.iterdir() if path.suffix in endings)
    except OSError:
        return []
    return [f"{inside}/{name}" if inside else name for name in names]
