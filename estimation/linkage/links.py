"""All records that may be one person, with the probability of each way to part them."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
from numpy.typing import NDArray

from estimation.linkage.odds import expected_links
from estimation.linkage.posterior import Groups
from estimation.linkage.review import Judged

IntArray = NDArray[np.int64]
FloatArray = NDArray[np.float64]


@dataclasses.dataclass(frozen=True, eq=False)
class Links:
    """Groups of records, and what is believed of who is one person.

    Parameters
    ----------
    groups : tuple of Groups
    certain : tuple of integer arrays
        Records that are one person for sure, each array a person.
    odds : (list, list) numbers
        Log odds that two random records of two lists are one person, by the model.
    sizes : (list,) integers
        Records.
    cut : float
        Expected links that were cut to keep groups small.
    unkept : int
        Pairs that were judged to be two persons, among records that are one for sure.
    """

    groups: tuple[Groups, ...]
    certain: tuple[IntArray, ...]
    odds: FloatArray
    sizes: IntArray
    cut: float
    unkept: int = 0

    def odds_at(self, shift: float, slope: float) -> FloatArray:
        """Return the log odds of links between lists, where the evidence is trusted so far.

        Parameters
        ----------
        shift, slope : float
            The odds of a pair are exp(shift) times the odds by the model to the power of slope.
        """
        return np.where(np.isfinite(self.odds), slope * self.odds + shift, -np.inf)

    @functools.cached_property
    def told(self) -> FloatArray:
        """Return what the links tell of their own number: that of clear ones, (list, list)."""
        return expected_links(self.groups, self.odds, len(self.sizes), power=2)

    def draw(self, shift: float, slope: float, generator: np.random.Generator) -> list[IntArray]:
        """Return a partition of each group, by size.

        Parameters
        ----------
        shift, slope : float
            As of `odds_at`.
        generator : numpy.random.Generator
        """
        # how many links there are is known no better than by the clear ones
        told = self.told + 0.5
        noise = np.log(generator.gamma(told) / told)
        noise = np.triu(noise) + np.triu(noise, 1).T
        odds = self.odds_at(shift, slope) + noise
        found = []
        for one in self.groups:
            edges = np.cumsum(one.probabilities(odds, slope), axis=1)
            point = generator.random(len(edges))[:, None] * edges[:, -1:]
            found.append((edges < point).sum(axis=1))
        return found

    def together(self, shift: float, slope: float) -> list[FloatArray]:
        """Return the probabilities of units to be one person, by size, (group, size, size)."""
        odds = self.odds_at(shift, slope)
        return [one.together(odds, slope) for one in self.groups]

    def likeliest(self, shift: float, slope: float) -> list[IntArray]:
        """Return the likeliest partition of each group, by size."""
        odds = self.odds_at(shift, slope)
        return [one.log_weights(odds, slope).argmax(axis=1) for one in self.groups]

    def judged(self, judged: Judged) -> Links:
        """Return links in which judged pairs are kept as they were judged."""
        groups = tuple(one.forced(judged.left, judged.right, judged.same) for one in self.groups)
        return dataclasses.replace(self, groups=groups)

    def judged_odds(self, judged: Judged) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Return the log odds of judged pairs to be links, before they were judged.

        Pairs in no group are left out: nobody doubts them.
        """
        found, same = [np.zeros(0)], [np.zeros(0, dtype=bool)]
        for one in self.groups:
            group, left, right, row = one.locate(judged.left, judged.right)
            if not len(row):
                continue
            rows, at = np.unique(group, return_inverse=True)
            free = dataclasses.replace(one.take(rows), fixed=None)
            chance = np.clip(free.together(self.odds)[at, left, right], 1e-9, 1 - 1e-9)
            found.append(np.log(chance / (1 - chance)))
            same.append(judged.same[row])
        return np.concatenate(found), np.concatenate(same)
