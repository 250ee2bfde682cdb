"""All checks of the fits: a table of models by check, and each with its value and threshold."""

from __future__ import annotations

import math
import re
from typing import Any

from estimation.report.html.builder import Child, Element, element, listed, part, table
from estimation.report.html.figures import chains_figures
from estimation.report.html.run_folder import RunFolder
from estimation.report.html.stated import Stated
from estimation.report.html.wording import quoted
from estimation.report.html.words import sentence

#: Checks that are listed at most; a run of many fits has hundreds.
_MOST = 200

#: What a check is called, whether its values must be at least the threshold, and what it asks.
_ASKS = {
    "ess": ("independent draws", True, "how many draws there are"),
    "rhat": ("R-hat", False, "whether chains that began apart have met; 1 if they have"),
    "ess_bulk": ("draws, bulk", True, "how many independent draws the chains are worth"),
    "ess_tail": ("draws, tails", True, "the same of the ends of the intervals"),
    "mcse": ("error of the ends", False, "how far the ends of an interval are off for want of "
             "draws, as a share of its width"),
    "divergences": ("diverged", False, "which share of the draws went astray"),
    "bfmi": ("E-BFMI", True, "whether the chains move freely through all of the posterior"),
    "depth": ("full depth", False, "which share of the steps was cut short"),
}  # fmt: skip

_STATES = {"pass": "Passed", "inconclusive": "Inconclusive", "fail": "Failed"}


def state(verdict: str) -> Element:
    """Return a verdict as a word on a ground of its color; the word alone says it."""
    kind = verdict if verdict in _STATES else "unknown"
    return element("strong", _STATES.get(verdict, verdict or "Not judged"), class_=f"state {kind}")


def told_check(says: str, stated: Stated) -> str:
    """Return what a check found, with the title of the model."""
    fit, rest = _of(says, stated)
    rest = re.sub(r"(\d)%", r"\1 %", rest)
    rest = re.sub(r"(\S+ %) of draws diverged", r"\1 of the draws went astray (diverged)", rest)
    rest = re.sub(r"\b\d(?:\.\d+)?e\+\d+\b", lambda one: f"{float(one.group()):,.0f}", rest)
    rest = re.sub(r"<= ", "\u2264\u00a0", re.sub(r">= ", "\u2265\u00a0", rest))
    return f"{quoted(stated.called(fit))}: {sentence(rest)}" if fit else sentence(rest)


def _of(says: str, stated: Stated) -> tuple[str, str]:
    """Return the fit that a check is of, if it says so, and the rest."""
    fit, mark, rest = says.partition(": ")
    known = bool(mark) and (fit in stated.titles or re.fullmatch(r"[\w-]+", fit) is not None)
    return (fit, rest) if known else ("", says)


def diagnostics_part(found: RunFolder, stated: Stated) -> Element | None:
    """Return the checks, by model; and each in full where it is not printed."""
    checks = found.summary["diagnostics"]["checks"]
    if not checks:
        return None
    if found.command == "calibrate":
        return part("diagnostics", "Diagnostics", _in_full(checks, stated))
    said: list[Child | None] = [element(
        "p", "Estimates are made of draws by a computer. The checks ask whether there are enough "
        "of them and whether they can be trusted; they cannot say whether the assumptions hold.",
    )]  # fmt: skip
    names = list(dict.fromkeys(one["name"] for one in checks))
    if set(names) <= set(_ASKS):
        said += [_by_model(checks, names, stated), _asked(names)]
    said += _chains(found, checks, stated)
    return part("diagnostics", "Diagnostics", *said,
                element("details", element("summary", "All checks, one by one"),
                        _in_full(checks, stated)))  # fmt: skip


def _chains(found: RunFolder, checks: list[dict[str, Any]], stated: Stated) -> list[Child | None]:
    """Return traces and ranks of each fit that has chains, and which fits have none."""
    shown = chains_figures(found, stated)
    names = {_of(one["says"], stated)[0]: one["name"] for one in checks if one["name"] == "ess"}
    alone = [quoted(stated.called(fit)) if fit else "The answer" for fit in names]
    said: list[Child | None] = []
    if alone and found.command == "run":
        said.append(element(
            "p", f"{', '.join(alone)}: drawn independently, not by chains; there are no traces to "
            "show.", class_="note",
        ))  # fmt: skip
    if shown:
        said.append(element("details", element("summary", "Traces and ranks of the chains"),
                            *shown))  # fmt: skip
    return said


def _by_model(checks: list[dict[str, Any]], names: list[str], stated: Stated) -> Element:
    rows: dict[str, dict[str, Child]] = {}
    for one in checks:
        value = _plainly(one.get("value"))
        cell: Child = value
        if one["verdict"] != "pass":
            cell = element("span", f"{value} ", state(one["verdict"]))
        rows.setdefault(_of(one["says"], stated)[0], {})[one["name"]] = cell
    limits = {name: {one.get("threshold") for one in checks if one["name"] == name}
              for name in names}  # fmt: skip
    head = []
    for name in names:
        words, least, _ = _ASKS[name]
        bound = "at least" if least else "at most"
        limit = f" ({bound} {_plainly(limits[name].pop())})" if len(limits[name]) == 1 else ""
        head.append(words + limit)
    cells: list[list[Child]] = [
        [stated.called(fit) if fit else "the answer", *(row.get(name, "") for name in names)]
        for fit, row in list(rows.items())[:_MOST]
    ]
    return table("Checks by model, the worst value of each", ["model", *head], cells,
                 numbers=range(1, len(head) + 1))  # fmt: skip


def _asked(names: list[str]) -> Element | None:
    items: list[Child] = [
        element("span", element("strong", words[:1].upper() + words[1:]), f": {asks}.")
        for words, _, asks in map(_ASKS.__getitem__, names)
    ]
    return listed(items, class_="note")


def _in_full(checks: list[dict[str, Any]], stated: Stated) -> Element:
    order = {"fail": 0, "inconclusive": 1}
    ranked = sorted(checks, key=lambda one: order.get(one["verdict"], 2))
    rows: list[list[Child]] = [
        [told_check(one["says"], stated), state(one["verdict"]), _plainly(one.get("value")),
         _plainly(one.get("threshold")),
         str(one.get("remedy", "")) if one["verdict"] != "pass" else ""]
        for one in ranked[:_MOST]
    ]  # fmt: skip
    caption = "Checks with value and threshold"
    if len(ranked) > _MOST:
        caption += f" (the first {_MOST} of {len(ranked):,}, those not passed before others)"
    head = ["check", "verdict", "value", "threshold", "remedy"]
    return table(caption, head, rows, numbers=(2, 3))


def _plainly(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return ""
    if isinstance(value, int) or abs(value) >= 100:
        return f"{value:,.0f}"
    # an R-hat of 1.003 has its news in the third decimal
    return f"{value:.4g}" if 0.9 < value < 2 else f"{value:.3g}"
