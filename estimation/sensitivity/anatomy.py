"""What share of the width of an interval comes from each belief, and from counting noise.

Generative story: a target T of the posterior is a function of the shares that beliefs are about
(coverage, precision) and of the rest.  With u[b] the rank of share b in its posterior given the
shares before it, and e the rank of T in its posterior given all shares (Rosenblatt's transform),

    T = F^-1(e | share[1](u[1]), share[2](u[2]), ...),    u, e independent and uniform on (0, 1).

Players are the u[b] and e ("counting noise": seen and unseen, of tables also the walk and what
differs between strata).  The value v(S) of a set of players is the expected width of the central
interval of T when only they are uncertain and the others are known: each fixed at a value drawn
from the posterior, averaged over.  v of none is 0, v of all is the width of today.  The share of a
player is its Shapley value over v of all: what it adds to v, averaged over the orders in which
players become uncertain.  Shares sum to 1.  Owen and Prieur (2017,
https://doi.org/10.1137/16M1097717) define the same of variances; here it is of widths, which
exist where variances do not and which are what is reported.

Assumptions, with the direction of the error:

- Given the beliefs of the model, the ranks are independent by construction.  Where the count
  informs the beliefs (gamma prior), "precision" means precision given coverage: what both share is
  ascribed to the belief that comes first, whose part is then too large by that reading.
- Widths do not add up as variances do: beside a large source a small one hardly widens anything.
  Its share is then above what knowing it would save (`width_if_known`) and below what it
  would leave by itself (`width_alone`).
- Expected widths are dominated by rare wide ones if coverage may be next to zero: shares are then
  about these, and that of coverage may be negative.
- The posterior quantiles of T are smooth in the ranks of the shares: a spline joins them.  Of
  totals of a few deaths the steps of one death are smoothed away, either way.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np

from estimation.randomness import stream
from estimation.sensitivity.conditional import Conditional, judged, uncertain_beliefs
from estimation.sensitivity.posteriors import TOTAL, Posteriors, Target
from models.beliefs.base import FloatArray
from models.checks import probability
from models.model import Model

#: Independent repetitions, whose spread gives the standard errors.
_PIECES = 8

#: Draws of the target in a repetition, all combinations of known shares alike.
_DRAWS = 1000

#: Values of each share that the posterior is computed for, by the number of shares.
_KNOTS = {0: 1, 1: 14, 2: 7, 3: 5}

#: Points that stand for the players, and how many values of the known ones are among them.
_POINTS, _FIXED = 32_768, 16

#: What is uncertain beside the beliefs, by the kind of the losses.
_REST = {
    "flat": "counting noise", "walk": "counting noise and the walk",
    "pooled": "counting noise and the pooling",
    "walk_pooled": "counting noise, the walk and the pooling",
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Part:
    """One source of uncertainty.

    Parameters
    ----------
    name : str
        Field of the belief, as in "names.coverage", or what the rest is.
    share : float
        Share of the width of the interval.
    error : float
        Monte Carlo standard error of that share.
    width_if_known : float
        Expected width of the interval if this alone were known exactly.
    width_alone : float
        Expected width of the interval if all but this were known exactly.
    """

    name: str
    share: float
    error: float
    width_if_known: float
    width_alone: float


@dataclasses.dataclass(frozen=True)
class Anatomy:
    """What makes up the width of the interval of a target.

    Parameters
    ----------
    target : str
    prob : float
        Level of the interval.
    width : float
        Of the interval, within Monte Carlo error of that of the posterior's own draws.
    error : float
        Monte Carlo standard error of the width.
    parts : tuple of Part
        In the order of the fields, the rest last; shares sum to 1.
    """

    target: str
    prob: float
    width: float
    error: float
    parts: tuple[Part, ...]

    def rows(self) -> list[dict[str, Any]]:
        """Return the parts as rows of a table."""
        return [{"target": self.target, **dataclasses.asdict(part)} for part in self.parts]


def anatomy(
    posteriors: Posteriors, model: Model, target: Target = TOTAL, *, prob: float | None = None
) -> Anatomy:
    """Return what share of the width of an interval each belief accounts for; see the module.

    Parameters
    ----------
    posteriors : Posteriors
        How posteriors are drawn; a graph is sampled once.
    model : Model
    target : Target
        A number; by default the total.
    prob : float, optional
        Level of the interval; that of `posteriors` by default.

    Raises
    ------
    InvalidValueError
        If the target is no number, or its interval has no width.
    RefusedError
        If a belief is part of the sampled graph, or leaves expected widths infinite.
    GateError
        If the posterior failed its checks.
    """
    level = probability(posteriors.prob if prob is None else prob, "prob")
    judged(posteriors, model, target, level)
    # several shares have many combinations
    draws = _DRAWS // max(len(uncertain_beliefs(model)), 1)
    conditional = Conditional(posteriors, model, _PIECES, draws)
    values = np.array(
        [_values(conditional, target, level, piece) for piece in range(conditional.pieces)]
    )
    return _assembled(target.name, level, values, [*conditional.beliefs, _REST[model.losses.kind]])


class _Surface:
    """Quantiles of a target given shares, joined by splines in the normal scores of their ranks."""

    def __init__(
        self, conditional: Conditional, target: Target, half: float, piece: int,
        rng: np.random.Generator,
    ) -> None:  # fmt: skip
        from scipy.special import ndtr

        fields = list(conditional.beliefs)
        count = _KNOTS.get(len(fields), 4)
        step = 2 * half / max(count - 1, 1)
        # shifted knots show what the splines miss as spread between pieces
        shifts = step * (rng.random(len(fields)) - 0.5) / 2
        self._knots = [np.linspace(-half, half, count) + shift for shift in shifts]

        def table(model: Model, axis: int) -> FloatArray:
            if axis == len(fields):
                return np.sort(conditional.posterior(model, piece).of(target).astype(float))
            field = fields[axis]
            values = conditional.quantiles(model, field, ndtr(self._knots[axis]), piece)
            held = [conditional.holding(model, field, float(value)) for value in values]
            return np.stack([table(one, axis + 1) for one in held])

        found = table(conditional.model, 0)
        self._log = bool((found > 0).all())
        by_rank = found.reshape(-1, found.shape[-1]).T
        self._by_rank = np.ascontiguousarray(np.log(by_rank) if self._log else by_rank)

    def at(self, ranks: FloatArray) -> FloatArray:
        """Return the target at ranks, (point, player) with the rest last, (point,)."""
        from scipy.interpolate import CubicSpline
        from scipy.special import ndtri

        weights = np.ones((ranks.shape[0], 1))
        for axis, knots in enumerate(self._knots):
            score = ndtri(ranks[:, axis])
            inner = np.clip(score, knots[0], knots[-1])
            # straight beyond the knots, for as far as it matters
            beyond = np.clip(score - inner, -1, 1)[:, None]
            spline = CubicSpline(knots, np.eye(knots.size))
            own = spline(inner) + beyond * spline(inner, 1)
            weights = (weights[:, :, None] * own[:, None, :]).reshape(len(ranks), -1)
        draws = self._by_rank.shape[0]
        position = np.clip(ranks[:, -1] * (draws + 1 / 3) - 2 / 3, 0, draws - 1)
        below = np.minimum(position.astype(int), max(draws - 2, 0))
        fraction = position - below
        low, high = (
            np.einsum("ij,ij->i", weights, self._by_rank[rows])
            for rows in (below, np.minimum(below + 1, draws - 1))
        )
        value = low + (high - low) * fraction
        return np.asarray(np.exp(value) if self._log else value)


def _values(conditional: Conditional, target: Target, prob: float, piece: int) -> FloatArray:
    """Return v of each set of players from one piece; bit b of an index is player b, v[0] = 0."""
    from scipy.special import ndtri

    rng = stream(conditional.posteriors.seed, "anatomy", str(piece))
    half = max(3.0, -float(ndtri((1 - prob) / 20)))
    surface = _Surface(conditional, target, half, piece, rng)
    players = len(conditional.beliefs) + 1
    found = np.zeros(1 << players)
    for chosen in range(1, 1 << players):
        inside = [player for player in range(players) if chosen >> player & 1]
        outside = [player for player in range(players) if player not in inside]
        fixed = _FIXED if outside else 1
        varied = _POINTS // fixed // (players - 1 or 1)
        ranks = np.empty((fixed, varied, players))
        ranks[:, :, outside] = _lattice(fixed, len(outside), rng)[:, None, :]
        ranks[:, :, inside] = _lattice(varied, len(inside), rng)[None]
        drawn = surface.at(ranks.reshape(-1, players)).reshape(fixed, varied)
        low, high = np.quantile(drawn, [(1 - prob) / 2, (1 + prob) / 2], axis=1, method="hazen")
        found[chosen] = (high - low).mean()
    return found


def _lattice(points: int, dims: int, rng: np.random.Generator) -> FloatArray:
    """Return evenly spread, randomly shifted points in the unit cube, (point, dim)."""
    # the generalized golden ratio of the other dimensions: the root of x^dims = x + 1
    ratio = 1.5
    for _ in range(60):
        ratio = (1 + ratio) ** (1 / max(dims, 1))
    steps = np.array([1 / points, *(ratio**-power for power in range(1, dims))])[:dims]
    spread = np.mod(np.arange(points)[:, None] * steps + rng.random(dims), 1.0)
    return np.asarray(np.clip(spread, 1e-12, 1 - 1e-12))


def shapley(values: FloatArray) -> FloatArray:
    """Return Shapley values given v of each set of players, (..., 2^player) to (..., player).

    Parameters
    ----------
    values : (..., 2^player) array
        Bit b of an index says whether player b is in the set; that of none is first.
    """
    players = values.shape[-1].bit_length() - 1
    found = np.zeros((*values.shape[:-1], players))
    for player in range(players):
        for others in (one for one in range(1 << players) if not one >> player & 1):
            weight = 1 / (players * math.comb(players - 1, others.bit_count()))
            found[..., player] += weight * (values[..., others | 1 << player] - values[..., others])
    return found


def _assembled(target: str, prob: float, values: FloatArray, names: list[str]) -> Anatomy:
    """Return the anatomy given v by piece and set."""
    mean, everything = values.mean(axis=0), values.shape[1] - 1
    shares = shapley(mean) / mean[everything]
    each = shapley(values) / values[:, everything:]
    root = math.sqrt(values.shape[0])
    errors = each.std(axis=0, ddof=1) / root
    parts = tuple(
        Part(name, float(shares[i]), float(errors[i]), float(mean[everything ^ 1 << i]),
             float(mean[1 << i]))
        for i, name in enumerate(names)
    )  # fmt: skip
    error = float(values[:, everything].std(ddof=1)) / root
    return Anatomy(target, prob, float(mean[everything]), error, parts)
