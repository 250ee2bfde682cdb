"""From what is asked to what is answered: draws of the exact engine, the sentence, rows, notes."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

from estimation.errors import UndercountError
from estimation.explore.state import DRAWS, State
from estimation.fit.exact import CHAINS

if TYPE_CHECKING:
    import numpy

    from estimation.summaries.agreement import Published
    from models import Belief


@dataclasses.dataclass(frozen=True, eq=False)
class Answer:
    """What is shown; where the question is refused, the reason alone.

    Parameters
    ----------
    state : State
    refused : str
        Why there is no number.
    sentence : str
        The same that ``undercount total`` prints.
    rows : tuple of dict
        Estimates, the total first.
    compared : str
        How the posterior stands to the published range.
    same_assumption : bool
        Whether that range is the same division, so that agreement confirms nothing.
    verdict : str
        Of the checks of the draws.
    error : float
        Monte Carlo error of a bound, as a share of the width of its interval.
    learned : str
        What the count taught of coverage.
    notes : tuple of str
        All further notes.
    total, coverage : (draw,) array, optional
        Draws of the total, deaths, and of the share that is on the list.
    belief : Belief, optional
        On coverage, before the count.
    published : Published, optional
    prob : float
    """

    state: State
    refused: str = ""
    sentence: str = ""
    rows: tuple[dict[str, Any], ...] = ()
    compared: str = ""
    same_assumption: bool = False
    verdict: str = ""
    error: float = 0.0
    learned: str = ""
    notes: tuple[str, ...] = ()
    total: numpy.ndarray | None = None
    coverage: numpy.ndarray | None = None
    belief: Belief | None = None
    published: Published | None = None
    prob: float = 0.95


@functools.lru_cache(maxsize=128)
def ask(state: State) -> Answer:
    """Return the answer; what cannot be asked is refused in words.

    Parameters
    ----------
    state : State
        Its seed fixes all random numbers: what moves when a number moves is the curve, not noise.
    """
    try:
        return _answered(state)
    except UndercountError as error:
        return Answer(state, refused=str(error))


def _answered(state: State) -> Answer:
    import numpy as np

    from estimation.diagnostics.gate import exact_verdict, require
    from estimation.fit.exact import exact_draws
    from estimation.notes import notes
    from estimation.report.text import answer
    from estimation.summaries.agreement import Division, compare
    from estimation.summaries.estimates import estimate_rows

    prob, published, model = state.level(), state.published(), state.model()
    # a coverage next to nothing gives totals beyond what floats hold; the checks refuse these
    with np.errstate(over="ignore", invalid="ignore"):
        draws = exact_draws(model, CHAINS * DRAWS, state.checked_seed())
    verdict = require(exact_verdict(draws, model.constants(), prob), None)
    rows = estimate_rows(
        draws, prob, constants=model.constants(), moment_orders=model.moment_orders()
    )
    division = Division.of(model.stated_division())
    agreement = None
    if published is not None:
        agreement = compare(draws["total"], published, prob, division)
    learned, *others = notes(model, draws)
    return Answer(
        state,
        sentence=answer(rows[0], prob, model.base.names),
        rows=tuple(rows),
        compared=agreement.says if agreement else "",
        same_assumption=agreement is not None and agreement.same_assumption,
        verdict=verdict.verdict,
        error=max(one.value for one in verdict.checks if one.name == "mcse"),
        learned=learned,
        notes=tuple(others),
        total=draws["total"],
        coverage=draws["coverage"],
        belief=model.base.coverage,
        published=published,
        prob=prob,
    )


@functools.lru_cache(maxsize=128)
def look_ahead(state: State) -> str:
    """Return in one sentence what an audit to come is expected to tell, or why nothing is said."""
    try:
        return _looked_ahead(state)
    except UndercountError as error:
        return str(error)


def _looked_ahead(state: State) -> str:
    from estimation.report.text import rounded
    from estimation.sensitivity.information import expected_information
    from estimation.sensitivity.posteriors import Posteriors
    from estimation.summaries.agreement import percent

    prob, model = state.level(), state.model()
    if not state.soft():
        return ("No audit, however large, could move coverage out of a hard range: choose another "
                "form of the belief to see what one would tell.")  # fmt: skip
    posteriors = Posteriors(engine="exact", draws=DRAWS, seed=state.checked_seed(), prob=prob)
    size: Any = state.audit  # what is no size is refused there
    found = expected_information(posteriors, model, [size])
    audit = found.audits[0]
    graves = "grave" if audit.size == 1 else "graves"
    return (
        f"Looking up {audit.size:,} {graves} is expected to leave a {percent(prob)} interval "
        f"{rounded(audit.expected_width)} deaths wide, in place of {rounded(found.now)} "
        f"({percent(audit.share_of_now)} of today's). With coverage known exactly "
        f"{rounded(found.limit)} would remain. Graves must not be chosen by "
        "whether they are listed."
    )
