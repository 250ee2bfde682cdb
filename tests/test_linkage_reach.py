"""Which pairs are compared, links that never were, what fields teach, and the trust in them."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from estimation.errors import NotEstimableError
from estimation.linkage.blocking import KEYS, Blocks, blocks, bounded, hashed, together
from estimation.linkage.calibration import LOG_SLOPE, SHIFT, calibration
from estimation.linkage.prepare import prepare
from estimation.linkage.reach import missed_share
from estimation.linkage.rejoin import CORRELATION, Reach, rejoined
from estimation.linkage.training import Lesson, learned
from estimation.randomness import stream
from tests.pairs_by_hand import records_of

# -- keys ------------------------------------------------------------------------------------------


def test_the_largest_blocks_of_a_key_are_left_first():
    sizes = {0: 100, 7: 10, 8: 40, 9: 30, 10: 1, 11: 25}
    key = np.repeat(list(sizes), list(sizes.values())).astype(np.uint64)
    found, pairs, left = bounded(key, 4)
    # 45 + 300 + 435 pairs are less than what is always allowed, and 780 more are too many
    assert pairs == 45 + 300 + 435
    assert left.tolist() == (key == 8).tolist()
    assert (found > 0).tolist() == np.isin(key, [7, 9, 11]).tolist()
    for one, other in itertools.combinations([7, 9, 11], 2):
        assert set(found[key == one].tolist()).isdisjoint(found[key == other].tolist())
    assert all(len(set(found[key == one].tolist())) == 1 for one in (7, 9, 11))
    whole, pairs, left = bounded(key, 10)
    assert not left.any()
    assert pairs == 45 + 300 + 435 + 780
    assert (whole > 0).tolist() == np.isin(key, [7, 8, 9, 11]).tolist()


def _days(*dates):
    return [np.nan if one is None else int(np.datetime64(one, "D").astype(int)) for one in dates]


@pytest.fixture(scope="module")
def few():
    """Return records on two lists: 0 and 4 agree on all, 1 and 5 on some, 6 holds nothing."""
    one = records_of(
        "one", surname=["Сундомиров", "Вельтанов", "Орзаматов", "Сундомиров"],
        given=["Иван", "Петр", "Павел", "Иван"], place=["Пермь", "Пермь", "Омск", ""],
        birth_day=_days("1990-02-03", "1985-05-06", "1970-01-02", None),
        death_day=_days("2022-03-04", "2022-03-05", "2023-01-01", "2023-01-01"),
    )  # fmt: skip
    two = records_of(
        "two", surname=["Sundomirov", "Veltanov", "", "Sundomirov"],
        given=["Ivan", "Petr", "", "Ivan"], place=["Perm", "", "", ""],
        birth_day=_days("1990-02-03", "1985-06-05", None, None),
        death_day=_days("2022-03-04", "2022-03-05", None, None),
    )  # fmt: skip
    return prepare([one, two])


def test_hits_are_the_keys_that_two_records_agree_on(few):
    found = blocks(few)
    agree = {
        (0, 4): set("sgbymdwvl"), (1, 5): set("sgydwv"), (0, 3): set("sg"), (2, 3): set("dwv"),
        (0, 1): set("lwv"), (0, 2): set(), (4, 6): set(), (3, 7): set("sg"),
    }  # fmt: skip
    ends = np.array(list(agree))
    by_hand = [sum(set(key) <= letters for key in KEYS) for letters in agree.values()]
    for turned in (ends, ends[:, ::-1]):
        assert found.hits(turned[:, 0], turned[:, 1]).tolist() == by_hand
    assert by_hand[0] > by_hand[1] > by_hand[2] > by_hand[3] == 0
    # 2 agrees with nobody on a whole key, and 6 has no field
    assert found.reached.tolist() == [True, True, False, True, True, True, False, True]
    assert all(share == 1 for share in found.usable.values())


def test_no_key_at_all_is_refused():
    alone = [records_of("one", surname=["Сундомиров", "Вельтанов"]),
             records_of("two", surname=["Сундомиров", "Орзаматов"])]  # fmt: skip
    with pytest.raises(NotEstimableError, match="no two records agree") as caught:
        blocks(prepare(alone))
    assert caught.value.exit_code == 4
    alike = [records_of(name, surname=["Сундомиров"] * 1000, given=["Иван"] * 1000)
             for name in ("one", "two")]  # fmt: skip
    with pytest.raises(NotEstimableError, match="map more columns"):
        blocks(prepare(alike))  # its only blocks are too large


# -- links that no key brought together ------------------------------------------------------------

_VALUES = {"s": 3000, "g": 100, "l": 80, "d": 1200}
_MISSING = 0.1


def _simulated(errors, persons, generator):
    """Return keys of records of which each two in a row are one person, with errors of their own.

    A field errs on its own: it is then another value; that of birth another day and year.
    """
    size = 2 * persons
    parts = {}

    def part(letter, value, missing):
        return hashed(np.asarray(value), missing, letter)

    for letter, number in _VALUES.items():
        value = np.repeat(generator.integers(0, number, persons), 2)
        wrong = generator.random(size) < errors[letter]
        value = np.where(wrong, generator.integers(0, number, size), value)
        missing = generator.random(size) < _MISSING
        parts[letter] = part(letter, value, missing)
        if letter == "d":
            parts["w"] = part("w", value // 14, missing)
            parts["v"] = part("v", (value + 7) // 14, missing)
    day = np.repeat(generator.integers(0, 40 * 365, persons), 2)
    day = np.where(generator.random(size) < errors["b"], generator.integers(0, 40 * 365, size), day)
    missing = generator.random(size) < _MISSING
    parts.update(b=part("b", day, missing), y=part("y", day // 365, missing),
                 m=part("m", day % 365, missing))  # fmt: skip
    keys, pairs, dropped = {}, {}, {}
    for name in KEYS:
        if set(name) <= set(parts):
            key = together([parts[letter] for letter in name])
            keys[name], pairs[name], left = bounded(key, 4)
            dropped[name] = int(left.sum())
    return Blocks(parts, keys, pairs, dropped)


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_the_share_of_missed_links_is_found_where_errors_are_independent(scale):
    errors = {"s": 0.14, "g": 0.1, "l": 0.08, "d": 0.15, "b": 0.12}
    errors = {letter: scale * share for letter, share in errors.items()}
    found = _simulated(errors, 12_000, stream(1, "missed", str(scale)))
    left = np.arange(0, 24_000, 2)
    compared = found.hits(left, left + 1) > 0
    truth = 1 - compared.mean()
    assert (~compared).sum() > 100
    left = left[compared]
    told = missed_share(found, left, left + 1, np.ones(len(left)))
    assert told.found == len(left)
    assert truth / 1.5 < told.share < 1.5 * truth


def test_reach_is_drawn_around_its_middle():
    missed = np.array([[0.0, 0.04], [0.04, 0.1]])
    generator = stream(2, "reach")
    drawn = [Reach(missed, 0.5, 0.06).draw(generator) for _ in range(2000)]
    shares, whole = np.array([one for one, _ in drawn]), np.array([two for _, two in drawn])
    assert (shares[:, 0, 0] == 0).all()
    odds = np.log(shares[:, 1, 1] / (1 - shares[:, 1, 1])) - np.log(1 / 9)
    assert odds.mean() == pytest.approx(0, abs=3 * 0.5 / np.sqrt(2000))
    assert odds.std() == pytest.approx(0.5, rel=0.06)
    # all lists move together, and the whole with them
    assert np.median(whole) == pytest.approx(0.94, abs=0.003)
    assert np.corrcoef(odds, np.log((1 - whole) / whole))[0, 1] > 0.999
    known, reached = Reach(missed, 0.0, 0.06).draw(generator)
    assert known == pytest.approx(missed)
    assert reached == pytest.approx(0.94)


# -- missed links put back -------------------------------------------------------------------------

#: Persons by the lists they are on, 000 to 111, of two strata.
_TRUE = np.array([[0, 900, 700, 400, 600, 300, 200, 250], [0, 500, 400, 300, 300, 100, 150, 350]])
_MISSED = np.array([[0.3, 0.10, 0.06], [0.10, 0.3, 0.14], [0.06, 0.14, 0.3]])


def _chance(shares):
    """Return the probability that all of some links are missed, which go wrong together."""
    mean, size = np.mean(shares), 1 / CORRELATION - 1
    return stats.beta(mean * size, (1 - mean) * size).moment(len(shares))


def _ways(pattern):
    """Return into which parts persons of some lists fall, and how probable each is."""
    members = [one for one in range(3) if pattern >> one & 1]
    if len(members) == 2:
        return [([1 << one for one in members], _MISSED[members[0], members[1]])]
    apart = _chance([_MISSED[0, 1], _MISSED[0, 2], _MISSED[1, 2]])
    one_off = [_chance([_MISSED[one, other] for other in members if other != one]) - apart
               for one in members]  # fmt: skip
    found = [([1 << one, pattern - (1 << one)], share)
             for one, share in zip(members, one_off, strict=True)]  # fmt: skip
    return [*found, ([1 << one for one in members], apart)]


def _lose(table, generator):
    """Return the table as it is found where links of persons on several lists are lost."""
    found = table.copy()
    for stratum, pattern in itertools.product(range(len(table)), (7, 3, 5, 6)):
        ways = _ways(pattern)
        shares = [share for _, share in ways]
        drawn = generator.multinomial(table[stratum, pattern], [*shares, 1 - sum(shares)])
        for (parts, _), number in zip(ways, drawn[:-1], strict=True):
            found[stratum, pattern] -= number
            found[stratum, parts] += number
    return found


def _persons(tables):
    """Return the persons of each list, (..., list)."""
    bits = np.arange(8)[:, None] >> np.arange(3) & 1
    return tables.sum(axis=-2) @ bits


def test_missed_links_are_put_back_as_they_were_lost():
    generator = stream(3, "rejoined")
    repeats = 200
    twice = np.array([0, 400, 100])  # persons of whom a list holds two records
    seen = np.array([_lose(_TRUE, generator) for _ in range(repeats)])
    sizes = _persons(seen) + twice
    once = [rejoined(one.ravel(), on, _MISSED, generator)
            for one, on in zip(seen, _persons(seen), strict=True)]  # fmt: skip
    once = np.array(once).reshape(repeats, 2, 8)
    # nobody comes to a list or leaves it where none holds a person twice
    assert (_persons(once) == _persons(seen)).all()
    # records of a person on one list, too, were not compared: persons too many of the list
    extra = generator.binomial(twice, _MISSED.diagonal(), (repeats, 3))
    more = seen.copy()
    for place in range(3):
        first = generator.binomial(extra[:, place], 0.6)
        more[:, 0, 1 << place] += first
        more[:, 1, 1 << place] += extra[:, place] - first
    back = [rejoined(one.ravel(), on, _MISSED, generator)
            for one, on in zip(more, sizes, strict=True)]  # fmt: skip
    back = np.array(back).reshape(repeats, 2, 8)
    for tables in (once, back):
        # of a list that a stratum loses to the other only the sum is known
        whole, truth = tables.sum(axis=1), _TRUE.sum(axis=0)
        error = np.maximum(whole.std(axis=0), 1e-9) / np.sqrt(repeats)
        away = np.abs(whole.mean(axis=0) - truth)
        assert (away < 4 * error + 1e-9).all()
        persons = tables.sum(axis=(1, 2))
        four = 4 * persons.std() / np.sqrt(repeats)
        assert persons.mean() == pytest.approx(_TRUE.sum(), abs=four)
    error = once.std(axis=0) / np.sqrt(repeats)
    assert (np.abs(once.mean(axis=0) - _TRUE) <= 4 * error).all()
    assert (np.abs(seen.mean(axis=0) - _TRUE)[:, 1:] > 10 * error[:, 1:]).any(axis=1).all()


def test_counts_are_never_negative_and_without_loss_nothing_changes():
    generator = stream(4, "negative")
    for _ in range(200):
        counts = generator.integers(0, 6, 32)
        found = rejoined(counts, np.full(4, 90), np.full((4, 4), 0.7), generator)
        assert (found >= 0).all()
        assert found.sum() <= counts.sum()
    counts = _TRUE.ravel()
    sizes = _persons(_TRUE) + 50
    assert (rejoined(counts, sizes, np.zeros((3, 3)), generator) == counts).all()
    assert (rejoined(counts, sizes, _MISSED, generator) != counts).any()
    assert (counts == _TRUE.ravel()).all()


# -- what fields teach -----------------------------------------------------------------------------

_AGREE = {"surname": [0.04, 0.16, 0.8], "given": [0.05, 0.95], "birth": [0.1, 0.1, 0.1, 0.7],
          "place": [0.2, 0.8]}  # fmt: skip
_RANDOM = {"surname": [0.95, 0.04, 0.01], "given": [0.9, 0.1], "birth": [0.8, 0.15, 0.04, 0.01],
           "place": [0.9, 0.1]}  # fmt: skip


def _lesson(held, share, number, generator):
    fields = list(_AGREE)
    same = generator.random(number) < share
    levels = np.empty((number, len(fields)), dtype=np.int64)
    for place, name in enumerate(fields):
        size = len(_AGREE[name])
        levels[:, place] = np.where(same, generator.choice(size, number, p=_AGREE[name]),
                                    generator.choice(size, number, p=_RANDOM[name]))  # fmt: skip
        levels[generator.random(number) < 0.1, place] = -1
        if name in held:
            levels[:, place] = size - 1
    return Lesson(frozenset(held), levels)


def _random():
    return {name: np.array(shares) for name, shares in _RANDOM.items()}


def test_agreement_is_learned_from_persons_and_namesakes_mixed():
    generator = stream(5, "lessons")
    lessons = [_lesson(["surname"], 0.3, 20_000, generator),
               _lesson(["given", "place"], 0.1, 20_000, generator)]  # fmt: skip
    agree, untrained = learned(lessons, list(_AGREE), _random())
    assert untrained == ()
    for name, shares in _AGREE.items():
        assert agree[name] == pytest.approx(shares, abs=0.025)
        assert agree[name].sum() == pytest.approx(1)


def test_no_level_is_impossible_and_an_untaught_field_is_named():
    lesson = _lesson(["surname"], 0.5, 5_000, stream(6, "levels"))
    lesson.levels[:, 1] = 1  # never seen to differ
    agree, untrained = learned([lesson], list(_AGREE), _random())
    assert untrained == ("surname",)
    assert 0 < agree["given"][0] < 0.002
    assert agree["surname"].argmax() == 2
    assert agree["surname"].sum() == pytest.approx(1)
    _, untrained = learned([], list(_AGREE), _random())
    assert untrained == tuple(_AGREE)
    few = _lesson(["surname"], 0.5, 12, stream(6, "few"))
    assert learned([few], list(_AGREE), _random())[1] == tuple(_AGREE)


# -- trust in the evidence -------------------------------------------------------------------------


def _spread(values, weight):
    return np.sqrt(weight @ (values - weight @ values) ** 2)


def test_trust_is_learned_from_judged_pairs():
    generator = stream(7, "judged")
    log_odds = generator.normal(0, 4, 800)
    for shift, slope in ((1.0, 0.5), (-1.0, 1.2)):
        same = generator.random(800) < 1 / (1 + np.exp(-(shift + slope * log_odds)))
        found = calibration(log_odds, same)
        spreads = _spread(found.shift, found.weight), _spread(found.log_slope, found.weight)
        assert max(spreads) < 0.2
        assert found.middle[0] == pytest.approx(shift, abs=3 * spreads[0])
        assert np.log(found.middle[1]) == pytest.approx(np.log(slope), abs=3 * spreads[1])
        assert found.judged == 800
        drawn = np.array([found.draw(generator) for _ in range(400)])
        assert drawn.mean(axis=0) == pytest.approx([shift, slope], abs=0.3)
        assert drawn[:, 0].std() == pytest.approx(spreads[0], rel=0.2)


def test_trust_is_the_belief_where_nothing_was_judged():
    for found in (calibration(), calibration(np.zeros(0), np.zeros(0, dtype=bool))):
        assert found.judged == 0
        assert found.middle == pytest.approx((SHIFT[0], np.exp(LOG_SLOPE[0])))
        assert _spread(found.shift, found.weight) == pytest.approx(SHIFT[1], rel=0.03)
        assert _spread(found.log_slope, found.weight) == pytest.approx(LOG_SLOPE[1], rel=0.03)
    one = calibration(np.array([0.0]), np.array([True]))
    other = calibration(np.array([0.0]), np.array([False]))
    assert one.middle[0] > other.middle[0]
    assert pd.Series(one.weight).sum() == pytest.approx(1)
