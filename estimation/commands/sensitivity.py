"""``undercount sensitivity``: vary what a study takes for granted."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from estimation.commands.answers import answer_options, carry_out, finish
from estimation.commands.common import common_options, engine_option, store_options

if TYPE_CHECKING:
    from estimation.study.analyses import Asked
    from estimation.study.read import Study
    from estimation.study.sensitivity_run import SensitivityFound

#: Exact scenarios from which on two processes are started.
_MANY = 2_000


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "sensitivity", parents=[common_options()],
        help="scenarios, tipping points, what the interval is made of",
    )  # fmt: skip
    answer_options(parser)
    parser.add_argument(
        "--yes", action="store_true", help="sample more than 1,000 graphs without asking"
    )
    engine_option(parser)
    store_options(parser, executor=f"processes for {_MANY:,} exact scenarios or more, else none")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Carry out the sensitivity studies of a study; return 0, or 6 if scenarios failed."""
    study, answered = carry_out(arguments, _chosen, _executor, confirmed=arguments.yes)
    says = [study.title, *(sensitivity_says(one, quiet=arguments.quiet)
                           for one in answered.sensitivity)]  # fmt: skip
    return finish(arguments, study, answered, says)


def _chosen(study: Study) -> Asked:
    """Return the sections of a study, or one about its main model without scenarios."""
    from estimation.study.analyses import Asked
    from estimation.study.sensitivity import SensitivityPlan

    found = study.asked.sensitivity
    if not found:
        base = study.scenarios[0]
        found = (SensitivityPlan(base.name, base.title, base.name, base.model),)
    return Asked(sensitivity=found)


def _executor(asked: Asked) -> str:
    sizes = [
        one.design.size for one in asked.sensitivity
        if one.design is not None and one.model.joint.exact
    ]  # fmt: skip
    return "processes" if max(sizes, default=0) >= _MANY else "none"


def sensitivity_says(found: SensitivityFound, *, quiet: bool = False) -> str:
    """Return in words and tables what a sensitivity study found."""
    from estimation.report import sensitivity_text as say

    parts = [f"Sensitivity: {found.plan.title}"]
    if found.scenarios is not None and found.alone is not None:
        parts.append(say.scenarios_text(found.scenarios, found.alone))
    if found.tipping:
        parts.append("Tipping points\n" + say.tipping_text(found.tipping))
    if quiet:
        return "\n\n".join(parts)
    parts += [say.anatomy_text(part) for part in found.anatomy]
    if found.indices:
        parts.append(say.indices_text(found.indices))
    if found.scaled:
        parts.append(say.scaled_text(found.scaled))
    if found.scenarios is None and not found.tipping:
        parts.append("No fields are varied: add vary = [...] to a section [[sensitivity]].")
    return "\n\n".join(parts)
