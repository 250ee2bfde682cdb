"""What the fields of several records say for their being one person.

Of two records, each field gives the log of how much more probable its agreement is for one person
than for two (Fellegi and Sunter).  Of several, adding up all pairs would count the same agreement
many times: three records with the same rare name are one coincidence and its repetition, two
ratios, not three.  The story is instead that one of the records has the field as it is, and the
others were made from it: each field counts the ratios of all others against the record that
explains them best.  Of two records this is their ratio; of more it is close to the ratio of a model
with an unseen true value, where adding pairs or joining likest to likest is far off.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from estimation.linkage.partitions import members

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


def joined(weights: FloatArray, filled: BoolArray) -> FloatArray:
    """Return the evidence that records are one person, over all fields.

    Parameters
    ----------
    weights : (group, field, record, record) numbers
        Log ratios of pairs, symmetric; 0 where a record lacks the field.
    filled : (group, field, record) booleans
        Whether the record has the field.

    Returns
    -------
    (group,) numbers

    References
    ----------
    .. [1] Fellegi, I. P. and Sunter, A. B. (1969). A theory for record linkage. Journal of the
       American Statistical Association 64(328), 1183-1210.
       https://doi.org/10.1080/01621459.1969.10501049
    .. [2] Steorts, R. C., Hall, R. and Fienberg, S. E. (2016). A Bayesian approach to graphical
       record linkage and deduplication. Journal of the American Statistical Association 111(516),
       1660-1672. https://doi.org/10.1080/01621459.2015.1105807
    """
    both = filled[..., :, None] & filled[..., None, :]
    others = np.where(both, weights, 0.0)
    size = weights.shape[-1]
    others[..., np.arange(size), np.arange(size)] = 0.0
    best = np.where(filled, others.sum(axis=-1), -np.inf).max(axis=-1)
    return np.asarray(np.where(filled.any(axis=-1), best, 0.0).sum(axis=1))


def subset_evidence(weights: FloatArray, filled: BoolArray) -> FloatArray:
    """Return the evidence of each subset of the records of groups, (group, 2^record).

    Parameters
    ----------
    weights, filled
        As of `joined`.
    """
    size = weights.shape[-1]
    found = np.zeros((weights.shape[0], 1 << size))
    for subset, some in enumerate(members(size)):
        if len(some) > 1:
            places = list(some)
            part = weights[:, :, places][:, :, :, places]
            found[:, subset] = joined(part, filled[:, :, places])
    return found
