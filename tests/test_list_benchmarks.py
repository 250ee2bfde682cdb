"""Benchmarks of overlapping lists: what is met, what is held, what is kept; quick methods only."""

import csv
import math

import numpy as np
import pytest

from benchmarks import list_answers, list_calibration, list_references
from benchmarks.list_same import Ours, difference, met, ours
from estimation.datasets.load import dataset_path
from estimation.errors import NotEstimableError
from estimation.summaries.overlap import OverlapEstimate
from models.lists.patterns import Patterns

FIELDS = ("dataset", "method", "model", "estimate", "standard_error", "low", "high", "level",
          "interval", "kind", "by", "remark")  # fmt: skip


def printed(**fields: str) -> dict[str, str]:
    return dict.fromkeys(FIELDS, "") | {"kind": "recomputed", "by": "R"} | fields


def find(name: str, method: str, **fields: str) -> dict[str, str]:
    """Return the only printed answer of a method that has these fields."""
    rows = [
        row for row in list_references.references(name)
        if row["method"] == method and all(row[key] == value for key, value in fields.items())
    ]  # fmt: skip
    assert len(rows) == 1
    return rows[0]


# -- answers of others -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "value", "right"),
    [
        ("graphical", 12_592 * 1.004, True), ("graphical", 12_592 * 1.006, False),
        ("loglinear_bic", 12_592 * 1.0004, True), ("loglinear_bic", 12_592 * 1.0006, False),
        ("chao", 12_592.5, True), ("chao", 12_593, False),
        ("latent", 14_000, True), ("latent", 16_600, False), ("latent", 9_000, False),
    ],
)  # fmt: skip
def test_what_is_met(method, value, right):
    reference = printed(method=method, estimate="12592", low="9826", high="16546")
    assert met(reference, Ours(value, 9_826, 16_546)) is right
    assert difference(reference, Ours(value)) == pytest.approx(value / 12_592 - 1)


def test_decimals_and_limits_are_met_as_far_as_printed():
    reference = printed(method="darroch", estimate="90.5", low="73.5", high="121.2")
    near, far = Ours(90.54, 73.5, 121.4), Ours(90.56, 73.5, 121.2)
    assert met(reference, near)  # limits by another method are not judged
    assert met(reference | {"interval": "profile"}, near) is False
    assert met(reference | {"interval": "profile"}, Ours(90.54, 73.5, 121.11)) is True
    assert met(reference, far) is False
    assert met(reference | {"interval": "profile"}, Ours(90.5, None, None)) is False
    assert met(printed(method="chao", low="3", high="4"), Ours(2.0)) is None
    assert math.isnan(difference(printed(method="chao"), Ours(2.0)))


def test_a_printed_lower_limit_is_met_from_above():
    reference = find("captures_illegal_immigrants_nl", "chao_captures_low")
    assert met(reference, Ours(9_000, 8_001, 10_000)) is True
    assert met(reference, Ours(9_000, 7_999, 10_000)) is False
    assert met(reference, ours(reference, list_references.table_of(reference["dataset"]))) is True


@pytest.mark.parametrize(
    ("name", "method", "fields"),
    [
        ("spina_bifida_ny_626", "graphical", {"remark": "delta 2^-3"}),
        ("spina_bifida_ny_626", "graphical_mode", {}),
        ("spina_bifida_ny_626", "loglinear_aic", {}),
        ("kosovo_1999", "loglinear", {}),
        ("kosovo_1999", "gamma35", {}),
        ("kosovo_1999", "sample_coverage_high", {}),
        ("snowshoe_hare_6occasions", "loglinear_independence", {"estimate": "76.8"}),
        ("snowshoe_hare_6occasions", "equal_captures", {}),
        ("diabetes_casale_monferrato", "petersen:hospital+reagents", {}),
        ("captures_cottontail_rabbits", "jackknife", {}),
        ("captures_accident_claims_simar", "ace_1", {}),
    ],
)
def test_the_same_method_meets_what_is_printed(name, method, fields):
    reference = find(name, method, **fields)
    assert met(reference, ours(reference, list_references.table_of(name))) is True


def test_every_method_of_the_references_is_known_or_not_ours():
    """No printed answer is left out for want of its name here."""
    with dataset_path("references").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert set(rows[0]) == set(FIELDS)
    for row in rows:
        assert row["dataset"] in list_references.names() or row["dataset"].endswith("_by_ethnicity")
    small = printed(method="wrong")
    for name in ("spina_bifida_ny_621", "captures_catbird_sites_11visits"):
        assert ours(small, list_references.table_of(name)) == "no method wrong"


# -- tables ----------------------------------------------------------------------------------------


def test_two_datasets_by_quick_methods(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(list_references, "QUICK", ("graphical", "darroch", "chao"))
    asked = ["artificial_3lists", "captures_cottontail_rabbits"]
    file = tmp_path / "answers.csv"
    list_references.main([*asked, "--out", str(file)])
    page = capsys.readouterr().out
    assert "| artificial_3lists | 3 | 96 |  | 364 (" in page
    assert "refused: captures: persons have two different numbers of records only" in page
    rabbits = next(line for line in page.splitlines() if line.startswith("| captures_cottontail"))
    assert "| 76 | 135 | 131 (97.1 to 192) * |" in rabbits
    assert "| 97.2 (85.2 to 113) |" in rabbits  # does not hold 135: no star
    assert "chao_captures | 131 (97.1 to 192) | 131 (97.1 to 192)" in page
    assert "no such method" in page
    monkeypatch.setattr(list_answers, "answer_row", _never)
    list_references.main([*asked, "--out", str(file)])  # all is kept
    assert capsys.readouterr().out == page


def _never(about, ask):
    raise AssertionError(about)


def test_an_unknown_dataset_is_refused(capsys):
    with pytest.raises(SystemExit):
        list_references.main(["kosovo_1899"])
    assert "no table 'kosovo_1899'" in capsys.readouterr().err


def test_failed_fits_stand_in_brackets():
    row = {"estimate": 250.0, "low": 200.0, "high": 300.0, "truth": 290.0, "rhat": 1.35,
           "method": "latent pooled", "refused": "R-hat (total) 1.35 above 1.01"}  # fmt: skip
    assert list_references.cell(row) == "[250 (200 to 300) *; R-hat 1.35]"
    unsure = row | {"refused": "Monte Carlo error of a bound (total) 0.06 above 0.05", "rhat": 1.0}
    assert list_references.cell(unsure) == "[250 (200 to 300) *; limit unsure]"
    assert list_references.cell(row | {"refused": "", "truth": 301.0}) == "250 (200 to 300)"
    assert list_references.cell(row | {"refused": "", "truth": 301.0, "method": "chao"})[-1] == "*"


def test_fits_with_more_draws_take_the_place_of_failed_ones():
    rows = [row(250, 200, 240, 300, case=name, method="latent pooled", refused="diverged", rhat=1.0)
            for name in "ab"]  # fmt: skip
    more = [rows[1] | {"method": "latent pooled 8000", "refused": "", "median": 245.0}]
    failed, better = list_references.with_more(rows, more)
    assert list_references.cell(failed) == "[240 (200 to 300) *; divergences]"
    assert list_references.cell(better) == "240 (200 to 300) * \u2020"
    assert (better["method"], better["median"]) == ("latent pooled", 245.0)


# -- coverage --------------------------------------------------------------------------------------


def row(truth: float, low: float, median: float, high: float, **more) -> dict:
    return {"group": "one", "case": f"one:{low}", "method": "graphical", "truth": truth,
            "observed": 10, "low": low, "median": median, "high": high, "estimate": median,
            "refused": "", "draws": ""} | more  # fmt: skip


def test_coverage_counts_what_holds():
    rows = [row(100, 90, 100, 110), row(100, 50, 70, 99), row(100, 101, 200, 400),
            row(100, 100, 100, 100), row(100, 0, 0, 0, refused="no overlap")]  # fmt: skip
    found = list_calibration.coverage(rows)
    assert [found[key] for key in ("asked", "answered", "held", "too_low", "too_high")] == [
        5, 4, 2, 1, 1,
    ]  # fmt: skip
    assert found["share"] == 0.5
    assert found["error"] == pytest.approx(np.sqrt(3 * 3 / (6**2 * 7)))  # Beta(3, 3)
    logs = np.log([1, 0.7, 2, 1])
    assert found["bias"] == pytest.approx(logs.mean())
    assert found["rmse"] == pytest.approx(np.sqrt((logs**2).mean()))
    assert found["width"] == pytest.approx(np.median(np.log([110 / 90, 99 / 50, 400 / 101, 1])))
    assert list_calibration.coverage(rows, bound=True)["held"] == 3
    assert math.isnan(list_calibration.coverage(rows[4:])["share"])


def test_mixtures_leave_out_who_refused():
    draws = {"latent pooled": 100.0, "graphical": 200.0, "loglinear": 400.0}
    rows = [row(100, 0, 0, 0, case="a", method=name, draws=f"{value} {value}")
            for name, value in draws.items()]  # fmt: skip
    (mixed,) = list_calibration.mixtures(rows)
    assert (mixed["low"], mixed["median"], mixed["high"]) == (100, 200, 400)
    rows[2] |= {"refused": "no maximum"}
    (mixed,) = list_calibration.mixtures(rows)
    assert (mixed["low"], mixed["high"]) == (100, 200)
    assert list_calibration.mixtures(rows[:2]) == []  # log-linear models were not asked


def test_self_test_of_a_table(tmp_path, capsys):
    file = tmp_path / "answers.csv"
    words = ["selftest", "kosovo_1999", "--methods", "chao", "--out", str(file)]
    list_calibration.main(words)
    page = capsys.readouterr().out
    assert "seen before" in page
    assert "| chao | 4 | 4 | 4 (100 %) |" in page
    rows = list_answers.read(file)
    assert [(one["case"], one["truth"]) for one in rows] == [
        ("kosovo_1999:EXH", 1_910), ("kosovo_1999:ABA", 1_528), ("kosovo_1999:OSCE", 1_786),
        ("kosovo_1999:HRW", 685),
    ]  # fmt: skip
    list_calibration.main(["selftest", "--report", "--out", str(file)])
    assert capsys.readouterr().out == page


def test_simulated_populations_have_the_stated_chances():
    for name, design in list_calibration.DESIGNS.items():
        tables = list(list_calibration.simulated(20, 1, [name]))
        assert {case.truth for case in tables} == {2_000}
        # log odds that are shifted have another mean than the odds in the middle
        if design.spread:
            continue
        chances = np.average(design.chances, axis=0, weights=design.sizes)
        mean = np.mean([case.patterns.list_totals for case in tables], axis=0)
        error = np.sqrt(2_000 * chances * (1 - chances) / 20)
        assert (np.abs(mean - 2_000 * chances) < 4 * error).all()
    one, same = (next(iter(list_calibration.simulated(1, 1))).patterns for _ in range(2))
    assert one.content() == same.content()


def test_persons_who_differ_share_lists():
    alike, differ = (
        list_calibration.DESIGNS[name] for name in ("independence", "persons differ, sd 1")
    )
    assert alike.chances == differ.chances
    rng = np.random.default_rng(1)

    def ratio(design) -> float:
        """Return persons on both of two lists over what independence expects."""
        found = [list_calibration.drawn(design, rng) for _ in range(20)]
        both = sum(table.pairs[2, 3] for table in found)
        apart = sum(np.prod(table.list_totals[2:4]) for table in found) / 2_000
        return both / apart

    assert ratio(alike) == pytest.approx(1, abs=0.05)
    assert ratio(differ) > 1.2


def test_a_refusal_is_kept_with_its_reason(tmp_path):
    def ask():
        raise NotEstimableError("no overlap", where="lists", why="w", remedy="r")

    about = {"group": "g", "case": "c", "lists": 3, "method": "chao", "truth": 9, "observed": 5}
    file = tmp_path / "answers.csv"
    (kept,) = list_answers.keep([(about, ask)], file)
    assert "no overlap" in kept["refused"]
    (again,) = list_answers.keep([(about, _never)], file)
    assert again["refused"] == kept["refused"]
    assert again["estimate"] == ""


def test_kept_quantiles_are_those_of_the_draws():
    draws = np.random.default_rng(1).gamma(2, 500, 20_000) + 100
    estimate = OverlapEstimate("graphical", "exact", 1.0, draws, 100, "")
    about = {"group": "g", "case": "c", "lists": 3, "method": "m", "truth": "", "observed": 100}
    found = list_answers.answer_row(about, lambda: (estimate, math.nan, ""))
    assert len(list_answers.draws_of(found)) == list_answers.KEPT
    assert np.quantile(list_answers.draws_of(found), [0.025, 0.5, 0.975]) == pytest.approx(
        np.quantile(draws, [0.025, 0.5, 0.975]), rel=0.02
    )


def test_log_linear_answer_and_refusal_of_calibration():
    patterns = Patterns(("A", "B", "C"), np.eye(3, dtype=bool), np.array([9, 8, 7]))
    case = list_calibration.Case("one", "one:1", 50, patterns)
    (row,) = list_calibration.run([case], ["chao"], None)
    assert row["refused"]
    assert list_calibration.coverage([row])["answered"] == 0
