"""Does a source agree with all others?  Its data, as the others foretell them.

A source is left out, the model is fitted, and the data of the source are drawn as they would be
if it told of the same deaths: with its own error, the bias and the share that are believed of it.
What it does say is then an ordinary or a rare draw (a predictive check by cross-validation;
Marshall and Spiegelhalter 2007, https://doi.org/10.1214/07-BA218).
"""

from __future__ import annotations

import dataclasses
from typing import Literal

import numpy as np

from estimation.errors import RefusedError
from estimation.learning.sources import JUDGMENT, source_name
from estimation.randomness import stream
from estimation.summaries.losses import Losses
from models.audits import Audits
from models.baseline import baseline_draws
from models.beliefs.base import FloatArray
from models.excess import Excess
from models.learned import Learned
from models.model import Model
from models.register import Register
from models.spans import said

#: Probabilities of a draw as rare, below which sources are said to be strained, or in conflict.
STRAINED, IN_CONFLICT = 0.05, 0.01

Verdict = Literal["agrees", "strained", "in conflict"]


@dataclasses.dataclass(frozen=True)
class Foretold:
    """What the other sources foretold of one row of a source, and what it says.

    Parameters
    ----------
    what : str
        Which number.
    said : float
        By the source; of a judgment the median.
    median, low, high : float
        Foretold.
    """

    what: str
    said: float
    median: float
    low: float
    high: float


@dataclasses.dataclass(frozen=True)
class Conflict:
    """Whether a source agrees with all others together.

    Parameters
    ----------
    source : str
    rarity : float
        Probability of data as far from what the others foretell as those of the source, or
        farther.
    rows : tuple of Foretold
    """

    source: str
    rarity: float
    rows: tuple[Foretold, ...]

    @property
    def verdict(self) -> Verdict:
        """Return the verdict."""
        if self.rarity < IN_CONFLICT:
            return "in conflict"
        return "strained" if self.rarity < STRAINED else "agrees"

    def says(self) -> str:
        """Return the verdict in a sentence."""
        verdict = self.verdict if self.verdict == "agrees" else f"is {self.verdict}"
        said = f"{source_name(self.source)} {verdict}"
        rare = "less than 1 in 1,000" if self.rarity < 1e-3 else f"{self.rarity:.2g}"
        return f"{said} with the others (data as far off or farther: probability {rare})"


def conflict(model: Model, rest: Losses, source: str, prob: float, seed: int) -> Conflict:
    """Compare what a source says with what all others foretell.

    Parameters
    ----------
    model : Model
        With all sources.
    rest : Losses
        Of the fit without the source; see `estimation.learning.sources.without`.
    source : str
    prob : float
        Level of the intervals.
    seed : int

    Raises
    ------
    RefusedError
        If there is no such source beside the list.
    """
    rng = stream(seed, "conflict", source)
    if source == JUDGMENT:
        return _judgment(model, rest, prob, rng)
    full, item = model.joint, model.evidence.get(source)
    if not isinstance(full, Learned) or source not in full.weights:
        raise RefusedError(f"{source!r} is no source of coverage", where="source")
    weights = full.weights[source]
    deaths = rest.deaths.sum(axis=2, dtype=np.float64)
    if isinstance(item, Register):
        drawn, own, labels = _register(item, deaths @ weights.T, rng)
        # distances are those of logs
        rows = _rows(np.exp(drawn), np.exp(own), labels, prob)
        return Conflict(source, rarity(drawn, own), rows)
    if isinstance(item, Excess):
        drawn, own, labels = _excess(item, deaths @ weights.T, rng)
    elif isinstance(item, Audits):
        names = rest.observed.sum(axis=2, dtype=np.float64) @ weights[0]
        died = deaths @ weights[0]
        of_all = rest.posterior["posterior"]["coverage"].to_numpy().reshape(-1)
        # where nobody died in the span, its coverage is told by that of all
        coverage = np.where(died > 0, names / np.maximum(died, 1e-9), of_all)
        drawn, own, labels = _audits(item, coverage, rng)
    else:
        raise RefusedError(f"{source!r} is no source of coverage", where="source")
    return Conflict(source, rarity(drawn, own), _rows(drawn, own, labels, prob))


def rarity(drawn: FloatArray, said: FloatArray) -> float:
    """Return the probability of draws as far from their mean as what was said, or farther.

    Distances are Mahalanobis's, by mean and covariance of the draws, so that rows that err together
    are taken together.

    Parameters
    ----------
    drawn : (draw, n_row) numbers
    said : (n_row,) numbers
    """
    center = drawn.mean(axis=0)
    lower = np.linalg.cholesky(np.atleast_2d(np.cov(drawn.T)) + 1e-12 * np.eye(said.size))
    far = (np.linalg.solve(lower, (drawn - center).T) ** 2).sum(axis=0)
    own = float((np.linalg.solve(lower, said - center) ** 2).sum())
    return float((1 + np.sum(far >= own)) / (1 + far.size))


def _rows(
    drawn: FloatArray, said: FloatArray, labels: list[str], prob: float
) -> tuple[Foretold, ...]:
    low, middle, high = np.quantile(drawn, [(1 - prob) / 2, 0.5, (1 + prob) / 2], axis=0)
    return tuple(
        Foretold(label, *map(float, row))
        for label, *row in zip(labels, said, middle, low, high, strict=True)
    )


def _register(
    register: Register, deaths: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, list[str]]:
    """Foretell the logs of the medians of a register, given deaths of each row, (draw, n_row)."""
    draws = deaths.shape[0]
    logs = np.log(np.maximum(deaths, 0.5)) + np.log(register.share.draw(rng, draws))[:, None]
    found = register.simulate(logs, register.bias * rng.standard_normal(draws), rng)
    of = register.estimates
    spans = zip(of.begin, of.end, strict=True)
    labels = ["deaths" if span == (None, None) else f"deaths, {said(*span)}" for span in spans]
    return np.log(found), register.log_central, labels


def _excess(
    table: Excess, deaths: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, list[str]]:
    """Foretell deaths of the affected sex in the years of war, all ages together."""
    draws = deaths.shape[0]
    usual = baseline_draws(table.deaths, table.baseline, rng, draws).sum(axis=2)
    war = np.isin(table.years, table.deaths.war_years)
    mean = usual + deaths[:, war] * table.share.draw(rng, draws)[:, None]
    found = mean + np.sqrt(mean) * rng.standard_normal(mean.shape)
    labels = [f"deaths of {year}, all causes, ages of the table" for year in table.years[war]]
    return found, table.affected[war].sum(axis=1).astype(float), labels


def _audits(
    audits: Audits, coverage: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, list[str]]:
    """Foretell the share that is found, all places together, given coverage, (draw,)."""
    from scipy.special import expit, logit

    draws, checked = coverage.size, np.asarray(audits.checked)
    odds = logit(np.clip(coverage, 1e-9, 1 - 1e-9)) + audits.bias * rng.standard_normal(draws)
    spread = np.abs(rng.normal(0, audits.spread, draws))
    places = spread[:, None] * rng.standard_normal((draws, checked.size))
    found = rng.binomial(checked, expit(odds[:, None] + places)).sum(axis=1, keepdims=True)
    share = np.array([sum(audits.found) / checked.sum()])
    return found / checked.sum(), share, ["share found, all places"]


def _judgment(model: Model, rest: Losses, prob: float, rng: np.random.Generator) -> Conflict:
    """Compare what is believed of coverage with what all others say of it: log odds that differ."""
    from scipy.special import logit

    others = rest.posterior["posterior"]["coverage"].to_numpy().reshape(-1)
    belief = model.base.coverage
    # both are uncertain: is their difference of either sign?
    above = float(np.mean(logit(belief.draw(rng, others.size)) > logit(others)))
    rare = 2 * min(above, 1 - above) + 1 / others.size
    ends = np.quantile(others, [0.5, (1 - prob) / 2, (1 + prob) / 2])
    row = Foretold("coverage of all deaths", float(belief.quantile(0.5)), *map(float, ends))
    return Conflict(JUDGMENT, min(rare, 1.0), (row,))
