"""``undercount compare``: models of the same data, by what they predict; mixtures of totals."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from estimation.commands.answers import answer_options, carry_out, finish
from estimation.commands.common import common_options, engine_option, store_options

if TYPE_CHECKING:
    from estimation.study.analyses import Asked
    from estimation.study.comparison_run import ComparisonFound
    from estimation.study.read import Study


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "compare", parents=[common_options()],
        help="compare models of the same data, and mix their totals",
    )  # fmt: skip
    answer_options(parser)
    engine_option(parser)
    store_options(parser)
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Carry out the comparisons of a study; return 0, or 6 if some failed."""
    study, answered = carry_out(arguments, _chosen)
    says = [study.title, *(comparison_says(one) for one in answered.comparisons)]
    return finish(arguments, study, answered, says)


def _chosen(study: Study) -> Asked:
    from estimation.errors import DataError
    from estimation.study.analyses import Asked

    if not study.asked.comparisons:
        raise DataError("has no section [[comparison]]", where=f"{study.name}.toml",
                        remedy="name the models and methods there; see the README")  # fmt: skip
    return Asked(comparisons=study.asked.comparisons)


def comparison_says(found: ComparisonFound) -> str:
    """Return in words and tables what a comparison found."""
    from estimation.report.comparison_text import comparison_text, mixture_text

    parts = [f"Comparison: {found.plan.title}"]
    if found.rows:
        parts.append(comparison_text(found.rows, found.verdicts, found.plan.titles))
    if found.mixture is not None:
        parts.append(mixture_text(found.mixture, found.plan.titles))
    return "\n\n".join(parts)
