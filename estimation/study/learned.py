"""The section ``[[learned]]``: coverage as judged and as learned, and what each source adds."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from estimation.errors import DataError, RefusedError, UndercountError, UsageError
from estimation.learning.findings import Findings, OnConflict, learn
from estimation.learning.sources import sources
from estimation.learning.spans import whole_periods
from estimation.study.sections import refuse_unknown
from estimation.study.sensitivity import chosen_scenario
from estimation.summaries.agreement import Published
from estimation.words import suggestion
from models.checks import text
from models.learned import Learned
from models.lists.lists import Lists
from models.model import Model

if TYPE_CHECKING:
    from estimation.study.read import Scenario
    from estimation.study.sensitivity_run import Options

_KEYS = ("name", "title", "model", "leave_out", "on_conflict", "published", "through")


@dataclasses.dataclass(frozen=True)
class LearnedPlan:
    """A model whose sources are left out one at a time.

    Parameters
    ----------
    name, title : str
    scenario : str
        Which model of the study.
    model : Model
    leave_out : tuple of str
        Sources to leave out, one at a time.
    on_conflict : {"widen", "refuse"}
    published : Published, optional
        A range of totals to compare with.
    through : datetime.date, optional
        The date of that range: deaths are summed until then.
    """

    name: str
    title: str
    scenario: str
    model: Model
    leave_out: tuple[str, ...]
    on_conflict: OnConflict = "widen"
    published: Published | None = None
    through: datetime.date | None = None

    def says(self) -> str:
        """Return what is asked, in a sentence."""
        said = f"coverage {self.name} ({self.scenario}): with all sources"
        return f"{said}, without each of {', '.join(self.leave_out)}" if self.leave_out else said


@dataclasses.dataclass(frozen=True)
class LearnedFound:
    """What was found."""

    plan: LearnedPlan
    findings: Findings
    prob: float


def read_learned(
    table: Mapping[str, Any], where: str, scenarios: Mapping[str, Scenario],
    published: tuple[Published, ...],
) -> LearnedPlan:  # fmt: skip
    """Return the plan that a section describes.

    Raises
    ------
    DataError
        If a key is unknown or not what it should be.
    RefusedError
        If nothing stands beside the list of the model.
    """
    refuse_unknown(table, _KEYS, where)
    scenario = chosen_scenario(table, where, scenarios)
    if isinstance(scenario.model.base, Lists):
        raise RefusedError(
            "is asked of overlapping lists", where=where,
            why="they inform their own coverage, and what is told here is the coverage of one list",
            remedy="give the model without a source as [models.NAME], and compare totals",
        )  # fmt: skip
    try:
        known = sources(scenario.model)
    except UndercountError as error:
        raise error.inside(where) from None
    chosen = table.get("leave_out", list(known))
    if not isinstance(chosen, list):
        raise DataError("must be a list of sources", where=f"{where}.leave_out")
    for one in chosen:
        if one not in known:
            raise DataError(f"no source {one!r}", where=f"{where}.leave_out",
                            remedy=suggestion(str(one), known))  # fmt: skip
    said = {
        key: text(table[key], f"{where}.{key}") for key in ("name", "title") if key in table
    }  # fmt: skip
    clash = table.get("on_conflict", "widen")
    if clash not in ("widen", "refuse"):
        raise DataError(f"must be widen or refuse, not {clash!r}", where=f"{where}.on_conflict")
    through = _through(table.get("through"), f"{where}.through", scenario.model)
    stated = {"name": scenario.name, "title": scenario.title} | said
    return LearnedPlan(
        scenario=scenario.name, model=scenario.model, on_conflict=clash,
        leave_out=tuple(dict.fromkeys(chosen)), published=_published(table, where, published),
        through=through, **stated,
    )  # fmt: skip


def _published(
    table: Mapping[str, Any], where: str, published: tuple[Published, ...]
) -> Published | None:
    if "published" not in table:
        return None
    names = {one.name: one for one in published}
    name, where = text(table["published"], f"{where}.published"), f"{where}.published"
    if name not in names:
        raise DataError(f"no published range {name!r}", where=where,
                        remedy=suggestion(name, names) if names else "")  # fmt: skip
    if names[name].estimand != "total":
        raise DataError(
            f"{name!r} is a range of {names[name].estimand}", where=where,
            why="deaths are compared with it", remedy="name one of the total",
        )  # fmt: skip
    return names[name]


def _through(value: Any, where: str, model: Model) -> datetime.date | None:
    """Return the date until which deaths are summed."""
    if value is None:
        return None
    if type(value) is not datetime.date:
        raise DataError(f"must be a date, not {value!r}", where=where,
                        remedy="as in through = 2025-05-04")  # fmt: skip
    listed = model.joint.listed if isinstance(model.joint, Learned) else None
    if listed is None or not listed.periods:
        raise RefusedError("the model has no periods", where=where, remedy="leave it out")
    try:
        whole_periods(listed.periods, listed.step, value)
    except UsageError as error:
        raise DataError(error.what, where=where, why=error.why) from None
    return value


def run_learned(asked: LearnedPlan, options: Options) -> LearnedFound:
    """Carry out one plan.

    Raises
    ------
    UndercountError
        If a fit fails its checks, or sources are in conflict and that refuses.
    """
    findings = learn(
        asked.model, prob=options.prob, seed=options.seed, leave_out=asked.leave_out,
        through=asked.through, on_conflict=asked.on_conflict, draws=options.draws,
        store=options.store, refit=options.refit, executor=options.executor, tell=options.tell,
        accept=options.accept,
    )  # fmt: skip
    return LearnedFound(asked, findings, options.prob)
