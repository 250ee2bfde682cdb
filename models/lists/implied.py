"""The belief on coverage that classes imply before any person is seen."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from models.beliefs.base import Belief, FloatArray

if TYPE_CHECKING:
    from models.lists.lists import Lists

#: Draws by which the belief is known: it is shown, and nothing is estimated with it.
_DRAWS = 20_000


class Implied(Belief):
    """What the priors of classes and captures say of the share of deaths on any list.

    It has no numbers of its own: it follows from the fields of the lists.

    Parameters
    ----------
    lists : Lists
        The evidence whose priors imply it.
    """

    kind: ClassVar[str] = "classes"

    def __init__(self, lists: Lists) -> None:
        super().__init__(reason="implied by the priors of classes and captures")
        object.__setattr__(self, "_lists", lists)

    @functools.cached_property
    def _sample(self) -> FloatArray:
        from models.lists.simulation import implied_coverage

        return np.sort(implied_coverage(self.__dict__["_lists"], np.random.default_rng(0), _DRAWS))

    def quantile(self, probability: ArrayLike) -> FloatArray:
        """Return the values below which the given probabilities lie, same shape."""
        return np.asarray(np.quantile(self._sample, np.asarray(probability, dtype=float)))

    def content(self) -> dict[str, Any]:
        """Return the kind."""
        return {"kind": self.kind}
