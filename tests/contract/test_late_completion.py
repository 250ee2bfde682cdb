"""What has come is known: names that say nothing of delays are neither lost nor counted twice."""

import dataclasses

import numpy as np
import pytest

from models import Model, Reports, Triangle, Walk, known
from models.reporting.ahead import publications_of, published_ahead
from models.reporting.curves import curves
from tests.contract.late_reference import late_models, triangle
from tests.contract.test_late import completed


def sparse(periods=30, delays=6, every=5, rate=40.0, beyond=0):
    """Return a table that is published every few weeks, with names of all finished periods."""
    report = np.arange(periods)[:, None] + np.arange(delays)
    published = np.arange(periods) % every == every - 1
    share = np.array([0.3, 0.25, 0.2, 0.1, 0.1, 0.05])
    counts = np.zeros((periods, delays, 1), int)
    for t in range(periods):
        waiting = 0.0
        for d in range(delays):
            waiting += rate * share[d]
            r = report[t, d]
            closing = d == delays - 1 and r < periods and published[r:].any()
            if r < periods and (published[r] or closing):
                counts[t, d, 0], waiting = round(waiting), 0.0
    base = triangle(periods, delays, published=published)
    late = np.where(np.arange(periods)[:, None] + delays < periods, beyond, 0)
    return dataclasses.replace(base, counts=counts, beyond=late)


def test_a_period_is_finished_with_a_publication_at_the_longest_delay_or_later():
    reports = sparse()
    model = Model(Walk(), {"names": Triangle(reports)})
    found = completed(model, 300)
    last = 29  # the last publication
    finished = np.arange(30) + 5 <= last
    assert (reports.told[finished] == 6).all()
    np.testing.assert_array_equal(
        found["eventual_names"][:, finished],
        np.broadcast_to(reports.known[finished, 0], (300, finished.sum())),
    )
    assert (found["reported_by_now"][:, finished] == 1).all()
    assert (found["reported_by_now"][:, ~finished] < 1).all()


def test_names_after_the_longest_delay_are_not_drawn_again():
    reports = sparse(beyond=10)
    found = completed(Model(Walk(), {"names": Triangle(reports)}), 300)
    finished = np.arange(30) + 6 < 30
    assert (found["eventual_names"][:, finished] == reports.known[finished, 0]).all()


@pytest.mark.parametrize("kind", ["beyond", "masked"])
def test_names_without_a_delay_are_scaled_by_coverage_too(kind):
    """At a coverage of one half, two died for each name, wherever it stands."""
    reports = triangle(periods=40)
    if kind == "beyond":
        due = np.arange(40)[:, None] + 4 < 40
        reports = dataclasses.replace(reports, beyond=np.where(due, 15, 0))
    else:
        # a backlog five times as large as what came later
        masked = np.arange(40)[:, None] + np.arange(4) <= 20
        counts = np.where(masked[:, :, None], reports.counts * 5, reports.counts)
        reports = dataclasses.replace(reports, counts=counts, masked=masked)
    found = completed(Model(Walk(), {"names": Triangle(reports, known(0.5))}))
    ratio = found["deaths"][:, :15].sum(axis=1) / reports.known[:15].sum()
    assert np.mean(ratio) == pytest.approx(2.0, rel=0.03)


def test_shares_now_and_ahead_agree():
    for name in ("tail", "unpublished"):
        model = late_models()[name].replace("names.horizon", 3)
        found = completed(model, 200)
        ahead = found["reported_ahead"]
        np.testing.assert_allclose(ahead[:, 0], found["reported_by_now"], rtol=1e-9)
        # shocks to come are drawn for each, so that one draw may fall behind: the mean cannot
        assert (np.diff(ahead.mean(axis=0), axis=0) > -1e-9).all()


def test_publications_to_come_go_on_as_before():
    weekly = sparse()
    assert published_ahead(weekly).tolist() == [False, False, False, False, True, False]
    # all that is due of the last period comes with the next publication
    assert publications_of(weekly, 29).tolist() == [0, 0, 0, 0, 0]
    days = triangle(periods=21, step="day", published=np.arange(21) % 7 != 4)
    assert published_ahead(days).tolist() == [True, True, True, True]
    whole = triangle()
    assert published_ahead(whole).all()
    assert publications_of(whole, 5).tolist() == [0, 1, 2]


def test_names_that_come_together_share_their_noise():
    """The variance of what is due grows with the square of what comes at once."""
    model = Model(Walk(), {"names": Triangle(sparse(rate=4000.0))})
    joint = model.joint
    latent = model.graph_data()["center"][None].copy()
    blocks = joint.layout.form.blocks
    latent[:, blocks["log_noise"]] = np.log(0.3)
    latent[:, blocks["log_shock"]] = -30.0
    draws = np.repeat(latent, 20_000, axis=0)
    found = model.complete({"latent": draws}, np.random.default_rng(2))[0]
    due = found["eventual_names"][:, 28] - joint.reports.known[28, 0]
    rate = np.exp(curves(joint.layout, latent).log_rate[0, 28, 0])
    left = 1 - found["reported_by_now"][0, 28]
    # four delays are to come, all with the next publication
    assert due.mean() == pytest.approx(rate * left, rel=0.02)
    assert due.std() > 0.25 * due.mean()


def test_simulated_tails_are_those_of_the_completion(rng):
    model = (
        late_models()["tail"]
        .replace("names.tail", known(0.3))
        .replace("names.coverage", known(0.5))
    )
    simulated = model.simulate(rng, 400, rate=500.0)
    data = [model.joint.simulated_data(simulated, i) for i in range(3)]
    assert all(isinstance(one, Reports) and one.beyond.sum() > 0 for one in data)
    assert simulated["total"].sum() / simulated["eventual"].sum() == pytest.approx(
        2.0 * float(np.mean(simulated["precision"])), rel=0.02
    )
