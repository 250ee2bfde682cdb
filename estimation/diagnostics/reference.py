"""Reference models: one for each form that the parts can take together.

They are what `undercount calibrate --all` calibrates and what the contract tests run over.
"""

from __future__ import annotations

import datetime
import itertools
from typing import Any

import numpy as np

import estimation.errors  # noqa: F401  refuses a hidden `models` in one sentence
from models import (
    Audits,
    Baseline,
    Belief,
    Cells,
    Count,
    Estimates,
    Excess,
    Flat,
    GammaPrior,
    Lists,
    Model,
    Mortality,
    Patterns,
    Pooled,
    Register,
    Reports,
    Triangle,
    Walk,
    audited,
    between,
    gamma_between,
    known,
    uniform,
    uniform_total,
    walk_pooled,
)


def reference_models() -> dict[str, Model]:
    """Return reference models by name; the count of each is only a place holder in calibration."""
    judged = uniform(0.45, 0.65)
    beta = between(0.45, 0.65, 0.9)
    logit = between(0.45, 0.65, 0.5, "logit_normal")
    precise = between(0.90, 0.98, 0.9)
    wide = between(0.3, 0.7, 0.9)
    sites = audited([12, 30, 5, 22], [20, 40, 20, 31])

    def model(losses: Flat, count: int, coverage: Belief, precision: Belief = known(1.0)) -> Model:
        return Model(losses, {"names": Count(count, coverage, precision)})

    return {
        "scale-uniform": model(Flat(), 106_745, judged),
        "scale-known": model(Flat(), 300, known(0.4)),
        "scale-beta": model(Flat(), 2_000, beta),
        "scale-logit-normal": model(Flat(), 2_000, logit),
        "scale-uniform-total": model(Flat(), 2_000, uniform_total(0.45, 0.65)),
        "scale-audited": model(Flat(), 1_000, sites),
        "scale-precision": model(Flat(), 900, beta, precise),
        "scale-clustering": model(Flat(clustering=5.0), 900, beta, precise),
        "gamma-beta": model(Flat(gamma_between(1_000, 3_000)), 900, wide),
        "gamma-precision": model(Flat(gamma_between(1_000, 3_000)), 900, wide, precise),
        "gamma-clustering": model(Flat(gamma_between(300, 3_000), 5.0), 400, wide),
        "gamma-small": model(Flat(GammaPrior(1.5, 0.1), 2.0), 0, uniform(0.3, 0.7), precise),
    }


def reference_tables() -> dict[str, Model]:
    """Return reference models over cells by name, those whose coverage is learned, and of lists.

    In calibration their data are replaced.
    """
    months = [datetime.date(2024, month, 1) for month in range(1, 11)]
    judged, precise = between(0.45, 0.65, 0.9), between(0.90, 0.98, 0.9)
    regions = [f"region {letter}" for letter in "ABCDEF"]

    def table(periods: int, strata: int, **more: Any) -> Cells:
        counts = np.full((max(periods, 1), max(strata, 1)), 60)
        step = "month" if periods else ""
        return Cells(counts, tuple(months[:periods]), step, tuple(regions[:strata]), **more)

    def model(losses: Any, cells: Cells, **more: Any) -> Model:
        return Model(losses, {"names": Count(cells, **{"coverage": judged, **more})})

    gaps = np.zeros((8, 4), bool)
    gaps[3, 1] = gaps[5, 2] = True
    return {
        "walk": model(Walk(0.2), table(10, 0)),
        "walk-drift-precision": model(Walk(0.1, drift=0.1), table(10, 0), precision=precise),
        "pooled": model(
            Pooled(0.5), table(0, 6, exposure=[9e4, 3e4, 5e4, 2e4, 1e4, 1.0], apart=["region F"]),
            deviation=0.5,
        ),
        "walk-pooled": model(
            walk_pooled(step=0.1, spread=0.5),
            table(8, 4, missing=gaps, unknown_stratum=np.full(8, 20)),
        ),
        "walk-pooled-own": model(walk_pooled(step=0.1, spread=0.5, own_step=0.1), table(6, 4)),
        **reference_learned(),
        **reference_lists(),
    }  # fmt: skip


def reference_learned() -> dict[str, Model]:
    """Return reference models whose coverage is learned, by name.

    The level has the scale prior, all else has proper ones.  In calibration all data are replaced,
    and rates are around those that the lists here say.
    """
    wide, precise = between(0.3, 0.7, 0.9), between(0.90, 0.98, 0.9)
    part = between(0.8, 0.95, 0.9)
    total = Register(Estimates(np.array([4_000.0]), np.array([0.1])))

    def months(first: int, number: int, names: int = 200) -> Cells:
        return Cells(np.full((number, 1), names), _months(2023, first, number), "month")

    new_year = datetime.date(2024, 1, 1)
    yearly = Estimates(
        np.full(2, 3_200.0), np.full(2, 0.1), 0.5, (None, new_year), (new_year, None)
    )
    years = tuple(range(2016, 2024))
    # the trend is tight, for most tables would else say nothing of the war
    trend = Baseline(slope=0.02, slope_spread=0.005, noise=0.01, drift=0.005)
    deaths = Mortality(
        years, ("20-29", "30-39"), np.full((8, 2), 10_000), np.full((8, 2), 10_000), 2023,
        (2016, 2019), (2020, 2021),
    )  # fmt: skip
    counts = np.array([[150, 75, 25, 12]] * 8)
    counts[np.arange(8)[:, None] + np.arange(4) > 7] = 0
    late = Reports(counts[:, :, None], _months(2023, 1, 8), "month", datetime.date(2023, 8, 1))
    return {
        "learned-flat": Model(
            Flat(), {"names": Count(2_000, wide, precise), "probate": total}
        ),
        "learned-audits": Model(
            Flat(), {"names": Count(2_000, wide),
                     "graves": Audits(found=(12, 9, 20), checked=(20, 20, 45))},
        ),
        "learned-drift": Model(
            Walk(0.2), {"names": Count(months(9, 8, 400), wide, coverage_drift=0.5),
                        "probate": Register(yearly, share=part)},
        ),
        "learned-excess": Model(
            Walk(0.2), {"names": Count(months(5, 8), wide), "probate": total,
                        "excess": Excess(deaths, part, trend)},
        ),
        "learned-triangle": Model(
            Walk(0.2), {"names": Triangle(late, wide), "probate": total}
        ),
    }  # fmt: skip


def reference_lists() -> dict[str, Model]:
    """Return reference models of overlapping lists, by name.

    Rates have the scale prior, all else has proper ones.  In calibration all data are replaced,
    and rates are around those that the persons on lists here speak of.
    """
    on = np.array(list(itertools.product((False, True), repeat=4))[1:])
    # 2,000 persons: 1,200 on one list, 500 on two, 240 on three, 60 on four
    counts = np.array([300, 500 // 6, 60, 60])[on.sum(axis=1) - 1]
    counts[np.flatnonzero(on.sum(axis=1) == 2)[:2]] += 1
    names = ("lawyers", "priests", "press", "police")
    regions = tuple(f"region {letter}" for letter in "ABC")
    table = Patterns(names, on, counts)
    three = np.repeat(on, 3, axis=0)
    strata = Patterns(names, three, np.repeat(counts, 3), regions, np.tile(np.arange(3), len(on)))
    total = Register(Estimates(np.array([4_000.0]), np.array([0.1])))
    return {
        "lists": Model(Flat(), {"names": Lists(table)}),
        "lists-uniform": Model(Flat(), {"names": Lists(table, captures="uniform", classes=5)}),
        "lists-strata": Model(Pooled(0.5), {"names": Lists(strata, classes=3)}),
        "lists-register": Model(Flat(), {"names": Lists(table, classes=5), "probate": total}),
    }


def _months(year: int, first: int, number: int) -> tuple[datetime.date, ...]:
    """Return first days of months."""
    each = range(first - 1, first - 1 + number)
    return tuple(datetime.date(year + at // 12, at % 12 + 1, 1) for at in each)
