"""All that is told of a linkage, as plain values: for JSON, for files, for the printed report."""

from __future__ import annotations

import importlib.metadata
import math
from typing import Any

from estimation.diagnostics.verdicts import FAIL, INCONCLUSIVE, PASS, Check, Verdict
from estimation.fit.key import engine_versions
from estimation.linkage.link import Linked
from estimation.linkage.quality import estimates, list_rows, overlap_rows, persons_row, quality

#: Where more of the expected links were cut, it is told.
_MUCH_CUT = 0.02

#: Believed agreement of the likeliest links with all links: good, and too little.
_CLEAR = (0.95, 0.9)

#: Where more records of a list were never compared with any other, it is told.
_MANY_UNREACHED = 0.9


def content(
    linked: Linked, *, prob: float, seed: int, stated_reach: bool, verdict: Verdict
) -> dict[str, Any]:
    """Return what is told of a linkage.

    Parameters
    ----------
    linked : Linked
    prob : float
        Level of the intervals.
    seed : int
    stated_reach : bool
        Whether the share of compared links was stated, not estimated.
    verdict : Verdict
        Of `checks`.
    """
    found = quality(linked)
    shift, slope = linked.calibration.middle
    return {
        "engine": "exact", "seed": seed, "prob": prob, "interval": "eti",
        "estimates": estimates(linked, prob), "diagnostics": verdict.to_dict(),
        "published": [], "versions": engine_versions("exact") | _versions(),
        "draws": len(linked.draws),
        "persons": persons_row(linked, prob),
        "lists": list_rows(linked, prob),
        "overlaps": overlap_rows(linked, prob),
        "quality": {
            "precision": found.precision, "recall": found.recall, "links": found.links,
            "missed": found.missed, "missed_spread": linked.reach.spread,
            "judged": found.judged, "shift": shift, "slope": slope,
        },
        "keys": [
            {"key": name, "pairs": pairs, "usable": linked.blocks.usable[name]}
            for name, pairs in linked.blocks.pairs.items()
        ],
        "levels": linked.trained.levels,
        "strata": list(linked.strata),
        "notes": notes(linked, stated_reach=stated_reach),
    }  # fmt: skip


def checks(linked: Linked) -> Verdict:
    """Return whether the linkage can be relied on, as far as it can tell itself.

    Parameters
    ----------
    linked : Linked
    """
    expected = max(quality(linked).links, 1.0)
    cut, untrained = linked.links.cut / expected, len(linked.trained.untrained)
    clear = quality(linked).clear
    state = PASS if clear >= _CLEAR[0] else INCONCLUSIVE if clear >= _CLEAR[1] else FAIL
    return Verdict((
        Check(
            "links_clear", state, clear, _CLEAR[1],
            f"of the likeliest links and all that are believed, {clear:.1%} agree (F1)",
            "" if state == PASS else "map more columns, judge pairs (--review), or name lists "
            "without duplicates (--once): few are on two lists, or too little tells persons apart",
        ),
        Check(
            "links_cut", PASS if cut <= _MUCH_CUT else INCONCLUSIVE, cut, _MUCH_CUT,
            f"{cut:.1%} of the expected links were cut to keep groups of records small",
            "" if cut <= _MUCH_CUT else "map more columns, which tell records apart",
        ),
        Check(
            "fields_learned", INCONCLUSIVE if untrained else PASS, float(untrained), 0.0,
            f"{untrained} fields whose agreement could not be learned",
            "map more columns, or link larger lists" if untrained else "",
        ),
    ))  # fmt: skip


def _versions() -> dict[str, str]:
    return {name: importlib.metadata.version(name) for name in ("splink", "duckdb")}


def notes(linked: Linked, *, stated_reach: bool) -> list[str]:
    """Return what a reader must know, the most serious first."""
    found = []
    bad = [one for one in checks(linked).checks if one.verdict != PASS]
    found += [f"{one.says[0].upper()}{one.says[1:]}: {one.remedy}." for one in bad]
    missed, factor = linked.reach.overall, math.exp(1.96 * linked.reach.spread)
    if stated_reach:
        found.append(
            f"That {missed:.1%} of links were never compared is stated (middle); draws put them "
            "back."
        )
    else:
        found.append(
            f"About {missed:.1%} of links were never compared, since all keys fail: estimated from "
            "the errors of the links that were found, within a factor of "
            f"{factor:.1f} (95 %), and put back in the draws; state what you know with --reach."
        )
    if not linked.calibration.judged:
        found.append(
            "How far the evidence is to be trusted is a belief: let a person judge some pairs "
            "(--review, then --labels)."
        )
    if linked.links.unkept:
        found.append(
            f"{linked.links.unkept:,} pairs that were judged to be two persons are taken as one: "
            "other records of their groups leave no doubt."
        )
    if linked.trained.untrained:
        fields = ", ".join(linked.trained.untrained)
        found.append(
            f"How often {fields} agree for one person could not be learned; 90 % is assumed."
        )
    expected = quality(linked).links
    if linked.links.cut > _MUCH_CUT * expected:
        found.append(
            f"{linked.links.cut / expected:.1%} of the expected links were cut, between records "
            "that hang together in large groups; few of these are true."
        )
    if linked.links.certain:
        found.append(
            f"{len(linked.links.certain):,} groups of more than seven records are taken as one "
            "person each, without doubt."
        )
    if linked.prepared.swapped:
        found.append(
            f"In {linked.prepared.swapped:,} records surname and given name were exchanged, by how "
            "often either stands where."
        )
    large = [name for name, share in linked.blocks.usable.items() if share < _MANY_UNREACHED]
    if large:
        found.append(
            f"Keys too common to compare all their pairs: {', '.join(large)}; the other keys do."
        )
    found.append(
        "That persons on a list belong there (died, in the war, at all) no linkage can tell: the "
        "precision here is that of duplicates alone."
    )
    return found
