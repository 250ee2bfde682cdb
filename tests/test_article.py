"""The shipped study as a whole: every claim of the article is put to the test."""

import csv
import json

import jsonschema
import numpy as np
import pytest
import xarray

from estimation import Losses
from estimation.cli import main
from estimation.fit.nuts import sample_graph
from models.field import Field
from models.late import Late
from models.learned import Learned
from tests.drawn_by_hand import sample_by_hand
from tests.late_by_hand import sample_late_by_hand
from tests.test_command_line import _schema

#: What an analyst would say of each claim, in the order of the study.
VERDICTS = {
    "between 164,223": "agrees",
    "45,287 deaths": "cannot-tell",  # the list grew since
    "2024 cost almost three times": "cannot-tell",  # 2.6 times, and still filling
    "2024 cost well more": "agrees",
    "losses rose steadily": "disagrees",
    "intense and quiet": "agrees",
    "September to November": "agrees",
    "27 losses per square kilometer in 2024, over the 4,168": "disagrees",
    "27 losses per square kilometer in 2024, over any": "cannot-tell",
    "201 soldiers": "cannot-tell",
    "Bashkortostan": "cannot-tell",
    "Tuva": "cannot-tell",
    "volunteers": "cannot-tell",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    target = tmp_path_factory.mktemp("run") / "article"

    def sample(model, draws, **options):
        # these take longer to compile and sample than all else: their fits by NUTS are looked at
        # where they are measured, the rest of their way through a run is looked at here
        if isinstance(model.joint, Late | Learned):
            return sample_late_by_hand(model, draws, spread=0.5, **options)
        if isinstance(model.joint, Field) and len(model.joint.cells.strata) == 4:
            return sample_by_hand(model, draws, **options)
        return sample_graph(model, draws, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("estimation.fit.nuts.sample_graph", sample)
        # such draws are independent, so that fewer are enough
        patch.setattr("estimation.fit.nuts.LEARNED_DRAWS", 800)
        patch.setattr("estimation.learning.findings.DRAWS_WITHOUT", 500)
        assert main(["run", "--out", str(target), "--quiet", "--store", str(target) + "-fits"]) == 0
    return target


def _rows(path):
    with path.open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_every_claim_has_its_verdict(folder):
    rows = _rows(folder / "claims.csv")
    assert list(rows[0])[:7] == ["claim", "stated", "median", "low", "high", "verdict", "why"]
    found = {row["claim"]: row["verdict"] for row in rows}
    assert len(rows) == len(VERDICTS)
    for (start, verdict), (claim, judged) in zip(VERDICTS.items(), found.items(), strict=True):
        assert claim.startswith(start)
        assert judged == verdict, claim
    why = {row["claim"]: row["why"] for row in rows}
    assert "same assumption, no independent check" in next(iter(why.values()))
    day = next(words for claim, words in why.items() if claim.startswith("201"))
    assert "shorter than a week" in day
    assert "obituaries stand in for unknown dates of death" in day


def test_weeks_add_up_to_years_and_to_the_total(folder):
    posterior = xarray.open_datatree(
        folder / "posterior" / "weekly.zarr", engine="zarr", consolidated=False
    )
    losses = Losses(posterior)
    years = losses.by("year")
    np.testing.assert_array_equal(
        sum(years.values()), posterior["posterior"]["total"].to_numpy().ravel()
    )
    rows = [row for row in _rows(folder / "summary.csv") if row["model"] == "weekly"]
    by_year = {row["period"]: row for row in rows if row["step"] == "year"}
    assert list(by_year) == [f"{year}-01-01" for year in (2022, 2023, 2024, 2025)]
    for first, deaths in years.items():
        assert float(by_year[first.isoformat()]["median"]) == pytest.approx(np.median(deaths))
    # bounds of a sum are not sums of bounds, except where one coverage moves all of them
    assert sum(row["period"] != "" and row["step"] == "" for row in rows) == 182


def test_regions_have_rates_and_unknown_ones_stay_visible(folder):
    rows = [row for row in _rows(folder / "summary.csv") if row["model"] == "regional"]
    rates = {row["stratum"]: float(row["median"]) for row in rows if row["name"] == "rate"}
    assert len(rates) == 85
    assert max(rates, key=rates.get) == "Tuva"
    totals = {row["stratum"]: float(row["median"]) for row in rows if row["name"] == "total"}
    assert {"unknown", "foreign"} <= set(totals)
    assert totals["unknown"] > 271
    shares = [float(row["median"]) for row in rows if row["name"] == "coverage" and row["stratum"]]
    assert len(shares) == 87
    assert np.mean(shares) == pytest.approx(0.55, abs=0.03)


def test_the_object_is_valid_and_the_main_total_first(folder):
    found = json.loads((folder / "summary.json").read_text())
    jsonschema.validate(found, _schema())
    assert found["estimates"][0]["name"] == "total"
    assert found["estimates"][0]["index"] == {}
    assert {"model": "weekly"} in [row["index"] for row in found["estimates"]]
    assert found["diagnostics"]["verdict"] in ("pass", "inconclusive")


def test_pictures_are_drawn(folder):
    names = {path.name for path in (folder / "figures").glob("*.png")}
    assert names == {
        "totals.png", "weekly-periods.png", "weekly-coverage.png", "weekly-rises.png",
        "regional-rates.png", "tornado-coverage.png", "curve-coverage-names-coverage-low.png",
        "curve-coverage-names-coverage-high.png", "curve-coverage-names-coverage-mass.png",
        "curve-coverage-names-precision.png", "anatomy-coverage.png", "tornado-weekly.png",
        "curve-weekly-names-coverage.png", "anatomy-weekly.png", "information-graves.png",
        "mixture-readings.png", "comparison-steps-loo.png", "late-eventual.png",
        "learned-periods.png", "learned-coverage.png", "learned-rises.png", "sources-coverage.png",
        "sources-coverage-total.png", "revision-by-year.png", "revision-by-day.png",
        "forest.png", "beliefs.png",
        *(f"{model}-{kind}.png" for model in ("weekly", "regional", "kinds", "late", "learned")
          for kind in ("beliefs", "chains")),
    }  # fmt: skip


def _table(folder, name):
    with (folder / f"{name}.csv").open() as file:
        return list(csv.DictReader(file))


def test_the_interval_is_nearly_all_coverage(folder):
    parts = {(row["study"], row["name"]): row for row in _table(folder, "anatomy")}
    assert float(parts["coverage", "names.coverage"]["share"]) > 0.98
    # if coverage were known, what is left is the negative binomial's noise
    known = float(parts["coverage", "names.coverage"]["width_if_known"])
    rest = 2 * 1.96 * np.sqrt(106_745 * 0.45) / 0.55
    assert known == pytest.approx(rest, rel=0.1)
    # and two years that share their coverage owe it next to nothing
    assert float(parts["weekly", "names.coverage"]["share"]) < 0.1


def test_the_published_range_tips_where_it_was_divided(folder):
    tips = {row["question"]: row for row in _table(folder, "tipping")}
    assert float(tips["out of the published range, low end"]["at_median"]) == pytest.approx(
        0.65, rel=1e-3
    )
    assert float(tips["out of the published range, high end"]["at_median"]) == pytest.approx(
        0.45, rel=1e-3
    )
    assert float(tips["2024 no deadlier than 2023"]["at_median"]) == pytest.approx(1.27, abs=0.02)


def test_four_hundred_graves_would_narrow_the_interval_to_less_than_half(folder):
    rows = _table(folder, "information")
    assert [row["size"] for row in rows] == ["25", "50", "100", "200", "400"]
    assert 0.3 < float(rows[-1]["share_of_now"]) < 0.45


def test_readings_are_mixed_and_steps_are_ranked(folder):
    (mixture,) = _table(folder, "mixture")
    totals = {row["scenario"]: row for row in _rows(folder / "summary.csv")
              if row["name"] == "total"}  # fmt: skip
    ends = [float(totals[name]["high"]) for name in ("base", "central-50")]
    assert ends[0] < float(mixture["high"]) < ends[1]
    compared = {row["model"]: row for row in _table(folder, "comparison")}
    assert compared["weekly"]["verdict"] == "best"
    assert float(compared["light-tails"]["difference"]) < -2 * float(
        compared["light-tails"]["difference_se"]
    )
    assert {row["kind"] for row in compared.values()} == {"integrated"}


def test_coverage_is_told_as_judged_and_as_learned(folder):
    rows = {(row["sources"], row["span"]): row for row in _table(folder, "learned")}
    total, judged = rows["learned", "total"], rows["judged", "total"]
    assert int(total["names"]) == 121_188
    widths = [float(row["deaths_high"]) - float(row["deaths_low"]) for row in (total, judged)]
    assert widths[0] < widths[1]
    assert ("without probate", "total") in rows
    assert ("learned", "to 2025-05-04") in rows
    sources = {row["source"] for row in _table(folder, "conflicts")}
    assert sources == {"judgment", "probate", "rosstat"}
    totals = {row["name"]: row for row in _rows(folder / "summary.csv") if row["model"] == "learned"
              and not row["period"]}  # fmt: skip
    beyond = float(totals["total_with_beyond"]["median"]) - float(totals["total"]["median"])
    assert 35_000 < beyond < 60_000


def test_the_change_from_may_to_august_is_taken_apart(folder):
    rows = {(row["revision"], row["part"]): row for row in _table(folder, "revision")
            if not row["period"]}  # fmt: skip
    assert float(rows["by-day", "new deaths"]["names"]) == 2_779
    assert float(rows["by-day", "late names"]["names"]) == 14_443 - 2_779
