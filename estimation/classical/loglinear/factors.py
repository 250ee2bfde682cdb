"""Fits for many lists: groups of lists that no term joins are independent, so their sums multiply.

Only the cells within each group are laid out.  Cells that are not in the fit, that of no list and
those without a count, are taken off the sums one by one.
"""

from __future__ import annotations

import numpy as np

from estimation.classical.loglinear.dense import CHUNK, joined
from estimation.classical.loglinear.lattice import subset_sums, superset_sums
from estimation.classical.loglinear.newton import Fits, FloatArray, IntArray, maximize
from estimation.classical.loglinear.terms import Model, columns_of, components_of, places_in
from estimation.errors import NotEstimableError

#: Up to so many lists may be joined by terms: their cells are laid out.
LARGEST_GROUP = 16


class _Group:
    """Lists joined by terms: the terms among them, in bits of their own."""

    def __init__(self, group: int, columns: IntArray, lists: int) -> None:
        places = places_in(group, lists)
        self.lists = len(places)
        self.terms = np.flatnonzero((columns != 0) & (columns & group == columns))
        local = [
            sum(
                1 << (self.lists - 1 - places.index(place)) for place in places_in(int(term), lists)
            )
            for term in columns[self.terms]
        ]
        self.local = np.array(local, dtype=np.int64)
        self.union = self.local[:, None] | self.local[None, :]

    def logs(self, values: FloatArray) -> FloatArray:
        """Return the sums of the values of the terms within each cell, (n_fit, 2^n)."""
        laid = np.zeros((len(values), 2**self.lists))
        laid[:, self.local] = values[:, self.terms]
        return subset_sums(laid)


class FactorEngine:
    """Expectations of fits of one model to several tables.

    Parameters
    ----------
    model : tuple of int
        Terms of two or more lists.
    lists : int
        How many lists there are.
    margins : (n_fit, n_term) numbers
        Persons on all lists of each term.
    left_out : (n_cell,) integers
        Cells that are not in the fit, as bits.
    """

    def __init__(self, model: Model, lists: int, margins: FloatArray, left_out: IntArray) -> None:
        self.columns = columns_of(model, lists)
        self.margins = margins
        self.active = margins > 0
        joined_lists = [group for group in components_of(model, lists) if group.bit_count() > 1]
        self.groups = [_Group(group, self.columns, lists) for group in joined_lists]
        alone = [
            int(term).bit_count() == 1 and not any(int(term) & group for group in joined_lists)
            for term in self.columns
        ]
        self.alone = np.flatnonzero(alone)
        sets = (~self.active).astype(np.float64)
        self.possible = [group.logs(sets) == 0 for group in self.groups]
        self.left_out = (left_out[:, None] & self.columns) == self.columns
        self.may_be = (sets @ self.left_out.T) == 0
        size = 2.0 ** (lists - np.array([int(term).bit_count() for term in self.columns]))
        self.told = bool((size > self.left_out.sum(axis=0)).all())

    def expect(self, rows: IntArray, beta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return expected counts of cells in the fit: all, of each term, of two terms together."""
        share = np.ones(beta.shape)
        odds = np.where(self.active[rows][:, self.alone], np.exp(beta[:, self.alone]), 0.0)
        share[:, self.alone] = odds / (1 + odds)
        level = beta[:, 0] + np.log1p(odds).sum(axis=1)
        blocks = []
        for group, possible in zip(self.groups, self.possible, strict=True):
            logs = np.where(possible[rows], group.logs(beta), -np.inf)
            top = logs.max(axis=1, keepdims=True)
            sums = superset_sums(np.exp(logs - top))
            level += top[:, 0] + np.log(sums[:, 0])
            sums /= sums[:, :1]
            share[:, group.terms] = sums[:, group.local]
            blocks.append(sums[:, group.union])
        total = np.exp(np.minimum(level, 700.0))
        information = share[:, :, None] * share[:, None, :]
        information[:, self.alone, self.alone] = share[:, self.alone]
        for group, block in zip(self.groups, blocks, strict=True):
            information[:, group.terms[:, None], group.terms] = block
        information *= total[:, None, None]
        expected = total[:, None] * share
        out = self._expected_out(rows, beta)
        held = self.left_out * 1.0
        expected -= out @ held
        information -= (held.T * out[:, None, :]) @ held
        return total - out.sum(axis=1), expected, information

    def _expected_out(self, rows: IntArray, beta: FloatArray) -> FloatArray:
        logs = np.minimum(beta @ self.left_out.T, 700.0)
        return np.asarray(np.where(self.may_be[rows], np.exp(logs), 0.0))

    def move(self, rows: IntArray, step: FloatArray) -> FloatArray:
        """Return the largest change of the logarithm of an expected count."""
        alone = np.where(self.active[rows][:, self.alone], step[:, self.alone], 0.0)
        up = step[:, 0] + np.maximum(alone, 0).sum(axis=1)
        down = step[:, 0] + np.minimum(alone, 0).sum(axis=1)
        for group, possible in zip(self.groups, self.possible, strict=True):
            change = np.where(possible[rows], group.logs(step), 0.0)
            up += change.max(axis=1)
            down += change.min(axis=1)
        return np.asarray(np.maximum(up, -down))

    def missing(self, beta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return expected counts of cells that are estimated: all, and of each term."""
        out = self._expected_out(np.arange(len(beta)), beta)
        return out.sum(axis=1), np.asarray(out @ (self.left_out * 1.0))

    def start(self) -> FloatArray:
        """Return independent lists that hold half of a population."""
        found = np.zeros(self.margins.shape)
        singles = np.array([int(term).bit_count() == 1 for term in self.columns])
        whole = 2.0 * self.margins[:, :1]
        share = np.clip(self.margins[:, singles] / whole, 1e-12, 0.5)
        found[:, singles] = np.log(share / (1 - share))
        found[:, 0] = np.log(whole[:, 0]) + np.log1p(-share).sum(axis=1)
        return found


def fit_factors(
    model: Model,
    lists: int,
    masks: IntArray,
    counts: FloatArray,
    left_out: IntArray,
    start: FloatArray | None = None,
) -> Fits:
    """Return fits of one model to several tables.

    Parameters
    ----------
    model : tuple of int
        Terms of two or more lists.
    lists : int
        How many lists there are.
    masks : (n_cell,) integers
        Cells with persons, as bits.
    counts : (n_fit, n_cell) numbers
        Their counts.
    left_out : (n_cell,) integers
        Cells that are not in the fit but estimated.
    start : (n_term,) numbers, optional
        Where Newton's method begins.
    """
    largest = max(group.bit_count() for group in components_of(model, lists))
    if largest > LARGEST_GROUP:
        raise NotEstimableError(
            f"terms join {largest} lists", where="formula",
            why=f"their 2^{largest} cells are too many to lay out",
            remedy=f"join at most {LARGEST_GROUP} lists by terms",
        )  # fmt: skip
    columns = columns_of(model, lists)
    margins = counts @ ((masks[:, None] & columns) == columns)
    length = max(1, CHUNK // max(2**largest, len(columns) ** 2))
    parts = []
    for first in range(0, len(counts), length):
        engine = FactorEngine(model, lists, margins[first : first + length], left_out)
        begin = engine.start() if start is None else np.broadcast_to(start, engine.margins.shape)
        found = maximize(engine, begin)
        found.identified[:] &= engine.told
        parts.append(found)
    return joined(parts)
