"""``link``: raw lists become draws of who is on which list, with what is known of their error."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from estimation.errors import InvalidValueError, NotEstimableError, UsageError
from estimation.linkage.backend import MEMORY, Backend, backend
from estimation.linkage.blocking import PAIRS_A_RECORD, Blocks, blocks
from estimation.linkage.calibration import Calibration, calibration
from estimation.linkage.gather import gather
from estimation.linkage.grouping import grouping
from estimation.linkage.links import Links
from estimation.linkage.odds import list_odds, pair_odds
from estimation.linkage.pairs import Pairs
from estimation.linkage.partitions import MOST_ENUMERATED
from estimation.linkage.prepare import Prepared, prepare
from estimation.linkage.privacy import nameless
from estimation.linkage.reach import missed_between
from estimation.linkage.rejoin import Reach, rejoined
from estimation.linkage.review import Judged
from estimation.linkage.scoring import Trained, score, score_within, train
from estimation.linkage.strata import labels
from estimation.linkage.tally import Tally, tally
from estimation.randomness import stream

if TYPE_CHECKING:
    from estimation.tables.records import Records

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

#: Pairs that are links with less probability join no group.
_LEAST = 0.005

#: Share of the expected links that may be cut to keep groups small: with 300,000 records a
#: twentieth of what was cut was true.
_MOST_CUT = 0.25

#: Log odds of a link below which a pair is not kept, at a first guess of how many there are.
_KEPT = math.log(0.002)

#: Standard deviation of the log odds that a link was missed, where no range is stated: this over
#: the root of the links that were found, as in 45 generated worlds; not below that between models
#: with one, two and three classes of pairs; and not below the other, since real lists err in more
#: ways.
_MISSED_SPREAD, _LEAST_SPREAD = 15.0, 0.3

#: More lists have more patterns than the tables of a linkage hold.
_MOST_LISTS = 16

#: Cells of a table of lists and strata.
_MOST_CELLS = 1 << 19


@dataclasses.dataclass(frozen=True)
class LinkOptions:
    """How records are linked.

    Parameters
    ----------
    draws : int
        Of the linkage.
    once : tuple of str
        Lists on which nobody stands twice.
    by : str, optional
        Field of the strata, of `estimation.linkage.strata.STRATA`.
    reach : (low, high), optional
        Share of links that are compared at all, 95 % range; estimated by default.  (1, 1): all.
    pairs_a_record : float
        Pairs that a key may compare, a record.
    backend : {"duckdb", "spark"}
    memory : float
        GiB for DuckDB.
    cores : int, optional
    """

    draws: int = 50
    once: tuple[str, ...] = ()
    by: str | None = None
    reach: tuple[float, float] | None = None
    pairs_a_record: float = PAIRS_A_RECORD
    backend: str = "duckdb"
    memory: float = MEMORY
    cores: int | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class Linked:
    """Lists, linked.

    Parameters
    ----------
    names : tuple of str
        Of the lists.
    strata : tuple of str
    draws : (draw, code) integers
        Persons by lists and stratum (see `estimation.linkage.tally.Tally`), missed links put back.
    found : (draw, code) integers
        The same without the missed links.
    reached : (draw,) shares
        Of all links, those that were compared, by draw.
    links : Links
    tally : Tally
    pairs : Pairs
    probability : (pair,) shares
        That a pair is a link, taken alone.
    trained : Trained
    blocks : Blocks
    reach : Reach
    calibration : Calibration
    prepared : Prepared
        Holds names; for use in memory only.
    """

    names: tuple[str, ...]
    strata: tuple[str, ...]
    draws: IntArray
    found: IntArray
    reached: FloatArray
    links: Links
    tally: Tally
    pairs: Pairs
    probability: FloatArray
    trained: Trained
    blocks: Blocks
    reach: Reach
    calibration: Calibration
    prepared: Prepared

    def __repr__(self) -> str:
        return f"Linked({len(self.names)} lists, {len(self.draws)} draws)"


def link(
    records: Sequence[Records], *, options: LinkOptions = LinkOptions(),
    judged: Judged | None = None, seed: int = 1, progress: Callable[[str], None] | None = None,
) -> Linked:  # fmt: skip
    """Link lists of records of persons.

    Parameters
    ----------
    records : sequence of Records
        Two lists or more.
    options : LinkOptions
    judged : Judged, optional
        Pairs that a person has judged: they teach how far the evidence is to be trusted, and are
        kept as they were judged.
    seed : int
    progress : callable, optional
        Told what is done next.

    Raises
    ------
    NotEstimableError
        If records hold too little to tell persons apart.
    DataError
        If a library fails, or there is not enough memory.
    UsageError, InvalidValueError
        If an option makes no sense.
    """
    with nameless():
        return _link(records, options, judged, seed, progress or (lambda _: None))


def _link(
    records: Sequence[Records], options: LinkOptions, judged: Judged | None, seed: int,
    tell: Callable[[str], None],
) -> Linked:  # fmt: skip
    once = _checked(records, options)
    strata = labels(records, options.by)
    if (len(strata.names) + 1) << len(records) > _MOST_CELLS:
        raise UsageError(
            f"{len(records)} lists by {len(strata.names)} strata are too many", where="by",
            why="hardly two persons would stand in one cell", remedy="link without --by",
        )  # fmt: skip
    tell("reading names")
    table = prepare(records)
    keys = blocks(table, options.pairs_a_record)
    where = backend(options.backend, memory=options.memory, cores=options.cores)
    try:
        links, pairs, probability, trained = _linked(table, keys, where, once, judged, seed, tell)
    finally:
        where.close()
    belief = _calibrated(links, pairs, judged)
    tell("taking draws")
    reach = _reach(keys, table, pairs, probability, options)
    counted = tally(links.groups, table.lists, len(table.names), strata, links.certain)
    draws, found, reached = _draws(links, counted, belief, reach, options.draws, seed)
    return Linked(
        table.names, strata.names, draws, found, reached, links, counted, pairs, probability,
        trained, keys, reach, belief, table,
    )  # fmt: skip


def _checked(records: Sequence[Records], options: LinkOptions) -> NDArray[np.bool_]:
    names = [one.name for one in records]
    if len(names) < 2:
        raise UsageError("there is one list only", where="lists",
                         why="who is on no list shows only in how several lists overlap",
                         remedy="name two lists or more")  # fmt: skip
    if len(names) > _MOST_LISTS:
        raise UsageError(f"{len(names)} lists are too many", where="lists",
                         remedy=f"at most {_MOST_LISTS}: merge some")  # fmt: skip
    for name in options.once:
        if name not in names:
            raise UsageError(f"no list {name!r}", where="once", remedy=", ".join(names))
    if options.draws < 2:
        raise InvalidValueError("must be 2 or more", where="draws",
                                why="one draw does not tell how sure the links are")  # fmt: skip
    if options.reach is not None:
        low, high = options.reach
        if not 0.5 <= low <= high <= 1:
            raise InvalidValueError(
                f"must be two shares of at least a half, in order, not {low:g} and {high:g}",
                where="reach",
                remedy="for example 0.95 0.99; 1 1 if every pair was compared",
            )  # fmt: skip
        if high == 1 and low < 1:
            raise InvalidValueError(
                "a range up to exactly 1 has no logit-normal belief", where="reach",
                remedy="write 0.9999 for the upper end, or 1 1",
            )  # fmt: skip
    return np.array([name in options.once for name in names])


def _linked(
    table: Prepared, keys: Blocks, where: Backend, once: NDArray[np.bool_], judged: Judged | None,
    seed: int, tell: Callable[[str], None],
) -> tuple[Links, Pairs, FloatArray, Trained]:  # fmt: skip
    tell("comparing records")
    start = -math.log(len(table))
    trained = train(table, where, seed)
    # the first guess of how many links there are may be too low by the number of lists
    least = _KEPT - math.log(2 * len(table.names))
    pairs = score(table, keys, trained, where, least)
    odds = pair_odds(pairs, table.lists, table.sizes, once, start)
    log_odds = pairs.evidence + odds[table.lists[pairs.left], table.lists[pairs.right]]
    probability = np.exp(-np.logaddexp(0.0, -log_odds))
    if probability.sum() < 1.0:
        raise NotEstimableError(
            "no two records look like one person", where="linkage",
            why="without links nothing tells who is missing",
            remedy="check that the columns are mapped to the right fields, in all lists",
        )  # fmt: skip
    tell("weighing groups")
    links = _weighed(table, pairs, probability, trained, where, once, judged, start)
    return links, pairs, probability, trained


def _weighed(
    table: Prepared, pairs: Pairs, probability: FloatArray, trained: Trained, where: Backend,
    once: NDArray[np.bool_], judged: Judged | None, start: float,
) -> Links:  # fmt: skip
    """Return all groups of records with the evidence of their pairs."""
    strong = probability >= _LEAST
    some, chance = pairs.take(strong), probability[strong]
    scored = np.zeros(len(table), dtype=bool)  # whose groups need all pairs
    if judged is not None:
        # judged to be one person: in one group, however unlikely it looked
        left, right = judged.left[judged.same], judged.right[judged.same]
        none = np.zeros((len(left), pairs.weights.shape[1]), dtype=np.float32)
        some = some.plus(Pairs(left, right, none, np.zeros_like(left)))
        chance = np.concatenate([chance, np.full(len(left), 0.5)])
        scored[left] = True
        chance = _doubted(some, chance, judged)
    found = grouping(len(table), some, chance, MOST_ENUMERATED)
    if found.cut > _MOST_CUT * max(float(chance.sum()), 1.0):
        raise NotEstimableError(
            f"{found.cut / chance.sum():.0%} of the links would have to be cut", where="linkage",
            why="too many records look like each other to weigh all ways to part them",
            remedy="map more columns, or leave out values that stand for 'not known'",
        )  # fmt: skip
    whole = np.zeros(int(found.group.max()) + 1, dtype=bool)
    whole[found.group[scored | (found.sizes > 2)]] = True
    inside = np.where(whole[found.group], found.group + 1, 0)
    if whole.any():
        others = pairs.take(~whole[found.group[pairs.left]] | ~whole[found.group[pairs.right]])
        compared = score_within(table, inside, trained, where).plus(others)
    else:
        compared = pairs
    number = len(table.names)
    groups, certain = gather(found, compared, table.lists, number, table.filled)
    sure = np.zeros((number, number))
    for records in certain:
        held = np.bincount(table.lists[records], minlength=number).astype(float)
        both = np.outer(held, held)
        np.fill_diagonal(both, held * (held - 1) / 2)
        sure += both
    odds = list_odds(groups, table.sizes, once, start, sure)
    links = Links(tuple(groups), tuple(certain), odds, table.sizes, found.cut)
    if judged is None:
        return links
    unkept = (found.unit[judged.left] == found.unit[judged.right]) & ~judged.same
    return dataclasses.replace(links, unkept=int(unkept.sum())).judged(judged)


def _doubted(some: Pairs, chance: FloatArray, judged: Judged) -> FloatArray:
    """Return probabilities with those judged to be two persons below a half.

    They make no unit, and stay in their group: that they looked like one person is what they teach.
    """
    records = 1 + max(int(some.right.max(initial=0)), int(judged.right.max(initial=0)))
    apart = judged.left[~judged.same] * records + judged.right[~judged.same]
    doubted = np.isin(some.left * records + some.right, apart)
    return np.where(doubted, np.minimum(chance, 0.499), chance)


def _calibrated(links: Links, pairs: Pairs, judged: Judged | None) -> Calibration:
    if judged is None:
        return calibration()
    log_odds, same = links.judged_odds(judged)
    return calibration(log_odds, same)


def _reach(
    keys: Blocks, table: Prepared, pairs: Pairs, probability: FloatArray, options: LinkOptions
) -> Reach:  # fmt: skip
    missed, told = missed_between(keys, pairs, probability, table.lists, len(table.names))
    overall = told.share
    if options.reach is None:
        spread = max(_MISSED_SPREAD / math.sqrt(max(told.found, 1.0)), told.apart)
        spread = min(max(spread, _LEAST_SPREAD), 1.0)
        return Reach(missed, spread, overall)
    low, high = options.reach
    if low == 1:
        return Reach(np.zeros_like(missed), 0.0, 0.0)
    ends = np.log(1 / np.array([high, low]) - 1)  # log odds of being missed
    middle, spread = float(ends.mean()), float((ends[1] - ends[0]) / (2 * 1.959964))
    stated = 1 / (1 + math.exp(-middle))
    move = middle - math.log(overall / (1 - overall)) if overall > 0 else 0.0
    if overall <= 0:
        return Reach(np.full_like(missed, stated), spread, stated)
    odds = missed / np.maximum(1 - missed, 1e-9) * math.exp(move)
    return Reach(odds / (1 + odds), spread, stated)


def _draws(
    links: Links, counted: Tally, belief: Calibration, reach: Reach, number: int, seed: int
) -> tuple[IntArray, IntArray, FloatArray]:  # fmt: skip
    generator = stream(seed, "linkage", "draws")
    found = np.zeros((number, counted.size), dtype=np.int64)
    whole = np.zeros_like(found)
    reached = np.ones(number)
    for place in range(number):
        shift, slope = belief.draw(generator)
        found[place] = counted.counts(links.groups, links.draw(shift, slope, generator))
        missed, reached[place] = reach.draw(generator)
        whole[place] = rejoined(found[place], links.sizes, missed, generator)
    return whole, found, reached
