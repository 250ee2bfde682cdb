"""What a part of a model declares about itself: parameters and assumptions, as data."""

from __future__ import annotations

import dataclasses
from typing import Literal


@dataclasses.dataclass(frozen=True)
class Parameter:
    """One unknown of a model.

    Parameters
    ----------
    name : str
        Name in posteriors and tables.
    meaning : str
        What it is, in words.
    unit : str
        "deaths", "share", or "1" for a pure number.
    support : str
        The values it can take.
    prior : str
        Its prior in words.
    reason, source : str
        Why this prior, and from whom.
    dims : tuple of str
        Its dimensions beside chain and draw.
    """

    name: str
    meaning: str
    unit: str
    support: str
    prior: str
    reason: str = ""
    source: str = ""
    dims: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Assumption:
    """One thing that must hold, and the direction of the error if it does not.

    Parameters
    ----------
    statement : str
        What is assumed.
    if_false : {"too low", "too high", "either"}
        How the estimated total errs if it does not hold.
    because : str
        Why it errs that way.
    """

    statement: str
    if_false: Literal["too low", "too high", "either"]
    because: str = ""
