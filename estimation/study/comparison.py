"""The section [[comparison]] of a study: models of the same data, compared and mixed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from estimation.comparison.comparing import METHODS
from estimation.comparison.mixtures import stated_weights
from estimation.errors import DataError, UndercountError
from estimation.study.build import with_fields
from estimation.study.sections import as_table, refuse_unknown
from estimation.words import suggestion
from models.checks import text, whole
from models.model import Model

if TYPE_CHECKING:
    from estimation.study.read import Scenario

#: Evidence needs proper priors; the others predict what they did not see.
ALL_METHODS = (*METHODS, "evidence")

#: Weights that are computed instead of stated, and the method they come from.
COMPUTED = {"stacking": "loo", "evidence": "evidence"}

_NUMBERS = ("horizon", "folds", "most_refits")

_KEYS = ("name", "title", "models", "variant", "methods", "weights", *_NUMBERS)


@dataclasses.dataclass(frozen=True)
class ComparisonPlan:
    """Which models are compared, and how.

    Parameters
    ----------
    name, title : str
    models : dict of Model
        By name.
    titles : dict of str
        What each is, for tables and figures.
    methods : tuple of str
        "loo", "future", "stratum", "evidence".
    weights : dict of float, str or None
        Stated weights of a mixture; "stacking" or "evidence" for computed ones.
    numbers : dict of int
        Options of the methods.
    """

    name: str
    title: str
    models: dict[str, Model]
    titles: dict[str, str]
    methods: tuple[str, ...]
    weights: dict[str, float] | str | None
    numbers: dict[str, int]


def read_comparison(
    table: Mapping[str, Any], where: str, scenarios: Mapping[str, Scenario], folder: Path | None
) -> ComparisonPlan:
    """Return the plan that a section describes.

    Parameters
    ----------
    table : mapping
    where : str
        The place, for messages.
    scenarios : mapping of Scenario
        All models of the study by name.
    folder : Path, optional
        Of the study.

    Raises
    ------
    DataError
        If a key is unknown, missing, or not what it should be.
    """
    refuse_unknown(table, _KEYS, where)
    models: dict[str, Model] = {}
    titles: dict[str, str] = {}
    for name in _words(table, "models", where):
        scenario = _known(name, f"{where}.models", scenarios)
        models[name], titles[name] = scenario.model, scenario.title
    variants = table.get("variant", [])
    if not isinstance(variants, list):
        raise DataError("must be a list of tables", where=f"{where}.variant")
    for i, section in enumerate(variants):
        place = f"{where}.variant[{i + 1}]"
        name, title, model = _variant(section, place, scenarios, folder)
        if name in models:
            raise DataError(f"two models are named {name!r}", where=place)
        models[name], titles[name] = model, title
    if len(models) < 2:
        raise DataError("compares fewer than two models", where=where,
                        remedy="name them in models = [...], or add [[comparison.variant]]",
                        )  # fmt: skip
    methods = tuple(_words(table, "methods", where))
    for method in methods:
        if method not in ALL_METHODS:
            raise DataError(f"no method {method!r}", where=f"{where}.methods",
                            remedy=suggestion(method, ALL_METHODS))  # fmt: skip
    weights = _weights(table.get("weights"), f"{where}.weights", models, methods)
    if not methods and weights is None:
        raise DataError("has nothing to do", where=where,
                        remedy="give methods = [...], or weights of a mixture")  # fmt: skip
    numbers = {
        key: whole(table[key], f"{where}.{key}", low=int(key != "most_refits"), why="")
        for key in _NUMBERS if key in table
    }  # fmt: skip
    name = text(table.get("name", "comparison"), f"{where}.name")
    title = text(table.get("title", name), f"{where}.title")
    return ComparisonPlan(name, title, models, titles, methods, weights, numbers)


def _words(table: Mapping[str, Any], key: str, where: str) -> list[str]:
    found = table.get(key, [])
    if not isinstance(found, list):
        raise DataError("must be a list of names", where=f"{where}.{key}")
    return [text(word, f"{where}.{key}") for word in found]


def _known(name: str, where: str, scenarios: Mapping[str, Scenario]) -> Scenario:
    if name not in scenarios:
        raise DataError(f"no model {name!r}", where=where, remedy=suggestion(name, scenarios))
    return scenarios[name]


def _variant(
    section: object, where: str, scenarios: Mapping[str, Scenario], folder: Path | None
) -> tuple[str, str, Model]:
    """Return name, title and model of a variant: a model of the study with fields replaced."""
    table = as_table(section, where)
    refuse_unknown(table, {"name", "title", "reason", "model", "set"}, where)
    for key in ("name", "set"):
        if key not in table:
            raise DataError(f"{key!r} is missing", where=where)
    name = text(table["name"], f"{where}.name")
    base = text(table.get("model", "base"), f"{where}.model")
    model = _known(base, f"{where}.model", scenarios).model
    model = with_fields(model, table["set"], f"{where}.set", folder)
    return name, text(table.get("title", name), f"{where}.title"), model


def _weights(
    value: object, where: str, models: Mapping[str, Model], methods: tuple[str, ...]
) -> dict[str, float] | str | None:
    if value is None:
        return None
    if isinstance(value, str):
        if value not in COMPUTED:
            raise DataError(f"no weights {value!r}", where=where,
                            remedy="a table of weights, or " + " or ".join(COMPUTED))  # fmt: skip
        if COMPUTED[value] not in methods:
            raise DataError(f"{value} needs the method {COMPUTED[value]!r}", where=where)
        return value
    try:
        return stated_weights(dict(as_table(value, where)), models)
    except UndercountError as error:
        raise error.inside(where.removesuffix(".weights")) from None
