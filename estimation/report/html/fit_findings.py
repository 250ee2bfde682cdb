"""What figures of chains, beliefs and calibration find, in a sentence, from the stored tables."""

from __future__ import annotations

from typing import Any

from estimation.report.html.estimates import owner, whole
from estimation.report.html.run_folder import RunFolder
from estimation.report.html.stated import Stated
from estimation.report.html.tables import numbers_of
from estimation.report.html.words import between, plain, share, short, shown
from estimation.summaries.agreement import percent
from estimation.summaries.beliefs import contraction_words

#: Beliefs, patterns and unknowns that are named of many.
_NAMED = 6


def forest(found: RunFolder, stated: Stated, _: str) -> str:
    """Return all totals of a run, those of other data too."""
    names = whole(found, "eventual")
    # where all who died are on the list in the end, the total is of names, and not drawn here
    told = [f"{stated.model(name).title}: {between('total', row)}"
            for name, row in whole(found).items()
            if name not in names or _ends(names[name]) != _ends(row)]  # fmt: skip
    level = percent(found.prob)
    return f"All totals, median and {level} interval. {'; '.join(told)}." if told else ""


def _ends(row: dict[str, Any]) -> list[float | None]:
    return [row.get(key) for key in ("low", "median", "high")]


def beliefs(found: RunFolder, stated: Stated, model: str) -> str:
    """Return what was learned of each belief of a model, what nothing was learned of first."""
    rows = [row for row in found.rows("beliefs") if row.get("model") == model]
    if not rows:
        return ""
    still = [row for row in rows if row.get("unmoved") == "True"]
    said = []
    if still:
        # as the figure: draws of what is the prior differ from it by chance alone
        told = "; ".join(f"{_name(row)} {_range(row, 'prior_')}" for row in still)
        said.append(f"Nothing was learned, the posterior is the prior: {told}.")
    moved = [f"{_name(row)} {_range(row, 'prior_')} became {_range(row)} (contraction "
             f"{_contraction(row)})" for row in rows if row not in still]  # fmt: skip
    if moved:
        more = f"; and {len(moved) - _NAMED} more" if len(moved) > _NAMED else ""
        said.append(f"The data moved: {'; '.join(moved[:_NAMED])}{more}.")
    return f"{percent(found.prob)} ranges of beliefs before and after the data. {' '.join(said)}"


def _name(row: dict[str, str]) -> str:
    return plain(row.get("belief", ""))


def _range(row: dict[str, str], start: str = "") -> str:
    ends = [numbers_of([row], f"{start}{end}") for end in ("low", "high")]
    return " to ".join(short(one[0]) for one in ends) if all(ends) else "unknown"


def _contraction(row: dict[str, str]) -> str:
    value = numbers_of([row], "contraction")
    return contraction_words(value[0]) if value else "unknown"


def chains(found: RunFolder, stated: Stated, model: str) -> str:
    """Return the largest R-hat, whether ranks leave their band, and how many draws diverged."""
    rows = [row for row in found.rows("chains") if row.get("model") == model]
    largest = [(value, row) for row in rows for value in numbers_of([row], "rhat")]
    if not largest:
        return ""
    worst, row = max(largest, key=lambda pair: pair[0])
    numbers = {
        key: int(values[0]) if (values := numbers_of([row], key)) else 0
        for key in ("chains", "draws", "divergences")
    }
    gone = [_quantity(one) for one in rows if any(numbers_of([one], "chains_outside"))]
    inside = f"chains leave the band of equal chains in {', '.join(gone)}"
    if not gone:
        inside = "the ranks of all chains stay in the band that holds 99 % of equal chains"
    count = numbers["divergences"]
    astray = "no draw diverged" if not count else f"{count:,} draws diverged" if count > 1 else (
        "one draw diverged")  # fmt: skip
    return (
        f"Traces and ranks of {numbers['chains']} chains of {numbers['draws']:,} draws: the "
        f"largest R-hat is {max(worst - 1, 0.0):.2g} above 1 ({_quantity(row)}), {inside}, and "
        f"{astray}."
    )


def _quantity(row: dict[str, str]) -> str:
    return plain(row.get("quantity", "")).replace("[", ", ").replace("]", "")


def calibration(found: RunFolder, stated: Stated, name: str) -> str:
    """Return, by unknown of a model, the farthest that ranks are from uniform."""
    rows = [row for row in found.rows("calibration") if row.get("model") == name]
    told, bad = [], []
    for row in rows:
        values = [numbers_of([row], key) for key in ("deviation", "envelope", "covered")]
        if not all(values):
            continue
        far, allowed, held = (one[0] for one in values)
        told.append(f"{plain(row.get('unknown', ''))} {far:.3f} of {allowed:.3f} allowed, "
                    f"{share(held)} of the 95 % intervals hold the truth")  # fmt: skip
        bad += [plain(row.get("unknown", ""))] if row.get("verdict") != "pass" else []
    if not told:
        return ""
    verdict = f"Not passed: {', '.join(bad)}" if bad else "All pass"
    return ("How far the ranks of simulated truths are from uniform. "
            f"{verdict}. {'; '.join(told)}.")  # fmt: skip


def pit(found: RunFolder, stated: Stated, _: str) -> str:
    """Return, by method, how far the places of final counts in past nowcasts are from uniform."""
    told = []
    for row in found.rows("pit"):
        values = [numbers_of([row], key) for key in ("deviation", "envelope", "dates")]
        if all(values):
            far, allowed, dates = (one[0] for one in values)
            leaves = "leaves" if far > allowed else "stays in"
            told.append(f"{plain(row.get('method', ''))} {leaves} the band ({far:.2f} of "
                        f"{allowed:.2f} allowed, {dates:.0f} dates)")  # fmt: skip
    words = "Where final counts fell among past forecasts, less uniform"
    return f"{words}: {'; '.join(told)}." if told else ""


def patterns(found: RunFolder, stated: Stated, model: str) -> str:
    """Return who is on which lists, and how many on none."""
    mine = [row for row in found.rows("patterns") if row.get("model", model) == model]
    rows = [(int(count), plain(row.get("lists", ""))) for row in mine
            if row.get("known", "True") == "True"
            for count in numbers_of([row], "count")]  # fmt: skip
    if not rows:
        return ""
    rows.sort(key=lambda pair: -pair[0])
    told = "; ".join(f"{name} {count:,}" for count, name in rows[:_NAMED])
    more = f"; {len(rows) - _NAMED} more groups" if len(rows) > _NAMED else ""
    unseen = _unseen(found, model, sum(count for count, _ in rows))
    return f"Persons by the lists that they are on: {told}{more}.{unseen}"


def _unseen(found: RunFolder, model: str, listed: int) -> str:
    """Return how many are on no list; the first of several methods is the answer."""
    ends = whole(found, "unseen").get(model)
    methods = found.summary.get("methods")
    first = methods[0] if isinstance(methods, list) and methods else {}
    first = first if isinstance(first, dict) else {}
    if ends is None:
        total = next((row for row in found.summary["estimates"] if row["name"] == "total"
                      and owner(row) == model and row.get("median") is not None), None)  # fmt: skip
        if total is None:
            return ""
        observed = first.get("observed")
        listed = observed if isinstance(observed, int) else listed
        ends = {key: max(total[key] - listed, 0.0) for key in ("low", "median", "high")}
    if first.get("bound"):
        return f" On no list: at least about {shown('unseen', ends['median'])}, a lower bound."
    return f" On no list, as estimated: {between('unseen', ends)}."
