"""From draws of the unknowns to deaths, where coverage is learned."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from models.beliefs import Known
from models.beliefs.base import FloatArray
from models.learning import expected
from models.learning.counted import Counted
from models.learning.reported import Reported
from models.learning.tallied import Tallied
from models.reporting.completion import Shares, complete_late
from models.thinning import LARGEST_MEAN

if TYPE_CHECKING:
    from models.learned import Learned

#: Sums of expected deaths that still fit a 64-bit integer safely.
_LARGEST_SUM = 8e18


def complete(
    learned: Learned, latent: FloatArray, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    """Draw deaths by period.

    Parameters
    ----------
    learned : Learned
    latent : (draw, n_unknown) numbers
    rng : numpy.random.Generator

    Returns
    -------
    dict
        total, unseen, observed, realized_coverage, coverage, precision (draw,); deaths and, if
        coverage drifts, period_coverage (draw, n_period); confirmed where it is not the table;
        biases and shares of the evidence (draw,); scales; of a list that comes in late also what
        `models.reporting.completion.complete_late` returns.
    """
    rates = learned.listed.log_rate(latent, learned.form.blocks)
    shares = shares_of(learned, latent)
    if isinstance(learned.listed, Reported):
        found = complete_late(learned.listed.late, latent, rng, shares)
    elif isinstance(learned.listed, Tallied):
        found = learned.listed.complete(latent, learned.form.blocks, shares, rng)
    else:
        found = _complete_counts(learned, learned.listed, np.exp(rates), shares, rng)
    if learned.form.knots:
        found["period_coverage"] = 1 / (1 + shares.odds)
    if not learned.listed.periods:
        found["rate"] = np.exp(expected.log_deaths(learned, latent)[0][:, 0])
    return found | evidence_unknowns(learned, latent)


def shares_of(learned: Learned, latent: FloatArray) -> Shares:
    """Return shares and, by period, the odds of a death not to be on the list."""
    rates = learned.listed.log_rate(latent, learned.form.blocks)
    return Shares(
        np.exp(expected.log_share(learned, "coverage", latent)),
        np.exp(expected.log_share(learned, "precision", latent)), np.zeros(latent.shape[0]),
        np.exp(expected.log_odds_missed(learned, latent, rates)),
    )  # fmt: skip


def _complete_counts(
    learned: Learned, listed: Counted, names: FloatArray, shares: Shares, rng: np.random.Generator
) -> dict[str, np.ndarray]:
    counts = np.broadcast_to(listed.counts, names.shape)
    precision = listed.count.precision
    exact = isinstance(precision, Known) and precision.value == 1
    seen = counts if exact else rng.binomial(counts, shares.precision[:, None])
    largest = min(LARGEST_MEAN, _LARGEST_SUM / names.shape[1])
    mean = names * shares.precision[:, None] * shares.odds
    missed = rng.poisson(np.minimum(mean, largest))
    total = (seen + missed).sum(axis=1, dtype=np.int64)
    observed = seen.sum(axis=1, dtype=np.int64)
    found: dict[str, np.ndarray] = {
        "total": total, "unseen": total - observed, "observed": observed,
        "realized_coverage": observed / np.maximum(total, 1), "coverage": shares.coverage,
        "precision": shares.precision,
    }  # fmt: skip
    if listed.periods:
        found["deaths"] = seen + missed
        if not exact:
            found["confirmed"] = seen
    return found


def evidence_unknowns(learned: Learned, latent: FloatArray) -> dict[str, np.ndarray]:
    """Return biases, shares and scales."""
    blocks = learned.form.blocks
    found: dict[str, np.ndarray] = {}
    for name in learned.registers:
        found[f"bias_{name}"] = expected.register_bias(learned, name, latent)
    for name, audits in learned.audits.items():
        found[f"bias_{name}"] = audits.bias * latent[:, blocks[f"bias_{name}"].start]
    for name in learned.shares:
        if name.startswith("share_"):
            found[name] = np.exp(expected.log_share(learned, name, latent))
    if learned.form.knots:
        found["coverage_step"] = expected.scale_of(learned, "coverage_step", latent)[:, 0]
    if "log_step" in blocks:
        found["step"] = np.exp(latent[:, blocks["log_step"].start])
    return found
