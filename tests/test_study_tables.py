"""Studies with tables beside them, further models and claims: read, run, and repeated."""

import csv
import datetime
import json
import shutil
from types import SimpleNamespace

import numpy as np
import pytest

from estimation.cli import main
from estimation.errors import UndercountError
from estimation.study import figures
from estimation.study.claims import read_claim
from estimation.study.read import parse_study, read_study
from estimation.study.tables import named_files, with_copies
from estimation.summaries.estimands import Area
from tests.fake_fits import draws_of, fake_losses

COVERAGE = 'coverage = { kind = "uniform", low = 0.4, high = 0.6, reason = "graves" }'
TABLE = 'table = { source = "data/months.csv", period = "month", step = "month" }'
MAIN = f"""
title = "a study"
seed = 7

[losses]
kind = "flat"

[evidence.names]
kind = "count"
count = 1000
as_of = 2025-05-04
{COVERAGE}
"""
MONTHLY = f"""
[models.monthly]
title = "names by month"
accept_maturity = "these months are long past"

[models.monthly.losses]
kind = "walk"

[models.monthly.evidence.names]
kind = "count"
{TABLE}
{COVERAGE}
"""
REGIONS = f"""
[models.regions]
losses = {{ kind = "pooled" }}

[models.regions.evidence.names]
kind = "count"
deviation = 0.3
{COVERAGE}

[models.regions.evidence.names.table]
source = "regions.csv"
stratum = "region"
apart = ["abroad"]
exposure = {{ table = "men.csv", column = "men" }}
"""
COUNTS = (60, 90, 80)


def entry(**parts):
    """Return a claim as a section of a study."""
    said = {"statement": "said", "estimand": "total", "low": 1} | parts
    return "\n[[claim]]\n" + "\n".join(
        f"{key} = {value if isinstance(value, (int, float)) else json.dumps(value)}"
        for key, value in said.items() if value is not None
    )  # fmt: skip


@pytest.fixture
def place(tmp_path):
    """Return a folder with tables."""
    (tmp_path / "data").mkdir()
    rows = [f"2024-0{i + 1},{n},2025-03-01" for i, n in enumerate(COUNTS)]
    (tmp_path / "data" / "months.csv").write_text("month,count,as_of\n" + "\n".join(rows))
    (tmp_path / "regions.csv").write_text("region,count\nA,50\nB,70\nabroad,9\n")
    (tmp_path / "men.csv").write_text("region,men\nA,1000\nB,2000\nC,5\n")
    return tmp_path


def refused(text, place):
    """Return the message of a study that is refused, which is one line."""
    with pytest.raises(UndercountError) as caught:
        parse_study(text, "s.toml", place)
    said = str(caught.value)
    assert said.startswith("s.toml: ")
    assert "\n" not in said
    return said, caught.value.exit_code


def test_tables_beside_the_study_are_read(place):
    study = parse_study(MAIN + MONTHLY + REGIONS, "s.toml", place)
    base, monthly, regions = study.scenarios
    assert [one.further for one in study.scenarios] == [False, True, True]
    assert monthly.accept_maturity == "these months are long past"
    cells = monthly.model.base.cells
    assert cells.counts[:, 0].tolist() == list(COUNTS)
    assert (cells.step, monthly.model.base.as_of) == ("month", datetime.date(2025, 3, 1))
    assert regions.title == "regions"
    assert regions.model.base.cells.exposure.tolist() == [1000, 2000, 1]
    assert base.model.base.names == 1000
    assert {name: path.name for name, path in study.files.items()} == {
        "data/months.csv": "months.csv", "regions.csv": "regions.csv", "men.csv": "men.csv",
    }  # fmt: skip
    assert [one.index() for one in study.scenarios] == [
        {}, {"model": "monthly"}, {"model": "regions"},
    ]  # fmt: skip


def test_the_main_model_may_have_a_table_and_scenarios_another(place):
    losses = MAIN.replace("count = 1000\nas_of = 2025-05-04", TABLE).replace('"flat"', '"walk"')
    other = f'{{ kind = "count", {TABLE.replace("data/months", "more")}, {COVERAGE} }}'
    (place / "more.csv").write_text("month,count\n2024-01,5\n2024-02,6\n")
    text = losses + f'\n[[scenario]]\nname = "more"\nset.names = {other}\n'
    study = parse_study(text, "s.toml", place)
    assert study.model.base.names == sum(COUNTS)
    assert study.scenarios[1].model.base.names == 11
    assert set(study.files) == {"data/months.csv", "more.csv"}


@pytest.mark.parametrize(
    ("old", "new", "words", "code"),
    [
        ("data/months.csv", "data/month.csv", "there is no such file", 3),
        ("data/months.csv", "data/months.xlsx", "ends in .csv or .parquet", 3),
        ("data/months.csv", "named_by_wek", "did you mean 'named_by_week'", 3),
        ('"data/months.csv"', "5", "table.source: must be text", 3),
        ('source = "data/months.csv", ', "", "'source' is missing", 3),
        (', step = "month"', "", "step", 3),
        ('step = "month"', 'step = "moon"', "moon", 3),
        ('step = "month"', 'stepp = "month"', "did you mean 'step'", 3),
        ('"month", step', "3, step", "table.period: must be text, not 3", 3),
        ('step = "month"', 'step = "month", count = 5', "table.count: must be text", 3),
        ('step = "month"', 'step = "month", stratum = 5', "table.stratum: must be text", 3),
        ('step = "month"', 'step = "month", partial = "no"', "must be true or false", 3),
        ('step = "month"', 'step = "month", apart = 5', "must be a list of names", 3),
        ('step = "month"', 'step = "month", since = "2030-01-01"', "no period lies wholly", 3),
        ('step = "month"', 'step = "month", count = "names"', "has no column 'names'", 3),
        ('step = "month"', 'step = "month", exposure = 5', "exposure: must be a table", 3),
        (TABLE, 'table = "data/months.csv"', "must be a table", 3),
        (TABLE, TABLE + "\ncount = 230", "gives a count and a table", 3),
        ('kind = "walk"', 'kind = "pooled"', "do not go with a table of periods", 3),
        ('kind = "walk"', 'kind = "wlak"', "did you mean 'walk'", 3),
        ("[models.monthly]", "[models.monthly]\nfoo = 1", "unknown key 'foo'", 3),
        ('title = "names by month"', "title = 5", "must be text", 3),
        ("models.monthly", "models.base", "'base'", 3),
        ("models.monthly", 'models."a/b"', "it becomes a file name", 3),
        ("[models.monthly.losses]\nkind", "[models.monthly.other]\nkind", "unknown key", 3),
    ],
)
def test_what_is_wrong_with_a_further_model(place, old, new, words, code):
    assert old in MONTHLY
    said, found = refused(MAIN + MONTHLY.replace(old, new), place)
    assert words in said
    assert found == code
    assert "models." in said or "scenario" in said


@pytest.mark.parametrize(
    ("rows", "words", "code"),
    [
        ("2024-01,5\n2024-02,-6", "line 3, column count: '-6' is negative", 3),
        ("2024-01,5\n2024-02,6.5", "line 3, column count: '6.5' is not whole", 3),
        ("2024-01,5\n2024-01,6", "a second time", 3),
        ("2024-01,5\n2024-03,6", "the cell 2024-02-01 is missing", 3),
        ("2024-01,5\n2024-02,", "is empty", 3),
        ("2024-01,5\nMarch,6", "'March' is no period", 3),
        ("2024-01,0\n2024-02,0", "no confirmed death in any cell", 4),
        ("2024-01,5", "has fewer than 2 periods", 3),
    ],
)
def test_what_is_wrong_with_a_table_names_file_and_line(place, rows, words, code):
    (place / "data" / "months.csv").write_text(f"month,count\n{rows}\n")
    said, found = refused(MAIN + MONTHLY, place)
    assert words in said
    assert found == code
    if "line" in words:
        assert "models.monthly.evidence.names.table: months.csv line 3" in said
    assert "models.monthly.evidence.names" in said


def test_more_deaths_than_men_are_refused(place):
    (place / "men.csv").write_text("region,men\nA,1000\nB,69\n")
    said, code = refused(MAIN + REGIONS, place)
    assert "70 confirmed deaths and 69 persons" in said
    assert code == 3


def test_two_tables_of_one_name_are_refused_before_anything_is_fitted(place):
    (place / "months.csv").write_text((place / "data" / "months.csv").read_text())
    second = MONTHLY.replace("models.monthly", "models.again").replace("data/", "")
    said, _ = refused(MAIN + MONTHLY + second, place)
    assert "two tables named months.csv" in said
    same = second.replace('"months.csv"', '"./data/months.csv"')
    assert len(parse_study(MAIN + MONTHLY + same, "s.toml", place).files) == 2  # one file


def test_copies_are_found_by_their_bare_names_and_labels_stay():
    study = {
        "evidence": {"names": {"source": "https://host/list.csv", "table": {
            "source": "a/b.csv", "exposure": {"table": "c/d.parquet", "column": "x"}}}},
        "claim": [{"source": "a/paper.csv"}], "models": {"table": {"title": "x"}},
    }  # fmt: skip
    found = with_copies(study)
    assert found["evidence"]["names"]["table"] == {
        "source": "b.csv", "exposure": {"table": "d.parquet", "column": "x"}
    }  # fmt: skip
    assert found["evidence"]["names"]["source"] == "https://host/list.csv"
    assert found["claim"] == study["claim"]
    assert named_files(study) == ["a/b.csv", "c/d.parquet"]


CLAIMS = (
    entry(value=27, low=None, estimand="per_area", area=4168, period=2024, model="monthly"),
    entry(estimand="ratio", period="2024-03", over_period="2024-01", model="monthly", high=2),
    entry(estimand="rises", low=None, model="monthly", accept_maturity="long past"),
    entry(estimand="largest", stratum="A", among=["A", "B"], low=None, model="regions"),
    entry(estimand="largest_rate", stratum="A", low=None, model="regions", source="a paper"),
    entry(estimand="observed", value=1000, low=None) + "\nas_of = 2025-05-04",
    entry(estimand="per_area", low=None, high=9.5) + "\narea = { low = 5, high = 7.5 }",
)


def test_claims_of_all_sorts_are_read(place):
    claims = parse_study(MAIN + MONTHLY + REGIONS + "".join(CLAIMS), "s.toml", place).claims
    assert [one.model for one in claims] == ["monthly"] * 3 + ["regions"] * 2 + [""] * 2
    assert claims[0].estimand.area == Area(4168, 4168)
    assert claims[0].estimand.period == "2024"
    assert claims[3].estimand.among == ("A", "B")
    assert claims[5].as_of == datetime.date(2025, 5, 4)
    assert claims[6].region() == (-np.inf, 9.5)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"estimand": "totl"}, "claim[1].estimand: no estimand 'totl'; did you mean 'total'"),
        ({"estimand": 5}, "must be text"),
        ({"estimand": None}, "'estimand' is missing"),
        ({"statement": None}, "'statement' is missing"),
        ({"statements": "x"}, "unknown key 'statements'"),
        ({"model": "monthy"}, "claim[1].model: no model 'monthy'; did you mean 'monthly'"),
        ({"model": 5}, "no model 5"),
        ({"value": 3}, "a value and a range"),
        ({"low": None}, "is a number; state a value"),
        ({"low": 3, "high": 2}, "swap them"),
        ({"low": "3"}, "must be a number"),
        ({"period": "soon"}, "'soon' is no period"),
        ({"over_period": "2024"}, "does not use over_period"),
        ({"estimand": "ratio", "period": "2024"}, "compares with nothing"),
        ({"estimand": "rises"}, "is an event; leave value, low and high out"),
        ({"estimand": "rises", "low": None, "value": 1}, "is an event"),
        ({"estimand": "largest", "low": None}, "needs a stratum"),
        ({"estimand": "largest", "low": None, "stratum": 5}, "stratum: must be text"),
        ({"among": "A"}, "must be a list of strata"),
        ({"estimand": "largest", "low": None, "stratum": "A", "among": [1]}, "must be text"),
        ({"estimand": "per_area"}, "needs an area"),
        ({"area": 5}, "does not use area"),
        ({"estimand": "per_area", "area": -5}, "area.low: must be above 0"),
        ({"estimand": "per_area", "area": "wide"}, "must be a number"),
        ({"as_of": "2025-05-04"}, "write 2025-05-04, without quotes"),
        ({"accept_maturity": True}, "must be"),
    ],
)
def test_what_is_wrong_with_a_claim(place, parts, words):
    said, code = refused(MAIN + MONTHLY + entry(**parts).replace("True", "true"), place)
    assert words in said
    assert "claim[1]" in said
    assert code == 3


@pytest.mark.parametrize(
    ("area", "words"),
    [({"low": 5}, "needs low and high"), ({"low": 6, "high": 5}, "swap"),
     ({"low": 1, "high": 2, "mid": 3}, "unknown key 'mid'")],
)  # fmt: skip
def test_areas_are_a_number_or_a_range(area, words):
    section = {"statement": "x", "estimand": "per_area", "low": 1, "area": area}
    with pytest.raises(UndercountError, match=words):
        read_claim(section, "claim[1]", {"": read_study(None).model})


def test_a_claim_takes_a_day_and_not_a_time(place):
    said, _ = refused(MAIN + entry() + "\nas_of = 2025-05-04T00:00:00", place)
    assert "claim[1].as_of: must be a date" in said


def test_a_model_that_does_not_exist_is_told_how_to_add(place):
    said, _ = refused(MAIN + entry(model="monthly"), place)
    assert "add a section [models.NAME]" in said


@pytest.mark.parametrize("section", ["models = 5", "claim = 5", "claim = [5]", "models.a = 5"])
def test_sections_of_the_wrong_sort(place, section):
    assert refused(section + "\n" + MAIN, place)[1] == 3


@pytest.mark.parametrize(
    ("change", "code"),
    [(("kind = \"flat\"", "kind = \"flt\""), 3), (("count = 1000", TABLE), 3), (None, 0)],
)  # fmt: skip
def test_check_gives_the_code_and_one_line(place, capsys, change, code):
    path = place / "s.toml"
    path.write_text((MAIN.replace(*change) if change else MAIN) + MONTHLY)
    assert main(["check", str(path)]) == code
    assert capsys.readouterr().err.count("\n") == (code > 0)


def test_a_run_keeps_its_tables_and_repeats_from_them(place, capsys, monkeypatch):
    """The one real run: three months, and claims of which one cannot be evaluated."""
    path, out, again = place / "s.toml", place / "out", place / "again"
    nowhere = entry(estimand="total", period="2031", model="monthly")
    path.write_text(MAIN + MONTHLY + "".join(CLAIMS[:3]) + nowhere)
    assert main(["run", str(path), "--out", str(out)]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert "names by month" in printed.out
    assert (out / "tables" / "months.csv").read_text() == (
        place / "data" / "months.csv"
    ).read_text()
    with (out / "claims.csv").open() as file:
        verdicts = [row["verdict"] for row in csv.DictReader(file)]
    assert len(verdicts) == 4
    assert verdicts[3] == "cannot-tell"
    with (out / "summary.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["model"] == "monthly"]
    by_step = {step: sum(float(row["mean"]) for row in rows
                         if row["name"] == "total" and row["step"] == step and row["period"])
               for step in ("", "year")}  # fmt: skip
    assert by_step[""] == pytest.approx(by_step["year"])
    assert "tables/months.csv" in json.loads((out / "provenance.json").read_text())["files"]
    assert (out / "figures" / "monthly-rises.svg").is_file()
    monkeypatch.setattr("estimation.study.figures.missing_plotting", lambda: "not drawn")
    # the study and its tables are gone; the folder of the run is enough
    shutil.rmtree(place / "data")
    path.unlink()
    assert read_study(out / "provenance.json").scenarios[1].model.base.names == sum(COUNTS)
    assert main(["run", str(out / "provenance.json"), "--out", str(again), "--refit=never"]) == 0
    assert "the same as in the recorded run" in capsys.readouterr().out
    for name in ("summary.csv", "claims.csv", "tables/months.csv"):
        assert (again / name).read_bytes() == (out / name).read_bytes()


def test_a_run_without_its_tables_is_told(place, capsys):
    text = MAIN + MONTHLY
    record = {"study": {"name": "s.toml", "text": text}, "settings": {}, "seed": 1, "files": {}}
    (place / "provenance.json").write_text(json.dumps(record))
    assert main(["run", str(place / "provenance.json"), "--out", str(place / "out")]) == 3
    err = capsys.readouterr().err
    assert "tables/months.csv: there is no such file" in err
    assert err.count("\n") == 1


def test_weeks_of_one_month_draw_no_rises(place, monkeypatch):
    """A reason to compare months does not make two of them."""
    drawn = []
    for name in ("draw_periods", "draw_coverage", "draw_rises"):
        monkeypatch.setattr(figures, name, lambda *_, name=name, **__: drawn.append(name))
    further = SimpleNamespace(name="a", title="a", further=True, accept_maturity="long past")
    for size in (3, 9):
        losses = fake_losses(draws_of(*[9] * size), first="2024-01-08", step="week")
        one = SimpleNamespace(losses=losses, scenario=further)
        outcome = SimpleNamespace(prob=0.9, study=SimpleNamespace(title="t"))
        list(figures._draw_model(one, outcome, place, "a-"))
    assert drawn.count("draw_periods") == 2
    assert drawn.count("draw_rises") == 1
