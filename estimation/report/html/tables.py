"""Tables of a folder, in words: columns that matter, numbers to three digits, few rows."""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Sequence

from estimation.report.html.builder import Child, Element, Wide, element, part, table
from estimation.report.html.run_folder import MOST_ROWS, RunFolder, Table
from estimation.report.html.stated import Stated
from estimation.report.html.words import plain, sentence, share, short

#: Rows that are shown at most.
_MOST = 40

#: Columns whose numbers are exact or no numbers: shown as they are, thousands apart.
_EXACT = re.compile(r"names|count|observed|size|points|influential|refits|known|final|truth|dates"
                    r"|forecasts|names_fewest|names_most|threshold|confirmed|forecast")  # fmt: skip

#: Columns of labels: a year is no number of deaths.
_LABELS = re.compile(r"period|year|as_of|earlier|later|span|age|stratum|model|method|name|scenario"
                     r"|begin|end|foreseen_from|pattern|list|report|day|date")  # fmt: skip

_SHARES = re.compile(r"share.*|inside_\d+|coverage.*|prob|below|.*_share|weight")

#: Columns that say the same in all rows, or what only a machine needs.
_DROPPED = re.compile(r"q0\.\d+|q1|mean|sd|prob|verdict_of|cost|error|.*_error|width_10|width_90")


@dataclasses.dataclass(frozen=True)
class Shown:
    """How a file is told: its caption, and the columns that are left out."""

    caption: str
    without: tuple[str, ...] = ()
    named: str = ""


_SENSITIVITY = {
    "tipping": Shown("Where an answer would tip", ("at_median", "at_low", "at_high", "model",
                     "field", "estimand", "threshold"), "sensitivity"),
    "anatomy": Shown("What the width of the interval is made of", ("model",), "sensitivity"),
    "sensitivity": Shown("Estimates with fields changed, one row a scenario", ("model",),
                         "sensitivity"),
    "indices": Shown("Sobol indices of median and width", (), "sensitivity"),
    "power_scaling": Shown("Whether the answer responds to how strongly priors and data are taken",
                           ("model", "sensitivity"), "sensitivity"),
    "information": Shown("What an audit would tell: expected width of the interval after it",
                         ("model", "coverage_width"), "audit_plan"),
    "dependence": Shown("The total if lists share persons more or less than is taken"),
    "priors": Shown("The total under other priors on its scale"),
    "spreads": Shown("The total under other spreads of the classes"),
}  # fmt: skip

_COMPARISON = {
    "comparison": Shown("Models compared by what they predict", ("kind",), "comparison"),
    "mixture": Shown("Totals mixed by stated weights", ("name", "method", "variance_within",
                     "variance_between"), "comparison"),
    "self_test": Shown("Totals known from a list, estimated as if they were not"),
    "left_out": Shown("The total with one list left out"),
    "cells": Shown("Patterns of lists, as counted and as expected"),
    "scores": Shown("Scores of past nowcasts: smaller is better"),
}  # fmt: skip

_EVIDENCE = {
    "learned": Shown("Coverage by source of evidence", ("age_months",), "learned"),
    "conflicts": Shown("What each source says, and what the others foretell of it", (), "learned"),
    "eventual": Shown("Later counts, and what they will become", ("name", "model", "source")),
    "revision": Shown("Why the total changed between two lists", ("names_fewest", "names_most"),
                      "revision"),
}  # fmt: skip

#: Files that other parts of the page show.
_ELSEWHERE = ("summary", "claims", "excess", "nowcast", "replay")


def sensitivity_part(found: RunFolder, stated: Stated) -> Element | None:
    """Return how much hangs on what."""
    return part("sensitivity", "How much hangs on what", *_all(found, stated, _SENSITIVITY))


def comparison_part(found: RunFolder, stated: Stated) -> Element | None:
    """Return how models, methods and past answers compare."""
    return part("comparison", "Models and methods compared", *_all(found, stated, _COMPARISON))


def evidence_part(found: RunFolder, stated: Stated) -> Element | None:
    """Return the evidence on how complete the list is; what failed of it stands here too."""
    said = _all(found, stated, _EVIDENCE)
    known = {one.name for one in stated.models}
    refused: list[list[Child | Wide]] = [
        [plain(key), Wide(sentence(why), 1)] for key, why in found.failed.items()
        if key not in known and key.split(" ")[0] in ("eventual", "coverage", "revision", "learned")
    ]  # fmt: skip
    if refused:
        said.append(table("Refused, where numbers would stand", ["what", "why"], refused))
    return part("evidence", "Evidence on coverage", *said)


def other_part(found: RunFolder, stated: Stated) -> Element | None:
    """Return tables that no other part knows."""
    known = {*_SENSITIVITY, *_COMPARISON, *_EVIDENCE, *_ELSEWHERE}
    rest = {name: Shown(f"Table {name}.csv") for name in found.tables if name not in known}
    return part("others", "Further tables", *_all(found, stated, rest))


def _all(found: RunFolder, stated: Stated, of: dict[str, Shown]) -> list[Child | None]:
    said: list[Child | None] = []
    for name, how in of.items():
        one = found.tables.get(name)
        if one is None or not one.rows:
            continue
        for section in _by_section(one):
            said += _one(section, how, stated)
    return said


def _one(one: Table, how: Shown, stated: Stated) -> list[Child | None]:
    one = _fields_together(one)
    columns = [
        column for column in one.columns
        if not _DROPPED.fullmatch(column) and column not in (*how.without, *_OF)
        and any(row.get(column) for row in one.rows)
    ]  # fmt: skip
    rows: list[list[Child | Wide]] = [
        [_cell(column, row.get(column, ""), stated) for column in columns]
        for row in one.rows[:_MOST]
    ]
    if not columns:
        return []
    numbers = [
        place for place, column in enumerate(columns)
        if not _LABELS.fullmatch(column) and any(_float(row[column]) is not None
                                                 for row in one.rows[:_MOST] if row.get(column))
    ]  # fmt: skip
    many = f"more than {MOST_ROWS:,}" if one.more else f"{len(one.rows):,}"
    cut = f" (the first {_MOST} of {many} rows; all are in {one.name}.csv)"
    section = next((one.rows[0][name] for name in _OF if one.rows[0].get(name)), "")
    of = stated.sections.get(f"{how.named} {section}", section)
    caption = how.caption + (f": {of}" if of else "") + (cut if len(one.rows) > _MOST else "")
    levels = {row["prob"] for row in one.rows if row.get("prob")}
    level = _float(levels.pop()) if len(levels) == 1 else None
    if level is not None:
        caption += f", {share(level)} intervals"
    return [table(caption, [plain(column) for column in columns], rows, numbers=numbers)]


#: Columns that name a section of the study.
_OF = ("study", "learned", "revision")


def _by_section(one: Table) -> list[Table]:
    """Return the rows of each section of the study apart."""
    column = next((name for name in one.columns if name in _OF), None)
    if column is None:
        return [one]
    apart: dict[str, list[dict[str, str]]] = {}
    for row in one.rows:
        apart.setdefault(row.get(column, ""), []).append(row)
    return [dataclasses.replace(one, rows=tuple(rows)) for rows in apart.values()]


def _fields_together(one: Table) -> Table:
    """Return scenarios with what each changes in one cell, not a column a field."""
    if one.name != "sensitivity" or not {"scenario", "estimand"} <= set(one.columns):
        return one
    begin, end = one.columns.index("scenario"), one.columns.index("estimand")
    fields = one.columns[begin + 1 : end]
    rows = tuple(
        {**row, "changed": "; ".join(f"{key} = {_written(row[key])}" for key in fields
                                   if row.get(key)) or "as stated"}
        for row in one.rows
    )  # fmt: skip
    return dataclasses.replace(
        one, columns=(*one.columns[:begin], "changed", *one.columns[end:]), rows=rows
    )


def _cell(column: str, value: str, stated: Stated) -> Child:
    if not value:
        return ""
    if column == "model":
        return stated.titles.get(value, value)
    if column == "verdict":
        return element("strong", plain(value))
    number = _float(value)
    if number is None or _LABELS.fullmatch(column):
        return "yes" if value == "True" else "no" if value == "False" else value
    if _EXACT.fullmatch(column) and number == int(number):
        return f"{int(number):,}"
    if _SHARES.fullmatch(column) and 0 <= number <= 1:
        return share(number)
    return short(number)


def _float(value: str) -> float | None:
    try:
        found = float(value)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _written(value: str) -> str:
    number = _float(value)
    return value if number is None else f"{number:.6g}"


def numbers_of(rows: Sequence[dict[str, str]], column: str) -> list[float]:
    """Return the numbers of a column; what is none is left out."""
    found = [_float(row.get(column, "")) for row in rows]
    return [value for value in found if value is not None]
