"""A fit of late reports: cells, comparisons of periods, rows; and refusals to compare models."""

import datetime
import re

import numpy as np
import pytest

from estimation.comparison.evidence import evidence_weights
from estimation.comparison.masked import with_counts
from estimation.comparison.refusals import refuse_incomparable
from estimation.errors import RefusedError
from estimation.fit.tree import labeled
from estimation.summaries.cell_rows import cell_rows
from estimation.summaries.changes import month_on_month
from estimation.summaries.claims import Claim, judge
from estimation.summaries.estimands import Estimand, evaluate
from estimation.summaries.maturity import LATE, UnequalMaturityError
from models import Count, Flat, Model, Walk, uniform
from models.triangle import Triangle
from tests.drawn_by_hand import weekly
from tests.fake_fits import fake_losses
from tests.late_by_hand import COUNTS, late_losses, late_model, late_tree, monthly

KNOWN = COUNTS.sum(axis=1)
UNDATED = [[1], [0], [2], [4]]


@pytest.fixture(scope="module")
def losses():
    return late_losses(late_model())


@pytest.fixture(scope="module")
def undated():
    return late_losses(late_model(monthly(undated=UNDATED)))


def test_observed_are_the_names_known_by_now(losses):
    assert losses.late
    assert losses.deaths.shape == losses.eventual.shape == (100, 4, 1)
    assert losses.observed[0, :, 0].tolist() == KNOWN.tolist()
    assert set(losses.select().observed) == {KNOWN.sum()}
    assert set(losses.select("2024-02..2024-03").observed) == {KNOWN[1:3].sum()}
    np.testing.assert_array_equal(losses.select("2024-04").deaths, losses.deaths[:, 3, 0])
    assert losses.as_of == datetime.date(2024, 4, 1)
    # the coverage of the default is 1: who will be listed has died
    np.testing.assert_array_equal(losses.deaths, losses.eventual)
    assert (losses.deaths >= losses.observed).all()


def test_names_without_a_period_stand_in_a_row_of_their_own(undated):
    assert undated.deaths.shape == (100, 5, 1)
    assert undated.eventual.shape == (100, 4, 1)
    assert undated.observed[0, :, 0].tolist() == [*KNOWN.tolist(), 7]
    assert set(undated.select().observed) == {KNOWN.sum() + 7}
    assert set(undated.select("2024").observed) == {KNOWN.sum()}


def test_strata_keep_their_columns():
    counts = np.stack([COUNTS, 2 * COUNTS], axis=2)
    from models.losses import walk_pooled

    reports = monthly(counts=counts, strata=("A", "B"))
    found = late_losses(Model(walk_pooled(), {"names": Triangle(reports)}))
    assert found.strata == ("A", "B")
    assert set(found.select("2024-01", "B").observed) == {2 * KNOWN[0]}
    names = {row["index"].get("stratum") for row in cell_rows(found, 0.9)}
    assert names == {None, "A", "B"}


def test_confirmed_names_are_those_that_are_true():
    found = late_losses(late_model(precision=uniform(0.5, 0.7)))
    assert found.select().observed.mean() == pytest.approx(0.6 * KNOWN.sum(), rel=0.05)


def test_a_kept_fit_gets_the_labels_of_its_asker():
    model = late_model()
    tree = labeled(late_tree(model), model)
    assert '"late": true' in tree.attrs["table"]


def test_eventual_names_have_rows_by_period_and_year(losses):
    rows = cell_rows(losses, 0.9, moment_orders={"total": 0.0, "eventual": 0.0})
    eventual = [row for row in rows if row["name"] == "eventual"]
    assert [row["index"] for row in eventual] == [
        {"period": "2024-01-01", "step": "year"},
        *({"period": f"2024-0{month}-01"} for month in (1, 2, 3, 4)),
    ]
    assert eventual[0]["median"] == np.median(losses.eventual.sum(axis=(1, 2)))
    assert eventual[4]["low"] == pytest.approx(np.quantile(losses.eventual[:, 3], 0.05))
    assert {row["mean"] for row in eventual} == {None}
    assert not [row for row in cell_rows(fake_losses(np.ones((9, 2, 1)), first="2024-01-01",
                step="month"), 0.9) if row["name"] == "eventual"]  # fmt: skip


RELATIVE = (
    Estimand("ratio", "2024-04", over_period="2024-01"),
    Estimand("rise", "2024-04", over_period="2024-03"), Estimand("share", "2024-04"),
    Estimand("rises"), Estimand("peak_to_trough"),
)  # fmt: skip


@pytest.mark.parametrize("estimand", RELATIVE, ids=lambda one: one.kind)
def test_periods_of_unequal_maturity_are_compared(losses, estimand):
    assert evaluate(estimand, losses).bias == ""
    counted = fake_losses(losses.deaths, first="2024-01-01", step="month", as_of="2024-05-01")
    with pytest.raises(UnequalMaturityError):
        evaluate(estimand, counted)


def test_the_reason_is_told(losses):
    claim = Claim("less", Estimand("ratio", "2024-01", over_period="2024-04"), high=5)
    judged = judge(claim, losses)
    assert judged.verdict == "agrees"
    assert judged.why.endswith(LATE)
    assert "maturity" not in judged.why
    # what a list does not hold yet is estimated: no caveat on the age of its last months
    total = judge(Claim("many", Estimand("total", "2024-04"), low=1), losses)
    assert "covered like the whole list" not in total.why
    assert LATE not in total.why


def test_months_are_compared_one_by_one(losses):
    found = month_on_month(losses)
    assert len(found.months) == 3
    np.testing.assert_array_equal(
        found.probability, (np.diff(losses.deaths[:, :, 0] / [31, 29, 31, 30]) > 0).mean(axis=0)
    )


def test_models_of_late_reports_are_not_ranked_by_counts_left_out():
    late, other = late_model(), late_model(horizon=1)
    with pytest.raises(RefusedError, match="undercount replay") as caught:
        refuse_incomparable({"one": late, "two": other})
    assert caught.value.exit_code == 4
    assert re.match(r"models\['one'\]: its names come by date of report", str(caught.value))
    flat = Model(Flat(), {"names": Count(100, uniform(0.4, 0.6))})
    with pytest.raises(RefusedError, match="is a triangle"):
        evidence_weights({"flat": flat, "late": late})
    with pytest.raises(RefusedError, match="by date of report"):
        with_counts(late, weekly([1, 2]))
    table = Model(Walk(), {"names": Count(weekly([1, 2]), uniform(0.4, 0.6))})
    with pytest.raises(RefusedError, match=r"models\['late'\]"):
        refuse_incomparable({"table": table, "late": late})
