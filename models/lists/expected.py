"""What classes imply, as functions of the unknowns, with NumPy, for many draws.

Given the persons on any list, a pattern x of a stratum has probability p[x] / (1 - p[0]), with
p[x] = sum over classes of weight * product over lists.  The level is the log rate of *listed*
persons, which their number determines whatever the classes; deaths are that over coverage.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import logsumexp

from models.beliefs.base import FloatArray
from models.lists.form import SCALE, UNIFORM

if TYPE_CHECKING:
    from models.overlapping import Overlapping

#: Draws taken at once: patterns x classes x draws must fit into memory.
_AT_ONCE = 250


@dataclasses.dataclass(frozen=True, eq=False)
class Classes:
    """Classes and lists, for many draws.

    Parameters
    ----------
    log_weight : (draw, n_stratum, n_class) numbers
        Logs of the shares of deaths in each class.
    capture : (draw, n_class, n_list) numbers
        Log odds to be on each list, of an average stratum.
    reach : (draw, n_stratum, n_list) numbers
        What a stratum adds to these log odds.
    """

    log_weight: FloatArray
    capture: FloatArray
    reach: FloatArray

    @property
    def log_none_of_class(self) -> FloatArray:
        """Return logs of the probability to be on no list, (draw, n_stratum, n_class)."""
        odds = self.capture[:, None] + self.reach[:, :, None]
        return np.asarray(-np.logaddexp(0.0, odds).sum(axis=3))

    @property
    def log_missed(self) -> FloatArray:
        """Return logs of weight * probability to be on no list, (draw, n_stratum, n_class)."""
        return np.asarray(self.log_weight + self.log_none_of_class)


def chunks(draws: int) -> Iterator[slice]:
    """Return slices of draws that fit into memory."""
    return (slice(start, min(start + _AT_ONCE, draws)) for start in range(0, draws, _AT_ONCE))


def scale_of(overlapping: Overlapping, block: str, latent: FloatArray) -> FloatArray:
    """Return the scale that multiplies a block, (draw, 1)."""
    name = f"{SCALE}{block}"
    blocks = overlapping.form.blocks
    return np.asarray(overlapping.priors[name] * np.exp(np.sinh(latent[:, blocks[name]])))


def classes_of(overlapping: Overlapping, latent: FloatArray) -> Classes:
    """Return weights and captures of all classes."""
    form, draws = overlapping.form, latent.shape[0]

    def block(name: str, *shape: int) -> FloatArray:
        return latent[:, form.blocks[name]].reshape(draws, *shape)

    def scaled(name: str, *shape: int) -> FloatArray:
        scale = scale_of(overlapping, name, latent)
        return (scale * latent[:, form.blocks[name]]).reshape(draws, *shape)

    spread = overlapping.priors["concentration"]
    concentration = np.exp(spread * block("concentration", 1))
    if form.classes > 1:
        stick = block("stick", 1, form.classes - 1)
        if form.strata > 1:
            stick = stick + scaled("stick_stratum", form.strata, form.classes - 1)
        # 1 - V = U^(1 / concentration), U uniform: its log is -softplus(stick) / concentration
        kept = np.logaddexp(0.0, stick) / concentration[:, :, None]
        left = -np.pad(np.cumsum(kept, axis=2), ((0, 0), (0, 0), (1, 0)))
        with np.errstate(divide="ignore"):
            taken = np.pad(np.log(-np.expm1(-kept)), ((0, 0), (0, 0), (0, 1)))
        log_weight = left + taken
    else:
        log_weight = np.zeros((draws, 1, 1))
    log_weight = np.broadcast_to(log_weight, (draws, form.strata, form.classes))
    if form.captures == UNIFORM:
        capture = block("capture", form.classes, form.lists)
    else:
        capture = (
            overlapping.center(block("center", 1, 1)) + scaled("list", 1, form.lists)
            + scaled("class", form.classes, 1) + scaled("deviation", form.classes, form.lists)
        )  # fmt: skip
    reach = np.zeros((draws, form.strata, form.lists))
    if form.strata > 1:
        reach = scaled("list_stratum", form.strata, form.lists)
    return Classes(log_weight, capture, reach)


def log_patterns(classes: Classes, on: np.ndarray) -> FloatArray:
    """Return logs of p[x], (draw, n_pattern, n_stratum).

    Parameters
    ----------
    classes : Classes
    on : (n_pattern, n_list) booleans
    """
    found = []
    on = on.astype(float)
    for part in chunks(classes.capture.shape[0]):
        some = Classes(classes.log_weight[part], classes.capture[part], classes.reach[part])
        inside = np.einsum("pj,dkj->dpk", on, some.capture)
        each = inside[:, :, None, :] + some.log_missed[:, None]
        shift = np.einsum("pj,dsj->dps", on, some.reach)
        found.append(logsumexp(each, axis=3) + shift)
    return np.concatenate(found)


def log_none(classes: Classes) -> FloatArray:
    """Return logs of p[0], (draw, n_stratum)."""
    return np.asarray(logsumexp(classes.log_missed, axis=2))


def log_seen(classes: Classes) -> FloatArray:
    """Return logs of 1 - p[0], (draw, n_stratum), exact where p[0] is near 1 too."""
    with np.errstate(divide="ignore"):
        each = classes.log_weight + np.log(-np.expm1(classes.log_none_of_class))
    return np.asarray(logsumexp(each, axis=2))


def log_odds_missed(classes: Classes, dependence: float) -> FloatArray:
    """Return log odds of a death to be on no list, (draw, n_stratum)."""
    return np.asarray(log_none(classes) - log_seen(classes) + np.log(dependence))


def log_listed(overlapping: Overlapping, latent: FloatArray) -> FloatArray:
    """Return log rates of listed persons, (draw, n_stratum)."""
    center, spread = overlapping.level_center
    return np.asarray(center + spread * latent[:, overlapping.form.blocks["level"]])


def log_coverage(log_listed: FloatArray, missed: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return log rates of deaths by stratum, (draw, n_stratum), and log odds of coverage, (draw,).

    Parameters
    ----------
    log_listed : (draw, n_stratum) numbers
    missed : (draw, n_stratum) numbers
        Log odds to be on no list.
    """
    deaths = log_listed + np.logaddexp(0.0, missed)
    odds = logsumexp(log_listed, axis=1) - logsumexp(log_listed + missed, axis=1)
    return deaths, odds
