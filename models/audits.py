"""Audits of places: of deaths that are known there, how many are on the list."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from models.beliefs.base import FloatArray
from models.checks import sequence_of_whole, text
from models.declare import Assumption, Parameter
from models.errors import InvalidValueError
from models.register import check_provenance, checked_scale
from models.spans import Day, check_order, read_day, span_weights


@dataclasses.dataclass(frozen=True)
class Audits:
    """Deaths looked up in some places, such as all graves of a cemetery, and found on the list.

    Model: found[place] ~ Binomial(checked[place], coverage[place]); log odds of coverage[place] ~
    Normal(log odds of coverage of all deaths of the span + bias, s^2); s ~ HalfNormal(spread),
    bias ~ Normal(0, bias^2).

    Parameters
    ----------
    found : (n_place,) whole numbers
        Checked deaths that are on the list.
    checked : (n_place,) whole numbers, 1 or more
        Deaths that were looked up, whether on the list or not.
    places : (n_place,) str
        Names of the places; numbered if none are given.
    spread : float
        Scale of the half-normal prior of the standard deviation, between places, of log odds.
    bias : float
        Standard deviation of the normal prior of the difference in log odds between the places that
        were audited and all.
    begin, end : datetime.date, optional
        First day of the deaths that were looked up, and the day *after* the last one; open by
        default.
    source : str
        Who made the audits. One source may serve one evidence only.
    derived_from : tuple of str
        Sources from which they were made.
    scope : str
        Whose deaths were looked up.

    Raises
    ------
    InvalidValueError
        If more are found than checked, nothing was checked, or a part is of the wrong kind.
    """

    found: tuple[int, ...]
    checked: tuple[int, ...]
    places: tuple[str, ...] = ()
    spread: float = 0.5
    bias: float = 0.2
    begin: Day = None
    end: Day = None
    source: str = ""
    derived_from: tuple[str, ...] = ()
    scope: str = ""
    kind: ClassVar[str] = "audits"
    data_field: ClassVar[str] = "found"

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "found", sequence_of_whole(self.found, "found"))
        put(self, "checked", sequence_of_whole(self.checked, "checked", low=1))
        if len(self.found) != len(self.checked):
            raise InvalidValueError(
                f"{len(self.found)} places found, {len(self.checked)} places checked",
                where="found, checked", remedy="give both numbers for each place",
            )  # fmt: skip
        put(self, "places", self._names())
        for place, hits, trials in zip(self.places, self.found, self.checked, strict=True):
            if hits > trials:
                raise InvalidValueError(
                    f"found {hits} of {trials} checked", where=f"place {place}",
                    why="found deaths are among those that were checked",
                )  # fmt: skip
        for name in ("spread", "bias"):
            put(self, name, checked_scale(getattr(self, name), name))
        for name in ("begin", "end"):
            read_day(getattr(self, name), name)
        check_order(self.begin, self.end, "begin, end")
        check_provenance(self)

    def _names(self) -> tuple[str, ...]:
        given: object = self.places
        if not isinstance(given, (list, tuple)):
            raise InvalidValueError(f"must be a list of names, not {given!r}", where="places")
        names = tuple(text(name, "places") for name in given)
        names = names or tuple(str(place + 1) for place in range(len(self.found)))
        if len(names) != len(self.found):
            raise InvalidValueError(
                f"{len(names)} names for {len(self.found)} places", where="places"
            )  # fmt: skip
        if len(set(names)) < len(names):
            repeated = next(name for name in names if names.count(name) > 1)
            raise InvalidValueError(
                f"{repeated!r} is given twice", where="places",
                why="deaths looked up twice would count as two audits",
            )  # fmt: skip
        return names

    # -- what a model takes ---------------------------------------------------------------------

    def weights(
        self, periods: tuple[datetime.date, ...], step: str = "",
        known_to: datetime.date | None = None,
    ) -> NDArray[np.float64]:  # fmt: skip
        """Return which periods the audits are of, (1, n_period) zeros and ones.

        Without periods the span must be open: (1, 1) ones.

        Parameters
        ----------
        periods, step, known_to
            See `models.spans.span_weights`.

        Raises
        ------
        InvalidValueError
            See `models.spans.span_weights`.
        """
        return span_weights(
            (self.begin,), (self.end,), periods, step, where="audits", known_to=known_to
        )

    # -- declaration ----------------------------------------------------------------------------

    def parameters(self) -> tuple[Parameter, ...]:
        """Return the unknowns that the audits bring."""
        return (
            Parameter(
                "spread", "standard deviation, between places, of log odds of coverage", "1",
                "positive", f"half-normal, scale {self.spread:g}",
                "places whose dead are looked for differ", self.source,
            ),
            Parameter(
                "bias", "log odds of coverage in audited places less those in all", "1", "real",
                f"normal, 0 +- {self.bias:g}",
                "places are audited where somebody can and wants to look", self.source,
            ),
            Parameter(
                "place", "log odds of coverage in a place", "1", "real",
                "normal around those of all deaths and the bias, with the spread",
                dims=("place",),
            ),
        )  # fmt: skip

    def assumptions(self) -> tuple[Assumption, ...]:
        """Return what must hold for the audits."""
        found: list[Assumption] = [
            Assumption(
                "deaths were looked up whether or not they were on the list", "too low",
                "where graves were found by way of the list, coverage seems higher than it is",
            ),
            Assumption(
                "a name that was not found is not on the list", "too high",
                "names spelled in another way are counted as missing",
            ),
            Assumption(
                "audited places are like others, but for a bias of log odds of a few times "
                f"{self.bias:g}", "either",
                "volunteers audit where they also collect: coverage is higher there, and the total "
                "too low",
            ),
            Assumption(
                "coverage of all deaths is that of a place in the middle of the audited ones",
                "either", "where places differ much, the mean of their coverages is nearer to half",
            ),
            Assumption(
                "the list was read at its date in the model", "too high",
                "names that came later were not found then",
            ),
            Assumption(
                "the dead of the scope are buried where one can look", "too low",
                "the missing and those left in the field are in no cemetery",
            ),
        ]  # fmt: skip
        if len(self.found) == 1:
            found.append(
                Assumption(
                    "places differ as much as the prior of the spread says", "either",
                    "one place tells nothing of how places differ",
                )
            )  # fmt: skip
        return tuple(found)

    def content(self) -> dict[str, Any]:
        """Return the numbers that define the evidence (no labels, reasons)."""
        bounds = (self.begin, self.end)
        return {
            "kind": self.kind, "found": list(self.found), "checked": list(self.checked),
            "spread": self.spread, "bias": self.bias,
            "span": [None if day is None else day.toordinal() for day in bounds],
        }  # fmt: skip

    def structure(self) -> tuple[Any, ...]:
        """Return what fixes the form of the graph, numbers aside."""
        return (self.kind, len(self.found))

    # -- the NumPy face -------------------------------------------------------------------------

    def log_likelihood(self, log_odds: ArrayLike) -> FloatArray:
        """Return the log probability of each place, (draw, n_place).

        Parameters
        ----------
        log_odds : (draw, n_place) numbers
            Log odds of a death in the place to be on the list.
        """
        from scipy.special import gammaln, log_expit

        log_odds = np.asarray(log_odds, float)
        hits, trials = np.array(self.found, float), np.array(self.checked, float)
        ways = gammaln(trials + 1) - gammaln(hits + 1) - gammaln(trials - hits + 1)
        return np.asarray(
            ways + hits * log_expit(log_odds) + (trials - hits) * log_expit(-log_odds)
        )

    def simulate(self, log_odds: ArrayLike, rng: np.random.Generator) -> NDArray[np.int64]:
        """Simulate how many are found in each place, (draw, n_place).

        Parameters
        ----------
        log_odds : (draw, n_place) numbers
        rng : numpy.random.Generator
        """
        from scipy.special import expit

        return np.asarray(rng.binomial(self.checked, expit(np.asarray(log_odds, float))))
