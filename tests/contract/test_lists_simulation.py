"""Overlapping lists: simulated unknowns have their priors, simulated tables the cells of loops."""

import numpy as np
import pytest
from scipy import special, stats

from models import GammaPrior, NotEstimableError, RefusedError
from models.lists import expected
from models.lists.density import log_jacobian
from models.lists.simulation import draw_listed
from tests.contract.lists_reference import (
    PATTERNS,
    blocks_of,
    list_models,
    log_belief,
    plain_classes,
    plain_expected,
    plain_shares,
    prior_of,
)

FORMS = sorted(list_models())

#: Expected persons on lists in simulations, of a stratum on average.
RATE = 500.0


@pytest.fixture(params=FORMS)
def form(request):
    """Each reference model in turn."""
    return list_models()[request.param]


def places(on):
    """Return the place of each row in the fixed order of patterns."""
    found = (on[:, None, :] == np.array(PATTERNS, dtype=bool)).all(axis=2)
    assert (found.sum(axis=1) == 1).all()
    return found.argmax(axis=1)


def test_simulated_unknowns_have_their_priors(form, rng):
    if form.base.has_belief:
        form = form.replace("names.coverage", None)  # see the test of beliefs
    latent = form.simulate(rng, 1_500, RATE)["latent"]
    for name, block in form.joint.form.blocks.items():
        if name == "level":
            continue
        prior, to, _ = prior_of(form, name)
        values = prior.cdf(np.vectorize(to)(latent[:, block]))
        assert stats.kstest(values[:, 0], "uniform").pvalue > 1e-4, name
        assert values.mean() == pytest.approx(0.5, abs=2.5 / np.sqrt(values.size)), name


def test_weights_are_stick_breaking(rng):
    """Shares of what is left are Beta(1, concentration), and all classes together hold all."""
    form = list_models()["gamma"]
    latent = form.simulate(rng, 3_000, RATE)["latent"]
    weight = np.exp(expected.classes_of(form.joint, latent).log_weight[:, 0])
    np.testing.assert_allclose(weight.sum(axis=1), 1)
    spread = form.base.concentration_spread
    concentration = np.exp(spread * latent[:, form.joint.form.blocks["concentration"].start])
    left = 1 - np.cumsum(weight[:, :-1], axis=1) + weight[:, :-1]
    for k in range(form.base.classes - 1):
        some = left[:, k] > 1e-6  # far behind, shares of what is left have no digits
        reached = stats.beta(1, concentration[some]).cdf(weight[some, k] / left[some, k])
        assert some.mean() > 0.9
        assert stats.kstest(reached, "uniform").pvalue > 1e-4


@pytest.mark.parametrize("name", ["belief", "register-strata"])
def test_coverage_has_both_opinions_of_a_belief(name, rng):
    """What classes imply, weighted by the density of the belief, is what is simulated."""
    form, draws = list_models()[name], 800
    if form.base.strata:  # nearly all deaths of one stratum: coverage is nearly its own
        form = form.replace("names.exposure", (30.0, 1.0))
    belief = form.base.coverage
    found = form.simulate(rng, draws, RATE)["coverage"]
    free = form.replace("names.coverage", None).simulate(rng, 10 * draws, RATE)["coverage"]
    odds = special.logit(np.clip(free, 1e-12, 1 - 1e-12))
    weight = np.exp(log_belief(belief, odds))
    order = np.argsort(free)
    reached = np.cumsum(weight[order]) / weight.sum()
    for prob in (0.025, 0.25, 0.5, 0.75, 0.975):
        known = free[order][np.searchsorted(reached, prob)]
        share = (found <= known).mean()
        # some draws are taken twice: wider than chance alone
        assert share == pytest.approx(prob, abs=6 * np.sqrt(prob * (1 - prob) / draws))
    assert np.diff(np.quantile(free, [0.025, 0.975])) > 1.5 * np.diff(
        np.quantile(found, [0.025, 0.975])
    )  # the belief says something


def test_implied_coverage_is_that_of_simulations(rng):
    """The belief that is shown where none is stated; strata are alike in it."""
    for name in ("pooled", "uniform", "gamma", "one"):
        form = list_models()[name]
        drawn = form.simulate(rng, 20_000, RATE)["coverage"]
        for prob in (0.05, 0.25, 0.5, 0.75, 0.95):
            share = (drawn <= form.base.coverage.quantile(prob)).mean()
            assert share == pytest.approx(prob, abs=4.5 * np.sqrt(prob * (1 - prob) / 10_000))


def test_simulated_rates_have_their_prior(rng):
    form = list_models()["gamma"]
    assert isinstance(form.losses.prior, GammaPrior)
    rate = form.simulate(rng, 2_000)["rate"]
    assert stats.kstest(rate, stats.gamma(4.0, scale=200.0).cdf).pvalue > 1e-4
    for name in ("pooled", "strata"):
        with pytest.raises(RefusedError, match="improper"):
            list_models()[name].simulate(rng, 3)


def test_simulated_rates_of_strata_differ_by_chance(rng):
    """By exposure, and by effects whose standard deviation is the scale."""
    form = list_models()["strata"]
    simulated = form.simulate(rng, 250, RATE)
    contrast, scale = [], []
    for one in simulated["latent"]:
        of = plain_expected(form, one)
        deaths = of["deaths"]
        assert np.sqrt(np.prod(of["listed"])) == pytest.approx(RATE)
        contrast.append(np.log(deaths[0] / 9 / deaths[1]))
        scale.append(0.5 * np.exp(np.sinh(blocks_of(form, one)["size_rate"][0])))
    standard = np.array(contrast) / np.sqrt(2) / np.array(scale)
    assert stats.kstest(standard, "norm").pvalue > 1e-4


@pytest.mark.parametrize("name", FORMS)
def test_drawn_tables_have_the_cells_of_plain_loops(name, rng):
    """Cells of all patterns and strata are Poisson with the means that the classes imply."""
    form, draws = list_models()[name], 100
    simulated = form.simulate(rng, draws, RATE)
    cells, unseen, registers = [], [], []
    for at in range(draws):
        of = plain_expected(form, simulated["latent"][at])
        data = form.joint.simulated_data(simulated, at)
        assert set(data) == set(form.evidence)
        table = data["names"]
        assert table.lists == form.base.patterns.lists
        assert table.observed == simulated["count"][at]
        assert table.complete
        counts = np.zeros((len(of["cells"]), len(PATTERNS)))
        np.add.at(counts, (table.stratum_of, places(table.on)), table.counts)
        np.testing.assert_array_equal(counts.sum(axis=1), np.atleast_1d(simulated["seen"][at]))
        means = np.array([[stratum[pattern] for pattern in PATTERNS] for stratum in of["cells"]])
        some = means > 1
        assert not counts[means < 1e-9].any()
        cells.append(((counts - means) / np.sqrt(means))[some])
        missed = sum(of["missed"])
        if missed > 1:
            unseen.append((simulated["unseen"][at] - missed) / np.sqrt(missed))
        for one in form.joint.registers:
            center, error = of[one]
            registers.append((np.log(data[one].central[0]) - center) / error)
    np.testing.assert_array_equal(simulated["total"], simulated["count"] + simulated["unseen"])
    if "deaths" in simulated:
        np.testing.assert_array_equal(simulated["total"], simulated["deaths"].sum(axis=1))
    groups = [np.concatenate(cells), np.array(unseen)]
    for standard in [*groups, np.array(registers)] if registers else groups:
        assert standard.size > 80
        error = 4.5 / np.sqrt(standard.size)
        assert standard.mean() == pytest.approx(0, abs=error)
        assert standard.var() == pytest.approx(1, abs=2 * error)


@pytest.mark.parametrize("shy", [0.0, -25.0])
def test_listed_persons_are_drawn_from_the_conditional_law(shy, rng):
    """Also where nearly all deaths are of a class that no list reaches: nothing is rejected."""
    form = list_models()["uniform"]
    latent = 0.7 * rng.standard_normal(form.joint.form.size)
    if shy:
        latent[form.joint.form.blocks["stick"]] = [4.0, 0.3]  # 98 % in the first class
        latent[form.joint.form.blocks["capture"]][:3] = shy
    log_share = plain_shares(form, latent)[0]
    assert (log_share[0, 0, 0] > np.log(0.9)) == bool(shy)
    drawn = draw_listed(expected.classes_of(form.joint, latent[None]), 0, 100_000, rng)
    each = np.array([log_share[pattern] for pattern in PATTERNS])
    share = np.exp(each - special.logsumexp(each))
    counts = np.bincount(places(drawn), minlength=len(PATTERNS))
    assert stats.chisquare(counts, share / share.sum() * 100_000).pvalue > 1e-4


def test_simulated_tables_can_be_fitted(form, rng):
    simulated, refused, latent = (
        form.simulate(rng, 30, RATE),
        0,
        np.zeros((1, form.joint.form.size)),
    )
    for index in range(30):
        data = form.joint.simulated_data(simulated, index)
        again = form.joint.simulated_data(simulated, index)
        assert data["names"].content() == again["names"].content()
        fields = {f"{name}.{form.evidence[name].data_field}": one for name, one in data.items()}
        try:
            replaced = form.replace_all(fields)
        except NotEstimableError:  # few persons on lists, and nobody is on two
            refused += 1
            continue
        found = replaced.log_density({"latent": latent}) + log_jacobian(replaced.joint, latent)
        assert np.isfinite(found).all()
    assert refused <= 10
    truth = form.joint.rank_quantities(simulated)
    posterior = form.joint.rank_quantities(form.complete({"latent": simulated["latent"]}, rng)[0])
    assert set(truth) == set(posterior)
    assert {"total", "coverage"} <= set(truth)
    assert len(plain_classes(form, simulated["latent"][0])[0]) == form.joint.form.strata
