"""Estimates side by side: other readings, further models, periods and strata."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from estimation.report.html.builder import Child, Element, Wide, element, part, table
from estimation.report.html.run_folder import RunFolder
from estimation.report.html.stated import Stated
from estimation.report.html.wording import told
from estimation.report.html.words import between, capital, dated, plain, sentence, shown
from estimation.summaries.agreement import percent

#: What tells rows of one name apart beside the model.
_WITHIN = ("period", "stratum", "year", "age", "list", "as_of", "seen_from", "last")

#: Strata or periods of a table that are shown at most; longer than so many it is set in halves.
_MOST, _HALVED = 100, 16


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


def _named(found: RunFolder, stated: Stated) -> list[str]:
    """Return scenarios and models, those that failed too; none of another command."""
    if found.command != "run":
        return []
    return list(dict.fromkeys([*(one.name for one in stated.models), *whole(found)]))


def readings_part(found: RunFolder, stated: Stated) -> Element | None:
    """Return totals of all scenarios and models; what failed stands where its number would."""
    totals, names = whole(found), _named(found, stated)
    if not names:
        return None
    estimate = f"Total deaths ({percent(found.prob)} interval)"
    inside = {one["name"]: one for one in found.summary["published"]}
    first = next((name for name in inside if ", " not in name), "")
    head = ["reading", estimate]
    head += [f"probability of the published range ({first})"] if first else []
    rows: list[list[Child | Wide]] = []
    further: list[list[Child | Wide]] = []
    for name in names:
        model, row = stated.model(name), totals.get(name)
        number: Child = between("total", row) if row else _refused(found, stated, name)
        if model.further or (row is not None and "model" in row["index"]):
            counted = f"{model.names:,}" if model.names else ""
            further.append([model.title, number, counted, dated(model.as_of) or "not stated"])
            continue
        one = inside.get(first if name == "base" else f"{first}, {name}")
        mass = one.get("mass_inside") if one else None
        share = shown("mass_inside", mass) if isinstance(mass, int | float) else ""
        title: Child = model.title
        if model.reason:
            note = element("span", capital(sentence(model.reason)), class_="beneath")
            title = element("span", model.title, note)
        rows.append([title, number, *([share] if first else [])])
    said: list[Child | None] = [
        table("The same evidence, read in other ways", head, rows, numbers=(2,))
    ]
    further += _beyond(found, stated)
    if further:
        said.append(element("h3", "Further models"))
        said.append(table("Totals of further models, each of data of its own",
                          ["model", estimate, "counted", "as of"], further,
                          numbers=(2,)))  # fmt: skip
    return part("readings", "The same in other readings", *said)


def _beyond(found: RunFolder, stated: Stated) -> list[list[Child | Wide]]:
    return [
        [f"{stated.model(name).title}, with deaths that no source sees, as believed",
         between("total", row), "", dated(stated.model(name).as_of)]
        for name, row in whole(found, "total_with_beyond").items()
    ]  # fmt: skip


def _refused(found: RunFolder, stated: Stated, name: str) -> Element:
    why = told(found.failed.get(name, "no number is in the folder"), stated)
    return element("span", element("strong", "Refused: "), sentence(why), class_="refused")


def apart_part(found: RunFolder, stated: Stated) -> Element | None:
    """Return tables by year and by stratum, of each model that has them."""
    names = _named(found, stated)
    said = [one for name in names for one in _apart(found, stated, name)]
    strata = {stated.model(name).strata for name in names if by_stratum(found, name, "total")}
    words = ["year", *sorted(strata)]
    return part("apart", f"By {', '.join(words[:-1])}{' and ' if strata else ''}{words[-1]}", *said)


def _apart(found: RunFolder, stated: Stated, name: str) -> list[Element]:
    said = []
    model = stated.model(name)
    for what, rows in (("year", years(found, name)),
                       (model.strata, by_stratum(found, name, "total"))):  # fmt: skip
        if not rows:
            continue
        cells: list[list[Child | Wide]] = [
            [plain(key), between("total", row)] for key, row in rows[:_MOST]
        ]
        caption = f"Deaths by {what}: {model.title}"
        if len(rows) > _MOST:
            caption += f" (the {_MOST} largest of {len(rows)}; all are in summary.csv)"
        head = [what, f"deaths ({percent(found.prob)} interval)"]
        said.append(table(caption, head, cells, halves=_is_long(rows)))
    return said


def _is_long(rows: Sequence[Any]) -> bool:
    return len(rows) > _HALVED
