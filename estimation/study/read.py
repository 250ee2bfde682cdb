"""Read a study: a TOML file that names a model, its scenarios and what was published."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from estimation.errors import DataError, UndercountError
from estimation.study.build import as_table, build, refuse_unknown
from estimation.summaries.agreement import Published
from models.checks import real, text, whole
from models.model import Model

_SECTIONS = {"title", "seed", "losses", "evidence", "published", "scenario", "claim"}

#: The file name of the study that `undercount run` runs when none is given.
ARTICLE = "article.toml"


@dataclasses.dataclass(frozen=True)
class Scenario:
    """The same model with fields replaced.

    Parameters
    ----------
    name : str
        Short name, a valid file name; "base" is the study's own model.
    title : str
        What it says, for tables and figures.
    model : Model
    reason : str
        Why one would believe it.
    """

    name: str
    title: str
    model: Model
    reason: str = ""


@dataclasses.dataclass(frozen=True)
class Claim:
    """A published statement with its number, recorded to be put to the test."""

    statement: str
    estimand: str
    unit: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    source: str = ""


@dataclasses.dataclass(frozen=True)
class Study:
    """What a study file says.

    Parameters
    ----------
    name : str
        File name without ending.
    title : str
    seed : int
    model : Model
        The main model.
    scenarios : tuple of Scenario
        The main model first, named "base".
    published : tuple of Published
    claims : tuple of Claim
    written : str
        The text of the file, kept for provenance.
    """

    name: str
    title: str
    seed: int
    model: Model
    scenarios: tuple[Scenario, ...]
    published: tuple[Published, ...]
    claims: tuple[Claim, ...]
    written: str


def article_text() -> str:
    """Return the text of the shipped study."""
    return (resources.files("estimation.study") / ARTICLE).read_text(encoding="utf-8")


def read_study(path: str | Path | None = None) -> Study:
    """Read a study from a TOML file, or from the provenance.json of a run.

    Parameters
    ----------
    path : str or Path, optional
        The file; the shipped study of the article by default.

    Raises
    ------
    DataError
        If the file cannot be read or says something that is not known.
    UndercountError
        If a value or the model as a whole is refused.
    """
    if path is None:
        return parse_study(article_text(), ARTICLE)
    path = Path(path)
    written = _read(path)
    if path.suffix == ".json":
        name, written = _from_provenance(written, path)
        return parse_study(written, name)
    return parse_study(written, path.name)


def parse_study(written: str, name: str) -> Study:
    """Turn the text of a study into a Study; `name` is the file name for messages."""
    if not written.strip():
        raise DataError("is empty", where=name, remedy="see the README for a study to start from")
    try:
        table = tomllib.loads(written)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"is no TOML: {error}", where=name) from None
    try:
        return _build_study(table, Path(name).stem, written)
    except UndercountError as error:
        error.where = f"{name}: {error.where}" if error.where else name
        raise


def _build_study(table: Mapping[str, Any], name: str, written: str) -> Study:
    refuse_unknown(table, _SECTIONS, "top level")
    for section in ("losses", "evidence"):
        if section not in table:
            raise DataError(f"has no section [{section}]", why="a model needs losses and evidence")
    losses = build("losses", table["losses"], "losses")
    evidence = {
        key: build("evidence", section, f"evidence.{key}")
        for key, section in as_table(table["evidence"], "evidence").items()
    }
    model = Model(losses, evidence)
    title = text(table.get("title", name), "title")
    kind = model.base.coverage.kind.replace("_", " ")
    base = Scenario("base", f"as stated: {kind}", model)
    scenarios = (base, *(_scenario(model, *item) for item in _entries(table, "scenario")))
    names = [scenario.name for scenario in scenarios]
    for repeated in {item for item in names if names.count(item) > 1}:
        raise DataError(f"two scenarios are named {repeated!r}", where="scenario")
    published = tuple(_record(Published, *item) for item in _entries(table, "published"))
    claims = tuple(_claim(*item) for item in _entries(table, "claim"))
    seed = whole(table.get("seed", 1), "seed")
    return Study(name, title, seed, model, scenarios, published, claims, written)


def _entries(table: Mapping[str, Any], section: str) -> list[tuple[Mapping[str, Any], str]]:
    found = table.get(section, [])
    if not isinstance(found, list):
        raise DataError("must be a list of tables", where=section, remedy=f"write [[{section}]]")
    places = [f"{section}[{i + 1}]" for i in range(len(found))]
    return [(as_table(item, place), place) for item, place in zip(found, places, strict=True)]


def _scenario(model: Model, table: Mapping[str, Any], where: str) -> Scenario:
    refuse_unknown(table, {"name", "title", "reason", "set"}, where)
    for key in ("name", "set"):
        if key not in table:
            raise DataError(f"{key!r} is missing", where=where)
    name = text(table["name"], f"{where}.name")
    if not name.replace("-", "_").isidentifier():
        raise DataError(f"{name!r} is no name", where=f"{where}.name", why="it becomes a file name")
    for field, value in as_table(table["set"], f"{where}.set").items():
        place = f"{where}.set.{field}"
        model = _replace(model, field, value, place)
    words = {key: text(table.get(key, ""), f"{where}.{key}") for key in ("title", "reason")}
    return Scenario(name, words["title"] or name, model, words["reason"])


def _replace(model: Model, field: str, value: object, where: str) -> Model:
    sorts = {"coverage": "belief", "precision": "belief", "prior": "prior", "losses": "losses"}
    sort = sorts.get(field.rpartition(".")[2], "evidence" if field in model.evidence else "")
    try:
        return model.replace(field, build(sort, value, where) if sort else value)
    except UndercountError as error:
        error.where = error.where if error.where.startswith(where) else f"{where}: {error.where}"
        raise


def _record(maker: Any, table: Mapping[str, Any], where: str) -> Any:
    fields = {field.name: field for field in dataclasses.fields(maker)}
    refuse_unknown(table, fields, where)
    for name, field in fields.items():
        if field.default is dataclasses.MISSING and name not in table:
            raise DataError(f"{name!r} is missing", where=where)
    try:
        return maker(**table)
    except UndercountError as error:
        raise error.inside(where) from None


def _claim(table: Mapping[str, Any], where: str) -> Claim:
    claim: Claim = _record(Claim, table, where)
    for field in ("statement", "estimand", "unit", "source"):
        text(getattr(claim, field), f"{where}.{field}")
    numbers = [getattr(claim, field) for field in ("value", "low", "high")]
    for number in numbers:
        if number is not None:
            real(number, where)
    if all(number is None for number in numbers):
        raise DataError("states no value, low or high", where=where)
    return claim


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except IsADirectoryError:
        raise DataError(
            "is a folder, not a study", where=str(path), remedy="name a .toml file"
        ) from None
    except UnicodeDecodeError:
        raise DataError("is not UTF-8 text", where=str(path), remedy="save it as UTF-8") from None
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", where=str(path)) from None


def _from_provenance(written: str, path: Path) -> tuple[str, str]:
    """Return name and text of the study that a run kept."""
    try:
        study = json.loads(written)["study"]
        name, kept = study["name"], study["text"]
    except (ValueError, KeyError, TypeError):
        raise DataError("is no provenance of a run", where=str(path)) from None
    return text(name, "study.name"), text(kept, "study.text")
