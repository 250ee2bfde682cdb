"""What cannot be ranked is refused: other data, one number, or a difference the data never see."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from estimation.errors import InvalidValueError, RefusedError
from estimation.fit.key import canonical
from models.cells import Cells
from models.count import Count
from models.learned import Learned
from models.lists.lists import Lists
from models.model import Model


def refuse_incomparable(models: Mapping[str, Model]) -> None:
    """Refuse models whose ranking would be made up.

    Parameters
    ----------
    models : mapping of Model
        By name.

    Raises
    ------
    InvalidValueError
        If something is no model.
    RefusedError
        If there are fewer than two, one has a single number as its data, the data differ, or the
        data say nothing about how two of them differ.

    Notes
    -----
    A level with the scale prior is no obstacle here: what is left after one cell (or the future,
    or a stratum) is taken out has a proper posterior, so that every predictive density is proper.
    For evidence (marginal likelihood) it is one: an improper prior has no normalization, and
    `estimation.comparison.evidence` refuses it.
    """
    if not isinstance(models, Mapping):
        raise InvalidValueError(f"must be models by name, not {models!r}", where="models")
    for name, model in models.items():
        if not isinstance(model, Model):
            raise InvalidValueError(f"must be a Model, not {model!r}", where=f"models[{name!r}]")
    if len(models) < 2:
        raise RefusedError(
            f"{len(models)} model is nothing to compare" if models else "no model to compare",
            where="models", why="an expected log density has no meaning by itself",
            remedy="name two models of the same table or more",
        )  # fmt: skip
    tables = {name: _table(name, model) for name, model in models.items()}
    first = next(iter(models))
    for name in list(models)[1:]:
        _refuse_other_data(first, tables[first], name, tables[name])
    for one, other in itertools.combinations(models, 2):
        alike = _without_shares(models[one]) == _without_shares(models[other])
        if alike or _same(_seen_by_data(models[one]), _seen_by_data(models[other])):
            raise RefusedError(
                f"{one!r} and {other!r} differ only in what the counts say nothing about",
                where="models",
                why="coverage and precision stand outside the graph and keep their prior, so that "
                "every held-out count is as probable under one as under the other",
                remedy="compare what differs by a sensitivity analysis, or mix the models with "
                "stated weights",
            )  # fmt: skip


def refuse_unassigned(models: Mapping[str, Model], method: str) -> None:
    """Refuse tables with names outside the cells, where cells are to be predicted anew.

    Raises
    ------
    RefusedError
        If there are such names.
    """
    for name, model in models.items():
        cells = _table(name, model)
        for kind in ("unknown_stratum", "unknown_period"):
            if cells.extra(kind).any():
                lacks = kind.removeprefix("unknown_")
                raise RefusedError(
                    f"names without a {lacks} stand in the table", where=f"models[{name!r}]",
                    why=f"which of them belong to the cells held out by {method} is not known",
                    remedy=f"compare on a table without the names that lack a {lacks}",
                )  # fmt: skip


def counted(model: Model, where: str) -> Count:
    """Return the count that a model is of.

    Parameters
    ----------
    model : Model
    where : str
        The place, for messages.

    Raises
    ------
    RefusedError
        If late reports are part of it, or other evidence is.
    """
    if isinstance(model.joint, Learned):
        others = ", ".join(one for one in model.evidence if one != model.base_name)
        raise RefusedError(
            f"other evidence stands beside its list ({others})", where=where,
            why="only the names of the list would be scored, and models which differ in what they "
            "learn of coverage would seem alike",
            remedy="vary the model as scenarios, or mix such models with stated weights",
        )  # fmt: skip
    if isinstance(model.base, Count):
        return model.base
    if isinstance(model.base, Lists):
        raise RefusedError(
            f"{model.base_name!r} is a table of overlapping lists", where=where,
            why="a score sees only persons on some list, and models that fit them alike differ in "
            "how many are on none", remedy="mix methods with stated weights: undercount lists",
        )  # fmt: skip
    raise RefusedError(
        f"its names come by date of report ({model.base_name!r} is a {model.base.kind})",
        where=where, why="the count of a period is a sum of reports: leaving it out of the table "
        "would leave them in, and what is asked of late reports is what comes next",
        remedy="score such models by what came later: undercount replay",
    )  # fmt: skip


def _table(name: str, model: Model) -> Cells:
    cells = counted(model, f"models[{name!r}]").cells
    if cells is None:
        raise RefusedError(
            "its data are one number", where=f"models[{name!r}]",
            why="under the scale prior every belief on coverage gives one count the same marginal "
            "likelihood, and leaving the only point out leaves nothing to predict it from",
            remedy="mix such models with stated weights, or compare their evidence under a proper "
            "gamma prior",
        )  # fmt: skip
    return cells


def _refuse_other_data(first: str, one: Cells, second: str, other: Cells) -> None:
    checks: dict[str, tuple[Any, Any]] = {
        "their shape": ((one.dims(), one.shape), (other.dims(), other.shape)),
        "which cells are missing": (one.missing, other.missing),
        "their counts": (one.counts, other.counts),
        "their first day": (one.periods[:1], other.periods[:1]),
        "their strata": (one.strata, other.strata),
        "names without a stratum": (one.extra("unknown_stratum"), other.extra("unknown_stratum")),
        "names without a period": (one.extra("unknown_period"), other.extra("unknown_period")),
    }
    for what, (left, right) in checks.items():
        if not _same(left, right):
            raise RefusedError(
                f"the tables of {first!r} and {second!r} differ in {what}", where="models",
                why="densities of different data cannot be compared: the larger one may just "
                "belong to the easier data",
                remedy="fit all models to the same table",
            )  # fmt: skip


def _seen_by_data(model: Model) -> tuple[Any, ...]:
    """Return the graph as the counts meet it, without the name of the evidence."""
    name = model.base_name
    structure = tuple("" if part == name else part for part in model.structure())
    data = {key.removeprefix(name): value for key, value in model.graph_data().items()}
    return structure, sorted(data), [data[key] for key in sorted(data)]


def _without_shares(model: Model) -> str:
    """Return the numbers of a model without its beliefs on coverage and precision.

    Where coverage deviates between strata its mean enters the graph, to first order: that is no
    information on coverage.
    """
    content = canonical(model.content())
    for evidence in content["evidence"].values():
        evidence.pop("coverage"), evidence.pop("precision")
    return repr([content["losses"], list(content["evidence"].values())])


def _same(one: Any, other: Any) -> bool:
    """Return whether nested tuples, lists and arrays are equal."""
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(np.array_equal(np.asarray(one), np.asarray(other)))
