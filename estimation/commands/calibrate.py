"""``undercount calibrate``: simulated lists, ranks of the truth, coverage of the intervals."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from estimation.commands.common import (
    common_options,
    open_store,
    store_options,
    whole_argument,
)
from estimation.commands.progress import shown_progress

if TYPE_CHECKING:
    from estimation.study.calibration_write import Calibrated
    from estimation.study.read import Study
    from models import Model

#: Simulations in all from which on starting worker processes pays for exact work.
_MANY = 4000


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "calibrate", parents=[common_options(prob=False)],
        help="simulate lists with known totals and see how often intervals hold them",
    )  # fmt: skip
    parser.add_argument("study", nargs="?", metavar="STUDY.toml", help="default: the shipped study")
    parser.add_argument("--all", action="store_true", help="every reference model")
    parser.add_argument("--engine", choices=("auto", "exact", "nuts"), default="auto")
    parser.add_argument(
        "--simulations", type=_simulations, metavar="N",
        help="simulated lists a model, 100 or more (default: 4000 by exact draws, 400 by NUTS)",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="write verdicts, ranks and figures to a new folder"
    )
    store_options(parser, executor=f"processes for {_MANY:,} exact lists or more, else none")
    parser.set_defaults(run=run)


def _simulations(word: str) -> int:
    value = whole_argument(word)
    if not 100 <= value <= 1_000_000:
        raise argparse.ArgumentTypeError(f"100 to 1,000,000 simulations, not {value}")
    return value


def run(arguments: argparse.Namespace) -> int:
    """Calibrate, print, and return 4 if a model fails, else 0."""
    from estimation.diagnostics.calibration import Calibration, judge_ranks
    from estimation.diagnostics.ranks import SIMULATIONS, simulated_ranks
    from estimation.errors import UsageError
    from estimation.files import refuse_other_run
    from estimation.fit.executors import named_executor
    from estimation.report.text import table

    if arguments.all and arguments.study:
        raise UsageError("either a study or --all", where="calibrate")
    seed = 1 if arguments.seed is None else arguments.seed
    study = None if arguments.all else _study(arguments)
    models = _models(study)
    if arguments.out is not None:
        refuse_other_run(arguments.out, "calibrate")
    exact = [m for m in models.values() if m.joint.exact and arguments.engine != "nuts"]
    many = len(exact) * (arguments.simulations or SIMULATIONS["exact"]) >= _MANY
    work_by = arguments.executor or ("processes" if many else "none")
    with named_executor(work_by) as executor, shown_progress(arguments) as tell:
        ranked = simulated_ranks(
            models, arguments.simulations, seed, arguments.engine, executor=executor,
            store=open_store(arguments), refit=arguments.refit or "on_change",
            tell=tell,
        )  # fmt: skip
    unknowns = sum(len(ranks) for ranks, _ in ranked.values())
    found: dict[str, tuple[tuple[Calibration, ...], int]] = {
        name: (judge_ranks(ranks, unknowns), refused) for name, (ranks, refused) in ranked.items()
    }
    verdicts = [one.verdict for ones, _ in found.values() for one in ones]
    verdict = next((word for word in ("fail", "inconclusive") if word in verdicts), "pass")
    if arguments.out is not None:
        kept = {name: (ones, ranked[name][0], refused) for name, (ones, refused) in found.items()}
        _write(arguments, study, seed, kept, _plain(arguments, seed, found, verdict))
    if arguments.json:
        print(json.dumps(_plain(arguments, seed, found, verdict), allow_nan=False))
    else:
        head = ["model, unknown", "lists", "in 95 %", "+-", "deviation", "allowed", "verdict"]
        rows = [
            [f"{name}, {one.name}", f"{one.simulations:,}", f"{one.covered:.1%}",
             f"{one.covered_error:.1%}", f"{one.deviation:.3f}", f"{one.envelope:.3f}", one.verdict]
            for name, (ones, _) in found.items()
            for one in ones
        ]  # fmt: skip
        print(table(head, rows))
        passed = verdicts.count("pass")
        print(
            f"\n{passed} of {len(verdicts)} unknowns pass: ranks within the envelope that holds "
            "all of them at once with 99 %, and 93.5 % to 96.5 % of central 95 % intervals "
            "hold the truth."
        )
        if verdict == "inconclusive":
            print("What is inconclusive needs more --simulations.")
        for name, (_, refused) in found.items():
            if refused:
                print(f"{name}: {refused} simulated lists had no names and were refused.")
        if arguments.out is not None:
            print(f"\nWritten to {arguments.out}: calibration.csv, calibration.json, "
                  "ranks.parquet, figures/ (.png and .svg)")  # fmt: skip
    return 4 if verdict == "fail" else 0


def _study(arguments: argparse.Namespace) -> Study:
    from estimation.study.read import read_study

    return read_study(arguments.study)


def _models(study: Study | None) -> dict[str, Model]:
    if study is None:
        from estimation.diagnostics.reference import reference_models, reference_tables

        return reference_models() | reference_tables()
    return {scenario.name: scenario.model for scenario in study.scenarios}


def _write(
    arguments: argparse.Namespace, study: Study | None, seed: int, found: Calibrated,
    summary: dict[str, Any],
) -> None:  # fmt: skip
    from estimation.files import whole_folder
    from estimation.study.calibration_write import write_calibration
    from estimation.study.write import copy_tables, write_provenance

    settings = {"engine": arguments.engine, "simulations": arguments.simulations,
                "all": arguments.all, "command": "calibrate"}  # fmt: skip
    titles = {} if study is None else {one.name: one.title for one in study.scenarios}
    with whole_folder(arguments.out) as folder:
        drawn = write_calibration(found, summary, titles, folder)
        if study is not None:
            copy_tables(study, folder)
        write_provenance(folder, study, seed, settings, failed={}, figures=drawn)


def _plain(
    arguments: argparse.Namespace, seed: int, found: dict[str, Any], verdict: str
) -> dict[str, Any]:
    return {
        "engine": arguments.engine,
        "seed": seed,
        "simulations": arguments.simulations,
        "verdict": verdict,
        "models": [
            {"name": name, "refused": refused, "unknowns": [one.to_dict() for one in ones]}
            for name, (ones, refused) in found.items()
        ],
    }
