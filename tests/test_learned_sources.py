"""Sources of coverage, the same without one of them, and whether one agrees with the others."""

import dataclasses
import datetime
from types import SimpleNamespace

import numpy as np
import pytest
import xarray
from scipy import special, stats

from estimation.errors import InvalidValueError, RefusedError, UsageError
from estimation.learning import conflict as conflicts
from estimation.learning.conflict import Conflict, conflict, rarity
from estimation.learning.sources import judged, sources, without
from estimation.study.read import parse_study
from models import (
    Beta,
    Count,
    Estimates,
    Flat,
    LogitNormal,
    Model,
    Register,
    Snapshots,
    Totals,
    Walk,
    between,
)
from models.baseline import baseline_draws
from tests.learned_study import EVERYTHING, write_files

DAY = datetime.date
WIDE = between(0.3, 0.7, 0.9)
DRAWS = 400


@pytest.fixture(scope="module")
def everything(tmp_path_factory):
    """Return a model of two years by month with a register, a table of deaths and audits."""
    folder = tmp_path_factory.mktemp("study")
    write_files(folder)
    return parse_study(EVERYTHING, "s.toml", folder).model


def flat(coverage=WIDE):
    """Return a model of 1,000 names and a register, which agree at 2,000 deaths."""
    register = Register(Estimates([2000.0], [0.08]))
    return Model(Flat(), {"names": Count(1000, coverage), "probate": register})


# -- sources ------------------------------------------------------------------------------------


def test_sources_are_the_judgment_and_all_evidence_beside_the_list(everything):
    assert sources(everything) == ("judgment", "probate", "civil", "graves")
    assert sources(flat()) == ("judgment", "probate")


def test_without_a_source_the_others_stay_as_they_are(everything):
    left = without(everything, "civil")
    assert list(left.evidence) == ["names", "probate", "graves"]
    assert left.beyond == everything.beyond
    assert left.base.coverage_drift == 0.3
    opened = without(everything, "judgment")
    assert list(opened.evidence) == list(everything.evidence)
    assert opened.base.coverage == Beta(1, 1, reason=opened.base.coverage.reason)


def test_drift_is_dropped_where_nothing_that_is_left_informs_it(everything):
    model = everything
    for source in ("civil", "graves"):
        model = without(model, source)
    assert model.base.coverage_drift == 0.3
    alone = without(model, "probate")
    assert list(alone.evidence) == ["names"]
    assert alone.base.coverage_drift == 0
    whole = dataclasses.replace(model.evidence["probate"], estimates=Estimates([36e3], [0.05]))
    with_whole = Model(model.losses, {**everything.evidence, "probate": whole}, {})
    without_both = without(without(with_whole, "civil"), "graves")
    assert list(without_both.evidence) == ["names", "probate"]
    assert without_both.base.coverage_drift == 0
    alone = judged(everything)
    assert (list(alone.evidence), alone.base.coverage_drift) == (["names"], 0)


def test_unknown_and_ambiguous_sources_are_refused(everything):
    with pytest.raises(UsageError, match="did you mean 'probate'"):
        without(everything, "probat")
    with pytest.raises(UsageError, match="no source 'names'"):
        without(everything, "names")
    with pytest.raises(RefusedError, match="nothing stands beside the list"):
        sources(Model(Flat(), {"names": Count(50, WIDE)}))
    register = Register(Estimates([2000.0], [0.08]))
    with pytest.raises(InvalidValueError, match="give the evidence another name"):
        sources(Model(Flat(), {"names": Count(1000, WIDE), "judgment": register}))
    months = tuple(DAY(2024, month, 1) for month in range(1, 5))
    totals = Totals((DAY(2024, 2, 10), DAY(2024, 4, 30)), [300, 1000], months)
    closed = Register(Estimates([2000.0], [0.08], end=(DAY(2024, 5, 1),)))
    with pytest.raises(RefusedError, match="the list is of totals over time"):
        sources(Model(Walk(), {"names": Snapshots(totals, WIDE), "probate": closed}))


# -- conflict -----------------------------------------------------------------------------------


def rest_of(deaths, names, coverage):
    """Return what `conflict` reads of a fit: deaths and names (draw, period), coverage (draw,)."""
    posterior = xarray.Dataset({"coverage": (("chain", "draw"), coverage[None])})
    return SimpleNamespace(
        deaths=deaths[:, :, None], observed=np.broadcast_to(names, deaths.shape)[:, :, None],
        posterior={"posterior": posterior},
    )  # fmt: skip


def drawn_deaths(model, rng, draws=DRAWS):
    """Draw deaths by month around twice the names: what a fit might say."""
    names = model.joint.listed.counts
    coverage = special.expit(rng.normal(0, 0.15, draws))
    by_month = names / coverage[:, None] * np.exp(rng.normal(0, 0.02, (draws, names.size)))
    return by_month, names, coverage


def changed(model, name, **fields):
    item = dataclasses.replace(model.evidence[name], **fields)
    return Model(model.losses, {**model.evidence, name: item}, model.beyond)


def is_uniform(found):
    """Return whether p-values are uniform, for all that 200 of them say."""
    counts = np.histogram(found, np.linspace(0, 1, 11))[0]
    return stats.kstest(found, "uniform").pvalue > 0.01 and stats.chisquare(counts).pvalue > 0.01


def test_a_register_that_agrees_and_one_that_is_three_times_too_high(everything):
    rng = np.random.default_rng(1)
    deaths, names, coverage = drawn_deaths(everything, rng)
    rest = rest_of(deaths, names, coverage)
    weights = everything.joint.weights["probate"]
    of = everything.evidence["probate"].estimates
    for factor, verdict in ((1.0, "agrees"), (3.0, "in conflict")):
        central = factor * np.median(deaths @ weights.T, axis=0)
        model = changed(everything, "probate", estimates=dataclasses.replace(of, central=central))
        found = conflict(model, rest, "probate", 0.95, 1)
        assert found.verdict == verdict
        assert (found.rarity > 0.5) == (verdict == "agrees")
        assert [row.said for row in found.rows] == pytest.approx(central)
        assert found.rows[0].what == "deaths, 2022-01-01 to 2022-12-31"
        assert found.rows[0].low < found.rows[0].median < found.rows[0].high
        assert (found.rows[0].low < central[0] < found.rows[0].high) == (factor == 1)
    assert found.says().startswith("probate is in conflict with the others")
    assert "less than 1 in 1,000" in Conflict("a", 0.0009, ()).says()
    assert Conflict("judgment", 0.03, ()).says().startswith(
        "the judgment on coverage is strained"
    )  # fmt: skip
    assert Conflict("a", 0.05, ()).verdict == "agrees"


def test_rarity_of_a_register_is_uniform_if_it_tells_of_the_same_deaths(everything):
    rng, found = np.random.default_rng(2), []
    register, weights = everything.evidence["probate"], everything.joint.weights["probate"]
    for seed in range(200):
        deaths, names, coverage = drawn_deaths(everything, rng, DRAWS + 1)
        logs = np.log(deaths[-1:] @ weights.T) + np.log(register.share.draw(rng, 1))
        central = register.simulate(logs, register.bias * rng.standard_normal(1), rng)[0]
        of = dataclasses.replace(register.estimates, central=central)
        rest = rest_of(deaths[:-1], names, coverage[:-1])
        model = changed(everything, "probate", estimates=of)
        found.append(conflict(model, rest, "probate", 0.9, seed).rarity)
    assert is_uniform(found)


def test_rarity_of_a_table_of_deaths_is_uniform(everything, monkeypatch):
    rng, found = np.random.default_rng(3), []
    table, weights = everything.evidence["civil"], everything.joint.weights["civil"]
    war = np.isin(table.years, table.deaths.war_years)
    usual = baseline_draws(table.deaths, table.baseline, rng, 3000, grid=8)
    monkeypatch.setattr(
        conflicts, "baseline_draws",
        lambda deaths, baseline, rng, draws: usual[rng.integers(0, len(usual), draws)],
    )  # fmt: skip
    for seed in range(200):
        deaths, names, coverage = drawn_deaths(everything, rng, DRAWS + 1)
        mean = usual[rng.integers(0, len(usual))].sum(axis=1)
        mean = mean + (deaths[-1] @ weights.T)[war] * table.share.draw(rng, 1)
        counted = np.rint(mean + np.sqrt(mean) * rng.standard_normal(mean.size)).astype(int)
        affected = np.array(table.deaths.affected)
        affected[-mean.size :, 0] = counted - affected[-mean.size :, 1:].sum(axis=1)
        of = dataclasses.replace(table.deaths, affected=affected)
        rest = rest_of(deaths[:-1], names, coverage[:-1])
        one = conflict(changed(everything, "civil", deaths=of), rest, "civil", 0.9, seed)
        found.append(one.rarity)
    assert one.rows[0].said == counted[0]
    assert is_uniform(found)


def test_rarity_of_audits_is_uniform(everything):
    rng, found = np.random.default_rng(4), []
    audits = dataclasses.replace(everything.evidence["graves"], checked=(900, 1500, 600))
    window = everything.joint.weights["graves"][0]
    for seed in range(200):
        deaths, names, coverage = drawn_deaths(everything, rng, DRAWS + 1)
        odds = special.logit((names @ window) / (deaths[-1] @ window))
        odds += audits.bias * rng.standard_normal()
        odds += abs(rng.normal(0, audits.spread)) * rng.standard_normal(3)
        hits = rng.binomial(audits.checked, special.expit(odds))
        item = dataclasses.replace(audits, found=tuple(map(int, hits)))
        model = Model(everything.losses, {**everything.evidence, "graves": item}, {})
        rest = rest_of(deaths[:-1], names, coverage[:-1])
        found.append(conflict(model, rest, "graves", 0.9, seed).rarity)
    assert is_uniform(found)


def test_rarity_of_the_judgment_is_uniform():
    rng, found = np.random.default_rng(5), []
    model = flat(coverage=LogitNormal(0.1, 0.4))
    for seed in range(200):
        true = special.logit(model.base.coverage.draw(rng, 1))
        others = rng.normal(true, 0.3) + 0.3 * rng.standard_normal(2000)
        nothing = np.ones((2000, 1))
        rest = rest_of(nothing, nothing[0], special.expit(others))
        found.append(conflict(model, rest, "judgment", 0.9, seed).rarity)
    assert is_uniform(found)


def test_rows_that_err_together_are_taken_together(rng):
    covariance = np.array([[1.0, 0.95], [0.95, 1.0]])
    drawn = rng.multivariate_normal([0, 0], covariance, 20_000)
    for said in ([2.0, 2.0], [1.0, -1.0], [0.3, 0.1]):
        far = np.array(said) @ np.linalg.solve(covariance, said)
        assert rarity(drawn, np.array(said)) == pytest.approx(stats.chi2.sf(far, 2), abs=0.015)
    alike, apart = (rarity(drawn, np.array(said)) for said in ([2.0, 2.0], [1.0, -1.0]))
    assert alike > 0.1  # each is two standard deviations off, together they are no rarer
    assert apart < 0.001  # each is ordinary, and their difference is not


def test_what_cannot_be_compared_is_refused(everything):
    rng = np.random.default_rng(6)
    rest = rest_of(*drawn_deaths(everything, rng))
    for source in ("names", "nobody"):
        with pytest.raises(RefusedError, match="is no source of coverage"):
            conflict(everything, rest, source, 0.9, 1)


def test_audits_of_a_month_in_which_possibly_nobody_died(everything):
    graves = dataclasses.replace(everything.evidence["graves"], end=DAY(2022, 2, 1))
    model = Model(everything.losses, {**everything.evidence, "graves": graves}, {})
    deaths, names, coverage = drawn_deaths(everything, np.random.default_rng(7))
    deaths[::2, 0] = 0
    found = conflict(model, rest_of(deaths, names * (deaths > 0), coverage), "graves", 0.9, 1)
    assert found.verdict == "agrees"
