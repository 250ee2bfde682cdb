"""The table that is fitted, and the choice of the way to fit it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np
from scipy.special import gammaln

from estimation.classical.loglinear.dense import DENSE_LISTS, fit_dense
from estimation.classical.loglinear.factors import fit_factors
from estimation.classical.loglinear.newton import BoolArray, Fits, FloatArray, IntArray
from estimation.classical.loglinear.terms import Model, columns_of, places_in
from estimation.classical.loglinear.threads import one_thread
from models.lists.links import check_links
from models.lists.patterns import Patterns


@dataclasses.dataclass(frozen=True, eq=False)
class Outcomes:
    """What came of the fits of many models, in their order; see `Fits`."""

    models: list[Model]
    missing: FloatArray
    gain: FloatArray
    exists: BoolArray
    identified: BoolArray

    @property
    def fine(self) -> BoolArray:
        """Return which models have an estimate of the total, (n_model,)."""
        return self.exists & self.identified & np.isfinite(self.missing)

    def put(self, places: IntArray, fits: Fits) -> None:
        """Set the outcomes of some models."""
        for name in ("missing", "gain", "exists", "identified"):
            getattr(self, name)[places] = getattr(fits, name)

    def added(self, other: Outcomes) -> Outcomes:
        """Return these and other outcomes."""
        names = ("missing", "gain", "exists", "identified")
        both = {name: np.concatenate([getattr(self, name), getattr(other, name)]) for name in names}
        return Outcomes(models=[*self.models, *other.models], **both)


@dataclasses.dataclass(frozen=True, eq=False)
class Table:
    """Counts of cells, without strata and without lists on which is nobody.

    Parameters
    ----------
    names : tuple of str
        Lists.
    masks : (n_cell,) integers
        Cells with persons, as bits.
    counts : (n_cell,) numbers, persons
        Their counts.
    unknown : (n_unknown,) integers
        Cells without a count, as bits: they are estimated.
    most : (n_unknown,) numbers, persons
        The bound of a cell that has one, else infinity.
    notes : tuple of str
        What was done to the table.
    """

    names: tuple[str, ...]
    masks: IntArray
    counts: FloatArray
    unknown: IntArray
    most: FloatArray
    notes: tuple[str, ...] = ()

    @property
    def lists(self) -> int:
        """Return the number of lists."""
        return len(self.names)

    @property
    def observed(self) -> int:
        """Return the number of persons with known lists."""
        return int(self.counts.sum())

    @property
    def dense(self) -> bool:
        """Return whether all cells are laid out."""
        return self.lists <= DENSE_LISTS

    def seen(self, *, nobody: bool = False) -> BoolArray:
        """Return which of all cells are in the fit, (2^n_list,)."""
        found = np.ones(2**self.lists, dtype=bool)
        found[0] = nobody
        found[self.unknown] = False
        return found

    def log_likelihood(self, gain: FloatArray) -> FloatArray:
        """Return log-likelihoods of Poisson counts, with the factorials of the counts."""
        return gain - float(gammaln(self.counts + 1).sum())

    @one_thread()
    def fit(self, models: Sequence[Model], near: Model | None = None) -> Outcomes:
        """Return one fit a model, those of equally many terms computed together.

        Parameters
        ----------
        models : sequence of tuple of int
            Terms of two or more lists.
        near : tuple of int, optional
            A model near to all, from whose fit those for many lists start.
        """
        found = Outcomes(
            models=list(models), missing=np.zeros(len(models)), gain=np.zeros(len(models)),
            exists=np.zeros(len(models), dtype=bool), identified=np.zeros(len(models), dtype=bool),
        )  # fmt: skip
        if not self.dense:
            known = {} if near is None else self._parameters(near)
            for place, model in enumerate(models):
                terms = columns_of(model, self.lists).tolist()
                start = np.array([known.get(term, 0.0) for term in terms]) if known else None
                found.put(np.array([place]), self.refit(model, self.counts[None], start=start))
            return found
        laid = self._laid(self.counts[None])
        sizes = np.array([len(model) for model in models])
        for size in np.unique(sizes):
            places = np.flatnonzero(sizes == size)
            terms = np.array([models[int(place)] for place in places], dtype=np.int64)
            plain = np.broadcast_to(columns_of((), self.lists), (len(places), 1 + self.lists))
            columns = np.concatenate([plain, terms.reshape(len(places), size)], axis=1)
            found.put(places, fit_dense(columns, laid, self.seen()))
        return found

    def refit(
        self,
        model: Model,
        counts: FloatArray,
        *,
        nobody: FloatArray | None = None,
        start: FloatArray | None = None,
    ) -> Fits:
        """Return fits of one model to other counts of the same cells.

        Parameters
        ----------
        model : tuple of int
            Terms of two or more lists.
        counts : (n_fit, n_cell) numbers
            Counts of the cells of `masks`.
        nobody : (n_fit,) numbers, optional
            Persons on no list, if they are taken as known.
        start : (n_term,) numbers, optional
            Where Newton's method begins.
        """
        if self.dense:
            laid = self._laid(counts)
            if nobody is not None:
                laid[:, 0] = nobody
            columns = columns_of(model, self.lists)[None]
            return fit_dense(columns, laid, self.seen(nobody=nobody is not None), start)
        if nobody is None:
            left_out = np.concatenate([[0], self.unknown])
            return fit_factors(model, self.lists, self.masks, counts, left_out, start)
        masks = np.concatenate([[0], self.masks])
        every = np.column_stack([nobody, counts])
        return fit_factors(model, self.lists, masks, every, self.unknown, start)

    def _parameters(self, model: Model) -> dict[int, float]:
        beta = self.refit(model, self.counts[None]).beta[0]
        return dict(zip(columns_of(model, self.lists).tolist(), beta.tolist(), strict=True))

    def _laid(self, counts: FloatArray) -> FloatArray:
        found = np.zeros((len(counts), 2**self.lists))
        found[:, self.masks] = counts
        return found


def table_of(patterns: Patterns) -> Table:
    """Return the table that is fitted.

    Raises
    ------
    NotEstimableError
        If there are not two lists with persons on both.
    """
    notes = []
    given = patterns.pooled()
    if patterns.strata:
        notes.append("Strata are taken together: that the chance to be on a list does not differ "
                     "between them is assumed.")  # fmt: skip
    marked = given.on[~given.counted].any(axis=0)
    empty = [
        name for name, persons, other in zip(given.lists, given.list_totals, marked, strict=True)
        if persons == 0 and not other
    ]  # fmt: skip
    if empty and len(empty) < len(given.lists):
        given = given.leave_out(empty)
        notes.append(f"Nobody is on {', '.join(empty)}: left out, it says nothing of the others.")
    notes += check_links(given)
    bits = 1 << np.arange(len(given.lists), dtype=np.int64)[::-1]
    masks = given.on @ bits
    known = given.counted
    most = np.where(given.is_bound, given.counts, np.inf)[~known]
    return Table(given.lists, masks[known], given.counts[known].astype(float), masks[~known], most,
                 tuple(notes))  # fmt: skip


def labels(table: Table, masks: IntArray) -> list[str]:
    """Return cells in words."""
    return [
        "+".join(table.names[place] for place in places_in(int(mask), table.lists))
        for mask in masks
    ]  # fmt: skip
