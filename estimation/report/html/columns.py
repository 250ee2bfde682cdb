"""What columns and their values are called on the page."""

from __future__ import annotations

import math
import re

from estimation.report.html.builder import Child, element
from estimation.report.html.stated import Stated
from estimation.report.html.wording import path_words, told, with_titles
from estimation.report.html.words import capital, dated, plain, sentence, share, short

#: Columns whose numbers are exact or no numbers: shown as they are, thousands apart.
_EXACT = re.compile(r"names|count|observed|size|points|influential|refits|known|final|truth|dates"
                    r"|forecasts|names_fewest|names_most|threshold|confirmed|forecast")  # fmt: skip

#: Columns of labels: a year is no number of deaths.
LABELS = re.compile(
    r"period|year|as_of|earlier|later|span|age|stratum|model|method|name"
    r"|scenario|begin|end|foreseen_from|pattern|list|report|day|date|part|sources"
)

_SHARES = re.compile(r"share.*|inside_\d+|coverage.*|prob|below|.*_share|weight")

#: Columns of sentences.
_SENTENCES = re.compile(r"says|reason|why|refused|question")

_WORDS = {
    "as_of": "list of", "below": "probability of fewer", "count": "known", "count_is":
    "the later count is", "crps": "score of all quantiles (CRPS)", "difference":
    "difference to the best", "difference_se": "standard error of the difference", "elpd":
    "log predictive density", "estimate": "estimate", "eventual": "in the end", "expected_width":
    "expected width of the interval", "factor": "odds", "foreseen": "foretold then",
    "foreseen_from": "foretold from the list of", "foretold": "the others foretell",
    "holds": "the interval holds the truth", "influential": "points of too much influence",
    "earlier": "earlier list", "later": "later list", "power": "power of the prior",
    "rarity": "probability of so large a difference",
    "says": "finding", "se": "standard error", "settled": "settled", "share_between":
    "share of the variance between the models", "share_of_now": "share of today's width", "size":
    "deaths looked up", "span": "deaths of", "target": "interval of", "truth": "truth",
    "underprediction": "too low", "overprediction": "too high", "width_alone":
    "width from it alone", "width_if_known": "width if it were known", "wis":
    "weighted interval score", "dispersion": "width of the intervals",
}  # fmt: skip

_SOURCES = {"judged": "the judgment alone", "learned": "all, widened where they conflict"}

#: Unknowns of a model beside coverage and precision, some of them of each source.
_BELIEFS = {"rate": "expected deaths", "step": "step of losses from period to period",
            "spread": "spread between strata", "noise": "noise of the reports",
            "delay_step": "step of the delays", "shock_size": "shocks to the reports",
            "coverage_step": "step of coverage from time to time"}  # fmt: skip
_OF_SOURCES = {"bias_": "bias of", "share_": "share in scope of",
               "beyond_": "deaths that no source sees:"}  # fmt: skip

_METHODS = {
    "line": "line through the ratio", "over_dispersed_poisson": "chain ladder",
    "chain-ladder": "chain ladder", "latent": "latent classes", "graphical":
    "average over graphs", "loglinear": "log-linear model", "chao": "Chao's lower bound",
    "mixture": "mixture of methods", "loo": "leaving out one point at a time",
    "model": "model",
}  # fmt: skip


def column_words(column: str) -> str:
    """Return the heading of a column."""
    inside = re.fullmatch(r"inside_(\d+)", column)
    if inside:
        return f"{inside[1]} % intervals held"
    return _WORDS.get(column, plain(column))


def belief_words(name: str) -> str:
    """Return what an unknown of a model is called."""
    for start, words in _OF_SOURCES.items():
        if name.startswith(start):
            return f"{words} {plain(name.removeprefix(start))}"
    return _BELIEFS.get(name, plain(name))


def is_method(name: str) -> bool:
    """Return whether a word is the name of a method."""
    return name in _METHODS or name == "sample_coverage"


def method_words(name: str) -> str:
    """Return what a method is called."""
    return _METHODS.get(name, plain(name))


def cell(column: str, value: str, stated: Stated, row: dict[str, str]) -> Child:
    """Return a cell of a table: words for names, numbers to three digits.

    Parameters
    ----------
    column, value : str
    stated : Stated
        Titles of models.
    row : dict of str to str
        All cells of the row.
    """
    if not value:
        return ""
    if column == "model":
        return stated.called(value)
    if column == "verdict":
        return element("strong", plain(value))
    number = finite(value)
    if number is None or LABELS.fullmatch(column):
        return _text(column, value, stated)
    if _EXACT.fullmatch(column) and number == int(number):
        return f"{int(number):,}"
    # what a source says of coverage is a share, what it says of deaths is none
    of_share = _SHARES.fullmatch(column) or (
        column == "said" and row.get("what", "").startswith("coverage")
    )
    if of_share and 0 <= number <= 1:
        return share(number)
    return short(number)


def _text(column: str, value: str, stated: Stated) -> Child:
    if value in ("True", "False"):
        return "yes" if value == "True" else "no"
    if column in ("method", "methods"):
        return method_words(value)
    if column == "weights":
        return _weights(value, stated)
    if _SENTENCES.fullmatch(column):
        return capital(sentence(told(with_titles(value, stated), stated)))
    if column in ("name", "target"):
        return path_words(value) or plain(value)
    if column == "belief":
        return belief_words(value)
    if column == "sources":
        return _SOURCES.get(value, value)
    return dated(value.replace("..", " to "))


def _weights(value: str, stated: Stated) -> str:
    found = []
    for one in value.split("; "):
        name, _, weight = one.rpartition(" ")
        number = finite(weight)
        found.append(f"{stated.called(name)} {share(number)}" if name and number is not None
                     else one)  # fmt: skip
    return "; ".join(found)


def finite(value: str) -> float | None:
    """Return a number, or None of what is none."""
    try:
        found = float(value)
    except ValueError:
        return None
    return found if math.isfinite(found) else None
