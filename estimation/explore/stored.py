"""What a stored run asked, as the sliders would ask it; or in one sentence why they cannot."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path
from typing import Any

from estimation.errors import UndercountError
from estimation.explore.fields import MASSES
from estimation.explore.records import (
    Stamp,
    finite,
    json_object,
    objects,
    stamp,
    study_table,
    table_of,
    words,
)  # fmt: skip
from estimation.explore.runs import SUMMARY, main_total, run_folder
from estimation.explore.state import State
from estimation.files import PROVENANCE

#: Keys of a count and of its belief that the sliders express, or that change no number.
_OF_COUNT = {"kind", "count", "coverage", "precision", "as_of", "source", "derived_from", "scope"}
_WORDS = {"kind", "reason", "source"}
_OF_AUDIT = {"name", "title", "model", "sizes"}

#: Letters of a reason.
_LONGEST = 300


class _Cannot(Exception):
    """The sliders cannot ask this; the argument says why in one sentence."""


@dataclasses.dataclass(frozen=True)
class Question:
    """What a stored run asked, and what it answered.

    Parameters
    ----------
    run : str
        Its folder.
    title : str
    state : State, optional
        What was asked; None if the sliders cannot ask it.
    why_not : str
        The reason, one sentence.
    numbers : tuple of float, optional
        Low end, median and high end of the total, as they are stored.
    prob : float
        Level of the stored interval.
    error : float
        Monte Carlo error of a stored bound, as a share of the width of its interval.
    draws : int
        Independent draws that are stored.
    left_out : str
        What of the study the page does not ask.
    """

    run: str
    title: str
    state: State | None = None
    why_not: str = ""
    numbers: tuple[float, float, float] | None = None
    prob: float = 0.95
    error: float = 0.0
    draws: int = 0
    left_out: str = ""


def stored_question(folder: Path, name: str) -> Question:
    """Return what a run asked.

    Parameters
    ----------
    folder : Path
        Of stored runs.
    name : str
        The run.

    Raises
    ------
    DataError
        If there is no such run.
    """
    place = run_folder(folder, name)
    return _question(place, name, stamp(place / PROVENANCE), stamp(place / SUMMARY))


@functools.lru_cache(maxsize=32)
def _question(place: Path, name: str, _: Stamp, __: Stamp) -> Question:
    record, summary = json_object(place / PROVENANCE), json_object(place / SUMMARY)
    study = study_table(record)
    title = words(study.get("title"), _LONGEST) or name
    try:
        state = asked_by(record)
    except _Cannot as reason:
        return Question(name, title, why_not=str(reason))
    checks = {
        words(one.get("name")): finite(one.get("value")) or 0.0
        for one in reversed(objects(table_of(summary.get("diagnostics")).get("checks")))
        # a run of several models names each, its main one "base"
        if words(one.get("says")).startswith("base: ") or ": " not in words(one.get("says"))
    }
    others = [f"{len(study[key])} {said}" for key, said in (("scenario", "scenarios"),
              ("models", "further models")) if isinstance(study.get(key), list | dict)]  # fmt: skip
    return Question(
        name, title, state, numbers=main_total(summary), prob=state.level(),
        error=checks.get("mcse", 0.0), draws=int(checks.get("ess", 0.0)),
        left_out=f"Of the main model only: {' and '.join(others)} stay in the stored run."
        if others else "",
    )  # fmt: skip


def asked_by(record: dict[str, Any]) -> State:
    """Return what the study in the provenance of a run asks, by its main model."""
    settings = table_of(record.get("settings"))
    command = words(settings.get("command"), _LONGEST) or "run"
    if command != "run":
        raise _Cannot(f"It was made by 'undercount {command}', which asks of more than one count "
                      "and its coverage.")  # fmt: skip
    study = study_table(record)
    if not study.get("losses") or not study.get("evidence"):
        raise _Cannot("Its study is missing or cannot be read.")
    count = _the_count(study)
    prob, seed = finite(settings.get("prob")), record.get("seed")
    known: dict[str, Any] = {"count": count.get("count"), "seed": seed}
    known |= _coverage(table_of(count.get("coverage"))) | _precision(count.get("precision"))
    known |= _prior(table_of(study["losses"]).get("prior")) | _published(study) | _audit(study)
    if prob is not None:
        known["prob"] = prob
    state = State.of({**dataclasses.asdict(State()), **known})
    if any(type(one) is bool or getattr(state, name) != one for name, one in known.items()):
        raise _Cannot("Its study holds a value that no slider takes.")
    try:
        state.model(), state.published(), state.level(), state.checked_seed()
    except UndercountError as error:
        raise _Cannot(f"This version refuses what its study says: {error}") from None
    return state.settled()


def _the_count(study: dict[str, Any]) -> dict[str, Any]:
    """Return the section of the one count that the total rests on."""
    losses, evidence = table_of(study.get("losses")), table_of(study.get("evidence"))
    if losses.get("kind") != "flat":
        raise _Cannot("Its losses are told apart by time or place, which the sliders do not do.")
    if set(losses) - {"kind", "prior"}:
        raise _Cannot("In its model deaths come in clusters, for which there is no slider.")
    if len(evidence) != 1:
        raise _Cannot(f"Its total rests on {len(evidence)} kinds of evidence together, not on one "
                      "count.")  # fmt: skip
    (count,) = map(table_of, evidence.values())
    if count.get("kind") != "count":
        raise _Cannot("Its total does not rest on a count of names.")
    if "table" in count:
        raise _Cannot("Its count is a table by time or place, which the sliders do not ask.")
    if study.get("beyond"):
        raise _Cannot("It adds deaths that no source sees, for which there is no slider.")
    if set(count) - _OF_COUNT:
        raise _Cannot("Its count says more than the sliders express: "
                      f"{words(', '.join(sorted(set(count) - _OF_COUNT)), 80)}.")  # fmt: skip
    return count


def _coverage(belief: dict[str, Any]) -> dict[str, Any]:
    kind, keys = belief.get("kind"), set(belief) - _WORDS
    if kind in ("uniform", "uniform_total") and keys == {"low", "high"}:
        return {"shape": kind, "low": belief["low"], "high": belief["high"]}
    if kind == "known" and keys == {"value"}:
        return {"shape": "uniform", "low": belief["value"], "high": belief["value"]}
    if kind == "between" and keys - {"shape"} == {"low", "high", "mass"}:
        shape = belief.get("shape", "beta")
        if shape in MASSES:
            return {"shape": shape, **{key: belief[key] for key in ("low", "high", "mass")}}
    if kind == "audited" and keys == {"found", "checked"}:
        found, checked = (_alone(belief[key]) for key in ("found", "checked"))
        if found is None or checked is None:
            raise _Cannot("Its belief on coverage comes from an audit of several sites; the "
                          "sliders know one.")  # fmt: skip
        return {"shape": "audited", "found": found, "checked": checked}
    raise _Cannot("Its belief on coverage is stated in a way that the sliders cannot express.")


def _alone(value: object) -> object:
    """Return a number, also one in a list of its own; None where there are several."""
    if isinstance(value, list):
        return value[0] if len(value) == 1 else None
    return value


def _precision(belief: object) -> dict[str, Any]:
    if belief is None:
        return {}
    table = table_of(belief)
    keys = set(table) - _WORDS
    if table.get("kind") == "known" and keys == {"value"}:
        return {"precision_low": table["value"], "precision_high": table["value"]}
    if table.get("kind") == "uniform" and keys == {"low", "high"}:
        return {"precision_low": table["low"], "precision_high": table["high"]}
    raise _Cannot("Its belief on precision is no hard range, and the sliders know no other.")


def _prior(prior: object) -> dict[str, Any]:
    table = table_of(prior)
    if prior is None or table.get("kind") == "scale":
        return {}
    keys = set(table) - _WORDS
    stated = table.get("kind") == "gamma_between" and keys - {"mass"} == {"low", "high"}
    if stated and table.get("mass", 0.95) == 0.95:
        return {"prior": "gamma", "prior_low": table["low"], "prior_high": table["high"]}
    raise _Cannot("Its prior on expected deaths is not the central 95 % of a gamma.")


def _published(study: dict[str, Any]) -> dict[str, Any]:
    for one in objects(study.get("published")):
        if one.get("estimand", "total") == "total":
            return {"published_low": one.get("low"), "published_high": one.get("high")}
    return {"published_low": None, "published_high": None}


def _audit(study: dict[str, Any]) -> dict[str, Any]:
    for one in objects(study.get("audit_plan")):
        sizes = one.get("sizes")
        # audits of other models, or such as miss what they look for, are no question of the page
        plain = one.get("model", "base") == "base" and set(one) <= _OF_AUDIT
        if plain and isinstance(sizes, list) and sizes:
            return {"audit": sizes[0]}
    return {}
