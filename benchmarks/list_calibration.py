"""How often methods for overlapping lists hold totals that are known.

    uv run python -m benchmarks.list_calibration selftest [--out FILE]
    uv run python -m benchmarks.list_calibration simulated [--replicates N] [--out FILE]

`selftest` asks each method for the size of each list of the shipped tables, given its persons on
the others (see `estimation.overlap.known_truth`); `simulated` asks for totals of populations that
were drawn. Answers are kept in FILE, so that an interrupted run goes on where it was; several runs
with different `--methods` may write to one FILE. `--report` only prints tables of what is there.

Latent classes take few draws here: a limit that is off by a tenth of the width changes no share by
much. They count as answered if R-hat is at most 1.05; the command itself asks for 1.01.
"""

from __future__ import annotations

import argparse
import dataclasses
import functools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.list_answers import LATENT, Asked, draws_of, keep, latent_answer, read, table
from estimation.datasets.load import describe_datasets
from estimation.overlap.known_truth import FEWEST
from estimation.overlap.latent import LatentOptions
from estimation.overlap.methods import classical_method
from estimation.overlap.mixture import mixture
from estimation.randomness import stream
from estimation.summaries.overlap import OverlapEstimate
from estimation.tables.patterns import read_patterns
from models.lists.patterns import Patterns

#: All methods; "as dga" is the average over graphs with the saturated one among them.
METHODS = (*LATENT, "graphical", "as dga", "loglinear", "independence", "sample_coverage", "chao")

#: Largest R-hat of an answer, and draws and warm-up draws of each of four chains.
RHAT, DRAWS, TUNE = 1.05, 400, 400

#: Replicates of the bootstrap of log-linear models.
REPLICATES = 200

#: Methods of the mixture, a third each, by the names that `mixture` knows.
MIXED = {"latent pooled": "latent", "graphical": "graphical", "loglinear": "loglinear"}

#: The twelve tables on which the prior of latent classes was looked at before.
SEEN = frozenset({
    "kosovo_1999", "uk_trafficking_2013_5lists", "netherlands_trafficking_5lists",
    "new_orleans_trafficking_5lists", "western_us_trafficking_5lists",
    "australia_trafficking_4lists", "diabetes_casale_monferrato",
    "congenital_anomaly_massachusetts", "hiv_rome_1990", "lesbian_allegheny",
    "scotland_pwid_2006", "snowshoe_hare_6occasions",
})  # fmt: skip

#: Other forms of a table that is tested: the same persons again.
TWICE = frozenset({
    "uk_trafficking_2013_6lists", "uk_trafficking_2013_4lists", "netherlands_trafficking_6lists",
    "new_orleans_trafficking_8lists", "new_orleans_trafficking_8lists_185",
    "new_orleans_trafficking_5lists_185", "scotland_pwid_2006_by_region_gender_age",
})  # fmt: skip

#: As printed by Binette and Steorts (2022), doi:10.1111/rssa.12803, MSETools: mean log relative
#: bias, root mean square, share of 95 % intervals that hold the truth.
PRINTED = {
    "latent classes (LCMCR)": (-0.52, 0.72, 0.60), "graphs (dga)": (-0.34, 0.60, 0.80),
    "independence": (-0.29, 0.55, 0.88), "stepwise (SparseMSE)": (-0.17, 0.63, 0.90),
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Classes:
    """A population of classes, independent of each other within each.

    Parameters
    ----------
    sizes : tuple of int
        Persons of each class.
    chances : tuple of tuples of float
        Probability to be on each list, a class.
    spread : float
        Standard deviation of a shift of the log odds of each person, alike for all lists.
    """

    sizes: tuple[int, ...]
    chances: tuple[tuple[float, ...], ...]
    spread: float = 0.0


_SOME = (0.10, 0.15, 0.20, 0.25, 0.10)

#: Those of the repository StanLCMCR (HRDAG; simulations.yaml), the first also of Manrique-Vallier
#: (2016), doi:10.1111/biom.12502; and two of our own. 2,000 persons, five lists.
DESIGNS = {
    "two classes, rare": Classes(
        (1800, 200), ((0.033, 0.033, 0.099, 0.132, 0.033), (0.660, 0.825, 0.759, 0.990, 0.693))),
    "two classes, rarer": Classes(
        (1600, 400), ((0.013, 0.013, 0.099, 0.132, 0.033), (0.560, 0.825, 0.759, 0.990, 0.593))),
    "two classes, less rare": Classes(
        (1600, 400), ((0.113, 0.113, 0.199, 0.232, 0.133), (0.860, 0.925, 0.859, 0.990, 0.793))),
    "three classes": Classes(
        (1600, 200, 200), ((0.1, 0.05, 0.15, 0.2, 0.1), (0.5, 0.4, 0.6, 0.4, 0.5),
                           (0.8, 0.9, 0.6, 0.7, 0.7))),
    "lists avoid each other": Classes(
        (1600, 400), ((0.113, 0.113, 0.199, 0.832, 0.733), (0.860, 0.925, 0.859, 0.190, 0.193))),
    "independence": Classes((2000,), (_SOME,)),
    "persons differ, sd 1": Classes((2000,), (_SOME,), 1.0),
}  # fmt: skip


@dataclasses.dataclass(frozen=True, eq=False)
class Case:
    """A table whose total is known."""

    group: str
    name: str
    truth: int
    patterns: Patterns


# -- cases ----------------------------------------------------------------------------------------


def known_lists(names: Iterable[str] = ()) -> Iterator[Case]:
    """Return the persons of each list of the shipped tables with four lists and more."""
    chosen = set(names)
    for described in describe_datasets():
        name = described.name
        threshold = name.endswith("_by_linkage_threshold")
        if not described.lists or threshold or (chosen and name not in chosen):
            continue
        table = read_patterns(name).patterns.pooled()
        if len(table.lists) < 4:
            continue
        group = "seen before" if name in SEEN else "other forms" if name in TWICE else "not seen"
        for place, one in enumerate(table.lists):
            inside = table.on_list(one)
            if inside.observed >= FEWEST:
                yield Case(group, f"{name}:{one}", int(table.list_totals[place]), inside)


def drawn(design: Classes, rng: np.random.Generator) -> Patterns:
    """Return the table of a population that is drawn."""
    chances = np.repeat(np.array(design.chances), design.sizes, axis=0)
    if design.spread:
        odds = np.log(chances / (1 - chances))
        odds = odds + design.spread * rng.standard_normal(len(odds))[:, None]
        chances = 1 / (1 + np.exp(-odds))
    on = rng.random(chances.shape) < chances
    rows, counts = np.unique(on[on.any(axis=1)], axis=0, return_counts=True)
    return Patterns(tuple("ABCDE"), rows, counts)


def simulated(replicates: int, seed: int, names: Iterable[str] = ()) -> Iterator[Case]:
    """Return drawn tables, all designs in turn, so that an interrupted run has some of each."""
    chosen = set(names) or set(DESIGNS)
    for number in range(replicates):
        for name, design in DESIGNS.items():
            if name in chosen:
                rng = stream(seed, "benchmark", "lists", name, str(number))
                yield Case(name, f"{name}:{number}", sum(design.sizes), drawn(design, rng))


# -- answers --------------------------------------------------------------------------------------


def ask(method: str, patterns: Patterns, seed: int) -> Asked:
    """Return the answer of a method."""
    if method in LATENT:
        # judged here, by R-hat alone: see above
        options = LatentOptions(LATENT[method], draws=DRAWS, tune=TUNE, cores=1, accept="short")
        found, rhat, _ = latent_answer(patterns, options, seed)
        return found, rhat, "" if rhat <= RHAT else f"R-hat {rhat:.2f}"
    if method == "as dga":
        from estimation.classical.graphical import graphical

        return graphical(patterns, saturated=True, seed=seed), math.nan, ""
    if method in ("loglinear", "independence"):
        from estimation.classical.loglinear.estimate import loglinear

        formula = " + ".join(patterns.without_empty().lists) if method == "independence" else None
        found = loglinear(patterns, formula=formula, replicates=REPLICATES, seed=seed)
        return found, math.nan, ""
    return classical_method(method, seed)(patterns), math.nan, ""


def run(
    cases: Iterable[Case], methods: Sequence[str], out: Path | None, seed: int = 1
) -> list[dict[str, Any]]:
    """Return the rows of all cases and methods; see `benchmarks.list_answers.keep`."""
    asked = (
        (
            {"group": case.group, "case": case.name, "lists": len(case.patterns.lists),
             "method": method, "truth": case.truth, "observed": case.patterns.observed},
            functools.partial(ask, method, case.patterns, seed),
        )
        for case in cases for method in methods
    )  # fmt: skip
    return keep(asked, out)


def mixtures(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows of the mixture of a third each, for cases of which all its methods were asked."""
    cases: dict[str, dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        if row["method"] in MIXED:
            cases.setdefault(row["case"], {})[row["method"]] = row
    found = []
    for asked in cases.values():
        if len(asked) < len(MIXED):
            continue
        given = {
            MIXED[name]: OverlapEstimate(name, "exact", row["estimate"], draws_of(row),
                                         int(row["observed"]), "")
            for name, row in asked.items() if not row["refused"]
        }  # fmt: skip
        row = {**next(iter(asked.values())), "method": "mixture", "rhat": "", "refused": ""}
        if given:
            draws = mixture(given, dict.fromkeys(given, 1.0)).estimate.draws
            low, median, high = np.quantile(draws, [0.025, 0.5, 0.975]).tolist()
            row |= {"estimate": median, "median": median, "low": low, "high": high}
        else:
            row["refused"] = "all refused"
        found.append(row)
    return found


# -- tables ---------------------------------------------------------------------------------------


def coverage(rows: Sequence[Mapping[str, Any]], *, bound: bool = False) -> dict[str, float]:
    """Return how often intervals held the truth, and how far medians were off.

    Parameters
    ----------
    rows : sequence of mappings
        Answers of one method, with refusals.
    bound : bool
        Whether the method is a lower bound, which holds if its lower limit is not above.
    """
    answers = [row for row in rows if not row["refused"]]
    truth, median, low, high = (
        np.array([row[name] for row in answers], dtype=float)
        for name in ("truth", "median", "low", "high")
    )
    above, below = low > truth, high < truth
    held = ~above if bound else ~above & ~below
    logs, size = np.log(median / truth), len(answers)
    share = float(held.mean()) if size else math.nan
    # one more of each: that all were held leaves an error, too
    smooth = (held.sum() + 1) / (size + 2)
    return {
        "asked": len(rows), "answered": size, "held": int(held.sum()), "share": share,
        "error": float(np.sqrt(smooth * (1 - smooth) / (size + 3))) if size else math.nan,
        "too_low": int(below.sum()), "too_high": int(above.sum()),
        "bias": float(logs.mean()) if size else math.nan,
        "rmse": float(np.sqrt((logs**2).mean())) if size else math.nan,
        "width": float(np.median(np.log(high / low))) if size else math.nan,
    }  # fmt: skip


HEAD = ("method", "asked", "answered", "held", "too low", "too high", "mean log bias", "RMSE",
        "median log width")  # fmt: skip


def selftest_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the table of methods, as Markdown."""
    cells = []
    for method in dict.fromkeys(row["method"] for row in rows):
        own = [row for row in rows if row["method"] == method]
        found = coverage(own, bound=method == "chao")
        cells.append([
            method, f"{found['asked']:.0f}", f"{found['answered']:.0f}",
            f"{found['held']:.0f}{_percent(found)}", f"{found['too_low']:.0f}",
            f"{found['too_high']:.0f}", f"{found['bias']:+.2f}", f"{found['rmse']:.2f}",
            f"{found['width']:.2f}",
        ])  # fmt: skip
    return table(HEAD, cells)


def simulated_table(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the table of designs by methods, as Markdown: coverage, its error, median ratio."""
    methods = list(dict.fromkeys(row["method"] for row in rows))
    cells = []
    for group in dict.fromkeys(row["group"] for row in rows):
        line = [group]
        for method in methods:
            own = [row for row in rows if (row["group"], row["method"]) == (group, method)]
            found = coverage(own, bound=method == "chao")
            if not found["answered"]:
                line.append("-")
                continue
            of = f"{found['answered']:.0f}"
            if found["answered"] < found["asked"]:
                of += f" of {found['asked']:.0f}"
            line.append(f"{100 * found['share']:.0f} % ± {100 * found['error']:.0f} ({of}), "
                        f"{math.exp(found['bias']):.2f}")  # fmt: skip
        cells.append(line)
    return table(["design", *methods], cells)


def _percent(found: Mapping[str, float]) -> str:
    return f" ({100 * found['share']:.0f} %)" if found["answered"] else ""


def ordered(rows: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows by method, and mixtures."""
    rows = list(rows)
    names = [*METHODS, "mixture"]
    return sorted([*rows, *mixtures(rows)], key=lambda row: names.index(row["method"]))


def main(words: Sequence[str] | None = None) -> None:
    """Ask, and print tables."""
    parser = argparse.ArgumentParser(prog="benchmarks.list_calibration")
    parser.add_argument("test", choices=("selftest", "simulated"))
    parser.add_argument("names", nargs="*", metavar="NAME", help="tables, or designs")
    parser.add_argument("--methods", nargs="+", choices=METHODS, default=METHODS, metavar="METHOD")
    parser.add_argument("--replicates", type=int, default=20, help="of each design")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, metavar="FILE", help="where answers are kept")
    parser.add_argument("--report", action="store_true", help="print what FILE holds, ask nothing")
    chosen = parser.parse_args(words)
    if chosen.report:
        if chosen.out is None:
            parser.error("--report needs --out FILE")
        rows = read(chosen.out)
        if chosen.names:
            rows = [row for row in rows if row["case"].partition(":")[0] in chosen.names]
    else:
        find: Callable[[], Iterable[Case]] = functools.partial(known_lists, chosen.names)
        if chosen.test == "simulated":
            find = functools.partial(simulated, chosen.replicates, chosen.seed, chosen.names)
        rows = run(find(), chosen.methods, chosen.out, chosen.seed)
    rows = ordered(rows)
    if chosen.test == "simulated":
        print(simulated_table(rows))
        return
    for group in dict.fromkeys(row["group"] for row in rows):
        print(f"\n{group}\n\n{selftest_table([row for row in rows if row['group'] == group])}")
    print(f"\nall\n\n{selftest_table(rows)}")


if __name__ == "__main__":
    main()
