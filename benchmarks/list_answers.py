"""Answers for overlapping lists that benchmarks keep in a file, one row an answer."""

from __future__ import annotations

import csv
import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from estimation.errors import UndercountError
from estimation.overlap.latent import LatentOptions, latent
from estimation.summaries.overlap import OverlapEstimate
from models.lists.patterns import Patterns

#: Latent classes under both priors of the probabilities to be on a list.
LATENT: Mapping[str, str] = {"latent pooled": "pooled", "latent uniform": "uniform"}

#: Quantiles of an answer that are kept, from which limits and mixtures are made.
KEPT = 400
LEVELS = (np.arange(KEPT) + 0.5) / KEPT

COLUMNS = ("group", "case", "lists", "method", "truth", "observed", "estimate", "median", "low",
           "high", "rhat", "refused", "seconds", "draws")  # fmt: skip

#: An estimate, R-hat (not a number where there is none), and why it is no answer (empty if it is).
Asked = tuple[OverlapEstimate, float, str]


def latent_answer(patterns: Patterns, options: LatentOptions, seed: int) -> Asked:
    """Fit latent classes; a fit whose checks fail comes with what failed."""
    found = latent(patterns, options=options, seed=seed)
    rhat = next(check.value for check in found.verdict.checks if check.name == "rhat")
    failed = [check.says for check in found.verdict.failed()]
    return found.estimate, float(rhat), "; ".join(failed)


def answer_row(about: Mapping[str, Any], ask: Callable[[], Asked]) -> dict[str, Any]:
    """Return the row of an answer or a refusal.

    Parameters
    ----------
    about : mapping
        group, case, lists, method, truth and observed.
    ask : callable
        Returns the answer.
    """
    row: dict[str, Any] = dict.fromkeys(COLUMNS, "") | dict(about)
    start = time.perf_counter()
    try:
        found, rhat, failed = ask()
    except UndercountError as error:
        row["refused"] = str(error)
    else:
        low, median, high = np.quantile(found.draws, [0.025, 0.5, 0.975]).tolist()
        kept = np.quantile(found.draws, LEVELS, method="inverted_cdf")
        row |= {"estimate": float(found.estimate), "median": median, "low": low, "high": high,
                "rhat": "" if math.isnan(rhat) else rhat, "refused": failed,
                "draws": " ".join(f"{one:.6g}" for one in kept)}  # fmt: skip
    return row | {"seconds": round(time.perf_counter() - start, 2)}


def keep(
    asked: Iterable[tuple[Mapping[str, Any], Callable[[], Asked]]], out: Path | None
) -> list[dict[str, Any]]:
    """Return the rows of answers; those that are in the file are taken from there.

    Parameters
    ----------
    asked : iterable of pairs
        What `answer_row` takes.
    out : path, optional
        File to which new rows are added; several runs may do so at a time.
    """
    kept = {(row["case"], row["method"]): row for row in read(out)} if out is not None else {}
    found: list[dict[str, Any]] = []
    for about, ask in asked:
        known = kept.get((about["case"], about["method"]))
        if known is None:
            known = answer_row(about, ask)
            if out is not None:
                _append(out, known)
        found.append(known)
    return found


def _append(out: Path, row: Mapping[str, Any]) -> None:
    new = not out.exists()
    with out.open("a", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        if new:
            writer.writeheader()
        writer.writerow(row)


def read(out: Path) -> list[dict[str, Any]]:
    """Return the rows of a file, numbers as numbers; none if it is not there."""
    if not out.exists():
        return []
    with out.open(encoding="utf-8", newline="") as file:
        # two runs that began at once both wrote a header
        return [_typed(row) for row in csv.DictReader(file) if row["case"] != "case"]


def _typed(row: Mapping[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = dict(row)
    for name in ("truth", "estimate", "median", "low", "high", "rhat", "seconds"):
        found[name] = float(row[name]) if row[name] else ""
    for name in ("lists", "observed"):
        found[name] = int(row[name])
    return found


def draws_of(row: Mapping[str, Any]) -> np.ndarray:
    """Return the quantiles of an answer that were kept, (n,); a third as many weigh the same."""
    return np.array([float(word) for word in str(row["draws"]).split()])


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])
