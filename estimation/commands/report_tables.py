"""What `nowcast`, `replay` and in part `excess` share: the table, and the folder written."""

from __future__ import annotations

import argparse
import datetime
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from estimation.commands.common import draws_argument, number_argument, whole_argument

if TYPE_CHECKING:
    from estimation.tables.report_rows import ReportRows

_STEPS = ("day", "week", "month", "year")

#: Each option that goes to a reader, and the name that the reader of snapshots has for it.
_READ = {"event": "period", "report": "as_of", "delay": None, "count": "count",
         "stratum": "stratum", "step": "step", "negative": "negative", "published": None,
         "first": "first", "last_event": "last_event", "dating": "dating"}  # fmt: skip


def date_argument(word: str) -> datetime.date:
    """Return an ISO date."""
    try:
        if len(word) != len("2024-01-31"):
            raise ValueError
        return datetime.date.fromisoformat(word)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{word!r} is no date; write it like 2024-01-31, without time or zone"
        ) from None


def steps_argument(low: int, what: str = "periods") -> Callable[[str], int]:
    """Return a function that reads a number of something, `low` or more."""

    def read(word: str) -> int:
        value = whole_argument(word)
        if not low <= value <= 100_000:
            raise argparse.ArgumentTypeError(f"{low} to 100,000 {what}, not {value}")
        return value

    return read


def table_options(parser: argparse.ArgumentParser) -> None:
    """Add the table and what its columns are."""
    parser.add_argument("table", metavar="FILE.csv | DATASET", help="new names by period of death "
                        "and of report, or the name of a shipped table")  # fmt: skip
    group = parser.add_argument_group("the table")
    group.add_argument("--event", metavar="COLUMN", help="periods of death (default event_period)")
    group.add_argument(
        "--report", metavar="COLUMN", help="periods of report (default report_period, if there)"
    )
    group.add_argument(
        "--delay", metavar="COLUMN", help="delays in periods, instead of reports (default delay)"
    )
    group.add_argument("--count", metavar="COLUMN", help="new names (default count)")
    group.add_argument("--stratum", metavar="COLUMN", help="strata")
    group.add_argument(
        "--step", choices=_STEPS, help="length of a period (default: what the dates have)"
    )
    group.add_argument(
        "--negative", choices=("earlier", "zero"),
        help="take withdrawn names off the latest earlier reports of their period, or ignore them",
    )  # fmt: skip
    group.add_argument(
        "--published", metavar="all | FILE",
        help="in which periods something was published: all, or those of a column report_period",
    )  # fmt: skip
    group.add_argument(
        "--snapshots", action="store_true",
        help="the table holds totals: columns period, as_of, count",
    )  # fmt: skip
    group.add_argument(
        "--first", choices=("mask", "keep"),
        help="names of the first publication say nothing of delays (default), or as others do",
    )  # fmt: skip
    group.add_argument(
        "--last-event", metavar="DATE | report",
        help="the last period of death that the table covers (default: the last with a row)",
    )  # fmt: skip
    group.add_argument(
        "--dating", choices=("death", "obituary", "report"), help="what the periods are of"
    )
    group.add_argument(
        "--select", action="append", default=[], metavar="COLUMN=VALUE", type=_selection,
        help="only rows with this value; may be given again",
    )  # fmt: skip


def scope_options(parser: argparse.ArgumentParser) -> None:
    """Add the delays and periods that are looked at, and how the fit is sampled."""
    parser.add_argument(
        "--max-delay", type=steps_argument(1), metavar="N",
        help="the longest delay with cells of its own, periods; names that came later count as "
        "known (default: by which 99.5 %% of names come, at most 60)",
    )  # fmt: skip
    parser.add_argument(
        "--window", type=steps_argument(2), metavar="N",
        help="how many of the last periods are looked at (default: longest delay + 21, at least "
        "52)",
    )  # fmt: skip
    parser.add_argument(
        "--last", type=steps_argument(1), metavar="N",
        help="how many of the last periods are shown and summed (default: longest delay + 1, at "
        "most 14 days or 6 weeks, months or years)",
    )  # fmt: skip
    parser.add_argument(
        "--drift", type=_scale_argument, metavar="SCALE",
        help="scale of the change of delays in calendar time (default: none)",
    )  # fmt: skip
    parser.add_argument("--draws", type=draws_argument, metavar="N", help="draws a chain")
    parser.add_argument(
        "--cores", type=steps_argument(1, "cores"), metavar="N",
        help="processor cores (default: all); the numbers do not depend on it",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="write tables and figures to a new folder"
    )


def _selection(word: str) -> tuple[str, str]:
    column, sign, value = word.partition("=")
    if not sign or not column:
        raise argparse.ArgumentTypeError(f"{word!r} chooses nothing; write COLUMN=VALUE")
    return column, value


def _scale_argument(word: str) -> float:
    value = number_argument(word)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"a scale is above 0, not {word}")
    return value


def read_table(arguments: argparse.Namespace) -> ReportRows:
    """Return the rows of the table that was named."""
    from estimation.datasets.load import dataset_names
    from estimation.errors import UsageError
    from estimation.tables.reports import read_reports
    from estimation.tables.snapshots import read_snapshots

    given = {name: getattr(arguments, name) for name in _READ}
    given = {name: value for name, value in given.items() if value is not None}
    if arguments.table in dataset_names() and "negative" not in given:
        # corrections of a shipped table are known, and told beside the answer
        given["negative"] = "earlier"
    select: Mapping[str, object] | None = dict(arguments.select) or None
    if not arguments.snapshots:
        return read_reports(arguments.table, select=select, **given)
    options: dict[str, Any] = {}
    for name, value in given.items():
        other = _READ[name]
        if other is None:
            raise UsageError(
                "does not go with --snapshots, whose columns are period, as_of and count",
                where=f"--{name}",
            )  # fmt: skip
        options[other] = value
    return read_snapshots(arguments.table, select=select, **options)


def stored_assumptions(found: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    """Return assumptions as they are printed and kept, each once."""
    told = [
        {key: one.get(key, "") for key in ("statement", "if_false", "because")} for one in found
    ]
    return [one for place, one in enumerate(told) if one not in told[:place]]


def write_provenance(folder: Path, arguments: argparse.Namespace, seed: int) -> None:
    """Write what is needed to repeat the command, once all else is written."""
    from estimation.files import PROVENANCE, file_hashes
    from estimation.study.run import versions

    settings = {
        name: value if isinstance(value, (str, int, float, bool, list, type(None))) else str(value)
        for name, value in vars(arguments).items()
        if name not in ("run", "json", "quiet", "out", "store")
    }
    found = {
        "settings": settings, "seed": seed,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "versions": versions(), "files": file_hashes(folder),
    }  # fmt: skip
    written = json.dumps(found, indent=1, ensure_ascii=False)
    (folder / PROVENANCE).write_text(written + "\n", encoding="utf-8")
