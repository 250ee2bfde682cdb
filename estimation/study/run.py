"""Run a study: fit its models, put its claims to the test, and answer what else it asks."""

from __future__ import annotations

import dataclasses
import platform
from collections.abc import Mapping
from concurrent.futures import Executor
from importlib import metadata
from typing import TYPE_CHECKING, Any

from estimation.diagnostics.gate import tree_verdict
from estimation.diagnostics.verdicts import Verdict
from estimation.errors import UndercountError
from estimation.fit.batch import carry_out
from estimation.fit.engine import Engine, Plan, plan
from estimation.fit.store import Refit, Store
from estimation.notes import beyond_notes, coverage_note, notes
from estimation.progress import Progress, Tell, begin, silent
from estimation.result import Result
from estimation.study.analyses import Answered, answer_all
from estimation.study.eventual import EventualFound, complete_all
from estimation.study.read import Scenario, Study
from estimation.study.sensitivity_run import Options
from estimation.summaries.agreement import Agreement, agreement
from estimation.summaries.cell_rows import cell_rows, scalar_draws
from estimation.summaries.claims import CANNOT_TELL, Claim, Judged, judge
from estimation.summaries.estimates import estimate_rows
from estimation.summaries.losses import Losses
from estimation.summaries.maturity import LATE

if TYPE_CHECKING:
    import xarray

#: Draws a chain of the exact engine in a run; four chains are stored for each scenario.
EXACT_DRAWS = 10_000

#: Packages whose versions a run records.
_PACKAGES = ("undercount", "numpy", "scipy", "pandas", "xarray", "pymc", "pytensor", "arviz",
             "arviz-base", "arviz-stats", "nutpie", "zarr", "matplotlib")  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Fitted:
    """One scenario with its fit, where that came from, and what is reported of it."""

    scenario: Scenario
    tree: xarray.DataTree
    origin: str
    verdict: Verdict
    losses: Losses
    rows: list[dict[str, Any]]
    published: tuple[Agreement, ...]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a run found: fitted scenarios, other answers, and the reasons of what failed.

    `verdicts` holds those of all fits by scenario, also of fits that failed their checks; these
    are in `unreported`.
    """

    study: Study
    seed: int
    prob: float
    fitted: tuple[Fitted, ...]
    failed: dict[str, str]
    verdicts: dict[str, Verdict]
    claims: tuple[Judged, ...]
    answered: Answered = Answered()
    eventual: EventualFound = EventualFound()
    unreported: Mapping[str, xarray.DataTree] = dataclasses.field(default_factory=dict)

    def result(self) -> Result:
        """Return the object of the output: the main model first, then the other scenarios."""
        checks = tuple(
            dataclasses.replace(check, says=f"{one.scenario.name}: {check.says}")
            for one in self.fitted
            for check in one.verdict.checks
        )
        accepted = next((one.verdict.accepted for one in self.fitted if one.verdict.accepted), "")
        first = self.fitted[0]
        draws = scalar_draws(first.losses)
        return Result(
            engine=first.tree.attrs["engine"],
            seed=self.seed,
            prob=self.prob,
            estimates=[
                *(row for one in self.fitted for row in one.rows),
                *self.eventual.rows(self.prob),
            ],
            diagnostics=Verdict(checks, accepted),
            published=tuple(found for one in self.fitted for found in one.published),
            notes=(
                *notes(first.scenario.model, draws),
                *self._said_of_further(),
                *self._said_of_late(),
                *self.study.notes,
            ),
            versions=versions(),
        )

    def _said_of_further(self) -> tuple[str, ...]:
        """Return what further models learned of coverage, and what is added to their totals."""
        further = [one for one in self.fitted if one.scenario.further]
        models = {one.scenario.name: (one.scenario.model, one.losses) for one in further}
        found = []
        for name, (model, losses) in models.items():
            said = beyond_notes(model)
            if len(model.evidence) > 1:
                said.insert(0, coverage_note(model, scalar_draws(losses)))
            found += [f"Model {name}: {one}" for one in said]
        return tuple(found)

    def _said_of_late(self) -> tuple[str, ...]:
        late = [one.scenario.name for one in self.fitted if one.losses.late]
        said = "periods of unequal maturity may be compared."
        return (f"Model {', '.join(late)}: {LATE}; {said}",) if late else ()


def fit_study(
    study: Study, *, seed: int, prob: float, engine: Engine = "auto", accept: str | None = None,
    draws: int | None = None, store: Store | None = None, refit: Refit = "on_change",
    executor: Executor | None = None, tell: Tell = silent,
) -> Outcome:  # fmt: skip
    """Fit all scenarios of a study; they share random numbers.

    Parameters
    ----------
    study : Study
    seed : int
    prob : float
        Level of the intervals.
    engine : {"auto", "exact", "nuts"}
    accept : str, optional
        Reason to report fits that failed their checks.
    draws : int, optional
        A chain, of all fits.
    store, refit
        Where fits are kept and found again; see `estimation.fit.engine.fit`.
    executor : concurrent.futures.Executor, optional
        Fits scenarios side by side; the numbers do not depend on it.
    tell : callable
        Told how far the fits are.

    Raises
    ------
    UndercountError
        If the main model fails; other scenarios that fail are kept with their reason.
    """
    main = study.scenarios[0]
    plans = {one.name: _plan(one, engine, seed, main, draws) for one in study.scenarios}

    def done(name: str, result: Any) -> None:
        if name == main.name and isinstance(result, UndercountError):
            raise result

    begin(tell, "fits")
    trees = carry_out(plans, store=store, refit=refit, executor=executor, tell=tell, done=done)
    fitted: list[Fitted] = []
    failed, verdicts, unreported = {}, {}, {}
    begin(tell, "checks and estimates")
    for number, scenario in enumerate(study.scenarios, 1):
        found = trees[scenario.name]
        try:
            if isinstance(found, UndercountError):
                raise found
            verdicts[scenario.name] = tree_verdict(found[0], prob)
            fitted.append(_report(study, scenario, *found, verdicts[scenario.name], prob, accept))
        except UndercountError as error:
            if scenario is main:
                raise
            failed[scenario.name] = str(error)
            if not isinstance(found, UndercountError):
                unreported[scenario.name] = found[0]
        stage = "failed" if scenario.name in failed else "made"
        tell(Progress(scenario.name, stage, number, len(study.scenarios)))
    by_name = {one.scenario.name: one for one in fitted}
    claims = tuple(_judged(claim, by_name, failed) for claim in study.claims)
    options = Options(seed, prob, engine, accept, draws, store, refit, executor, tell=tell)
    answered = answer_all(study.asked, options)
    losses = {name: one.losses for name, one in by_name.items()}
    if study.eventual:
        begin(tell, "later counts")
    eventual = complete_all(study.eventual, losses, failed, prob=prob, seed=seed)
    failed |= {**answered.failed, **eventual.failed}
    return Outcome(study, seed, prob, tuple(fitted), failed, verdicts, claims, answered, eventual,
                   unreported)  # fmt: skip


def _plan(scenario: Scenario, engine: Engine, seed: int, main: Scenario, draws: int | None) -> Plan:
    exact = scenario.model.joint.exact
    # an engine that was asked for binds the main model; further ones take what they have
    chosen: Engine = "auto" if engine == "exact" and scenario is not main and not exact else engine
    default = EXACT_DRAWS if exact and chosen != "nuts" else None
    return plan(scenario.model, chosen, draws=draws or default, seed=seed)


def _judged(claim: Claim, fitted: dict[str, Fitted], failed: dict[str, str]) -> Judged:
    name = claim.model or "base"
    if name not in fitted:
        why = f"the model {name} has no fit to report: {failed[name]}"
        return Judged(claim, None, None, None, CANNOT_TELL, why)
    one = fitted[name]
    return judge(claim, one.losses, one.scenario.model.stated_division())


def _report(
    study: Study, scenario: Scenario, tree: xarray.DataTree, origin: str, verdict: Verdict,
    prob: float, accept: str | None,
) -> Fitted:  # fmt: skip
    model = scenario.model
    losses = Losses(tree, prob, accept=accept, verdict=verdict)
    orders = model.moment_orders()
    rows = estimate_rows(
        scalar_draws(losses), prob, constants=model.constants(), moment_orders=orders,
        index=scenario.index(),
    )  # fmt: skip
    rows += cell_rows(losses, prob, moment_orders=orders, index=scenario.index())
    published = () if scenario.further else _published(study, scenario, tree, prob)
    return Fitted(scenario, tree, origin, losses.verdict, losses, rows, published)


def _published(
    study: Study, scenario: Scenario, tree: xarray.DataTree, prob: float
) -> tuple[Agreement, ...]:
    found = tuple(agreement(tree, item, prob) for item in study.published)
    if scenario.name == "base":
        return found
    return tuple(
        dataclasses.replace(
            one,
            published=dataclasses.replace(
                one.published, name=f"{one.published.name}, {scenario.name}"
            ),
        )
        for one in found
    )


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that numbers or pictures depend on."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
