"""What the answer rests on, and what the data taught of it."""

from __future__ import annotations

from typing import Any

from estimation.report.html.builder import Child, Element, element, listed, part, table
from estimation.report.html.columns import belief_words, is_method, method_words
from estimation.report.html.run_folder import RunFolder
from estimation.report.html.stated import Stated, StatedAssumption
from estimation.report.html.wording import told, whose
from estimation.report.html.words import capital, sentence

_ERRS = {"either": "too low or too high"}

#: Notes that say what data taught begin so, perhaps after the name of a model.
_TAUGHT = ("contraction of coverage", "Coverage is taken as known")

#: What the unknowns of every model are.
_UNKNOWNS = {"rate": "expected deaths (rate)", "coverage": "coverage: share of all deaths that is "
             "on the list", "precision": "precision: share of listed names that are true deaths in "
             "scope"}  # fmt: skip


def assumptions_part(found: RunFolder, stated: Stated) -> Element | None:
    """Return each assumption of the answer with the direction of the error."""
    if not stated.models:
        return _assumed_elsewhere(found)
    main = stated.models[0]
    said: list[Child | None] = [
        element("p", "The answer holds if these hold. Each is told with how the total errs if it "
                "does not."),
        _list(list(main.assumptions), "total"),
    ]  # fmt: skip
    priors = [
        [_UNKNOWNS.get(name) or belief_words(name), told(prior, stated), capital(sentence(reason)),
         source or "not stated"]
        for name, prior, reason, source in main.priors
    ]  # fmt: skip
    if priors:
        head = ["of", "belief", "reason", "source"]
        said.append(table("What was believed before any data", head, priors))
    if main.formula:
        said.append(element("details", element("summary", "The model in formulas"),
                            element("pre", "\n".join(main.formula))))  # fmt: skip
    return part("assumptions", "What the answer rests on", *said)


def other_assumptions_part(stated: Stated) -> Element | None:
    """Return what other readings and further models assume beyond the answer."""
    if not stated.models:
        return None
    known = {one.statement for one in stated.models[0].assumptions}
    others: dict[StatedAssumption, list[str]] = {}
    for model in stated.models[1:]:
        for one in model.assumptions:
            if one.statement not in known:
                others.setdefault(one, []).append(model.title)
    rows = [
        [capital(one.statement), _direction(one), capital(one.because), "; ".join(titles)]
        for one, titles in others.items()
    ]
    if not rows:
        return None
    caption = "Assumptions that the answer does not need, but other numbers of this page do"
    return part("further", "What the other models rest on",
                table(caption, ["if this is false", "their total is", "because", "assumed by"],
                      rows))  # fmt: skip


def _assumed_elsewhere(found: RunFolder) -> Element | None:
    heading = "What the answer rests on"
    methods = found.summary.get("methods")
    if isinstance(methods, list):
        items: list[Child] = [
            element("span", element("strong", f"{capital(method_words(str(one.get('method', ''))))}"
                                    ": "), sentence(str(one.get("assumption", ""))))
            for one in methods if isinstance(one, dict)
        ]  # fmt: skip
        said = element("p", "What makes those known whom nobody listed, by method; if it is false, "
                       "the total is too low or too high.")  # fmt: skip
        return part("assumptions", heading, said, listed(items))
    stored = _stored(found.summary.get("assumptions"))
    if stored:
        lead = element("p", "The answer holds if these hold. Each is told with how the answer errs "
                       "if it does not.")  # fmt: skip
        return part("assumptions", heading, lead, _list(stored, "answer"))
    if found.command in ("excess", "nowcast", "replay"):
        return part("assumptions", heading, element(
            "p", f"This folder does not keep the assumptions; 'undercount {found.command}' prints "
            "them, each with how the answer errs if it is false."))  # fmt: skip
    return None


def _stored(kept: Any) -> list[StatedAssumption]:
    """Return the assumptions that a folder keeps; what is damaged is none."""
    keys = ("statement", "if_false", "because")
    return [
        StatedAssumption(*(one[key] for key in keys))
        for one in (kept if isinstance(kept, list) else [])
        if isinstance(one, dict) and all(isinstance(one.get(key), str) for key in keys)
    ]


def _list(assumptions: list[StatedAssumption], what: str) -> Element | None:
    return listed(
        [
            element(
                "span", element("strong", sentence(capital(one.statement))),
                f" If false, the {what} is ", element("em", _direction(one)),
                f": {sentence(one.because)}" if one.because else ".",
            )
            for one in assumptions
        ],
        class_="assumptions",
    )  # fmt: skip


def _direction(one: StatedAssumption) -> str:
    return _ERRS.get(one.if_false, one.if_false)


def taught_part(found: RunFolder, stated: Stated) -> Element | None:
    """Return what the data taught of coverage, and what else must be said beside the numbers."""
    notes = found.summary["notes"]
    taught = [note for note in notes if any(words in note for words in _TAUGHT)]
    rest = _by_model([note for note in notes if note not in taught], stated)
    heading = "What must be said beside the numbers"
    if not taught:
        return part("taught", heading, *rest)
    said: list[Child | None] = [
        element("p", "The contraction of coverage says by how much the data narrowed the belief: "
                "0 if they left it as it was, 1 if they made it certain.", class_="note"),
        listed([_note(note, stated) for note in taught]),
    ]  # fmt: skip
    if rest:
        said += [element("h3", heading), *rest]
    return part("taught", "What the data taught", *said)


def _by_model(notes: list[str], stated: Stated) -> list[Child | None]:
    """Return lists of notes, those of further models after the title of each."""
    apart: dict[str, list[Child]] = {"": []}
    for note in notes:
        title, said = whose(note, stated)
        apart.setdefault(title, []).append(_note(said, stated))
    found: list[Child | None] = []
    for title, said_of in apart.items():
        if title:
            found.append(element("p", element("strong", title), class_="of"))
        found.append(listed(said_of))
    return found


def _note(note: str, stated: Stated) -> str:
    method, mark, rest = note.partition(": ")
    # notes of a method begin with its name
    named = f"{capital(method_words(method))}{mark}{rest}" if is_method(method) else note
    return sentence(told(named, stated))
