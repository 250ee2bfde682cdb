"""The top of the page: the gate's verdict, refusals, and the answer in one sentence."""

from __future__ import annotations

from typing import Any

from estimation.report.html.builder import Child, Element, element, listed, part
from estimation.report.html.run_folder import RunFolder
from estimation.report.html.stated import Stated, StatedModel
from estimation.report.html.words import between, plain, sentence, shown
from estimation.report.text import answer
from estimation.summaries.agreement import percent

_SAYS = {
    "pass": "Every fit that is reported passed all of its checks.",
    "inconclusive": "Some checks were not clearly passed.",
    "fail": "Some checks were not passed.",
    "": "This folder keeps no verdict of its own: each row of its tables has one.",
}

#: What rows of other commands estimate.
_ASKED = {"eventual": "names in the end", "excess": "deaths beyond those expected",
          "total": "persons in all"}  # fmt: skip

_STATES = {"pass": "Passed", "inconclusive": "Inconclusive", "fail": "Failed"}


def state(verdict: str) -> Element:
    """Return a verdict as a word on a ground of its color; the word alone says it."""
    kind = verdict if verdict in _STATES else "unknown"
    return element("strong", _STATES.get(verdict, verdict or "Not judged"), class_=f"state {kind}")


def verdict_part(found: RunFolder, stated: Stated) -> Element | None:
    """Return the gate's verdict, all that failed, and what was changed since."""
    diagnostics = found.summary["diagnostics"]
    verdict = str(diagnostics["verdict"])
    unsure = [one for one in diagnostics["checks"] if one["verdict"] != "pass"]
    said = _failures(found, stated)
    said += [
        element("p", state(verdict), " ", _SAYS.get(verdict, _SAYS[""])),
        listed([sentence(one["says"]) for one in unsure]), _of_answer(found, stated, unsure),
    ]  # fmt: skip
    accepted = diagnostics.get("accepted")
    if accepted:
        said.append(element("p", element("strong", "Accepted although checks failed: "),
                            sentence(str(accepted))))  # fmt: skip
    if stated.unreadable:
        said.append(element(
            "p", element("strong", "The study cannot be read again by this version: "),
            sentence(stated.unreadable), " Assumptions and sources are therefore missing below.",
        ))  # fmt: skip
    if found.changed:
        said.append(
            element(
                "p",
                element(
                    "strong",
                    "Files are not as the run wrote them; do not trust what is made of them:",
                ),
            )
        )
        said.append(listed(list(found.changed)))
    loud = "fail" if found.failed or found.changed or verdict == "fail" else verdict
    kind = loud if loud in _STATES else "unknown"
    return part("verdict", "Verdict of the checks", *said, class_=f"box {kind}")


def _failures(found: RunFolder, stated: Stated) -> list[Child | None]:
    if not found.failed:
        return []
    many = "One answer is" if len(found.failed) == 1 else f"{len(found.failed)} answers are"
    items = [_refusal(key, why, stated) for key, why in found.failed.items()]
    lead = element("strong", f"{many} refused or failed.", class_="refused")
    return [element("p", lead), listed(items)]


def _of_answer(found: RunFolder, stated: Stated, unsure: list[dict[str, Any]]) -> Child | None:
    """Say whether the fit that the answer rests on is among those that did not pass."""
    if found.command != "run" or not unsure or not stated.models:
        return None
    if any(one["says"].startswith("base: ") for one in unsure):
        return element("p", element("strong", "The answer below rests on such a fit."))
    return element("p", "The answer below rests on another fit, whose checks passed.")


def _refusal(key: str, why: str, stated: Stated) -> Element:
    title = stated.titles.get(key, plain(key))
    return element("span", element("strong", f"{title}: "), sentence(why))


def answer_part(found: RunFolder, stated: Stated) -> Element | None:
    """Return the answer with its scope and day, and published ranges beside it."""
    rows = found.summary["estimates"]
    said: list[Child | None] = []
    if rows and rows[0].get("median") is not None:
        said += _answer(found, stated, rows[0])
    elif found.command == "run":
        said.append(element("p", "There is no answer in this folder.", class_="answer refused"))
    else:
        said.append(element("p", "What this folder answers stands in the tables below."))
    return part("answer", "The answer", *said, *_published(found, stated))


def _answer(found: RunFolder, stated: Stated, row: dict[str, Any]) -> list[Child | None]:
    main = stated.models[0] if stated.models else None
    level = percent(found.prob)
    # interval and level are repeated, once for reading aloud and once for who looks it up
    said = _sentence(found, stated, main, row)
    facts: list[tuple[str, str]] = [
        ("Median", shown(row["name"], row["median"])),
        (f"{level} interval", f"{shown(row['name'], row['low'])} to "
                              f"{shown(row['name'], row['high'])}"),
    ]  # fmt: skip
    if row.get("method"):
        facts.append(("Method", plain(str(row["method"]))))
    if main is not None:
        facts += [("Scope", main.scope or "not stated"), ("As of", main.as_of or "not stated"),
                  ("Reading", main.title)]  # fmt: skip
    elif found.record["settings"].get("as_of"):
        facts.append(("As of", str(found.record["settings"]["as_of"])))
    pairs = [element("div", element("dt", key), element("dd", value)) for key, value in facts]
    return [element("p", said, class_="answer"), element("dl", *pairs, class_="facts")]


def _sentence(
    found: RunFolder, stated: Stated, main: StatedModel | None, row: dict[str, Any]
) -> str:
    if main is not None:
        return answer(row, found.prob, main.names, main.counted)
    methods = found.summary.get("methods")
    first = methods[0] if isinstance(methods, list) and methods else {}
    level, asked = percent(found.prob), _ASKED.get(row["name"], plain(row["name"]))
    known = first.get("observed") if isinstance(first, dict) else None
    counted = f"{known:,} persons on any list: " if isinstance(known, int) else ""
    if isinstance(first, dict) and first.get("bound"):
        middle = shown(row["name"], row["median"])
        return f"{counted}at least about {middle} in all; a lower bound."
    said = between(row["name"], row).replace("(", f"({level} interval ")
    text = f"{counted}about {said} {asked}."
    return text[:1].upper() + text[1:]


def _published(found: RunFolder, stated: Stated) -> list[Child | None]:
    first = [one for one in found.summary["published"] if ", " not in one["name"]]
    if not first:
        return []
    sources = dict(stated.published)
    items: list[Child] = []
    for one in first:
        source = sources.get(one["name"], "")
        items.append(element(
            "span", element("strong", f"{one['low']:,.0f} to {one['high']:,.0f}"),
            f" ({one['name']}{'; ' + source if source else ''}). {sentence(one['says'])}",
        ))  # fmt: skip
    warning = element(
        "p", "A published range without a level is no interval: nobody has said how probable it is "
        "that the truth lies in it.", class_="note",
    )  # fmt: skip
    return [element("h3", "Published beside it"), listed(items), warning]
