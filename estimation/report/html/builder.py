"""A tree of HTML elements: whatever is not an element of ours is text, and is escaped."""

from __future__ import annotations

import dataclasses
import html
import re
from collections.abc import Iterator, Sequence

#: Letters from which on a cell is given room.
_LONG = 90

#: Letters from which on a word may be broken anywhere.
_LONG_WORD = 22

#: Columns from which on a table is set smaller in print.
_MANY = 9

#: What an element may hold; a plain string is text, never markup.
type Child = Element | str

#: Elements without an end tag.
_EMPTY = frozenset({"img", "meta", "br"})

#: Elements that this page is made of: no script, no link that leaves it but to its own parts.
_KNOWN = _EMPTY.union((
    "html", "head", "title", "body", "header", "main", "nav", "footer", "section", "h1", "h2", "h3",
    "h4", "p", "ul", "ol", "li", "a", "strong", "em", "code", "pre", "div", "span", "figure",
    "figcaption", "table", "caption", "thead", "tbody", "tr", "th", "td", "dl", "dt", "dd",
    "details", "summary",
))  # fmt: skip

#: Attributes by which nothing can be run; `href` and `src` are looked at more closely.
_ATTRIBUTES = frozenset((
    "id", "class", "lang", "href", "src", "alt", "scope", "colspan", "role", "tabindex",
    "aria-label", "aria-labelledby", "charset", "name", "content", "http-equiv", "width", "height",
))  # fmt: skip

#: Where `href` and `src` may lead: a part of the page, a picture that is in it.
_PLACES = {"href": r"#[A-Za-z0-9-]+", "src": r"data:image/svg\+xml;base64,[A-Za-z0-9+/=]+"}

_PERCENT = re.compile(r"(?<=\d) %")

#: No text of a page may hold these: a browser would drop or change them.
_CONTROL = {code: "\ufffd" for code in range(32) if chr(code) not in "\t\n\r"}


@dataclasses.dataclass(frozen=True)
class Element:
    """An element with its attributes and what it holds.

    Parameters
    ----------
    tag : str
    attributes : tuple of (str, str)
    children : tuple of Element or str
        Strings are text.
    """

    tag: str
    attributes: tuple[tuple[str, str], ...] = ()
    children: tuple[Child, ...] = ()

    def __post_init__(self) -> None:
        if self.tag not in _KNOWN:
            raise ValueError(f"no element {self.tag!r} in this page")
        for name, value in self.attributes:
            if name not in _ATTRIBUTES or (
                name in _PLACES and not re.fullmatch(_PLACES[name], value)
            ):
                raise ValueError(f"no attribute {name} = {value[:60]!r} in this page")


def element(tag: str, *children: Child | None, **attributes: str) -> Element:
    """Return an element; children that are None are left out.

    Parameters
    ----------
    tag : str
    *children : Element or str
    **attributes : str
        A trailing underscore is dropped (``class_``), others become hyphens.
    """
    named = tuple((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items())
    return Element(tag, named, tuple(child for child in children if child is not None))


def rendered(child: Child) -> str:
    """Return the HTML of an element, or text escaped."""
    return "".join(_pieces(child))


def _pieces(child: Child) -> Iterator[str]:
    if isinstance(child, str):
        yield _escaped(child)
        return
    named = "".join(f' {name}="{_escaped(value)}"' for name, value in child.attributes)
    yield f"<{child.tag}{named}>"
    if child.tag in _EMPTY:
        return
    for one in child.children:
        if isinstance(one, str) and child.tag not in ("pre", "code"):
            one = _PERCENT.sub("\u00a0%", one)  # no line ends between a number and its sign
        yield from _pieces(one)
    yield f"</{child.tag}>"
    if child.tag in ("p", "li", "tr", "table", "section", "figure", "h1", "h2", "h3", "header"):
        yield "\n"


def _escaped(text: str) -> str:
    # a lone surrogate has no UTF-8 form
    sound = text.translate(_CONTROL).encode("utf-8", "replace").decode("utf-8")
    return html.escape(sound, quote=True)


def listed(items: Sequence[Child], **attributes: str) -> Element | None:
    """Return a list with bullets, or nothing if there is nothing in it."""
    if not items:
        return None
    return element("ul", *(element("li", item) for item in items), **attributes)


def part(name: str, heading: str, *children: Child | None, **attributes: str) -> Element | None:
    """Return a section with its heading, which names it for a screen reader; None if empty.

    Parameters
    ----------
    name : str
        Its place in the page, for links.
    heading : str
    *children : Element or str
    **attributes : str
    """
    held = [child for child in children if child is not None]
    if not held:
        return None
    title = element("h2", heading, id=f"{name}-heading")
    return element(
        "section", title, *held, id=name, aria_labelledby=f"{name}-heading", **attributes
    )


@dataclasses.dataclass(frozen=True)
class Wide:
    """A cell that stands in the place of several: a refusal where numbers would be."""

    content: Child
    columns: int


def table(
    caption: str, head: Sequence[str], rows: Sequence[Sequence[Child | Wide]], *,
    numbers: Sequence[int] = (), halves: bool = False,
) -> Element:  # fmt: skip
    """Return a table in a box of its own, which scrolls where the page is narrow.

    Parameters
    ----------
    caption : str
    head : sequence of str
        A column each.
    rows : sequence of rows
        The first cell of each is its heading.
    numbers : sequence of int
        Columns that are set to the right.
    halves : bool
        Whether a long and narrow one is set in two columns where there is room.
    """
    of = {place: {"class_": "number"} for place in numbers}
    heads = [
        element("th", word[:1].upper() + word[1:], scope="col", **of.get(place, {}))
        for place, word in enumerate(head)
    ]
    body = [element("tr", *_cells(row, of)) for row in rows]
    found = element(
        "table", element("caption", element("span", caption)),
        element("thead", element("tr", *heads)), element("tbody", *body),
    )  # fmt: skip
    # a box that scrolls can be reached with the keyboard, and says what it is
    kind = "scroll many" if len(head) >= _MANY else "scroll halves" if halves else "scroll"
    return element("div", found, class_=kind, role="region", tabindex="0", aria_label=caption)


def _width(cell: Child | Wide) -> dict[str, str]:
    """Return the class of a cell of words: room for many, breaks within a word without end."""
    if not isinstance(cell, str):
        return {}
    longest = max(map(len, cell.split()), default=0)
    kind = " ".join(name for name, so in (("long", len(cell) > _LONG),
                                          ("breaks", longest > _LONG_WORD)) if so)  # fmt: skip
    return {"class_": kind} if kind else {}


def _cells(row: Sequence[Child | Wide], of: dict[int, dict[str, str]]) -> Iterator[Element]:
    place = 0
    for cell in row:
        if isinstance(cell, Wide):
            yield element("td", cell.content, colspan=str(cell.columns), class_="refused")
            place += cell.columns
            continue
        tag, scope = ("td", {}) if place else ("th", {"scope": "row"})
        yield element(tag, cell, **scope, **(of.get(place) or _width(cell)))
        place += 1
