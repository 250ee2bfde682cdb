"""What an audit of coverage would tell, before anybody is sent out.

Generative story: n deaths known from elsewhere (graves, registry entries) are looked up on the
list.  Each is found with the probability that any death is on it, coverage c, times the recall r of
the look-up: k ~ Binomial(n, c * r).  After k of n the belief on coverage is the belief of today
times that binomial; the posterior of the total is the mixture, over that belief, of its posteriors
given coverage.  What is expected of an audit is the average over the k that today's posterior
predicts.

Assumptions, with the direction of the error:

- The deaths that are checked are drawn independently of whether they are on the list.  Graves in
  places where the list's makers have been are found more often: coverage seems too high, and the
  audit worth more than it is.
- They are independent of each other.  Sites that differ make an audit worth less than said here.
- No false links: a death that is not on the list is never "found".  Else coverage seems too high.
- Recall is known.  If it is not, the audit is worth less than said here.
- Few are checked, compared with all deaths: those that are not on the list are themselves a lower
  bound of the unseen, which is not used.  An audit of most deaths is worth more than said here.

If coverage may be next to zero, rare audits that find next to nothing leave intervals far wider
than today's, and dominate the expected width; the 10 % and 90 % quantiles show that.

Linking a second, independent list of m names tells the same as looking up m graves.  Waiting for
names that are published late is not offered: it needs a model of late reports, which there is none
of yet.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from estimation.errors import InvalidValueError, RefusedError
from estimation.randomness import stream
from estimation.sensitivity.after_audit import DRAWS, PIECES, table_error, tables
from estimation.sensitivity.conditional import Conditional, judged, refuse_learned
from estimation.sensitivity.posteriors import TOTAL, Posteriors, Target
from models.beliefs import Belief
from models.beliefs.base import FloatArray
from models.checks import probability, real, share, whole
from models.model import Model

#: Largest audit, and up to which size all its results are summed over by default.
_LARGEST, _LARGEST_EXACT = 1_000_000, 2_000

#: Audits simulated by default.
_SIMULATIONS = 1_000

#: Results that are less probable than this are left out of sums.
_SMALLEST = 1e-10


@dataclasses.dataclass(frozen=True)
class Audit:
    """What is expected of an audit of one size.

    Parameters
    ----------
    size : int
        Deaths that are looked up.
    expected_width : float
        Expected width of the interval of the target after it.
    error : float
        Monte Carlo standard error of that.
    share_of_now : float
        The same as a share of the width of today.
    width_10, width_90 : float
        Widths that 10 % and 90 % of such audits stay below.
    coverage_width : float
        Expected width of the interval of coverage.
    cost : float or None
        Of the audit, in the unit of the cost of one death.
    method : {"exact", "simulated"}
        Whether all results were summed over, or drawn.
    """

    size: int
    expected_width: float
    error: float
    share_of_now: float
    width_10: float
    width_90: float
    coverage_width: float
    cost: float | None
    method: str


@dataclasses.dataclass(frozen=True)
class Information:
    """What audits of several sizes are expected to tell.

    Parameters
    ----------
    target : str
    prob : float
        Level of all intervals.
    now : float
        Width of the interval today.
    limit : float
        Expected width if coverage were known exactly.
    audits : tuple of Audit
        From small to large.
    """

    target: str
    prob: float
    now: float
    limit: float
    audits: tuple[Audit, ...]

    def rows(self) -> list[dict[str, Any]]:
        """Return the audits as rows of a table."""
        return [dataclasses.asdict(audit) for audit in self.audits]


def expected_information(
    posteriors: Posteriors, model: Model, sizes: Sequence[int], *, field: str = "names.coverage",
    target: Target = TOTAL, recall: float = 1.0, simulations: int | None = None,
    cost: float | None = None, prob: float | None = None,
) -> Information:  # fmt: skip
    """Return how narrow the interval of a target is expected to be after audits; see the module.

    Parameters
    ----------
    posteriors : Posteriors
        How posteriors are drawn; a graph is sampled once.
    model : Model
        With a belief on coverage that reaches all shares, in (0, 1).
    sizes : sequence of int
        How many deaths are looked up, 1 to 1,000,000 each.
    field : str
        The coverage that the audit is about.
    target : Target
        A number; by default the total.
    recall : float
        Known probability that a death which is on the list is found there, in (0, 1].
    simulations : int, optional
        Audits simulated of each size.  By default all results of audits of up to 2,000 deaths are
        summed over, and 1,000 audits simulated of larger ones.
    cost : float, optional
        Of looking up one death.
    prob : float, optional
        Level of the intervals; that of `posteriors` by default.

    Raises
    ------
    InvalidValueError
        If a size, the cost, the recall or a name is none.
    RefusedError
        If the belief is a hard range, not on coverage, or leaves expected widths infinite, or if
        coverage is learned from other evidence.
    GateError
        If the posterior of today failed its checks.
    """
    level = probability(posteriors.prob if prob is None else prob, "prob")
    refuse_learned(
        model, 'put the audit into the model as evidence of kind "audits", with numbers that you '
        "expect, and see how much narrower the interval is",
    )  # fmt: skip
    belief = _audited_belief(model, field)
    found_share, price = share(recall, "recall"), None if cost is None else _cost(cost)
    times = None if simulations is None else whole(simulations, "simulations", low=2, why="")
    chosen = _sizes(sizes)
    posterior = judged(posteriors, model, target, level)
    drawn = posterior.of(Target(field.rpartition(".")[2]))
    conditional = Conditional(posteriors, model, PIECES, DRAWS)
    table, pieces = tables(conditional, belief, field, target, drawn, found_share, level)
    now = float(table.widths(np.zeros(1), 0)[0][0])
    audits = []
    for size in chosen:
        exact = times is None and size <= _LARGEST_EXACT
        if exact:
            found = np.arange(size + 1)
            weights = table.predicted(found, size)
        else:
            rng = stream(posteriors.seed, "information", str(size))
            found, weights = _simulated(drawn, size, found_share, times or _SIMULATIONS, rng)
        kept = weights > _SMALLEST
        found, weights = found[kept], weights[kept] / weights[kept].sum()
        widths, shares = table.widths(found, size)
        expected = float(weights @ widths)
        error = table_error(pieces, found, weights, size)
        if not exact:
            variance = weights @ (widths - expected) ** 2 / (times or _SIMULATIONS)
            error = float(np.hypot(error, np.sqrt(variance)))
        low, high = _weighted_quantiles(widths, weights, (0.1, 0.9))
        audits.append(
            Audit(size, expected, error, expected / now, low, high, float(weights @ shares),
                  None if price is None else size * price, "exact" if exact else "simulated")
        )  # fmt: skip
    return Information(target.name, level, now, table.limit(), tuple(audits))


def second_list(
    posteriors: Posteriors, model: Model, sizes: Sequence[int], *, recall: float = 1.0,
    **options: Any,
) -> Information:  # fmt: skip
    """Return how narrow the interval is expected to be once a second list has been linked.

    A name on an independent list is a death known from elsewhere: the second list is an audit of
    as many deaths as it has names.

    Parameters
    ----------
    posteriors : Posteriors
    model : Model
    sizes : sequence of int
        Names on the second list.
    recall : float
        Known probability that a name which is on both lists is linked; false links are not
        considered.
    **options
        As of `expected_information`.
    """
    return expected_information(posteriors, model, sizes, recall=recall, **options)


def _audited_belief(model: Model, field: str) -> Belief:
    belief = model.value_of(field)
    if not isinstance(belief, Belief) or field.rpartition(".")[2] != "coverage":
        raise RefusedError(
            "is no belief on coverage", where=field,
            why="an audit of deaths that are known from elsewhere tells of coverage alone",
            remedy="name a coverage, as in names.coverage",
        )  # fmt: skip
    if belief.hard:
        raise RefusedError(
            f"is a hard range ({belief.kind.replace('_', ' ')})", where=field,
            why="evidence on coverage cannot stand beside it: no audit, however large, could move "
            "coverage out of that range",
            remedy="name a scenario with a soft belief, such as between(0.45, 0.65, mass=0.9)",
        )  # fmt: skip
    return belief


def _sizes(sizes: object) -> list[int]:
    if isinstance(sizes, str) or not isinstance(sizes, Sequence | np.ndarray):
        raise InvalidValueError(f"must be a list of sizes, not {sizes!r}", where="sizes")
    if len(sizes) == 0:
        raise InvalidValueError("is empty", where="sizes", remedy="name a size, such as 100")
    found = [
        whole(size, f"sizes[{i}]", low=1, why="it counts deaths") for i, size in enumerate(sizes)
    ]
    if max(found) > _LARGEST:
        raise InvalidValueError(
            f"{max(found)} is no audit", where="sizes", why="nobody looks up as many deaths",
            remedy=f"{_LARGEST:,} at most",
        )  # fmt: skip
    if len(set(found)) < len(found):
        twice = next(size for size in found if found.count(size) > 1)
        raise InvalidValueError(
            f"{twice} is named twice", where="sizes", why="each size has one row",
            remedy="name it once",
        )  # fmt: skip
    return sorted(found)


def _cost(cost: object) -> float:
    price = real(cost, "cost")
    if price < 0:
        raise InvalidValueError(
            f"must be 0 or more, not {price:g}", where="cost", why="it is paid for each death"
        )
    return price


def _simulated(
    coverage: FloatArray, size: int, recall: float, simulations: int, rng: np.random.Generator
) -> tuple[np.ndarray, FloatArray]:
    """Return the numbers found in simulated audits, and the share of audits with each."""
    chances = rng.choice(coverage, simulations, replace=simulations > coverage.size) * recall
    found, times = np.unique(rng.binomial(size, chances), return_counts=True)
    return found, times / simulations


def _weighted_quantiles(
    values: FloatArray, weights: FloatArray, ranks: tuple[float, ...]
) -> list[float]:
    order = np.argsort(values)
    places = np.searchsorted(np.cumsum(weights[order]), ranks)
    return [float(values[order[min(int(place), values.size - 1)]]) for place in places]
