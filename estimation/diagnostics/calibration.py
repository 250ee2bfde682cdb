"""Calibration: whether a 95 % interval holds the truth 95 % of the time.

Unknowns are drawn, a list is simulated from them, the model is fitted to the list, and the rank of
each true value among its posterior draws is kept.  If everything is right the ranks are uniform
(Talts et al. 2018, https://doi.org/10.48550/arXiv.1804.06788).  Proper priors are drawn from; the
scale prior cannot be, so that rates are fixed at 10^2 to 10^6 and only shares are drawn.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from estimation.diagnostics.verdicts import FAIL, PASS
from estimation.errors import NotEstimableError, UsageError
from estimation.fit.exact import exact_draws
from estimation.fit.key import content_key
from estimation.fit.nuts import nuts_draws
from estimation.randomness import integer, stream
from models.losses import GammaPrior
from models.model import Model

#: Fixed rates (expected deaths) under the scale prior.
RATES = (1e2, 1e3, 1e4, 1e5, 1e6)

#: Expected names of a simulated list at the low end of coverage; higher rates than 10^2 if needed.
_FEWEST = 40

#: Posterior draws a simulation, and the NUTS settings that give as many.
_DRAWS, _CHAINS, _TUNE = 1000, 4, 500

#: A 95 % interval must hold the truth in this share of simulations.
COVERED = (0.935, 0.965)

#: Level of the simultaneous envelope of the ranks.
_ENVELOPE = 0.99


@dataclasses.dataclass(frozen=True)
class Calibration:
    """What the simulations say of one unknown.

    Parameters
    ----------
    name : str
        The unknown.
    simulations : int
        How many ended with a rank.
    covered : float
        Share in which the central 95 % held the truth.
    covered_error : float
        Standard error of that share.
    deviation : float
        Largest distance of the distribution of ranks from uniform.
    envelope : float
        What that distance may be.
    """

    name: str
    simulations: int
    covered: float
    covered_error: float
    deviation: float
    envelope: float

    @property
    def verdict(self) -> str:
        """Pass if the ranks are uniform and the intervals hold what they say."""
        uniform = self.deviation <= self.envelope
        return PASS if uniform and COVERED[0] <= self.covered <= COVERED[1] else FAIL

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON."""
        return {**dataclasses.asdict(self), "verdict": self.verdict}


def simulated_ranks(
    model: Model, simulations: int, seed: int, engine: str = "exact",
    progress: Callable[[int], None] = lambda _: None,
) -> tuple[dict[str, np.ndarray], int]:  # fmt: skip
    """Return ranks in (0, 1) of each unknown, and how many simulated lists had no posterior.

    Parameters
    ----------
    model : Model
        Its count is replaced by simulated ones.
    simulations : int
        How many.
    seed : int
    engine : {"exact", "nuts"}
    progress : callable
        Told the number of simulations done.

    Returns
    -------
    ranks : dict of (simulation,) arrays
    refused : int
    """
    truth = _truths(model, simulations, seed)
    names = [
        name for name in ("total", "coverage", "precision", "rate") if name not in model.constants()
    ]
    field = f"{model.base_name}.count"
    rows: list[list[float]] = []
    refused = 0
    for i in range(simulations):
        rng = stream(seed, "ranks", str(i))
        try:
            replaced = model.replace(field, int(truth["count"][i]))
        except NotEstimableError:
            refused += 1
            continue
        one = integer(seed, "simulation", str(i))
        if engine == "nuts":
            draws, _ = nuts_draws(replaced, _DRAWS // _CHAINS, tune=_TUNE, chains=_CHAINS, seed=one)
        else:
            draws = exact_draws(replaced, _DRAWS, one)
        rows.append([_rank(truth[name][i], draws[name], rng) for name in names])
        progress(i + 1)
    if not rows:
        raise NotEstimableError("no simulated list has a posterior", where="calibrate")
    columns = np.array(rows).T
    return dict(zip(names, columns, strict=True)), refused


def judge_ranks(
    ranks: dict[str, np.ndarray], unknowns: int | None = None
) -> tuple[Calibration, ...]:
    """Judge the ranks of each unknown against uniformity and the stated level.

    The envelope holds all points of all unknowns at once with 99 %: a band of constant width by the
    exact distribution of the Kolmogorov-Smirnov distance, its level shared among the unknowns.

    Parameters
    ----------
    ranks : dict of (simulation,) arrays
        Ranks in (0, 1), by unknown.
    unknowns : int, optional
        How many unknowns are judged together, those of other models included.

    References
    ----------
    Simard and L'Ecuyer (2011), https://doi.org/10.18637/jss.v039.i11
    """
    together = unknowns or len(ranks)
    return tuple(_judge(name, values, together) for name, values in ranks.items())


def _judge(name: str, ranks: np.ndarray, together: int) -> Calibration:
    from scipy.stats import kstwo

    n = ranks.size
    covered = float(np.mean((ranks > 0.025) & (ranks < 0.975)))
    error = math.sqrt(max(covered * (1 - covered), 1 / n) / n)
    ordered = np.sort(ranks)
    steps = np.arange(n + 1) / n
    deviation = float(max(np.max(steps[1:] - ordered), np.max(ordered - steps[:-1])))
    envelope = float(kstwo.isf((1 - _ENVELOPE) / together, n))
    return Calibration(name, n, covered, error, deviation, envelope)


def _truths(model: Model, simulations: int, seed: int) -> dict[str, np.ndarray]:
    if simulations < 100:
        raise UsageError(
            f"{simulations} simulations say nothing", where="simulations", remedy="100 or more"
        )
    # models get simulations of their own, so that their verdicts are independent
    rng = stream(seed, "truth", content_key(**model.content()))
    if isinstance(model.losses.prior, GammaPrior):
        return model.simulate(rng, simulations)
    # below some fifty names a list is too small a number for ranks under fixed rates to be uniform
    lowest = _FEWEST / float(model.base.coverage.quantile(0.001))
    return model.simulate(rng, simulations, np.maximum(np.resize(RATES, simulations), lowest))


def _rank(truth: float, draws: np.ndarray, rng: np.random.Generator) -> float:
    """Return the rank of the truth among the draws, in (0, 1); ties are broken at random."""
    below = np.count_nonzero(draws < truth)
    ties = np.count_nonzero(draws == truth)
    return float((below + rng.random() * (ties + 1)) / (draws.size + 1))
