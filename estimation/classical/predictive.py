"""Whole persons with given means, variances and correlations: what two moments say of a nowcast."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from estimation.classical.staircase import FloatArray

#: A variance this little above the mean is that of a Poisson; a share of the mean.
_BARELY = 1e-9


def joint_counts(
    means: FloatArray, covariance: FloatArray, draws: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Return draws of correlated counts.

    Each count is negative binomial with its mean and variance; it is Poisson where the variance is
    smaller than the mean, since persons are whole. Draws are put in the order of correlated normal
    ones [1]_, so that sums have about the variance that the covariances say.

    Parameters
    ----------
    means : (n,) numbers, 0 or more
    covariance : (n, n) numbers
        Positive semidefinite.
    draws : int
    generator : numpy.random.Generator

    Returns
    -------
    (draw, n) integers

    References
    ----------
    .. [1] Iman, R. L. and Conover, W. J. (1982). A distribution-free approach to inducing rank
       correlation among input variables. Communications in Statistics - Simulation and Computation
       11(3), 311-334. https://doi.org/10.1080/03610918208812265
    """
    found = np.zeros((draws, len(means)), dtype=np.int64)
    places = np.flatnonzero(means > 0)
    if places.size == 0:
        return found
    mean, spread = means[places], covariance[np.ix_(places, places)]
    variance = np.maximum(np.diagonal(spread), mean)
    extra = variance - mean
    clustered = extra > _BARELY * mean
    # a place is a row while there is sorting to do
    rates = generator.gamma(
        np.where(clustered, mean**2 / np.where(clustered, extra, 1.0), 1.0)[:, None],
        np.where(clustered, extra / mean, 0.0)[:, None],
        (places.size, draws),
    )
    rates[~clustered] = mean[~clustered, None]
    counts = np.sort(generator.poisson(rates), axis=1)
    correlation = spread / np.sqrt(np.outer(variance, variance))
    correlation[np.diag_indices(places.size)] = 1 + _BARELY  # rounding may leave it singular
    normal = np.linalg.cholesky(correlation) @ generator.standard_normal(counts.shape)
    ordered = np.empty_like(counts)
    np.put_along_axis(ordered, normal.argsort(axis=1), counts, axis=1)
    found[:, places] = ordered.T
    return found
