"""The average over decomposable graphs, against published answers and against brute force."""

from itertools import combinations_with_replacement

import numpy as np
import pytest
from scipy.special import gammaln
from scipy.stats import dirichlet_multinomial, multinomial

from estimation.datasets.load import load_dataset
from models.errors import InvalidValueError, NotEstimableError
from models.lists import decomposable, graph_evidence, graph_search, graph_walks
from models.lists.decomposable import decomposable_average
from models.lists.graph_evidence import GraphEvidence
from models.lists.graphs import complete_graph, decomposable_graphs, factors, members
from models.lists.patterns import Patterns

LEVELS = (0.5, 0.025, 0.975)

#: Median and 95 % limits by the R package dga 2.0.2: delta 2^-lists, prior 1 / total, from one
#: missing person to 30 times the observed, the saturated graph among the others.
REFERENCES = {
    "kosovo_1999": (12_592, 9_826, 16_546),
    "sudan_khartoum_all_cause_d1o1": (9_724, 5_722, 14_568),
    "sudan_khartoum_intentional_injury_d1o1": (3_664, 3_046, 6_134),
    "uk_trafficking_2013_4lists": (11_363, 9_535, 13_548),
    "uk_trafficking_2013_5lists": (22_992, 10_389, 33_509),
    "netherlands_trafficking_5lists": (50_379, 41_671, 203_390),
    "new_orleans_trafficking_5lists": (847, 529, 1_590),
    "western_us_trafficking_5lists": (2_133, 1_343, 3_871),
    "korea_palembang_1945": (163, 127, 468),
    "australia_trafficking_4lists": (2_253, 1_189, 7_309),
    "hepatitis_a_taiwan_1995": (380, 272, 1_653),
    "diabetes_casale_monferrato": (2_470, 2_377, 2_588),
    "congenital_anomaly_massachusetts": (618, 590, 656),
    "spina_bifida_ny_626": (731, 694, 787),
    "spina_bifida_ny_621": (725, 686, 784),
    "hiv_rome_1990": (11_220, 9_403, 14_095),
    "lesbian_allegheny": (5_129, 4_634, 5_749),
    "scotland_pwid_2006": (32_786, 26_135, 40_501),
    "meadow_voles_p1_5occasions": (59, 57, 68),
    "meadow_voles_p4_5occasions": (64, 58, 78),
}


def shipped(name: str) -> Patterns:
    table = load_dataset(name)
    lists = tuple(column for column in table.columns if column != "count")
    return Patterns(lists, table[list(lists)].to_numpy() == 1, table["count"].to_numpy())


def small(counts: dict[str, int]) -> Patterns:
    """Return a table from patterns as strings of 0 and 1."""
    on = [[digit == "1" for digit in pattern] for pattern in counts]
    return Patterns(tuple("ABCDEFGH"[: len(on[0])]), np.array(on), np.array([*counts.values()]))


def average(patterns: Patterns, seed: int = 1, **options):
    return decomposable_average(patterns, np.random.default_rng(seed), **options)


def as_dga(patterns: Patterns, **options):
    def prior(missing):
        return np.where(missing >= 1, -np.log(patterns.observed + missing), -np.inf)

    most = 30 * patterns.observed
    return average(patterns, saturated=True, prior=prior, most=most, **options)


# -- published answers -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", REFERENCES)
def test_dga(name):
    """To a person, or to the three digits that a grid of 20,000 even points leaves."""
    found = as_dga(shipped(name))
    assert found.quantile(LEVELS) == pytest.approx(REFERENCES[name], rel=0.0012, abs=1)


def test_weights_of_dga():
    assert as_dga(shipped("kosovo_1999")).graphs[0].weight == pytest.approx(0.986, abs=5e-4)
    found = as_dga(shipped("hepatitis_a_taiwan_1995"))
    assert len(found.graphs[0].edges) == 3
    assert found.graphs[0].weight == pytest.approx(0.57, abs=5e-3)
    assert any("57% of the weight" in note for note in found.notes)


def test_delta_of_the_example_of_dga():
    found = as_dga(shipped("congenital_anomaly_massachusetts"), delta=0.5)
    assert tuple(found.quantile(LEVELS)) == (616, 588, 655)
    assert found.observed + found.missing[np.argmax(found.mass)] == 614


def test_madigan_and_york():
    """Spina bifida: gamma-Poisson prior, at most 926; Bayes estimator of relative squared error."""
    patterns = shipped("spina_bifida_ny_626")
    shape, scale = 13.14, 55.17

    def prior(missing):
        total = patterns.observed + missing
        return gammaln(shape + total) - gammaln(total + 1) + total * np.log(scale / (1 + scale))

    found = average(patterns, delta=1, prior=prior, most=300, saturated=True)
    totals = found.observed + found.missing
    assert totals[np.argmax(found.mass)] == 728
    assert (found.mass / totals).sum() / (found.mass / totals**2).sum() == pytest.approx(
        731, abs=0.5
    )
    assert tuple(found.quantile([0.025, 0.975])) == (682, 797)
    top = found.graphs[0]
    assert top.edges == (("death_certificates", "medical_rehabilitation"),)
    assert top.weight == pytest.approx(0.37, abs=5e-3)


# -- brute force -----------------------------------------------------------------------------------


def evidence_of(counts: np.ndarray, delta: float, most: int = 50) -> GraphEvidence:
    """Return the evidence of counts of all patterns; the first, on no list, is left out."""
    lists = int(np.log2(len(counts)))
    on = np.arange(len(counts))[:, None] >> np.arange(lists)[::-1] & 1 == 1
    names = tuple("ABCD"[:lists])
    return GraphEvidence(Patterns(names, on[1:], counts[1:]), delta, np.zeros_like, most)


@pytest.mark.parametrize(("lists", "total"), [(2, 4), (3, 2)])
def test_probabilities_of_all_tables_sum_to_one(lists, total):
    graphs = decomposable_graphs(lists)
    found = np.zeros(len(graphs))
    for persons in combinations_with_replacement(range(2**lists), total):
        counts = np.bincount(persons, minlength=2**lists)
        evidence = evidence_of(counts, 0.3)
        found += np.exp(evidence.log_mass(graphs)[:, counts[0]])
    assert found == pytest.approx(1, abs=1e-10)


def test_the_saturated_graph_is_a_dirichlet_multinomial():
    counts = np.array([7, 3, 0, 2, 5, 1, 1, 0])
    found = evidence_of(counts, 0.3).log_mass([complete_graph(3)])[0, 7]
    assert found == pytest.approx(dirichlet_multinomial(np.full(8, 0.3), 19).logpmf(counts))


def cells(graph, delta: float, rng: np.random.Generator, draws: int = 1) -> np.ndarray:
    """Return draws of the probabilities of all patterns, clique by clique."""
    lists = len(graph)
    codes = np.arange(2**lists)
    found, known = np.ones((draws, 2**lists)), 0
    subsets = [subset for subset, times in factors(graph).items() if times > 0]
    for clique in sorted(subsets, key=int.bit_count, reverse=True):
        size = clique.bit_count()
        table = rng.dirichlet(np.full(2**size, delta * 2 ** (lists - size)), draws)
        inside = sum((codes >> one & 1) << place for place, one in enumerate(members(clique)))
        common = codes & clique & known
        given = np.stack([
            table[:, np.unique(inside[common == one])].sum(axis=1) for one in common
        ], axis=1)  # fmt: skip
        found *= table[:, inside] / given
        known |= clique
    return found


@pytest.mark.parametrize("place", range(7))
def test_monte_carlo(place):
    graph = decomposable_graphs(3)[place]
    counts = np.array([4, 1, 2, 1, 3, 0, 1, 1])
    probabilities = cells(graph, 0.5, np.random.default_rng(1), 200_000)
    # bit 0 is the first list here, and the last one of the order of places
    evidence = evidence_of(counts.reshape(2, 2, 2).transpose().reshape(-1), 0.5)
    right = multinomial.pmf(counts, counts.sum(), probabilities)
    error = right.std() / right.mean() / np.sqrt(len(right))
    found = np.exp(evidence.log_mass([graph])[0, 4])
    assert found == pytest.approx(right.mean(), rel=4 * error)
    assert error < 0.02


def test_an_edge_changes_four_tables():
    evidence = evidence_of(np.arange(16) % 5, 0.1)
    for graph in decomposable_graphs(4):
        for other in decomposable_graphs(4):
            new = [(one, two) for one in range(4) for two in range(one)
                   if (graph[one] ^ other[one]) >> two & 1]  # fmt: skip
            if len(new) == 1 and sum(map(int.bit_count, other)) > sum(map(int.bit_count, graph)):
                change = evidence.change(*new[0], graph[new[0][0]] & graph[new[0][1]])
                before, after = evidence.log_mass([graph, other])
                assert after - before == pytest.approx(change, abs=1e-9)


# -- the grid --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["kosovo_1999", "korea_palembang_1945", "australia_trafficking_4lists"]
)
def test_the_grid_is_as_good_as_all_integers(name, monkeypatch):
    patterns = shipped(name)
    most = 20 * patterns.observed
    found = average(patterns, saturated=True, most=most)
    monkeypatch.setattr(graph_evidence, "_STEP", 1e-9)
    right = average(patterns, saturated=True, most=most)
    assert len(right.missing) == most + 1 > 2 * len(found.missing)
    levels = [0.01, 0.025, 0.25, 0.5, 0.75, 0.975, 0.99]
    assert found.quantile(levels) == pytest.approx(right.quantile(levels), rel=5e-4, abs=1)
    assert found.log_evidence == pytest.approx(right.log_evidence, abs=5e-4)


def test_the_answer_does_not_depend_on_the_end_of_the_grid():
    patterns = shipped("western_us_trafficking_5lists")
    levels = [0.025, 0.5, 0.975]
    near, far = (average(patterns, most=times * patterns.observed) for times in (1_000, 100_000))
    assert near.quantile(levels) == pytest.approx(far.quantile(levels), rel=1e-3)


def test_what_is_cut_off_is_told():
    patterns = shipped("hepatitis_a_taiwan_1995")
    short, long = (average(patterns, saturated=True, most=most) for most in (20_000, 200_000_000))
    beyond = long.mass[long.missing > 20_000].sum()
    assert short.tail == pytest.approx(beyond, rel=0.02)
    assert any("beyond 20,000 missing" in note for note in short.notes)
    assert short.tail > 0.001 > long.tail
    assert not any("beyond" in note for note in long.notes)


def test_quantiles_and_draws_are_of_one_distribution():
    found = average(shipped("spina_bifida_ny_626"))
    draws = found.draw(np.random.default_rng(1), 40_000)
    assert draws.dtype.kind == "i"
    totals = found.observed + found.missing
    assert draws.mean() == pytest.approx((totals * found.mass).sum(), abs=1)
    assert np.quantile(draws, LEVELS) == pytest.approx(found.quantile(LEVELS), abs=2)
    below = np.array([found.mass[totals <= total].sum() for total in found.quantile(LEVELS)])
    assert (below >= LEVELS).all()
    assert found.quantile(0) >= found.observed


# -- what must not matter, and what must -----------------------------------------------------------


@pytest.mark.parametrize("name", ["kosovo_1999", "new_orleans_trafficking_5lists"])
def test_the_order_of_lists_and_rows_changes_nothing(name):
    patterns = shipped(name)
    order = np.random.default_rng(2).permutation(len(patterns.lists))
    rows = np.random.default_rng(3).permutation(len(patterns.counts))
    lists = tuple(patterns.lists[place] for place in order)
    other = average(Patterns(lists, patterns.on[rows][:, order], patterns.counts[rows]))
    found = average(patterns)
    assert (other.mass == found.mass).all()
    for graph, same in zip(found.graphs, other.graphs, strict=True):
        assert (graph.weight, graph.median) == (same.weight, same.median)
        assert set(map(frozenset, graph.cliques)) == set(map(frozenset, same.cliques))


def test_strata_are_added_up():
    on = [[True, False], [False, True], [True, True]]
    split = Patterns(("A", "B"), np.array(on * 2), np.array([20, 30, 4, 10, 9, 6]), ("one", "two"),
                     np.repeat([0, 1], 3))  # fmt: skip
    found, right = average(split), average(small({"10": 30, "01": 39, "11": 10}))
    assert (found.mass == right.mass).all()


def test_two_lists_are_independent():
    found = average(small({"10": 90, "01": 190, "11": 10}))
    assert [graph.edges for graph in found.graphs] == [()]
    assert found.quantile(0.5) == pytest.approx(100 * 200 / 10, rel=0.1)  # Lincoln and Petersen


def test_an_empty_list_says_nothing():
    patterns = shipped("kosovo_1999")
    on = np.insert(patterns.on, 2, values=False, axis=1)
    lists = (*patterns.lists[:2], "EMPTY", *patterns.lists[2:])
    found = average(Patterns(lists, on, patterns.counts))
    assert (found.mass == average(patterns).mass).all()
    assert any("EMPTY" in note for note in found.notes)


def test_ranks_of_truths_are_uniform():
    """Tables from the prior: a graph, its probabilities, a total; 400 of them."""
    rng = np.random.default_rng(4)
    graphs = [graph for graph in decomposable_graphs(3) if graph != complete_graph(3)]
    ranks = []
    for _ in range(400):
        total = int(np.exp(rng.uniform(np.log(500), np.log(5_000))))
        probabilities = cells(graphs[rng.integers(len(graphs))], 1.0, rng)[0]
        counts = rng.multinomial(total, probabilities)
        on = np.arange(8)[:, None] >> np.arange(3) & 1 == 1
        observed = total - counts[0]

        def prior(missing, observed=observed):
            inside = (observed + missing >= 500) & (observed + missing <= 5_000)
            return np.where(inside, -np.log(observed + missing), -np.inf)

        patterns = Patterns(("A", "B", "C"), on[1:], counts[1:])
        draws = average(patterns, delta=1.0, prior=prior, most=6_000).draw(rng, 99)
        ranks.append((draws < total).sum() + rng.integers((draws == total).sum() + 1))
    inside = np.bincount(np.array(ranks) // 10, minlength=10)
    chi_square = ((inside - 40) ** 2 / 40).sum()
    assert chi_square < 27.9  # 9 degrees of freedom: 0.001


# -- more lists ------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["uk_trafficking_2013_5lists", "netherlands_trafficking_5lists"])
def test_the_search_finds_what_matters(name, monkeypatch):
    right = average(shipped(name))
    monkeypatch.setattr(decomposable, "ALL_GRAPHS", 2)
    found = average(shipped(name))
    assert found.complete
    assert found.visited < right.visited == 821
    assert found.quantile(LEVELS) == pytest.approx(right.quantile(LEVELS), rel=1e-3)
    assert found.graphs[0].edges == right.graphs[0].edges


def test_walks_weigh_graphs_by_their_evidence(monkeypatch):
    patterns = shipped("congenital_anomaly_massachusetts")
    right = {graph.edges: graph.weight for graph in average(patterns).graphs}
    monkeypatch.setattr(decomposable, "ALL_GRAPHS", 2)
    monkeypatch.setattr(graph_search, "_MOST_GRAPHS", 50)
    monkeypatch.setattr(graph_walks, "_STEPS", 4_000)
    walked = average(patterns)
    assert not walked.complete
    assert walked.log_evidence is None
    assert any("runs of chains" in note for note in walked.notes)
    found = {graph.edges: graph.weight for graph in walked.graphs}
    assert sum(abs(found.get(one, 0) - weight) for one, weight in right.items()) / 2 < 0.06
    assert walked.quantile(LEVELS) == pytest.approx(REFERENCES["congenital_anomaly_massachusetts"],
                                                    abs=2)  # fmt: skip


def test_eighteen_lists(monkeypatch):
    patterns = shipped("cottontail_rabbits_18occasions")
    monkeypatch.setattr(graph_search, "_MOST_GRAPHS", 300)
    monkeypatch.setattr(graph_search, "_RUNS", 2)
    monkeypatch.setattr(graph_walks, "_STEPS", 400)
    found, again, other = (average(patterns, seed=seed) for seed in (1, 1, 2))
    assert (found.mass == again.mass).all()
    assert (found.mass != other.mass).any()
    assert found.observed == 76
    assert 95 < found.quantile(0.5) < 112  # 102 after long walks
    assert any("t16" in note for note in found.notes)


# -- what is refused -------------------------------------------------------------------------------


@pytest.mark.parametrize("mark", ["unknown", "at_most"])
def test_counts_that_are_not_known(mark):
    on = np.array([[True, False], [False, True], [True, True]])
    counts = np.array([20, 30, 0 if mark == "unknown" else 5])
    patterns = Patterns(("A", "B"), on, counts, **{mark: np.array([0, 0, 1]) == 1})
    with pytest.raises(NotEstimableError, match=r"A\+B is not known"):
        average(patterns)


@pytest.mark.parametrize(
    ("counts", "what"),
    [
        ({"1": 50}, "one list"),
        ({"10": 50, "01": 20}, "no person is on two lists"),
        ({"10": 50, "11": 0}, "one list"),
        ({"1000": 300, "0100": 300, "1100": 50, "0010": 300, "0001": 300, "0011": 50}, "by chance"),
        ({"100": 400, "010": 400, "110": 100, "001": 400}, "nobody on C"),
    ],
)
def test_lists_that_say_nothing_of_a_total(counts, what):
    with pytest.raises(NotEstimableError, match=what):
        average(small(counts))


def test_a_small_list_without_overlap_is_told():
    found = average(small({"100": 400, "010": 400, "110": 100, "001": 3}))
    assert any("Nobody on C is on any other list" in note for note in found.notes)
    assert not average(small({"100": 400, "010": 400, "110": 100, "101": 3})).notes


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("delta", 0), ("delta", np.nan), ("most", 3), ("prior", "flat"),
        ("prior", lambda missing: np.full_like(missing, np.nan)),
        ("prior", lambda missing: np.full_like(missing, -np.inf)),
        ("prior", lambda missing: 0.0),
    ],
)  # fmt: skip
def test_bad_options(option, value):
    with pytest.raises(InvalidValueError, match=option):
        average(small({"10": 90, "01": 190, "11": 10}), **{option: value})


def test_a_prior_of_the_missing_begins_at_one():
    found = average(small({"10": 3, "01": 3, "11": 90}), prior="missing")
    assert found.mass[0] == 0
    assert found.quantile(0.0) == 97
    assert average(small({"10": 3, "01": 3, "11": 90})).mass[0] > 0.3
