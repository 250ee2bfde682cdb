"""The top of the page: the gate's verdict, refusals, and the answer in one sentence."""

from __future__ import annotations

from typing import Any

from estimation.report.html.builder import Child, Element, element, listed, part
from estimation.report.html.checks import state, told_check
from estimation.report.html.columns import method_words
from estimation.report.html.run_folder import RunFolder
from estimation.report.html.stated import Stated, StatedModel
from estimation.report.html.wording import told
from estimation.report.html.words import between, dated, plain, sentence, shown
from estimation.report.text import answer
from estimation.summaries.agreement import percent

_SAYS = {
    "pass": "Every fit that is reported passed all of its checks.",
    "inconclusive": "Some checks were not clearly passed:",
    "fail": "Some checks were not passed:",
    "": "This folder keeps no verdict of its own: what did not pass is named in its tables.",
}

#: What rows of other commands estimate.
_ASKED = {"eventual": "names in the end", "excess": "deaths beyond those expected",
          "total": "persons in all"}  # fmt: skip

#: What an interval is, and what coverage.
_READ = (
    "The true number lies in the interval with a probability of {}, if what the answer rests "
    "on is true; the number before it is the middle, as likely too low as too high."
)
_COVERAGE = " Coverage is the share of all deaths that is on the list."


def verdict_part(found: RunFolder, stated: Stated) -> Element | None:
    """Return the gate's verdict, all that failed, and what was changed since."""
    diagnostics = found.summary["diagnostics"]
    verdict = str(diagnostics["verdict"])
    unsure = [one for one in diagnostics["checks"] if one["verdict"] != "pass"]
    said = _failures(found, stated)
    said += [
        element("p", state(verdict), " ", _says(verdict, unsure)),
        listed([told_check(one["says"], stated) for one in unsure]),
        _of_answer(found, stated, unsure),
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
    kind = "fail" if found.failed or found.changed or verdict == "fail" else verdict
    return part("verdict", "Verdict of the checks", *said, class_=f"box {kind or 'unknown'}")


def _says(verdict: str, unsure: list[dict[str, Any]]) -> str:
    said = _SAYS.get(verdict, _SAYS[""])
    return said if unsure or not said.endswith(":") else f"{said[:-1]}."


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
    return element("p", "The answer below does not rest on that: its own checks were passed.")


def _refusal(key: str, why: str, stated: Stated) -> Element:
    title = stated.titles.get(key, plain(key))
    return element("span", element("strong", f"{title}: "), sentence(told(why, stated)))


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


def _read(main: StatedModel) -> str:
    """Return the belief on coverage without its quantiles; the title of a model that has none."""
    beliefs = [belief for name, belief, _, _ in main.priors if name == "coverage"]
    return beliefs[0].partition(";")[0] if beliefs else main.title


def _answer(found: RunFolder, stated: Stated, row: dict[str, Any]) -> list[Child | None]:
    main = stated.models[0] if stated.models else None
    facts: list[tuple[str, str]] = []
    if row.get("method"):
        facts.append(("Method", method_words(str(row["method"]))))
    if main is not None:
        facts += [("Whose deaths", main.scope or "not stated"),
                  ("As of", dated(main.as_of) or "not stated"),
                  ("How coverage is read", _read(main))]  # fmt: skip
    elif found.record["settings"].get("as_of"):
        facts.append(("As of", dated(str(found.record["settings"]["as_of"]))))
    pairs = [element("div", element("dt", key), element("dd", value)) for key, value in facts]
    return [
        element("p", _sentence(found, stated, main, row), class_="answer"),
        element("dl", *pairs, class_="facts") if pairs else None,
        element("p", _READ.format(percent(found.prob)) + (_COVERAGE if main else ""),
                class_="note") if _is_probable(found, row) else None,
    ]  # fmt: skip


def _is_probable(found: RunFolder, row: dict[str, Any]) -> bool:
    """Return whether an interval is one of probability, and not a classical one."""
    return row["low"] != row["high"] and found.summary.get("engine") != "classical"


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
            f" ({one['name']}{'; ' + source if source else ''}). {_beside(one, stated)}",
        ))  # fmt: skip
    warning = element(
        "p", "A range that was published without a probability is no interval: nobody has said how "
        "likely the truth is to lie in it.", class_="note",
    )  # fmt: skip
    return [element("h3", "Published beside it"), listed(items), warning]


def _beside(one: dict[str, Any], stated: Stated) -> str:
    """Return how a published range stands to the answer, without its ends, which precede it."""
    ends = f"the published {one['low']:,.0f} to {one['high']:,.0f}"
    return sentence(told(one["says"].replace(ends, "this range"), stated))
