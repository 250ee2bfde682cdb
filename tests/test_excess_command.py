"""`undercount excess`: words, JSON, files, the figure, exit codes."""

import csv
import html
import json
import re
from importlib import resources

import jsonschema
import numpy as np
import pandas as pd
import pytest

from estimation.cli import main
from estimation.excess import excess
from estimation.report.excess import draw_excess
from models.mortality import Mortality

SHIPPED = ("excess", "deaths_by_age_sex")
HIV = ("--remove", "hiv_deaths_by_age_sex")
SCOPE = ("--ages", "15-34", "--base", "2001", "2005", "--first-year", "2006", "--draws", "2000")


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(3)
    rows = [
        (year, age, sex, int(rng.poisson(mean * (2.5 if sex == "m" else 1))))
        for year in range(2001, 2008) for age, mean in (("15-24", 4000), ("25-34", 9000))
        for sex in "mf"
    ]  # fmt: skip
    path = tmp_path / "deaths.csv"
    pd.DataFrame(rows, columns=["year", "age", "sex", "deaths"]).to_csv(path, index=False)
    return str(path)


def _run(capsys, *words):
    try:
        code = main(words)
    except SystemExit as stopped:
        code = stopped.code
    return code, *capsys.readouterr()


def _schema():
    return json.loads((resources.files("estimation") / "output.schema.json").read_text())


def test_the_published_numbers_in_words(capsys):
    code, out, err = _run(capsys, *SHIPPED)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "deaths_by_age_sex, ages 15-49 (line through the ratio, base 2015-2019)"
    assert lines[1].startswith("About 64,100 more deaths than expected in 2022-2023 (95 % interval")
    years = {line.split()[0]: line.split()[1:] for line in lines if re.match(r"(20\d\d|tog)", line)}
    assert years["2022"][2:4] == ["23,594", "1,568"]
    assert years["2023"][2:4] == ["40,542", "1,738"]
    assert years["together"][2] == "64,136"
    assert "35-39  6,047    796  10,691    861" in out
    for words in (
        "Notes", "Assumptions", "Only registered deaths", "too low or too high",
        "Rows of 15-17 (2023) are left out", "Checks of the fit (classical): pass.",
    ):  # fmt: skip
        assert words in out
    short = _run(capsys, *SHIPPED, *HIV, "--quiet")[1]
    assert "20,618" in short
    assert "37,864" in short
    assert "Notes" not in short
    assert "35-39" not in short


def test_both_methods_as_json(capsys, table):
    words = ("excess", table, *SCOPE, "--json", "--prob", "0.9")
    code, out, err = _run(capsys, *words, "--method", "both")
    assert (code, err) == (0, "")
    found = json.loads(out)
    jsonschema.validate(found, _schema())
    rows = found["estimates"]
    assert [row["method"] for row in rows] == ["line"] * 7 + ["model"] * 7
    assert {row["name"] for row in rows} == {"excess"}
    assert [row["index"] for row in rows[:4]] == [
        {}, {"year": "2006"}, {"year": "2007"}, {"year": "2006", "age": "15-24"},
    ]  # fmt: skip
    assert all(row["low"] == pytest.approx(row["quantiles"]["0.05"]) for row in rows)
    assert len(set(found["notes"])) == len(found["notes"])
    told = [one["statement"] for one in found["assumptions"]]
    assert len(set(told)) == len(told) >= 3
    model = json.loads(_run(capsys, *words, "--method", "model", "--seed", "1")[1])
    jsonschema.validate(model, _schema())
    assert (found["engine"], model["engine"]) == ("classical", "exact")
    assert model["estimates"] == rows[7:]
    other = json.loads(_run(capsys, *words, "--method", "model", "--seed", "2")[1])
    assert other["estimates"] != rows[7:]


def test_the_folder(capsys, table, tmp_path):
    out = tmp_path / "out"
    words = ("excess", table, *SCOPE, "--method", "both", "--out", str(out))
    code, said, _ = _run(capsys, *words)
    assert code == 0
    assert said.endswith(f"Written to {out}: excess.csv, excess.json, excess.png and .svg\n")
    assert {path.name for path in out.iterdir()} == {
        "excess.csv", "excess.json", "excess.png", "excess.svg", "provenance.json",
    }  # fmt: skip
    with (out / "excess.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["year"] for row in rows[:3]] == ["", "2006", "2007"]
    assert (len(rows), rows[3]["age"]) == (14, "15-24")
    written = json.loads((out / "excess.json").read_text())
    jsonschema.validate(written, _schema())
    provenance = json.loads((out / "provenance.json").read_text())
    assert provenance["settings"]["base"] == [2001, 2005]
    assert set(provenance["files"]) == {"excess.csv", "excess.json", "excess.png", "excess.svg"}
    assert _words(out / "excess.svg") >= {
        "deaths.csv: ratio of deaths, m over f", "ages 15-24", "ages 25-34", "ratio of deaths",
        "line", "model", "95 % interval", "before the war", "war",
    }  # fmt: skip
    assert _run(capsys, *words)[0] == 0  # its own folder is replaced
    (out / "provenance.json").write_text('{"settings": {"command": "nowcast"}}')
    code, _, err = _run(capsys, *words)
    assert (code, "holds what 'nowcast' has written" in err) == (3, True)


def _words(path):
    return {html.unescape(one) for one in re.findall(r"<!-- (.*?) -->", path.read_text("utf-8"))}


def test_figures_of_one_age_without_deaths_in_the_war_and_of_a_line_that_falls_below_zero(tmp_path):
    affected = np.array([[900, 700, 480, 300, 100, 50, 0]]).T
    of = Mortality(
        tuple(range(2001, 2008)), ("15+",), affected, np.full((7, 1), 1000), 2007, (2001, 2005)
    )
    draw_excess([excess(of)], "Deaths", tmp_path / "one")
    assert {"Deaths", "ages 15+", "line"} <= _words(tmp_path / "one.svg")
    first = (tmp_path / "one.png").read_bytes()
    draw_excess([excess(of)], "Deaths", tmp_path / "one")
    assert (tmp_path / "one.png").read_bytes() == first


def test_one_year_of_war_and_fewer_deaths_than_expected(capsys, tmp_path, table):
    frame = pd.read_csv(table)
    frame.loc[(frame["year"] == 2006) & (frame["sex"] == "m"), "deaths"] //= 2
    path = tmp_path / "fewer.csv"
    frame[frame["year"] < 2007].rename(columns={"deaths": "n"}).to_csv(path, index=False)
    words = ("excess", str(path), *SCOPE, "--pandemic", "--deaths", "n")
    out = _run(capsys, *words)[1]
    assert re.search(r"About 1\d,\d00 fewer deaths than expected in 2006 \(", out)
    assert "together" not in out


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--method", "spline"), 2, "--method: invalid choice"),
        (("--ages", "young"), 2, "--ages: 'young' is no range of ages"),
        (("--ages", "49-15"), 2, "--ages: '49-15' is no range of ages"),
        (("--base", "15", "19"), 2, "--base: '15' is no year"),
        (("--base", "2001", "2002"), 2, "base: 2001-2002 is less than 3 years"),
        (("--base", "1999", "2003"), 2, "base: deaths.csv has no row of 1999"),
        (("--first-year", "2030"), 2, "first_year: 2030 is after the last year, 2007"),
        (("--pandemic", "2004"), 2, "pandemic: 2004 is in the base"),
        (("--ages", "15-30"), 3, "deaths.csv: its age groups do not fill 15-30"),
        (("--affected", "male"), 3, "no row has sex = 'male'"),
        (("--deaths", "killed"), 3, "has no column 'killed'"),
        (("--remove", "hiv_deaths"), 3, "no dataset 'hiv_deaths'"),
        (("--remove", "nowhere.csv"), 3, "nowhere.csv: there is no such file"),
    ],
)
def test_what_is_wrong_is_told_on_one_line(capsys, table, words, code, says):
    found, out, err = _run(capsys, "excess", table, *SCOPE, *words)
    assert (found, out) == (code, "")
    assert err.count("\n") == 1
    assert says in err


def test_what_the_model_cannot_estimate_is_refused(capsys, tmp_path, table):
    frame = pd.read_csv(table)
    frame.loc[0, "deaths"] = 0
    frame.to_csv(tmp_path / "none.csv", index=False)
    words = ("excess", str(tmp_path / "none.csv"), *SCOPE)
    assert _run(capsys, *words)[0] == 0
    code, _, err = _run(capsys, *words, "--method", "model")
    assert (code, "affected[2001, 15-24]: no death of the affected sex" in err) == (4, True)


def test_too_few_draws_are_refused_unless_they_are_accepted(capsys, table):
    words = ("excess", table, *SCOPE, "--method", "model", "--draws", "200")
    code, out, err = _run(capsys, *words)
    assert (code, out, "independent draws 200 below 400" in err) == (4, "", True)
    out = _run(capsys, *words, "--accept", "a first look")[1]
    assert "Accepted although checks failed: a first look" in out
