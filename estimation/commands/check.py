"""``undercount check``: what a study says, before anything is fitted."""

from __future__ import annotations

import argparse
import dataclasses
import json
from typing import TYPE_CHECKING, Any

from estimation.commands.common import common_options

if TYPE_CHECKING:
    from estimation.study.read import Scenario, Study
    from models import Count, Model
    from models.model import Evidence
    from models.triangle import Triangle

#: Longest source in the table of data; the JSON has all of it.
_WIDTH = 72

#: Kinds of evidence that are lists of names; others speak of how complete one is.
_LISTS = ("count", "triangle")

_ERRS = {"either": "too low or too high", "too low": "too low", "too high": "too high"}


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "check", parents=[common_options()],
        help="formula, priors, implied total and assumptions of a study; no fit",
    )  # fmt: skip
    parser.add_argument("study", nargs="?", metavar="STUDY.toml", help="default: the shipped study")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Print what the study says and return 0."""
    from estimation.study.read import read_study

    study = read_study(arguments.study)
    if arguments.json:
        print(json.dumps(describe(study, arguments.prob), allow_nan=False, default=str))
    else:
        _print(study, arguments)
    return 0


def describe(study: Study, prob: float) -> dict[str, Any]:
    """Return the description of a study as plain data."""
    return {
        "title": study.title,
        "seed": study.seed if study.seed is not None else 1,
        **describe_model(study.model),
        "prob": prob,
        "implied_total": [
            _implied_row(one, prob) for one in study.scenarios if not one.further
        ],
        "models": [
            {"name": one.name, "title": one.title, **describe_model(one.model),
             "implied_total": _implied_row(one, prob)}
            for one in study.scenarios
            if one.further
        ],
        "published": [dataclasses.asdict(one) for one in study.published],
        "claims": [dataclasses.asdict(one) for one in study.claims],
        "eventual": [dataclasses.asdict(one) for one in study.eventual],
        "asked": study.asked.says(),
        "notes": list(study.notes),
    }  # fmt: skip


def describe_model(model: Model) -> dict[str, Any]:
    """Return formula, data, unknowns and assumptions of a model as plain data."""
    from estimation.commands.check_evidence import describe_beyond

    return {
        "formula": model.formula(),
        "data": [
            {"name": name, "kind": item.kind, **_data(item)}
            for name, item in model.evidence.items()
        ],
        "beyond": describe_beyond(model),
        "parameters": [dataclasses.asdict(one) for one in model.parameters()],
        "assumptions": [dataclasses.asdict(one) for one in model.assumptions()],
    }  # fmt: skip


def _data(evidence: Evidence) -> dict[str, Any]:
    from estimation.commands.check_evidence import describe_evidence

    if evidence.kind not in _LISTS:
        return describe_evidence(evidence)
    listed: Any = evidence
    return {"count": listed.names, "as_of": listed.as_of, "source": listed.source,
            "scope": listed.scope, **_table(listed)}  # fmt: skip


def _table(evidence: Count | Triangle) -> dict[str, Any]:
    from models.triangle import Triangle

    if isinstance(evidence, Triangle):
        return _triangle(evidence)
    cells = evidence.cells
    if cells is None:
        return {}
    extra = ("unknown_stratum", "unknown_period", "undated")
    return {
        "periods": len(cells.periods), "step": cells.step, "strata": len(cells.strata),
        "first": cells.periods[0] if cells.periods else None,
        "last": cells.periods[-1] if cells.periods else None, "apart": list(cells.apart),
        "missing_cells": int((~cells.observed).sum()), "dating": cells.dating,
        **{name: int(cells.extra(name).sum()) for name in extra},
    }  # fmt: skip


def _triangle(triangle: Triangle) -> dict[str, Any]:
    from estimation.summaries.spans import last_day

    reports = triangle.reports
    counted = {name: int(reports.extra(name).sum()) for name in ("beyond", "undated")}
    return {
        "periods": len(reports.periods), "step": reports.step, "strata": len(reports.strata),
        "first": reports.periods[0], "last": reports.periods[-1], "apart": [],
        "known_to": last_day(triangle.as_of, reports.step),
        "dating": reports.dating, "delays": reports.n_delay, "reports": reports.n_report,
        "publications": int(reports.extra("published").sum()), "horizon": triangle.horizon,
        "masked_names": int(reports.counts[reports.extra("masked")].sum()), **counted,
    }  # fmt: skip


def _implied_row(scenario: Scenario, prob: float) -> dict[str, Any]:
    low, median, high = implied(scenario, prob)
    return {"scenario": scenario.name, "low": low, "median": median, "high": high}


def implied(scenario: Scenario, prob: float) -> tuple[float, float, float]:
    """Return what the beliefs alone say of the total: low, median, high."""
    import numpy as np

    base = scenario.model.base
    # independent of the fit: plain draws of both shares, no counting noise
    rng = np.random.default_rng(0)
    if base.precision.variance() == 0:
        low, middle, high = base.coverage.implied_total(base.names, prob)
        share = base.precision.mean()
        return share * low, share * middle, share * high
    totals = base.names * base.precision.draw(rng, 200_000) / base.coverage.draw(rng, 200_000)
    low, middle, high = np.quantile(totals, [(1 - prob) / 2, 0.5, (1 + prob) / 2])
    return float(low), float(middle), float(high)


def _print(study: Study, arguments: argparse.Namespace) -> None:
    from estimation.report.text import bullets, rounded, table
    from estimation.summaries.agreement import percent

    print(f"{study.title}\n")
    _print_model(study.model, quiet=arguments.quiet)
    for one in study.scenarios:
        if one.further:
            print(f"\n--- {one.title} (model {one.name!r})\n")
            _print_model(one.model, quiet=arguments.quiet)
    level = percent(arguments.prob)
    print(f"\nWhat the beliefs alone imply for the total (median, central {level}; no fit)")
    if any(item.kind == "triangle" for item in study.model.evidence.values()):
        print("Names still to come are left out: only a fit tells how many they are.")
    for said in _left_out(study.model):
        print(said)
    rows = [
        [scenario.title, rounded(middle), rounded(low), rounded(high)]
        for scenario in study.scenarios
        for low, middle, high in [implied(scenario, arguments.prob)]
    ]
    print(table(["", "median", "low", "high"], rows))
    if study.claims:
        print("\nClaims that a run puts to the test")
        for claim in study.claims:
            print(f"- {claim.statement} ({claim.estimand.kind}, stated {claim.stated()})")
    if study.eventual:
        print("\nLater counts that a run completes")
        for later in study.eventual:
            said = f"{later.count:,} names of {later.period} known on {later.as_of}"
            print(f"- {later.title or later.name}: {said} (delays of {later.model or 'base'})")
    if study.asked.says():
        print("\nWhat else a run finds")
        print(bullets(study.asked.says()))
    if study.notes:
        print("\nHow tables were read")
        print(bullets(study.notes))


def _left_out(model: Model) -> list[str]:
    """Return what the implied total does not hold."""
    others = ", ".join(name for name in model.evidence if name != model.base_name)
    found = []
    if model.base.kind == "lists":
        found.append("What the overlap says is left out: only a fit tells.")
    if others:
        found.append(f"Other evidence ({others}) is left out: only a fit tells what it says.")
    if model.beyond:
        found.append(f"What no source sees ({', '.join(model.beyond)}) is not in it.")
    return found


def _print_model(model: Model, *, quiet: bool) -> None:
    from estimation.commands.check_evidence import beyond_says, evidence_says
    from estimation.report.text import bullets, table

    found = describe_model(model)
    lists = [one for one in found["data"] if one["kind"] in _LISTS]
    print("Model\n" + bullets(found["formula"]))
    rows = [
        [one["name"], f"{one['count']:,}", str(one["as_of"] or "not stated"),
         _shortened(one["source"] or "not stated")]
        for one in lists
    ]  # fmt: skip
    overlapping = [one for one in found["data"] if one["kind"] == "lists"]
    data = [table(["list", "names", "as of", "source"], rows)] if rows else []
    print("\nData\n" + "\n".join([*data, *map(evidence_says, overlapping)]))
    for one in lists:
        if "step" in one:
            print(_table_words(one))
    shown = [*lists, *overlapping]
    others = [evidence_says(one) for one in found["data"] if one not in shown]
    if others:
        print("\nEvidence on how complete the list is\n" + "\n\n".join(others))
    if found["beyond"]:
        print("\nWhat no source of the model sees\n" + beyond_says(found["beyond"]))
    print("\nPriors")
    for one in model.parameters():
        print(f"- {one.name} ({one.meaning}, {one.unit}): {one.prior}")
        for label, words in (("reason", one.reason), ("source", one.source)):
            if words:
                print(f"    {label}: {words}")
    if not quiet:
        print("\nAssumptions")
        for item in model.assumptions():
            print(
                f"- {item.statement}; if false, the total is {_ERRS[item.if_false]}: {item.because}"
            )


def _shortened(words: str) -> str:
    return words if len(words) <= _WIDTH else words[: _WIDTH - 4].rstrip() + " ..."


def _table_words(one: dict[str, Any]) -> str:
    words = []
    if one["periods"]:
        words.append(f"{one['periods']} {one['step']}s from {one['first']} to {one['last']}")
    if one["strata"]:
        apart = f", {', '.join(one['apart'])} apart" if one["apart"] else ""
        words.append(f"{one['strata']} strata{apart}")
    if "delays" in one:
        words.append(f"known to the end of {one['known_to']}")
        words.append(f"delays of 0 to {one['delays'] - 1} {one['step']}s")
        words.append(f"{one['publications']} publications in {one['reports']} {one['step']}s")
    labels = {
        "missing_cells": "cells not observed",
        "unknown_stratum": "names without a stratum",
        "unknown_period": "names without a period",
        "undated": "names without a period",
        "beyond": "names later than the longest delay",
        "masked_names": "names of a first publication that say nothing of delays",
    }
    words += [f"{one[key]:,} {label}" for key, label in labels.items() if one.get(key)]
    return "table: " + "; ".join(words)
