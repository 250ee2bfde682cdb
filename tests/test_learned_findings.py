"""What all sources together say, and what each adds: mixed or refused where they clash."""

import datetime
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import stats

from estimation.errors import GateError, RefusedError, UsageError
from estimation.fit.exact import exact_draws
from estimation.learning.findings import Findings, Under, learn
from estimation.learning.rows import finding_rows, pulls
from estimation.learning.spans import Span, spans_of, whole_periods
from estimation.report.learned import draw_learned, learned_says
from estimation.summaries.agreement import Published
from models import Count, Estimates, Flat, Model, Register, between, known
from tests.late_by_hand import COUNTS, late_model, sample_late_by_hand

DAY = datetime.date
WIDE = between(0.3, 0.7, 0.9)
DRAWS = 600


@pytest.fixture(autouse=True)
def by_hand(monkeypatch):
    """Draw without a sampler."""
    monkeypatch.setattr("estimation.fit.nuts.sample_graph", sample_late_by_hand)


def flat(central=2000.0, coverage=WIDE, precision=None, **more):
    """Return a model of 1,000 names and a register, which agree at 2,000 deaths."""
    count = Count(1000, coverage, precision or known(1.0), as_of=DAY(2024, 1, 1))
    return Model(
        Flat(), {"names": count, "probate": Register(Estimates([central], [0.08])), **more}
    )


def test_sources_that_agree_are_taken_together():
    found = learn(flat(), prob=0.9, draws=DRAWS)
    assert not found.widened
    assert found.learned is found.together
    assert not found.in_conflict
    assert [one.left_out for one in found.without] == ["judgment", "probate"]
    assert (found.spans[0].label, found.names) == ("all", {"all": 1000})
    rows = finding_rows(found, 0.9)
    assert [(row["sources"], row["span"]) for row in rows] == [
        (name, "total") for name in ("learned", "judged", "without judgment", "without probate")
    ]
    assert all(row["age_months"] is None and row["prob"] == 0.9 for row in rows)
    low, middle, high = np.quantile(found.learned.total, [0.05, 0.5, 0.95])
    assert rows[0]["deaths_low"] == low
    assert rows[0]["coverage_median"] == 1000 / middle
    assert (rows[0]["coverage_low"], rows[0]["coverage_high"]) == (1000 / high, 1000 / low)
    # without the register only the judgment is left, and its fit has no sampler
    assert stats.ks_2samp(found.without[1].total, found.judged.total).pvalue > 0.001


def test_a_conflict_widens_the_answer_to_a_mixture_or_refuses_one():
    model = flat(central=6000.0)
    found = learn(model, draws=DRAWS, leave_out=("probate",))
    assert found.widened
    assert [one.source for one in found.in_conflict] == ["probate"]
    parts = (found.together.total, found.without[0].total)
    assert found.learned.total.size == 2 * 4 * DRAWS
    assert set(found.learned.total) <= set(np.concatenate(parts))
    for low in (1500, 2500, 4000):
        share = np.mean([np.mean(part < low) for part in parts])
        assert np.mean(found.learned.total < low) == pytest.approx(share, abs=1e-9)
    said = learned_says(found, 0.95)
    assert "IN CONFLICT with all others: probate" in said
    assert "No average is reported" in said
    # moves are told of all sources together, not of the mixture
    factor = np.median(parts[0]) / np.median(parts[1])
    assert pulls(found)["probate"][0] == pytest.approx(factor, rel=1e-3)
    with pytest.raises(RefusedError, match="probate is in conflict with the others") as caught:
        learn(model, draws=DRAWS, on_conflict="refuse")
    assert caught.value.exit_code == 4
    assert "the judgment on coverage is in conflict" in str(caught.value)
    with pytest.raises(UsageError, match="widen or refuse"):
        learn(model, on_conflict="average")


@pytest.mark.parametrize("precision", [known(1.0), known(0.8), between(0.7, 0.9, 0.9)])
def test_judged_totals_are_those_of_the_list_alone(precision):
    found = learn(flat(precision=precision), draws=2000, leave_out=())
    alone = Model(Flat(), {"names": Count(1000, WIDE, precision)})
    exact = exact_draws(alone, 40_000, 9)["total"]
    assert stats.ks_2samp(found.judged.total, exact).pvalue > 0.001
    assert found.names["all"] == pytest.approx(1000 * precision.quantile(0.5), rel=0.02)
    assert not found.without
    assert not found.conflicts


def test_what_is_judged_of_a_list_with_delays_counts_names_to_come():
    register = Register(Estimates([700.0], [0.1]))
    base = late_model(coverage=WIDE)
    model = Model(base.losses, {**base.evidence, "probate": register})
    found = learn(model, draws=DRAWS, leave_out=(), accept="drawn by hand")
    listed = found.names["2024"]
    assert listed == COUNTS.sum()
    assert np.median(found.judged.total) > 1.03 * listed / WIDE.quantile(0.5)
    assert found.judged.total == pytest.approx(found.judged.deaths["2024"])


def test_fits_that_fail_their_checks_say_which(monkeypatch):
    with pytest.raises(GateError, match="all sources: the fit failed its checks"):
        learn(flat(), draws=20)
    # with few draws, only where something is left out
    monkeypatch.setattr("estimation.learning.findings.DRAWS_WITHOUT", 20)
    monkeypatch.setattr("estimation.fit.nuts.default_draws", lambda model: DRAWS)
    with pytest.raises(GateError, match="without judgment: the fit failed its checks"):
        learn(flat())
    found = learn(flat(), accept="a trial")
    assert "(a trial): without the judgment on coverage, without probate" in learned_says(
        found, 0.9
    )


def test_spans_are_years_by_first_day_and_whole_periods_through_a_date():
    weeks = tuple(DAY(2022, 12, 19) + datetime.timedelta(7 * at) for at in range(4))
    losses = SimpleNamespace(periods=weeks, step="week", as_of=DAY(2023, 3, 1))
    years = spans_of(losses)
    assert [(one.label, one.periods) for one in years] == [("2022", (0, 1)), ("2023", (2, 3))]
    assert years[1].age == pytest.approx((DAY(2023, 3, 1) - weeks[3]).days / 30.4375)
    for through, places, last in (
        (DAY(2023, 1, 8), (0, 1, 2), "2023-01-08"), (DAY(2023, 1, 14), (0, 1, 2), "2023-01-08"),
        (DAY(2022, 12, 25), (0,), "2022-12-25"), (DAY(2023, 1, 15), (0, 1, 2, 3), "2023-01-15"),
    ):  # fmt: skip
        span = spans_of(losses, through)[-1]
        assert (span.periods, span.label, span.is_part) == (places, f"to {last}", False)
    for outside in (DAY(2022, 12, 24), DAY(2023, 1, 16)):
        with pytest.raises(UsageError, match="is not between 2022-12-25 and 2023-01-15"):
            whole_periods(weeks, "week", outside)
    flat_losses = SimpleNamespace(periods=(), step="", as_of=None)
    assert [(one.label, one.periods) for one in spans_of(flat_losses)] == [("all", (0,))]
    with pytest.raises(UsageError, match="the model has no periods"):
        spans_of(flat_losses, DAY(2023, 1, 1))


def by_numbers(together, left):
    """Return findings of totals that are given, of one year in which possibly nobody died."""
    spans = (Span("2022", (0,)), Span("2023", (1,)))

    def under(name, total):
        return Under(name, np.array(total), {"2022": np.array(total), "2023": np.zeros(len(total))})

    whole, one = under("", together), under("learned", left)
    return Findings(spans, {"2022": 50, "2023": 0}, whole, whole, whole, (one,), (), False)


def test_pulls_by_hand_and_years_in_which_possibly_nobody_died(tmp_path):
    # quartiles 100, 200, 400 with, and 50, 100, 200 in the log twice as wide without
    found = by_numbers([50, 100, 200, 400, 800], [25, 25, 100, 400, 400])
    factor, width = pulls(found)["learned"]
    assert factor == pytest.approx(2)
    assert width == pytest.approx(0.5)
    none = [row for row in finding_rows(found, 0.9) if row["span"] == "2023"]
    assert [row["coverage_high"] for row in none] == [None] * 3
    said = learned_says(found, 0.9, Published(150, 300, name="range"))
    # a source may have the name of a row
    (line,) = (line for line in said.splitlines() if line.startswith("learned "))
    assert "%" not in line
    assert "without learned" in said
    assert "with probability 20 %, below it with 40 %, above it with 40 %" in said
    draw_learned(found, 0.9, "nobody", None, tmp_path / "figure")
    assert (tmp_path / "figure-total.png").stat().st_size > 5_000
