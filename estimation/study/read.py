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
from estimation.study.analyses import Asked
from estimation.study.audit_plan import read_audit_plan
from estimation.study.build import build, with_fields
from estimation.study.claims import read_claim
from estimation.study.comparison import read_comparison
from estimation.study.eventual import read_eventual, refuse_twice
from estimation.study.learned import read_learned
from estimation.study.revision import read_revision
from estimation.study.sections import as_table, refuse_unknown
from estimation.study.sensitivity import read_sensitivity
from estimation.study.tables import named_files, refuse_same_names, resolved, with_copies
from estimation.summaries.agreement import Published
from estimation.summaries.claims import Claim
from estimation.summaries.eventual import LaterCount
from models.checks import text, whole
from models.model import Model

_SECTIONS = {"title", "seed", "losses", "evidence", "beyond", "published", "scenario", "models",
             "claim", "sensitivity", "audit_plan", "comparison", "eventual",
             "revision", "learned"}  # fmt: skip

#: The folder of a run that holds copies of the tables of its study.
TABLES = "tables"

#: The file name of the study that `undercount run` runs when none is given.
ARTICLE = "article.toml"


@dataclasses.dataclass(frozen=True)
class Scenario:
    """The same model with fields replaced, or a further model of the study.

    Parameters
    ----------
    name : str
        Short name, a valid file name; "base" is the study's own model.
    title : str
        What it says, for tables and figures.
    model : Model
    reason : str
        Why one would believe it.
    further : bool
        Whether it is a model of its own, of other data.
    accept_maturity : str
        Of a further model: reason to compare its periods although their maturity differs.
    """

    name: str
    title: str
    model: Model
    reason: str = ""
    further: bool = False
    accept_maturity: str = ""

    def index(self) -> dict[str, str]:
        """Return what tells its rows apart from those of the main model."""
        if self.name == "base":
            return {}
        return {"model" if self.further else "scenario": self.name}


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
        The main model first, named "base"; further models last.
    published : tuple of Published
    claims : tuple of Claim
    asked : Asked
        Sensitivity studies, audits to come, comparisons.
    written : str
        The text of the file, kept for provenance.
    files : dict of Path
        Tables beside the study, by the name that the study gives them.
    eventual : tuple of LaterCount
        Names known on later dates, to be completed.
    notes : tuple of str
        How tables were read where they do not say so themselves, with the name of the evidence.
    """

    name: str
    title: str
    seed: int
    model: Model
    scenarios: tuple[Scenario, ...]
    published: tuple[Published, ...]
    claims: tuple[Claim, ...]
    asked: Asked
    written: str
    files: Mapping[str, Path] = dataclasses.field(default_factory=dict)
    eventual: tuple[LaterCount, ...] = ()
    notes: tuple[str, ...] = ()


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
        # a run keeps copies of the tables of its study
        return parse_study(written, name, path.parent / TABLES, copied=True)
    return parse_study(written, path.name, path.parent)


def parse_study(
    written: str, name: str, folder: Path | None = None, *, copied: bool = False
) -> Study:
    """Turn the text of a study into a Study.

    Parameters
    ----------
    written : str
        The text.
    name : str
        The file name, for messages.
    folder : Path, optional
        Where its tables lie.
    copied : bool
        Whether the tables there are the copies that a run keeps, under their bare names.
    """
    if not written.strip():
        raise DataError("is empty", where=name, remedy="see the README for a study to start from")
    try:
        table = tomllib.loads(written)
    except tomllib.TOMLDecodeError as error:
        raise DataError(f"is no TOML: {error}", where=name) from None
    if copied:
        table = with_copies(table)
    try:
        study = _build_study(table, Path(name).stem, written, folder)
        files = {source: Path(resolved(source, folder)) for source in named_files(table)}
        refuse_same_names(files)
    except UndercountError as error:
        error.where = f"{name}: {error.where}" if error.where else name
        raise
    return dataclasses.replace(study, files=files)


def _build_study(table: Mapping[str, Any], name: str, written: str, folder: Path | None) -> Study:
    refuse_unknown(table, _SECTIONS, "top level")
    notes: list[str] = []
    model = _model(table, "", folder, notes)
    title = text(table.get("title", name), "title")
    kind = model.base.coverage.kind.replace("_", " ")
    base = Scenario("base", f"as stated: {kind}", model)
    further = tuple(
        _further(key, section, folder, notes)
        for key, section in as_table(table.get("models", {}), "models").items()
    )
    changed = (_scenario(model, *item, folder, notes) for item in _entries(table, "scenario"))
    scenarios = (base, *changed, *further)
    names = [scenario.name for scenario in scenarios]
    for repeated in {item for item in names if names.count(item) > 1}:
        raise DataError(f"two scenarios are named {repeated!r}", where="scenario")
    published = tuple(_record(Published, *item) for item in _entries(table, "published"))
    models = {"": model} | {one.name: one.model for one in further}
    claims = tuple(read_claim(*item, models) for item in _entries(table, "claim"))
    seed = whole(table.get("seed", 1), "seed")
    asked = _asked(table, scenarios, published, seed, folder)
    later = tuple(read_eventual(*item, models) for item in _entries(table, "eventual"))
    _refuse_names("eventual", [one.name for one in later])
    refuse_twice(later)
    return Study(name, title, seed, model, scenarios, published, claims, asked, written,
                 eventual=later, notes=tuple(dict.fromkeys(notes)))  # fmt: skip


def _asked(
    table: Mapping[str, Any], scenarios: tuple[Scenario, ...], published: tuple[Published, ...],
    seed: int, folder: Path | None,
) -> Asked:  # fmt: skip
    by_name = {scenario.name: scenario for scenario in scenarios}
    found = Asked(
        tuple(
            read_sensitivity(*item, by_name, published, seed, folder)
            for item in _entries(table, "sensitivity")
        ),
        tuple(read_audit_plan(*item, by_name) for item in _entries(table, "audit_plan")),
        tuple(read_comparison(*item, by_name, folder) for item in _entries(table, "comparison")),
        tuple(read_revision(*item) for item in _entries(table, "revision")),
        tuple(read_learned(*item, by_name, published) for item in _entries(table, "learned")),
    )
    sections: dict[str, tuple[Any, ...]] = {
        "sensitivity": found.sensitivity, "audit_plan": found.audits,
        "comparison": found.comparisons, "revision": found.revisions, "learned": found.learned,
    }  # fmt: skip
    for section, plans in sections.items():
        _refuse_names(section, [plan.name for plan in plans])
    return found


def _refuse_names(section: str, names: list[str]) -> None:
    for name in names:
        _refuse_name(name, section)
        if names.count(name) > 1:
            raise DataError(f"two are named {name!r}", where=section,
                            remedy="give each a name = ...")  # fmt: skip


def _model(table: Mapping[str, Any], where: str, folder: Path | None, notes: list[str]) -> Model:
    """Return the model of a table with sections losses, evidence and, if there is one, beyond."""
    for section in ("losses", "evidence"):
        if section not in table:
            raise DataError(f"has no section [{where}{section}]",
                            why="a model needs losses and evidence")  # fmt: skip
    losses = build("losses", table["losses"], f"{where}losses")
    evidence = {
        key: build("evidence", section, f"{where}evidence.{key}", folder, notes)
        for key, section in as_table(table["evidence"], f"{where}evidence").items()
    }
    beyond = {
        key: build("beyond", section, f"{where}beyond.{key}")
        for key, section in as_table(table.get("beyond", {}), f"{where}beyond").items()
    }
    for key in {"losses", *evidence} & set(beyond):
        raise DataError(f"{key!r} is the name of another part", where=f"{where}beyond",
                        why="fields of the model are told by it", remedy="rename one")  # fmt: skip
    try:
        return Model(losses, evidence, beyond)
    except UndercountError as error:
        raise (error.inside(where.rstrip(".")) if where else error) from None


def _further(name: str, section: object, folder: Path | None, notes: list[str]) -> Scenario:
    where = f"models.{name}"
    table = as_table(section, where)
    words = ("title", "reason", "accept_maturity")
    refuse_unknown(table, {*words, "losses", "evidence", "beyond"}, where)
    _refuse_name(name, where)
    said = {key: text(table.get(key, ""), f"{where}.{key}") for key in words}
    model = _model(table, f"{where}.", folder, notes)
    return Scenario(name, said["title"] or name, model, said["reason"], further=True,
                    accept_maturity=said["accept_maturity"])  # fmt: skip


def _entries(table: Mapping[str, Any], section: str) -> list[tuple[Mapping[str, Any], str]]:
    found = table.get(section, [])
    if not isinstance(found, list):
        raise DataError("must be a list of tables", where=section, remedy=f"write [[{section}]]")
    places = [f"{section}[{i + 1}]" for i in range(len(found))]
    return [(as_table(item, place), place) for item, place in zip(found, places, strict=True)]


def _refuse_name(name: str, where: str) -> None:
    if not name.replace("-", "_").isidentifier():
        raise DataError(f"{name!r} is no name", where=where, why="it becomes a file name")


def _scenario(
    model: Model, table: Mapping[str, Any], where: str, folder: Path | None, notes: list[str]
) -> Scenario:
    refuse_unknown(table, {"name", "title", "reason", "set"}, where)
    for key in ("name", "set"):
        if key not in table:
            raise DataError(f"{key!r} is missing", where=where)
    name = text(table["name"], f"{where}.name")
    _refuse_name(name, f"{where}.name")
    model = with_fields(model, table["set"], f"{where}.set", folder, notes)
    words = {key: text(table.get(key, ""), f"{where}.{key}") for key in ("title", "reason")}
    return Scenario(name, words["title"] or name, model, words["reason"])


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
