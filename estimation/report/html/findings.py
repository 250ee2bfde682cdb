"""What each figure shows, in a sentence: for whoever cannot see it, or reads in a hurry."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any

from estimation.report.html.columns import method_words
from estimation.report.html.estimates import by_stratum, whole, years
from estimation.report.html.fit_findings import (
    beliefs,
    calibration,
    chains,
    forest,
    patterns,
    pit,
)
from estimation.report.html.run_folder import RunFolder
from estimation.report.html.stated import Stated
from estimation.report.html.tables import numbers_of
from estimation.report.html.words import between, plain, sentence, share, short
from estimation.summaries.agreement import percent

#: Strata that are named of many.
_NAMED = 3

#: The number of a target, in the name of a figure.
_NUMBER = re.compile(r"-(\d+)$")


def finding(found: RunFolder, stated: Stated, stem: str) -> str:
    """Return what a figure finds.

    Parameters
    ----------
    found : RunFolder
    stated : Stated
    stem : str
        Name of its file, without folder and ending.
    """
    for start, say in _BY_START.items():
        if stem.startswith(start):
            said = say(found, stated, stem.removeprefix(start))
            if said:
                return said
    for end, tell in _BY_END.items():
        if stem == end or stem.endswith(f"-{end}"):
            model = stem.removesuffix(end).rstrip("-") or "base"
            said = tell(found, stated, model)
            if said:
                return said
    return _of_all(found, stem)


def _of_all(found: RunFolder, stem: str) -> str:
    """Return what is known of any figure: the first estimates of the folder."""
    rows = [row for row in found.summary["estimates"] if row.get("median") is not None]
    first = [row for row in rows if not row["index"]][:6]
    told = [f"{_whose(row)} {between(row['name'], row)}"
            for row in first]  # fmt: skip
    level = percent(found.prob)
    if found.command == "replay":
        told = []
        for row in found.rows("scores"):
            pairs = zip(numbers_of([row], "wis"), numbers_of([row], "inside_95"), strict=False)
            told += [f"{row.get('method', '')} {short(score)}, {share(held)} held"
                     for score, held in pairs]  # fmt: skip
        if told:
            return ("Mean weighted interval scores, smaller is better, and how many 95 % intervals "
                    f"held what came: {'; '.join(told)}.")  # fmt: skip
    if not told:
        return f"Figure {plain(stem.replace('-', ' '))}; its numbers stand in the tables."
    return f"Median and {level} interval: {'; '.join(told)}."


def _whose(row: dict[str, Any]) -> str:
    method = str(row.get("method") or "")
    return method_words(method) if method else plain(row["name"])


def _totals(found: RunFolder, stated: Stated, _: str) -> str:
    rows = [(name, row) for name, row in whole(found).items() if "model" not in row["index"]]
    told = [f"{stated.model(name).title}: {between('total', row)}" for name, row in rows]
    if not told:
        return ""
    said = f"Total deaths, median and {percent(found.prob)} interval. {'; '.join(told)}."
    for one in found.summary["published"][:1]:
        said += f" Shaded: the published {one['low']:,.0f} to {one['high']:,.0f}."
    return said


def _periods(found: RunFolder, stated: Stated, model: str) -> str:
    rows = years(found, model)
    if not rows:
        row = whole(found).get(model)
        return f"Deaths over time; in all {between('total', row)}." if row else ""
    told = "; ".join(f"{year} {between('total', row)}" for year, row in rows)
    return (
        f"Deaths over time with their {percent(found.prob)} intervals. By year: {told}. The last "
        "periods of a list are not yet complete."
    )


def _coverage(found: RunFolder, stated: Stated, model: str) -> str:
    rows = whole(found, "realized_coverage") or whole(found, "coverage")
    if model not in rows:
        return ""
    said = f"Share of the deaths that is on the list: {between('coverage', rows[model])} in all"
    by_period = [
        (row["index"]["period"], row) for row in found.summary["estimates"]
        if row["name"] == "period_coverage" and row["index"].get("model", "base") == model
        and "period" in row["index"]
    ]  # fmt: skip
    if by_period:
        (first, start), (last, end) = by_period[0], by_period[-1]
        said += (f"; {between('coverage', start)} of the period from {first}, "
                 f"{between('coverage', end)} of that from {last}")  # fmt: skip
    return f"{said} (median, {percent(found.prob)} interval)."


def _rises(found: RunFolder, stated: Stated, model: str) -> str:
    months = [
        row["median"] for row in found.summary["estimates"]
        if row["name"] == "total" and row["index"].get("step") == "month"
        and row["index"].get("model", "base") == model and row.get("median") is not None
    ]  # fmt: skip
    if len(months) < 2:
        return "Probability, for each month, that more died than in the month before."
    rises = sum(after > before for before, after in itertools.pairwise(months))
    return (
        "Probability, for each month, that more died than in the month before. By their medians "
        f"{rises} of {len(months) - 1} months rose."
    )


def _rates(found: RunFolder, stated: Stated, model: str) -> str:
    rows, words = by_stratum(found, model, "rate"), "Deaths for each 10,000 at risk"
    if not rows:
        rows, words = by_stratum(found, model, "total"), "Deaths by stratum"
    if not rows:
        return ""
    told = "; ".join(f"{plain(name)} {short(row['median'])} ({short(row['low'])} to "
                     f"{short(row['high'])})" for name, row in rows[:_NAMED])  # fmt: skip
    said = f"{words}. Highest: {told}"
    if len(rows) > _NAMED:
        name, row = rows[-1]
        said += f"; lowest of {len(rows)}: {plain(name)} {short(row['median'])}"
    return said + "."


def _eventual(found: RunFolder, stated: Stated, model: str) -> str:
    told = [
        f"{row.get('title', '')}: {int(count):,} names will become {short(middle)} ({short(low)} "
        f"to {short(high)})"
        for row in found.rows("eventual") if row.get("model") == model
        for count, middle, low, high in zip(*(numbers_of([row], f"{key}") for key in (
            "count", "eventual_median", "eventual_low", "eventual_high")), strict=False)
    ]  # fmt: skip
    return f"What the list will hold in the end. {'; '.join(told)}." if told else ""


def _sources(found: RunFolder, stated: Stated, name: str) -> str:
    key, total = name.removesuffix("-total"), name.endswith("-total")
    what = "deaths" if total else "coverage"
    told = []
    for row in found.rows("learned"):
        ends = [numbers_of([row], f"{what}_{one}") for one in ("median", "low", "high")]
        if row.get("learned") == key and row.get("span") == "total" and all(ends):
            named = dict(zip(("median", "low", "high"), (one[0] for one in ends), strict=True))
            told.append(f"{row.get('sources', '')} {between('total' if total else what, named)}")
    words = "Deaths in all" if total else "Share of all deaths that is on the list"
    return f"{words}, by what is believed: {'; '.join(told)}." if told else ""


def _anatomy(found: RunFolder, stated: Stated, name: str) -> str:
    rows = _rows_of(found, "anatomy", name)
    told = [f"{row.get('name', '')} {share(value)}" for row in rows
            for value in numbers_of([row], "share")]  # fmt: skip
    of = f" of {rows[0].get('target') or 'total'}" if rows else ""
    return f"Shares of the width of the interval{of}: {'; '.join(told)}." if told else ""


def _varied(found: RunFolder, stated: Stated, name: str) -> str:
    rows = _rows_of(found, "sensitivity", name)
    medians, base = numbers_of(rows, "median"), numbers_of(rows[:1], "median")
    if not base:
        return ""
    target = rows[0].get("estimand", "total")
    which = "the first" if found.tables["sensitivity"].more else "all"
    said = (f"The median of {target} is {short(base[0])} as stated, and goes from "
            f"{short(min(medians))} to {short(max(medians))} over {which} {len(rows):,} "
            "scenarios")  # fmt: skip
    tips = [sentence(row["says"]) for row in found.rows("tipping")
            if row.get("study") == rows[0]["study"] and row.get("estimand", target) == target
            and row.get("says")]  # fmt: skip
    return " ".join([f"{said}.", *tips[:2]])


def _curve(found: RunFolder, stated: Stated, name: str) -> str:
    """Return how the answer moves with one field, the others as stated."""
    rows = _rows_of(found, "sensitivity", name)
    keys = list(rows[0]) if rows else []
    varied = keys[keys.index("scenario") + 1 : keys.index("estimand")] if {
        "scenario", "estimand"} <= set(keys) else []  # fmt: skip
    fields = [key for key in varied
              if _NUMBER.sub("", name).endswith(f"-{key.replace('.', '-')}")]  # fmt: skip
    points = [
        (values[0], row) for row in rows for values in [numbers_of([row], fields[0])]
        if values and not any(row[key] for key in varied if key != fields[0])
        and all(numbers_of([row], key) for key in ("median", "low", "high"))
    ] if fields else []  # fmt: skip
    if not points:
        return _varied(found, stated, name)
    points.sort(key=lambda pair: pair[0])
    told = [
        f"{value:g}: {between(_of_target(row), ends)}"
        for value, row in (points[0], points[-1])
        for ends in [{key: float(row[key]) for key in ("median", "low", "high")}]
    ]
    return (f"Median and interval of {points[0][1].get('estimand', 'total')} by {fields[0]}. At "
            f"{'; at '.join(told)}.")  # fmt: skip


def _of_target(row: dict[str, str]) -> str:
    return "total" if row.get("estimand") == "total" else ""


def _information(found: RunFolder, stated: Stated, name: str) -> str:
    rows = [row for row in found.rows("information") if row.get("study") == name]
    told = [f"{int(size):,}: {share(part)}" for row in rows for size, part in zip(
        numbers_of([row], "size"), numbers_of([row], "share_of_now"), strict=False)]  # fmt: skip
    return ("Expected width of the interval as a share of today's, by deaths looked up: "
            f"{'; '.join(told)}.") if told else ""  # fmt: skip


def _comparison(found: RunFolder, stated: Stated, name: str) -> str:
    told = [f"{row.get('model', '')}: {row.get('says', '')}"
            for row in _rows_of(found, "comparison", name)
            if name == f"{row['study']}-{row.get('method', '')}"]  # fmt: skip
    return f"Models by what they predict. {'; '.join(told)}." if told else ""


def _mixture(found: RunFolder, stated: Stated, name: str) -> str:
    for row in found.rows("mixture"):
        ends = {key: numbers_of([row], key) for key in ("median", "low", "high")}
        if row.get("study") == name and all(ends.values()):
            named = {key: values[0] for key, values in ends.items()}
            return f"Totals mixed by stated weights: {between('total', named)}."
    return ""


def _revision(found: RunFolder, stated: Stated, name: str) -> str:
    told = []
    for row in found.rows("revision"):
        ends = {key: numbers_of([row], key) for key in ("median", "low", "high")}
        if row.get("revision") == name and not row.get("period") and all(ends.values()):
            named = {key: values[0] for key, values in ends.items()}
            told.append(f"{row.get('part', '')} {between('total', named)}")
    return f"Steps from the earlier to the later total: {'; '.join(told)}." if told else ""


def _rows_of(found: RunFolder, table: str, name: str) -> list[dict[str, str]]:
    """Return the rows of the section by whose name that of a figure begins, and of its target.

    Of a section with several targets each has figures of its own, whose names end in its number.
    """
    rows = found.rows(table)
    studies = {row.get("study", "") for row in rows} - {""}
    study = max((one for one in studies if f"{name}-".startswith(f"{one}-")), key=len, default="")
    mine = [row for row in rows if study and row["study"] == study]
    column = "target" if table == "anatomy" else "estimand"
    targets = list(dict.fromkeys(row.get(column, "") for row in mine))
    number = _NUMBER.search(name.removeprefix(study))
    if number is None or not 0 < int(number[1]) <= len(targets) or len(targets) == 1:
        return mine
    return [row for row in mine if row.get(column, "") == targets[int(number[1]) - 1]]


_Say = Callable[[RunFolder, Stated, str], str]

_BY_START: dict[str, _Say] = {
    "totals": _totals, "sources-": _sources, "anatomy-": _anatomy, "tornado-": _varied,
    "curve-": _curve, "information-": _information, "comparison-": _comparison,
    "mixture-": _mixture, "revision-": _revision, "calibration-": calibration,
}  # fmt: skip

_BY_END: dict[str, _Say] = {"periods": _periods, "coverage": _coverage, "rises": _rises,
                            "rates": _rates, "eventual": _eventual, "forest": forest,
                            "beliefs": beliefs, "chains": chains, "patterns": patterns,
                            "pit": pit}  # fmt: skip
