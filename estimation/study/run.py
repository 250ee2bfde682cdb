"""Run a study: fit every scenario, and write the folder of a run."""

from __future__ import annotations

import csv
import dataclasses
import datetime
import json
import platform
from concurrent.futures import Executor
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from estimation.diagnostics.gate import require, tree_verdict
from estimation.diagnostics.verdicts import Verdict
from estimation.errors import UndercountError
from estimation.files import PROVENANCE, file_hashes, whole_folder
from estimation.fit.batch import Tell, carry_out, silent
from estimation.fit.engine import Engine, plan
from estimation.fit.store import Refit, Store
from estimation.notes import notes
from estimation.result import Result
from estimation.study.read import Scenario, Study
from estimation.summaries.agreement import Agreement, agreement
from estimation.summaries.estimates import estimate_rows

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
    rows: list[dict[str, Any]]
    published: tuple[Agreement, ...]


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a run found: fitted scenarios, and the reasons of those that failed.

    `verdicts` holds those of all fits by scenario, also of fits that failed their checks.
    """

    study: Study
    seed: int
    prob: float
    fitted: tuple[Fitted, ...]
    failed: dict[str, str]
    verdicts: dict[str, Verdict]

    def result(self) -> Result:
        """Return the object of the output: the main model first, then the other scenarios."""
        checks = tuple(
            dataclasses.replace(check, says=f"{one.scenario.name}: {check.says}")
            for one in self.fitted
            for check in one.verdict.checks
        )
        accepted = next((one.verdict.accepted for one in self.fitted if one.verdict.accepted), "")
        first = self.fitted[0]
        draws = {str(k): v.to_numpy() for k, v in first.tree["posterior"].data_vars.items()}
        return Result(
            engine=first.tree.attrs["engine"],
            seed=self.seed,
            prob=self.prob,
            estimates=[row for one in self.fitted for row in one.rows],
            diagnostics=Verdict(checks, accepted),
            published=tuple(found for one in self.fitted for found in one.published),
            notes=notes(first.scenario.model, draws),
            versions=versions(),
        )


def fit_study(
    study: Study, *, seed: int, prob: float, engine: Engine = "auto", accept: str | None = None,
    store: Store | None = None, refit: Refit = "on_change", executor: Executor | None = None,
    tell: Tell = silent,
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
    plans = {
        scenario.name: plan(
            scenario.model, engine, draws=None if engine == "nuts" else EXACT_DRAWS, seed=seed
        )
        for scenario in study.scenarios
    }

    def done(name: str, result: Any) -> None:
        if name == main.name and isinstance(result, UndercountError):
            raise result

    trees = carry_out(plans, store=store, refit=refit, executor=executor, tell=tell, done=done)
    fitted, failed, verdicts = [], {}, {}
    for scenario in study.scenarios:
        found = trees[scenario.name]
        try:
            if isinstance(found, UndercountError):
                raise found
            verdicts[scenario.name] = verdict = tree_verdict(found[0], prob)
            fitted.append(_report(study, scenario, *found, require(verdict, accept), prob))
        except UndercountError as error:
            if scenario is main:
                raise
            failed[scenario.name] = str(error)
    return Outcome(study, seed, prob, tuple(fitted), failed, verdicts)


def _report(
    study: Study, scenario: Scenario, tree: xarray.DataTree, origin: str, verdict: Verdict,
    prob: float,
) -> Fitted:  # fmt: skip
    model = scenario.model
    base = scenario.name == "base"
    rows = estimate_rows(
        {str(name): value.to_numpy() for name, value in tree["posterior"].data_vars.items()},
        prob,
        constants=model.constants(),
        moment_orders=model.moment_orders(),
        index={} if base else {"scenario": scenario.name},
    )
    published = tuple(agreement(tree, item, prob) for item in study.published)
    if not base:
        published = tuple(
            dataclasses.replace(
                found,
                published=dataclasses.replace(
                    found.published, name=f"{found.published.name}, {scenario.name}"
                ),
            )
            for found in published
        )
    return Fitted(scenario, tree, origin, verdict, rows, published)


def write_run(outcome: Outcome, target: Path, settings: dict[str, Any]) -> None:
    """Write summary.csv, summary.json, posterior/, figures/ and provenance.json, all or nothing.

    Parameters
    ----------
    outcome : Outcome
    target : Path
        The folder of the run.
    settings : dict
        Engine, level and the like, kept for repeating the run.
    """
    result = outcome.result()
    with whole_folder(target) as folder:
        (folder / "summary.json").write_text(result.to_json() + "\n", encoding="utf-8")
        _write_rows(folder / "summary.csv", result.estimates)
        (folder / "posterior").mkdir()
        for one in outcome.fitted:
            _write_tree(one.tree, folder / "posterior" / f"{one.scenario.name}.zarr")
        figures = _draw(outcome, folder)
        provenance = {
            "study": {"name": f"{outcome.study.name}.toml", "text": outcome.study.written},
            "seed": outcome.seed,
            "settings": settings,
            "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
            "fits": {one.scenario.name: one.tree.attrs["hash"] for one in outcome.fitted},
            "failed": outcome.failed,
            "figures": figures,
            "versions": versions(),
            "machine": {"system": platform.system(), "processor": platform.machine()},
            "files": file_hashes(folder),
        }
        written = json.dumps(provenance, indent=1, ensure_ascii=False)
        (folder / PROVENANCE).write_text(written + "\n", encoding="utf-8")


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that numbers or pictures depend on."""
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def _write_tree(tree: xarray.DataTree, target: Path) -> None:
    """Write a Zarr folder by way of memory.

    Zarr writes files from many tasks at once; on a full disk each of them would report for itself.
    """
    from zarr.storage import MemoryStore

    contents: dict[str, Any] = {}
    tree.to_zarr(MemoryStore(contents), mode="w", consolidated=False)
    for key, buffer in contents.items():
        path = target / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(buffer.to_bytes())


def _write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    quantiles = list(rows[0]["quantiles"])
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(
            ["scenario", "name", "method", "median", "mean", "sd", "low", "high",
             *(f"q{level}" for level in quantiles)]
        )  # fmt: skip
        for row in rows:
            middle = [row[key] for key in ("name", "method", "median", "mean", "sd", "low", "high")]
            scenario = row["index"].get("scenario", "base")
            writer.writerow([scenario, *middle, *(row["quantiles"][level] for level in quantiles)])


def _draw(outcome: Outcome, folder: Path) -> str:
    """Draw the figures where matplotlib is installed; say in words what was drawn or not."""
    from estimation.report.figures import draw_totals, missing_plotting

    missing = missing_plotting()
    if missing:
        return missing
    (folder / "figures").mkdir()
    rows = [
        (one.scenario.title, one.tree["posterior"]["total"].to_numpy().ravel())
        for one in outcome.fitted
    ]
    published = outcome.study.published[0] if outcome.study.published else None
    draw_totals(rows, published, outcome.prob, outcome.study.title, folder / "figures" / "totals")
    return "figures/totals.svg, figures/totals.png"
