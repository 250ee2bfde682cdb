"""Posteriors of a model with shares held at values: what beliefs leave uncertain, taken apart.

Shares of tables stand outside the graph, so that one sampling serves all values.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from estimation.diagnostics.gate import require
from estimation.errors import InvalidValueError, RefusedError
from estimation.fit.engine import Plan
from estimation.fit.exact import defined, exact_draws
from estimation.randomness import integer, stream
from estimation.sensitivity.posteriors import Posterior, Posteriors, Target, graph_key
from models.beliefs import Belief, Known
from models.beliefs.base import FloatArray
from models.learned import Learned
from models.model import Model
from models.overlapping import Overlapping

#: Draws of a piece from which quantiles of a share are taken, where its posterior is no belief.
_SHARE_DRAWS = 8_000


def judged(posteriors: Posteriors, model: Model, target: Target, prob: float) -> Posterior:
    """Return the posterior of a model, unless the interval of the target is none to look into.

    Raises
    ------
    InvalidValueError
        If the target is no number, or its interval has no width.
    RefusedError
        If expected widths are infinite, or coverage is learned from other evidence.
    GateError
        If the posterior failed its checks.
    """
    refuse_learned(model, "vary the beliefs as scenarios, one field after the other")
    found = posteriors.posterior(model)
    require(found.verdict(prob, (target,)), posteriors.accept)
    draws = found.of(target)
    if draws.dtype == bool:
        raise InvalidValueError(
            f"{target.name!r} is an event", where="target", why="it has no interval",
            remedy="look at a number",
        )  # fmt: skip
    low, high = np.quantile(draws, [(1 - prob) / 2, (1 + prob) / 2])
    if low == high:
        raise InvalidValueError(
            f"{target.name!r} is the same in all draws, or in so many that its interval has no "
            "width", where="target", why="there is nothing that could be explained or reduced",
            remedy="look at something that the model does not take as known",
        )  # fmt: skip
    _refuse_infinite(model, target)
    return found


def refuse_learned(model: Model, remedy: str) -> None:
    """Refuse a model whose shares are part of the sampled graph, before it is sampled in vain.

    Parameters
    ----------
    model : Model
    remedy : str
        What to do instead.
    """
    if isinstance(model.joint, Learned | Overlapping):
        raise RefusedError(
            "coverage is learned from other evidence", where="model",
            why="its shares are part of the sampled graph, and each value at which one is held "
            "would need a sampling of its own", remedy=remedy,
        )  # fmt: skip


def _refuse_infinite(model: Model, target: Target) -> None:
    """Refuse a coverage so near zero that widths given coverage have no mean."""
    if not model.joint.scale_free:
        return  # the count keeps coverage away from zero
    if target.estimand is None and target.name not in model.moment_orders():
        return
    for field, belief in uncertain_beliefs(model).items():
        if field.endswith(".coverage") and belief.inverse_moment_order() <= 1:
            raise RefusedError(
                "reaches so near zero that the expected width of the interval is infinite",
                where=field, why="if coverage were known, it could be one that leaves next to "
                "everything unseen", remedy="state a belief that keeps away from zero",
            )  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Pinned(Known):
    """A share held at a value, in a model whose other parts still see the mean of the belief.

    A table whose coverage differs between strata takes the spread of seen rates from the mean of
    coverage: held at a value the model must stay the same one.
    """

    average: float

    def mean(self) -> float:
        """Return the mean of the belief that the value came from."""
        return self.average


def pinned(belief: Belief, value: float) -> Pinned:
    """Return a share held at a value of a belief."""
    # a quantile may round to 0, which is no share
    return Pinned(min(max(value, 1e-12), 1.0), average=belief.mean())


def uncertain_beliefs(model: Model) -> dict[str, Belief]:
    """Return the beliefs of all evidence that leave a share uncertain, by dotted field."""
    return {
        f"{name}.{field.name}": belief
        for name, item in model.evidence.items()
        for field in dataclasses.fields(item)
        if isinstance(belief := getattr(item, field.name), Belief) and not isinstance(belief, Known)
    }


class Conditional:
    """Posteriors of a model with shares held at values, in independent pieces.

    Parameters
    ----------
    posteriors : Posteriors
    model : Model
    pieces : int
        Exact draws have a seed for each piece; those of a graph are cut into as many blocks.
    draws : int
        Draws of a piece; blocks of a graph's are thinned to hardly more.
    """

    def __init__(self, posteriors: Posteriors, model: Model, pieces: int, draws: int) -> None:
        self.posteriors, self.model, self.pieces, self.draws = posteriors, model, pieces, draws
        self.beliefs = uncertain_beliefs(model)
        if model.joint.exact:
            return
        key = graph_key(model)
        for field, belief in self.beliefs.items():
            if graph_key(self.holding(model, field, float(belief.quantile(0.5)))) != key:
                raise RefusedError(
                    "is part of the sampled graph", where=field,
                    why="each value of it would need a sampling of its own",
                    remedy="take a model whose shares stand outside the graph",
                )  # fmt: skip

    def holding(self, model: Model, field: str, value: float) -> Model:
        """Return the model with one share held at a value."""
        return model.replace(field, pinned(self.beliefs[field], value))

    def quantiles(self, model: Model, field: str, ranks: FloatArray, piece: int) -> FloatArray:
        """Return posterior quantiles of a share, given the shares that the model holds."""
        if model.joint.scale_free:
            return self.beliefs[field].quantile(ranks)
        name = field.rpartition(".")[2]
        drawn = self.posterior(model, piece, _SHARE_DRAWS).of(Target(name))
        return np.asarray(np.quantile(drawn, ranks, method="median_unbiased"))

    def posterior(self, model: Model, piece: int, draws: int | None = None) -> Posterior:
        """Return the posterior of the model, shares held or not, from the draws of one piece."""
        seed = integer(self.posteriors.seed, "conditional", str(piece))
        if model.joint.exact:
            size = draws or self.draws
            settings = {"chains": 1, "draws": size}
            return Posterior(
                Plan(model, "exact", settings, seed), exact_draws(model, size, seed)
            )  # fmt: skip
        planned = self.posteriors.plan(self.model)
        free = self.posteriors.sampled(planned).free
        # blocks, because neighboring draws of a chain are alike
        block = {name: np.array_split(x, self.pieces)[piece] for name, x in free.items()}
        thin = max(next(iter(block.values())).shape[0] // self.draws, 1)
        block = {name: values[::thin] for name, values in block.items()}
        size = next(iter(block.values())).shape[0]
        settings = {**planned.settings, "chains": 1, "draws": size}
        estimands, _ = model.complete(block, stream(seed, "completion"))
        return Posterior(Plan(model, "nuts", settings, seed), defined(estimands))
