"""Figures of a folder, as pictures inside the page."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from xml.etree import ElementTree

from estimation.report.html.builder import Child, Element, element, part
from estimation.report.html.findings import finding
from estimation.report.html.run_folder import RunFolder
from estimation.report.html.stated import Stated
from estimation.report.html.words import plain

#: Bytes of all pictures in the page; what is beyond is named in place of a picture.
_MOST = 2_600_000

#: How figures of sections of a study begin, and what they are of.
_SECTIONS = {
    "anatomy-": ("What the interval is made of", "sensitivity"),
    "tornado-": ("What each assumption moves", "sensitivity"),
    "curve-": ("The answer by one belief", "sensitivity"),
    "information-": ("What an audit would tell", "audit_plan"),
    "comparison-": ("Models compared", "comparison"), "mixture-": ("Models mixed", "comparison"),
    "revision-": ("A changed total", "revision"), "sources-": ("Coverage by source", "learned"),
}  # fmt: skip

_NAMED = {"totals": "Total deaths", "periods": "Deaths over time", "coverage": "Coverage over time",
          "rises": "Months that rose", "rates": "Rates by stratum", "eventual": "Names in the end",
          "overlap": "Methods and tests of known answer", "excess": "Ratio of deaths of the sexes",
          "nowcast": "Names known and to come",
          "fans": "What past nowcasts saw coming"}  # fmt: skip


def figures_part(found: RunFolder, stated: Stated) -> Element | None:
    """Return all figures, each with what it finds."""
    # the record has them in the order of the study
    listed = str(found.record.get("figures", "")).split(", ")
    order = {name: place for place, name in reversed([*enumerate(listed)])}
    names = sorted(found.figures, key=lambda name: (order.get(name, len(order)), name))
    shown = list(_figures(found, stated, names))
    if not shown:
        why = str(found.record.get("figures", ""))
        # without matplotlib the record says why there are none
        said = why if why.startswith("not drawn") else ""
        return part("figures", "Figures", element("p", said) if said else None)
    return part("figures", "Figures", *shown)


def _figures(found: RunFolder, stated: Stated, names: list[str]) -> Iterator[Child]:
    used = 0
    for name in names:
        stem = PurePosixPath(name).stem
        says = finding(found, stated, stem)
        caption = element(
            "figcaption", element("strong", f"{_title(found.command, stated, stem)}. "), says
        )
        picture = _smaller(found.figures[name])
        size = _size(picture)
        if size is None:
            note = f"{name} is damaged: it is no SVG, and is not shown."
            yield element("figure", element("p", note, class_="refused"), caption)
            continue
        encoded = base64.b64encode(picture).decode("ascii")
        used += len(encoded)
        if used > _MOST:
            note = f"Not shown, so that the page stays small: see {name} in the folder."
            yield element("figure", element("p", note, class_="refused"), caption)
            continue
        # as a picture an SVG runs no script and loads nothing, whatever is in it
        yield element("figure", element(
            "img", src=f"data:image/svg+xml;base64,{encoded}", alt=says, width=str(size[0]),
            height=str(size[1]),
        ), caption)  # fmt: skip


def _title(command: str, stated: Stated, stem: str) -> str:
    """Return what a figure is of: its kind, and the title of its model or section."""
    for start, (words, kind) in _SECTIONS.items():
        if stem.startswith(start):
            rest = stem.removeprefix(start)
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


def _smaller(svg: bytes) -> bytes:
    """Return a picture without the comments and indents that a drawing program left in it."""
    return re.sub(rb"\n[ \t]+<", b"\n<", re.sub(rb"<!--[^<>]*-->", b"", svg))


def _size(svg: bytes) -> tuple[int, int] | None:
    """Return width and height in pixels; None if it is no SVG."""
    if b"<!ENTITY" in svg:  # entities within entities could take all memory
        return None
    try:
        root = ElementTree.fromstring(svg)
    except (ElementTree.ParseError, ValueError, LookupError):
        return None
    if root.tag != "{http://www.w3.org/2000/svg}svg":
        return None
    numbers = re.findall(r"-?\d+(?:\.\d+)?", root.get("viewBox", ""))
    if len(numbers) != 4:
        return 800, 600
    return max(round(float(numbers[2])), 1), max(round(float(numbers[3])), 1)
