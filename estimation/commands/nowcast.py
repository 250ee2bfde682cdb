"""``undercount nowcast``: how many names of each recent period will ever be on the list."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
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
    stored_assumptions,
    table_options,
    write_provenance,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estimation.nowcasts.answer import Nowcast
    from estimation.progress import Tell

_NAMES = {"model": "model of late reports", "chain-ladder": "chain ladder"}


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "nowcast", parents=[common_options()],
        help="what a list that is still filling will say of each period",
    )  # fmt: skip
    table_options(parser)
    parser.add_argument(
        "--as-of", type=date_argument, metavar="DATE",
        help="from what was known then alone: first day of the last period of report (default: "
        "the last of the table)",
    )  # fmt: skip
    parser.add_argument(
        "--method", choices=("model", "chain-ladder", "both"), default="model",
        help="the model of late reports (default), the chain ladder in milliseconds, or both",
    )  # fmt: skip
    scope_options(parser)
    parser.add_argument(
        "--accept", metavar="REASON",
        help="report a fit that failed its checks; the reason is printed with it",
    )  # fmt: skip
    store_options(parser, executor="")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Answer and return the exit code."""
    from estimation.files import refuse_other_run
    from estimation.result import finite

    rows = read_table(arguments)
    if arguments.out is not None:
        refuse_other_run(arguments.out, "nowcast")
    with shown_progress(arguments) as tell:
        found = _nowcasts(arguments, rows, tell)
    if arguments.out is not None:
        _write(arguments, found)
    if arguments.json:
        print(json.dumps(finite(_to_dict(found)), allow_nan=False))
        return 0
    print("\n\n".join(nowcast_says(one, quiet=arguments.quiet) for one in found))
    if arguments.out is not None and not arguments.quiet:
        print(f"\nWritten to {arguments.out}: nowcast.csv, nowcast.json, nowcast.png and .svg")
    return 0


def _nowcasts(arguments: argparse.Namespace, rows: Any, tell: Tell) -> list[Nowcast]:
    import dataclasses

    from estimation.nowcasts.answer import METHODS
    from estimation.nowcasts.nowcast import nowcast
    from estimation.progress import begin, watch

    methods = [one for one in METHODS if arguments.method in (one, "both")]
    found = []
    for method in methods:
        begin(tell, _NAMES[method])
        one = nowcast(
            rows, arguments.as_of, method=method, max_delay=arguments.max_delay,
            window=arguments.window, drift=arguments.drift, prob=arguments.prob,
            draws=arguments.draws, seed=1 if arguments.seed is None else arguments.seed,
            store=open_store(arguments) if method == "model" else None,
            refit=arguments.refit or "on_change", cores=arguments.cores, accept=arguments.accept,
            progress=watch(tell, "nowcast"),
        )  # fmt: skip
        if arguments.last is not None:
            one = dataclasses.replace(one, last=min(arguments.last, len(one.reports.periods)))
        found.append(one)
    return found


def _to_dict(found: Sequence[Nowcast]) -> dict[str, Any]:
    """Return the object of the first method, with the rows of the other after its own."""
    result = found[0].result().to_dict()
    for other in found[1:]:
        result["estimates"] += [row for row in other.rows() if row["name"] == "eventual"]
        result["notes"] += [note for note in other.notes if note not in result["notes"]]
    result["assumptions"] = stored_assumptions(
        assumed for one in found for assumed in one.assumptions
    )
    return result


def nowcast_says(found: Nowcast, *, quiet: bool = False) -> str:
    """Return in words the sum, a table of the last periods, notes, assumptions and verdict."""
    from estimation.report.text import bullets, rounded
    from estimation.summaries.agreement import percent

    row = found.rows()[0]
    exact = row["low"] == row["high"]
    spread = f" ({percent(found.prob)} interval {row['low']:,.0f} to {row['high']:,.0f})"
    told = f"{row['median']:,.0f}" if row["median"] < 1e5 else rounded(row["median"])
    lines = [
        f"{found.title}, as known on {found.as_of} ({_NAMES[found.method]})",
        f"{found.total_known:,} names known; {'' if exact else 'about '}{told} will ever be"
        f"{'' if exact else spread}.",
    ]  # fmt: skip
    blocks = ["\n".join(lines), _table(found)]
    if quiet:
        return "\n\n".join(blocks)
    blocks.append("Notes\n" + bullets(found.notes))
    assumed = [
        f"{one['statement']}; if false, the answer is {_direction(one['if_false'])}"
        + (f": {one['because']}" if one.get("because") else "")
        for one in found.assumptions
    ]
    if assumed:
        blocks.append("Assumptions\n" + bullets(assumed))
    engine = "nuts" if found.method == "model" else "classical"
    said = [f"Checks of the fit ({engine}): {found.verdict.verdict}."]
    said += [one.says for one in found.verdict.checks if one.verdict != "pass"]
    if found.verdict.accepted:
        said.append(f"Accepted although checks failed: {found.verdict.accepted}")
    return "\n\n".join([*blocks, "\n".join(said)])


def _direction(if_false: str) -> str:
    return "too low or too high" if if_false == "either" else if_false


def _table(found: Nowcast) -> str:
    from estimation.report.text import table
    from estimation.summaries.agreement import percent

    level = percent(found.prob)
    rows = [row for row in found.rows() if row["name"] == "eventual" and "stratum" not in
            row["index"]]  # fmt: skip
    together, by_period = rows[1], rows[2:][-found.last :]
    known = found.known[-found.last :].tolist()
    cells = [
        [row["index"]["period"], f"{count:,}",
         *(f"{row[key]:,.0f}" for key in ("median", "low", "high"))]
        for row, count in zip(by_period, known, strict=True)
    ]  # fmt: skip
    cells.append(
        [f"these {found.last} together", f"{sum(known):,}",
         *(f"{together[key]:,.0f}" for key in ("median", "low", "high"))]
    )  # fmt: skip
    step = found.reports.step
    head = [f"{step} from" if step != "day" else step, "known", "eventual", f"low ({level})",
            f"high ({level})"]  # fmt: skip
    return table(head, cells)


def _write(arguments: argparse.Namespace, found: Sequence[Nowcast]) -> None:
    import numpy as np

    from estimation.files import whole_folder, write_rows
    from estimation.report.nowcasts import draw_nowcast
    from estimation.result import finite

    first = found[0]
    with whole_folder(arguments.out) as folder:
        contents = json.dumps(finite(_to_dict(found)), allow_nan=False)
        (folder / "nowcast.json").write_text(contents + "\n", encoding="utf-8")
        write_rows(folder / "nowcast.csv", _plain(found))
        shown = -min(max(first.max_delay + 1, 2 * first.last), len(first.reports.periods))
        draw_nowcast(
            np.array(first.reports.periods[shown:], "datetime64[D]"), first.by_period[:, shown:],
            first.known[shown:],
            f"{first.title}, as known on {first.as_of}", Path(folder / "nowcast"),
            unit=first.reports.step,
            by=first.dates_of,
        )  # fmt: skip
        write_provenance(folder, arguments, first.seed)


def _plain(found: Sequence[Nowcast]) -> list[dict[str, Any]]:
    """Return rows of estimates as rows of a table."""
    return [
        {
            "name": row["name"], "method": one.method,
            **{key: row["index"].get(key, "") for key in ("period", "stratum", "last")},
            **{key: row[key] for key in ("median", "mean", "sd", "low", "high")},
            **{f"q{level}": value for level, value in row["quantiles"].items()},
        }
        for one in found for row in one.rows()
    ]  # fmt: skip
