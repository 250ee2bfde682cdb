"""Check rows: which are selected, of which day the list is, that they count the killed."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING

from estimation.errors import DataError
from estimation.tables.source import Table, lines_of
from estimation.tables.text import as_text
from estimation.words import listed, suggestion
from models.checks import LARGEST_COUNT

if TYPE_CHECKING:
    import pandas as pd

#: Words of a column `measure` that mean the dead.
KILLED = ("killed", "deaths", "dead", "named")

_NEVER_MIX = "casualties are killed and wounded, and must never be mixed with killed"


@dataclasses.dataclass(frozen=True)
class _Fault:
    """A way in which a number can be wrong: the texts that have it, and what to say of them."""

    pattern: str
    what: str
    why: str = ""
    remedy: str = ""


_MARKED = r"[+-]?[0-9]{1,3}(?:[,' \u00a0\u202f][0-9]{3})+(?:\.[0-9]*)?"
_WORD_NAN = r"(?i:[+-]?nan)"
_INFINITE = r"(?i:[+-]?inf(?:inity)?)"
_NEGATIVE = r"-[0-9]+(?:\.[0-9]*)?"
_WHOLE = r"\+?[0-9]+(?:\.0*)?"
_FRACTION = r"\+?[0-9]*\.[0-9]*[1-9][0-9]*"

_PERSONS = "a count is a whole number of persons, 0 or more"
_LEAVE_EMPTY = "leave the field empty if it was not observed, and say what gaps mean"
_COMMON = {
    "marked": _Fault(
        _MARKED, "has marks between its digits", "a comma may be a thousand or a decimal",
        "write digits only, 1234 for 1,234",
    ),
    "nan": _Fault(_WORD_NAN, "is not a number", _PERSONS, _LEAVE_EMPTY),
    "infinite": _Fault(_INFINITE, "is infinite", _PERSONS),
    "negative": _Fault(
        _NEGATIVE, "is negative", _PERSONS, "write what was counted, not corrections of it"
    ),
}  # fmt: skip
_COUNT_FAULTS = {
    **_COMMON,
    "fraction": _Fault(
        _FRACTION, "is not whole", _PERSONS, "write whole numbers without a decimal point"
    ),
    "text": _Fault(
        rf"(?!(?:{_MARKED}|{_WORD_NAN}|{_INFINITE}|{_NEGATIVE}|{_WHOLE}|{_FRACTION})$).*",
        "is no count", _PERSONS, _LEAVE_EMPTY,
    ),
    "large": _Fault(
        r"\+?0*[1-9][0-9]{12,}(?:\.0*)?", "is too large", f"counts stay below {LARGEST_COUNT:,}"
    ),
}  # fmt: skip
_SIGNED = r"[+-]?[0-9]+(?:\.0*)?"
_CHANGE = "a change of a count is a whole number of persons"
_CHANGE_FAULTS = {
    "marked": _COMMON["marked"],
    "nan": dataclasses.replace(_COMMON["nan"], why=_CHANGE, remedy="leave the row out"),
    "infinite": dataclasses.replace(_COMMON["infinite"], why=_CHANGE),
    "fraction": _Fault(
        rf"-?{_FRACTION}", "is not whole", _CHANGE, "write whole numbers without a decimal point"
    ),
    "text": _Fault(
        rf"(?!(?:{_MARKED}|{_WORD_NAN}|{_INFINITE}|{_SIGNED}|-?{_FRACTION})$).*",
        "is no count", _CHANGE, "leave the row out if nothing is known of it",
    ),
    "large": _Fault(
        r"[+-]?0*[1-9][0-9]{12,}(?:\.0*)?", "is too large", f"counts stay below {LARGEST_COUNT:,}"
    ),
}  # fmt: skip
_STEPS = "a delay is a whole number of steps from the period of death to the report"
_DELAY_FAULTS = {
    name: dataclasses.replace(fault, why=_STEPS, remedy="")
    for name, fault in _COUNT_FAULTS.items()
} | {
    "negative": dataclasses.replace(
        _COMMON["negative"], what="is negative: reported before it happened", why=_STEPS,
        remedy="correct one of the two dates",
    ),
    "text": dataclasses.replace(_COUNT_FAULTS["text"], what="is no delay", why=_STEPS, remedy=""),
}  # fmt: skip
_PEOPLE = "it is the number of persons at risk"
_POPULATION_FAULTS = {
    **{name: dataclasses.replace(fault, why=_PEOPLE, remedy="") for name, fault in _COMMON.items()},
    "marked": dataclasses.replace(_COMMON["marked"]),
    "none": _Fault(r"\+?0*(?:\.0*)?", "is not above 0", _PEOPLE, "leave the row out"),
    "text": _Fault(
        rf"(?!(?:{_MARKED}|{_WORD_NAN}|{_INFINITE}|{_NEGATIVE}|\+?[0-9]*\.?[0-9]*)$).*",
        "is no number", _PEOPLE,
    ),
}  # fmt: skip


def chosen_rows(table: Table, select: Mapping[str, object] | None) -> Table:
    """Return the rows that hold the selected values; a choice without rows is an error."""
    if select is not None and not isinstance(select, Mapping):
        raise DataError(
            f"must name columns and values, not {select!r}", where="select",
            remedy='select = {"as_of": "2024-01-15"}',
        )  # fmt: skip
    frame = table.frame
    for name, value in (select or {}).items():
        values, wanted = table.column(name, "select")[frame.index], as_text(value)
        chosen = frame[values == wanted]
        if chosen.empty:
            there = sorted(values.unique())
            near = suggestion(wanted, there) if wanted else ""
            raise DataError(
                f"no row has {name} = {wanted!r}", where=f"{table.label}, column {name}",
                why=f"the values are {listed(repr(one) for one in there)}",
                remedy=near if near.startswith("did") else "select one of them",
            )  # fmt: skip
        frame = chosen
    return dataclasses.replace(table, frame=frame)


def single_as_of(table: Table) -> datetime.date | None:
    """Return the one day in the column `as_of`, if there is one."""
    if "as_of" not in table.frame.columns:
        return None
    values = table.frame["as_of"]
    first = values.iloc[0]
    other = values[values != first]
    if len(other):
        line = int(other.index[0])
        raise DataError(
            f"mixed as-of dates: {other.iloc[0]!r} where {table.unit} {values.index[0]} has "
            f"{first!r}",
            where=table.place(line, "as_of"),
            why="lists of different days count the same persons again",
            remedy='choose one: select = {"as_of": "..."}',
        )
    if not first:
        return None
    try:
        if len(first) == 10:
            return datetime.date.fromisoformat(first)
    except ValueError:
        pass
    raise DataError(
        f"{first!r} is no ISO date", where=table.place(int(values.index[0]), "as_of"),
        remedy="write it like 2024-01-15",
    )  # fmt: skip


def check_killed(table: Table, count: str) -> None:
    """Refuse counts that are, or may be, of casualties and not of the killed."""
    if "casualt" in count.lower() or "wounded" in count.lower():
        raise DataError(
            "does not count the killed", where=f"{table.label}, column {count}", why=_NEVER_MIX,
            remedy="name a column of confirmed deaths",
        )  # fmt: skip
    if "measure" not in table.frame.columns:
        return
    values = table.frame["measure"].str.lower()
    bad = lines_of(~values.isin(KILLED))
    remedy = 'choose the killed: select = {"measure": "killed"}'
    if bad:
        said = table.frame.loc[bad[0], "measure"]
        what = f"{said!r} is not the killed" if said else "does not say that it counts the killed"
        raise table.fault(bad, "measure", what, why=_NEVER_MIX, remedy=remedy)
    other = lines_of(values != values.iloc[0])
    if other:
        raise table.fault(
            other, "measure",
            f"{values[other[0]]!r} where {table.unit} {values.index[0]} has {values.iloc[0]!r}",
            why="two measures may count the same persons twice",
            remedy=remedy.replace("the killed", "one"),
        )  # fmt: skip


def read_counts(table: Table, column: str) -> dict[int, int | None]:
    """Return the count of each line; none where the field is empty.

    Raises
    ------
    DataError
        If a count is negative, fractional, text, not finite, or has marks between its digits.
    """
    values = table.column(column, "count")
    given = values[values != ""]
    _refuse_faults(table, column, given, _COUNT_FAULTS)
    found: dict[int, int | None] = dict.fromkeys(map(int, values.index))
    for line, text in zip(given.index, given.tolist(), strict=True):
        found[int(line)] = int(text.split(".")[0])
    return found


def read_changes(table: Table, column: str) -> dict[int, int]:
    """Return the change of a count of each line; it may be negative, and must not be empty.

    Raises
    ------
    DataError
        If a change is empty, fractional, text, not finite, or has marks between its digits.
    """
    return _all_given(table, column, "count", _CHANGE_FAULTS)


def read_delays(table: Table, column: str) -> dict[int, int]:
    """Return the delay of each line in steps.

    Raises
    ------
    DataError
        If a delay is empty, negative, fractional or no number.
    """
    return _all_given(table, column, "delay", _DELAY_FAULTS)


def _all_given(
    table: Table, column: str, use: str, faults: Mapping[str, _Fault]
) -> dict[int, int]:  # fmt: skip
    values = table.column(column, use)
    empty = lines_of(values == "")
    if empty:
        raise table.fault(
            empty, column, "is empty", why="a cell without a row has no new names",
            remedy="write the number, or leave the row out",
        )  # fmt: skip
    _refuse_faults(table, column, values, faults)
    texts = zip(values.index, values.tolist(), strict=True)
    return {int(line): int(text.split(".")[0]) for line, text in texts}


def read_populations(table: Table, column: str) -> dict[int, float | None]:
    """Return the number of persons of each line; none where the field is empty.

    Raises
    ------
    DataError
        If a number is not above 0, text, not finite, or has marks between its digits.
    """
    values = table.column(column, "exposure")
    given = values[values != ""]
    _refuse_faults(table, column, given, _POPULATION_FAULTS)
    found: dict[int, float | None] = dict.fromkeys(map(int, values.index))
    for line, text in zip(given.index, given.tolist(), strict=True):
        found[int(line)] = float(text)
    return found


def _refuse_faults(
    table: Table, column: str, given: pd.Series[str], faults: Mapping[str, _Fault]
) -> None:
    """Refuse the first value with a fault; all rows are judged, so that it says how many."""
    if given.empty:
        return
    import pandera.pandas as pa

    def free_of(pattern: str, name: str) -> pa.Check:
        return pa.Check(lambda values: ~values.str.fullmatch(pattern), name=name)

    checks = [free_of(fault.pattern, name) for name, fault in faults.items()]
    schema = pa.DataFrameSchema({column: pa.Column(checks=checks)})
    try:
        schema.validate(given.to_frame(), lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases.sort_values(["index", "check_number"])
        first = cases.iloc[0]
        fault = faults[str(first["check"])]
        lines = sorted({int(line) for line in cases["index"]})
        raise table.fault(
            lines, column, f"{first['failure_case']!r} {fault.what}", why=fault.why,
            remedy=fault.remedy,
        ) from None  # fmt: skip
