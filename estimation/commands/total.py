"""``undercount total``: one confirmed count, from the command line to a checked posterior.

The path of the exact engine loads NumPy and nothing heavier, so that the answer is there at once.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from estimation.commands.common import (
    common_options,
    draws_argument,
    engine_option,
    level_argument,
    number_argument,
    open_store,
    print_json,
    store_options,
    whole_argument,
)
from estimation.commands.progress import shown_progress

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy

    from estimation.diagnostics.verdicts import Verdict
    from estimation.result import Result
    from estimation.summaries.agreement import Published
    from models import Belief, GammaPrior, Model


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "total", parents=[common_options()],
        help="how many died, given one confirmed count and a belief on its coverage",
    )  # fmt: skip
    parser.add_argument("count", type=whole_argument, metavar="COUNT", help="confirmed names")
    _pair(parser, "--coverage", "share of all deaths that is on the list, in (0, 1]", needed=True)
    parser.add_argument(
        "--mass", type=level_argument, metavar="M",
        help="read the range as the central M of a distribution instead of a hard range",
    )  # fmt: skip
    parser.add_argument(
        "--shape", choices=("beta", "logit_normal"), default="beta",
        help="the distribution that goes with --mass (default beta)",
    )  # fmt: skip
    _pair(parser, "--precision", "share of listed names that are true")
    _pair(parser, "--published", "a published range to compare with")
    _pair(parser, "--prior", "central 95 %% of a gamma prior on expected deaths (default: scale)")
    parser.add_argument(
        "--clustering", type=number_argument, metavar="K",
        help="deaths cluster: size of the gamma mixture of the rate",
    )  # fmt: skip
    parser.add_argument(
        "--draws", type=draws_argument, metavar="N",
        help="draws a chain, of four chains (default 25,000 exact, 1,000 by NUTS)",
    )  # fmt: skip
    engine_option(parser)
    store_options(parser, executor="")
    parser.set_defaults(run=run)


def _pair(parser: argparse.ArgumentParser, flag: str, words: str, *, needed: bool = False) -> None:
    parser.add_argument(
        flag, nargs=2, type=number_argument, metavar=("LOW", "HIGH"), required=needed, help=words
    )


def run(arguments: argparse.Namespace) -> int:
    """Answer and return the exit code."""
    from estimation.errors import InvalidValueError, UsageError
    from estimation.summaries.agreement import Published

    try:
        model = _model(arguments)
        published = [Published(*arguments.published)] if arguments.published else []
    except InvalidValueError as error:
        # what is wrong in a file is bad data; on the command line it is wrong usage
        raise UsageError(
            error.what, where=error.where, why=error.why, remedy=error.remedy
        ) from None
    result = _estimate(arguments, model, published)
    if arguments.json:
        print_json(result)
    else:
        _print(arguments, result)
    return 0


def _model(arguments: argparse.Namespace) -> Model:
    from models import Count, Flat, Model, ScalePrior, gamma_between, known, uniform

    coverage = _coverage(arguments)
    precision: Belief = known(1.0, reason="every listed name is taken as a death in scope")
    if arguments.precision:
        ends = arguments.precision
        precision = _placed("--precision", lambda: uniform(*ends, reason="given by --precision"))
    prior: ScalePrior | GammaPrior = ScalePrior()
    if arguments.prior:
        ends_of_prior = arguments.prior
        prior = _placed("--prior", lambda: gamma_between(*ends_of_prior, reason="given by --prior"))
    losses = _placed("--clustering", lambda: Flat(prior, arguments.clustering))
    names = _placed("", lambda: Count(arguments.count, coverage, precision))
    return Model(losses, {"names": names})


def _coverage(arguments: argparse.Namespace) -> Belief:
    from models import between, uniform

    (low, high), mass = arguments.coverage, arguments.mass
    reason = "given by --coverage"
    if mass is None:
        return _placed("--coverage", lambda: uniform(low, high, reason=reason))
    return _placed("--coverage", lambda: between(low, high, mass, arguments.shape, reason=reason))


def _placed[T](flag: str, make: Callable[[], T]) -> T:
    """Return what `make` makes; the flag goes in front of the place of an error."""
    from estimation.errors import InvalidValueError

    try:
        return make()
    except InvalidValueError as error:
        if flag:
            error.where = flag
        raise


def _estimate(arguments: argparse.Namespace, model: Model, published: list[Published]) -> Result:
    from estimation.diagnostics.gate import require
    from estimation.notes import notes
    from estimation.result import Result
    from estimation.summaries.agreement import Division, compare
    from estimation.summaries.estimates import estimate_rows

    seed = 1 if arguments.seed is None else arguments.seed
    draws, verdict, versions = _draws(arguments, model, seed)
    division = Division.of(model.stated_division())
    return Result(
        engine="nuts" if arguments.engine == "nuts" else "exact",
        seed=seed,
        prob=arguments.prob,
        diagnostics=require(verdict, arguments.accept),
        estimates=estimate_rows(
            draws, arguments.prob, constants=model.constants(), moment_orders=model.moment_orders()
        ),
        published=tuple(
            compare(draws[item.estimand], item, arguments.prob, division) for item in published
        ),
        notes=notes(model, draws),
        versions=versions,
    )


def _draws(
    arguments: argparse.Namespace, model: Model, seed: int
) -> tuple[dict[str, numpy.ndarray], Verdict, dict[str, str]]:
    from estimation.errors import UndercountError

    # exact draws of one count come faster than a file is read: they are kept on request only
    if arguments.engine == "nuts" or arguments.store or arguments.refit:
        import json

        from estimation.diagnostics.gate import tree_verdict
        from estimation.fit.batch import carry_out
        from estimation.fit.engine import plan

        planned = plan(model, arguments.engine, draws=arguments.draws, seed=seed)
        with shown_progress(arguments) as tell:
            found = carry_out(
                {"total": planned}, store=open_store(arguments),
                refit=arguments.refit or "on_change", tell=tell,
            )["total"]  # fmt: skip
        if isinstance(found, UndercountError):
            raise found
        tree = found[0]
        variables = tree["posterior"].data_vars
        draws = {str(name): value.to_numpy() for name, value in variables.items()}
        return draws, tree_verdict(tree, arguments.prob), json.loads(tree.attrs["versions"])
    from estimation.diagnostics.gate import exact_verdict
    from estimation.fit import exact
    from estimation.fit.key import engine_versions

    size = exact.CHAINS * (arguments.draws or exact.DRAWS)
    draws = exact.exact_draws(model, size, seed)
    return draws, exact_verdict(draws, model.constants(), arguments.prob), engine_versions("exact")


def _print(arguments: argparse.Namespace, result: Result) -> None:
    from estimation.report.text import answer, bullets, estimate_table

    print(answer(result.estimates[0], result.prob, arguments.count))
    for found in result.published:
        print(found.says)
    if arguments.quiet:
        return
    print("\n" + estimate_table(result.estimates, result.prob))
    verdict = result.diagnostics
    lines = [*result.notes, f"Checks of the fit ({result.engine}): {verdict.verdict}."]
    if verdict.accepted:
        lines.append(f"Accepted although checks failed: {verdict.accepted}")
    print("\n" + bullets(lines))
