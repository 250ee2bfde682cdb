"""Log-linear models of captures with a term of their number: cells enter by few sums only.

A cell is a set of lists; its mean is exp(intercept + sum of the effects of its lists + what all
cells of so many lists have in common).  Sums over the 2^J cells are elementary symmetric
polynomials of the effects, so that no dense table is made and 30 lists are no matter.
"""

from __future__ import annotations

import dataclasses
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from estimation.classical.captures.frequencies import Captures
from models.lists.patterns import Patterns

FloatArray = NDArray[np.float64]


class CaptureModel(Protocol):
    """A Poisson log-linear model of the cells that can be observed.

    The first parameter is the intercept; the cell of nobody has no other, so that its mean is
    exp(intercept).
    """

    @property
    def nonnegative(self) -> int:
        """Return how many parameters, the last ones, may not be negative."""

    @property
    def sufficient(self) -> FloatArray:
        """Return the observed sufficient statistics, (parameter,); the first is the persons."""

    @property
    def start(self) -> FloatArray:
        """Return parameters to start from, (parameter,)."""

    def moments(self, parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return means of the statistics and their information, (parameter,) and its square."""


@dataclasses.dataclass(frozen=True, eq=False)
class OccasionModel:
    """All occasions alike (M0, Mh): cells are numbers of captures.

    Parameters
    ----------
    captures : Captures
    columns : (limit, n_column) numbers
        What cells of 1, 2, ... captures have in common beside the effect of each capture.
    nonnegative : int
        How many of their coefficients, the last ones, may not be negative.
    """

    captures: Captures
    columns: FloatArray
    nonnegative: int = 0

    def _design(self) -> tuple[FloatArray, FloatArray]:
        number = np.arange(1, self.captures.limit + 1, dtype=float)
        design = np.column_stack([np.ones_like(number), number, self.columns])
        offset = -gammaln(number + 1)
        if self.captures.occasions is not None:
            limit = self.captures.limit
            offset += gammaln(limit + 1) - gammaln(limit - number + 1)
        return design, offset

    @property
    def sufficient(self) -> FloatArray:
        """Return persons, records and sums of the columns."""
        counts = self.captures.frequencies[1 : self.captures.limit + 1].astype(float)
        found: FloatArray = self._design()[0].T @ counts
        return found

    @property
    def start(self) -> FloatArray:
        """Return the parameters of alike and independent captures of twice the persons."""
        persons = 2.0 * self.captures.observed
        rate = self.captures.records / persons
        if self.captures.occasions is None:
            level, effect = np.log(persons) - rate, np.log(rate)
        else:
            chance = rate / self.captures.limit
            level = np.log(persons) + self.captures.limit * np.log1p(-chance)
            effect = np.log(chance) - np.log1p(-chance)
        return np.concatenate([[level, effect], np.zeros(self.columns.shape[1])])

    def moments(self, parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return means of the statistics and their information."""
        design, offset = self._design()
        means = np.exp(design @ parameters + offset)
        return design.T @ means, (design.T * means) @ design


@dataclasses.dataclass(frozen=True, eq=False)
class ListModel:
    """Lists of different reach (Mt, Mth): a cell is a set of lists.

    Parameters
    ----------
    patterns : Patterns
        Complete and pooled.
    columns : (n_list, n_column) numbers
        What cells of 1, 2, ... lists have in common beside the effects of the lists.
    nonnegative : int
        How many of their coefficients, the last ones, may not be negative.
    """

    patterns: Patterns
    columns: FloatArray
    nonnegative: int = 0

    @property
    def sufficient(self) -> FloatArray:
        """Return persons, list totals and sums of the columns."""
        numbers = self.patterns.captures[1:].astype(float)
        return np.concatenate(
            [[self.patterns.observed], self.patterns.list_totals, self.columns.T @ numbers]
        )

    @property
    def start(self) -> FloatArray:
        """Return the parameters of independent lists of twice the persons."""
        persons = 2.0 * self.patterns.observed
        chances = self.patterns.list_totals / persons
        level = np.log(persons) + np.log1p(-chances).sum()
        effects = np.log(chances) - np.log1p(-chances)
        return np.concatenate([[level], effects, np.zeros(self.columns.shape[1])])

    def moments(self, parameters: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return means of the statistics and their information."""
        lists = len(self.patterns.lists)
        odds = np.exp(parameters[1 : lists + 1])
        common = np.exp(parameters[0] + self.columns @ parameters[lists + 1 :])
        first, second = np.triu_indices(lists)
        # sums over all lists, over all but one, and over all but two
        whole = symmetric_sums(odds[None, :])[0]
        left = np.repeat(odds[None, :], len(first), axis=0)
        rows = np.arange(len(first))
        left[rows, first] = left[rows, second] = 0.0
        rest = symmetric_sums(left)
        same = first == second
        by_number = whole[1:] * common
        with_list = odds[:, None] * rest[same][:, :-1] * common
        pairs = np.zeros((lists, lists))
        product = odds[first] * odds[second]
        pairs[first, second] = product * (rest[:, :-2] @ common[1:])
        pairs = pairs + pairs.T
        np.fill_diagonal(pairs, with_list.sum(axis=1))

        by_column = by_number @ self.columns
        cross = with_list @ self.columns
        mean = np.concatenate([[by_number.sum()], with_list.sum(axis=1), by_column])
        information = np.block(
            [
                [np.array([[mean[0]]]), mean[None, 1:]],
                [mean[1 : lists + 1, None], pairs, cross],
                [by_column[:, None], cross.T, (self.columns.T * by_number) @ self.columns],
            ]
        )
        return mean, information


def symmetric_sums(weights: FloatArray) -> FloatArray:
    """Return elementary symmetric polynomials: sums of the products of 0, 1, ... weights.

    Parameters
    ----------
    weights : (row, n) numbers

    Returns
    -------
    (row, n + 1) numbers
    """
    rows, lists = weights.shape
    found = np.zeros((rows, lists + 1))
    found[:, 0] = 1.0
    for place in range(lists):
        found[:, 1:] += weights[:, place, None] * found[:, :-1]
    return found
