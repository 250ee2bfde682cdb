"""SVG pictures as the page holds them: sound, and without the bytes that nobody sees."""

from __future__ import annotations

import re
from xml.etree import ElementTree

#: What a drawing program leaves in a file: comments, who made it, names of groups.
_LEFT_OVER = re.compile(
    rb"<!--[^<>]*-->|<metadata>.*?</metadata>|(?<=<g) id=\"[a-z]+(?:[23]d)?_[\d_]+\"", re.DOTALL
)

#: Lists of coordinates, as attributes hold them.
_COORDINATES = re.compile(rb"(?<= d=\")[^\"]+|(?<=translate\()[^)]+|(?<= [xy]=\")[^\"]+")

#: Digits beyond a hundredth of a point, which no screen shows.
_FINE = re.compile(rb"-?\d+\.\d{3,}(?![\de])")

#: A letter at its place in a word: half of all bytes of a figure.
_LETTER = re.compile(
    rb"<use xlink:href=\"#DejaVuSans-([\da-f]+)\"(?: transform=\"translate\((-?[\d.]+) 0\)\")?/>"
)

#: An outline of a letter; a tenth of its fineness is still finer than a hundredth of a point.
_OUTLINE = re.compile(rb"( d=\"[^\"]+)\" transform=\"scale\(0\.015625\)\"")

#: Groups; those without attributes change nothing.
_GROUP = re.compile(rb"<g\b[^<>]*>|</g>")


def smaller(svg: bytes) -> bytes:
    """Return the same picture in fewer bytes.

    Parameters
    ----------
    svg : bytes
        As matplotlib writes it; of others less is taken off.
    """
    small = _LEFT_OVER.sub(b"", svg)
    small = _COORDINATES.sub(lambda found: _FINE.sub(_rounded, found.group()), small)
    small = _LETTER.sub(_letter, small.replace(b' id="DejaVuSans-', b' id="_'))
    # what other elements refer to a letter by
    small = small.replace(b'"#DejaVuSans-', b'"#_')
    small = re.sub(rb" ?\n(?=[LQMCz]|\")", b"", small)
    small = _without_groups(_OUTLINE.sub(_coarser, small))
    return re.sub(rb">\s+<", b"><", small)


def size_of(svg: bytes) -> tuple[int, int] | None:
    """Return width and height of a picture in pixels; None if it is no SVG."""
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


def _rounded(found: re.Match[bytes]) -> bytes:
    return f"{float(found.group()):.2f}".rstrip("0").rstrip(".").encode()


def _coarser(found: re.Match[bytes]) -> bytes:
    tenths = re.sub(rb"-?\d+", lambda one: b"%d" % round(int(one.group()) / 10), found.group(1))
    return tenths + b'" transform="scale(0.15625)"'


def _without_groups(svg: bytes) -> bytes:
    """Return a picture without groups that have no attribute."""
    kept: list[bool] = []

    def chosen(found: re.Match[bytes]) -> bytes:
        tag = found.group()
        if tag.endswith(b"/>"):
            return tag
        if tag.startswith(b"<g"):
            kept.append(tag != b"<g>")
        # a picture with an end too many is not sound, and stays as it is
        keep = kept[-1] if tag.startswith(b"<g") else kept.pop() if kept else True
        return tag if keep else b""

    return _GROUP.sub(chosen, svg)


def _letter(found: re.Match[bytes]) -> bytes:
    name, place = found.groups()
    return b'<use href="#_' + name + b'"' + (b' x="' + place + b'"' if place else b"") + b"/>"
