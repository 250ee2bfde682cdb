"""What a model believed before the data, beside what it believes after: belief by belief."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.beliefs import Belief, Known
from models.declare import Parameter
from models.learned import Learned
from models.learning.form import SCALE
from models.model import Model

Floats = NDArray[np.float64]

#: Points of equal probability by which a prior is drawn.
_CELLS = 20_000

#: Contractions nearer to 0 than this teach nothing that a reader could see.
_HARDLY = 0.02

#: Priors of hyperparameters as models state them, and the distribution of each; the number after
#: the last word is its scale, one before that its center.
_STATED = (
    (re.compile(r"half-normal, scale ([-+.\de]+)"), "halfnorm"),
    (re.compile(r"normal, (?:mean )?([-+.\de]+)(?: \+-|, standard deviation|, sd) ([-+.\de]+)"),
     "norm"),
    (re.compile(r"normal, sd ([-+.\de]+)"), "norm"),
)  # fmt: skip


@dataclasses.dataclass(frozen=True, eq=False)
class BeliefFound:
    """One belief before and after the data.

    Parameters
    ----------
    name : str
        Of the unknown, as in `Model.parameters`.
    meaning : str
    unit : str
        "share", "deaths", or "1" for a pure number.
    prior : (n,) numbers
        Values of equal probability under the prior.
    posterior : (draw,) numbers
    unmoved : bool
        Whether the posterior is the prior, by the form of the model: no data speak of it.
    """

    name: str
    meaning: str
    unit: str
    prior: Floats
    posterior: Floats
    unmoved: bool

    @property
    def contraction(self) -> float:
        """Return 1 - posterior variance / prior variance; exactly 0 where nothing could move."""
        spread = float(np.var(self.prior))
        if self.unmoved or spread == 0:
            return 0.0
        return 1 - float(np.var(self.posterior)) / spread

    @property
    def says(self) -> str:
        """Return in words what the data taught."""
        if self.unmoved:
            return "the posterior is the prior: no data speak of it"
        share = self.contraction
        if share < -_HARDLY:
            return "wider than before the data"
        if share < _HARDLY:
            return "hardly narrower than before"
        return "narrowed by the data"

    def ends(self, prob: float) -> tuple[Floats, Floats]:
        """Return low end, median and high end before and after, each (3,)."""
        tails = [(1 - prob) / 2, 0.5, (1 + prob) / 2]
        return np.quantile(self.prior, tails), np.quantile(self.posterior, tails)

    def row(self, prob: float) -> dict[str, Any]:
        """Return the row of a table."""
        before, after = self.ends(prob)
        keys = ("low", "median", "high")
        return {
            "belief": self.name, "meaning": self.meaning, "unit": self.unit,
            **dict(zip((f"prior_{key}" for key in keys), before.tolist(), strict=True)),
            **dict(zip(keys, after.tolist(), strict=True)),
            "contraction": self.contraction, "unmoved": self.unmoved, "says": self.says,
            "prob": prob,
        }  # fmt: skip


def contraction_words(value: float) -> str:
    """Return a contraction in two digits, never rounded to the certainty that 1 would be."""
    return "more than 0.99" if 0.995 <= value < 1 else f"{round(value, 2) + 0.0:.2f}"


def beliefs_of(model: Model, draws: Mapping[str, ArrayLike]) -> list[BeliefFound]:
    """Return every single number of which a model states a proper prior and has a posterior.

    What is taken as known is no belief; tables of unknowns, and what has an improper prior or one
    that follows from other unknowns, are left out.

    Parameters
    ----------
    model : Model
    draws : mapping of (draw,) arrays
        Its posterior, by estimand; others are passed over.
    """
    return list(_found(model, draws))


def _found(model: Model, draws: Mapping[str, ArrayLike]) -> Iterator[BeliefFound]:
    seen: set[str] = set()
    for one in (*model.parameters(), *_unlisted(model)):
        name = one.name
        quantile = _quantile(model, name, "" if one.dims else one.prior)
        values = np.asarray(draws.get(name, ()), float).ravel()
        if name in seen or quantile is None or not values.size:
            continue
        seen.add(name)
        prior = np.asarray(quantile((np.arange(_CELLS) + 0.5) / _CELLS), float)
        yield BeliefFound(
            name, one.meaning, one.unit, prior, values, _is_unmoved(model, name)
        )  # fmt: skip


def _unlisted(model: Model) -> Iterator[Parameter]:
    """Yield beliefs that models hold beside their parameters."""
    if isinstance(model.joint, Learned) and model.joint.form.knots:
        scale = model.joint.prior_scale(f"{SCALE}coverage_step")
        yield Parameter("coverage_step", "scale of the change of the log odds of coverage", "1",
                        "above 0", f"half-normal, scale {scale:.12g}")  # fmt: skip
    for name, one in model.beyond.items():
        scope = one.scope or "deaths outside all evidence"
        yield Parameter(f"beyond_{name}", scope, "deaths", "above 0", one.describe())


def _quantile(model: Model, name: str, words: str) -> Callable[[Floats], ArrayLike] | None:
    """Return the quantile function of a prior; None if it has none of its own."""
    for stated in _stated_shares(model, name):
        if isinstance(stated, Known) or stated is None:
            return None
        return stated.quantile
    beyond = model.beyond.get(name.removeprefix("beyond_"))
    if beyond is not None and name.startswith("beyond_"):
        return beyond.quantile
    rate = getattr(model.losses, "prior", None)
    if name == "rate" and rate is not None and rate.kind == "gamma":
        from scipy import stats

        found = stats.gamma(rate.shape, scale=1 / rate.inverse_scale)
        return lambda probability: np.asarray(found.ppf(probability))
    for pattern, kind in _STATED:
        match = pattern.fullmatch(words)
        if match:
            from scipy import stats

            *center, scale = (float(one) for one in match.groups())
            law = getattr(stats, kind)(center[0] if center else 0.0, scale)
            return lambda probability: np.asarray(law.ppf(probability))
    return None


def _stated_shares(model: Model, name: str) -> Iterator[Belief | None]:
    """Yield the belief on a share of that name, if there is one."""
    if name in ("coverage", "precision") and model.base.kind != "lists":
        yield getattr(model.base, name)
    of = model.evidence.get(name.removeprefix("share_"))
    if of is not None and name.startswith("share_"):
        yield getattr(of, "share", None)


def _is_unmoved(model: Model, name: str) -> bool:
    # under the scale prior the level takes up whatever coverage and precision are
    kept = name in ("coverage", "precision") and model.joint.scale_free
    return kept or name.startswith("beyond_")


def known_of(model: Model) -> list[str]:
    """Return what a model takes as known exactly, in words: no data could move it."""
    found = []
    for one in model.parameters():
        stated = next(_stated_shares(model, one.name), None)
        if isinstance(stated, Known):
            found.append(f"{one.name.replace('_', ' ')} ({stated.value:g})")
    return found
