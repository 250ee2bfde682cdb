"""What a run keeps of how its fits went: chains, and beliefs before and after the data."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from estimation.diagnostics.chains import FitChains, fit_chains
from estimation.files import write_rows
from estimation.report.beliefs import draw_beliefs
from estimation.report.chains import draw_chains, missing_arviz
from estimation.report.patterns import draw_patterns, pattern_rows
from estimation.study.read import Scenario
from estimation.summaries.beliefs import BeliefFound, beliefs_of, known_of
from estimation.summaries.cell_rows import scalar_draws
from models.beliefs import Known
from models.lists.lists import Lists
from models.lists.patterns import Patterns
from models.model import Model

if TYPE_CHECKING:
    from estimation.study.run import Outcome


@dataclasses.dataclass(frozen=True, eq=False)
class FitChecks:
    """Chains of every fit by NUTS, and what is kept of models that have figures of their own.

    Of these, beliefs; and of overlapping lists the table, with draws of who is on none.
    """

    chains: Mapping[str, FitChains]
    beliefs: Mapping[str, list[BeliefFound]]
    patterns: Mapping[str, tuple[Patterns, np.ndarray]]


def check_fits(outcome: Outcome) -> FitChecks:
    """Return what is kept of the fits of a run; those that failed their checks have chains too."""
    trees = {one.scenario.name: one.tree for one in outcome.fitted} | dict(outcome.unreported)
    chains: dict[str, FitChains] = {}
    beliefs: dict[str, list[BeliefFound]] = {}
    for scenario in outcome.study.scenarios:
        name = scenario.name
        if name in trees:
            found = fit_chains(trees[name], _units(scenario.model), outcome.verdicts.get(name))
            if found is not None:
                chains[name] = found
    patterns: dict[str, tuple[Patterns, np.ndarray]] = {}
    for one in outcome.fitted:
        if not has_own_figures(one.scenario):
            continue
        draws, base = scalar_draws(one.losses), one.scenario.model.base
        moved = beliefs_of(one.scenario.model, draws)
        if moved:
            beliefs[one.scenario.name] = moved
        if isinstance(base, Lists):
            patterns[one.scenario.name] = (base.patterns, draws["unseen"])
    return FitChecks(chains, beliefs, patterns)


def has_own_figures(scenario: Scenario) -> bool:
    """Return whether it is the main model or one of other data; others are readings of the main."""
    return scenario.name == "base" or scenario.further


def prefix_of(name: str) -> str:
    """Return how the names of a model's figures begin."""
    return "" if name == "base" else f"{name}-"


def is_list_alone(model: Model) -> bool:
    """Return whether a model of late reports says nothing of who will never be on the list."""
    coverage = model.base.coverage
    late = model.base.kind == "triangle"
    return late and isinstance(coverage, Known) and coverage.value == 1


def _units(model: Model) -> dict[str, str]:
    """Return the units of the numbers whose chains are looked at.

    Where the level takes up coverage and precision these are drawn independently: they have no
    chains.
    """
    found = {"total": "names" if is_list_alone(model) else "deaths"}
    apart = ("coverage", "precision") if model.joint.scale_free else ()
    found |= {
        one.name: "no unit" if one.unit == "1" else one.unit
        for one in model.parameters() if not one.dims and one.name not in apart
    }  # fmt: skip
    return found | {"coverage_step": "no unit"}


def write_fit_checks(found: FitChecks, prob: float, folder: Path) -> list[str]:
    """Write chains.csv, beliefs.csv and patterns.csv if there are any; return their names."""
    tables: dict[str, Iterator[dict[str, Any]]] = {
        "chains.csv": (
            {"model": name, **row} for name, one in found.chains.items() for row in one.rows()
        ),
        "beliefs.csv": (
            {"model": name, **one.row(prob)} for name, ones in found.beliefs.items() for one in ones
        ),
        "patterns.csv": (
            {"model": name, **row}
            for name, (table, _) in found.patterns.items()
            for row in pattern_rows(table)
        ),
    }
    return [name for name, rows in tables.items() if write_rows(folder / name, rows)]


def draw_fit_checks(found: FitChecks, outcome: Outcome, folder: Path) -> list[str]:
    """Draw patterns, beliefs and chains of each model; return the names of the figures."""
    of = {one.name: one for one in outcome.study.scenarios}
    drawn = []
    for name, (table, unseen) in found.patterns.items():
        drawn.append(f"{prefix_of(name)}patterns")
        title = f"Who is on which list, and on none: {_title(of[name], outcome)}"
        draw_patterns(table, unseen, outcome.prob, title, folder / drawn[-1])
    for name, beliefs in found.beliefs.items():
        drawn.append(f"{prefix_of(name)}beliefs")
        title = f"Beliefs before and after the data: {_title(of[name], outcome)}"
        draw_beliefs(beliefs, outcome.prob, title, folder / drawn[-1], known_of(of[name].model))
    if missing_arviz():
        return drawn
    for name, chains in found.chains.items():
        drawn.append(f"{prefix_of(name)}chains")
        draw_chains(chains, f"Chains: {_title(of[name], outcome)}", folder / drawn[-1])
    return drawn


def _title(scenario: Scenario, outcome: Outcome) -> str:
    return outcome.study.title if scenario.name == "base" else scenario.title
