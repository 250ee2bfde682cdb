"""Fits on the table of all cells, each fit with its own model and its own counts: few lists."""

from __future__ import annotations

import numpy as np

from estimation.classical.loglinear.lattice import subset_sums, superset_sums
from estimation.classical.loglinear.newton import (
    BoolArray,
    Fits,
    FloatArray,
    IntArray,
    maximize,
)

#: Up to so many lists all cells are laid out.
DENSE_LISTS = 8

#: Numbers in one array; larger sets of fits are cut.
CHUNK = 1_500_000


class DenseEngine:
    """Expectations of fits with equally many terms.

    Parameters
    ----------
    columns : (n_fit, n_term) or (1, n_term) integers
        Terms of each fit, as bits; the first is the intercept.
    counts : (n_fit, 2^n_list) or (1, 2^n_list) numbers
        Counts of all cells, 0 where there is none.
    seen : (2^n_list,) booleans
        Cells that are in the fit; the others are estimated.
    """

    def __init__(self, columns: IntArray, counts: FloatArray, seen: BoolArray) -> None:
        fits = max(len(columns), len(counts))
        self.columns = np.broadcast_to(columns, (fits, columns.shape[1]))
        self.counts = np.broadcast_to(counts, (fits, counts.shape[1]))
        self.seen = seen
        union = columns[:, :, None] | columns[:, None, :]
        self.union = union.reshape(len(columns), -1)
        self.margins = self._at_terms(superset_sums(np.where(seen, self.counts, 0.0)))
        self.active = self.margins > 0
        sets = self._scatter((~self.active).astype(np.float64))
        possible = subset_sums(sets) == 0
        self.allowed = possible & seen
        self.estimated = possible & ~seen
        # a term within no cell of the fit is not known to be minus infinity: nothing is known of it
        untold = superset_sums(seen.astype(np.float64)) == 0
        self.told = ~untold[self.columns].any(axis=1)

    def _at_terms(self, sums: FloatArray, rows: IntArray | None = None) -> FloatArray:
        columns = self.columns if rows is None else self.columns[rows]
        return np.take_along_axis(sums, columns, axis=1)

    def _scatter(self, values: FloatArray, rows: IntArray | None = None) -> FloatArray:
        columns = self.columns if rows is None else self.columns[rows]
        found = np.zeros((len(values), self.seen.size))
        np.put_along_axis(found, columns, values, axis=1)
        return found

    def expect(self, rows: IntArray, beta: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return expected counts of cells in the fit: all, of each term, of two terms together."""
        logs = subset_sums(self._scatter(beta, rows))
        sums = superset_sums(np.where(self.allowed[rows], np.exp(np.minimum(logs, 700.0)), 0.0))
        terms = beta.shape[1]
        if len(self.union) == 1:
            information = sums[:, self.union[0]]
        else:
            information = np.take_along_axis(sums, self.union[rows], axis=1)
        return sums[:, 0], self._at_terms(sums, rows), information.reshape(-1, terms, terms)

    def move(self, rows: IntArray, step: FloatArray) -> FloatArray:
        """Return the largest change of the logarithm of an expected count."""
        change = np.abs(subset_sums(self._scatter(step, rows)))
        return np.asarray(np.where(self.allowed[rows], change, 0.0).max(axis=1))

    def missing(self, beta: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return expected counts of cells that are estimated: all, and of each term."""
        logs = np.minimum(subset_sums(self._scatter(beta)), 700.0)
        sums = superset_sums(np.where(self.estimated, np.exp(logs), 0.0))
        return sums[:, 0], self._at_terms(sums)

    def start(self) -> FloatArray:
        """Return the weighted least squares of the logarithms of the counts, each a half higher."""
        weight = np.where(self.allowed, self.counts + 0.5, 0.0)
        response = superset_sums(weight * np.log(self.counts + 0.5))
        weights = superset_sums(weight)
        union = np.broadcast_to(self.union, (len(weights), self.union.shape[1]))
        terms = self.columns.shape[1]
        matrix = np.take_along_axis(weights, union, axis=1).reshape(-1, terms, terms)
        diagonal = np.arange(terms)
        matrix[:, diagonal, diagonal] += np.where(self.active, 1e-6, 1.0)
        right = np.where(self.active, self._at_terms(response), 0.0)
        return np.asarray(np.linalg.solve(matrix, right[:, :, None])[:, :, 0])


def fit_dense(
    columns: IntArray, counts: FloatArray, seen: BoolArray, start: FloatArray | None = None
) -> Fits:
    """Return fits of models with equally many terms.

    Parameters
    ----------
    columns : (n_fit, n_term) or (1, n_term) integers
        Terms of each fit, as bits; the first is the intercept.
    counts : (n_fit, 2^n_list) or (1, 2^n_list) numbers
        Counts of all cells.
    seen : (2^n_list,) booleans
        Cells that are in the fit; the others are estimated.
    start : (n_term,) numbers, optional
        Where Newton's method begins in all fits.
    """
    fits, terms = max(len(columns), len(counts)), columns.shape[1]
    length = max(1, CHUNK // max(counts.shape[1], terms * terms))
    parts = []
    for first in range(0, fits, length):
        part = slice(first, first + length)
        engine = DenseEngine(
            columns if len(columns) == 1 else columns[part],
            counts if len(counts) == 1 else counts[part],
            seen,
        )
        begin = engine.start() if start is None else np.broadcast_to(start, engine.margins.shape)
        found = maximize(engine, begin)
        found.identified[:] &= engine.told
        parts.append(found)
    return joined(parts)


def joined(parts: list[Fits]) -> Fits:
    """Return fits of the same number of terms one after the other."""
    names = ("beta", "active", "missing", "error", "gain", "exists", "identified")
    return Fits(**{name: np.concatenate([getattr(part, name) for part in parts]) for name in names})
