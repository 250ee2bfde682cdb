"""``undercount excess``: deaths of one sex over what the other and earlier years predict."""

from __future__ import annotations

import argparse
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from estimation.commands.common import common_options, draws_argument, whole_argument
from estimation.commands.report_tables import stored_assumptions, write_provenance

if TYPE_CHECKING:
    from collections.abc import Sequence

    from estimation.excess import Excess
    from estimation.tables.mortality import MortalityRead

_METHODS = {"line": "line through the ratio", "model": "model"}


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "excess", parents=[common_options()],
        help="how many more died of one sex than the other and earlier years predict",
    )  # fmt: skip
    parser.add_argument(
        "table", metavar="FILE.csv | DATASET",
        help="deaths by year, age and sex, or the name of a shipped table (deaths_by_age_sex)",
    )  # fmt: skip
    parser.add_argument(
        "--remove", metavar="FILE.csv | DATASET",
        help="deaths to take off both sexes first, such as those by HIV",
    )  # fmt: skip
    parser.add_argument(
        "--method", choices=("line", "model", "both"), default="line",
        help="the published line (default), the model that reads all years before the war, or both",
    )  # fmt: skip
    parser.add_argument(
        "--draws", type=draws_argument, metavar="N", help="draws of the model (default 20,000)"
    )
    parser.add_argument(
        "--accept", metavar="REASON",
        help="report too few draws all the same; the reason is printed with them",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="write tables and figures to a new folder"
    )
    _scope_options(parser)
    _column_options(parser)
    parser.set_defaults(run=run)


def _scope_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("whose deaths, in which years")
    group.add_argument(
        "--ages", type=_ages_argument, default="15-49", metavar="RANGE",
        help="ages that age groups of the table fill (default 15-49)",
    )  # fmt: skip
    group.add_argument(
        "--base", nargs=2, type=_year_argument, default=[2015, 2019], metavar=("FIRST", "LAST"),
        help="years that are taken as usual (default 2015 2019)",
    )  # fmt: skip
    group.add_argument(
        "--first-year", type=_year_argument, default=2022, metavar="YEAR",
        help="the first year in which deaths of the war can be (default 2022)",
    )  # fmt: skip
    group.add_argument(
        "--pandemic", nargs="*", type=_year_argument, metavar="YEAR",
        help="years kept apart (default 2020 2021, where the table has them)",
    )  # fmt: skip
    for flag, default, words in (
        ("--affected", "m", "the sex that fights"), ("--other", "f", "the other sex"),
    ):  # fmt: skip
        group.add_argument(
            flag, default=default, metavar="SEX",
            help=f"{words}, as the table has it (default {default})",
        )  # fmt: skip


def _column_options(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("columns")
    for name in ("year", "age", "sex"):
        group.add_argument(f"--{name}", default=name, metavar="COLUMN", help=f"default {name}")
    words = "default deaths, or what a shipped table calls them"
    group.add_argument("--deaths", metavar="COLUMN", help=words)
    group.add_argument(
        "--removed-deaths", metavar="COLUMN", help=f"the same of --remove; {words}"
    )  # fmt: skip


def _year_argument(word: str) -> int:
    value = whole_argument(word)
    if not 1000 <= value <= 9999:
        raise argparse.ArgumentTypeError(f"{word!r} is no year; write it like 2019")
    return value


def _ages_argument(word: str) -> str:
    # `models` may be hidden, which is told after parsing only
    found = re.fullmatch(r"(\d{1,3})(?:-(\d{1,3})|\+)?", word)
    if found is None or int(found[1]) > int(found[2] or found[1]):
        raise argparse.ArgumentTypeError(f"{word!r} is no range of ages; write 15-49 or 15+")
    return word


def run(arguments: argparse.Namespace) -> int:
    """Answer and return the exit code."""
    from estimation.excess import DRAWS, excess
    from estimation.files import refuse_other_run
    from estimation.result import finite
    from estimation.tables.mortality import PANDEMIC, read_mortality

    if arguments.out is not None:
        refuse_other_run(arguments.out, "excess")
    names = ("affected", "other", "ages", "first_year", "remove", "year", "age", "sex", "deaths",
             "removed_deaths")  # fmt: skip
    read = read_mortality(
        arguments.table, base=tuple(arguments.base),
        pandemic=PANDEMIC if arguments.pandemic is None else tuple(arguments.pandemic),
        **{name: getattr(arguments, name) for name in names},
    )  # fmt: skip
    found = [
        excess(
            read.mortality, method, prob=arguments.prob, draws=arguments.draws or DRAWS,
            seed=1 if arguments.seed is None else arguments.seed, accept=arguments.accept,
        )
        for method in ("line", "model") if arguments.method in (method, "both")
    ]  # fmt: skip
    content = _to_dict(read, found)
    unwritten = "" if arguments.out is None else _write(arguments, read, found, content)
    if arguments.json:
        print(json.dumps(finite(content), allow_nan=False))
        return 0
    print("\n\n".join(excess_says(read, one, quiet=arguments.quiet) for one in found))
    if not arguments.quiet:
        print("\n" + _closing(read, found, content["notes"]))
        if arguments.out is not None:
            figures = unwritten or "excess.png and .svg"
            print(f"\nWritten to {arguments.out}: excess.csv, excess.json, {figures}")
    return 0


def _to_dict(read: MortalityRead, found: Sequence[Excess]) -> dict[str, Any]:
    """Return the object of the first method, with the rows of the other after its own."""
    result = found[0].result().to_dict()
    for other in found[1:]:
        result["estimates"] = result["estimates"] + other.estimates
        result["notes"] += [note for note in other.notes if note not in result["notes"]]
    result["notes"] = [*result["notes"], *read.notes]
    result["assumptions"] = stored_assumptions(
        assumed for one in found for assumed in one.assumptions
    )
    return result


def excess_says(read: MortalityRead, found: Excess, *, quiet: bool = False) -> str:
    """Return in words the sum, a table of years, and one of ages."""
    from estimation.report.text import rounded
    from estimation.summaries.agreement import percent

    row, of = found.estimates[0], found.mortality
    span = _span(of.war_years)
    more = "more" if row["median"] >= 0 else "fewer"
    base = f"{of.base[0]}-{of.base[1]}"
    lines = [
        f"{read.name}, ages {_range(of.ages)} ({_METHODS[found.method]}, base {base})",
        f"About {rounded(abs(row['median']))} {more} deaths than expected in {span} "
        f"({percent(found.prob)} interval {row['low']:,.0f} to {row['high']:,.0f}).",
    ]  # fmt: skip
    blocks = ["\n".join(lines), _years_table(found)]
    if not quiet:
        blocks.append(_ages_table(found))
    return "\n\n".join(blocks)


def _span(years: Sequence[int]) -> str:
    return str(years[0]) if len(years) == 1 else f"{years[0]}-{years[-1]}"


def _range(ages: Sequence[str]) -> str:
    """Return the range that age groups fill: 15-49 of 15-19 to 45-49."""
    first, last = ages[0], ages[-1]
    low = first.split("-")[0].rstrip("+")
    if last.endswith("+"):
        return f"{low}+"
    return f"{low}-{last.split('-')[-1]}"


def _years_table(found: Excess) -> str:
    from estimation.report.text import table
    from estimation.summaries.agreement import percent

    of = found.mortality
    years = [str(year) for year in of.war_years]
    deaths = of.affected[of.war].sum(axis=1).tolist()
    together, by_year = found.estimates[0], found.estimates[1 : 1 + len(years)]
    counted = [*zip(years, deaths, by_year, strict=True)]
    if len(years) > 1:
        counted.append(("together", sum(deaths), together))
    cells = [
        [name, f"{count:,}", f"{count - row['median']:,.0f}",
         *(f"{row[key]:,.0f}" for key in ("median", "sd", "low", "high"))]
        for name, count, row in counted
    ]  # fmt: skip
    level = percent(found.prob)
    error = "standard error" if found.method == "line" else "posterior sd"
    head = ["year", "deaths", "expected", "excess", error, f"low ({level})",
            f"high ({level})"]  # fmt: skip
    return table(head, cells)


def _ages_table(found: Excess) -> str:
    from estimation.report.text import table

    years = [str(year) for year in found.mortality.war_years]
    by_cell = {(row["index"]["year"], row["index"]["age"]): row for row in found.estimates
               if "age" in row["index"]}  # fmt: skip
    cells = [
        [age, *(f"{by_cell[year, age][key]:,.0f}" for year in years for key in ("median", "sd"))]
        for age in found.mortality.ages
    ]
    spread = "error" if found.method == "line" else "sd"
    return table(["age", *(word for year in years for word in (year, spread))], cells)


def _closing(read: MortalityRead, found: Sequence[Excess], notes: Sequence[str]) -> str:
    from estimation.report.text import bullets

    either = {"either": "too low or too high"}
    assumed = [
        f"{one['statement']}; if false, the answer is "
        f"{either.get(one['if_false'], one['if_false'])}: {one['because']}"
        for one in found[0].assumptions
    ]
    said = [
        f"Checks of the fit ({one.result().engine}): {one.verdict.verdict}." for one in found
    ]  # fmt: skip
    said += [check.says for one in found for check in one.verdict.checks if check.verdict != "pass"]
    said += [
        f"Accepted although checks failed: {one.verdict.accepted}"
        for one in found if one.verdict.accepted
    ]  # fmt: skip
    blocks = ["Notes\n" + bullets(notes), "Assumptions\n" + bullets(assumed), "\n".join(said)]
    return "\n\n".join(blocks)


def _write(
    arguments: argparse.Namespace, read: MortalityRead, found: Sequence[Excess],
    content: dict[str, Any],
) -> str:  # fmt: skip
    """Write the folder; return why there is no figure, if so."""
    from estimation.files import whole_folder, write_rows
    from estimation.report.excess import draw_excess
    from estimation.report.figures import missing_plotting
    from estimation.result import finite

    missing = missing_plotting()
    with whole_folder(arguments.out) as folder:
        written = json.dumps(finite(content), allow_nan=False)
        (folder / "excess.json").write_text(written + "\n", encoding="utf-8")
        write_rows(folder / "excess.csv", _plain(found))
        if not missing:
            whose = f"{arguments.affected} over {arguments.other}"
            draw_excess(found, f"{read.name}: ratio of deaths, {whose}", folder / "excess")
        write_provenance(folder, arguments, found[0].seed)
    return f"figures {missing}" if missing else ""


def _plain(found: Sequence[Excess]) -> list[dict[str, Any]]:
    """Return rows of estimates as rows of a table."""
    return [
        {
            **{key: row[key] for key in ("name", "method")},
            **{key: row["index"].get(key, "") for key in ("year", "age")},
            **{key: row[key] for key in ("median", "mean", "sd", "low", "high")},
            **{f"q{level}": value for level, value in row["quantiles"].items()},
        }
        for one in found for row in one.estimates
    ]  # fmt: skip
