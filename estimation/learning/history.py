"""What was published of a list and of its coverage, and when: replays see no more than that.

A date that stands beside an estimate is that until which it counts; it was published weeks later.
The days of publication are those of the pages in which the estimates appeared.
"""

from __future__ import annotations

import dataclasses
import datetime

from estimation.datasets.load import load_dataset
from estimation.errors import DataError

Day = datetime.date

#: Who made the estimates, in the shipped table of them.
_SOURCE = "Mediazona; Meduza"

#: By the date of an estimate in the shipped table: the day of its publication, and the last day
#: that it counts.
_PUBLISHED = {
    # zona.media and meduza.io, "47,000", with its interval of 95 %
    "2023-05-27": (Day(2023, 7, 10), Day(2023, 5, 27)),
    # meduza.io, two years of war; the interval by way of a newspaper of these days
    "2023-12-31": (Day(2024, 2, 24), Day(2023, 12, 31)),
    # meduza.io, "120,000"; of the two rows that which has the end of the table behind it
    "2024-06-21": (Day(2024, 7, 5), Day(2024, 6, 21)),
    # meduza.io, three years of death, "160,000 to 165,000"
    "2024-12-31": (Day(2025, 2, 24), Day(2024, 12, 31)),
    # zona.media, "220,000" without bounds; the weekly table behind it ends on that day
    "2025-08-29": (Day(2025, 8, 29), Day(2025, 8, 17)),
}  # fmt: skip
# Left out: 2022-12-31 (no bounds, and never re-estimated until its day was long past), 2024-01-01
# and 2024-02-04 (rows of the table behind the publication of July 2024, and of no publication of
# their own), 2024-02-24 (an extrapolation of that of the same day), 2024-06-30 and 2025-02-24 (the
# same publications as above, once more).


@dataclasses.dataclass(frozen=True)
class Total:
    """Names on the list at the end of a day, which were published then."""

    day: Day
    names: int


@dataclasses.dataclass(frozen=True)
class Publication:
    """An estimate of all deaths from the beginning until a day.

    Parameters
    ----------
    published : datetime.date
    until : datetime.date
        The last day that it counts.
    central, low, high : float, optional
        Deaths. Without bounds it is no evidence, but what was published all the same.
    """

    published: Day
    until: Day
    central: float | None
    low: float | None = None
    high: float | None = None

    @property
    def is_evidence(self) -> bool:
        """Return whether it has bounds."""
        return self.low is not None and self.high is not None

    @property
    def value(self) -> float:
        """Return the central value, or the geometric mean of the bounds."""
        if self.central is not None:
            return self.central
        if self.low is None or self.high is None:
            raise DataError("has neither central value nor bounds", where=f"estimate {self.until}")
        return float((self.low * self.high) ** 0.5)


@dataclasses.dataclass(frozen=True)
class Judgment:
    """A range of coverage that was judged on a day."""

    day: Day
    low: float
    high: float


@dataclasses.dataclass(frozen=True)
class History:
    """What was published, in the order of days.

    Parameters
    ----------
    totals : tuple of Total
    publications : tuple of Publication
        Of one source: each replaces those before it.
    judgments : tuple of Judgment
    """

    totals: tuple[Total, ...]
    publications: tuple[Publication, ...]
    judgments: tuple[Judgment, ...]

    def known_by(self, day: Day) -> History:
        """Return what was published by a day, that day included."""
        return History(
            tuple(one for one in self.totals if one.day <= day),
            tuple(one for one in self.publications if one.published <= day),
            tuple(one for one in self.judgments if one.day <= day),
        )

    @property
    def estimate(self) -> Publication | None:
        """Return the last publication that is evidence."""
        return next((one for one in reversed(self.publications) if one.is_evidence), None)

    def next_total(self, day: Day) -> Total | None:
        """Return the first total after a day."""
        return next((one for one in self.totals if one.day > day), None)

    def next_publication(self, day: Day) -> Publication | None:
        """Return the first estimate that was published after a day."""
        return next((one for one in self.publications if one.published > day), None)


def shipped_history() -> History:
    """Return what was published of Russian deaths, from the shipped tables.

    Totals that were derived from other numbers are left out: one follows from a later count, the
    other from a range of coverage.  Of coverage what was judged is taken; audits without sizes and
    what follows from estimates are not.
    """
    named, judged = load_dataset("named_total"), load_dataset("coverage_evidence")
    totals = [
        Total(Day.fromisoformat(day), int(names))
        for day, names, kind in zip(named["as_of"], named["named"], named["total_is"], strict=True)
        if kind != "derived"
    ]
    judgments = [
        Judgment(Day.fromisoformat(str(row["date"])), float(row["coverage_low"]),
                 float(row["coverage_high"]))
        for row in judged.dropna(subset=["coverage_low", "coverage_high"]).to_dict("records")
        if row["kind"] == "judgment"
    ]  # fmt: skip
    return History(tuple(totals), _publications(), tuple(judgments))


def _publications() -> tuple[Publication, ...]:
    table = load_dataset("published_estimates")
    table = table[(table["source"] == _SOURCE) & (table["measure"] == "deaths")]
    found = []
    for as_of, (published, until) in _PUBLISHED.items():
        rows = table[table["as_of"] == as_of]
        if len(rows) != 1:
            raise DataError(f"{len(rows)} estimates of {as_of}", where="published_estimates",
                            why="which of them was published is not known")  # fmt: skip
        central, low, high = (
            None if rows[name].isna().any() else float(rows[name].iloc[0])
            for name in ("central", "low", "high")
        )
        found.append(Publication(published, until, central, low, high))
    return tuple(found)
