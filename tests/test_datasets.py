"""The shipped tables: what they hold, their description, the command that lists them."""

import json
import re
import subprocess
import sys

import pandas as pd
import pytest

from estimation.cli import main
from estimation.datasets.load import (
    dataset_names,
    dataset_path,
    describe_dataset,
    describe_datasets,
    load_dataset,
)
from estimation.errors import DataError
from estimation.tables.snapshots import read_snapshots
from models.cells import DATINGS, STEPS

NAMES = dataset_names()


@pytest.mark.parametrize("name", NAMES)
def test_tables_are_as_described(name):
    described, table = describe_dataset(name), load_dataset(name)
    assert list(table.columns) == list(described.columns)
    assert len(table) == described.rows > 0
    assert described.title
    assert described.source
    assert described.license
    assert described.caveats
    for key in ("count", "period", "stratum", "event"):
        assert getattr(described, key) in (None, *table.columns)
    dated = described.period is not None or described.event is not None
    assert (described.step in STEPS) == dated
    # tables of reports may count cases, whose dates are none of these
    assert described.event or (described.dating in DATINGS) == (described.period is not None)
    assert described.published in (None, "all", *NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_the_sources_page_says_what_the_description_says(name):
    page = (dataset_path(name).parent / "SOURCES.md").read_text(encoding="utf-8")
    section = re.search(rf"^## {name}\n(.*?)(?=^## |\Z)", page, re.DOTALL | re.MULTILINE)
    assert section is not None
    described = describe_dataset(name)
    listed = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", section[1], re.MULTILINE))
    assert listed == dict(described.columns)
    for said in (described.title, described.as_of, described.source, described.license):
        assert said in section[1]
    for caveat in described.caveats:
        assert f"- {caveat}\n" in section[1] + "\n"
    assert f"`{dataset_path(name).name}`, {described.rows:,} rows" in section[1]


def test_no_file_lacks_a_description():
    folder = dataset_path("named_total").parent
    assert {path.name.split(".")[0] for path in folder.rglob("*.csv*")} == set(NAMES)
    assert tuple(one.name for one in describe_datasets()) == NAMES
    for part in ("", "lists"):
        page = (folder / part / "SOURCES.md").read_text(encoding="utf-8")
        there = {one.name for one in describe_datasets() if one.part == part}
        assert set(re.findall(r"^## (\w+)", page, re.MULTILINE)) == there


def test_published_sums():
    weeks = load_dataset("named_by_week")
    assert weeks["named_2025_08"].sum() == 121_188
    assert weeks["named_dated_to_2024_end"].sum() == 95_926
    assert weeks["named_dated_to_2023_end"].sum() == 42_195
    assert weeks["named_dated_to_2022_end"].sum() == 12_500
    regions = load_dataset("named_by_region")
    complete = regions[regions["snapshot"] == "complete"].groupby("as_of")["named"].sum()
    assert complete["2023-12-14"] == 39_424
    assert complete["2023-12-27"] == 40_599
    assert complete["2024-01-15"] == 42_284
    assert load_dataset("named_by_day_partial")["named"].sum() == 102_104


def test_snapshots_by_month_are_derived_from_weeks():
    weeks, months = load_dataset("named_by_week"), load_dataset("named_by_month_snapshots")
    left_out = 0
    for year in (2022, 2023, 2024):
        column = weeks[f"named_dated_to_{year}_end"].groupby(weeks["week_start"].str[:7]).sum()
        inside = column[column.index <= f"{year}-12"]
        found = months[months["as_of"] == f"{year}-12-31"]
        assert (found["period"].str[:7] == inside.index).all()
        assert found["count"].tolist() == inside.tolist()
        left_out += column.sum() - inside.sum()
    assert left_out == 108
    rows = read_snapshots("named_by_month_snapshots", step="month", first="keep")
    reports = rows.reports()
    assert (reports.periods[0].isoformat(), reports.as_of.isoformat()) == (
        "2022-02-01", "2024-12-01",
    )  # fmt: skip
    assert reports.published.nonzero()[0].tolist() == [10, 22, 34]
    assert not reports.masked.any()
    assert (reports.dating, reports.total) == ("obituary", 95_880)


def test_categories_sum_to_the_totals():
    categories = load_dataset("named_by_category").groupby("as_of")["named"].sum()
    totals = load_dataset("named_total").set_index("as_of")["named"]
    assert len(categories) == 5
    assert (categories == totals[categories.index]).all()


def test_the_year_rows_agree_with_the_weeks():
    weeks = load_dataset("named_by_week")
    years = weeks.groupby(weeks["week_start"].str[:4])["named_2025_08"].sum()
    periods = load_dataset("named_by_period")
    periods = periods[periods["as_of"] == "2025-08-15"].set_index("death_period")["named"]
    assert periods.to_dict() == years.to_dict()


def test_the_code_na_is_a_word():
    regions = load_dataset("named_by_region")
    assert (regions.loc[regions["region"] == "unknown", "region_code"] == "NA").all()
    assert pd.isna(load_dataset("coverage_evidence")["coverage_low"]).sum() == 1


def test_regions_with_names_are_regions_with_men():
    regions, men = load_dataset("named_by_region"), load_dataset("men_by_region")
    pairs = set(regions[["region_code", "region"]].itertuples(index=False, name=None))
    there = set(men[["region_code", "region"]].itertuples(index=False, name=None))
    assert pairs - there == {("FOR", "foreign"), ("NA", "unknown")}
    assert set(load_dataset("regional_rates")["region"]) <= set(men["region"])


def test_an_unknown_name_is_told_with_the_nearest():
    for call in (load_dataset, dataset_path, describe_dataset):
        with pytest.raises(DataError, match=r"no dataset 'named_by_weeks' .*'named_by_week'\?"):
            call("named_by_weeks")


# -- the command --------------------------------------------------------------------------------


def _printed(capsys, *words):
    assert main(["datasets", *words]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    return out


def test_the_list(capsys):
    lines = _printed(capsys).splitlines()
    heads = [place for place, line in enumerate(lines) if line.startswith("name ")]
    assert lines[heads[1] - 2 : heads[1]] == ["", "overlapping lists, and captures by their number"]
    del lines[heads[1] - 2 : heads[1] + 1]
    assert [line.split()[0] for line in lines[1:]] == list(NAMES)
    (kosovo,) = [line for line in lines if line.startswith("kosovo_1999 ")]
    assert kosovo.split()[1:4] == ["15", "4", "10,401"]
    assert _printed(capsys, "--quiet").split() == list(NAMES)


def test_the_list_as_json(capsys):
    found = json.loads(_printed(capsys, "--json"))
    assert [one["name"] for one in found["datasets"]] == list(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_description(name, capsys):
    out = _printed(capsys, name)
    described = describe_dataset(name)
    for said in (described.title, described.source, described.license, *described.caveats):
        assert said in out
    for column, what in described.columns.items():
        assert re.search(rf"^  {column} +{re.escape(what)}$", out, re.MULTILINE)
    assert str(dataset_path(name)) in out
    assert _printed(capsys, name, "--quiet") == f"{dataset_path(name)}\n"


@pytest.mark.parametrize("name", NAMES)
def test_a_description_as_json(name, capsys):
    found = json.loads(_printed(capsys, name, "--json"))
    assert found["dataset"]["name"] == name
    assert len(found["data"]) == found["dataset"]["rows"]
    assert list(found["data"][0]) == list(found["dataset"]["columns"])


def test_json_has_words_for_na_and_null_for_nothing(capsys):
    rows = json.loads(_printed(capsys, "named_by_region", "--json"))["data"]
    assert sum(row["region_code"] == "NA" for row in rows) == 4
    rows = json.loads(_printed(capsys, "coverage_evidence", "--json"))["data"]
    assert [row["coverage_low"] for row in rows][:3] == [0.4, 0.4, None]


def test_an_unknown_name_ends_with_3_on_one_line(capsys):
    assert main(["datasets", "named_by_yeer", "--json"]) == 3
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert "no dataset 'named_by_yeer'" in err


def test_neither_the_command_nor_reading_loads_what_samples():
    code = (
        "import sys; from estimation.cli import main;"
        "main(['datasets', 'named_by_week', '--json']);"
        "from estimation.tables.read import read_cells; read_cells('named_by_week');"
        "assert not {'pymc', 'arviz', 'pytensor', 'numba'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
