"""Build parts of a model from sections of a study, by the signature of what makes them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from estimation.errors import DataError, RefusedError, UndercountError
from estimation.study.mortality_tables import with_mortality, with_places
from estimation.study.pattern_tables import with_patterns
from estimation.study.register_tables import day_after, with_estimates
from estimation.study.report_tables import with_reports
from estimation.study.sections import as_table, refuse_unknown
from estimation.study.tables import with_table
from estimation.words import suggestion
from models import beliefs, losses
from models.audits import Audits
from models.baseline import Baseline
from models.beyond import Beyond
from models.count import Count
from models.excess import Excess
from models.lists.lists import Lists
from models.model import Model
from models.register import Register
from models.triangle import Delays, Triangle

#: What each section may hold as its `kind`.
KINDS: dict[str, dict[str, Callable[..., Any]]] = {
    "losses": {
        "flat": losses.Flat,
        "walk": losses.Walk,
        "pooled": losses.Pooled,
        "walk_pooled": losses.walk_pooled,
    },
    "prior": {
        "scale": losses.ScalePrior,
        "gamma": losses.GammaPrior,
        "gamma_between": losses.gamma_between,
    },
    "evidence": {
        "count": Count,
        "triangle": Triangle,
        "lists": Lists,
        "register": Register,
        "excess": Excess,
        "audits": Audits,
    },
    "belief": {
        "known": beliefs.known,
        "uniform": beliefs.uniform,
        "uniform_total": beliefs.uniform_total,
        "between": beliefs.between,
        "beta": beliefs.Beta,
        "logit_normal": beliefs.LogitNormal,
        "audited": beliefs.audited,
    },
}

#: Sections of one kind, which is not stated.
_PLAIN: dict[str, Callable[..., Any]] = {"delays": Delays, "baseline": Baseline, "beyond": Beyond}

#: What reads the tables of evidence; a count may be a plain number.
_READERS: dict[Callable[..., Any], Callable[..., Any]] = {
    Triangle: with_reports, Register: with_estimates, Excess: with_mortality, Audits: with_places,
    Lists: with_patterns,
}  # fmt: skip

#: Fields that hold a section of their own, and of which sort.
_NESTED = {"prior": "prior", "coverage": "belief", "precision": "belief", "share": "belief",
           "baseline": "baseline"}  # fmt: skip

#: The same of a triangle; elsewhere a tail is a number.
_NESTED_TRIANGLE = {**_NESTED, "tail": "belief", "delays": "delays"}

#: Fields of constructors that a study does not set.
_INTERNAL = {"stated"}


def build(
    sort: str, section: object, where: str, folder: Path | None = None,
    notes: list[str] | None = None,
) -> Any:  # fmt: skip
    """Return what a section describes.

    Parameters
    ----------
    sort : {"losses", "prior", "evidence", "belief", "delays", "baseline", "beyond"}
        What the section must describe.
    section : object
        What the file holds there.
    where : str
        The place, for messages.
    folder : Path, optional
        Where tables that are named in the section lie.
    notes : list of str, optional
        What must be said of how tables were read is put there.

    Raises
    ------
    DataError
        If the section is no table, its kind or a key is unknown, or a key is missing.
    UndercountError
        If a value is refused; the place is in front of the message.
    """
    table = as_table(section, where)
    if sort in _PLAIN:
        return _plain(sort, table, where)
    kinds = KINDS[sort]
    kind = table.get("kind")
    if sort == "belief" and table and all(isinstance(one, Mapping) for one in table.values()):
        raise RefusedError(
            "is given by period or stratum", where=where,
            why="nothing in the model informs how it changes, and independent beliefs would claim "
            "far too much of their sum",
            remedy="state one belief on all deaths and, between strata, a deviation",
        )  # fmt: skip
    if kind is None:
        raise DataError("has no kind", where=where, remedy="kind = one of " + ", ".join(kinds))
    if not isinstance(kind, str) or kind not in kinds:
        raise DataError(
            f"no {sort} of kind {kind!r}", where=where, remedy=suggestion(str(kind), kinds)
        )
    maker = kinds[kind]
    nested = _NESTED
    if maker is Triangle:
        nested = _NESTED_TRIANGLE
    if maker in _READERS:
        table, said = _READERS[maker](table, where, folder)
        _put(notes, said, where)
    elif maker is Count and "table" in table:
        table = with_table(table, where, folder)
    known, required = _keys(maker)
    refuse_unknown(table, {"kind", *known}, where)
    for name in required:
        if name not in table:
            raise DataError(f"{name!r} is missing", where=where, why=f"{kind} needs it")
    values = {
        name: build(nested[name], value, f"{where}.{name}") if name in nested else value
        for name, value in table.items()
        if name != "kind"
    }
    try:
        return maker(**values)
    except UndercountError as error:
        raise error.inside(where) from None


def build_field(
    model: Model, field: str, value: object, where: str, folder: Path | None = None,
    notes: list[str] | None = None,
) -> Any:  # fmt: skip
    """Return the value of a field of a model, built if it is a section of its own.

    Parameters
    ----------
    model : Model
    field : str
        Dotted name.
    value : object
        What the file holds.
    where : str
        The place, for messages.
    folder : Path, optional
        Where tables that are named in it lie.
    notes : list of str, optional
        As of `build`.
    """
    part, _, last = field.rpartition(".")
    sort = _NESTED_TRIANGLE.get(last, "")
    if not part:
        sorts = {"losses": ["losses"], "evidence": model.evidence, "beyond": model.beyond}
        sort = next((one for one, names in sorts.items() if field in names), "")
    if last == "end" and isinstance(model.evidence.get(part), Audits):
        return day_after(value, where)  # a study names the last day
    if not sort or not isinstance(value, Mapping):
        return value
    return build(sort, value, where, folder, notes)


def with_fields(
    model: Model, section: object, where: str, folder: Path | None = None,
    notes: list[str] | None = None,
) -> Model:  # fmt: skip
    """Return a model with the fields replaced that a section names.

    Parameters
    ----------
    model : Model
    section : object
        A table of values by dotted name.
    where : str
        The place, for messages.
    folder : Path, optional
        Where tables that are named in it lie.
    notes : list of str, optional
        As of `build`.
    """
    values = {
        field: build_field(model, field, value, f"{where}.{field}", folder, notes)
        for field, value in as_table(section, where).items()
    }
    try:
        return model.replace_all(values)
    except UndercountError as error:
        raise error.inside(where) from None


def _put(notes: list[str] | None, said: Iterable[str], where: str) -> None:
    """Keep notes with the name of the evidence, in other models with all of the place."""
    if notes is not None:
        notes += [f"{where.removeprefix('evidence.')}: {one}" for one in said]


def _plain(sort: str, table: Mapping[str, Any], where: str) -> Any:
    """Return what there is one kind of."""
    known, required = _keys(_PLAIN[sort])
    refuse_unknown(table, known, where)
    for name in required:
        if name not in table:
            why = "a range without a level is no distribution" if name == "mass" else ""
            raise DataError(f"{name!r} is missing", where=where, why=why or f"{sort} needs it")
    try:
        return _PLAIN[sort](**table)
    except UndercountError as error:
        raise error.inside(where) from None


def _keys(maker: Callable[..., Any]) -> tuple[list[str], list[str]]:
    """Return the keys that a maker takes, and those it needs."""
    known, required = [], []
    for name, parameter in inspect.signature(maker).parameters.items():
        if parameter.kind is inspect.Parameter.VAR_KEYWORD:
            known += ["reason", "source"]
        elif name not in _INTERNAL:
            known.append(name)
            if parameter.default is inspect.Parameter.empty:
                required.append(name)
    return known, required
