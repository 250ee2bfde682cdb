"""Which models have an estimate: by Chan, Silverman and Vincent (2021), found in two ways."""

import dataclasses

import numpy as np
import pytest

from estimation.classical.loglinear.estimate import loglinear
from estimation.classical.loglinear.existence import existence
from estimation.classical.loglinear.independent import independence
from estimation.classical.loglinear.search import search
from estimation.classical.loglinear.table import table_of
from estimation.classical.loglinear.terms import every_model, parsed, written
from estimation.errors import NotEstimableError
from tests.list_tables import listed, typed

#: By the check of MultipleSystemsEstimation: 0 fine, 1 no maximum, 2 not identified.
STATUSES = [
    ("artificial_3lists", "A + B + C", 0),
    ("artificial_3lists", "A*C", 0),
    ("artificial_3lists", "B*C", 0),
    ("artificial_3lists", "A*C + B*C", 0),
    ("artificial_3lists", "A*B", 1),
    ("artificial_3lists", "A*B + A*C", 1),
    ("artificial_3lists", "A*B + B*C", 1),
    ("artificial_3lists", "A*B + A*C + B*C", 2),
    ("korea_palembang_1945", "b*c + b*d + c*d", 1),
    ("korea_palembang_1945", "b*c + c*d", 0),
    ("korea_palembang_1945", "b*d + c*d", 0),
    ("korea_palembang_1945", "b + c + d", 0),
]

#: Estimates of the models of the Korean table, as the same package prints them.
KOREA = {
    "b*c + c*d": 157.2, "b*c": 268.8, "b*d + c*d": 123.5, "c*d": 126.2, "b*d": 126.9, "b": 142.0,
}  # fmt: skip


@pytest.mark.parametrize(("name", "formula", "status"), STATUSES)
def test_the_status_is_that_of_the_paper(name, formula, status) -> None:
    table = table_of(listed(name))
    model = parsed(formula, table.names)
    assert existence(table, model).status == status
    fit = table.refit(model, table.counts[None])
    assert bool(fit.fine[0]) == (status == 0)


def test_the_estimates_of_the_korean_table() -> None:
    table = table_of(listed("korea_palembang_1945"))
    for formula, printed in KOREA.items():
        fit = table.refit(parsed(formula, table.names), table.counts[None])
        assert table.observed + fit.missing[0] == pytest.approx(printed, abs=0.051)
    assert search(table, "bic").no_maximum == 2


@pytest.mark.parametrize("name", ["meadow_voles_p2_5occasions", "western_us_trafficking_5lists",
                                  "netherlands_trafficking_5lists"])  # fmt: skip
def test_fits_notice_what_the_linear_program_proves(name) -> None:
    table = table_of(listed(name))
    models = every_model(5)[::173]
    found = table.fit(models)
    exact = [existence(table, model).status == 0 for model in models]
    assert 0 < sum(exact) < len(models)
    assert found.fine.tolist() == exact


def test_terms_without_common_persons_are_at_minus_infinity() -> None:
    table = table_of(listed("artificial_3lists"))
    found = existence(table, parsed("A*C + B*C", table.names))
    assert [written((term,), table.names).split(" + ")[0] for term in found.forbidden] == [
        "A*C", "B*C"
    ]  # fmt: skip
    details = loglinear(listed("artificial_3lists"), formula="A*C + B*C", replicates=100).details
    assert details["at_minus_infinity"] == ["A*C", "B*C"]
    # by hand: without the cells of AC and BC, A and B are independent among those not on C
    nobody = 40 * 30 / 6
    total = 96 + nobody
    assert total == pytest.approx(296)
    fit = table.refit(parsed("A*C + B*C", table.names), table.counts[None])
    assert table.observed + fit.missing[0] == pytest.approx(total)


def test_a_model_without_a_maximum_is_refused_though_r_prints_an_estimate() -> None:
    # Rcapture prints 2,440 as its lowest AIC: all of the 16 persons on C and D are on B as well, so
    # that two expected counts run to 0
    with pytest.raises(NotEstimableError, match="no maximum"):
        loglinear(listed("australia_trafficking_4lists"), formula="B*C*D + A*B")
    with pytest.raises(NotEstimableError, match="leave open"):
        loglinear(listed("artificial_3lists"), formula="A*B + A*C + B*C")


def test_tables_without_links_are_refused() -> None:
    with pytest.raises(NotEstimableError, match="no person is on two lists"):
        loglinear(typed("AB", {"A": 5, "B": 7}))
    with pytest.raises(NotEstimableError, match="one list only"):
        independence(typed("A", {"A": 5}))
    with pytest.raises(NotEstimableError, match="no person is on any list"):
        independence(typed("AB", {"A": 0, "AB": 0}))
    two = typed("ABCD", {"A": 50, "B": 40, "AB": 20, "C": 50, "D": 40, "CD": 20})
    for method in (loglinear, independence):
        with pytest.raises(NotEstimableError, match="nobody on A, B is on any other list"):
            method(two)


def test_few_persons_apart_are_noted_only() -> None:
    found = independence(listed("new_orleans_trafficking_8lists_185"))
    assert any("Nobody on B, F is" in note for note in found.notes)
    # printed by Chan, Silverman and Vincent (2021): 997
    assert found.estimate == pytest.approx(997, abs=0.5)


def test_a_list_with_everyone() -> None:
    within = typed("AB", {"B": 30, "AB": 20})
    found = independence(within)
    assert found.estimate == 50
    assert any("Everyone is on B" in note for note in found.notes)
    assert np.quantile(found.draws, 0.025) == 50
    assert 50 < np.quantile(found.draws, 0.975) < 60
    with pytest.raises(NotEstimableError, match="none of 1 log-linear models"):
        loglinear(within)


def test_what_is_kept_of_a_chain_of_single_links_has_an_estimate() -> None:
    table = table_of(typed("ABCD", {"A": 1, "AB": 1, "BC": 1, "CD": 1}))
    found = search(table, "bic")
    assert found.considered == 113
    assert found.no_maximum > 50
    for one in found.best:
        assert existence(table, one.model).status == 0


def test_cells_without_a_count_are_estimated() -> None:
    counts = {"A": 60, "B": 45, "C": 80, "AB": 30, "AC": 24, "BC": 18, "ABC": 12}
    whole = typed("ABC", counts)
    table = table_of(whole)
    fit = table.refit((), table.counts[None])
    part = typed("ABC", {k: v for k, v in counts.items() if k != "C"}, unknown={"C"})
    found = independence(part)
    assert any("C" in note and "Estimated, not counted" in note for note in found.notes)
    # with the count that the model expects in that cell, the fit is the same
    missing = found.estimate - part.observed
    hidden = table_of(part)
    again = hidden.refit((), hidden.counts[None])
    cell = np.exp(again.beta[0, 0] + again.beta[0, 3])
    assert missing == pytest.approx(np.exp(again.beta[0, 0]) + cell)
    filled = table.counts[None].copy()
    filled[0, table.masks == 1] = cell
    assert table.refit((), filled).missing[0] == pytest.approx(np.exp(again.beta[0, 0]), rel=1e-7)
    assert fit.missing[0] != pytest.approx(np.exp(again.beta[0, 0]), rel=1e-3)


def test_a_bound_is_left_out_of_the_fit_and_told_if_exceeded() -> None:
    patterns = listed("scotland_pwid_2006")
    alone = np.array([patterns.label(row) == "hcv_diagnosis" for row in range(len(patterns.on))])
    bounded = dataclasses.replace(patterns, at_most=alone)
    found = loglinear(bounded, replicates=100)
    assert found.observed == patterns.observed - patterns.counts[alone].sum()
    assert found.details["profile"] is None
    assert not any("above its bound" in note for note in found.notes)
    low = dataclasses.replace(bounded, counts=np.where(alone, 10, patterns.counts))
    assert any("above its bound" in note for note in loglinear(low, replicates=100).notes)


def test_a_cell_that_only_a_term_without_counts_explains_is_not_identified() -> None:
    counts = {"A": 60, "B": 45, "C": 80, "AC": 24, "BC": 18}
    hidden = typed("ABC", counts, unknown={"AB", "ABC"})
    table = table_of(hidden)
    assert existence(table, parsed("A*B", table.names)).status == 2
    assert not table.refit(parsed("A*B", table.names), table.counts[None]).identified[0]
    assert existence(table, ()).status == 0
