"""One state of a list: which names of which period, and what is believed of it.

A period is a label: a year or another span ("2025", "2025-01-01..2025-05-04"), or words where the
source has no dates ("unknown").  Labels that are spans are checked by what they mean; of words only
whoever states them knows what they hold.
"""

from __future__ import annotations

import dataclasses
import datetime
import itertools
from collections.abc import Iterable, Mapping

from estimation.errors import DataError, NotEstimableError
from estimation.summaries.spans import Span, parse_span
from models.beliefs import Belief, Known
from models.checks import text, whole
from models.thinning import refuse_unbounded

#: The label of names that the source gives no period for.
UNKNOWN = "unknown"

_EXACT = Known(1.0, reason="every listed name is taken as a death in scope; nobody has checked")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Vintage:
    """A list as it stood on a date, and what is believed of it.

    Parameters
    ----------
    title : str
        What tables and figures call it.
    as_of : datetime.date
        The day on which the list was so.
    names : mapping of str to int
        Confirmed names by period; "unknown" for those without one.  Together the whole list.
    coverage : Belief
        On the probability of a death to be on the list, the same in all periods.
    precision : Belief
        On the share of listed names that are deaths in scope; exactly 1 by default.
    total : int, optional
        Names on the whole list as its source states them, to be checked.
    source, scope : str
        Who made the list, and whom it means to hold.
    """

    title: str
    as_of: datetime.date
    names: Mapping[str, int]
    coverage: Belief
    precision: Belief = _EXACT
    total: int | None = None
    source: str = ""
    scope: str = ""

    def __post_init__(self) -> None:
        for field in ("title", "source", "scope"):
            text(getattr(self, field), field)
        if isinstance(self.as_of, datetime.datetime) or not isinstance(self.as_of, datetime.date):
            raise DataError(f"must be a date, not {self.as_of!r}", where="as_of",
                            remedy="write 2025-05-04, without quotes")  # fmt: skip
        for field in ("coverage", "precision"):
            if not isinstance(getattr(self, field), Belief):
                raise DataError(
                    f"must be a belief, not {getattr(self, field)!r}", where=field,
                    remedy="state one on all deaths, as in uniform(0.45, 0.65)",
                )  # fmt: skip
        object.__setattr__(self, "names", _checked_names(self.names))
        self._check_sum()
        refuse_overlap(self.names, "names")
        for label in self.names:
            span = span_of(label)
            if span is not None and span.first > self.as_of and self.names[label]:
                raise DataError(
                    f"the period begins after the date of the list, {self.as_of}",
                    where=f"names.{label}", why="nobody can be listed before dying",
                    remedy="correct the date, or the period",
                )  # fmt: skip
        refuse_unbounded(self.listed, self.coverage)

    @property
    def listed(self) -> int:
        """Return the names on the whole list."""
        return sum(self.names.values())

    def _check_sum(self) -> None:
        if self.total is not None:
            object.__setattr__(self, "total", whole(self.total, "total"))
            if self.listed != self.total:
                raise DataError(
                    f"the periods hold {self.listed:,} names, the list {self.total:,}",
                    where="names", why="what is left out would look like a change of the list",
                    remedy=f'put the rest under "{UNKNOWN}", or correct the total',
                )  # fmt: skip
        if self.listed == 0:
            raise NotEstimableError(
                "no names at all", where="names", why="zero names fit every rate down to nothing",
                remedy="compare lists that hold some",
            )  # fmt: skip


def span_of(label: str) -> Span | None:
    """Return the span that a label names; None where it is words."""
    try:
        return parse_span(label)
    except DataError:
        return None


def refuse_overlap(labels: Iterable[str], where: str) -> None:
    """Refuse periods that share days: a name could stand in either of them."""
    spans = [span for label in labels if (span := span_of(label)) is not None]
    spans.sort(key=lambda span: (span.first, span.last))
    for one, other in itertools.pairwise(spans):
        if other.first <= one.last:
            raise DataError(
                f"{one.words!r} and {other.words!r} share days", where=where,
                why="names of one would look as if moved to the other",
                remedy="bound both lists alike, or state in same = {...} what stands for what",
            )  # fmt: skip


def _checked_names(names: object) -> dict[str, int]:
    if not isinstance(names, Mapping) or not names:
        raise DataError("must be names by period", where="names",
                        remedy='as in { "2023" = 37633, "2024" = 45287 }')  # fmt: skip
    found: dict[str, int] = {}
    for key, value in names.items():
        label = " ".join(str(key).split())
        if not label:
            raise DataError("a period without a label", where="names",
                            remedy=f'write "{UNKNOWN}"')  # fmt: skip
        if label in found:
            raise DataError(f"the label {label!r} stands there twice", where="names",
                            why="which number holds cannot be told", remedy="keep one")  # fmt: skip
        found[label] = whole(value, f"names.{label}")
    return found
