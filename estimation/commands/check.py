"""``undercount check``: what a study says, before anything is fitted."""

from __future__ import annotations

import argparse
import dataclasses
import json
from typing import TYPE_CHECKING, Any

from estimation.commands.common import common_options

if TYPE_CHECKING:
    from estimation.study.read import Scenario, Study

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
    model = study.model
    return {
        "title": study.title,
        "seed": study.seed if study.seed is not None else 1,
        "formula": model.formula(),
        "data": [
            {"name": name, "kind": item.kind, "count": item.names, "as_of": item.as_of,
             "source": item.source, "scope": item.scope}
            for name, item in model.evidence.items()
        ],
        "parameters": [dataclasses.asdict(one) for one in model.parameters()],
        "assumptions": [dataclasses.asdict(one) for one in model.assumptions()],
        "prob": prob,
        "implied_total": [
            {"scenario": scenario.name, "low": low, "median": middle, "high": high}
            for scenario in study.scenarios
            for low, middle, high in [implied(scenario, prob)]
        ],
        "published": [dataclasses.asdict(one) for one in study.published],
        "claims": [dataclasses.asdict(one) for one in study.claims],
    }  # fmt: skip


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

    found = describe(study, arguments.prob)
    print(f"{study.title}\n")
    print("Model\n" + bullets(found["formula"]))
    rows = [
        [
            one["name"],
            f"{one['count']:,}",
            str(one["as_of"] or "not stated"),
            one["source"] or "not stated",
        ]
        for one in found["data"]
    ]
    print("\nData\n" + table(["list", "names", "as of", "source"], rows))
    print("\nPriors")
    for one in study.model.parameters():
        print(f"- {one.name} ({one.meaning}, {one.unit}): {one.prior}")
        for label, words in (("reason", one.reason), ("source", one.source)):
            if words:
                print(f"    {label}: {words}")
    level = percent(arguments.prob)
    print(f"\nWhat the beliefs alone imply for the total (median, central {level}; no fit)")
    rows = [
        [scenario.title, rounded(middle), rounded(low), rounded(high)]
        for scenario in study.scenarios
        for low, middle, high in [implied(scenario, arguments.prob)]
    ]
    print(table(["", "median", "low", "high"], rows))
    if not arguments.quiet:
        print("\nAssumptions")
        for item in study.model.assumptions():
            print(
                f"- {item.statement}; if false, the total is {_ERRS[item.if_false]}: {item.because}"
            )
