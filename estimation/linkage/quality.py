"""How good the links are: precision and recall, persons of each list, its duplicates."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from estimation.linkage.link import Linked
from estimation.summaries.estimates import estimate_rows

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclasses.dataclass(frozen=True)
class Quality:
    """What is believed of the error of links.

    Parameters
    ----------
    precision : float
        Of the links of the likeliest linkage, the share that is believed to be right.
    recall : float
        Of all links, the share that the likeliest linkage holds; missed ones counted.
    links : float
        Expected links among compared pairs.
    missed : float
        Share of links that were never compared: the middle of the belief.
    clear : float
        How well the likeliest linkage agrees with what is believed of compared pairs (F1).
    judged : int
        Pairs that a person judged, from which the trust in the evidence was learned.
    """

    precision: float
    recall: float
    links: float
    missed: float
    clear: float
    judged: int


def quality(linked: Linked) -> Quality:
    """Return how good the links are believed to be."""
    shift, slope = linked.calibration.middle
    together = linked.links.together(shift, slope)
    chosen = linked.links.likeliest(shift, slope)
    right = made = expected = 0.0
    for one, chance, part in zip(linked.links.groups, together, chosen, strict=True):
        one_person = one.pairs_of(one.partitions.incidence[part])
        records = one.held.sum(axis=2).astype(float)
        pairs = records[:, :, None] * records[:, None, :] / 2.0  # each stands twice
        inner = float(one.inner[np.triu_indices(one.lists)].sum())
        right += float((chance * one_person * pairs).sum()) + inner
        made += float((one_person * pairs).sum()) + inner
        expected += float((chance * pairs).sum()) + inner
    sure = sum(len(records) * (len(records) - 1) / 2 for records in linked.links.certain)
    right, made, expected = right + sure, made + sure, expected + sure
    missed = linked.reach.overall
    # what was cut from large groups is lost as well
    everything = (expected + linked.links.cut) / (1.0 - missed)
    return Quality(
        right / made if made else 1.0, right / everything if everything else 1.0, expected, missed,
        2.0 * right / (made + expected) if made + expected else 1.0, linked.calibration.judged,
    )  # fmt: skip


def _interval(draws: FloatArray, prob: float) -> dict[str, float]:
    low, middle, high = np.quantile(draws, [(1 - prob) / 2, 0.5, (1 + prob) / 2])
    return {"median": float(middle), "low": float(low), "high": float(high)}


def _by_lists(codes: IntArray, lists: int) -> IntArray:
    """Return persons by pattern of lists, strata summed, (draw, 2^list)."""
    return np.asarray(codes.reshape(len(codes), -1, 1 << lists).sum(axis=1))


def list_rows(linked: Linked, prob: float) -> list[dict[str, Any]]:
    """Return rows of lists: records, persons, precision as far as duplicates go, unreached.

    ``precision`` is the share of records that are another person than all earlier records of their
    list; that a person belongs to the list at all no linkage can tell.
    """
    lists = len(linked.names)
    table = _by_lists(linked.draws, lists)
    pattern = np.arange(1 << lists)
    reached = linked.blocks.reached
    found = []
    for place, name in enumerate(linked.names):
        records = int(linked.links.sizes[place])
        persons = table[:, pattern >> place & 1 == 1].sum(axis=1).astype(float)
        share = persons / records
        found.append({
            "list": name, "records": records, "persons": _interval(persons, prob),
            "precision": {**_interval(share, prob), "mean": float(share.mean()),
                          "sd": float(share.std(ddof=1))},
            "belief": precision_belief(share, records),
            "unreached": float((~reached[linked.prepared.lists == place]).mean()),
        })  # fmt: skip
    return found


def precision_belief(share: FloatArray, records: int) -> dict[str, Any]:
    """Return the belief on the precision of a list, as a study states it.

    Parameters
    ----------
    share : (draw,) shares
        Persons by record.
    records : int

    Returns
    -------
    dict
        kind and its numbers: a beta distribution with mean and variance of the draws; known where
        no draw has a duplicate.
    """
    mean, variance = max(float(share.mean()), 0.5 / records), float(share.var(ddof=1))
    if mean >= 1.0:
        return {"kind": "known", "value": 1.0}
    # draws that agree leave the error of counting so many records
    variance = max(variance, mean * (1 - mean) / records)
    size = max(mean * (1 - mean) / variance - 1.0, 2.0)
    return {"kind": "beta", "alpha": round(mean * size, 2), "beta": round((1 - mean) * size, 2)}


def overlap_rows(linked: Linked, prob: float) -> list[dict[str, Any]]:
    """Return rows of each two lists: persons on both, before and after missed links."""
    lists = len(linked.names)
    whole, seen = _by_lists(linked.draws, lists), _by_lists(linked.found, lists)
    pattern = np.arange(1 << lists)
    found = []
    for one in range(lists):
        for other in range(one + 1, lists):
            both = (pattern >> one & 1 == 1) & (pattern >> other & 1 == 1)
            found.append({
                "lists": [linked.names[one], linked.names[other]],
                "both": _interval(whole[:, both].sum(axis=1).astype(float), prob),
                "compared": _interval(seen[:, both].sum(axis=1).astype(float), prob),
                "missed": float(linked.reach.missed[one, other]),
            })  # fmt: skip
    return found


def persons_row(linked: Linked, prob: float) -> dict[str, float]:
    """Return how many persons are on any list."""
    return _interval(linked.draws.sum(axis=1).astype(float), prob)


def estimates(linked: Linked, prob: float) -> list[dict[str, Any]]:
    """Return rows of estimates as of all commands: persons on any list, on each, on each two."""
    lists = len(linked.names)
    table = _by_lists(linked.draws, lists).astype(float)
    pattern = np.arange(1 << lists)
    on = {name: pattern >> place & 1 == 1 for place, name in enumerate(linked.names)}
    wanted: list[tuple[dict[str, str], NDArray[np.bool_]]] = [({}, pattern > 0)]
    wanted += [({"list": name}, inside) for name, inside in on.items()]
    wanted += [
        ({"list": f"{one}+{other}"}, on[one] & on[other])
        for one, other in itertools.combinations(linked.names, 2)
    ]  # fmt: skip
    return [
        row for index, inside in wanted
        for row in estimate_rows({"persons": table[:, inside].sum(axis=1)}, prob, index=index)
    ]  # fmt: skip
