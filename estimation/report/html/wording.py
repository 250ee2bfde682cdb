"""Stored sentences as the page says them: words for names of ours, no digits beyond what is known.

What a run stores keeps its digits; only what is read is rounded.
"""

from __future__ import annotations

import re

from estimation.report.html.stated import Stated
from estimation.report.html.words import capital, dated, plain, short
from estimation.report.text import rounded
from estimation.summaries.agreement import percent

_NUMBER = r"-?\d+(?:,\d{3})*(?:\.\d+)?"

#: Words after which an estimate follows, and perhaps its other end; counts are exact and stay.
_ESTIMATE = re.compile(
    rf"(?P<lead>\binterval(?: is)? |\bmedian |\babout |\bagainst |\bestimates from "
    rf"|\bbound of Chao \(|\blies beyond )(?P<first>{_NUMBER})(?P<to> to )?"
    rf"(?(to)(?P<second>{_NUMBER}))"
)
_WITH_INTERVAL = re.compile(rf"({_NUMBER})( \()({_NUMBER})( to )({_NUMBER})(\))")
#: What is judged against a limit keeps its digits: 1.013 is above 1.01, and 1.01 is not.
_DECIMAL = re.compile(r"(?<![\w.,:/-])-?\d+(?:,\d{3})*\.\d+"
                      r"(?!\.?\w|/| (?:above|below|[<>]=?) )")  # fmt: skip
_POWER = re.compile(r"(?<![\w.])\d(?:\.\d+)?e\+\d+\b")
_PERCENT = re.compile(r"(?<![\w.,/-])(\d+(?:\.\d+)?) ?%(?P<level> interval| range)?")
_MASS = re.compile(r"\b(0\.\d+) between\b")

#: A field of a model: the evidence, what of it, and perhaps a part of that.
_PATH = re.compile(r"(?<![\w./-])[a-z_][\w-]*(?:\.[a-z_][\w-]*)+(?![\w/]|\.\w)")
_OF = {"coverage": "coverage", "precision": "share of listed names that are true",
       "deviation": "deviation of coverage between strata", "share": "share in scope",
       "bias": "bias", "tail": "share of names beyond the longest delay",
       "delays": "delays", "coverage_drift": "drift of coverage"}  # fmt: skip
_ENDS = {"low": "low end", "high": "high end", "mass": "probability of the range",
         "value": "value", "drift": "drift", "shock": "shocks", "noise": "noise"}  # fmt: skip

_PHRASES = (
    (re.compile(r"of the posterior (?:of the (\w+) )?lies"), "of the probability lies"),
    (re.compile(r"; same assumption, no independent check:"),
     ". Same assumption, no independent check:"),
    (re.compile(r"Prior-to-posterior contraction of (\w+): (-?\d\.\d+)"), r"Contraction of \1 \2"),
    (re.compile(r"how strongly (\w+) is taken"), r"how strongly the source \1 is taken"),
    (re.compile(r"added in total_with_beyond only"),
     "counted only in the total with deaths that no source sees"),
    (re.compile(r"\bsample_coverage\b"), "sample coverage"),
    (re.compile(r"(\d{4}(?:-\d\d){1,2})\.\.(?=\d{4})"), r"\1 to "),
    (re.compile(r"(\d) nats below"), r"\1 below on the log scale (nats)"),
    (re.compile(r"\bOf 1 periods nothing\b"), "Of one period nothing"),
)  # fmt: skip


def told(text: str, stated: Stated) -> str:
    """Return a stored sentence as the page says it.

    Parameters
    ----------
    text : str
    stated : Stated
        Has the titles of models, and what fields are called.
    """
    title, said = whose(text, stated)
    said = f"Of {quoted(title)}: {said}" if title else said
    for pattern, words in _PHRASES:
        said = pattern.sub(words, said)
    said = _PATH.sub(lambda found: path_words(found.group()) or found.group(), said)
    said = _MASS.sub(lambda found: f"{_in_percent(100 * float(found[1]))} between", said)
    said = _ESTIMATE.sub(_estimate, said)
    said = _WITH_INTERVAL.sub(
        lambda found: "".join(_digits(part) if place % 2 == 0 else part
                              for place, part in enumerate(found.groups())), said)  # fmt: skip
    said = _PERCENT.sub(_percent, said)
    said = _POWER.sub(lambda found: f"{float(found.group()):,.0f}", said)
    said = _DECIMAL.sub(lambda found: _digits(found.group()), said)
    return dated(said)


def quoted(title: str) -> str:
    """Return a title in quotation marks."""
    return f"\u201c{title}\u201d"


def with_titles(text: str, stated: Stated) -> str:
    """Return a sentence with the titles of models in the place of their names."""
    known = {**stated.titles, **stated.names}
    names = [name for name in known if "." not in name and name in text]
    if not names:
        return text
    pattern = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    return re.sub(rf"(?<![\w-])(?:{pattern})(?![\w-])",
                  lambda found: quoted(stated.called(found.group())), text)  # fmt: skip


def field_words(path: str, stated: Stated) -> str:
    """Return what a field of a model is called, as the study calls it.

    Parameters
    ----------
    path : str
        As in names.coverage.low.
    stated : Stated
    """
    return stated.names.get(path) or path_words(path) or plain(path.replace(".", ", "))


def path_words(path: str) -> str:
    """Return what a field of a model is called in any study; nothing of what is no field."""
    first, *rest = path.split(".")
    if rest and rest[0] in _OF and len(rest) <= 2 and (len(rest) == 1 or rest[1] in _ENDS):
        what = _OF[rest[0]] + (f" of {plain(first)}" if first != "names" else "")
        return f"{_ENDS[rest[1]]} of {what}" if len(rest) == 2 else what
    if first == "losses" and rest:
        return f"{plain(' '.join(rest))} of the walk of losses"
    return ""


def whose(text: str, stated: Stated) -> tuple[str, str]:
    """Return the title of the model that a note is of, nothing of the main one, and the note."""
    model = re.match(r"Model ([\w-]+): ", text)
    if model and model[1] in stated.titles:
        return stated.titles[model[1]], capital(text[model.end() :])
    source = re.match(r"(?:models\.([\w-]+)\.)?evidence\.([\w-]+): ", text)
    if source is None:
        return "", text
    return (stated.titles.get(source[1], source[1]) if source[1] else "",
            f"Source {plain(source[2])}: {text[source.end() :]}")  # fmt: skip


def _estimate(found: re.Match[str]) -> str:
    ends = [_digits(found["first"])]
    if found["to"]:
        ends.append(_digits(found["second"]))
    return found["lead"] + " to ".join(ends)


def _digits(number: str) -> str:
    """Return a number to three digits; a year, which has no comma, stays."""
    if "," not in number and "." not in number and len(number) <= 4:
        return number
    value = float(number.replace(",", ""))
    if 0.985 < value < 1:  # no certainty
        return number
    if sum(letter.isdigit() for letter in number.lstrip("-0.")) <= 3:
        return number
    return rounded(value) if abs(value) >= 1000 else short(value)


def _percent(found: re.Match[str]) -> str:
    # levels and limits are stated: 97.5 % is not 98 %
    if found["level"] or found[1].endswith(".5"):
        return f"{found[1]} %{found['level'] or ''}"
    return _in_percent(float(found[1]))


def _in_percent(value: float) -> str:
    if value > 98.5 or value < 0.1:
        return percent(value / 100)
    return f"{value:.0f} %" if value >= 9.95 else f"{value:.2g} %"
