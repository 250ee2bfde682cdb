"""Tables of a folder, in words: columns that matter, numbers to three digits, few rows."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence

from estimation.report.html.builder import Child, Element, Wide, part, table
from estimation.report.html.columns import LABELS, cell, column_words, finite, method_words
from estimation.report.html.reshaped import by_field, constant, turned, with_intervals
from estimation.report.html.run_folder import MOST_ROWS, RunFolder, Table
from estimation.report.html.stated import Stated
from estimation.report.html.wording import field_words, told
from estimation.report.html.words import capital, dated, plain, sentence, share, short

#: Rows that are shown at most.
_MOST = 40

#: Columns that say the same in all rows, or what only a machine needs.
_DROPPED = re.compile(r"q0\.\d+|q1|mean|sd|prob|verdict_of|cost|error|.*_error|width_10|width_90"
                      r"|variance_.*|mismatch")  # fmt: skip

#: Letters by which a caption and the title of a section are the same.
_ALIKE = 20

#: Columns that name a section of the study.
_OF = ("study", "learned", "revision")

#: Columns that are told once, in the caption, where they say the same in all rows.
_ONCE = ("earlier", "later", "method", "verdict", "dates", "forecasts", "refits", "influential")


@dataclasses.dataclass(frozen=True)
class Shown:
    """How a file is told.

    Parameters
    ----------
    caption : str
    without : tuple of str
        Columns that are left out.
    named : str
        The kind of section of the study that it is of.
    keys, across : str
        Of a table with a column for each value of `across`.
    words : dict
        What columns are called here alone.
    """

    caption: str
    without: tuple[str, ...] = ()
    named: str = ""
    keys: tuple[str, ...] = ()
    across: str = ""
    words: dict[str, str] = dataclasses.field(default_factory=dict)


_SENSITIVITY = {
    "tipping": Shown("Where an answer would tip", ("at_median", "at_low", "at_high", "model",
                     "field", "estimand", "threshold"), "sensitivity"),
    "anatomy": Shown("What the width of the interval is made of", ("model",), "sensitivity",
                     words={"name": "from", "share": "share of the width"}),
    "sensitivity": Shown("What each assumption moves, the others as stated", ("model",),
                         "sensitivity"),
    "indices": Shown("Share of the variation of median and width by each field (Sobol indices)",
                     (), "sensitivity"),
    "power_scaling": Shown("Whether the answer responds to how strongly priors and data are taken",
                           ("model", "sensitivity", "kind", "name", "variable"), "sensitivity"),
    "information": Shown("What an audit would tell: how wide the interval would be after it",
                         ("model", "coverage_width", "method"), "audit_plan"),
    "dependence": Shown("The total if the odds of being on no list are other than the method "
                        "takes them, by a factor of", keys=("method",), across="factor"),
    "priors": Shown("The total under other priors of it, by their power", ("settled",),
                    keys=("method",), across="power"),
    "spreads": Shown("The total under other priors of how much the classes differ"),
}  # fmt: skip

_COMPARISON = {
    "comparison": Shown("Models compared by what they predict", ("kind",), "comparison"),
    "mixture": Shown("Totals mixed by stated weights", ("name", "method"), "comparison"),
    "self_test": Shown("Put to the test: the known size of each list, estimated from the others",
                       ("holds", "refused"), keys=("list", "truth", "observed"), across="method",
                       words={"observed": "of them on others"}),
    "left_out": Shown("The total with one list left out", ("refused",),
                      keys=("list", "observed"), across="method",
                      words={"list": "without list", "observed": "persons left"}),
    "cells": Shown("Persons on exactly these lists, as counted and as the latent classes expect",
                   words={"pattern": "on exactly", "count": "counted", "estimate": "expected"}),
    "calibration": Shown("Ranks of simulated truths: how far from uniform, and how often 95 % "
                         "intervals held", ("covered_error",),
                         words={"envelope": "allowed", "covered": "share held"}),
    "pit": Shown("Where final counts fell among past forecasts: how far from uniform",
                 words={"envelope": "allowed"}),
    "scores": Shown("Scores of past nowcasts: smaller is better, and intervals should hold as "
                    "often as they say", words={"dates": "dates"}),
}  # fmt: skip

_EVIDENCE = {
    "learned": Shown("Coverage by source of evidence", ("age_months",), "learned",
                     keys=("sources",), across="span", words={"sources": "evidence"}),
    "conflicts": Shown("What each source says, and what the others foretell of it", (), "learned"),
    "beliefs": Shown("What each model believed before the data, and after",
                     ("unit", "unmoved", "meaning"),
                     words={"says": "what the data taught", "prior": "before",
                            "estimate": "after"}),
    "eventual": Shown("Later counts, and what they will become", ("name", "model", "source"),
                      words={"title": "names of", "share": "share of those in the end"}),
    "revision": Shown("Why the total changed between two lists", ("names_fewest", "names_most"),
                      "revision", keys=("part",), across="period", words={"estimate": "deaths"}),
}  # fmt: skip

#: Files that other parts of the page show.
_ELSEWHERE = ("summary", "claims", "excess", "nowcast", "replay", "chains", "patterns")


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
        [plain(key), Wide(sentence(told(why, stated)), 1)] for key, why in found.failed.items()
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
        if one is not None and one.rows:
            for section in _by_section(one):
                said += _one(section, how, stated, found.prob)
    return said


def _one(one: Table, how: Shown, stated: Stated, prob: float) -> Iterator[Child | None]:
    section = next((one.rows[0][name] for name in _OF if one.rows[0].get(name)), "")
    of = stated.sections.get(f"{how.named} {section}", section)
    levels = {row["prob"] for row in one.rows if row.get("prob")}
    level = finite(levels.pop()) if len(levels) == 1 else None
    kept = [column for column in one.columns if column not in (*how.without, *_OF)]
    one = dataclasses.replace(one, columns=tuple(kept))
    merged = with_intervals(one)
    said_twice = of.lower().startswith(how.caption.lower()[:_ALIKE])
    caption = of if said_twice else how.caption + (f": {of}" if of else "")
    if merged.columns != one.columns:
        caption += f" (median, {share(level or prob)} interval)"
    if one.name == "sensitivity" and {"scenario", "estimand"} <= set(one.columns):
        yield from _scenarios(merged, how, stated, caption)
        return
    kept = [
        column for column in merged.columns
        if not _DROPPED.fullmatch(column) and any(row.get(column) for row in merged.rows)
    ]  # fmt: skip
    merged = dataclasses.replace(merged, columns=tuple(kept))
    merged, once = constant(merged, _ONCE if len(one.rows) > 1 else ())
    apart = [f"{column_words(name)} {_once(name, value, stated)}" for name, value in once.items()
             if value not in ("", "pass", "0") and name != "method"]  # fmt: skip
    caption += f"; {', '.join(apart)}" if apart else ""
    tables = turned(merged, how.keys, how.across) if how.across in kept else [merged]
    for some in tables:
        value = some.name.partition(":")[2]
        of_value = f". {capital(how.words.get(value) or column_words(value))}" if value else ""
        yield _told(some, caption + (of_value if len(tables) > 1 else ""), how, stated)


def _once(name: str, value: str, stated: Stated) -> str:
    return str(cell(name, value, stated, {}) if name != "verdict" else plain(value))


def _told(one: Table, caption: str, how: Shown, stated: Stated) -> Element | None:
    """Return a table in words."""
    if not one.columns:
        return None
    value = one.name.partition(":")[2]  # of a turned table
    kinds = {
        column: value if value and column not in how.keys else column for column in one.columns
    }
    rows: list[list[Child | Wide]] = [
        [cell(kinds[column], row.get(column, ""), stated, row) for column in one.columns]
        for row in one.rows[:_MOST]
    ]
    if len(one.rows) > _MOST:
        many = f"more than {MOST_ROWS:,}" if one.more else f"{len(one.rows):,}"
        file = one.name.split(":")[0]
        caption += f" (the first {_MOST} of {many} rows; all are in {file}.csv)"
    numbers = [
        place for place, column in enumerate(one.columns)
        if place and not LABELS.fullmatch(kinds[column])
        and all(finite(row[column]) is not None for row in one.rows[:_MOST] if row.get(column))
    ]  # fmt: skip
    head = [how.words.get(column) or _heading(column, one) for column in one.columns]
    return table(caption, head, rows, numbers=numbers)


def _heading(column: str, one: Table) -> str:
    if ":" not in one.name:
        return column_words(column)
    number = finite(column)
    if number is not None and "." in column:
        return short(number)
    return method_words(dated(column.replace("..", " to ")))


def _scenarios(one: Table, how: Shown, stated: Stated, caption: str) -> Iterator[Child | None]:
    """Yield what each field moves, and then scenarios in which several fields were changed."""
    ends, several = by_field(one)
    same = {row["estimand"] for row in ends.rows}
    rows: list[list[Child | Wide]] = [
        [
            capital(field_words(row["field"], stated)) if row["field"] else "As stated",
            *([] if len(same) == 1 else [row["estimand"]]),
            _value(row["field"], row["from"]), row["gives"], _value(row["field"], row["to"]),
            row["then"],
        ]
        for row in ends.rows[:_MOST]
    ]  # fmt: skip
    if rows:
        of = next(iter(same)) if len(same) == 1 else ""
        words = f"{caption}; all scenarios are in sensitivity.csv"
        head = ["Changed", *([] if of else ["Estimate of"]), "From",
                of or "Estimate", "To", of or "Estimate"]  # fmt: skip
        yield table(words, head, rows)
    if several.rows:
        kept = [column for column in several.columns if not _DROPPED.fullmatch(column)
                and any(row.get(column) for row in several.rows)]  # fmt: skip
        several = dataclasses.replace(several, columns=tuple(kept))
        yield _told(several, f"{caption}: several changed at once, or not passed", how, stated)


def _value(field: str, value: str) -> str:
    number = finite(value)
    if number is None:
        return value
    shares = re.search(r"coverage|precision|share|mass|tail", field)
    return share(number) if shares and 0 <= number <= 1 else f"{number:.6g}"


def _by_section(one: Table) -> list[Table]:
    """Return the rows of each section of the study apart."""
    column = next((name for name in one.columns if name in _OF), None)
    if column is None:
        return [one]
    apart: dict[str, list[dict[str, str]]] = {}
    for row in one.rows:
        apart.setdefault(row.get(column, ""), []).append(row)
    return [dataclasses.replace(one, rows=tuple(rows)) for rows in apart.values()]


def numbers_of(rows: Sequence[dict[str, str]], column: str) -> list[float]:
    """Return the numbers of a column; what is none is left out."""
    found = [finite(row.get(column, "")) for row in rows]
    return [value for value in found if value is not None]
