"""``undercount audit-plan``: how much checking so many graves would narrow the total."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING, Any

from estimation.commands.answers import answer_options, carry_out, finish
from estimation.commands.common import (
    common_options,
    engine_option,
    number_argument,
    store_options,
    whole_argument,
)

if TYPE_CHECKING:
    from estimation.study.analyses import Asked
    from estimation.study.audit_plan import AuditFound
    from estimation.study.read import Study


_LARGEST = 1_000_000


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "audit-plan", parents=[common_options()],
        help="the expected width of the interval after an audit of so many graves",
    )  # fmt: skip
    answer_options(parser)
    parser.add_argument(
        "--sizes", type=_sizes, metavar="N,N,...",
        help="deaths to look up (default: those of the study, else 25,50,100,200,400)",
    )  # fmt: skip
    parser.add_argument(
        "--model", metavar="NAME", help="scenario or model of the study (default: as it says)"
    )
    parser.add_argument("--cost", type=_cost, metavar="X", help="of one death looked up")
    parser.add_argument(
        "--recall", type=_recall, metavar="P",
        help="probability that a death which is on the list is found there (default 1)",
    )  # fmt: skip
    parser.add_argument(
        "--simulations", type=_simulations, metavar="N",
        help="audits simulated a size (default: all results are summed over, up to 2,000 deaths)",
    )  # fmt: skip
    engine_option(parser)
    store_options(parser, executor="")
    parser.set_defaults(run=run, executor="none")


def _sizes(word: str) -> list[int]:
    sizes = [whole_argument(part) for part in word.split(",") if part.strip()]
    if not sizes:
        raise argparse.ArgumentTypeError(f"{word!r} names no size; write 25,50,100")
    for size in sizes:
        if not 1 <= size <= _LARGEST:
            raise argparse.ArgumentTypeError(f"an audit looks up 1 or more deaths, not {size}")
    return sizes


def _cost(word: str) -> float:
    value = number_argument(word)
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"a cost is 0 or more, not {word}")
    return value


def _recall(word: str) -> float:
    value = number_argument(word)
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"a recall is above 0 and at most 1, not {word}")
    return value


def _simulations(word: str) -> int:
    value = whole_argument(word)
    if not 2 <= value <= _LARGEST:
        raise argparse.ArgumentTypeError(f"2 to {_LARGEST:,} simulations, not {value}")
    return value


def run(arguments: argparse.Namespace) -> int:
    """Carry out the audit plans of a study, or one that the arguments describe."""
    study, answered = carry_out(arguments, lambda study: _chosen(study, arguments))
    says = [study.title, *(audit_says(one) for one in answered.audits)]
    return finish(arguments, study, answered, says)


def _chosen(study: Study, arguments: argparse.Namespace) -> Asked:
    from estimation.errors import UsageError
    from estimation.study.analyses import Asked
    from estimation.study.audit_plan import AuditPlan
    from estimation.words import suggestion

    plans = study.asked.audits
    if arguments.model is not None or not plans:
        by_name = {one.name: one for one in study.scenarios}
        name = arguments.model or study.scenarios[0].name
        if name not in by_name:
            raise UsageError(f"no model {name!r}", where="--model",
                             remedy=suggestion(name, by_name))  # fmt: skip
        one = by_name[name]
        plans = (AuditPlan(one.name, one.title, one.name, one.model),)
    given = {key: getattr(arguments, key) for key in ("cost", "recall", "simulations")}
    changed: dict[str, Any] = {key: value for key, value in given.items() if value is not None}
    if arguments.sizes:
        changed["sizes"] = tuple(arguments.sizes)
    return Asked(audits=tuple(dataclasses.replace(plan, **changed) for plan in plans))


def audit_says(found: AuditFound) -> str:
    """Return in words and a table what audits are expected to tell."""
    from estimation.report.comparison_text import information_text

    said = information_text(found.information, found.plan.unit)
    assumed = "Deaths are looked up that are known from elsewhere, whether or not they are listed."
    return f"Audits to come: {found.plan.title}\n\n{said}\n- {assumed}"
