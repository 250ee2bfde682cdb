"""``undercount link``: raw lists of records become draws of who is on which list."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from estimation.commands.common import common_options, number_argument, whole_argument
from estimation.commands.progress import shown_progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estimation.linkage.link import Linked
    from estimation.linkage.review import Judged
    from estimation.tables.records import Records

_MOST_DRAWS = 1000


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "link", parents=[common_options()],
        help="who is on which of several raw lists of persons, with the error of the links",
    )  # fmt: skip
    parser.add_argument(
        "lists",
        nargs="+",
        type=Path,
        metavar="LIST.csv",
        help="one record a row, two lists or more",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE.csv",
        help="write draws of the patterns, a report (.json) and a picture (.png, .svg) beside it",
    )  # fmt: skip
    _list_options(parser)
    _link_options(parser)
    _review_options(parser)
    parser.set_defaults(run=run)


def _list_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("lists")
    group.add_argument(
        "--columns", nargs="+", type=_column_argument, metavar="FIELD=COLUMN",
        help="of all lists; fields: id, name, surname, given, patronymic, birth_date, birth_year, "
        "age, death_date, place, sex",
    )  # fmt: skip
    group.add_argument(
        "--map", type=Path, metavar="FILE.toml", help="columns, dates and encodings of each list"
    )
    group.add_argument(
        "--dates", nargs="+", metavar="FORMAT", help="how dates are written, as %%d.%%m.%%Y"
    )
    group.add_argument(
        "--once", nargs="+", default=[], metavar="LIST", help="lists on which nobody stands twice"
    )
    group.add_argument(
        "--by", metavar="FIELD", help="count by sex, place, death_year or death_month too"
    )


def _link_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("links")
    group.add_argument("--draws", type=_draws_argument, default=50, metavar="N", help="default 50")
    group.add_argument(
        "--reach", nargs=2, type=number_argument, metavar=("LOW", "HIGH"),
        help="share of links that any key compares, 95 %% range (default: estimated)",
    )  # fmt: skip
    group.add_argument(
        "--pairs", type=_positive_argument, default=4.0, metavar="N",
        help="pairs that a key may compare, a record (default 4)",
    )  # fmt: skip
    group.add_argument("--backend", choices=("duckdb", "spark"), default="duckdb")
    group.add_argument(
        "--memory", type=_positive_argument, default=8.0, metavar="GIB",
        help="limit of DuckDB (default 8); nothing is written to temporary files",
    )  # fmt: skip
    group.add_argument(
        "--accept", metavar="REASON",
        help="report a linkage that failed its checks; the reason is printed with it",
    )  # fmt: skip
    group.add_argument("--cores", type=_cores_argument, metavar="N")


def _review_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("review")
    group.add_argument(
        "--salt", type=Path, metavar="FILE",
        help="key of the ids, kept apart from lists and results; a new file gets a random one",
    )  # fmt: skip
    group.add_argument(
        "--review",
        type=Path,
        metavar="FILE.csv",
        help="write pairs for a person to judge: ids only",
    )
    group.add_argument(
        "--review-pairs", type=_draws_argument, default=200, metavar="N", help="default 200"
    )
    group.add_argument(
        "--key", type=Path, metavar="FILE.csv",
        help="write which id is which line of which list; it belongs with the raw lists",
    )  # fmt: skip
    group.add_argument("--labels", type=Path, metavar="FILE.csv", help="the judged review")


def _column_argument(word: str) -> tuple[str, str]:
    field, sign, column = word.partition("=")
    if not sign or not field:
        raise argparse.ArgumentTypeError(f"{word!r} is no FIELD=COLUMN")
    return field, column


def _draws_argument(word: str) -> int:
    value = whole_argument(word)
    if not 2 <= value <= _MOST_DRAWS:
        raise argparse.ArgumentTypeError(f"2 to {_MOST_DRAWS:,}, not {value}")
    return value


def _cores_argument(word: str) -> int:
    value = whole_argument(word)
    if not 1 <= value <= 1024:
        raise argparse.ArgumentTypeError(f"1 to 1,024, not {value}")
    return value


def _positive_argument(word: str) -> float:
    value = number_argument(word)
    if not 0.01 <= value <= 1e6:
        raise argparse.ArgumentTypeError(f"0.01 to 1,000,000, not {word}")
    return value


def run(arguments: argparse.Namespace) -> int:
    """Link and return the exit code."""
    from estimation.linkage.privacy import nameless

    with nameless():
        return _run(arguments)


def _run(arguments: argparse.Namespace) -> int:
    from estimation.diagnostics.gate import require
    from estimation.linkage.content import checks, content
    from estimation.linkage.link import LinkOptions, link
    from estimation.progress import begin
    from estimation.report.link_text import link_says
    from estimation.result import finite

    seed = 1 if arguments.seed is None else arguments.seed
    _check_files(arguments)
    records = _records(arguments)
    salt, judged = _salt(arguments, records)
    options = LinkOptions(
        arguments.draws, tuple(arguments.once), arguments.by,
        None if arguments.reach is None else tuple(arguments.reach), arguments.pairs,
        arguments.backend, arguments.memory, arguments.cores,
    )  # fmt: skip
    with shown_progress(arguments) as tell:
        found = link(
            records, options=options, judged=judged, seed=seed,
            progress=lambda step: begin(tell, step),
        )  # fmt: skip
    verdict = require(checks(found), arguments.accept)
    told = content(
        found,
        prob=arguments.prob,
        seed=seed,
        stated_reach=arguments.reach is not None,
        verdict=verdict,
    )
    read = [note for one in records for note in one.notes]
    told["notes"] = [*told["notes"], *read]
    written = _write(arguments, found, told, records, salt, seed)
    if arguments.json:
        print(json.dumps(finite(told), allow_nan=False))
        return 0
    print(link_says(told, told["notes"], quiet=arguments.quiet))
    if written and not arguments.quiet:
        print("\nWritten: " + ", ".join(written))
    return 0


def _check_files(arguments: argparse.Namespace) -> None:
    """Refuse outputs that would replace an input or each other, and reviews without a salt."""
    from estimation.errors import DataError, UsageError

    named = {
        option: getattr(arguments, option).resolve()
        for option in ("out", "review", "key", "salt", "labels", "map")
        if getattr(arguments, option) is not None
    }  # fmt: skip
    if "out" in named:
        beside = {ending: named["out"].with_suffix(ending) for ending in (".json", ".png", ".svg")}
        named |= {f"out ({ending})": path for ending, path in beside.items()}
    inputs = {path.resolve() for path in arguments.lists}
    for option, path in named.items():
        if path.is_dir():
            raise DataError("is a folder, not a file", where=path.name, remedy="name a file")
        if path in inputs or [*named.values()].count(path) > 1:
            raise UsageError(f"--{option} names a file that is used otherwise", where=path.name,
                             why="one would replace the other", remedy="name another")  # fmt: skip
    for option in ("review", "key", "labels"):
        if option in named and "salt" not in named:
            raise UsageError(
                f"--{option} needs --salt", where="link",
                why="ids can be told from each other and found again only with the same salt",
                remedy="--salt FILE in a folder of its own; a new file gets a random salt",
            )  # fmt: skip
    if "key" in named:
        for option in ("out", "review", "salt"):
            if option in named and named["key"].parent == named[option].parent:
                raise UsageError(
                    f"--key stands in the folder of --{option}", where=named["key"].name,
                    why="who gets the folder gets the records behind the ids",
                    remedy="keep it with the raw lists",
                )  # fmt: skip
    if "out" in named and named["out"].suffix != ".csv":
        raise UsageError("must end in .csv", where="out", remedy="--out patterns.csv")
    _check_names(arguments)


def _check_names(arguments: argparse.Namespace) -> None:
    """Refuse lists whose names cannot be columns of the patterns."""
    from estimation.errors import UsageError
    from estimation.tables.records import list_name

    for path in arguments.lists:
        name = list_name(path)
        if name in ("count", "draw", "reach", arguments.by):
            raise UsageError(
                f"a list may not be called {name}", where="lists",
                why="a column of the patterns is", remedy="rename the file",
            )  # fmt: skip
        if not name or name[0] in "=+-@" or "+" in name or not name.isprintable():
            raise UsageError(
                f"{path.name!r} gives no name for a list", where="lists",
                why="it becomes a heading of the patterns", remedy="rename the file",
            )  # fmt: skip


def _records(arguments: argparse.Namespace) -> tuple[Records, ...]:
    from estimation.errors import UsageError
    from estimation.tables.records import (
        ListSettings,
        RecordSettings,
        columns_from_toml,
        read_lists,
    )

    columns: dict[str, str] = {}
    for field, column in arguments.columns or ():
        if field in columns:
            raise UsageError(f"names {field} twice", where="columns", remedy="name it once")
        columns[field] = column
    settings = RecordSettings() if arguments.map is None else columns_from_toml(arguments.map)
    common = settings.every
    settings = dataclasses.replace(
        settings,
        every=ListSettings(
            {**common.columns, **columns},
            common.dates if arguments.dates is None else tuple(arguments.dates), common.encoding,
        ),
    )  # fmt: skip
    return read_lists(arguments.lists, settings)


def _salt(
    arguments: argparse.Namespace, records: Sequence[Records]
) -> tuple[bytes, Judged | None]:  # fmt: skip
    from estimation.linkage.ids import read_salt
    from estimation.linkage.review import read_judged

    if arguments.salt is None:
        return b"", None
    others = (arguments.out, arguments.review, arguments.labels)
    salt = read_salt(
        arguments.salt, [*arguments.lists, *(one for one in others if one is not None)]
    )
    if arguments.labels is None:
        return salt, None
    return salt, read_judged(arguments.labels, records, salt)


def _write(
    arguments: argparse.Namespace, found: Linked, told: dict[str, Any],
    records: Sequence[Records], salt: bytes, seed: int,
) -> list[str]:  # fmt: skip
    """Write what was asked for, each file whole or not at all; return what was written."""
    from estimation.files import whole_file, write_rows
    from estimation.linkage.pattern_rows import pattern_rows
    from estimation.linkage.review import write_key, write_review
    from estimation.report.figures import missing_plotting
    from estimation.report.link import draw_link
    from estimation.result import finite

    written: list[str] = []
    with contextlib.ExitStack() as files:

        def new(path: Path) -> Path:
            written.append(path.name)
            return files.enter_context(whole_file(path))

        if arguments.out is not None:
            write_rows(new(arguments.out), pattern_rows(found, arguments.by))
            text = json.dumps(finite(told), allow_nan=False) + "\n"
            new(arguments.out.with_suffix(".json")).write_text(text, encoding="utf-8")
            missing = missing_plotting()
            if missing:
                written.append(f"figures {missing}")
            else:
                with tempfile.TemporaryDirectory() as spare:
                    draw_link(found, Path(spare) / "figure")
                    for ending in (".png", ".svg"):
                        drawn = (Path(spare) / f"figure{ending}").read_bytes()
                        new(arguments.out.with_suffix(ending)).write_bytes(drawn)
        if arguments.review is not None:
            number = write_review(
                new(arguments.review), found.pairs, found.probability, records, salt,
                arguments.review_pairs, seed,
            )  # fmt: skip
            written[-1] += f" ({number} pairs to judge)"
        if arguments.key is not None:
            aside = new(arguments.key)
            aside.chmod(0o600)
            write_key(aside, records, salt)
    return written
