"""Past nowcasts by chain ladder on shipped epidemics: the scores that a model has to beat."""

import datetime
import functools

import numpy as np
import pytest

from estimation.classical.nowcast import Method, classical_nowcast
from estimation.comparison.scoring import weighted_interval_score
from estimation.datasets.load import dataset_path
from estimation.tables.report_rows import ReportRows
from estimation.tables.reports import read_reports

LEVELS = (0.01, 0.025, *(round(0.05 * k, 2) for k in range(1, 20)), 0.975, 0.99)
SWEDEN = ("sweden_covid_deaths", "2020-05-19", "2020-07-14", 7, 35, 14)
DENGUE = ("dengue_puerto_rico", "1994-01-03", "1995-12-25", 28, 10, 6)
GERMANY = ("germany_covid_hosp", "2021-11-22", "2022-04-25", 7, 40, 28)
OUTBREAK = ("hus_o104_germany_2011", "2011-05-28", "2011-06-25", 1, 15, 10)
MPOX = ("mpox_nyc_diagnosis", "2022-08-01", "2022-09-12", 7, 10, 7)


@functools.cache
def _rows(name: str) -> ReportRows:
    # the first publication of Sweden carried all deaths until then
    first = "mask" if name.startswith("sweden") else "keep"
    return read_reports(dataset_path(name), negative="earlier", first=first)


def replay(
    name: str, first: str, last: str, every: int, delay: int, scored: int,
    window: int, method: Method = "over_dispersed_poisson",
) -> tuple[float, np.ndarray]:  # fmt: skip
    """Return the mean score of the last periods at all dates, and coverage at 50, 90 and 95 %."""
    rows = _rows(name)
    final = rows.reports(max_delay=delay)
    truths = dict(zip(final.periods, final.counts.sum(axis=(1, 2)), strict=True))
    day, end = datetime.date.fromisoformat(first), datetime.date.fromisoformat(last)
    scores, inside = [], []
    while day <= end:
        reports = rows.reports(as_of=day, max_delay=delay, window=window)
        found = classical_nowcast(reports, method)
        # later names than the longest delay are no part of the task
        draws = found.eventual - np.asarray(reports.beyond).sum(axis=1)
        values = np.quantile(draws[:, -scored:], LEVELS, axis=0)
        truth = np.array([truths[period] for period in found.periods[-scored:]])
        scores.append(weighted_interval_score(dict(zip(LEVELS, values, strict=True)), truth).value)
        ends = [(6, -7), (2, -3), (1, -2)]
        inside.append([(values[low] <= truth) & (truth <= values[high]) for low, high in ends])
        day += datetime.timedelta(days=every)
    return float(np.mean(scores)), np.mean(inside, axis=(0, 2))


@pytest.mark.parametrize(
    ("task", "window", "score", "tolerance"),
    [
        # an independent run had 6.50, 8.44, 8.51, 8.18 and 56.1; of Sweden it scored against counts
        # whose withdrawals were not taken off earlier reports, and left out what is masked here
        (SWEDEN, 56, 6.50, 0.04),
        (DENGUE, 104, 8.44, 0.015),
        (DENGUE, 52, 8.51, 0.015),
        (DENGUE, 26, 8.18, 0.015),
        (GERMANY, 60, 56.1, 0.01),
        # the same run had 10.98 and 19.4: where factors rest on a few names, scores depend on what
        # a spread is made of; these two are our own
        (OUTBREAK, 25, 9.3, 0.04),
        (MPOX, 21, 18.7, 0.03),
    ],
)
def test_scores_of_the_chain_ladder(task, window, score, tolerance):
    found, coverage = replay(*task, window)
    assert found == pytest.approx(score, rel=tolerance)
    # its intervals do not know that delays drift: they are too narrow on every set
    assert coverage[1] < 0.9


def test_scores_with_the_spread_of_mack():
    assert replay(*DENGUE, 26, "mack")[0] == pytest.approx(8.12, rel=0.02)
