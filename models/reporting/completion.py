"""From draws of the unknowns to names that will ever be known, and to deaths.

The list in the end holds what is known, what is due (see models/reporting/ahead.py), and what comes
after the longest delay.  Deaths are the true ones among them and those that no list will ever
hold: the level is free with the scale prior, so that coverage keeps its own.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from models.beliefs import Known
from models.beliefs.base import FloatArray
from models.reporting.ahead import draw_ahead, share_ahead
from models.reporting.density import scale_name
from models.thinning import LARGEST_MEAN

if TYPE_CHECKING:
    from models.late import Late

#: Sums of expected deaths that still fit a 64-bit integer safely.
_LARGEST_SUM = 8e18


@dataclasses.dataclass(frozen=True, eq=False)
class Shares:
    """Draws of what lies between names and deaths.

    Parameters
    ----------
    coverage, precision, tail : (draw,) numbers
        Of the whole list; the tail is the share of names later than the longest delay.
    odds : (draw, n_period or 1) numbers
        Odds of a death never to be on the list.
    """

    coverage: FloatArray
    precision: FloatArray
    tail: FloatArray
    odds: FloatArray


def believed_shares(late: Late, draws: int, rng: np.random.Generator) -> Shares:
    """Draw shares from what is believed of them."""
    evidence = late.evidence
    coverage = evidence.coverage.draw(rng, draws)
    precision = evidence.precision.draw(rng, draws)
    tail = np.zeros(draws) if evidence.tail is None else evidence.tail.draw(rng, draws)
    return Shares(coverage, precision, tail, ((1 - coverage) / coverage)[:, None])


def complete_late(
    late: Late, latent: FloatArray, rng: np.random.Generator, shares: Shares | None = None
) -> dict[str, np.ndarray]:
    """Draw names and deaths by cell.

    Parameters
    ----------
    late : Late
    latent : (draw, n_unknown) numbers
    rng : numpy.random.Generator
    shares : Shares, optional
        What other evidence says of them; drawn from their beliefs by default.

    Returns
    -------
    dict
        total, unseen, observed, realized_coverage, eventual, coverage, precision (draw,);
        eventual_names and reported_by_now (draw, ...cells); deaths, the same with a period
        "unknown" last if there are undated names; confirmed likewise, where it is not the table;
        reported_within (draw, n_delay): the share of names with that delay or less, of those within
        the longest one, on a day without weekday, shock or drift; reported_ahead (draw, horizon
        + 1, ...cells); scales.
    """
    believed, names, unseen, further = rng.spawn(4)
    evidence, reports = late.evidence, late.reports
    shares = shares or believed_shares(late, latent.shape[0], believed)
    coverage, precision, share = shares.coverage, shares.precision, shares.tail
    odds = shares.odds[:, :, None]
    ahead, reported, masked, rate = draw_ahead(late.layout, reports, latent, names)
    known = reports.known
    visible = tail_visible(late)
    coming = rate * (share / (1 - share))[:, None, None] * (1 - visible[0])[:, None]
    ahead = ahead + _poisson(coming, names, rate[0].size)
    reported = _with_tail(reported, share, visible[0])
    eventual = known + ahead
    # names whose delay says nothing have a rate of their own, with the scale prior
    apart = (reports.counts * reports.extra("masked")[:, :, None]).sum(axis=1)
    apart = apart + reports.extra("beyond")
    rates = rate * (1 - masked) + coming + names.standard_gamma(apart, rate.shape)
    undated, undated_ahead, undated_rate = _undated(late, rate, reported, names)
    listed, due = known[None], ahead
    if undated.any():
        listed = np.concatenate([listed, np.broadcast_to(undated, (1, 1, undated.size))], axis=1)
        due = np.concatenate([due, undated_ahead[:, None]], axis=1)
        rates = np.concatenate([rates, undated_rate[:, None]], axis=1)
    listed = np.broadcast_to(listed, due.shape)
    seen, later = listed, due
    if not _exactly_one(evidence.precision):
        true = precision[:, None, None]
        seen, later, rates = names.binomial(seen, true), names.binomial(later, true), rates * true
    missed = _poisson(rates * odds, unseen, rates[0].size)
    deaths = seen + later + missed
    total = deaths.sum(axis=(1, 2), dtype=np.int64)
    observed = seen.sum(axis=(1, 2), dtype=np.int64)
    found: dict[str, np.ndarray] = {
        "total": total, "unseen": total - observed, "observed": observed,
        "realized_coverage": observed / np.maximum(total, 1), "coverage": coverage,
        "precision": precision, "eventual": (listed + due).sum(axis=(1, 2), dtype=np.int64),
        "eventual_names": late.squeezed(eventual), "reported_by_now": late.squeezed(reported),
        "deaths": late.squeezed(deaths), "reported_within": _within(late, latent),
    }  # fmt: skip
    if not _exactly_one(evidence.precision):
        found["confirmed"] = late.squeezed(seen)
    if evidence.horizon:
        later = share_ahead(late.layout, reports, latent, evidence.horizon, further)
        later = _with_tail(later, share, visible)
        found["reported_ahead"] = later if reports.strata else later[..., 0]
    blocks = late.layout.form.blocks
    if late.layout.form.walk_drift:
        found["drift"] = late.layout.priors["walk_drift"] * latent[:, blocks["walk_drift"].start]
    scales = {scale_name(name): np.exp(latent[:, block.start]) for name, block in blocks.items()
              if name.startswith("log_")}  # fmt: skip
    return found | scales


def _within(late: Late, latent: FloatArray) -> FloatArray:
    """Return the share of names with each delay or less, (draw, n_delay)."""
    from models.reporting.curves import curves

    base = curves(late.layout, latent).base
    left = np.exp(-np.cumsum(np.logaddexp(0.0, base), axis=1))
    return np.asarray(1 - np.pad(left, ((0, 0), (0, 1))))


def tail_visible(late: Late) -> FloatArray:
    """Return how much of the tail is past, now and so many report periods ahead.

    Delays beyond the longest one are exponential with mean `tail_length`.

    Returns
    -------
    (horizon + 1, n_period) numbers
    """
    evidence, form = late.evidence, late.layout.form
    age = form.reports - 1 - np.arange(form.periods) + np.arange(evidence.horizon + 1)[:, None]
    past = np.maximum(age - form.delays + 1, 0) / evidence.tail_length
    return np.asarray(-np.expm1(-past))


def _with_tail(reported: FloatArray, share: FloatArray, visible: FloatArray) -> FloatArray:
    """Return the share of all names that is reported, given that of those within the longest delay.

    Parameters
    ----------
    reported : (draw, ..., n_period, n_stratum) numbers
    share : (draw,) numbers, that of the tail
    visible : (..., n_period) numbers, what of the tail is past
    """
    tail = share.reshape(-1, *(1,) * (reported.ndim - 1))
    return np.asarray(reported * (1 - tail) + tail * visible[None, ..., None])


def _undated(
    late: Late, rate: FloatArray, reported: FloatArray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, FloatArray]:
    """Return names without a date known by now, (n_stratum,), those to come, and their rate.

    They have a rate of their own in each stratum, with the scale prior, and come as dated ones do.
    """
    undated = late.reports.extra("undated").sum(axis=0)
    share = (rate * reported).sum(axis=1) / rate.sum(axis=1)
    now = rng.standard_gamma(undated, share.shape)
    whole = now / np.maximum(share, 1e-300)
    return undated, _poisson(whole * (1 - share), rng, undated.size), whole


def _poisson(mean: FloatArray, rng: np.random.Generator, cells: int) -> np.ndarray:
    # what cannot be represented is cut off, so that all cells together fit 64 bits
    largest = min(LARGEST_MEAN, _LARGEST_SUM / cells / 8)
    return np.asarray(rng.poisson(np.minimum(mean, largest)))


def _exactly_one(precision: Any) -> bool:
    return isinstance(precision, Known) and precision.value == 1
