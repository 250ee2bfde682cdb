"""``undercount run``: fit a study with its scenarios and write the folder of a run."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from estimation.commands.common import (
    common_options,
    draws_argument,
    engine_option,
    open_store,
    store_options,
)
from estimation.commands.progress import shown_progress

if TYPE_CHECKING:
    from estimation.fit.store import Refit
    from estimation.study.read import Study
    from estimation.study.run import Fitted, Outcome

_FOLDER = Path("undercount-runs")

_PARTLY = 6


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "run", parents=[common_options()],
        help="run a study (the shipped one by default) and write its results to a folder",
    )  # fmt: skip
    parser.add_argument(
        "study", nargs="?", metavar="STUDY.toml | RUN/provenance.json",
        help="a study, or the record of a run to repeat",
    )  # fmt: skip
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder of the run")
    parser.add_argument(
        "--draws", type=draws_argument, metavar="N",
        help="draws a chain (default: 10,000 exact; by NUTS 1,000, or 2,000 for small tables)",
    )  # fmt: skip
    engine_option(parser)
    store_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run the study and return 0, or 6 if some scenarios failed."""
    from estimation.commands.answers import sections
    from estimation.files import refuse_other_run
    from estimation.fit.executors import named_executor
    from estimation.result import finite
    from estimation.study.read import read_study
    from estimation.study.run import fit_study
    from estimation.study.write import write_run

    study = read_study(arguments.study)
    recorded = _recorded(arguments.study)
    settings = {"engine": arguments.engine, "prob": arguments.prob, "accept": arguments.accept,
                "draws": arguments.draws}  # fmt: skip
    seed = study.seed if arguments.seed is None else arguments.seed
    if recorded:
        settings |= recorded["settings"]
        seed = recorded["seed"] if arguments.seed is None else arguments.seed
    target = arguments.out or _FOLDER / (study.name + ("-repeated" if recorded else ""))
    refuse_other_run(target, "run")
    # a repetition that took its fits from the store would prove nothing
    refit: Refit = arguments.refit or ("always" if recorded else "on_change")
    with (
        named_executor(arguments.executor or "none") as executor,
        shown_progress(arguments) as tell,
    ):
        outcome = fit_study(
            study, seed=seed, prob=settings["prob"], engine=settings["engine"],
            accept=settings["accept"], draws=settings["draws"], store=open_store(arguments),
            refit=refit, executor=executor, tell=tell,
        )  # fmt: skip
        write_run(outcome, target, settings, tell)
    if arguments.json:
        found = outcome.result().to_dict() | sections(outcome.answered)
        print(json.dumps(finite(found | {"failed": outcome.failed}), allow_nan=False))
    else:
        _print(study, outcome, target, quiet=arguments.quiet)
        if recorded:
            _print_repetition(recorded, target)
    for what, why in outcome.failed.items() if arguments.json else ():
        print(f"undercount run: {what} failed: {why}", file=sys.stderr)
    return _PARTLY if outcome.failed else 0


def _recorded(study: str | None) -> dict | None:  # type: ignore[type-arg]
    """Return the record of a run, if that is what was named; it was read once already."""
    from estimation.errors import DataError

    if study is None or not study.endswith(".json"):
        return None
    found = json.loads(Path(study).read_text(encoding="utf-8"))
    settings, seed = found.get("settings"), found.get("seed")
    complete = isinstance(settings, dict) and {"engine", "prob", "accept"} <= set(settings)
    if not complete or not isinstance(seed, int) or not isinstance(found.get("files"), dict):
        raise DataError("is no provenance of a run", where=study)
    return dict(found)


def _print(study: Study, outcome: Outcome, target: Path, *, quiet: bool) -> None:
    from estimation.report.html.run_folder import REPORT
    from estimation.report.text import (
        answer,
        bullets,
        claims_table,
        number,
        table,
        verdict_table,
    )
    from estimation.summaries.agreement import percent

    result = outcome.result()
    first = outcome.fitted[0]
    print(f"{study.title}\n")
    base = study.model.base
    counted = (("person on any list", "persons on any list") if base.kind == "lists"
               else ("confirmed name", "confirmed names"))  # fmt: skip
    print(answer(first.rows[0], outcome.prob, base.names, counted))
    for agreement in first.published:
        print(agreement.says)
    if quiet:
        return
    level = percent(outcome.prob)
    head = ["reading of the coverage", "median total", f"low ({level})", f"high ({level})"]
    head += [f"in published ({item.name})" for item in study.published]
    rows = [
        [
            one.scenario.title,
            *(number("total", one.rows[0][key]) for key in ("median", "low", "high")),
            *(percent(item.mass_inside) for item in one.published),
        ]
        for one in outcome.fitted
        if not one.scenario.further
    ]
    print("\n" + table(head, rows))
    further = [one for one in outcome.fitted if one.scenario.further]
    if further:
        print("\nFurther models\n")
        print(_further_table(further, level))
    origins = {one.scenario.name: one.origin for one in outcome.fitted}
    print(f"\nChecks of the fits: {result.diagnostics.verdict}\n")
    print(verdict_table(outcome.verdicts, origins))
    if outcome.claims:
        print("\nClaims\n")
        print(claims_table(outcome.claims))
    if outcome.eventual.counts:
        from estimation.report.eventual import eventual_says

        found = outcome.eventual
        print("\n" + eventual_says(found.counts, found.foreseen, outcome.prob))
    for said in _answers(outcome):
        print("\n" + said)
    lines = list(result.notes)
    if result.diagnostics.accepted:
        lines.append(f"Accepted although checks failed: {result.diagnostics.accepted}")
    lines += [f"{name} failed: {reason}" for name, reason in outcome.failed.items()]
    print("\n" + bullets(lines))
    record = json.loads((target / "provenance.json").read_text(encoding="utf-8"))
    tables = [name for name in record["files"] if "/" not in name and name.endswith(".csv")]
    tables.sort(key=lambda name: (name != "summary.csv", name))
    written = [*tables, "summary.json", "posterior/", "provenance.json"]
    if (target / REPORT).is_file():
        written.insert(0, REPORT)
    print(f"\nWritten to {target}: {', '.join(written)}")
    if str(record.get("report", "")).startswith("not written"):
        print(f"Report: {record['report']}")
    drawn = [word for word in record["figures"].split(", ") if not word.endswith(".svg")]
    print(f"Figures (SVG too): {', '.join(drawn)}")


def _answers(outcome: Outcome) -> list[str]:
    """Return what the sensitivity studies, audits and comparisons of a study found."""
    from estimation.commands.audit_plan import audit_says
    from estimation.commands.compare import comparison_says
    from estimation.commands.sensitivity import sensitivity_says
    from estimation.study.learned_write import says_learned
    from estimation.study.revision_write import says_revision

    found = outcome.answered
    return [
        *map(sensitivity_says, found.sensitivity), *map(audit_says, found.audits),
        *map(comparison_says, found.comparisons), *map(says_learned, found.learned),
        *map(says_revision, found.revisions),
    ]  # fmt: skip


def _further_table(further: list[Fitted], level: str) -> str:
    from estimation.report.text import number, table

    head = ["model", "names", "as of", "median total", f"low ({level})", f"high ({level})"]
    rows = [
        [
            one.scenario.title, f"{one.scenario.model.base.names:,}", str(one.losses.as_of or ""),
            *(number("total", one.rows[0][key]) for key in ("median", "low", "high")),
        ]
        for one in further
    ]  # fmt: skip
    return table(head, rows)


def _print_repetition(recorded: dict, target: Path) -> None:  # type: ignore[type-arg]
    record = json.loads((target / "provenance.json").read_text(encoding="utf-8"))
    if record["files"].get("summary.csv") == recorded["files"].get("summary.csv"):
        print("The numbers are the same as in the recorded run, to the last digit.")
        return
    changed = [
        f"{name} {recorded['versions'].get(name, 'absent')} -> {version}"
        for name, version in record["versions"].items()
        if recorded.get("versions", {}).get(name) != version
    ]
    tables = [name for name, digest in recorded["files"].items()
              if name.startswith("tables/") and record["files"].get(name) != digest]  # fmt: skip
    if tables:
        print("The numbers differ from the recorded run: changed since are " + ", ".join(tables))
        return
    print("The numbers differ from the recorded run; versions: " + (", ".join(changed) or "equal"))
