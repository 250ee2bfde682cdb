"""``undercount lists``: the total from who is on which of several lists."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from estimation.commands.common import (
    common_options,
    draws_argument,
    number_argument,
    whole_argument,
)
from estimation.commands.progress import shown_progress
from estimation.commands.report_tables import write_provenance

if TYPE_CHECKING:
    from estimation.overlap.overlap import Overlap
    from estimation.progress import Tell

#: Exit code where some methods have an answer and others refused.
_PARTLY = 6

#: As of `models.lists.lists.Lists`.
_MOST_CLASSES = 30

_METHODS = ("latent", "graphical", "loglinear", "sample_coverage", "chao", "all")


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "lists", parents=[common_options()],
        help="how many there are in all, from who is on which of several lists",
    )  # fmt: skip
    parser.add_argument(
        "table", metavar="FILE.csv | DATASET",
        help="a 0/1 column a list, then count, one row a pattern; with a column draw, draws of a "
        "linkage (undercount link); or captures and count; or the name of a shipped table "
        "(kosovo_1999)",
    )  # fmt: skip
    parser.add_argument(
        "--method", choices=_METHODS, default="all",
        help="latent classes, average over decomposable graphs, log-linear model, sample coverage, "
        "Chao's lower bound; or all of them and a mixture (default)",
    )  # fmt: skip
    parser.add_argument(
        "--weights", nargs="+", type=_weight_argument, metavar="METHOD=W",
        help="of the mixture (default a third each: latent, graphical, loglinear)",
    )  # fmt: skip
    parser.add_argument(
        "--thorough", action="store_true",
        help="test latent classes too on each list as a population of known size, and without it: "
        "two fits a list",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="write tables and figures to a new folder"
    )
    _table_options(parser)
    _latent_options(parser)
    parser.set_defaults(run=run)


def _table_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("table")
    group.add_argument("--count", default="count", metavar="COLUMN", help="default count")
    group.add_argument(
        "--stratum", nargs="+", default=[], metavar="COLUMN",
        help="columns of strata: classes are shared and strata pooled; other methods sum them",
    )  # fmt: skip
    group.add_argument(
        "--merge", nargs="+", type=_merge_argument, metavar="NEW=A+B", help="make one list of some"
    )
    group.add_argument(
        "--leave-out", nargs="+", default=[], metavar="LIST",
        help="drop lists: who was on them alone is gone",
    )  # fmt: skip
    group.add_argument(
        "--at-most", nargs="+", default=[], metavar="A+B",
        help="patterns whose count is an upper bound: some of these persons may not belong",
    )  # fmt: skip
    group.add_argument(
        "--occasions", type=whole_argument, metavar="N",
        help="of a table of captures: how often one could be captured (default: no limit)",
    )  # fmt: skip


def _latent_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("latent classes")
    group.add_argument(
        "--captures", choices=("pooled", "uniform"), default="pooled",
        help="prior of the probabilities to be on a list: pooled (default), or uniform, which "
        "holds beforehand that nearly all are on some list",
    )  # fmt: skip
    group.add_argument(
        "--classes", type=_classes_argument, default=10, metavar="K", help="default 10"
    )
    group.add_argument(
        "--draws", type=draws_argument, metavar="N",
        help="draws of each of four chains; with draws of a linkage, of all fits together",
    )  # fmt: skip
    group.add_argument(
        "--linkage-fits", type=_fits_argument, metavar="M",
        help="draws of a linkage to which latent classes are fitted (default 10)",
    )  # fmt: skip
    group.add_argument(
        "--accept", metavar="REASON",
        help="report a fit that failed its checks; the reason is printed with it",
    )  # fmt: skip


def _weight_argument(word: str) -> tuple[str, float]:
    name, sign, value = word.partition("=")
    if not sign or name not in _METHODS[:-1]:
        known = ", ".join(_METHODS[:-1])
        raise argparse.ArgumentTypeError(f"{word!r} is no METHOD=WEIGHT; methods are {known}")
    return name, number_argument(value)


def _classes_argument(word: str) -> int:
    number = whole_argument(word)
    if not 1 <= number <= _MOST_CLASSES:
        raise argparse.ArgumentTypeError(f"classes are 1 to {_MOST_CLASSES}, not {number}")
    return number


def _fits_argument(word: str) -> int:
    number = whole_argument(word)
    if number < 2:
        raise argparse.ArgumentTypeError(f"fits are 2 or more, not {number}")
    return number


def _merge_argument(word: str) -> tuple[str, list[str]]:
    new, sign, lists = word.partition("=")
    names = lists.split("+")
    if not sign or not new or len(names) < 2 or not all(names):
        raise argparse.ArgumentTypeError(f"{word!r} is no NEW=A+B")
    return new, names


def run(arguments: argparse.Namespace) -> int:
    """Answer and return the exit code."""
    from estimation.files import refuse_other_run
    from estimation.report.overlap_text import overlap_says
    from estimation.result import finite

    if arguments.out is not None:
        refuse_other_run(arguments.out, "lists")
    with shown_progress(arguments) as tell:
        name, notes, found = _asked(arguments, tell)
    content = found.result().to_dict()
    content["notes"] = [*content["notes"], *notes]
    content |= found.tables() | {"failed": dict(found.answers.refused)}
    unwritten = ""
    if arguments.out is not None:
        unwritten = _write(arguments, name, found, content)
    code = _PARTLY if found.answers.refused else 0
    if arguments.json:
        print(json.dumps(finite(content), allow_nan=False))
        return code
    print(overlap_says(name, found, content["notes"], quiet=arguments.quiet))
    if arguments.out is not None and not arguments.quiet:
        drawn = "overlap" if found.patterns is None else "overlap and patterns"
        figures = unwritten or f"{drawn} as .png and .svg"
        print(f"\nWritten to {arguments.out}: summary.csv, summary.json, {figures}")
    return code


def _asked(arguments: argparse.Namespace, tell: Tell) -> tuple[str, tuple[str, ...], Overlap]:
    """Return the name of the table, notes of its reader, and what was found."""
    from estimation.overlap.latent import LatentOptions
    from estimation.overlap.linked import FITS, linked_overlap
    from estimation.overlap.methods import METHODS
    from estimation.overlap.overlap import captures_overlap, overlap
    from estimation.tables.linkage_draws import has_draws, read_linkage_draws
    from estimation.tables.patterns import is_captures, read_captures, read_patterns
    from estimation.tables.wide import open_wide

    seed = 1 if arguments.seed is None else arguments.seed
    source = open_wide(arguments.table)
    drawn = has_draws(source)
    captures = is_captures(source) and not drawn
    _refuse_unused(arguments, captures=captures)
    if captures:
        read = read_captures(source, count=arguments.count, occasions=arguments.occasions)
        found = captures_overlap(read.captures, read.counts, read.occasions, arguments.method,
                                 prob=arguments.prob, seed=seed)  # fmt: skip
        return read.name, read.notes, found
    columns: dict[str, Any] = {
        "count": arguments.count, "strata": arguments.stratum,
        "merge": _once(arguments.merge, "merge"), "leave_out": arguments.leave_out,
        "at_most": arguments.at_most,
    }  # fmt: skip
    asked: dict[str, Any] = {
        "methods": METHODS if arguments.method == "all" else (arguments.method,),
        "weights": _once(arguments.weights, "weights") or None,
        "options": LatentOptions(
            captures=arguments.captures, classes=arguments.classes, draws=arguments.draws,
            accept=arguments.accept, tell=tell,
        ),
        "thorough": arguments.thorough, "prob": arguments.prob, "seed": seed,
    }  # fmt: skip
    if drawn:
        linked = read_linkage_draws(source, **columns)
        _refuse_fits(arguments, len(linked.draws))
        found = linked_overlap(linked, fits=arguments.linkage_fits or FITS, **asked)
        return linked.name, linked.notes, found
    _refuse_fits(arguments, 0)
    table = read_patterns(source, **columns)
    return table.name, table.notes, overlap(table.patterns, **asked)


def _refuse_fits(arguments: argparse.Namespace, draws: int) -> None:
    """Refuse a number of fits to draws of a linkage that are not there, or not asked for."""
    from estimation.errors import UsageError

    fits = arguments.linkage_fits
    if fits is None:
        return
    what, why = "", ""
    if not draws:
        what, why = "is given for a table that is no draw of a linkage", "it has no column draw"
    elif arguments.method not in ("latent", "all"):
        what, why = "is given without latent classes", f"{arguments.method} answers every draw"
    elif fits > draws:
        what, why = f"is {fits}, and the table has {draws} draws", "a draw is fitted once"
    if what:
        raise UsageError(what, where="linkage_fits", why=why, remedy="leave it out")


def _refuse_unused(arguments: argparse.Namespace, *, captures: bool) -> None:
    """Refuse what would be ignored."""
    from estimation.errors import UsageError

    if arguments.weights and arguments.method != "all":
        raise UsageError("are given to one method", where="weights",
                         why="one method is no mixture", remedy="leave out --method")  # fmt: skip
    if arguments.occasions is not None and not captures:
        raise UsageError(
            "is given for a table of lists", where="occasions",
            why="it belongs to a table of captures", remedy="leave it out",
        )  # fmt: skip
    unused = ("weights", "stratum", "merge", "leave_out", "at_most", "thorough", "linkage_fits")
    for name in unused if captures else ():
        if getattr(arguments, name):
            raise UsageError(
                "is given for a table of captures", where=name,
                why="it tells only how often each was captured, on no matter which lists",
                remedy="leave it out",
            )  # fmt: skip


def _once(pairs: list[tuple[str, Any]] | None, where: str) -> dict[str, Any]:
    """Return pairs by name; one that is given twice would be lost."""
    from estimation.errors import UsageError

    found: dict[str, Any] = {}
    for name, value in pairs or ():
        if name in found:
            raise UsageError(f"names {name} twice", where=where, remedy="name it once")
        found[name] = value
    return found


def _write(
    arguments: argparse.Namespace, name: str, found: Overlap, content: dict[str, Any]
) -> str:
    """Write the folder; return why there is no figure, if so."""
    from estimation.files import whole_folder, write_rows
    from estimation.overlap.linkage_tables import LINKAGE_TABLES
    from estimation.report.figures import drawn, missing_plotting
    from estimation.report.patterns import pattern_rows
    from estimation.result import finite

    missing = missing_plotting()
    with whole_folder(arguments.out) as folder:
        written = json.dumps(finite(content), allow_nan=False)
        (folder / "summary.json").write_text(written + "\n", encoding="utf-8")
        write_rows(folder / "summary.csv", [_plain(row) for row in found.rows()])
        for table in ("dependence", "priors", "spreads", "self_test", "left_out", "cells",
                      *LINKAGE_TABLES):  # fmt: skip
            if content[table]:
                write_rows(folder / f"{table}.csv", content[table])
        if not missing:
            missing = drawn(lambda: _draw(found, name, folder))
        if found.patterns is not None:
            # of draws of a linkage it is the table of one in the middle
            write_rows(folder / "patterns.csv", pattern_rows(found.patterns))
        write_provenance(folder, arguments, found.seed)
    return f"figures {missing}" if missing else ""


def _draw(found: Overlap, name: str, folder: Path) -> str:
    """Draw all figures; nothing is to be said of them."""
    from estimation.report.overlap import draw_overlap
    from estimation.report.patterns import draw_patterns

    draw_overlap(found, name, folder / "overlap")
    if found.patterns is not None:
        title = f"Who is on which list, and on none: {name}"
        draw_patterns(found.patterns, found.first.unseen, found.prob, title,
                      folder / "patterns", bound=found.first.bound)  # fmt: skip
    return ""


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row of estimates as a row of a table."""
    return {
        **{key: row[key] for key in ("name", "method")},
        **{key: row["index"].get(key, "") for key in ("list", "stratum")},
        **{key: row[key] for key in ("median", "mean", "sd", "low", "high")},
        **{f"q{level}": value for level, value in row["quantiles"].items()},
    }
