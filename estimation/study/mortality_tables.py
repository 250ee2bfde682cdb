"""Tables of deaths, and of audited places, that a study names."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from estimation.errors import DataError, UndercountError
from estimation.study.register_tables import Read, read_span
from estimation.study.sections import as_table, refuse_unknown
from estimation.study.tables import named_source, placed, resolved
from estimation.tables.checks import chosen_rows, read_counts
from estimation.tables.mortality import read_mortality
from estimation.tables.source import Table, open_table
from models.checks import sequence_of_whole, text

#: Options of a table of deaths that are texts, and lists of years.
_WORDS = ("source", "affected", "other", "ages", "remove", "year", "age", "sex", "deaths",
          "removed_deaths")  # fmt: skip
_YEARS = ("base", "pandemic")

#: Keys of a table of places, and the columns that are looked for.
_OF_PLACES = {"found": "found", "checked": "checked", "place": "place"}


def with_mortality(section: Mapping[str, Any], where: str, folder: Path | None) -> Read:
    """Return a section of excess deaths with its table read, and notes on how it was.

    Parameters
    ----------
    section : mapping
        With a key "table", options of `read_mortality`.
    where : str
        The place, for messages.
    folder : Path, optional
        Of the study; files are looked for there.

    Raises
    ------
    DataError
        If there is no table, or it cannot be read.
    """
    if "deaths" in section:
        raise DataError("cannot be written into a study", where=f"{where}.deaths",
                        remedy="name a table of deaths")  # fmt: skip
    if "table" not in section:
        raise DataError("'table' is missing", where=where, why="excess needs it",
                        remedy='write table = { source = "FILE.csv" }')  # fmt: skip
    place = f"{where}.table"
    options = dict(as_table(section["table"], place))
    known = list(inspect.signature(read_mortality).parameters)
    refuse_unknown(options, known, place)
    for key in _WORDS:
        if key in options:
            text(options[key], f"{place}.{key}")
    for key in _YEARS:
        if key in options:
            options[key] = _years(options[key], f"{place}.{key}")
    if len(options.get("base", (0, 0))) != 2:
        raise DataError("must be the first and the last year", where=f"{place}.base",
                        remedy="as in [2015, 2019]")  # fmt: skip
    if "first_year" in options:
        (options["first_year"],) = _years([options["first_year"]], f"{place}.first_year")
    source = named_source(options, place, folder)
    if "remove" in options:
        options["remove"] = resolved(options["remove"], folder)
    try:
        read = read_mortality(source, **options)
    except UndercountError as error:
        raise placed(error, place, known) from None
    own = {key: value for key, value in section.items() if key != "table"}
    source_of = {"source": read.source} if read.source else {}
    return {"deaths": read.mortality, **source_of} | own, read.notes


def with_places(section: Mapping[str, Any], where: str, folder: Path | None) -> Read:
    """Return a section of audits with its table read and its last day made the day after it.

    Parameters
    ----------
    section : mapping
        With lists "found", "checked" and "places", or with a key "table": its source, and the
        columns "found", "checked" and "place" where they have other names.
    where : str
        The place, for messages.
    folder : Path, optional
        Of the study; files are looked for there.

    Raises
    ------
    DataError
        If lists and a table are given, or the table cannot be read.
    """
    own = {key: value for key, value in section.items() if key not in ("table", "begin", "end")}
    own["begin"], own["end"] = read_span(section, where)
    for key in ("found", "checked", "places"):
        if key in own and not isinstance(own[key], list):
            raise DataError(f"must be a list, not {own[key]!r}", where=f"{where}.{key}",
                            remedy="one a place, as in [14, 9]")  # fmt: skip
    if "table" not in section:
        return own, ()
    given = [key for key in ("found", "checked", "places") if key in own]
    if given:
        raise DataError(f"gives {given[0]} and a table", where=where, remedy="keep one of them")
    place = f"{where}.table"
    options = dict(as_table(section["table"], place))
    refuse_unknown(options, (*_OF_PLACES, "source", "select"), place)
    for key in ("source", *_OF_PLACES):
        if key in options:
            text(options[key], f"{place}.{key}")
    source = named_source(options, place, folder)
    try:
        table = chosen_rows(open_table(source), options.get("select"))
        read = _places(table, {key: options.get(key, name) for key, name in _OF_PLACES.items()})
    except UndercountError as error:
        raise placed(error, place, ("select", *_OF_PLACES)) from None
    known = {"source": table.dataset.source} if table.dataset is not None else {}
    return {**known, **read} | own, ()


def _places(table: Table, columns: Mapping[str, str]) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for key in ("found", "checked"):
        counts = read_counts(table, columns[key])
        empty = [line for line, count in counts.items() if count is None]
        if empty:
            raise table.fault(
                empty, columns[key], "is empty",
                why="an audit that found nobody says 0", remedy="write both numbers of each place",
            )  # fmt: skip
        read[key] = tuple(counts.values())
    for line, hits, trials in zip(table.frame.index, read["found"], read["checked"], strict=True):
        if trials == 0:
            raise table.fault([line], columns["checked"], "nobody was looked up there",
                              remedy="leave the row out")  # fmt: skip
        if hits > trials:
            raise table.fault([line], columns["found"], f"found {hits} of {trials} checked",
                              why="found deaths are among those that were checked")  # fmt: skip
    named = columns["place"] in table.frame.columns or columns["place"] != _OF_PLACES["place"]
    return read | ({"places": tuple(table.column(columns["place"], "place"))} if named else {})


def _years(value: object, where: str) -> tuple[int, ...]:
    if not isinstance(value, list) or not all(
        isinstance(one, int) and not isinstance(one, bool) for one in value
    ):
        raise DataError(f"must be years, not {value!r}", where=where, remedy="as in [2020, 2021]")
    return sequence_of_whole(value, where) if value else ()
