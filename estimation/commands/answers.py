"""What `run`, `sensitivity`, `audit-plan` and `compare` share: options, printing, JSON."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from estimation.study.analyses import Answered, Asked
    from estimation.study.read import Study
    from estimation.study.sensitivity_run import SensitivityFound

_PARTLY = 6


def answer_options(parser: argparse.ArgumentParser) -> None:
    """Add the study, where to write, and the draws of fits."""
    from estimation.commands.common import draws_argument

    parser.add_argument("study", metavar="STUDY.toml | RUN/provenance.json", help="the study")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="write tables and figures to a new folder"
    )
    parser.add_argument(
        "--draws", type=draws_argument, metavar="N", help="draws a chain of each fit"
    )


def carry_out(
    arguments: argparse.Namespace, choose: Callable[[Study], Asked],
    executor: Callable[[Asked], str] = lambda asked: "none", *, confirmed: bool = False,
) -> tuple[Study, Answered]:  # fmt: skip
    """Read the study, carry out the chosen sections of it, and write what was found.

    Parameters
    ----------
    arguments : argparse.Namespace
    choose : callable
        Returns the sections of a study to carry out.
    executor : callable
        Returns the word of the executor for these, if none was named.
    confirmed : bool
        Whether many graphs may be sampled.
    """
    from estimation.commands.common import open_store
    from estimation.commands.progress import shown_progress
    from estimation.files import refuse_other_run, whole_folder
    from estimation.fit.executors import named_executor
    from estimation.study.analyses import answer_all
    from estimation.study.read import read_study
    from estimation.study.sensitivity_run import Options
    from estimation.study.write import (
        copy_tables,
        draw_answers,
        write_answers,
        write_provenance,
    )

    study = read_study(arguments.study)
    asked = choose(study)
    if arguments.out is not None:
        refuse_other_run(arguments.out, arguments.command)
    seed = study.seed if arguments.seed is None else arguments.seed
    work_by = arguments.executor or executor(asked)
    with named_executor(work_by) as workers, shown_progress(arguments) as tell:
        options = Options(
            seed, arguments.prob, arguments.engine, arguments.accept, arguments.draws,
            open_store(arguments), arguments.refit or "on_change", workers, confirmed,
            tell,
        )  # fmt: skip
        answered = answer_all(asked, options, one_by_one=_number_of(asked) > 1)
    if arguments.out is not None:
        published = study.published[0] if study.published else None
        with whole_folder(arguments.out) as folder:
            write_answers(answered, folder)
            copy_tables(study, folder)
            figures = draw_answers(answered, published, folder)
            settings = {"engine": arguments.engine, "prob": arguments.prob,
                        "accept": arguments.accept, "draws": arguments.draws,
                        "command": arguments.command}  # fmt: skip
            write_provenance(folder, study, seed, settings, failed=answered.failed,
                             figures=", ".join(figures))  # fmt: skip
    return study, answered


def _number_of(asked: Asked) -> int:
    return sum(len(getattr(asked, field.name)) for field in dataclasses.fields(asked))


def finish(
    arguments: argparse.Namespace, study: Study, answered: Answered, says: Sequence[str]
) -> int:
    """Print JSON or words, and return 0, or 6 if something failed."""
    from estimation.result import finite

    if arguments.json:
        print(json.dumps(finite(to_dict(arguments, study, answered)), allow_nan=False))
    else:
        print("\n\n".join(says))
        unsure = _verdicts(answered).count("inconclusive")
        if unsure:
            print(f"\nChecks of {unsure:,} scenarios are inconclusive.")
        if _accepted(answered, arguments.accept):
            print(f"\nAccepted although checks may have failed: {arguments.accept.strip()}")
        if arguments.out is not None:
            print(f"\nWritten to {arguments.out}")
    for what, why in answered.failed.items() if not arguments.json else ():
        print(f"undercount {arguments.command}: {what} failed: {why}", file=sys.stderr)
    return _PARTLY if answered.failed else 0


def to_dict(arguments: argparse.Namespace, study: Study, answered: Answered) -> dict[str, Any]:
    """Return what was found as the JSON object of all commands, with the keys of these."""
    from estimation.study.run import versions

    engines = [one.engine for one in answered.sensitivity]
    engines += [one.engine for one in answered.audits]
    rows = [row for one in answered.sensitivity for row in _estimates(one)]
    rows += [one.mixture.row() for one in answered.comparisons if one.mixture is not None]
    nuts = "nuts" in engines or any(
        not model.joint.exact for one in answered.comparisons for model in one.plan.models.values()
    )
    return {
        "engine": "nuts" if nuts else "exact",
        "seed": study.seed if arguments.seed is None else arguments.seed,
        "prob": arguments.prob, "interval": "eti", "estimates": rows,
        "diagnostics": _diagnostics(answered, arguments.accept), "published": [], "notes": [],
        "versions": versions(), **sections(answered),
    }  # fmt: skip


def sections(answered: Answered) -> dict[str, Any]:
    """Return what the sections of a study found, as plain data by its kind."""
    from estimation.study.learned_write import learned_conflicts, learned_rows
    from estimation.study.revision_write import revision_rows

    return {
        "tipping": [_of(one, tip.row()) for one in answered.sensitivity for tip in one.tipping],
        "anatomy": [
            _of(one, row) for one in answered.sensitivity for part in one.anatomy
            for row in part.rows()
        ],
        "indices": [
            _of(one, dataclasses.asdict(i)) for one in answered.sensitivity for i in one.indices
        ],
        "power_scaling": [
            _of(one, dataclasses.asdict(x)) for one in answered.sensitivity for x in one.scaled
        ],
        "information": [
            {"study": one.plan.name, "now": one.information.now, "limit": one.information.limit,
             "audits": one.information.rows()}
            for one in answered.audits
        ],
        "comparison": [
            {"study": one.plan.name, "verdicts": one.verdicts, "models": one.rows}
            for one in answered.comparisons
        ],
        "mixture": [
            {"comparison": one.plan.name, "weights": dict(one.mixture.weights),
             "within": one.mixture.within, "between": one.mixture.between,
             "share_between": one.mixture.share_between}
            for one in answered.comparisons if one.mixture is not None
        ],
        "revision": [row for one in answered.revisions for row in revision_rows(one)],
        "learned": [row for one in answered.learned for row in learned_rows(one)],
        "conflicts": [row for one in answered.learned for row in learned_conflicts(one)],
        "failed": answered.failed,
    }  # fmt: skip


def _of(one: SensitivityFound, row: dict[str, Any]) -> dict[str, Any]:
    return {"study": one.plan.name, **row}


def _estimates(one: SensitivityFound) -> list[dict[str, Any]]:
    """Return scenarios as rows of estimates; those that failed are named in `failed`."""
    from estimation.summaries.estimates import QUANTILES

    if one.scenarios is None:
        return []
    fields = [axis.field for axis in one.scenarios.design.axes]
    found = []
    for row in one.scenarios.rows():
        if row["reason"]:
            continue
        index = {"study": one.plan.name, "scenario": str(row["scenario"])}
        index |= {field: str(row[field]) for field in fields if row[field] != ""}
        numbers = {key: row[key] for key in ("median", "mean", "sd", "low", "high")}
        quantiles = {str(level): row[f"q{level}"] for level in QUANTILES}
        found.append({"name": row["estimand"], "method": "", "index": index, **numbers,
                      "quantiles": quantiles})  # fmt: skip
    return found


def _diagnostics(answered: Answered, accept: str | None) -> dict[str, Any]:
    """Return the verdict on all scenarios and sections together, with the reason of an override."""
    verdicts = _verdicts(answered)
    unsure, accepted = verdicts.count("inconclusive"), _accepted(answered, accept)
    failed = len(answered.failed) + (verdicts.count("fail") if accepted else 0)
    word = "fail" if failed else "inconclusive" if unsure else "pass"
    says = f"{failed} failed, {unsure} inconclusive" if failed or unsure else "all passed"
    check = {"name": "all", "verdict": word, "value": failed, "threshold": 0, "says": says}
    return {"verdict": word, "checks": [check]} | ({"accepted": accepted} if accepted else {})


def _verdicts(answered: Answered) -> list[str]:
    return [
        verdict for one in answered.sensitivity if one.scenarios is not None
        for verdict in one.scenarios.verdicts
    ]  # fmt: skip


def _accepted(answered: Answered, accept: str | None) -> str:
    """Return the reason of an override if anything may have been accepted for it."""
    judged_elsewhere = answered.audits or answered.comparisons
    used = judged_elsewhere or "fail" in _verdicts(answered)
    return accept.strip() if accept and used else ""
