"""Deaths of one sex over what the other sex and earlier years predict: evidence on losses."""

from __future__ import annotations

import dataclasses
import datetime
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from models.baseline import Baseline
from models.beliefs import Belief, Known
from models.cells import next_period
from models.count import describe
from models.declare import Assumption, Parameter
from models.errors import InvalidValueError
from models.mortality import Mortality
from models.register import check_provenance, check_share, checked_scale
from models.spans import span_weights

_ALL = Known(1.0, reason="all deaths are taken to be registered, at the ages of the table")

#: Deaths of a cell below which their logs are not normal.
_FEWEST = 20


@dataclasses.dataclass(frozen=True)
class Excess:
    """All-cause deaths by year, age and sex.

    Model, for the sex that fights: deaths[y, a] ~ Normal(B + w, B + w + B^2 (noise^2 + 1 / other)),
    where B = other[y, a] * exp(level[a] + slope[a] x + walk[y] + shock[y]) would have died without
    the war (see `models.baseline`), x counts years from the middle of the base, and w =
    age[a] * share * sum of rates of the year are deaths of the war; age is a softmax of
    independent normals.  Years before the war, from the first of the base on, teach B.

    Parameters
    ----------
    deaths : Mortality
        Deaths of both sexes.
    share : Belief
        On the share of the deaths of the model that are in the table, at its ages.
    baseline : Baseline
        Priors of the deaths without a war.
    age_spread : float
        Standard deviation of the normal priors of the log weights of ages.
    source : str
        Who made the table. One source may serve one evidence only.
    derived_from : tuple of str
        Sources from which it was made.
    scope : str
        Whom it counts.
    """

    deaths: Mortality
    share: Belief = _ALL
    baseline: Baseline = Baseline()
    age_spread: float = 1.0
    source: str = ""
    derived_from: tuple[str, ...] = ()
    scope: str = ""
    kind: ClassVar[str] = "excess"
    data_field: ClassVar[str] = "deaths"

    def __post_init__(self) -> None:
        if not isinstance(self.deaths, Mortality):
            raise InvalidValueError(f"must be Mortality, not {self.deaths!r}", where="deaths")
        if not isinstance(self.baseline, Baseline):
            raise InvalidValueError(f"must be a Baseline, not {self.baseline!r}", where="baseline")
        object.__setattr__(self, "age_spread", checked_scale(self.age_spread, "age_spread"))
        check_share(self.share)
        check_provenance(self)
        few = (self.deaths.affected < _FEWEST) & self.used[:, None]
        if few.any():
            year, age = map(int, np.argwhere(few)[0])
            raise InvalidValueError(
                f"fewer than {_FEWEST} deaths", where=f"deaths[{self.deaths.years[year]}, "
                f"{self.deaths.ages[age]}]", why="so few do not follow a normal distribution",
                remedy="take wider ages",
            )  # fmt: skip

    # -- what a model takes ---------------------------------------------------------------------

    @property
    def used(self) -> NDArray[np.bool_]:
        """Return which years of the table serve: from the first of the base on, (n_year,)."""
        return np.array(self.deaths.years) >= self.deaths.base[0]

    @property
    def years(self) -> NDArray[np.int64]:
        """Return the years that serve."""
        return np.array(self.deaths.years)[self.used]

    @property
    def affected(self) -> NDArray[np.int64]:
        """Return deaths of the sex that fights, (n_year, n_age), years that serve."""
        return np.asarray(self.deaths.affected[self.used])

    @property
    def other(self) -> NDArray[np.int64]:
        """Return deaths of the other sex, the same."""
        return np.asarray(self.deaths.other[self.used])

    @property
    def pandemic(self) -> tuple[int, ...]:
        """Return the places of pandemic years among those that serve."""
        return tuple(int(at) for at in np.flatnonzero(np.isin(self.years, self.deaths.pandemic)))

    @property
    def from_middle(self) -> NDArray[np.float64]:
        """Return years from the middle of the base, (n_year,)."""
        return np.asarray(self.years - np.mean(self.deaths.base))

    def weights(
        self, periods: tuple[datetime.date, ...], step: str = "",
        known_to: datetime.date | None = None,
    ) -> NDArray[np.float64]:  # fmt: skip
        """Return the share of each period in each year that serves, (n_year, n_period).

        Periods across the turn of a year are shared by days.  The war is taken to begin with the
        first period.

        Parameters
        ----------
        periods, step, known_to
            See `models.spans.span_weights`.

        Raises
        ------
        InvalidValueError
            If there are no periods, or they begin after the first year of war or end before the
            last one does.
        """
        if not periods:
            raise InvalidValueError(
                "needs losses by period", where="deaths",
                why="its years say nothing of one number for all time", remedy="walk losses",
            )  # fmt: skip
        war = np.array(self.deaths.war_years)
        found = np.zeros((self.years.size, len(periods)))
        if next_period(periods[0], step) <= datetime.date(int(war[0]), 1, 1):
            raise InvalidValueError(
                f"calls {war[0] - 1} a year without war, but losses begin on {periods[0]}",
                where="deaths", why="deaths of the war would teach what is usual",
                remedy=f"state first_year = {periods[0].year}",
            )  # fmt: skip
        if periods[0].year > war[0]:
            raise InvalidValueError(
                f"has a year of war, {war[0]}, before the first period, {periods[0]}",
                where="deaths", why="its deaths would be taken for deaths of no war",
                remedy=f"state first_year = {periods[0].year}, or give periods from the beginning",
            )  # fmt: skip
        for year in war:
            begin = None if periods[0].year == year else datetime.date(int(year), 1, 1)
            end = datetime.date(int(year) + 1, 1, 1)
            found[self.years == year] = span_weights(
                [begin], [end], periods, step, split=True, where="deaths of", known_to=known_to
            )
        return found

    # -- declaration ----------------------------------------------------------------------------

    def parameters(self) -> tuple[Parameter, ...]:
        """Return the unknowns that the table brings."""
        of = self.baseline
        found = [
            Parameter("age", "share of the ages in the deaths of the war", "share", "(0, 1)",
                      f"softmax of normals, sd {self.age_spread:g}"),
            Parameter("slope", "change of the log ratio of the sexes a year", "1", "real",
                      f"normal around a common one, which is normal, sd {of.slope:g}; spread "
                      f"half-normal, scale {of.slope_spread:g}"),
            Parameter("noise", "noise of each age and year on the log ratio", "1", "above 0",
                      f"half-normal, scale {of.noise:g}"),
            Parameter("drift", "step a year of the log ratio of all ages", "1", "above 0",
                      f"half-normal, scale {of.drift:g}"),
            Parameter("pandemic", "shock of a pandemic year", "1", "real",
                      f"normal, sd {of.pandemic:g}"),
        ]  # fmt: skip
        if not isinstance(self.share, Known):
            found.append(
                Parameter("share", "share of the deaths of the model that are in the table",
                          "share", "(0, 1)", describe(self.share), self.share.reason,
                          self.share.source)
            )  # fmt: skip
        return tuple(found)

    def assumptions(self) -> tuple[Assumption, ...]:
        """Return what must hold for the table."""
        return (
            Assumption(
                "but for the war the ratio of the sexes would have gone on as its trend says",
                "either", "what else raised deaths of one sex only is taken for the war",
            ),
            Assumption(
                "deaths are registered in the year in which they happened", "either",
                "late registration moves deaths between years, or out of the table",
            ),
            Assumption(
                "the stated share of the dead is in the table, at its ages", "either",
                "dead whose bodies were not found, or who were registered elsewhere, are not in it",
            ),
            Assumption(
                "the other sex hardly died of the war", "too low",
                "its deaths raise what is expected of both",
            ),
        )  # fmt: skip

    def content(self) -> dict[str, Any]:
        """Return the numbers that define the evidence (no labels, reasons)."""
        return {
            "kind": self.kind, "deaths": self.deaths.content(), "share": self.share.content(),
            "baseline": self.baseline.content(), "age_spread": self.age_spread,
        }  # fmt: skip

    def structure(self) -> tuple[Any, ...]:
        """Return what fixes the form of the graph, numbers aside."""
        return (self.kind, self.affected.shape, self.pandemic, self.share.kind)
