"""Draws of a linkage: read, mixed, their share of the variance; `undercount lists` with them."""

import dataclasses
import json

import jsonschema
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from estimation.cli import main
from estimation.errors import DataError, NotEstimableError, RefusedError
from estimation.overlap import linked as module
from estimation.overlap.latent import LatentOptions, latent_model
from estimation.overlap.linkage import pooled_draws, stretch, variance_parts
from estimation.overlap.linked import evenly, linked_overlap
from estimation.overlap.linked_latent import LikeLists, common_patterns, linked_latent
from estimation.overlap.linked_verdict import limit_errors
from estimation.overlap.overlap import overlap
from estimation.study.pattern_tables import with_patterns
from estimation.summaries.overlap import OverlapEstimate
from estimation.tables.linkage_draws import LinkageDraws, has_draws, read_linkage_draws
from estimation.tables.patterns import read_patterns
from models import Patterns
from tests.list_tables import typed
from tests.lists_by_hand import sample_disagreeing, sample_lists_by_hand
from tests.test_command_line import _schema

FIRST = {"P": 69, "Q": 55, "E": 63, "PQ": 21, "PE": 17, "QE": 18, "PQE": 28}
QUICK = LatentOptions(classes=3, draws=1000)


def _frame(*tables, reach=None):
    """Return a table of draws, of counts by lists."""
    rows = [
        {"P": int("P" in on), "Q": int("Q" in on), "E": int("E" in on), "draw": number,
         **({} if reach is None else {"reach": reach[number - 1]}), "count": count}
        for number, counts in enumerate(tables, 1) for on, count in counts.items()
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _moved(links):
    """Return the first table with so many more links between P and Q."""
    return FIRST | {"P": 69 - links, "Q": 55 - links, "PQ": 21 + links}


def _two(n_first, n_second, both):
    """Return two lists of these sizes with so many persons in common."""
    return typed("AB", {"A": n_first - both, "B": n_second - both, "AB": both})


def _draws(*tables, reach=None):
    return LinkageDraws(tables, None if reach is None else np.asarray(reach), "t", ())


MOVED = _frame(*(_moved(links) for links in (-8, 0, 6, 3, -3)), reach=(0.9, 0.8, 0.7, 0.75, 0.85))


# -- reading ----------------------------------------------------------------------------------


def test_each_draw_is_the_table_of_its_rows():
    shuffled = MOVED.sample(frac=1, random_state=1)
    read = read_linkage_draws(shuffled, merge={"PE": ["P", "E"]})
    assert has_draws(MOVED)
    assert len(read.draws) == 5
    assert read.reach.tolist() == [0.9, 0.8, 0.7, 0.75, 0.85]
    assert read.middle == 1
    for number, one in enumerate(read.draws, 1):
        rows = MOVED[MOVED["draw"] == number].drop(columns=["draw", "reach"])
        alone = read_patterns(rows, merge={"PE": ["P", "E"]}).patterns
        assert one.content() == alone.content()
    assert read_linkage_draws(MOVED.drop(columns="reach")).reach is None


def test_strata_and_bounds_may_be_missing_from_a_draw():
    one = _frame(FIRST, _moved(3)).assign(region="north")
    two = _frame(FIRST, _moved(3)).assign(region=["south"] * 7 + [""] * 7)
    read = read_linkage_draws(pd.concat([one, two]), strata="region")
    assert [draw.strata for draw in read.draws] == [("north", "south")] * 2
    assert [draw.only("north").observed for draw in read.draws[:1]] == [271]
    assert int(read.draws[1].counts[read.draws[1].stratum_of < 0].sum()) == 271 - 3
    rows = _frame(FIRST, {on: count for on, count in FIRST.items() if on != "PQ"})
    bounded = read_linkage_draws(rows, at_most="P+Q").draws
    assert [int(draw.is_bound.sum()) for draw in bounded] == [1, 0]


def test_notes_tell_of_one_draw_and_of_the_middle():
    assert "one draw of the linkage only" in read_linkage_draws(_frame(FIRST)).notes[0]
    rows = _frame(FIRST, _moved(3)).assign(N=0)
    assert read_linkage_draws(rows).notes == ("Lists on which nobody is, left out: N.",)


def _with(column, values):
    return _frame(FIRST, FIRST, reach=(0.9, 0.8)).assign(**{column: values})


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        (_with("draw", [1] * 7 + [1.5] * 7), "'1.5' is no number of a draw, the first of 7"),
        (_with("draw", [1] * 7 + [0] * 7), "'0' is no number of a draw"),
        (_with("draw", [1] * 13 + [""]), "row 14, column draw: is empty"),
        (_with("draw", [1] * 7 + [4] * 7), "draws 2, 3 are missing of 4"),
        (_with("draw", [1] * 7 + [900_000] * 7), "has a draw 900,000"),
        (_with("reach", [0.9] * 7 + [1.1] * 7), "'1.1' is no share above 0 and up to 1"),
        (_with("reach", [0.9] * 7 + [0] * 7), "'0' is no share above 0"),
        (_with("reach", [0.9] * 7 + ["x"] * 7), "'x' is no share"),
        (_with("reach", [0.9] * 7 + ["nan"] * 7), "is no share"),
        (_with("reach", [0.9] * 13 + [""]), "row 14, column reach: is empty"),
        (_with("reach", [0.9] * 7 + [0.8] * 6 + [0.7]), "draw 2 has different values"),
        (_with("P", [1] * 13 + [2]), "row 14, column P: '2' is neither 0 nor 1"),
        (_with("count", [3] * 13 + [-2]), "'-2' is negative"),
        (_frame(FIRST, {"Q": 60, "E": 70, "QE": 30}), "draw 2 has nobody on P"),
        (_frame(FIRST, {on: 3 * count for on, count in FIRST.items()}),
         "draw 2 has 813 persons on any list and draw 1 has 271"),
        (_frame(FIRST, FIRST | {"P": 280}).iloc[::-1], "draw 2 has 346 persons on P and draw 1"),
    ],
)  # fmt: skip
def test_draws_that_are_wrong(rows, says):
    with pytest.raises(DataError) as caught:
        read_linkage_draws(rows)
    assert says in str(caught.value)


def test_draws_are_not_summed_as_one_table(tmp_path):
    for options in ({}, {"lists": ["P", "Q"]}, {"strata": ["draw"]}):
        with pytest.raises(DataError, match=r"holds draws of a linkage.*undercount lists"):
            read_patterns(MOVED, **options)
    with pytest.raises(DataError, match="'draw' is named as stratum"):
        read_linkage_draws(MOVED, strata=["draw"])
    MOVED.to_csv(tmp_path / "draws.csv", index=False)
    with pytest.raises(DataError, match=r"evidence\.x\.patterns.*holds draws of a linkage"):
        with_patterns({"patterns": "draws.csv"}, "evidence.x", tmp_path)
    named = _frame(FIRST).rename(columns={"P": "draw", "draw": "Z"}).drop(columns="Z")
    assert read_patterns(named, lists=["draw", "Q", "E"]).patterns.observed == 271


# -- mixing -----------------------------------------------------------------------------------


def test_the_mixture_has_the_variance_within_and_between():
    rng = np.random.default_rng(1)
    centers = rng.normal(7, 0.2, 12)
    parts = [np.exp(center + 0.1 * stats.norm.ppf((np.arange(4000) + 0.5) / 4000))
             for center in centers]  # fmt: skip
    found = variance_parts(parts)
    between = (1 + 1 / 12) * centers.var(ddof=1)
    assert found.within == pytest.approx(0.01, rel=0.01)
    assert found.linkage == pytest.approx(between, rel=1e-6)
    assert found.share == pytest.approx(between / (between + 0.01), rel=0.01)
    both, alone = np.log(pooled_draws(parts)), np.log(pooled_draws(parts, between=False))
    # Student's t of few draws: 2.201 over 1.960
    assert both.var() == pytest.approx(0.01 + between * (2.201 / 1.960) ** 2, rel=0.01)
    assert stretch(1) == 1
    assert stretch(10**6) == pytest.approx(1, abs=1e-5)
    assert alone.var() == pytest.approx(0.01, rel=0.01)
    assert np.median(alone) == pytest.approx(np.median(both), rel=1e-3)


def test_two_lists_whose_common_persons_are_not_sure():
    both = np.random.default_rng(2).normal(400, 40, 20).round().astype(int)
    found = linked_overlap(_draws(*(_two(1200, 1000, one) for one in both)), ("chao",))
    (row,) = found.linkage.rows
    # the log of Lincoln and Petersen is that of both, but for its sign
    between = (1 + 1 / 20) * np.log(both).var(ddof=1)
    within = np.mean(1 / both - 1 / 1200 - 1 / 1000 + both / 1.2e6)
    assert row["share_linkage"] == pytest.approx(between / (between + within), rel=0.03)
    few = (stats.t.ppf(0.975, 19) / stats.norm.ppf(0.975)) ** 2
    assert np.log(found.first.draws).var() == pytest.approx(few * between + within, rel=0.05)
    assert found.first.estimate == pytest.approx(np.median(1.2e6 / both), rel=0.01)
    assert found.first.observed == np.median(2200 - both)
    assert row["high_alone"] - row["low_alone"] < 0.6 * (row["high"] - row["low"])
    assert row["median"] == pytest.approx(row["median_alone"])


def test_intervals_that_ignore_the_linkage_fail_and_those_of_draws_hold():
    rng = np.random.default_rng(3)
    grid, error, held = stats.norm.ppf((np.arange(400) + 0.5) / 400), 0.1, np.zeros((400, 2))
    for each in range(400):
        both = rng.hypergeometric(1000, 2000, 1200)  # of 3,000 persons
        said = both * np.exp(error * rng.standard_normal())
        links = said * np.exp(error * rng.standard_normal(10))
        parts = [1.2e6 / one * np.exp(np.sqrt((1 - one / 1200) * (1 - one / 1000) / one) * grid)
                 for one in (said, *links)]  # fmt: skip
        for at, draws in enumerate((parts[0], pooled_draws(parts[1:]))):
            low, high = np.quantile(draws, [0.025, 0.975])
            held[each, at] = low <= 3000 <= high
    ignoring, with_it = held.mean(axis=0)
    assert ignoring < 0.55
    assert 0.9 < with_it < 0.98


def test_draws_that_are_alike_add_nothing(monkeypatch):
    monkeypatch.setattr("estimation.overlap.overlap.QUICK", ("graphical",))
    table = typed("PQE", FIRST)
    methods = ("graphical", "sample_coverage", "chao")
    found = linked_overlap(_draws(*[table] * 4, reach=[0.8, 0.9, 0.7, 0.6]), methods)
    plain = overlap(table, methods)
    for row in found.linkage.rows:
        assert row["share_linkage"] == 0
        assert row["low"] == pytest.approx(row["low_alone"])
        assert not row["share_reach"]
        for key in ("low", "median", "high"):
            same = plain.estimates[row["method"]].row()[key]
            assert row[key] == pytest.approx(same, rel=4e-3)
    for name in methods:
        assert found.estimates[name].estimate == pytest.approx(plain.estimates[name].estimate)
    assert found.self_test == plain.self_test
    one = linked_overlap(_draws(table), ("chao",))
    assert one.linkage is None
    assert one.rows() == overlap(table, ("chao",)).rows()


def test_how_much_of_it_is_reach():
    rng = np.random.default_rng(4)
    reach = rng.uniform(0.7, 1, 15)
    tables = [_two(12_000, 10_000, round(3_000 / one)) for one in reach]
    found = linked_overlap(_draws(*tables, reach=reach), ("chao",)).linkage
    assert found.rows[0]["share_reach"] > 0.999
    assert found.rows[0]["slope_reach"] == pytest.approx(1, abs=0.01)
    curve = found.reach_rows()
    assert [row["reach"] for row in curve] == pytest.approx(np.quantile(reach, np.arange(5) / 4))
    assert curve[0]["total"] == pytest.approx(40_000 * reach.min(), rel=0.01)
    linked = found.linked["chao"]
    assert linked.reach(rng.permutation(reach)).share < 0.3
    assert linked.reach(None) is None
    assert linked.reach(np.full(15, 0.9)) is None


def test_draws_are_thinned_evenly(monkeypatch):
    assert evenly(7, 50) == list(range(7))
    some = evenly(120, 50)
    assert (len(set(some)), some[0], some[-1]) == (50, 0, 119)
    assert set(np.diff(some)) == {2, 3}
    monkeypatch.setattr(module, "MOST_DRAWS", 3)
    found = linked_overlap(_draws(*(_two(200, 150, both) for both in range(60, 67))), ("chao",))
    assert found.linkage.linked["chao"].places == (0, 3, 6)


def test_draws_that_a_method_refuses(monkeypatch):
    def one_refuses(name, seed):
        def ask(table):
            if table.observed in bad:
                raise NotEstimableError("no answer", where="here")
            return OverlapEstimate(name, "classical", 500.0, np.full(100, 500.0), 300, "assumed")

        return ask

    monkeypatch.setattr(module, "classical_method", one_refuses)
    tables = [_two(200, 150, both) for both in range(60, 72)]
    bad = {tables[4].observed}
    found = linked_overlap(_draws(*tables), ("chao",))
    assert found.linkage.rows[0]["draws"] == 11
    assert found.notes()[-1].startswith("1 of 12 draws of the linkage have no answer and are left "
                                        "out (draw 5): here: no answer")  # fmt: skip
    bad = {one.observed for one in tables[4:6]}
    with pytest.raises(RefusedError, match=r"has no answer for 2 of 12 draws.*of draw 5: here"):
        linked_overlap(_draws(*tables), ("chao",))
    apart = typed("AB", {"A": 100, "B": 100})
    with pytest.raises(NotEstimableError, match="2 of 9 draws of the linkage, first 8: no person"):
        linked_overlap(_draws(*tables[:7], apart, apart), ("chao",))
    bad = set()
    found = linked_overlap(_draws(*tables, apart), ("chao",))
    assert any("In 1 of 13 draws lists fall apart" in note for note in found.notes())


# -- latent classes ---------------------------------------------------------------------------


def test_latent_classes_of_some_draws(monkeypatch):
    monkeypatch.setattr("estimation.fit.nuts.sample_graph", sample_lists_by_hand)
    read = read_linkage_draws(MOVED)
    monkeypatch.setattr("estimation.overlap.overlap.QUICK", ())
    found = linked_overlap(read, ("latent", "graphical"), options=QUICK, fits=4)
    rows = {row["method"]: row for row in found.linkage.rows}
    assert {name: row["draws"] for name, row in rows.items()} == {
        "mixture": 5, "latent": 4, "graphical": 5
    }  # fmt: skip
    assert 0 < rows["mixture"]["share_linkage"] < rows["graphical"]["share_linkage"]
    assert len(found.latent.coverage) == 4 * 1000  # 4 fits of 4 chains of 250
    assert {check.name for check in found.verdict.checks} >= {"rhat", "ess_bulk", "mcse"}
    names = {(row["name"], row["index"].get("list", "")) for row in found.rows()}
    assert names >= {("coverage", ""), ("list_coverage", "P")}
    assert found.latent.estimate.draws.min() >= 200


def test_a_fit_whose_chains_disagree_is_made_again_and_then_left_out(monkeypatch):
    asked = []

    def sample(model, draws=500, **rest):
        asked.append(draws)
        bad = model.base.patterns.observed in wrong and draws < enough
        return (sample_disagreeing if bad else sample_lists_by_hand)(model, draws, **rest)

    monkeypatch.setattr("estimation.fit.nuts.sample_graph", sample)
    tables = {place: typed("PQE", _moved(place)) for place in range(3)}
    wrong, enough = {tables[1].observed}, 400
    linked, fit = linked_latent(tables, options=QUICK)
    assert (linked.places, linked.refused) == ((0, 1, 2), {})
    assert asked == [334, 334, 1000, 334]
    assert fit.verdict.verdict != "fail"
    enough = 10_000
    says = r"latent: has no answer for 1 of 3 draws.*draw 2: the fit failed its checks: R-hat"
    with pytest.raises(RefusedError, match=says):
        linked_overlap(_draws(*tables.values()), ("latent",), options=QUICK)
    wrong = {one.observed for one in tables.values()}
    accepted = dataclasses.replace(QUICK, accept="a first look")
    found = linked_overlap(_draws(*tables.values()), ("latent",), options=accepted)
    assert found.verdict.accepted == "a first look"


def test_tables_of_many_lists_have_one_structure():
    rng = np.random.default_rng(5)
    tables = []
    for _ in range(2):
        on = np.unique(rng.random((12, 6)) < 0.5, axis=0)
        on = on[on.any(axis=1)]
        tables.append(Patterns(tuple("ABCDEF"), on, rng.integers(1, 9, len(on))))
    every = common_patterns(tables)
    own = [latent_model(one, QUICK) for one in tables]
    like = [latent_model(one, QUICK, LikeLists, every=every) for one in tables]
    shapes = [{key: np.shape(value) for key, value in one.graph_data().items()} for one in like]
    assert shapes[0] == shapes[1]
    assert like[0].structure() == like[1].structure()
    latent = rng.standard_normal((5, own[0].joint.form.size))
    for one, other in zip(own, like, strict=True):
        assert one.base.patterns.observed == other.base.counts.sum()
        both = [sum(each.log_likelihood({"latent": latent}).values()) for each in (one, other)]
        assert both[0] == pytest.approx(both[1])


def test_the_error_of_limits_is_that_of_all_draws():
    rng = np.random.default_rng(6)
    fits = [{"x": 30 * at + rng.standard_normal((4, 500))} for at in range(4)]
    # the limits are those of the outer two fits: 10 % and 90 % of 2,000 draws each
    width = 90 + 2 * stats.norm.ppf(0.9)
    expected = np.sqrt(0.1 * 0.9 / 2000) / stats.norm.pdf(stats.norm.ppf(0.9)) / width
    assert limit_errors(fits, 0.95)["x"] == pytest.approx(expected, rel=0.3)


# -- the command ------------------------------------------------------------------------------


def _run(capsys, *words):
    try:
        code = main(("lists", *words))
    except SystemExit as stopped:
        code = stopped.code
    return code, *capsys.readouterr()


def test_the_command_finds_the_draws_itself(capsys, tmp_path):
    path, out = tmp_path / "patterns.csv", tmp_path / "out"
    MOVED.to_csv(path, index=False)
    words = (str(path), "--method", "graphical", "--leave-out", "E")
    code, said, _ = _run(capsys, *words[:3], "--out", str(out))
    assert code == 0
    assert said.startswith("patterns.csv: 271 persons (median of 5 draws of a linkage) on 3 lists")
    assert "% of the variance" in said.splitlines()[1]
    assert "Total, if blocking let so many of the true links through" in said
    assert {path.name for path in out.iterdir()} >= {
        "linkage.csv", "linkage_draws.csv", "linkage_reach.csv", "overlap.png"
    }  # fmt: skip
    assert "<!-- without linkage error -->" in (out / "overlap.svg").read_text("utf-8")
    found = json.loads((out / "summary.json").read_text())
    jsonschema.validate(found, _schema())
    assert 0 < found["linkage"][0]["share_linkage"] < 1
    assert [row["reach"] for row in found["linkage_draws"]] == [0.9, 0.8, 0.7, 0.75, 0.85]
    for more, code, says in (
        (("--linkage-fits", "3"), 2, "linkage_fits: is given without latent classes"),
        (("--linkage-fits", "1"), 2, "fits are 2 or more, not 1"),
        (("--method", "latent", "--linkage-fits", "6"), 2, "is 6, and the table has 5 draws"),
        (("--stratum", "reach"), 3, "'reach' is named as stratum"),
        (("--occasions", "4"), 2, "occasions: is given for a table of lists"),
    ):
        told = _run(capsys, *words, *more)
        assert (told[0], told[1], says in told[2], told[2].count("\n")) == (code, "", True, 1)
    plain = tmp_path / "plain.csv"
    _frame(FIRST).drop(columns="draw").to_csv(plain, index=False)
    assert "no draw of a linkage" in _run(capsys, str(plain), "--linkage-fits", "3")[2]
    found = json.loads(_run(capsys, str(plain), "--method", "chao", "--json")[1])
    assert found["linkage"] == found["linkage_draws"] == found["linkage_reach"] == []
