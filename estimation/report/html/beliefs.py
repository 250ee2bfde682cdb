"""What the answer rests on, and what the data taught of it."""

from __future__ import annotations

from estimation.report.html.builder import Child, Element, element, listed, part, table
from estimation.report.html.run_folder import RunFolder
from estimation.report.html.stated import Stated, StatedAssumption
from estimation.report.html.words import plain, sentence

_ERRS = {"either": "too low or too high"}

#: Notes that say what data taught begin so, perhaps after the name of a model.
_TAUGHT = ("contraction of coverage", "Coverage is taken as known")


def assumptions_part(found: RunFolder, stated: Stated) -> Element | None:
    """Return each assumption with the direction of the error; those of further models after."""
    if not stated.models:
        return _assumed_elsewhere(found)
    main = stated.models[0]
    said: list[Child | None] = [
        element("p", "The answer holds if these hold. Each is told with how the total errs if it "
                "does not."),
        _list(list(main.assumptions)),
    ]  # fmt: skip
    known = {one.statement for one in main.assumptions}
    others: dict[StatedAssumption, list[str]] = {}
    for model in stated.models[1:]:
        for one in model.assumptions:
            if one.statement not in known:
                others.setdefault(one, []).append(model.title)
    if others:
        rows = [
            [one.statement, _direction(one), one.because, "; ".join(titles)]
            for one, titles in others.items()
        ]
        said += [
            element("h3", "Of other readings and further models"),
            table("Assumptions that the answer does not need, but other numbers of this page do",
                  ["If this is false", "their total is", "because", "assumed by"], rows),
        ]  # fmt: skip
    priors = [
        [plain(name), prior, sentence(reason) or "not stated", source or "not stated"]
        for name, prior, reason, source in main.priors
    ]
    if priors:
        said.append(element("h3", "Beliefs that entered"))
        said.append(table("Beliefs of the main model before any data", ["of", "belief", "reason",
                    "source"], priors))  # fmt: skip
    if main.formula:
        said.append(element("details", element("summary", "The model in formulas"),
                            element("pre", "\n".join(main.formula))))  # fmt: skip
    return part("assumptions", "What the answer rests on", *said)


def _assumed_elsewhere(found: RunFolder) -> Element | None:
    methods = found.summary.get("methods")
    if isinstance(methods, list):
        items: list[Child] = [
            element("span", element("strong", f"{plain(str(one.get('method', '')))}: "),
                    sentence(str(one.get("assumption", ""))))
            for one in methods if isinstance(one, dict)
        ]  # fmt: skip
        said = element("p", "What makes those known whom nobody listed, by method; if it is false, "
                       "the total is too low or too high.")  # fmt: skip
        return part("assumptions", "What the answer rests on", said, listed(items))
    if found.command in ("excess", "nowcast", "replay"):
        return part("assumptions", "What the answer rests on", element(
            "p", f"This folder does not keep the assumptions; 'undercount {found.command}' prints "
            "them, each with how the answer errs if it is false."))  # fmt: skip
    return None


def _list(assumptions: list[StatedAssumption]) -> Element | None:
    return listed(
        [
            element(
                "span", element("strong", sentence(one.statement[:1].upper() + one.statement[1:])),
                " If false, the total is ", element("em", _direction(one)),
                f": {sentence(one.because)}" if one.because else ".",
            )
            for one in assumptions
        ],
        class_="assumptions",
    )  # fmt: skip


def _direction(one: StatedAssumption) -> str:
    return _ERRS.get(one.if_false, one.if_false)


def taught_part(found: RunFolder) -> Element | None:
    """Return what the data taught of coverage, and what else must be said beside the numbers."""
    notes = [sentence(note) for note in found.summary["notes"]]
    taught = [note for note in notes if any(words in note for words in _TAUGHT)]
    rest = [note for note in notes if note not in taught]
    if not taught:
        return part("taught", "What must be said beside the numbers", listed(list(rest)))
    said: list[Child | None] = [listed(list(taught))]
    said.append(element(
        "p", "A contraction of 0 means that the data left the belief as it was; of 1, that they "
        "made it certain.", class_="note"))  # fmt: skip
    if rest:
        said += [element("h3", "What must be said beside the numbers"), listed(list(rest))]
    return part("taught", "What the data taught", *said)
