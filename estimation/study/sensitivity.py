"""The section [[sensitivity]] of a study: what is varied, and what is asked of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from estimation.errors import DataError, UndercountError
from estimation.sensitivity.axes import Axis
from estimation.sensitivity.designs import Design
from estimation.sensitivity.indices import check_size
from estimation.sensitivity.posteriors import TOTAL, Target
from estimation.sensitivity.tipping import RELATIVE_COVERAGE, Question
from estimation.study.build import build_field
from estimation.study.estimands import OF_ESTIMAND, read_target
from estimation.study.sections import as_table, flag, refuse_unknown
from estimation.summaries.agreement import Published
from estimation.words import suggestion
from models.checks import text
from models.lists.lists import Lists
from models.model import Model

if TYPE_CHECKING:
    from estimation.study.read import Scenario

_KEYS = ("name", "title", "model", "design", "points", "estimands", "vary", "indices", "anatomy",
         "power_scaling", "tipping")  # fmt: skip

_OF_AXIS = tuple(field.name for field in dataclasses.fields(Axis))

_OF_QUESTION = ("title", "field", "low", "high", "above", "published", "estimand", "name",
                "accept_maturity", *OF_ESTIMAND)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class SensitivityPlan:
    """What a sensitivity study of one model looks at.

    Parameters
    ----------
    name, title : str
    scenario : str
        Which model of the study: "base", or the name of a scenario or further model.
    model : Model
    design : Design or None
        Scenarios; none if only the other questions are asked.
    targets : tuple of Target
    questions : tuple of Question
        Tipping points.
    indices : int or None
        Points of the samples of Sobol indices.
    anatomy, power_scaling : bool
        Whether the interval is taken apart (by default where no other evidence informs coverage:
        there it cannot be); whether priors and sources are power-scaled.
    """

    name: str
    title: str
    scenario: str
    model: Model
    design: Design | None = None
    targets: tuple[Target, ...] = (TOTAL,)
    questions: tuple[Question, ...] = ()
    indices: int | None = None
    anatomy: bool = True
    power_scaling: bool = True


def read_sensitivity(
    table: Mapping[str, Any], where: str, scenarios: Mapping[str, Scenario],
    published: Sequence[Published], seed: int, folder: Path | None,
) -> SensitivityPlan:  # fmt: skip
    """Return the plan that a section describes.

    Parameters
    ----------
    table : mapping
    where : str
        The place, for messages.
    scenarios : mapping of Scenario
        All models of the study by name.
    published : sequence of Published
        Ranges of the study, which tipping points may name.
    seed : int
        Of random designs.
    folder : Path, optional
        Of the study.

    Raises
    ------
    DataError
        If a key is unknown, missing, or not what it should be.
    """
    refuse_unknown(table, _KEYS, where)
    scenario = chosen_scenario(table, where, scenarios)
    model = scenario.model
    name = text(table.get("name", scenario.name), f"{where}.name")
    title = text(table.get("title", scenario.title), f"{where}.title")
    asked = table.get("estimands", ["total"])
    if not isinstance(asked, list) or not asked:
        raise DataError("must be a list of estimands", where=f"{where}.estimands",
                        remedy='as in ["total"]')  # fmt: skip
    targets = tuple(
        read_target(one, f"{where}.estimands[{i + 1}]", model) for i, one in enumerate(asked)
    )
    questions = tuple(
        question
        for i, one in enumerate(_list(table, "tipping", where))
        for question in _questions(one, f"{where}.tipping[{i + 1}]", model, published)
    )
    design = _design(table, where, model, seed, folder)
    indices = table.get("indices")
    if indices is not None and design is None:
        raise DataError("needs fields to vary", where=f"{where}.indices", remedy="give vary")
    if indices is not None and design is not None:
        try:
            check_size(indices, len(design.axes))
        except UndercountError as error:
            raise error.inside(where) from None
    return SensitivityPlan(
        name, title, scenario.name, model, design, targets, questions, indices,
        flag(table, "anatomy", where, default=_can_be_taken_apart(model)),
        flag(table, "power_scaling", where),
    )  # fmt: skip


def _can_be_taken_apart(model: Model) -> bool:
    """Return whether shares stand outside the graph: nothing informs them."""
    return len(model.evidence) == 1 and not isinstance(model.base, Lists)


def chosen_scenario(
    table: Mapping[str, Any], where: str, scenarios: Mapping[str, Scenario]
) -> Scenario:
    """Return the model of the study that a section names; the main one by default."""
    name = text(table.get("model", "base"), f"{where}.model")
    if name not in scenarios:
        raise DataError(f"no model {name!r}", where=f"{where}.model",
                        remedy=suggestion(name, scenarios))  # fmt: skip
    return scenarios[name]


def _list(table: Mapping[str, Any], key: str, where: str) -> list[Any]:
    found = table.get(key, [])
    if not isinstance(found, list):
        raise DataError("must be a list of tables", where=f"{where}.{key}")
    return found


def _design(
    table: Mapping[str, Any], where: str, model: Model, seed: int, folder: Path | None
) -> Design | None:
    if "vary" not in table:
        for key in ("design", "points"):
            if key in table:
                raise DataError("has no field to vary", where=f"{where}.vary",
                                why="the grid is empty")  # fmt: skip
        return None
    axes = [
        _axis(one, f"{where}.vary[{i + 1}]", model, folder)
        for i, one in enumerate(_list(table, "vary", where))
    ]
    try:
        return Design(tuple(axes), table.get("design", "one_at_a_time"), table.get("points"), seed)
    except UndercountError as error:
        raise error.inside(where) from None


def _axis(section: object, where: str, model: Model, folder: Path | None) -> Axis:
    table = dict(as_table(section, where))
    refuse_unknown(table, _OF_AXIS, where)
    if "field" not in table:
        raise DataError("'field' is missing", where=where, remedy='as in "names.coverage"')
    try:
        field = text(table["field"], "field")
        model.value_of(field)
        values = table.get("values", [])
        if not isinstance(values, list):
            raise DataError(f"must be a list, not {values!r}", where="values")
        table["values"] = tuple(
            build_field(model, field, value, f"values[{i + 1}]", folder)
            for i, value in enumerate(values)
        )
        if "values" in table and not table["values"] and "low" not in table:
            raise DataError("has no values", where="values", why="the grid is empty",
                            remedy="give values = [...], or low and high")  # fmt: skip
        return Axis(**table)
    except UndercountError as error:
        raise error.inside(where) from None


def _questions(
    section: object, where: str, model: Model, published: Sequence[Published]
) -> list[Question]:
    table = as_table(section, where)
    refuse_unknown(table, _OF_QUESTION, where)
    if "field" not in table:
        raise DataError("'field' is missing", where=where, remedy='as in "names.coverage"')
    if ("above" in table) == ("published" in table):
        raise DataError("needs one threshold", where=where,
                        remedy="give above = NUMBER, or published = NAME")  # fmt: skip
    asked = {key: table[key] for key in ("name", "accept_maturity", *OF_ESTIMAND) if key in table}
    target = TOTAL
    if asked and "estimand" not in table:
        raise DataError(f"{next(iter(asked))!r} belongs to an estimand", where=where,
                        why="it would be ignored", remedy="give estimand = ...")  # fmt: skip
    if "estimand" in table:
        target = read_target({"estimand": table["estimand"], **asked}, where, model)
    try:
        field, title = text(table["field"], "field"), text(table.get("title", ""), "title")
        if field != RELATIVE_COVERAGE:
            model.value_of(field)
        ends = {key: table[key] for key in ("low", "high") if key in table}
        if "above" in table:
            thresholds = {"": table["above"]}
        else:
            ranges = {one.name: one for one in published}
            chosen = text(table["published"], "published")
            if chosen not in ranges:
                raise DataError(f"no published range {chosen!r}", where="published",
                                remedy=suggestion(chosen, ranges) if ranges
                                else "add [[published]]")  # fmt: skip
            one = ranges[chosen]
            thresholds = {"low end": one.low, "high end": one.high}
        return [
            Question(field, threshold, **ends, target=target,
                     title=", ".join(part for part in (title, end) if part))
            for end, threshold in thresholds.items()
        ]  # fmt: skip
    except UndercountError as error:
        raise error.inside(where) from None
