"""Tables of a folder in fewer cells: an estimate with its interval in one, repeated keys once."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from estimation.report.html.columns import finite
from estimation.report.html.run_folder import Table
from estimation.report.html.words import between

#: Columns of a table turned on its side, at most; wider ones stay as they are.
_MOST_COLUMNS = 8

_ENDS = ("median", "low", "high")

#: Tables whose estimates are numbers of persons.
_PERSONS = ("revision", "dependence", "priors", "spreads", "left_out", "self_test", "cells")


def with_intervals(one: Table) -> Table:
    """Return a table whose median, low and high stand in one cell: 194,000 (166,000 to 235,000)."""
    for column in one.columns:
        start = column.removesuffix("median").rstrip("_")
        if not column.endswith("median"):
            continue
        ends = [f"{start}_{end}" if start else end for end in _ENDS]
        if set(ends) <= set(one.columns):
            one = _merged(one, start or "estimate", ends)
    return one


def _merged(one: Table, name: str, ends: list[str]) -> Table:
    rows = []
    for row in one.rows:
        found = [finite(row.get(end, "")) for end in ends]
        if None in found:
            rows.append({**row, name: ""})
            continue
        of = name if name != "estimate" else row.get("estimand") or row.get("name") or ""
        of = row.get("belief") or of
        of = "total" if one.name in _PERSONS else "" if " " in of else of
        if row.get("what", "").startswith("coverage"):
            of = "coverage"
        rows.append({**row, name: between(_estimand(of), dict(zip(_ENDS, found, strict=True)))})
    place = one.columns.index(ends[0])
    rest = [column for column in one.columns[place:] if column not in ends]
    columns = (*(key for key in one.columns[:place] if key not in ends), name, *rest)
    return dataclasses.replace(one, columns=columns, rows=tuple(rows))


def _estimand(name: str) -> str:
    # "share" alone is a share of names; "share_of_now" goes through another door
    return {"share": "share_", "foretold": "", "deaths": "total"}.get(name, name)


def constant(one: Table, columns: Sequence[str]) -> tuple[Table, dict[str, str]]:
    """Return a table without columns that say the same in all rows, and what they say."""
    said = {}
    for column in columns:
        values = {row.get(column, "") for row in one.rows}
        if column in one.columns and len(values) == 1:
            said[column] = values.pop()
    kept = tuple(column for column in one.columns if column not in said)
    return dataclasses.replace(one, columns=kept), said


def turned(one: Table, keys: Sequence[str], across: str, whole: str = "in all") -> list[Table]:
    """Return a table for each column of values, with a column for each value of `across`.

    Parameters
    ----------
    one : Table
    keys : sequence of str
        Columns that tell the rows apart.
    across : str
        The column whose values become columns.
    whole : str
        Heading of the empty value.
    """
    headings = list(dict.fromkeys(row.get(across, "") for row in one.rows))
    keys = [key for key in keys if key in one.columns]
    given = [column for column in one.columns if column not in (*keys, across)]
    pairs = {(*(row.get(key, "") for key in keys), row.get(across, "")) for row in one.rows}
    if not keys or len(headings) > _MOST_COLUMNS or len(pairs) < len(one.rows) or one.more:
        return [one]
    found = []
    for value in given:
        rows: dict[tuple[str, ...], dict[str, str]] = {}
        for row in one.rows:
            key = tuple(row.get(name, "") for name in keys)
            kept = rows.setdefault(key, dict(zip(keys, key, strict=True)))
            kept[row.get(across, "") or whole] = row.get(value, "")
        columns = (*keys, *(heading or whole for heading in headings))
        # a row without anything, or of zeros alone, says nothing
        some = [row for row in rows.values() if any(_says(row.get(name, ""))
                                                    for name in columns[len(keys):])]  # fmt: skip
        if some:
            found.append(Table(f"{one.name}:{value}", columns, tuple(_once(some, keys, columns))))
    return found


def _once(
    rows: list[dict[str, str]], keys: Sequence[str], columns: Sequence[str]
) -> list[dict[str, str]]:
    """Return one row where all rows say the same, as far as they say anything."""
    values = {name: {row[name] for row in rows if row.get(name)} for name in columns
              if name not in keys}  # fmt: skip
    if len(rows) == 1 or any(len(said) > 1 for said in values.values()):
        return rows
    return [{keys[0]: "whatever it is", **{name: "".join(said) for name, said in values.items()}}]


def _says(value: str) -> bool:
    return re.fullmatch(r"0*(?:\.0+)?", value) is None


def by_field(one: Table) -> tuple[Table, Table]:
    """Return what each field does at its ends, and the scenarios in which several were changed.

    Parameters
    ----------
    one : Table
        Of scenarios: a column a field, empty where it is as stated.
    """
    begin, end = one.columns.index("scenario"), one.columns.index("estimand")
    fields = one.columns[begin + 1 : end]
    alone: dict[tuple[str, str], list[dict[str, str]]] = {}
    rest = []
    for row in one.rows:
        changed = [field for field in fields if row.get(field)]
        one_number = len(changed) == 1 and finite(row[changed[0]]) is not None
        if row.get("verdict") != "pass" or len(changed) > 1 or (changed and not one_number):
            rest.append(row)
        else:
            alone.setdefault((changed[0] if changed else "", row["estimand"]), []).append(row)
    rows = []
    for (field, estimand), some in sorted(alone.items(), key=lambda pair: bool(pair[0][0])):
        some.sort(key=lambda row: finite(row[field]) or 0.0 if field else 0.0)
        rows.append({
            "field": field, "estimand": estimand, "from": some[0].get(field, ""),
            "gives": some[0].get("estimate", ""),
            "to": some[-1].get(field, "") if field else "",
            "then": some[-1].get("estimate", "") if field else "",
        })  # fmt: skip
    several = [{**row, "changed": "; ".join(f"{key} = {row[key]}" for key in fields
                                            if row.get(key)) or "as stated"}
               for row in rest]  # fmt: skip
    head = ("field", "estimand", "from", "gives", "to", "then")
    columns = ("changed", *one.columns[end:])
    return (Table("sensitivity", head, tuple(rows)),
            Table("sensitivity", columns, tuple(several), one.more))  # fmt: skip
