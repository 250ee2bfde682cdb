"""The page of a run: what its study says, beside what the folder holds."""

from __future__ import annotations

import shlex
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from estimation.datasets.load import dataset_names, describe_dataset
from estimation.errors import UndercountError
from estimation.report.html.page import page
from estimation.report.html.record import file_name
from estimation.report.html.run_folder import RunFolder, read_run_folder
from estimation.report.html.stated import Stated, StatedAssumption, StatedData, StatedModel
from estimation.study.read import TABLES, Scenario, Study, parse_study

#: How a study's kinds of evidence are called.
_KINDS = {"count": "list of names", "triangle": "list of names by delay", "lists":
          "overlapping lists", "register": "register", "excess": "deaths of two sexes",
          "audits": "deaths looked up in the list"}  # fmt: skip

_SECTIONS = ("sensitivity", "audit_plan", "comparison", "revision", "learned", "eventual")

_RUN = "undercount run provenance.json --out ANOTHER-FOLDER"


def report_of(found: RunFolder, study: Study) -> str:
    """Return the page of a run whose study is at hand."""
    return page(found, _stated(study, found))


def report_of_folder(
    folder: Path, repeated_by: Callable[[RunFolder], str]
) -> tuple[RunFolder, str]:
    """Return what a folder holds, and its page; nothing is fitted.

    A study that this version cannot read is told in the page, which has all stored numbers.

    Parameters
    ----------
    folder : Path
    repeated_by : callable
        Returns the command that repeats a folder without a study.

    Raises
    ------
    DataError
        If the folder is none of ours, or a file is missing or damaged.
    """
    found = read_run_folder(folder)
    kept = found.record.get("study")
    name, text = (kept.get("name"), kept.get("text")) if isinstance(kept, dict) else (None, None)
    if kept is None and found.command != "run":
        words = [str(one) for one in found.record["settings"].values() if isinstance(one, str)]
        table = found.record["settings"].get("table")
        shipped = shipped_tables(words)
        titles = [one.what for one in shipped if one.name == table]
        title = [*titles, file_name(str(table or folder.resolve().name))][0]
        stated = Stated(title, tables=shipped, repeat=repeated_by(found))
        return found, page(found, stated)
    if not isinstance(name, str) or not isinstance(text, str):
        return found, page(found, _unread(folder.resolve().name, "the record holds no study"))
    try:
        study = parse_study(text, Path(name).name, folder / TABLES, copied=True)
    except UndercountError as error:
        # where this version stands on the disk of whoever makes the page is nobody's business
        said = str(error).replace(str(folder / TABLES), TABLES)
        return found, page(found, _unread(_title(text) or Path(name).stem, said))
    return found, page(found, _stated(study, found))


def shipped_tables(words: Iterable[str]) -> tuple[StatedData, ...]:
    """Return what a reader must know of the shipped tables among some words."""
    named = set(words)
    described = (describe_dataset(name) for name in dataset_names() if name in named)
    return tuple(
        StatedData(one.name, one.title, source=one.source, as_of=one.as_of, license=one.license,
                   caveats=one.caveats)
        for one in described
    )  # fmt: skip


def _unread(title: str, why: str) -> Stated:
    return Stated(title, unreadable=why, repeat=_RUN)


def _title(text: str) -> str:
    try:
        return str(tomllib.loads(text).get("title", ""))
    except tomllib.TOMLDecodeError:
        return ""


def _stated(study: Study, found: RunFolder) -> Stated:
    table = tomllib.loads(study.written)
    asked = {
        f"{kind} {one.get('name', '')}": str(one.get("title", one.get("name", "")))
        for kind in _SECTIONS for one in table.get(kind, ()) if isinstance(one, Mapping)
    }  # fmt: skip
    repeat = _RUN if found.command == "run" else _asked_again(found)
    return Stated(
        study.title, tuple(_model(one, _strata(table, one)) for one in study.scenarios),
        tuple((one.name, one.source) for one in study.published),
        shipped_tables(_words(table)), asked, repeat=repeat, names=dict(_named(table)),
    )  # fmt: skip


def _asked_again(found: RunFolder) -> str:
    """Return a command that takes the study from a record, but nothing else."""
    word = found.command.replace("_", "-")
    said = f"undercount {word} provenance.json --seed {found.record['seed']}"
    if found.command != "calibrate":  # whose level is not for choosing
        said += f" --prob {found.prob:g}"
    for key in ("simulations", "engine", "draws", "accept"):
        value = found.record["settings"].get(key)
        if value not in (None, "", "auto"):
            said += f" --{key} {shlex.quote(str(value))}"
    return said


def _named(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield fields that are varied and variants of a comparison, with the titles they have."""
    for section, inside, key in (("sensitivity", "vary", "field"),
                                 ("comparison", "variant", "name")):  # fmt: skip
        for one in table.get(section, ()):
            for named in one.get(inside, ()):
                if isinstance(named, Mapping) and named.get("title") and named.get(key):
                    yield str(named[key]), str(named["title"])


def _strata(table: Mapping[str, Any], scenario: Scenario) -> str:
    """Return what the strata of a model are, as its table or the study calls them."""
    of = table.get("models", {}).get(scenario.name, {}) if scenario.further else table
    for one in of.get("evidence", {}).values():
        given = one.get("table") if isinstance(one, Mapping) else None
        if not isinstance(given, Mapping):
            continue
        if isinstance(given.get("stratum"), str):
            return str(given["stratum"]).replace("_", " ")
        source = given.get("source")
        if source in dataset_names():
            stratum = describe_dataset(source).stratum
            if stratum:
                return str(stratum).replace("_", " ")
    return "stratum"


def _words(value: object) -> Iterator[str]:
    """Yield all texts of a study."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _words(one)
    elif isinstance(value, list):
        for one in value:
            yield from _words(one)


def _model(scenario: Scenario, strata: str) -> StatedModel:
    model, base = scenario.model, scenario.model.base
    counted = (("person on any list", "persons on any list") if base.kind == "lists"
               else ("confirmed name", "confirmed names"))  # fmt: skip
    data = [_data(name, item) for name, item in model.evidence.items()]
    data += [
        StatedData(name, f"belief on deaths that no source sees: {one.describe()}",
                   source=one.source, scope=one.scope, as_of=str(one.as_of or ""))
        for name, one in model.beyond.items()
    ]  # fmt: skip
    return StatedModel(
        scenario.name, scenario.title, scenario.reason, scenario.further, int(base.names), counted,
        base.scope, str(base.as_of or ""), tuple(model.formula()),
        tuple((one.name, one.prior, one.reason, one.source) for one in model.parameters()),
        tuple(StatedAssumption(one.statement, one.if_false, one.because)
              for one in model.assumptions()),
        tuple(data), strata,
    )  # fmt: skip


def _data(name: str, item: Any) -> StatedData:
    counted = getattr(item, "names", None)
    what = _KINDS.get(item.kind, item.kind)
    if counted is not None:
        what += f", {counted:,} {'persons' if item.kind == 'lists' else 'names'}"
    day = getattr(item, "as_of", None)
    return StatedData(name, what, source=item.source, scope=item.scope, as_of=str(day or ""))
