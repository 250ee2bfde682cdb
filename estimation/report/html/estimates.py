"""Estimates side by side: other readings, further models, periods and strata, claims."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from estimation.report.html.builder import Child, Element, Wide, element, part, table
from estimation.report.html.run_folder import RunFolder
from estimation.report.html.stated import Stated
from estimation.report.html.words import between, plain, sentence, shown
from estimation.report.text import number
from estimation.summaries.agreement import percent

#: What tells rows of one name apart beside the model.
_WITHIN = ("period", "stratum", "year", "age", "list", "as_of", "seen_from", "last")

#: Strata or periods of a table that are shown at most.
_MOST = 60

_VERDICTS = {"agrees": "pass", "disagrees": "fail", "cannot-tell": "inconclusive"}


def owner(row: dict[str, Any]) -> str:
    """Return the scenario or model of a row; that of the main model is "base"."""
    return str(row["index"].get("scenario", row["index"].get("model", "base")))


def whole(found: RunFolder, name: str = "total") -> dict[str, dict[str, Any]]:
    """Return the row of an estimand over all periods and strata, by model."""
    return {
        owner(row): row for row in found.summary["estimates"]
        if row["name"] == name and not set(_WITHIN) & set(row["index"])
        and row.get("median") is not None
    }  # fmt: skip


def years(found: RunFolder, model: str) -> list[tuple[str, dict[str, Any]]]:
    """Return totals of a model by year."""
    return [
        (row["index"]["period"][:4], row) for row in found.summary["estimates"]
        if row["name"] == "total" and owner(row) == model and row["index"].get("step") == "year"
    ]  # fmt: skip


def by_stratum(found: RunFolder, model: str, name: str) -> list[tuple[str, dict[str, Any]]]:
    """Return an estimand of a model by stratum, the largest first."""
    rows = [
        (row["index"]["stratum"], row) for row in found.summary["estimates"]
        if row["name"] == name and owner(row) == model and "period" not in row["index"]
        and "stratum" in row["index"] and row.get("median") is not None
    ]  # fmt: skip
    return sorted(rows, key=lambda pair: -pair[1]["median"])


def readings_part(found: RunFolder, stated: Stated) -> Element | None:
    """Return totals of all scenarios and models; what failed stands where its number would."""
    totals = whole(found)
    names = list(dict.fromkeys([*(one.name for one in stated.models), *totals]))
    if found.command != "run" or not names:
        return _methods_part(found)
    level = percent(found.prob)
    numbers = ["median total", f"low ({level})", f"high ({level})"]
    inside = {one["name"]: one for one in found.summary["published"]}
    first = next((name for name in inside if ", " not in name), "")
    head = ["reading", "why one would believe it", *numbers]
    head += [f"in published ({first})"] if first else []
    rows: list[list[Child | Wide]] = []
    further: list[list[Child | Wide]] = []
    for name in names:
        model, row = stated.model(name), totals.get(name)
        estimates = _numbers(row) if row else [_refused(found, name)]
        if model.further or (row is not None and "model" in row["index"]):
            further.append([model.title, f"{model.names:,}" if model.names else "",
                            model.as_of or "not stated", *estimates])  # fmt: skip
            continue
        one = inside.get(first if name == "base" else f"{first}, {name}")
        mass = one.get("mass_inside") if one else None
        share = shown("mass_inside", mass) if isinstance(mass, int | float) else ""
        rows.append([model.title, sentence(model.reason), *estimates, *([share] if first else [])])
    said: list[Child | None] = [
        table("The same evidence, read in other ways", head, rows, numbers=range(2, len(head)))
    ]
    if further:
        head = ["model", "counted", "as of", *numbers]
        said.append(element("h3", "Further models"))
        said.append(table("Totals of further models, each of data of its own", head, further,
                          numbers=(1, 3, 4, 5)))  # fmt: skip
    said += _apart(found, stated, names)
    return part("readings", "The same in other readings", *said)


def _numbers(row: dict[str, Any]) -> list[Child | Wide]:
    return [shown(row["name"], row[key]) for key in ("median", "low", "high")]


def _refused(found: RunFolder, name: str) -> Wide:
    why = found.failed.get(name, "no number is in the folder")
    return Wide(element("span", element("strong", "Refused: "), sentence(why)), 3)


def _apart(found: RunFolder, stated: Stated, names: Sequence[str]) -> list[Child | None]:
    """Return tables by year and by stratum, of each model that has them."""
    level = percent(found.prob)
    head = ["median deaths", f"low ({level})", f"high ({level})"]
    said: list[Child | None] = []
    for name in names:
        for what, rows in (("year", years(found, name)),
                           ("stratum", by_stratum(found, name, "total"))):  # fmt: skip
            if not rows:
                continue
            title = stated.model(name).title
            cells: list[list[Child | Wide]] = [
                [plain(key), *_numbers(row)] for key, row in rows[:_MOST]
            ]
            caption = f"Deaths by {what}: {title}"
            if len(rows) > _MOST:
                caption += f" (the {_MOST} largest of {len(rows)}; all are in summary.csv)"
            said.append(table(caption, [what, *head], cells, numbers=(1, 2, 3)))
    return [element("h3", "By year and stratum"), *said] if said else []


def _methods_part(found: RunFolder) -> Element | None:
    """Return the rows of other commands: by method, and by what tells them apart."""
    rows = found.summary["estimates"]
    refused: list[list[Child | Wide]] = [
        [plain(key), "", Wide(sentence(why), 3)] for key, why in found.failed.items()
    ]
    if not rows and not refused:
        return None
    level, engine = percent(found.prob), found.summary.get("engine", "")
    cells: list[list[Child | Wide]] = [
        [plain(str(row.get("method") or engine)), _which(row), *_numbers(row)]
        for row in rows[:_MOST]
    ]  # fmt: skip
    caption = "Estimates by method"
    if len(rows) > _MOST:
        caption += f" (the first {_MOST} of {len(rows):,}; all are in the tables of the folder)"
    head = ["method", "of", "median", f"low ({level})", f"high ({level})"]
    return part("readings", "All estimates", table(caption, head, [*cells, *refused],
                                                   numbers=(2, 3, 4)))  # fmt: skip


def _which(row: dict[str, Any]) -> str:
    apart = ", ".join(f"{plain(key)} {value}" for key, value in row["index"].items())
    return f"{plain(row['name'])}{', ' if apart else ''}{apart}"


def claims_part(found: RunFolder, stated: Stated) -> Element | None:
    """Return published claims with their verdicts."""
    rows: list[list[Child | Wide]] = [
        [
            row.get("claim", ""),
            element("strong", plain(row.get("verdict", "").replace("-", " ")),
                    class_=f"state {_VERDICTS.get(row.get('verdict', ''), 'unknown')}"),
            f"{row.get('stated', '')} {row.get('unit', '')}".strip(),
            _estimated(row), sentence(row.get("why", "")),
            stated.model(row.get("model", "")).title, row.get("source", ""),
        ]
        for row in found.rows("claims")
    ]  # fmt: skip
    if not rows:
        return None
    head = ["claim", "verdict", "stated", "estimated", "why", "model", "source"]
    said = element("p", f"A claim agrees if the whole {percent(found.prob)} interval lies in what "
                   "is stated, disagrees if none of it does, and cannot be told otherwise.",
                   class_="note")  # fmt: skip
    return part("claims", "Published claims, put to the test", said,
                table("Claims with their verdicts", head, rows))  # fmt: skip


def _estimated(row: dict[str, str]) -> str:
    try:
        middle = float(row.get("median") or "nan")
        ends = [float(row[key]) for key in ("low", "high") if row.get(key)]
    except ValueError:
        return row.get("median", "")
    if middle != middle:
        return "no number"
    if len(ends) < 2:
        return f"probability {percent(middle)}"
    if ends[0] == ends[1] == middle:
        return number("", middle)  # a count, which is exact
    named = {"median": middle, "low": ends[0], "high": ends[1]}
    return between("", named)
