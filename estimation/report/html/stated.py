"""What a study says of itself, as plain data: the page knows no models."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class StatedAssumption:
    """What must hold, how the total errs if it does not, and why."""

    statement: str
    if_false: str
    because: str = ""


@dataclasses.dataclass(frozen=True)
class StatedData:
    """Evidence, a belief or a shipped table: where it comes from, what may be done with it."""

    name: str
    what: str
    source: str = ""
    scope: str = ""
    as_of: str = ""
    license: str = ""
    caveats: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class StatedModel:
    """A scenario or a further model.

    Parameters
    ----------
    name, title, reason : str
    further : bool
        Whether it is a model of other data.
    names : int
        How many were counted.
    counted : tuple of str
        What was counted: one, and several.
    scope, as_of : str
    formula : tuple of str
    priors : tuple of (name, prior, reason, source)
    assumptions : tuple of StatedAssumption
    data : tuple of StatedData
    strata : str
        What its strata are.
    """

    name: str
    title: str
    reason: str = ""
    further: bool = False
    names: int = 0
    counted: tuple[str, str] = ("confirmed name", "confirmed names")
    scope: str = ""
    as_of: str = ""
    formula: tuple[str, ...] = ()
    priors: tuple[tuple[str, str, str, str], ...] = ()
    assumptions: tuple[StatedAssumption, ...] = ()
    data: tuple[StatedData, ...] = ()
    strata: str = "stratum"


@dataclasses.dataclass(frozen=True)
class Stated:
    """A study, or what is known of a folder without one.

    Parameters
    ----------
    title : str
    models : tuple of StatedModel
        The main one first; none where there is no study.
    published : tuple of (name, source)
    tables : tuple of StatedData
        Shipped tables that it reads.
    sections : mapping of str to str
        Titles of the sections of a study, by "kind name".
    unreadable : str
        Why the study of a run could not be read again, if so.
    repeat : str
        The command that repeats it.
    names : mapping of str to str
        What else has a name: fields that are varied, variants of a comparison.
    """

    title: str
    models: tuple[StatedModel, ...] = ()
    published: tuple[tuple[str, str], ...] = ()
    tables: tuple[StatedData, ...] = ()
    sections: dict[str, str] = dataclasses.field(default_factory=dict)
    unreadable: str = ""
    repeat: str = ""
    names: dict[str, str] = dataclasses.field(default_factory=dict)

    @property
    def titles(self) -> dict[str, str]:
        """Titles of scenarios and models by name."""
        return {one.name: one.title for one in self.models}

    def called(self, name: str) -> str:
        """Return the title of a model or variant, or the name itself."""
        return self.titles.get(name) or self.names.get(name) or name

    def model(self, name: str) -> StatedModel:
        """Return a model; one that is not stated goes by its name."""
        return next((one for one in self.models if one.name == name), StatedModel(name, name))
