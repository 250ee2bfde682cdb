"""Numbers as the page shows them: never more digits than an estimate has."""

from __future__ import annotations

import math
from typing import Any

from estimation.report.text import rounded
from estimation.summaries.agreement import percent

#: Estimands that are shares of persons or of deaths.
_SHARES = ("coverage", "precision", "reported_share", "share_", "mass_inside")

#: Estimands that count persons: no fractions of them.
_PERSONS = ("total", "unseen", "eventual", "excess", "foreseen", "beyond_")

#: A share nearer to 0 or 1 than this is told with care.
_EDGE = 0.005


def share(value: float) -> str:
    """Return a share in percent with two digits, never rounded to a certainty."""
    if not _EDGE <= value <= 1 - _EDGE:
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
    if any(word in name for word in _SHARES) and -1e-9 <= value <= 1 + 1e-9:
        return share(value)
    return rounded(value) if name.startswith(_PERSONS) and abs(value) < 1e15 else short(value)


def short(value: float) -> str:
    """Return a number to three digits."""
    if not math.isfinite(value):
        return "does not exist"
    if abs(value) >= 1e15:
        return f"{value:.3g}"
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


def sentence(text: str) -> str:
    """Return a text with a full stop, if it has none."""
    kept = text.strip()
    return kept if not kept or kept[-1] in ".!?" else f"{kept}."
