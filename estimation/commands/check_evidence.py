"""What ``undercount check`` tells of evidence beside a list, and of what no source sees."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models import Model
    from models.audits import Audits
    from models.excess import Excess
    from models.lists.lists import Lists
    from models.register import Register

#: Standard deviations of a normal distribution on either side of its middle that hold 95 %.
_WIDTH = 1.959964


def describe_evidence(item: Any) -> dict[str, Any]:
    """Return the data of a register, of a table of deaths, audits or overlapping lists.

    Parameters
    ----------
    item : Register, Excess, Audits or Lists
    """
    describers: dict[str, Callable[[Any], dict[str, Any]]] = {
        "register": _register, "excess": _excess, "audits": _audits, "lists": _lists,
    }  # fmt: skip
    return {"source": item.source, "scope": item.scope, **describers[item.kind](item)}


def describe_beyond(model: Model) -> list[dict[str, Any]]:
    """Return the beliefs on deaths that no source of a model sees, as plain data."""
    return [
        {"name": name, "low": one.low, "high": one.high, "mass": one.mass,
         "median": float(one.quantile(0.5)), "reason": one.reason, "source": one.source,
         "scope": one.scope, "as_of": one.as_of}
        for name, one in model.beyond.items()
    ]  # fmt: skip


def evidence_says(one: dict[str, Any]) -> str:
    """Return in words and a table what `describe_evidence` found; with "name" and "kind" in it."""
    say = {"register": _register_says, "excess": _excess_says, "audits": _audits_says,
           "lists": _lists_says}[one["kind"]]  # fmt: skip
    source = one["source"] or "source not stated"
    return f"{one['name']} ({one['kind']}; {source})\n{say(one)}"


def beyond_says(found: Sequence[dict[str, Any]]) -> str:
    """Return the table of what `describe_beyond` found."""
    from estimation.report.text import table

    rows = [
        [one["name"], f"{one['median']:,.0f}", f"{one['low']:,.0f}", f"{one['high']:,.0f}",
         f"{one['mass']:.4g}", str(one["as_of"] or "not stated")]
        for one in found
    ]  # fmt: skip
    said = [table(["", "median", "low", "high", "mass", "as of"], rows)]
    for one in found:
        said += [f"{one['name']}, {key}: {one[key]}" for key in ("scope", "reason", "source")
                 if one[key]]  # fmt: skip
    return "\n".join(said)


def _register(item: Register) -> dict[str, Any]:
    import numpy as np

    of = item.estimates
    low, high = (of.central * np.exp(side * _WIDTH * of.errors) for side in (-1, 1))
    rows = [
        {"begin": begin, "end": _last_day(end), "central": float(central), "low": float(bottom),
         "high": float(top)}
        for begin, end, central, bottom, top
        in zip(of.begin, of.end, of.central, low, high, strict=True)
    ]  # fmt: skip
    return {"rows": rows, "bias": item.bias, "row_error": item.row_error, "split": item.split}


def _excess(item: Excess) -> dict[str, Any]:
    of = item.deaths
    return {
        "years": [int(year) for year in item.years], "base": list(of.base),
        "first_year": of.first_year, "pandemic": list(of.pandemic), "ages": list(of.ages),
        "affected": [int(one) for one in item.affected.sum(axis=1)],
        "other": [int(one) for one in item.other.sum(axis=1)],
    }  # fmt: skip


def _audits(item: Audits) -> dict[str, Any]:
    rows = [
        {"place": place, "found": hits, "checked": trials}
        for place, hits, trials in zip(item.places, item.found, item.checked, strict=True)
    ]
    return {"rows": rows, "begin": item.begin, "end": _last_day(item.end)}


def _lists(item: Lists) -> dict[str, Any]:
    import numpy as np

    of = item.patterns
    alone = [int(of.counts[of.counted & of.on[:, place] & (of.on.sum(axis=1) == 1)].sum())
             for place in range(len(of.lists))]  # fmt: skip
    rows = [
        {"list": name, "persons": int(total), "alone": own}
        for name, total, own in zip(of.lists, of.list_totals, alone, strict=True)
    ]
    labeled = of.counted[:, None] & (of.stratum_of[:, None] == np.arange(len(of.strata)))
    return {
        "count": item.names, "as_of": item.as_of, "rows": rows,
        "strata": {name: int(of.counts[labeled[:, place]].sum())
                   for place, name in enumerate(of.strata)},
        "unknown_stratum": int(item.unlabeled.sum()) if of.strata else 0,
        "unknown_patterns": int(of.is_unknown.sum()), "bounded_patterns": int(of.is_bound.sum()),
    }  # fmt: skip


def _last_day(after: datetime.date | None) -> datetime.date | None:
    return None if after is None else after - datetime.timedelta(days=1)


def _register_says(one: dict[str, Any]) -> str:
    from estimation.report.text import table

    rows = [
        [_span(row), *(f"{row[key]:,.0f}" for key in ("central", "low", "high"))]
        for row in one["rows"]
    ]
    errors = f"a bias that all rows share (log, sd {one['bias']:g})"
    if one["row_error"]:
        errors += f" and an error of each row (log, sd {one['row_error']:g})"
    said = table(["deaths of", "central", "low (95 %)", "high (95 %)"], rows)
    return f"{said}\nnot in these ranges: {errors}"


def _excess_says(one: dict[str, Any]) -> str:
    from estimation.report.text import table

    war, base = one["first_year"], one["base"]
    kept = f", kept apart {', '.join(map(str, one['pandemic']))}" if one["pandemic"] else ""
    rows = [
        [str(year), f"{affected:,}", f"{other:,}"]
        for year, affected, other in zip(one["years"], one["affected"], one["other"], strict=True)
        if year >= war
    ]
    years = f"years {one['years'][0]} to {one['years'][-1]}: usual {base[0]}-{base[1]}{kept}"
    said = table(["war", "deaths of the sex that fights", "of the other"], rows)
    return f"{years}, war from {war}; ages {', '.join(one['ages'])}\n{said}"


def _audits_says(one: dict[str, Any]) -> str:
    from estimation.report.text import table

    rows = [[row["place"], str(row["found"]), str(row["checked"])] for row in one["rows"]]
    if len(rows) > 1:
        rows.append(["together", *(str(sum(row[key] for row in one["rows"]))
                                   for key in ("found", "checked"))])  # fmt: skip
    return table(["place", "found", "checked"], rows) + f"\ndeaths of {_span(one)}"


def _span(row: dict[str, Any]) -> str:
    return f"{row['begin'] or 'the beginning'} to {row['end'] or 'the end'}"


def _lists_says(one: dict[str, Any]) -> str:
    from estimation.report.text import table

    rows = [[row["list"], f"{row['persons']:,}", f"{row['alone']:,}"] for row in one["rows"]]
    head = f"{one['count']:,} persons on any list; as of {one['as_of'] or 'not stated'}"
    said = [head, table(["list", "persons", "on no other"], rows)]
    if one["strata"]:
        rows = [[name, f"{count:,}"] for name, count in one["strata"].items()]
        if one["unknown_stratum"]:
            rows.append(["not recorded", f"{one['unknown_stratum']:,}"])
        said.append(table(["stratum", "persons"], rows))
    labels = {"unknown_patterns": "of unknown count", "bounded_patterns": "with an upper bound"}
    counted = [f"{one[key]} {label}" for key, label in labels.items() if one[key]]
    return "\n".join([*said, *([f"patterns {', '.join(counted)}"] if counted else [])])
