"""The spread with the choice of the model repeated, against the tables of the 2024 paper."""

import itertools

import numpy as np
import pytest
from scipy.special import ndtr, ndtri

from estimation.classical.loglinear.bootstrap import Bootstrap, bootstrap
from estimation.classical.loglinear.estimate import loglinear
from estimation.classical.loglinear.profile import even_levels
from estimation.classical.loglinear.search import search
from estimation.classical.loglinear.table import table_of
from estimation.errors import NotEstimableError
from tests.list_tables import listed, typed

#: Models allowed and printed limits of 95 % and 80 %: Silverman, Chan and Vincent (2024), Table 2,
#: and of five models Table 5.  Limits of 1,000 replicates scatter.
KOSOVO = [
    (1, (9100, 12000), (9500, 11300)),
    (5, (7900, 17400), (8500, 11500)),
    (10, (6900, 18000), (7400, 12200)),
]


@pytest.mark.parametrize(("kept", "wide", "narrow"), KOSOVO)
def test_the_limits_are_those_of_the_paper(kept, wide, narrow) -> None:
    table = table_of(listed("kosovo_1999"))
    best = search(table, "bic", kept).best
    found = bootstrap(table, best, criterion="bic", replicates=4000, seed=3)
    assert found.failed == 0
    assert found.quantiles(np.array([0.025, 0.975])) == pytest.approx(wide, rel=0.04)
    assert found.quantiles(np.array([0.1, 0.9])) == pytest.approx(narrow, rel=0.05)


def test_the_korean_table_with_all_models() -> None:
    table = table_of(listed("korea_palembang_1945"))
    best = search(table, "bic").best
    assert len(best) == 6
    found = bootstrap(table, best, criterion="bic", replicates=4000, seed=3)
    # printed: 128 - 349, 135 - 288
    assert found.quantiles(np.array([0.025, 0.1])) == pytest.approx([128, 135], abs=2)
    assert found.quantiles(np.array([0.9, 0.975])) == pytest.approx([288, 349], rel=0.07)


def test_replicates_are_fits_of_tables_drawn_again() -> None:
    table = table_of(listed("spina_bifida_ny_626"))
    best = search(table, "bic").best
    found = bootstrap(table, best, criterion="bic", replicates=1000, seed=5)
    # a replicate by itself: choose anew among all models
    rng = np.random.default_rng(8)
    totals = []
    for counts in rng.multinomial(626, table.counts / 626, size=200):
        again = typed("ABC", dict(zip(["C", "B", "BC", "A", "AC", "AB", "ABC"], counts.tolist(),
                                      strict=True)))  # fmt: skip
        one = search(table_of(again), "bic", 1).best[0]
        totals.append(626 + one.fit.missing[0])
    assert np.median(totals) == pytest.approx(np.median(found.totals), rel=0.015)
    assert np.std(totals) == pytest.approx(np.std(found.totals), rel=0.3)


def test_limits_are_bca_quantiles() -> None:
    totals = np.sort(np.random.default_rng(1).lognormal(7, 0.3, 2001))
    spread = Bootstrap(totals, bias=0.2, acceleration=0.05, chosen=np.ones(1))
    for level in (0.025, 0.5, 0.975):
        normal = 0.2 + ndtri(level)
        expected = np.quantile(totals, ndtr(0.2 + normal / (1 - 0.05 * normal)))
        assert spread.quantiles(np.array([level]))[0] == pytest.approx(expected)
        assert np.quantile(spread.draws(), level) == pytest.approx(expected, rel=1e-3)


def test_levels_are_even() -> None:
    levels = even_levels(1000)
    assert 0 < levels[0] < levels[1]
    assert np.quantile(levels, [0.025, 0.5, 0.975]) == pytest.approx([0.025, 0.5, 0.975], abs=1e-9)


def test_infinite_replicates_are_told() -> None:
    totals = np.concatenate([np.linspace(100, 200, 95), np.full(5, np.inf)])
    spread = Bootstrap(totals, bias=0.0, acceleration=0.0, chosen=np.ones(1))
    assert spread.failed == 5
    assert spread.quantiles(np.array([0.9, 0.975])).tolist()[1] == np.inf
    assert np.isfinite(spread.draws()).all()
    assert spread.draws()[-1] == 200
    # one person on both lists: many replicates have none
    few = typed("AB", {"A": 6, "B": 6, "AB": 1})
    found = loglinear(few, replicates=300)
    assert found.details["replicates_failed"] > 60
    assert not found.details["upper_limit_found"]
    assert any("No upper limit found" in note for note in found.notes)
    assert np.isfinite(found.draws).all()


def test_equal_seeds_give_equal_draws() -> None:
    patterns = listed("hepatitis_a_taiwan_1995")
    one, same, other = (loglinear(patterns, replicates=100, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(one.draws, same.draws)
    assert not np.array_equal(one.draws, other.draws)


def test_a_given_formula_is_kept_in_all_replicates() -> None:
    patterns = listed("kosovo_1999")
    chosen = loglinear(patterns)
    given = loglinear(patterns, formula=chosen.details["formula"])
    assert given.estimate == pytest.approx(chosen.estimate)
    width = [np.subtract(*np.quantile(one.draws, [0.975, 0.025])) for one in (given, chosen)]
    assert width[0] < 0.4 * width[1]
    assert "models" not in given.details


def test_no_replicate_with_an_estimate_is_refused() -> None:
    # the model fits every cell: each of the 15 persons must be drawn again
    cells = {"".join(one) for size in (1, 2, 3, 4) for one in itertools.combinations("ABCD", size)}
    table = typed("ABCD", dict.fromkeys(cells, 1))
    with pytest.raises(NotEstimableError, match="no bootstrap replicate"):
        loglinear(table, formula="A*B*C + A*B*D + A*C*D + B*C*D", replicates=100)
