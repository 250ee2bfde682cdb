"""Nowcasts without fits: reports by hand, and draws of what is still to come by Poisson."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray

from estimation.nowcasts.fits import Sampler
from models.reports import Reports
from tests.drawn_by_hand import sound_statistics

SHARES = np.array([0.4, 0.3, 0.2, 0.1])

FIRST = datetime.date(2024, 1, 1)

ASSUMED = ({"statement": "delays stay as they were", "if_false": "either", "because": "why"},)


def write_table(
    folder: Path, periods: int = 50, *, strata: tuple[str, ...] = (), step: int = 1,
    name: str = "list.csv",
) -> Path:  # fmt: skip
    """Write a table of 20 names a period, of which 8, 6, 4 and 2 come with delays 0 to 3."""
    head = "event_period,report_period,count" + (",place" if strata else "")
    lines = [head]
    for t in range(periods):
        for d, share in enumerate(SHARES):
            if t + d >= periods:
                continue
            days = [str(FIRST + datetime.timedelta(days=step * at)) for at in (t, t + d)]
            for stratum in strata or ("",):
                cells = [*days, str(round(20 * share)), *([stratum] if stratum else [])]
                lines.append(",".join(cells))
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def fake_tree(
    reports: Reports, sampler: Sampler, *, slow: bool = False, unsound: bool = False
) -> xarray.DataTree:
    """Return a fit whose draws are what is known and what the true delays leave to come."""
    chains, draws = sampler.chains, sampler.draws or 500
    rng = np.random.default_rng(sampler.seed)
    age = reports.n_report - 1 - np.arange(len(reports.periods))
    seen = np.cumsum(SHARES)[np.minimum(age, 3)]
    ahead = 20.0 * (1 - seen) * (3 if slow else 1)
    known = reports.known
    more = rng.poisson(ahead[:, None] * np.ones(known.shape), (chains, draws, *known.shape))
    names = known + more
    if unsound:  # chains that have not met
        names = names + 50 * (ahead[:, None] > 0.01) * np.arange(chains)[:, None, None, None]
    undated = reports.extra("undated").any()
    dims = ["chain", "draw", "dated_period" if undated else "period"]
    coords: dict[str, Any] = {dims[2]: [day.isoformat() for day in reports.periods]}
    reported = np.broadcast_to(seen[:, None], (chains, draws, *known.shape))
    total = names.sum(axis=(2, 3)) + int(reports.extra("undated").sum())
    if reports.strata:
        dims, coords = [*dims, "stratum"], coords | {"stratum": list(reports.strata)}
    else:
        names, reported = names[..., 0], reported[..., 0]
    posterior = xarray.Dataset(
        {"eventual": (("chain", "draw"), total), "eventual_names": (dims, names),
         "reported_by_now": (dims, reported)}, coords=coords,
    )  # fmt: skip
    tree = xarray.DataTree.from_dict(
        {"posterior": posterior, "sample_stats": sound_statistics(chains, draws, rng)}
    )
    tree.attrs = {
        "engine": "nuts", "versions": json.dumps({"undercount": "0"}),
        "constants": json.dumps(["reported_by_now"]),
        "moment_orders": json.dumps({"eventual": 0.0}),
    }  # fmt: skip
    return tree


class FakeFits:
    """Stands in for fits, and counts them.

    Parameters
    ----------
    monkeypatch : pytest.MonkeyPatch
    **options
        Of `fake_tree`.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **options: bool) -> None:
        self.shapes: list[tuple[int, ...]] = []
        self.seen: list[Reports] = []
        self.fail_at: datetime.date | None = None
        self._options = options
        monkeypatch.setattr("estimation.nowcasts.fits.fit_tree", self)

    def __call__(
        self, reports: Reports, drift: float | None, sampler: Sampler, **_: Any
    ) -> tuple[xarray.DataTree, tuple[dict[str, str], ...]]:
        """Return a fake fit."""
        from estimation.errors import NotEstimableError

        self.shapes.append((*reports.shape, reports.n_report))
        self.seen.append(reports)
        if reports.as_of == self.fail_at:
            raise NotEstimableError("the sampler gave up", where="nuts")
        return fake_tree(reports, sampler, **self._options), ASSUMED
