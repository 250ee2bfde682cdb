"""Numbers and dates as the page shows them: never more digits than an estimate has."""

from __future__ import annotations

import datetime
import math
import re
from typing import Any

from estimation.report.text import rounded
from estimation.summaries.agreement import percent

#: Estimands that are shares of persons or of deaths.
_SHARES = ("coverage", "precision", "reported_share", "reported_by_now", "share_", "mass_inside")

#: Estimands that count persons: no fractions of them.
_PERSONS = ("total", "unseen", "eventual", "excess", "foreseen", "beyond_", "deaths", "known")

#: A share nearer to 0 or 1 than this is told with care.
_EDGE, _NEAR_ONE = 0.005, 0.985

_DATE = re.compile(r"(?<![\w\[./-])(\d{4})-(\d{2})-(\d{2})(?![\w\]-]|\.\d)")


def share(value: float) -> str:
    """Return a share in percent with two digits, never rounded to a certainty."""
    if not _EDGE <= value <= _NEAR_ONE:
        return percent(value)
    return f"{100 * value:.0f} %" if value >= 0.0995 else f"{100 * value:.2g} %"


def shown(name: str, value: float | None) -> str:
    """Return an estimate: shares in percent, deaths to three digits.

    Parameters
    ----------
    name : str
        Of the estimand.
    value : float, optional
        None where it does not exist.
    """
    if value is None:
        return "does not exist"
    of_share = any(word in name for word in _SHARES) and not name.endswith("_step")
    if of_share and -1e-9 <= value <= 1 + 1e-9:
        return share(value)
    if name.startswith(_PERSONS) and abs(value) < 1e15:
        return rounded(0.0 if abs(value) < 0.5 else value)
    return short(value)


def short(value: float) -> str:
    """Return a number to three digits."""
    if not math.isfinite(value):
        return "does not exist"
    if abs(value) >= 1e15:
        return f"{value:.3g}"
    if abs(value) < 1e-9:
        return "0"
    if abs(value) >= 100:
        return rounded(value)
    return f"{value + 0.0:.3g}"


def between(name: str, row: dict[str, Any]) -> str:
    """Return median and interval of a row: 194,000 (166,000 to 235,000)."""
    low, middle, high = (shown(name, row[key]) for key in ("low", "median", "high"))
    return middle if low == middle == high else f"{middle} ({low} to {high})"


def plain(word: str) -> str:
    """Return a name of ours in words: no underscores, no hyphens."""
    return word.replace("_", " ").strip()


def capital(text: str) -> str:
    """Return a text that begins with a capital letter."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """Return a text with a full stop, if it has none."""
    kept = text.strip()
    return kept if not kept or kept[-1] in ".!?" else f"{kept}."


def dated(text: str) -> str:
    """Return a text with its days in words: 4 May 2025."""
    return _DATE.sub(_day, text)


def _day(found: re.Match[str]) -> str:
    try:
        day = datetime.date(*map(int, found.groups()))
    except ValueError:
        return found.group()
    return f"{day.day} {day:%B} {day.year}"
