"""Test persons: who is who is right, errors are as frequent as stated, nobody real is in them."""

# ruff: noqa: RUF001 -- letters that look alike are what this is about

import dataclasses
import datetime
import itertools
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from estimation.errors import InvalidValueError
from estimation.linkage.people import world as module
from estimation.linkage.people.errors import Errors
from estimation.linkage.people.given_names import given_names
from estimation.linkage.people.places import PLACES
from estimation.linkage.people.population import FIRST_DAY, WEEKS
from estimation.linkage.people.surnames import surnames
from estimation.linkage.people.transliteration import SCRIPTS, transliterated
from estimation.linkage.people.world import ListPlan, generate_world

PERSONS = 20_000
NONE = Errors.none()


def _list(errors=NONE, script="cyrillic", *, persons=PERSONS, has=None, duplicates=0.0, **world):
    """Return a world of one list that holds half of the persons."""
    fields = {} if has is None else {"has": has}
    plan = ListPlan("one", 0.5, script, duplicates, errors, **fields)
    return generate_world(persons, [plan], seed=5, **world)


@pytest.fixture(scope="module")
def clean():
    return _list()


@pytest.fixture(scope="module")
def erring():
    """Return the same records, with all errors but those that come together."""
    return _list(Errors(hard=0))


def _parts(frame):
    return frame["name"].str.split(" ", expand=True)


def _close(found, share):
    """Assert that marks are as frequent as stated, to 3 standard errors."""
    found = np.asarray(found, dtype=float)
    assert len(found) > 1_000
    assert found.mean() == pytest.approx(share, abs=3 * np.sqrt(share * (1 - share) / len(found)))


def test_records_without_errors_are_those_of_their_persons(clean):
    frame, who, people = clean.lists["one"], clean.truth["one"], clean.people
    assert list(frame.columns) == ["name", "birth_date", "death_date", "place", "sex"]
    assert len(np.unique(who)) == len(frame)
    parts = _parts(frame)
    woman = people.woman[who]
    names, families = given_names(), surnames()
    for row in range(0, len(frame), 37):
        person = who[row]
        surname = (families.women if woman[row] else families.men)[people.surname[person]]
        father = (names.daughters if woman[row] else names.sons)[people.father[person]]
        given = names.spelled[people.given[person]]
        words = [word.capitalize() for word in (surname, given, father)]
        assert frame["name"][row] == " ".join(words)
        born = datetime.date(1970, 1, 1) + datetime.timedelta(int(people.birth[person]))
        died = datetime.date(1970, 1, 1) + datetime.timedelta(int(people.death[person]))
        assert (frame["birth_date"][row], frame["death_date"][row]) == (str(born), str(died))
        assert frame["place"][row] == PLACES[people.place[person]]
        assert frame["sex"][row] == ("f" if woman[row] else "m")
    assert (parts[2].str.endswith("на") == woman).all()
    assert names.of_women[people.given[who]].tolist() == woman.tolist()
    _close(people.woman, 0.02)


def test_ages_are_full_years(clean):
    frame = _list(has=("age",)).lists["one"]
    born = pd.to_datetime(clean.lists["one"]["birth_date"])
    died = pd.to_datetime(clean.lists["one"]["death_date"])
    before = (died.dt.month < born.dt.month) | (
        (died.dt.month == born.dt.month) & (died.dt.day < born.dt.day)
    )
    ages = died.dt.year - born.dt.year - before
    assert frame["age"].tolist() == ages.astype(str).tolist()
    assert frame["name"].str.count(" ").max() == 1
    assert (ages.min() >= 18, ages.max() < 75, 30 < ages.median() < 38) == (True, True, True)
    assert 8 < ages.std() < 13
    weeks = (clean.people.death - FIRST_DAY) // 7
    assert (weeks.min(), weeks.max()) == (0, WEEKS - 1)


def test_equal_seeds_give_equal_worlds_and_lists_are_apart():
    plans = [ListPlan("one", 0.3, "loose"), ListPlan("two", 0.4, "bgn")]
    first = generate_world(3_000, plans, seed=8, visibility=0.5)
    again = generate_world(3_000, plans[::-1], seed=8, visibility=0.5)
    other = generate_world(3_000, plans, seed=9, visibility=0.5)
    for name in ("one", "two"):
        pd.testing.assert_frame_equal(first.lists[name], again.lists[name])
        np.testing.assert_array_equal(first.truth[name], again.truth[name])
        shared = set(first.lists[name]["name"]) & set(other.lists[name]["name"])
        assert len(shared) < 0.1 * len(first.lists[name])


def test_usual_errors_are_at_least_as_frequent_as_those_of_hard_lists():
    least = Errors(
        spelling=0.09, father_missing=0.25, birth_missing=0.15, birth_wrong=0.06, death_off=0.15,
        death_missing=0.05, place_missing=0.1, place_wrong=0.03, swapped=0.02, initial=0.02,
        sex_missing=0.03, hard=0.05,
    )  # fmt: skip
    usual = dataclasses.asdict(Errors())
    assert all(usual[name] >= share for name, share in dataclasses.asdict(least).items())


def test_rates_of_errors_in_names_are_as_stated(clean):
    right = _parts(clean.lists["one"])
    usual = Errors()
    wrong = _parts(_list(Errors.none(spelling=usual.spelling)).lists["one"])
    assert wrong.shape[1] == 3
    for part in range(3):
        _close(wrong[part] != right[part], 0.09)
    short = _parts(_list(Errors.none(father_missing=usual.father_missing)).lists["one"])
    _close(short[2].isna(), 0.25)
    turned = _parts(_list(Errors.none(swapped=usual.swapped)).lists["one"])
    _close((turned[0] == right[1]) & (turned[1] == right[2]) & (turned[2] == right[0]), 0.02)
    initials = _parts(_list(Errors.none(initial=usual.initial)).lists["one"])
    _close(initials[1] == right[1].str[0] + ".", 0.02)


def test_rates_of_errors_in_other_fields_are_as_stated(clean, erring):
    right, frame = clean.lists["one"], erring.lists["one"]
    np.testing.assert_array_equal(clean.truth["one"], erring.truth["one"])
    rates = {"birth_date": (0.15, 0.06), "death_date": (0.05, 0.15), "place": (0.1, 0.03),
             "sex": (0.03, 0.0)}  # fmt: skip
    for column, (missing, wrong) in rates.items():
        there = frame[column] != ""
        _close(~there, missing)
        _close((frame[column] != right[column])[there], wrong)
    off = (pd.to_datetime(frame["death_date"]) - pd.to_datetime(right["death_date"])).dt.days
    assert set(off.dropna()) == set(range(-5, 6))
    ages = _list(Errors(), has=("age",)).lists["one"]["age"]
    years = _list(has=("age",)).lists["one"]["age"]
    _close(ages == "", 1 - 0.85 * 0.95)
    _close((ages != years)[ages != ""], 0.06)


def test_another_place_is_another_place(clean):
    wrong = _list(Errors.none(place_wrong=1)).lists["one"]["place"]
    assert (wrong != clean.lists["one"]["place"]).all()


def test_errors_of_two_lists_have_nothing_in_common():
    lists = [ListPlan(name, 1.0, duplicates=0, errors=Errors.none(spelling=0.3)) for name in "ab"]
    right = [ListPlan(name, 1.0, duplicates=0, errors=NONE) for name in "ab"]
    world, clean = (generate_world(6_000, plans, seed=7) for plans in (lists, right))
    marks = {name: (_parts(world.lists[name]) != _parts(clean.lists[name]))[0] for name in "ab"}
    of_person = {name: marks[name][np.argsort(world.truth[name])].to_numpy() for name in "ab"}
    for one in (marks, of_person):
        _close(np.asarray(one["a"]) & np.asarray(one["b"]), 0.09)


def test_wrong_births_are_swapped_a_digit_or_a_year(clean):
    right = clean.lists["one"]["birth_date"]
    wrong = _list(Errors.none(birth_wrong=1)).lists["one"]["birth_date"]
    assert (wrong != right).all()
    assert pd.to_datetime(wrong).between("1940-01-01", "2008-01-01").all()
    swapped = right.str[:5] + right.str[8:] + "-" + right.str[5:7]
    year = wrong.str[:4].astype(int) - right.str[:4].astype(int)
    by_a_year = (year.abs() == 1) & (wrong.str[5:] == right.str[5:])
    digits = sum((wrong.str[place] != right.str[place]).astype(int) for place in range(10))
    leap = right.str.endswith("02-29")
    assert ((wrong == swapped) | by_a_year | (digits == 1) | leap).all()
    day = right.str[8:].astype(int)
    can = (day <= 12) & (day != right.str[5:7].astype(int))
    # a wrong digit gives the swapped date, or the year beside, now and then
    assert (wrong == swapped)[can].mean() == pytest.approx(1 / 3, abs=0.04)
    assert by_a_year.mean() == pytest.approx(1 / 3 + 0.03, abs=0.04)


def test_hard_records_miss_their_birth_and_err_in_two_names(clean):
    right = _parts(clean.lists["one"])
    hard = _list(Errors.none(hard=Errors().hard)).lists["one"]
    misses = hard["birth_date"] == ""
    _close(misses, 0.05)
    errors = (_parts(hard) != right).sum(axis=1)
    assert set(errors[misses]) == {2}
    assert set(errors[~misses]) == {0}
    alone = _parts(_list(Errors.none(hard=1, father_missing=1)).lists["one"])
    assert (alone != right[[0, 1]]).all(axis=None)


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_slip_shows_in_every_script(script):
    right = _parts(_list(script=script, persons=3_000).lists["one"])
    wrong = _parts(_list(Errors.none(spelling=1), script, persons=3_000).lists["one"])
    assert (wrong != right).all(axis=None)
    length = wrong[0].str.len() - right[0].str.len()
    assert (length == 0).mean() > 0.3
    assert min((length < 0).mean(), (length > 0).mean()) > 0.1
    assert wrong[1].str.fullmatch(r"[^\W\d_a-z].*").all()  # a capital first


def test_typical_confusions_are_frequent():
    right = _parts(_list(persons=4_000).lists["one"])[0]
    wrong = _parts(_list(Errors.none(spelling=1), persons=4_000).lists["one"])[0]
    pairs = {frozenset(pair) for pair in ("её", "ий", "иы", "оа", "еи", "бп", "дт", "зс")}
    taken = [
        len(one) == len(other)
        and {frozenset(two) for two in zip(one.lower(), other.lower(), strict=True)
             if two[0] != two[1]} <= pairs
        for one, other in zip(right, wrong, strict=True)
    ]  # fmt: skip
    # slips alone give 0.03 and 0.01
    assert 0.15 < np.mean(taken) < 0.3
    assert 0.04 < (right.str.count("ь") != wrong.str.count("ь")).mean() < 0.15


def test_lists_without_errors_agree_in_one_script_and_differ_between_scripts():
    plans = [ListPlan(f"{script}-{copy}", 0.6, script, 0, NONE)
             for script in SCRIPTS for copy in "ab"]  # fmt: skip
    world = generate_world(1_500, plans, seed=2)
    names = {plan.name: pd.Series(world.lists[plan.name]["name"].to_numpy(),
                                  world.truth[plan.name]) for plan in plans}  # fmt: skip
    for script in SCRIPTS:
        both = pd.concat([names[f"{script}-a"], names[f"{script}-b"]], axis=1, join="inner")
        same = (both[0] == both[1]).mean()
        assert (same < 0.5) if script == "loose" else (same == 1)
        assert len(both) > 400
    for place, one in enumerate(SCRIPTS):
        for other in SCRIPTS[place + 1 :]:
            both = pd.concat([names[f"{one}-a"], names[f"{other}-a"]], axis=1, join="inner")
            assert (both[0] == both[1]).mean() < 0.4, (one, other)


@pytest.mark.parametrize(
    ("name", "passport", "bgn", "gost", "scholarly"),
    [
        ("юрий", "iurii", "yuriy", "yurij", "jurij"),
        ("соловьёв", "solovev", "solov’yëv", "solov`yov", "solovev"),
        ("подъячев", "podieiachev", "pod”yachev", "pod``yachev", "podjacev"),
        ("цыренов", "tsyrenov", "tsyrenov", "cy`renov", "cyrenov"),
        ("кузнецов", "kuznetsov", "kuznetsov", "kuzneczov", "kuznecov"),
        ("елена", "elena", "yelena", "elena", "elena"),
        ("щукина", "shchukina", "shchukina", "shhukina", "scukina"),
        ("эльжбет", "elzhbet", "el’zhbet", "e`l`zhbet", "elzbet"),
        ("алексеевич", "alekseevich", "alekseyevich", "alekseevich", "alekseevic"),
    ],
)
def test_systems_are_the_published_ones(name, passport, bgn, gost, scholarly):
    found = [transliterated(name, one) for one in ("passport", "bgn", "gost", "scholarly")]
    assert found == [passport, bgn, gost, scholarly]


def test_patterns_are_those_counted_by_hand():
    plans = [ListPlan(name, share, duplicates=0.2) for name, share in
             (("a", 0.5), ("b", 0.3), ("c", 0.2))]  # fmt: skip
    world = generate_world(4_000, plans, seed=4)
    by_hand: dict[tuple[bool, ...], int] = {}
    sets = [set(who.tolist()) for who in world.truth.values()]
    for person in range(4_000):
        pattern = tuple(person in one for one in sets)
        by_hand[pattern] = by_hand.get(pattern, 0) + 1
    nobody = by_hand.pop((False, False, False))
    found = world.pattern_counts()
    assert found.lists == ("a", "b", "c")
    rows = zip(map(tuple, found.on.tolist()), found.counts.tolist(), strict=True)
    assert dict(rows) == by_hand
    assert found.observed == 4_000 - nobody
    for place, share in enumerate((0.5, 0.3, 0.2)):
        assert found.list_totals[place] / 4_000 == pytest.approx(share, abs=0.035)


def test_duplicates_are_as_frequent_as_stated_and_err_on_their_own():
    world = _list(Errors.none(spelling=0.3), duplicates=0.1)
    persons, times = np.unique(world.truth["one"], return_counts=True)
    assert times.max() == 2
    _close(times == 2, 0.1)
    names = pd.Series(world.lists["one"]["name"].to_numpy(), world.truth["one"])
    twice = names[names.index.isin(persons[times == 2])]
    alike = twice.groupby(level=0).nunique() == 1
    assert alike.mean() == pytest.approx(0.7**6, abs=0.06)


def test_visible_persons_are_on_several_lists_while_coverages_stay():
    plans = [ListPlan("a", 0.3, has=()), ListPlan("b", 0.5, has=())]
    apart = generate_world(PERSONS, plans, seed=6)
    together = generate_world(PERSONS, plans, seed=6, visibility=2.0)
    for world in (apart, together):
        _close(world.on[:, 0], 0.3)
        _close(world.on[:, 1], 0.5)
    _close(apart.on.all(axis=1), 0.15)
    assert together.on.all(axis=1).mean() > 0.2


def test_families_are_brothers_or_a_father_and_his_sons(clean):
    people = clean.people
    table = pd.DataFrame({name: getattr(people, name) for name in (
        "family", "surname", "given", "father", "birth", "place", "woman")})  # fmt: skip
    sizes = table.groupby("family")["surname"].transform("size")
    assert set(sizes) == {1, 2, 3, 4}
    assert (sizes > 1).mean() == pytest.approx(0.3, abs=0.001)
    groups = table[sizes > 1].groupby("family")
    assert (groups[["surname", "place"]].nunique() == 1).all(axis=None)
    assert not table[sizes > 1].duplicated(["family", "given"]).any()
    first, last = groups.first(), groups.last()
    years = (last["birth"] - first["birth"]) / 365.25
    brothers = groups["father"].nunique() == 1
    fathers = first["given"] == last["father"]
    assert (brothers | fathers).all()
    apart = fathers & ~brothers
    assert apart.mean() == pytest.approx(0.2, abs=0.035)
    assert years[apart].min() > 18.9
    assert not first["woman"][apart].any()
    assert 2 < years[brothers].median() < 6
    single = generate_world(500, [ListPlan("a", 0.5)], seed=1, families=0.0)
    assert len(np.unique(single.people.family)) == 500


def test_names_and_places_are_as_frequent_as_names_are():
    rng = np.random.default_rng(1)
    drawn = surnames().drawn(np.zeros(250_000, dtype=np.int64), rng)
    assert np.bincount(drawn).max() / len(drawn) == pytest.approx(0.011, abs=0.002)
    assert 30_000 < len(np.unique(drawn)) < 90_000
    for forms in (surnames().men, given_names().spelled, PLACES):
        # peoples share some names
        assert len(set(forms)) > 0.9 * len(forms)
        assert all(re.fullmatch(r"[А-ЯЁа-яё -]{2,}", form) for form in forms)
    places = np.bincount(_list(persons=5_000).people.place, minlength=len(PLACES))
    assert len(PLACES) > 75
    assert places[0] / places[10:20].mean() == pytest.approx(17.3 / 3, rel=0.25)


def test_files_hold_what_the_frames_hold_and_no_truth(tmp_path):
    world = generate_world(600, [ListPlan("a", 0.5), ListPlan("b", 0.5, "gost", has=("age",))],
                           seed=3)  # fmt: skip
    world.write(tmp_path / "lists")
    assert sorted(path.name for path in (tmp_path / "lists").iterdir()) == ["a.csv", "b.csv"]
    for name, frame in world.lists.items():
        file = tmp_path / "lists" / f"{name}.csv"
        read = pd.read_csv(file, dtype=str, keep_default_na=False, encoding="utf-8")
        assert read.to_numpy().tolist() == frame.to_numpy().tolist()
        assert list(read.columns) == list(frame.columns)
        # rows are not in the order of persons
        assert abs(np.corrcoef(np.arange(len(frame)), world.truth[name])[0, 1]) < 0.2


def test_no_list_of_real_persons_is_shipped():
    """No file but code is there, and in it no surname stands beside a given name."""
    folder = Path(module.__file__).parent
    assert {path.suffix for path in folder.rglob("*") if path.is_file()} <= {".py", ".pyc"}
    given = set(given_names().spelled)
    borne = (set(surnames().men) | set(surnames().women)) - given
    for path in folder.glob("*.py"):
        words = re.findall("[А-ЯЁа-яё]+", path.read_text(encoding="utf-8"))
        words = [word.lower() for word in words]
        pairs = [pair for pair in itertools.pairwise(words)
                 if (pair[0] in borne and pair[1] in given)
                 or (pair[1] in borne and pair[0] in given)]  # fmt: skip
        assert pairs == [], path.name


@pytest.mark.parametrize(
    ("plan", "where"),
    [
        ({"name": "a/b"}, "name"), ({"coverage": 0.0}, "coverage"),
        ({"coverage": float("nan")}, "coverage"), ({"script": "runes"}, "script"),
        ({"duplicates": 2.0}, "duplicates"), ({"has": ("shoe",)}, "has"),
        ({"has": ("age", "birth_date")}, "has"),
    ],
)  # fmt: skip
def test_bad_plans_are_refused(plan, where):
    with pytest.raises(InvalidValueError, match=where):
        ListPlan(**{"name": "one", "coverage": 0.5, **plan})


def test_bad_worlds_are_refused():
    plan = ListPlan("one", 0.5)
    with pytest.raises(InvalidValueError, match=r"errors\.hard"):
        Errors(hard=1.5)
    for persons, plans, options in (
        (0, [plan], {}), (5, [], {}), (5, [plan, plan], {}), (5, [plan], {"families": -1}),
        (5, [plan], {"women": 2}), (5, [plan], {"visibility": -1}),
    ):  # fmt: skip
        with pytest.raises(InvalidValueError, match=r"must be"):
            generate_world(persons, plans, seed=1, **options)
