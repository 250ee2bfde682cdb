"""The replay of what was known: nothing later is seen, and forecasts are scored by what came."""

import dataclasses
import datetime

import numpy as np
import pytest

from estimation.errors import NotEstimableError, UndercountError
from estimation.fit import nuts
from estimation.fit.store import Store
from estimation.learning.as_known import (
    BEGIN,
    NEXT_ESTIMATE,
    NEXT_TOTAL,
    belief_of,
    foretell,
    model_of,
)
from estimation.learning.history import Day, History, Judgment, Publication, Total, shipped_history
from estimation.learning.naive import continued, divided, paces
from estimation.learning.replay import CONTINUED, DIVIDED, MODEL, Sampler, replay_learned
from estimation.learning.replay_table import kept, of_target
from models.learning import expected
from tests.late_by_hand import sample_late_by_hand

FEW = Sampler(draws=50, chains=4)

#: Two dates of the shipped tables.
WINDOW = {"first": Day(2024, 7, 5), "last": Day(2024, 7, 19)}


@pytest.fixture(autouse=True)
def _drawn_by_hand(monkeypatch):
    """Draw around the center of the sampler's coordinates instead of sampling."""
    monkeypatch.setattr(nuts, "sample_graph", sample_late_by_hand)


@pytest.fixture(scope="module")
def history():
    return shipped_history()


@pytest.fixture(scope="module")
def shipped(history):
    patch = pytest.MonkeyPatch()
    patch.setattr(nuts, "sample_graph", sample_late_by_hand)
    yield replay_learned(history, sampler=FEW, **WINDOW)
    patch.undo()


def test_the_shipped_history_is_what_was_published(history):
    assert len(history.totals) == 44
    days = [one.day for one in history.totals]
    assert days == sorted(days)
    assert Day(2025, 8, 1) not in days  # derived from a later count
    for one in history.publications:
        assert one.until <= one.published
    assert [one.is_evidence for one in history.publications] == [True] * 4 + [False]
    assert [(one.low, one.high) for one in history.judgments[:2]] == [(0.4, 0.6)] * 2
    assert {(one.low, one.high) for one in history.judgments[2:]} == {(0.45, 0.65)}
    before = history.known_by(Day(2024, 2, 23))
    assert before.estimate == history.publications[0]
    assert history.known_by(Day(2024, 2, 24)).estimate == history.publications[1]
    # without bounds an estimate replaces none
    assert history.known_by(Day(2025, 9, 11)).estimate == history.publications[3]
    assert history.publications[3].value == pytest.approx(162_481, abs=1)
    assert history.next_publication(Day(2024, 2, 24)) == history.publications[2]
    assert history.next_total(history.totals[-1].day) is None


def test_nothing_published_later_is_seen(history, shipped):
    """Whatever comes after the dates is changed: all forecasts stay, only what came differs."""
    end = WINDOW["last"]
    later = History(
        tuple(one if one.day <= end else dataclasses.replace(one, names=3 * one.names)
              for one in history.totals),
        tuple(one if one.published <= end else dataclasses.replace(one, central=9e5, low=None,
                                                                   high=None)
              for one in history.publications),
        tuple(one for one in history.judgments if one.day <= end),
    )  # fmt: skip
    found = replay_learned(later, sampler=FEW, **WINDOW)
    assert len(found.rows) == len(shipped.rows) == 8
    for one, other in zip(shipped.rows, found.rows, strict=True):
        assert (one.as_of, one.what, one.until, one.method) == (
            other.as_of, other.what, other.until, other.method
        )  # fmt: skip
        assert (one.low, one.score.median, one.high) == (other.low, other.score.median, other.high)
    assert found.rows[-1].score.truth == 9e5
    known = history.known_by(end)
    assert model_of(known).content() == model_of(later.known_by(end)).content()
    # and one row less at the end leaves the shape of the graph as it was
    shorter = dataclasses.replace(known, totals=known.totals[:-1])
    assert model_of(shorter).structure() == model_of(known).structure()


def test_rows_are_scored_as_they_came(history, shipped):
    by = {(row.as_of, row.what, row.method): row for row in shipped.rows}
    assert {row.method for row in shipped.rows} == {MODEL, CONTINUED, DIVIDED}
    row = by[Day(2024, 7, 5), NEXT_TOTAL, MODEL]
    assert (row.until, row.known, row.score.truth) == (Day(2024, 7, 19), 58_207.0, 59_725.0)
    assert row.low > row.known
    assert row.inside == (row.low <= 59_725 <= row.high)
    assert row.width == pytest.approx((row.high - row.low) / 59_725)
    assert row.width_of_new == pytest.approx((row.high - row.low) / (59_725 - 58_207))
    row = by[Day(2024, 7, 19), NEXT_ESTIMATE, MODEL]
    assert (row.until, row.known) == (Day(2024, 12, 31), 120_000.0)
    assert row.score.truth == pytest.approx(162_481, abs=1)
    assert shipped.fits == 2
    assert not shipped.failed
    table = {(row.what, row.method): row for row in kept(shipped)}
    assert len(table) == 4
    row = table[NEXT_ESTIMATE, DIVIDED]
    assert (row.forecasts, row.targets) == (2, 1)
    of = [one for one in shipped.rows if one.method == DIVIDED]
    assert row.inside == np.mean([one.inside for one in of])
    assert row.width == pytest.approx(np.median([one.width for one in of]))
    share = (2 * row.inside + 2) / 6
    assert row.error == pytest.approx(np.sqrt(share * (1 - share) / 6))
    (one,) = of_target(shipped, NEXT_ESTIMATE)
    assert {row.what for row in one.rows} == {NEXT_ESTIMATE}


def test_the_first_date_is_that_after_the_first_interval(history):
    found = replay_learned(history, sampler=FEW, last=Day(2023, 8, 31))
    assert {row.as_of for row in found.rows} == {Day(2023, 8, 4)}
    with pytest.raises(NotEstimableError, match="too little was known"):
        model_of(history.known_by(Day(2023, 7, 7)))


def test_forecasts_follow_the_unknowns(history):
    """Given one point: names of the span, and the share of deaths with bias and error."""
    model = model_of(history.known_by(Day(2024, 7, 19)))
    latent = np.repeat(model.graph_data()["center"][None], 20_000, axis=0)
    joint, until = model.joint, Day(2024, 7, 23)  # five months of war and a half have passed
    latent[:, joint.form.blocks["log_noise"]] = np.log(0.2)
    found = foretell(model, latent, Day(2024, 8, 23), until, np.random.default_rng(1))
    place = joint.listed.periods.index(Day(2024, 7, 24))
    rate = np.exp(joint.listed.log_rate(latent[:1], joint.form.blocks))[0]
    mean = rate[place] + rate[place - 1] * 4 / 30
    new = found[NEXT_TOTAL] - 59_725
    assert new.mean() == pytest.approx(mean, rel=0.01)
    assert new.std() == pytest.approx(np.sqrt(mean + (0.2 * mean) ** 2), rel=0.03)
    deaths = np.exp(expected.log_deaths(joint, latent[:1])[0])[0, :place].sum()
    share = np.exp(expected.log_share(joint, "share_probate", latent[:1]))[0]
    bias = expected.register_bias(joint, "probate", latent[:1])[0]
    logs = np.log(found[NEXT_ESTIMATE])
    assert logs.mean() == pytest.approx(np.log(deaths * share) + bias, abs=0.005)
    stated = np.log(140_000 / 106_000) / 2 / 1.959964
    assert logs.std() == pytest.approx(np.hypot(stated, 0.05), rel=0.03)


def steady():
    """Return a list that grows by ten names a day, but for one slower stretch."""
    days = [BEGIN + datetime.timedelta(at) for at in (100, 200, 300, 400)]
    totals = [Total(day, names) for day, names in zip(days, (1_000, 2_000, 2_500, 3_500),
                                                      strict=True)]  # fmt: skip
    estimate = Publication(days[1], days[0], None, 1_800.0, 2_200.0)
    return History(tuple(totals), (estimate,), (Judgment(days[0], 0.4, 0.6),))


def test_naive_forecasts():
    known = steady()
    np.testing.assert_allclose(paces(known), [10, 5, 10])
    last = known.totals[-1].day
    found = continued(known, last + datetime.timedelta(20))
    assert found[0.5] == pytest.approx(3_700)
    assert found[0.975] == pytest.approx(3_500 + 200 * np.exp(1.959964 * np.log(2)))
    belief = belief_of(known)
    assert belief.quantile(0.25) == pytest.approx(0.4, abs=1e-3)
    found = divided(known, belief, last + datetime.timedelta(20))
    assert found[0.25] == pytest.approx(3_700 / 0.6, rel=1e-3)
    # of a day in the past the list as it was then
    found = divided(known, belief, last - datetime.timedelta(50))
    assert found[0.5] == pytest.approx(3_000 / float(belief.quantile(0.5)))


def test_fits_are_kept_and_failures_told(tmp_path, monkeypatch):
    store, stages = Store(tmp_path), []
    options = {"sampler": FEW, "store": store, "tell": lambda now: stages.append(now.stage)}
    first = replay_learned(steady(), **options)
    again = replay_learned(steady(), **options)
    assert stages == ["made", "stored"]
    assert first == again
    assert {row.what for row in first.rows} == {NEXT_TOTAL}

    def broken(model, *_, **__):
        raise UndercountError("stopped", where="nuts")

    monkeypatch.setattr(nuts, "sample_graph", broken)
    found = replay_learned(steady(), sampler=FEW)
    assert (found.rows, found.fits, len(found.failed)) == ((), 0, 1)
