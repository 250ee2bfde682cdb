"""Dimensions of a model whose coverage is learned, and their labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.learning.counted import Counted
from models.learning.reported import Reported
from models.learning.tallied import Tallied

if TYPE_CHECKING:
    from models.learned import Learned


def dims(learned: Learned) -> dict[str, tuple[str, ...]]:
    """Return the dimensions of what has any: estimands, data, and log probabilities."""
    found: dict[str, tuple[str, ...]] = {}
    if isinstance(learned.listed, Reported):
        found |= learned.listed.late.dims()
    if learned.listed.periods:
        found |= dict.fromkeys(("deaths", "confirmed", "period_coverage"), ("period",))
        found[learned.name] = ("period",)
        if isinstance(learned.listed, Counted):
            found[f"{learned.name}_count"] = ("period",)
    if isinstance(learned.listed, Tallied):
        found |= learned.listed.dims()
    for name in learned.audits:
        found[name] = (f"{name}_place",)
    for name in learned.excess:
        found[name] = (f"{name}_year", f"{name}_age")
    return found


def coords(learned: Learned) -> dict[str, list[str]]:
    """Return the labels of each dimension."""
    found: dict[str, list[str]] = {}
    if isinstance(learned.listed, Reported):
        found |= learned.listed.late.coords()
    elif learned.listed.periods:
        found["period"] = [day.isoformat() for day in learned.listed.periods]
    if isinstance(learned.listed, Tallied):
        found |= learned.listed.coords()
    for name, audits in learned.audits.items():
        found[f"{name}_place"] = list(audits.places)
    for name, table in learned.excess.items():
        found[f"{name}_year"] = [str(year) for year in table.years]
        found[f"{name}_age"] = list(table.deaths.ages)
    return found
