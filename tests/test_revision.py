"""Why a total changed between two vintages of one list: parts that sum, and what is refused."""

import csv
import datetime
import itertools
import tomllib

import numpy as np
import pytest

from estimation.comparison.alignment import (
    BELIEF,
    CHANCE,
    LATE,
    MOVED,
    NEW,
    PARTS,
    align,
)
from estimation.comparison.revision import CHANGE, EARLIER, LATER, revision_anatomy
from estimation.comparison.vintages import Vintage
from estimation.datasets.load import load_dataset
from estimation.errors import UndercountError
from estimation.fit.exact import exact_draws
from estimation.study.revision import read_revision, run_revision
from estimation.study.revision_write import draw_revisions, says_revision, write_revision
from models import Beta, Count, Flat, Model, between, known, uniform, uniform_total

MAY, AUGUST = datetime.date(2025, 5, 4), datetime.date(2025, 8, 15)
COVERAGE = between(0.45, 0.65, 0.9)
DRAWS = 400


def _vintage(as_of=MAY, coverage=COVERAGE, title="list", **more):
    names = more.pop("names", {"2023": 400, "2024": 500, "unknown": 100})
    return Vintage(title=title, as_of=as_of, names=names, coverage=coverage, **more)


def _later(**more):
    return _vintage(**({"as_of": AUGUST} | more))


GROWN = {"2023": 380, "2024": 590, "unknown": 40, "2025-06": 150}
SHRUNK = {"2023": 300, "2024": 510, "unknown": 90}

CASES = {
    "grown": (_vintage(), _later(names=GROWN)),
    "shrunk": (_vintage(), _later(names=SHRUNK)),
    "coverage changed": (_vintage(), _later(names=GROWN, coverage=uniform(0.6, 0.7))),
    "precision changed": (
        _vintage(precision=between(0.9, 0.98, 0.9)),
        _later(names=GROWN, precision=uniform(0.8, 1.0)),
    ),
    "precision stated": (_vintage(), _later(names=SHRUNK, precision=known(0.95))),
}


@pytest.fixture(params=CASES)
def revision(request):
    return revision_anatomy(*CASES[request.param], 0.9, DRAWS, 7)


def test_parts_sum_to_the_change_in_every_draw_overall_and_by_period(revision):
    for period in (None, *revision.aligned.periods):
        parts = sum(revision.deaths(part, period) for part in PARTS)
        np.testing.assert_allclose(parts, revision.deaths(CHANGE, period), rtol=1e-9, atol=1e-7)
    for what in (EARLIER, LATER, NEW, LATE, BELIEF, CHANCE):
        by_period = sum(revision.deaths(what, one) for one in revision.aligned.periods)
        np.testing.assert_allclose(by_period, revision.deaths(what), rtol=1e-9, atol=1e-7)


def test_parts_are_averages_over_all_orders(revision):
    """Shapley values by brute force: each order of the four players, each period, each draw."""
    aligned, players = revision.aligned, (NEW, LATE, MOVED, BELIEF)

    def expected(changed):
        names = aligned.before + sum(aligned.names(one) for one in changed if one != BELIEF)
        ratio = revision.ratio_after if BELIEF in changed else revision.ratio_before
        return np.multiply.outer(ratio, names)

    found = dict.fromkeys(players, 0.0)
    orders = list(itertools.permutations(players))
    for order in orders:
        for i, player in enumerate(order):
            step = expected(order[: i + 1]) - expected(order[:i])
            found[player] = found[player] + step / len(orders)
    assert len(orders) == 24
    for player in players:
        for i, period in enumerate(aligned.periods):
            np.testing.assert_allclose(
                revision.deaths(player, period), found[player][:, i], rtol=1e-9, atol=1e-9
            )
        overall = found[player].sum(axis=1)
        np.testing.assert_allclose(revision.deaths(player), overall, rtol=1e-9, atol=1e-9)


def test_both_totals_are_those_of_the_model():
    earlier, later = CASES["precision changed"]
    found = revision_anatomy(earlier, later, 0.9, 8_000, 3)
    for vintage, what in ((earlier, EARLIER), (later, LATER)):
        count = Count(vintage.listed, vintage.coverage, vintage.precision)
        exact = exact_draws(Model(Flat(), {"names": count}), 8_000, 4)["total"]
        levels = [0.05, 0.25, 0.5, 0.75, 0.95]
        ours = np.quantile(found.deaths(what), levels)
        np.testing.assert_allclose(ours, np.quantile(exact, levels), rtol=0.02)


@pytest.mark.parametrize("more", [{}, {"precision": between(0.9, 0.98, 0.9)}])
def test_equal_vintages_give_zero_everywhere(more):
    found = revision_anatomy(_vintage(**more), _later(**more), 0.9, DRAWS)
    assert found.same_belief()
    for row in found.rows():
        if row["part"] not in (EARLIER, LATER):
            assert [row[key] for key in ("median", "low", "high", "mean")] == [0] * 4
            assert not row["names"]


def test_a_changed_belief_alone_is_all_of_the_change():
    found = revision_anatomy(_vintage(), _later(coverage=known(0.5)), 0.9, DRAWS)
    expected = 1000 * (2 - found.ratio_before)
    np.testing.assert_allclose(found.deaths(BELIEF), expected)
    for part in (NEW, LATE, MOVED):
        assert not found.deaths(part).any()
    assert not found.same_belief()
    assert abs(np.median(found.deaths(CHANCE))) < 10


def test_differing_beliefs_share_their_ranks():
    found = revision_anatomy(_vintage(), _later(coverage=uniform(0.5, 0.9)), 0.9, DRAWS)
    order = np.argsort(found.ratio_before)
    assert (np.diff(found.ratio_after[order]) >= 0).all()


def test_names_that_only_moved_leave_the_total_but_not_the_years():
    later = _later(names={"2023": 440, "2024": 560}, coverage=known(0.5))
    found = revision_anatomy(_vintage(coverage=known(0.5)), later, 0.9, DRAWS)
    assert found.aligned.moved == 100
    assert not found.deaths(MOVED).any()
    moved = [found.deaths(MOVED, one)[0] for one in ("2023", "2024", "unknown")]
    assert moved == [80, 120, -200]
    assert not found.deaths(LATE).any()
    assert abs(np.mean(found.deaths(CHANGE))) < 5


def test_moved_names_are_shared_out_in_proportion_with_bounds_beside():
    aligned = align(_vintage(), _later(names=GROWN))
    assert aligned.moved == 80
    assert aligned.new.tolist() == [False, False, False, True]
    np.testing.assert_allclose(aligned.names(MOVED), [-20, 30, -60, 50])
    np.testing.assert_allclose(aligned.names(NEW), [0, 0, 0, 100])
    np.testing.assert_allclose(aligned.names(LATE), [0, 60, 0, 0])
    assert aligned.bounds(NEW) == (70, 150)
    assert aligned.bounds(LATE) == (10, 90)
    assert aligned.bounds(LATE, "2024") == (10, 90)
    assert aligned.bounds(LATE, "2025-06") == (0, 0)


def test_names_taken_off_the_list_are_negative_late_names():
    aligned = align(_vintage(), _later(names=SHRUNK))
    assert aligned.moved == 10
    assert aligned.names(LATE).sum() == pytest.approx(-100)
    assert aligned.bounds(LATE) == (-100, -100)


def test_names_of_parts_are_the_change_and_lie_within_bounds(rng):
    for _ in range(50):
        old, now = rng.integers(0, 50, (2, 5)) + 1
        labels = ("a", "b", "c", "d", "e")
        earlier = _vintage(names=dict(zip(labels, old.tolist(), strict=True)))
        later = _later(names=dict(zip(labels, now.tolist(), strict=True)))
        aligned = align(earlier, later, ["e", "c"])
        parts = {part: aligned.names(part) for part in (NEW, LATE, MOVED)}
        np.testing.assert_allclose(sum(parts.values()), now - old)
        assert parts[MOVED].sum() == pytest.approx(0, abs=1e-9)
        for part in (NEW, LATE):
            low, high = aligned.bounds(part)
            assert low - 1e-9 <= parts[part].sum() <= high + 1e-9
        assert sum(aligned.bounds(part)[0] for part in (NEW, LATE)) <= (now - old).sum()


def test_no_mean_where_none_exists():
    wild = Beta(0.9, 1)
    found = revision_anatomy(_vintage(coverage=wild), _later(coverage=wild), 0.9, 50)
    assert {row["mean"] for row in found.rows()} == {None}


def test_the_same_seed_gives_the_same_numbers():
    one, again = (revision_anatomy(*CASES["grown"], 0.9, 50, 5).rows() for _ in range(2))
    assert one == again
    assert one != revision_anatomy(*CASES["grown"], 0.9, 50, 6).rows()


REFUSED = {
    "older": (lambda: align(_later(), _vintage()), "is older than the earlier"),
    "scope": (lambda: align(_vintage(scope="soldiers"), _later(scope="all")), "another scope"),
    "negative": (lambda: _vintage(names={"2023": -1}), "must be 0 or more"),
    "fraction": (lambda: _vintage(names={"2023": 1.5}), "must be a whole number"),
    "sum": (lambda: _vintage(total=999), "hold 1,000 names, the list 999"),
    "twice": (lambda: _vintage(names={"2023": 1, " 2023": 2}), "stands there twice"),
    "zero": (lambda: _vintage(names={"2023": 0}), "no names at all"),
    "none": (lambda: _vintage(names={}), "must be names by period"),
    "date": (lambda: _vintage(as_of="2025-05-04"), "must be a date"),
    "belief": (lambda: _vintage(coverage={"2023": 0.5}), "must be a belief"),
    "overlap": (lambda: _vintage(names={"2023": 1, "2023-10": 2}), "share days"),
    "bounds": (lambda: align(_vintage(), _later(names={"2024-02..2025": 9})), "share days"),
    "to come": (lambda: _vintage(names={"2026": 1}), "begins after the date of the list"),
    "new": (lambda: align(_vintage(), _later(), ["2034"]), "has no period '2034'"),
    "over": (lambda: align(_vintage(), _later(), ["2024"]), "can hold no new deaths"),
    "undated": (lambda: align(_vintage(), _later(), ["unknown"]), "can hold no new deaths"),
    "same later": (lambda: align(_vintage(), _later(), None, {"x": "2024"}), "has no period 'x'"),
    "same earlier": (
        lambda: align(_vintage(), _later(), None, {"2024": "x"}), "earlier list has no period 'x'"
    ),
    "same twice": (
        lambda: align(_vintage(), _later(), None, {"2023": "unknown", "2024": "unknown"}),
        "already stands for '2023'",
    ),
    "same left": (lambda: align(_vintage(), _later(), None, {"2024": "unknown"}), "has '2024' too"),
    "unbounded": (lambda: _vintage(coverage=between(0.001, 0.9, 0.1)), "near zero|beta nearly"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_what_does_not_fit_is_refused_in_one_line(name):
    attempt, words = REFUSED[name]
    with pytest.raises(UndercountError, match=words) as caught:
        attempt()
    assert "\n" not in str(caught.value)


SECTION = """
name = "years"
new = ["2025"]
same = { "2025" = "2025 or unknown" }
[earlier]
as_of = 2025-05-04
total = 106745
names = { "2022" = 17890, "2023" = 37633, "2024" = 45287, "2025 or unknown" = 5935 }
scope = "soldiers"
coverage = { kind = "between", low = 0.45, high = 0.65, mass = 0.9 }
[later]
as_of = 2025-08-15
names = { "2022" = 18578, "2023" = 38686, "2024" = 49896, "2025" = 14028 }
"""


def _section(old="", new=""):
    return tomllib.loads(SECTION.replace(old, new))


def test_a_section_is_read_run_and_written(tmp_path):
    plan = read_revision(_section(), "revision[1]")
    assert plan.later.coverage is plan.earlier.coverage
    assert plan.later.scope == "soldiers"
    assert "106,745 names of 2025-05-04" in plan.says()
    found = run_revision(plan, 0.95, 1, 4_000)
    names = {part: found.revision.aligned.names(part).sum() for part in (NEW, LATE)}
    assert names == {NEW: 8_093, LATE: 6_350}
    assert np.median(found.revision.deaths(NEW)) == pytest.approx(14_700, rel=0.01)
    assert np.median(found.revision.deaths(LATE)) == pytest.approx(11_500, rel=0.01)
    assert found.revision.coverage_factor() == pytest.approx(1 + 6_350 / 106_745)
    assert write_revision([found], tmp_path) == ["revision.csv"]
    with (tmp_path / "revision.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8 * (1 + 4)
    overall = {row["part"]: row for row in rows if not row["period"]}
    assert float(overall[NEW]["names"]) == 8_093
    assert overall[CHANCE]["names"] == ""
    says = says_revision(found)
    assert "its new deaths are known only together with names that were dated since" in says
    assert "2025 began before 2025-05-04" in says
    assert "a factor of 1.059" in says
    assert draw_revisions([found], tmp_path) == ["revision-years"]
    assert {one.suffix for one in tmp_path.glob("revision-years.*")} == {".svg", ".png"}
    drawn = (tmp_path / "revision-years.svg").read_text()
    assert "new deaths: 8,093 names" in drawn
    assert "takes away" not in drawn
    assert write_revision([], tmp_path) == []


def test_the_day_of_the_earlier_list_tells_new_from_late():
    """Of the names of 2025 most are dated before the earlier list: years alone mislead."""
    weeks = load_dataset("named_by_week")
    years = load_dataset("named_by_period")
    of_2025 = weeks[weeks.week_start >= "2025-01-01"]
    after = int(of_2025[of_2025.week_start > "2025-05-04"].named_2025_08.sum())
    may = years[years.as_of == "2025-05-04"]
    august = years[years.as_of == "2025-08-15"]
    earlier = dict(zip(may.death_period, may.named, strict=True))
    later = dict(zip(august.death_period, august.named, strict=True))
    total = int(may.named_total.iloc[0])
    before = later.pop("2025") - after
    one = _vintage(names={**earlier, "rest": total - sum(earlier.values())}, total=total)
    split = {"2025-01-01..2025-05-04": before, "2025-05-05..2025-08-15": after}
    aligned = align(one, _later(names=later | split), None, {"2025-01-01..2025-05-04": "rest"})
    assert aligned.new.tolist() == [False] * 4 + [True]
    assert aligned.names(NEW).sum() == 2_779
    assert aligned.names(LATE).sum() == 11_664


def test_words_tell_what_is_not_known():
    later = _later(names=GROWN, coverage=uniform_total(0.5, 0.9), title="later")
    table = {"name": "a", "earlier": {}, "later": {}}
    with pytest.raises(UndercountError, match="'as_of' is missing"):
        read_revision(table, "revision[1]")
    plan = read_revision(_section('same = { "2025" = "2025 or unknown" }', ""), "revision[1]")
    found = run_revision(plan, 0.9, 1, 100)
    assert "At least 5,935 names changed their period" in says_revision(found)
    assert "new deaths 8,093 to 14,028; late names 415 to 6,350" in says_revision(found)
    changed = revision_anatomy(_vintage(), later, 0.9, 100)
    says = says_revision(type(found)(plan, changed))
    assert "Both beliefs are taken as one" in says
    assert "-0 " not in says


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("new = [", "news = [", r"revision\[1\]: unknown key 'news'.*did you mean 'new'"),
        ('new = ["2025"]', 'new = "2025"', r"revision\[1\]\.new: must be labels of periods"),
        ("total =", "totals =", r"revision\[1\]\.earlier: unknown key 'totals'"),
        ("106745", "106746", r"revision\[1\]\.earlier\.names: the periods hold 106,745 names"),
        ("= 17890", "= 17890.5", r"revision\[1\]\.earlier\.names\.2022: must be a whole number"),
        ("as_of = 2025-08-15", "as_of = 2025-04-15", r"revision\[1\]\.later"),
        ('"2025 or unknown" }\n[', '"2026" }\n[', r"revision\[1\]\.same\.2025: the earlier list"),
        ("mass = 0.9", "mas = 0.9", r"revision\[1\]\.earlier\.coverage: unknown key 'mas'"),
        ('name = "years"', "", r"revision\[1\]: 'name' is missing"),
        ('as_of = 2025-08-15', '', r"revision\[1\]\.later: 'as_of' is missing"),
    ],
)  # fmt: skip
def test_sections_that_say_nonsense_are_refused_with_their_place(old, new, words):
    with pytest.raises(UndercountError, match=words) as caught:
        read_revision(_section(old, new), "revision[1]")
    assert "\n" not in str(caught.value)
