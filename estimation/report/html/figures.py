"""Figures of a folder, as pictures inside the page."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import PurePosixPath

from estimation.report.html.builder import Child, Element, element, part
from estimation.report.html.findings import finding
from estimation.report.html.pictures import size_of, smaller
from estimation.report.html.run_folder import RunFolder
from estimation.report.html.stated import Stated
from estimation.report.html.wording import told
from estimation.report.html.words import plain

#: Bytes of all pictures in the page; what is beyond is named in place of a picture.
_MOST, _MOST_OF_CHAINS = 2_000_000, 600_000

#: How figures of sections of a study begin, and what they are of.
_SECTIONS = {
    "anatomy-": ("What the interval is made of", "sensitivity"),
    "tornado-": ("What each assumption moves", "sensitivity"),
    "curve-": ("The answer by one belief", "sensitivity"),
    "information-": ("What an audit would tell", "audit_plan"),
    "comparison-": ("Models compared", "comparison"), "mixture-": ("Models mixed", "comparison"),
    "revision-": ("A changed total", "revision"), "sources-": ("Coverage by source", "learned"),
    "calibration-": ("Calibration by simulated lists", "scenario"),
}  # fmt: skip

_NAMED = {"totals": "Total deaths", "periods": "Deaths over time", "coverage": "Coverage over time",
          "rises": "Months that rose", "rates": "Rates by stratum", "eventual": "Names in the end",
          "overlap": "Methods and tests of known answer", "excess": "Ratio of deaths of the sexes",
          "nowcast": "Names known and to come", "fans": "What past nowcasts saw coming",
          "forest": "All totals", "beliefs": "Beliefs before and after the data",
          "chains": "Chains of a fit", "patterns": "Who is on which list, and on none",
          "pit": "Where final counts fell among past forecasts"}  # fmt: skip


def figures_part(found: RunFolder, stated: Stated) -> Element | None:
    """Return all figures, each with what it finds."""
    # the record has them in the order of the study
    listed = str(found.record.get("figures", "")).split(", ")
    order = {name: place for place, name in reversed([*enumerate(listed)])}
    names = sorted(found.figures, key=lambda name: (order.get(name, len(order)), name))
    shown = list(_figures(found, stated, [name for name in names if not _is_of_chains(name)]))
    if not shown:
        why = str(found.record.get("figures", ""))
        # without matplotlib the record says why there are none
        said = why if why.startswith("not drawn") else ""
        return part("figures", "Figures", element("p", said) if said else None)
    return part("figures", "Figures", *shown)


def chains_figures(found: RunFolder, stated: Stated) -> list[Child]:
    """Return the figures of chains, which belong to the checks."""
    names = sorted(filter(_is_of_chains, found.figures))
    return list(_figures(found, stated, names, _MOST_OF_CHAINS))


def _is_of_chains(name: str) -> bool:
    stem = PurePosixPath(name).stem
    return stem == "chains" or stem.endswith("-chains")


def _figures(
    found: RunFolder, stated: Stated, names: list[str], most: int = _MOST
) -> Iterator[Child]:
    used = 0
    for name in names:
        stem = PurePosixPath(name).stem
        says = told(finding(found, stated, stem), stated)
        caption = element(
            "figcaption", element("strong", f"{_title(found.command, stated, stem)}. "), says
        )
        picture = smaller(found.figures[name])
        size = size_of(picture)
        if size is None:
            note = f"{name} is damaged: it is no SVG, and is not shown."
            yield element("figure", element("p", note, class_="refused"), caption)
            continue
        encoded = base64.b64encode(picture).decode("ascii")
        used += len(encoded)
        if used > most:
            note = f"Not shown, so that the page stays small: see {name} in the folder."
            yield element("figure", element("p", note, class_="refused"), caption)
            continue
        # as a picture an SVG runs no script and loads nothing, whatever is in it
        yield element("figure", element(
            "img", src=f"data:image/svg+xml;base64,{encoded}", alt=says, width=str(size[0]),
            height=str(size[1]),
        ), caption, **({"class_": "tall"} if size[1] > size[0] else {}))  # fmt: skip


def _title(command: str, stated: Stated, stem: str) -> str:
    """Return what a figure is of: its kind, and the title of its model or section."""
    for start, (words, kind) in _SECTIONS.items():
        if stem.startswith(start):
            rest = stem.removeprefix(start)
            if kind == "scenario":
                return f"{words}: {stated.model(rest).title}"
            fitting = [(len(key), title) for name, title in stated.sections.items()
                       for of, key in [name.split(" ", 1)]
                       if title and of == kind and f"{rest}-".startswith(f"{key}-")]  # fmt: skip
            title = f": {max(fitting)[1]}" if fitting else ""
            return f"{words}{title}"
    for kind, words in _NAMED.items():
        if stem == kind:
            return "Intervals that held" if command == "replay" and kind == "coverage" else words
        if stem.endswith(f"-{kind}"):
            return f"{words}: {stated.model(stem.removesuffix(f'-{kind}')).title}"
    return plain(stem.replace("-", " ")).capitalize()
