"""Answers for all shipped tables of overlapping lists, beside those of others and true totals.

    uv run python -m benchmarks.list_references [DATASET ...] [--latent] [--out FILE]

Two tables: of each dataset the answers of all methods as they are by default; and of each printed
answer the one of the same method, prior and interval. Strata are summed. Latent classes are asked
with `--latent` (about a minute a fit); in the first table a fit that fails its checks is shown in
brackets, with what failed: the command refuses it. Answers are kept in FILE, so that an interrupted
run goes on where it was.
"""

from __future__ import annotations

import argparse
import csv
import functools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.list_answers import LATENT, Asked, draws_of, keep, latent_answer, table
from benchmarks.list_same import NOT_OURS, Ours, difference, met, ours
from estimation.classical.captures.frequencies import Captures
from estimation.datasets.load import dataset_path, describe_dataset, describe_datasets
from estimation.errors import UndercountError
from estimation.overlap.latent import LatentOptions
from estimation.overlap.methods import captures_methods, classical_method
from estimation.tables.patterns import is_captures, read_captures, read_patterns
from models.lists.patterns import Patterns

QUICK = ("graphical", "loglinear", "independence", "sample_coverage", "darroch", "chao")

#: Where the usual draws fail the checks: so many, and so many for warm-up.
MORE_DRAWS, MORE_TUNE = 8000, 2000


def names() -> tuple[str, ...]:
    """Return the datasets that are tables of lists, by their number, and tables of captures.

    Tables by stratum are those of the same persons again.
    """
    lists = [one for one in describe_datasets() if one.lists and not one.strata]
    lists.sort(key=lambda one: len(one.lists))
    captures = [one.name for one in describe_datasets() if one.name.startswith("captures_")]
    return (*(one.name for one in lists), *captures)


@functools.cache
def table_of(name: str) -> Patterns | Captures:
    """Return a shipped table, strata summed."""
    if is_captures(name):
        read = read_captures(name)
        return Captures(read.captures, read.counts, read.occasions)
    return read_patterns(name).patterns.pooled()


def references(name: str) -> list[dict[str, str]]:
    """Return the printed answers for a table."""
    with dataset_path("references").open(encoding="utf-8", newline="") as lines:
        return [row for row in csv.DictReader(lines) if row["dataset"] == name]


# -- our answers ----------------------------------------------------------------------------------


def by_method(name: str, *, latent: bool, seed: int = 1) -> dict[str, Callable[[], Asked]]:
    """Return how to ask all methods for a table."""
    patterns = table_of(name)
    if isinstance(patterns, Captures):
        found = captures_methods(seed)
        return {one: functools.partial(_sure, ask, patterns) for one, ask in found.items()}
    asks: dict[str, Callable[[], Asked]] = {}
    if latent:
        for method, captures in LATENT.items():
            options = LatentOptions(captures, cores=1, accept="shown as failed")
            asks[method] = functools.partial(latent_answer, patterns, options, seed)
    for method in QUICK:
        asks[method] = functools.partial(_sure, functools.partial(_quick, method, seed), patterns)
    return asks


def _sure(ask: Callable[[Any], Any], patterns: Patterns | Captures) -> Asked:
    return ask(patterns), math.nan, ""


def _quick(method: str, seed: int, patterns: Patterns) -> Any:
    if method == "independence":
        from estimation.classical.loglinear.estimate import loglinear

        lists = patterns.without_empty().lists
        return loglinear(patterns, formula=" + ".join(lists), seed=seed)
    if method == "darroch":
        from estimation.classical.captures.heterogeneity import heterogeneity

        return heterogeneity(patterns, seed=seed)
    return classical_method(method, seed)(patterns)


def answers(
    chosen: Iterable[str], out: Path | None, *, latent: bool, seed: int = 1
) -> list[dict[str, Any]]:
    """Return the rows of all methods for some tables; see `benchmarks.list_answers.keep`."""

    def asked() -> Iterator[tuple[dict[str, Any], Callable[[], Asked]]]:
        for name in chosen:
            patterns = table_of(name)
            truth = describe_dataset(name).true_total
            about = {
                "group": name, "case": name, "truth": truth or "", "observed": patterns.observed,
                "lists": len(patterns.lists) if isinstance(patterns, Patterns) else 0,
            }  # fmt: skip
            for method, ask in by_method(name, latent=latent, seed=seed).items():
                yield about | {"method": method}, ask

    return keep(asked(), out)


def again(
    rows: Iterable[Mapping[str, Any]], out: Path | None, seed: int = 1
) -> list[dict[str, Any]]:
    """Ask with more draws where latent classes failed their checks."""

    def asked() -> Iterator[tuple[dict[str, Any], Callable[[], Asked]]]:
        for row in rows:
            patterns = table_of(row["case"])
            if row["method"] not in LATENT or not row["refused"] or isinstance(patterns, Captures):
                continue
            options = LatentOptions(
                LATENT[row["method"]], draws=MORE_DRAWS, tune=MORE_TUNE, cores=1,
                accept="shown as failed",
            )  # fmt: skip
            about = {key: row[key] for key in ("group", "case", "lists", "truth", "observed")}
            about["method"] = f"{row['method']} {MORE_DRAWS}"
            yield about, functools.partial(latent_answer, patterns, options, seed)

    return keep(asked(), out)


def with_more(
    rows: Iterable[Mapping[str, Any]], more: Iterable[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Return rows in which fits that failed are those with more draws, marked with a dagger."""
    found = {(row["case"], row["method"].removesuffix(f" {MORE_DRAWS}")): row for row in more}
    merged = []
    for row in rows:
        better = found.get((row["case"], row["method"]))
        merged.append(dict(row) if better is None else
                      {**better, "method": row["method"], "mark": " \u2020"})  # fmt: skip
    return merged


# -- tables ---------------------------------------------------------------------------------------


def persons(value: float) -> str:
    """Return a number of persons in the digits that a reader can use."""
    return f"{value:,.1f}" if value < 100 and value % 1 else f"{value:,.0f}"


def cell(row: Mapping[str, Any] | None) -> str:
    """Return an answer as a cell: brackets where its checks failed, a star if it holds the truth.

    A lower bound holds the truth if its lower limit is not above it.
    """
    if row is None:
        return ""
    if row["estimate"] == "":
        return f"refused: {str(row['refused']).split('(')[0].strip()}"
    said = f"{persons(row['estimate'])} ({persons(row['low'])} to {persons(row['high'])})"
    if row["truth"] != "":
        held = row["low"] <= row["truth"] and (
            row["method"] == "chao" or row["truth"] <= row["high"]
        )
        said += " *" if held else ""
    if row["refused"]:
        said = f"[{said}; {_failed(row)}]"
    return said + str(row.get("mark", ""))


def _failed(row: Mapping[str, Any]) -> str:
    """Return the most serious check that failed, in few words."""
    said = str(row["refused"])
    if "R-hat" in said:
        return f"R-hat {row['rhat']:.2f}"
    for what, word in (("diverged", "divergences"), ("effective draws", "few effective draws")):
        if what in said:
            return word
    return "limit unsure"


def methods_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the table of datasets by methods, as Markdown."""
    methods = list(dict.fromkeys(row["method"] for row in rows))
    found = {(row["case"], row["method"]): row for row in rows}
    cells = []
    for name in dict.fromkeys(row["case"] for row in rows):
        one = next(row for row in rows if row["case"] == name)
        truth = persons(one["truth"]) if one["truth"] != "" else ""
        cells.append([name, str(one["lists"] or "-"), f"{one['observed']:,}", truth,
                      *(cell(found.get((name, method))) for method in methods)])  # fmt: skip
    return table(["dataset", "lists", "on any", "true", *methods], cells)


#: A printed answer, the one of the same method or why there is none.
Compared = tuple[Mapping[str, str], Ours | str]


def compared(name: str, rows: Iterable[Mapping[str, Any]]) -> list[Compared]:
    """Return all printed answers for a table, each with ours.

    Parameters
    ----------
    name : str
    rows : iterable of mappings
        Answers of ours, from which those of latent classes are taken.
    """
    uniform = [row for row in rows if (row["case"], row["method"]) == (name, "latent uniform")]
    found: list[Compared] = []
    for reference in references(name):
        try:
            if reference["method"] == "latent":
                found.append((reference, _latent(reference, uniform)))
            else:
                found.append((reference, ours(reference, table_of(name))))
        except UndercountError as error:
            found.append((reference, f"refused: {error}"))
    return found


def _latent(reference: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> Ours | str:
    rows = [row for row in rows if row["estimate"] != ""]
    if not rows:
        return "not asked: takes --latent"
    row = rows[0]
    tail = (1 - float(reference["level"])) / 2
    low, high = np.quantile(draws_of(row), [tail, 1 - tail]).tolist()
    return Ours(float(row["estimate"]), low, high)


def compared_table(found: Iterable[Compared]) -> str:
    """Return the table of printed answers and ours, as Markdown."""
    head = ["dataset", "method", "ours", "printed", "by", "interval", "off by", "met"]
    cells = []
    for reference, own in found:
        if isinstance(own, str):
            continue
        off, agree = difference(reference, own), met(reference, own)
        printed = (
            float(reference[key]) if reference[key] else None for key in ("estimate", "low", "high")
        )
        level = "" if reference["level"] in ("", "0.95") else f"{float(reference['level']):.0%} "
        cells.append([
            reference["dataset"], _named(reference["method"]),
            _span(own.estimate, own.low, own.high), _span(*printed),
            f"{reference['by']} ({reference['kind']})", level + reference["interval"],
            "" if math.isnan(off) else f"{100 * off:+.2f} %",
            {True: "yes", False: "NO", None: ""}[agree],
        ])  # fmt: skip
    return table(head, cells)


def _named(method: str) -> str:
    return method.replace("*", "\\*")


def _span(estimate: float | None, low: float | None, high: float | None) -> str:
    said = "" if estimate is None else persons(estimate)
    if low is not None and high is not None:
        said += (
            f" ({persons(low)} to {persons(high)})"
            if np.isfinite(high)
            else f" ({persons(low)} on)"
        )
    return said.strip()


def summary(found: Sequence[Compared]) -> str:
    """Return how many printed answers are met, by method, as Markdown."""
    cells = []
    kinds = dict.fromkeys(_kind(reference["method"]) for reference, own in found)
    for kind in kinds:
        pairs = [(one, own) for one, own in found if _kind(one["method"]) == kind]
        both = [(one, own) for one, own in pairs if not isinstance(own, str)]
        if not both:
            continue
        agree = [met(one, own) for one, own in both]
        offs = [abs(difference(one, own)) for one, own in both]
        offs = [off for off in offs if not math.isnan(off)] or [math.nan]
        counts = len(pairs), len(both), agree.count(True), agree.count(False)
        cells.append([kind, *map(str, counts), f"{100 * float(np.median(offs)):.2f} %",
                      f"{100 * max(offs):.2f} %"])  # fmt: skip
    head = ["method", "printed", "compared", "met", "not met", "median off by", "at most"]
    return table(head, cells)


def _kind(method: str) -> str:
    return "loglinear, named model" if method.startswith("loglinear:") else method.partition(":")[0]


def unmatched(found: Iterable[Compared]) -> str:
    """Return which printed answers stand alone, and why."""
    reasons: dict[str, list[str]] = {}
    for reference, own in found:
        if isinstance(own, str) and reference["method"] not in ("truth", "truth_other"):
            where = "" if reference["method"] in NOT_OURS else f" of {reference['dataset']}"
            reasons.setdefault(own, []).append(reference["method"] + where)
    return "\n".join(
        f"- {len(which)} {', '.join(_named(one) for one in dict.fromkeys(which))}: {_named(why)}"
        for why, which in reasons.items()
    )


def main(words: Sequence[str] | None = None) -> None:
    """Ask, and print tables."""
    parser = argparse.ArgumentParser(prog="benchmarks.list_references")
    parser.add_argument("datasets", nargs="*", metavar="DATASET", help="all by default")
    parser.add_argument("--latent", action="store_true", help="ask latent classes, too")
    parser.add_argument("--again", action="store_true",
                        help=f"failed fits again, with {MORE_DRAWS} draws a chain")  # fmt: skip
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, metavar="FILE", help="where answers are kept")
    chosen = parser.parse_args(words)
    unknown = [name for name in chosen.datasets if name not in names()]
    if unknown:
        parser.error(f"no table {unknown[0]!r}; there are {', '.join(names())}")
    asked = [name for name in names() if name in (chosen.datasets or names())]
    rows = answers(asked, chosen.out, latent=chosen.latent, seed=chosen.seed)
    if chosen.again:
        rows = with_more(rows, again(rows, chosen.out, chosen.seed))
    for captures in (False, True):
        part = [row for row in rows if (row["lists"] == 0) == captures]
        if part:
            print(methods_table(part), end="\n\n")
    found = [pair for name in asked for pair in compared(name, rows)]
    print(compared_table(found), summary(found), unmatched(found), sep="\n\n")


if __name__ == "__main__":
    main()
