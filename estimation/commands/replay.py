"""``undercount replay``: nowcasts at past dates, scored against what is known now."""

from __future__ import annotations

import argparse
import json
import math
import sys
from typing import TYPE_CHECKING, Any

from estimation.commands.common import (
    common_options,
    open_store,
    store_options,
)
from estimation.commands.progress import shown_progress
from estimation.commands.report_tables import (
    date_argument,
    read_table,
    scope_options,
    steps_argument,
    stored_assumptions,
    table_options,
    write_provenance,
)

if TYPE_CHECKING:
    from estimation.nowcasts.pasts import Replay

_PARTLY = 6

#: Draws a chain, of two: scores of many dates need fewer than the bounds of one.
_DRAWS = 500


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "replay", parents=[common_options()],
        help="past nowcasts, each from what was known then alone, scored against what is known now",
    )  # fmt: skip
    table_options(parser)
    parser.add_argument(
        "--from", dest="begin", type=date_argument, required=True, metavar="DATE",
        help="the first date",
    )  # fmt: skip
    parser.add_argument(
        "--to", dest="end", type=date_argument, required=True, metavar="DATE",
        help="the last date at most",
    )  # fmt: skip
    parser.add_argument(
        "--every", type=steps_argument(1), required=True, metavar="N",
        help="periods from one date to the next",
    )  # fmt: skip
    parser.add_argument(
        "--method", choices=("model", "chain-ladder"), default="model",
        help="the model beside the chain ladder (default), or that alone, which needs no fit",
    )  # fmt: skip
    scope_options(parser)
    parser.add_argument(
        "--accept", metavar="REASON",
        help="replay a table that was dated by obituary; the reason is printed with it",
    )  # fmt: skip
    store_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Replay and return 0, or 6 if some dates failed."""
    from estimation.errors import UsageError
    from estimation.files import refuse_other_run
    from estimation.fit.executors import named_executor
    from estimation.nowcasts.questions import replay_dates
    from estimation.nowcasts.replay import replay

    if arguments.end < arguments.begin:
        raise UsageError(
            f"{arguments.begin} is after --to, {arguments.end}", where="--from",
            remedy="swap them",
        )  # fmt: skip
    rows = read_table(arguments)
    if arguments.out is not None:
        refuse_other_run(arguments.out, "replay")
    dates = replay_dates(rows, arguments.begin, arguments.end, arguments.every)
    with (
        named_executor(arguments.executor or "none") as executor,
        shown_progress(arguments) as tell,
    ):
        found = replay(
            rows, dates, method=arguments.method, last=arguments.last,
            max_delay=arguments.max_delay, window=arguments.window, drift=arguments.drift,
            draws=arguments.draws or _DRAWS, seed=1 if arguments.seed is None else arguments.seed,
            store=open_store(arguments) if arguments.method == "model" else None,
            refit=arguments.refit or "on_change", executor=executor, cores=arguments.cores,
            accept=arguments.accept, tell=tell,
        )  # fmt: skip
    if arguments.out is not None:
        _write(arguments, found)
    if arguments.json:
        from estimation.result import finite

        print(json.dumps(finite(_to_dict(arguments, found)), allow_nan=False))
    else:
        print(replay_says(found, quiet=arguments.quiet))
        if arguments.out is not None and not arguments.quiet:
            print(f"\nWritten to {arguments.out}: replay.csv, scores.csv, pit.csv, scores.json; "
                  "fans, coverage and pit as .png and .svg")  # fmt: skip
    for what, why in found.failed.items():
        print(f"undercount replay: {what} failed: {why}", file=sys.stderr)
    return _PARTLY if found.failed else 0


def _to_dict(arguments: argparse.Namespace, found: Replay) -> dict[str, Any]:
    """Return what was found as the JSON object of all commands, with the keys of this one."""
    from estimation.nowcasts.scores import differences, forecast_rows, score_rows
    from estimation.study.run import versions

    return {
        "engine": "nuts" if arguments.method == "model" else "classical", "seed": found.seed,
        "prob": arguments.prob, "interval": "eti", "estimates": [],
        "diagnostics": _diagnostics(found), "published": [], "notes": list(found.notes),
        "assumptions": stored_assumptions(found.assumptions), "versions": versions(),
        "scores": score_rows(found),
        "differences": [vars(one) for one in differences(found)],
        "replay": forecast_rows(found), "failed": found.failed,
    }  # fmt: skip


def _diagnostics(found: Replay) -> dict[str, Any]:
    """Return the verdict on all dates together."""
    verdicts = [one.verdict.verdict for one in found.pasts if one.verdict is not None]
    unsound = len(found.failed) + verdicts.count("fail")
    unsure = verdicts.count("inconclusive")
    word = "fail" if unsound else "inconclusive" if unsure else "pass"
    says = f"{unsound} failed, {unsure} inconclusive" if unsound or unsure else "all passed"
    check = {"name": "all", "verdict": word, "value": unsound, "threshold": 0, "says": says}
    return {"verdict": word, "checks": [check]}


def replay_says(found: Replay, *, quiet: bool = False) -> str:
    """Return in words and a table how the past nowcasts did."""
    from estimation.nowcasts.scores import INTERVALS, block_length, says, score_rows
    from estimation.nowcasts.windows import counted
    from estimation.report.text import bullets, table
    from estimation.summaries.agreement import percent

    first, final = found.pasts[0].as_of, found.pasts[-1].as_of
    size = len(found.pasts)
    when = f"on {first}" if size == 1 else f"at {size:,} dates, {first} to {final}"
    head = ["", "WIS", "error", "dispersion", "over", "under", "CRPS",
            *(percent(level) for level in INTERVALS), "sum off by"]  # fmt: skip
    rows = []
    for row in score_rows(found):
        held = [f"{100 * row[f'inside_{100 * level:g}']:.0f}{_error(row, level)}"
                for level in INTERVALS]  # fmt: skip
        parts = [row[key] for key in ("dispersion", "overprediction", "underprediction", "crps")]
        error = row["wis_error"]
        rows.append([
            row["method"], f"{row['wis']:.3g}", "" if math.isnan(error) else f"{error:.2g}",
            *(f"{part:.3g}" for part in parts), *held,
            "" if math.isnan(row["sum_error"]) else f"{100 * row['sum_error']:.1f} %",
        ])  # fmt: skip
    blocks = [
        f"{found.title}: the last {counted(found.last, found.step)} {when}",
        table(head, rows), bullets(says(found)),
    ]  # fmt: skip
    if quiet:
        return "\n\n".join(blocks)
    notes = [
        "WIS is the weighted interval score of 23 quantiles, in names a period: smaller is better; "
        "dispersion, over- and underprediction sum to it.",
        f"Coverage in percent; standard errors from blocks of {block_length(found)} dates.",
        *found.notes,
    ]  # fmt: skip
    return "\n\n".join([*blocks, "Notes\n" + bullets(notes)])


def _error(row: dict[str, Any], level: float) -> str:
    error = row[f"inside_{100 * level:g}_error"]
    return "" if math.isnan(error) else f" ({100 * error:.0f})"


def _write(arguments: argparse.Namespace, found: Replay) -> None:
    from estimation.files import whole_folder, write_rows
    from estimation.nowcasts.pasts import AS_REPORTED
    from estimation.nowcasts.scores import (
        INTERVALS,
        PIT_ENVELOPE,
        forecast_rows,
        pit_rows,
        score_rows,
    )
    from estimation.report.calibration import Uniform, draw_uniform
    from estimation.report.nowcasts import Panel, draw_coverage, draw_replay
    from estimation.result import finite
    from estimation.summaries.agreement import percent

    with whole_folder(arguments.out) as folder:
        write_rows(folder / "replay.csv", forecast_rows(found))
        scores = score_rows(found)
        write_rows(folder / "scores.csv", scores)
        contents = {key: value for key, value in _to_dict(arguments, found).items()
                    if key != "replay"}  # fmt: skip
        written = json.dumps(finite(contents), allow_nan=False, indent=1)
        (folder / "scores.json").write_text(written + "\n", encoding="utf-8")
        first = found.methods[0]
        panels = [
            Panel(one.as_of, one.periods, one.draws[first], one.known, one.final)
            for one in found.pasts if first in one.draws
        ]  # fmt: skip
        title = f"{found.title}: what the {first} saw coming"
        draw_replay(panels, title, folder / "fans", unit=found.step)
        ranges = [row for row in scores if row["method"] != AS_REPORTED]
        draw_coverage(ranges, INTERVALS, f"{found.title}: intervals that held", folder / "coverage")
        rows, places = pit_rows(found)
        if write_rows(folder / "pit.csv", rows):
            draw_uniform(
                [
                    Uniform(row["method"], places[row["method"]], row["envelope"],
                            f"{row['forecasts']:,} forecasts at {row['dates']:,} dates",
                            row["deviation"] <= row["envelope"])
                    for row in rows
                ],
                f"{found.title}: where final counts fell", folder / "pit",
                across="share of the draws of a forecast below the final count",
                band=f"{percent(PIT_ENVELOPE)} of as many independent dates",
            )  # fmt: skip
        write_provenance(folder, arguments, found.seed)
