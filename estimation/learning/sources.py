"""Sources of a model whose coverage is learned, and the same model without one of them."""

from __future__ import annotations

import dataclasses

from estimation.errors import InvalidValueError, RefusedError, UsageError
from estimation.words import suggestion
from models.beliefs import Beta
from models.count import Count
from models.learned import Learned
from models.learning.checks import informs_drift
from models.lists.lists import Lists
from models.model import Model
from models.snapshots import Snapshots
from models.triangle import Triangle

#: The name of what is believed of coverage, among the sources.
JUDGMENT = "judgment"

#: What is believed of coverage where no judgment is: all shares are equally likely.
_OPEN = Beta(1.0, 1.0, reason="no judgment: every share equally likely")


def sources(model: Model) -> tuple[str, ...]:
    """Return what informs coverage: the belief on it, and each evidence beside the list.

    Raises
    ------
    RefusedError
        If nothing stands beside the list, for then the belief on coverage is all there is; or if
        the list does not tell when the listed died.
    InvalidValueError
        If an evidence has the name of the belief.
    """
    if not isinstance(model.joint, Learned):
        raise RefusedError(
            "nothing stands beside the list", where="evidence",
            why="coverage is then what is believed of it, and there is nothing to compare",
            remedy="add a register, audits or a table of deaths",
        )  # fmt: skip
    if isinstance(model.base, Snapshots):
        raise RefusedError(
            "the list is of totals over time", where=f"evidence.{model.base_name}",
            why="it does not tell when the listed died, and here sources are compared by year",
            remedy="give the list as a table by period of death",
        )  # fmt: skip
    if JUDGMENT in model.evidence:
        raise InvalidValueError(
            f"{JUDGMENT!r} is the word for what is believed of coverage", where="evidence",
            why="the two could not be told apart", remedy="give the evidence another name",
        )  # fmt: skip
    return (JUDGMENT, *(name for name in model.evidence if name != model.base_name))


def source_name(source: str) -> str:
    """Return what a source is called in sentences."""
    return "the judgment on coverage" if source == JUDGMENT else source


def without(model: Model, source: str) -> Model:
    """Return the model without one of its sources.

    Without the judgment every coverage is equally likely.  Where what remains speaks of no single
    span, coverage does not drift any more.

    Raises
    ------
    UsageError
        If there is no such source.
    """
    found = sources(model)
    if source not in found:
        raise UsageError(f"no source {source!r}", where="source", remedy=suggestion(source, found))
    if source == JUDGMENT:
        return model.replace(f"{model.base_name}.coverage", _OPEN)
    evidence = {name: one for name, one in model.evidence.items() if name != source}
    base, joint = _drifting(model), model.joint
    weights = joint.weights if isinstance(joint, Learned) else {}
    left = {name: rows for name, rows in weights.items() if name != source}
    if base.coverage_drift > 0 and not informs_drift(left):
        evidence[model.base_name] = dataclasses.replace(base, coverage_drift=0.0)
    return Model(model.losses, evidence, model.beyond)


def _drifting(model: Model) -> Count | Triangle | Snapshots:
    """Return the list of a model; that overlapping lists are none, `sources` has said before."""
    if isinstance(model.base, Lists):
        raise TypeError("overlapping lists have no coverage that drifts")
    return model.base


def judged(model: Model) -> Model:
    """Return the model of the list alone, with what is believed of its coverage."""
    base = dataclasses.replace(_drifting(model), coverage_drift=0.0)
    return Model(model.losses, {model.base_name: base}, model.beyond)
