"""The section [[audit_plan]] of a study: what audits of several sizes would tell."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from estimation.errors import DataError, UndercountError
from estimation.sensitivity.information import Audit, Information, expected_information
from estimation.sensitivity.kept import kept
from estimation.study.sections import refuse_unknown
from estimation.study.sensitivity import chosen_scenario
from models.checks import real, share, text, whole
from models.model import Model

if TYPE_CHECKING:
    from estimation.study.read import Scenario
    from estimation.study.sensitivity_run import Options

#: Sizes that are looked at if none are stated.
SIZES = (25, 50, 100, 200, 400)

_LARGEST = 1_000_000

_KEYS = ("name", "title", "model", "sizes", "field", "recall", "simulations", "cost", "unit")


@dataclasses.dataclass(frozen=True)
class AuditPlan:
    """Audits that somebody thinks of.

    Parameters
    ----------
    name, title : str
    scenario : str
        Which model of the study.
    model : Model
    sizes : tuple of int
        Deaths to look up.
    field : str
        The coverage they are about; that of the list the total is completed from by default.
    recall : float
        Probability that a death which is on the list is found there.
    simulations : int, optional
        Audits simulated of each size; all results are summed over by default.
    cost : float, optional
        Of looking up one death.
    unit : str
        Of the cost.
    """

    name: str
    title: str
    scenario: str
    model: Model
    sizes: tuple[int, ...] = SIZES
    field: str = ""
    recall: float = 1.0
    simulations: int | None = None
    cost: float | None = None
    unit: str = "cost"


@dataclasses.dataclass(frozen=True)
class AuditFound:
    """What audits are expected to tell."""

    plan: AuditPlan
    engine: str
    information: Information


def read_audit_plan(
    table: Mapping[str, Any], where: str, scenarios: Mapping[str, Scenario]
) -> AuditPlan:
    """Return the plan that a section describes.

    Raises
    ------
    DataError
        If a key is unknown or not what it should be.
    """
    refuse_unknown(table, _KEYS, where)
    scenario = chosen_scenario(table, where, scenarios)
    sizes = table.get("sizes", list(SIZES))
    if not isinstance(sizes, list) or not sizes:
        raise DataError("must be a list of numbers", where=f"{where}.sizes",
                        remedy="as in [25, 50, 100]")  # fmt: skip
    found: dict[str, Any] = {
        key: text(table[key], f"{where}.{key}")
        for key in ("name", "title", "field", "unit") if key in table
    }  # fmt: skip
    try:
        found["sizes"] = tuple(
            whole(size, f"sizes[{i + 1}]", low=1, high=_LARGEST, why="")
            for i, size in enumerate(sizes)
        )
        if len(set(sizes)) < len(sizes):
            raise DataError("names a size twice", where="sizes")
        if "simulations" in table:
            found["simulations"] = whole(
                table["simulations"], "simulations", low=2, high=_LARGEST, why=""
            )
        if "recall" in table:
            found["recall"] = share(table["recall"], "recall")
        if "cost" in table:
            found["cost"] = real(table["cost"], "cost")
            if found["cost"] < 0:
                raise DataError("must be 0 or more", where="cost")
    except UndercountError as error:
        raise error.inside(where) from None
    stated = {"name": scenario.name, "title": scenario.title} | found
    return AuditPlan(scenario=scenario.name, model=scenario.model, **stated)


def look_ahead(asked: AuditPlan, options: Options) -> AuditFound:
    """Carry out one plan.

    Raises
    ------
    UndercountError
        If the belief on coverage is a hard range, or the model fails.
    """
    posteriors = options.posteriors(asked.model)
    field = asked.field or f"{asked.model.base_name}.coverage"
    choices: dict[str, Any] = {
        "sizes": list(asked.sizes), "field": field, "recall": asked.recall,
        "simulations": asked.simulations, "cost": asked.cost,
    }  # fmt: skip

    def find() -> dict[str, Any]:
        return dataclasses.asdict(expected_information(posteriors, asked.model, **choices))

    found = kept(options.store, options.refit, "audits", asked.model, posteriors, choices, find)
    audits = tuple(Audit(**audit) for audit in found.pop("audits"))
    engine = posteriors.plan(asked.model).engine
    return AuditFound(asked, engine, Information(**found, audits=audits))
