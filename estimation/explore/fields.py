"""What can be moved on the page: numbers with their sliders, and choices."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Field:
    """A number that has a box and a slider.

    Parameters
    ----------
    name : str
        As in the address and in `State`.
    label : str
    group : str
        Of which part of the form it is.
    low, high : float
        Ends of the slider; the box takes any number.
    step : float
        Of the slider.
    adapts : bool
        Whether the slider grows and shrinks with the number: counts have no natural end.
    """

    name: str
    label: str
    group: str
    low: float
    high: float
    step: float
    adapts: bool = False


def _share(name: str, label: str, group: str) -> Field:
    return Field(name, label, group, 0.01, 1.0, 0.01)


def _persons(name: str, label: str, group: str, high: int = 300_000) -> Field:
    return Field(name, label, group, 0, high, high / 600, adapts=True)


#: All numbers, in the order of the page and of the address.
FIELDS: tuple[Field, ...] = (
    _persons("count", "Confirmed names", "count"),
    _share("low", "Low end", "coverage"),
    _share("high", "High end", "coverage"),
    Field("mass", "Probability of the range", "coverage", 0.5, 0.99, 0.01),
    _persons("found", "Graves found on the list", "audited", 300),
    _persons("checked", "Graves checked", "audited", 300),
    _share("precision_low", "Low end", "precision"),
    _share("precision_high", "High end", "precision"),
    _persons("prior_low", "Low end", "prior", 600_000),
    _persons("prior_high", "High end", "prior", 1_200_000),
    _persons("published_low", "Low end", "published", 600_000),
    _persons("published_high", "High end", "published", 600_000),
    Field("audit", "Graves to look up", "audit", 5, 500, 5),
    Field("prob", "Level of the interval", "level", 0.5, 0.99, 0.01),
)

#: Forms of the belief on coverage, and of the prior on expected deaths, in words.
SHAPES: dict[str, str] = {
    "uniform": "hard range, every coverage in it equally likely",
    "uniform_total": "hard range, every total in it equally likely",
    "beta": "central range of a beta",
    "logit_normal": "central range of a logit-normal",
    "audited": "what an audit of graves found",
}
PRIORS: dict[str, str] = {
    "scale": "no opinion (scale prior)",
    "gamma": "central 95 % of a gamma",
}

#: Forms that take a range, and those that take its probability.
RANGES, MASSES = ("uniform", "uniform_total", "beta", "logit_normal"), ("beta", "logit_normal")

#: Heading and explanation of each part of the form.
GROUPS: dict[str, tuple[str, str]] = {
    "count": ("Names", ""),
    "coverage": ("Coverage", "share of all deaths that is on the list"),
    "audited": ("Audit", "of graves known from elsewhere, so many were on the list"),
    "precision": ("Precision", "share of listed names that are true"),
    "prior": ("Prior", "of expected deaths"),
    "published": ("Published range", "to compare with; leave both empty for none"),
    "audit": ("Audit to come", "graves known from elsewhere, to be looked up on the list"),
    "level": ("Interval", "probability between its ends"),
}

BY_NAME: dict[str, Field] = {field.name: field for field in FIELDS}


def place(name: str) -> str:
    """Return the place of a number in messages, as in "coverage: low end"."""
    field = BY_NAME[name]
    heading, label = GROUPS[field.group][0], field.label
    return f"{heading}: {label[0].lower()}{label[1:]}"
