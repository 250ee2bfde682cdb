"""Whether a model has an estimate: does the maximum exist, do the counts determine the total.

A term on whose lists together nobody is has the extended estimate minus infinity; its cells drop
out.  On the cells that stay, a linear program tells whether there is a maximum [1]_ and the row
space of the design whether the cell of no list is determined [2]_.  Fits notice both on their way;
this is the exact answer.

References
----------
.. [1] Fienberg, S. E. and Rinaldo, A. (2012). Maximum likelihood estimation in log-linear models.
   Annals of Statistics 40(2), 996-1023. https://doi.org/10.1214/12-AOS986
.. [2] Chan, L., Silverman, B. W. and Vincent, K. (2021). Multiple systems estimation for sparse
   capture data: inferential challenges when there are nonoverlapping lists. Journal of the American
   Statistical Association 116(535), 1297-1306. https://doi.org/10.1080/01621459.2019.1708748
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.optimize import linprog

from estimation.classical.loglinear.newton import BoolArray, FloatArray
from estimation.classical.loglinear.table import Table
from estimation.classical.loglinear.terms import Model, columns_of

#: Up to so many lists the linear program is solved.
EXACT_LISTS = 10


@dataclasses.dataclass(frozen=True)
class Existence:
    """What a table says of a model.

    Parameters
    ----------
    no_maximum : bool
        Whether the likelihood has no (extended) maximum.
    not_identified : bool
        Whether the counts leave open how many persons are missing.
    forbidden : tuple of int
        Terms whose estimate is minus infinity.
    """

    no_maximum: bool
    not_identified: bool
    forbidden: tuple[int, ...]

    @property
    def status(self) -> int:
        """Return 0 if all is fine, 1 without a maximum, 2 if not identified, 3 with both."""
        return int(self.no_maximum) + 2 * int(self.not_identified)


def existence(table: Table, model: Model) -> Existence:
    """Return whether a model has an estimate of the total.

    Parameters
    ----------
    table : Table
        Counts, of up to ten lists.
    model : tuple of int
        Terms of two or more lists.
    """
    columns = columns_of(model, table.lists)
    cells = np.arange(2**table.lists)
    design = ((cells[:, None] & columns) == columns).astype(float)
    counts = np.zeros(len(cells))
    counts[table.masks] = table.counts
    seen = table.seen()
    untold = design[seen].sum(axis=0) == 0
    forbidden = (counts @ design == 0) & ~untold
    possible = ~(design[:, forbidden] > 0).any(axis=1)
    design = design[:, ~forbidden]
    inside, asked = seen & possible, ~seen & possible
    return Existence(
        no_maximum=not _has_maximum(design[inside], counts[inside]),
        not_identified=not _spanned(design[inside], design[asked]),
        forbidden=tuple(int(term) for term in columns[forbidden]),
    )


def _has_maximum(design: FloatArray, counts: FloatArray) -> bool:
    """Return whether no direction lowers empty cells and leaves the others as they are."""
    held = counts > 0
    if np.linalg.matrix_rank(design[held]) == np.linalg.matrix_rank(design):
        return True
    empty = design[~held]
    found = linprog(
        empty.sum(axis=0), A_ub=np.concatenate([empty, -empty]),
        b_ub=np.concatenate([np.zeros(len(empty)), np.ones(len(empty))]),
        A_eq=design[held], b_eq=np.zeros(int(held.sum())), bounds=(None, None), method="highs",
    )  # fmt: skip
    return bool(found.fun is not None and found.fun > -1e-6)


def _spanned(design: FloatArray, asked: FloatArray) -> bool:
    """Return whether the logarithms of the cells asked for follow from those of the others."""
    weights = np.linalg.lstsq(design.T, asked.T, rcond=None)[0]
    left: BoolArray = np.abs(design.T @ weights - asked.T) > 1e-8
    return not left.any()
