"""Tables of overlapping lists that a study names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from estimation.errors import DataError, UndercountError
from estimation.study.register_tables import Read
from estimation.study.sections import as_table
from estimation.study.tables import placed, resolved
from estimation.tables.patterns import read_patterns
from models.checks import text
from models.lists.patterns import Patterns

#: Keys that say how the table is read; all others are those of `Lists`.
_OF_TABLE = ("count", "strata", "merge", "leave_out", "at_most")


def with_patterns(section: Mapping[str, Any], where: str, folder: Path | None) -> Read:
    """Return a section of overlapping lists with its table read, and notes on how it was.

    Parameters
    ----------
    section : mapping
        With "patterns", a file or a shipped dataset, and options of `read_patterns` beside it:
        "count", "strata", "merge", "leave_out", "at_most".  ``strata = []`` sums the strata that a
        shipped dataset has of its own.  "exposure" is a list, or a table by stratum.
    where : str
        The place, for messages.
    folder : Path, optional
        Of the study; files are looked for there.

    Raises
    ------
    DataError
        If there is no table, or it cannot be read.
    NotEstimableError
        If it has one list only, or nobody on any.
    """
    if "patterns" not in section:
        raise DataError(
            "'patterns' is missing", where=where, why="lists needs it",
            remedy='write patterns = "FILE.csv", or name a shipped dataset',
        )  # fmt: skip
    source = text(section["patterns"], f"{where}.patterns")
    options = {key: section[key] for key in _OF_TABLE if key in section}
    if "count" in options:
        text(options["count"], f"{where}.count")
    for key in ("strata", "leave_out", "at_most"):
        if key in options:
            options[key] = _names(options[key], f"{where}.{key}")
    if "merge" in options:
        options["merge"] = {
            name: _names(lists, f"{where}.merge.{name}")
            for name, lists in as_table(options["merge"], f"{where}.merge").items()
        }
    try:
        read = read_patterns(resolved(source, folder), **options)
    except UndercountError as error:
        # what are options of a command there are keys here
        error.remedy = re.sub("--count ([^;]+)", r'count = "\1"', error.remedy)
        error.remedy = re.sub("--stratum (.+)", r'strata = ["\1"]', error.remedy)
        error.where = {"stratum": "strata"}.get(error.where, error.where)
        merged = [f"merge.{name}" for name in options.get("merge", {})]
        if error.where in (*_OF_TABLE, *merged):
            raise error.inside(where) from None
        raise placed(error, f"{where}.patterns", ()) from None
    patterns = read.patterns.pooled() if options.get("strata") == [] else read.patterns
    own = {key: value for key, value in section.items() if key not in (*_OF_TABLE, "patterns")}
    if "exposure" in own:
        own["exposure"] = _exposure(own["exposure"], patterns, f"{where}.exposure")
    source_of = {"source": read.source} if read.source else {}
    return {"patterns": patterns, **source_of} | own, read.notes


def _names(value: object, where: str) -> list[str]:
    if not isinstance(value, list):
        raise DataError(f"must be a list of names, not {value!r}", where=where,
                        remedy='as in ["A", "B"]')  # fmt: skip
    return [text(name, f"{where}[{place}]") for place, name in enumerate(value, 1)]


def _exposure(value: object, patterns: Patterns, where: str) -> tuple[Any, ...]:
    """Return persons at risk in the order of the strata of a table."""
    if isinstance(value, Mapping):
        if set(value) != set(patterns.strata):
            raise DataError("must have a number for each stratum, and for no other", where=where,
                            remedy=", ".join(patterns.strata) or "leave it out")  # fmt: skip
        return tuple(value[name] for name in patterns.strata)
    if not isinstance(value, list):
        raise DataError(
            f"must be a list or a table by stratum, not {value!r}", where=where,
            remedy="as in { north = 120000, south = 80000 }",
        )  # fmt: skip
    return tuple(value)
