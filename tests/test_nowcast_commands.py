"""`undercount nowcast` and `undercount replay`: words, JSON, files, exit codes; without fits."""

import csv
import json
from importlib import resources

import jsonschema
import pytest

from estimation.cli import main
from tests.fake_nowcasts import FakeFits, write_table

QUICK = ("--method", "chain-ladder")
PAST = ("--from", "2024-01-21", "--to", "2024-02-02", "--every", "4", "--max-delay", "3")


@pytest.fixture
def table(tmp_path):
    return str(write_table(tmp_path))


@pytest.fixture(autouse=True)
def fits(monkeypatch):
    return FakeFits(monkeypatch)


def _run(capsys, *words):
    try:
        code = main(words)
    except SystemExit as stopped:
        code = stopped.code
    return code, *capsys.readouterr()


def _rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# -- nowcast --------------------------------------------------------------------------------------


def test_a_nowcast_in_words(capsys, table):
    code, out, err = _run(capsys, "nowcast", table, "--max-delay", "3", "--window", "10")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "list.csv, as known on 2024-02-19 (model of late reports)"
    assert lines[1].startswith("980 names known; about 1,000 will ever be (95 % interval ")
    assert any(line.startswith("2024-02-19 ") for line in lines)
    assert any(line.startswith("these 4 together ") for line in lines)
    for words in ("Notes", "Assumptions", "too low or too high", "Checks of the fit (nuts): "):
        assert words in out
    short = _run(capsys, "nowcast", table, "--max-delay", "3", "--quiet")[1]
    assert "Notes" not in short
    assert "these 4 together" in short


def test_a_nowcast_as_json(capsys, table):
    words = ("nowcast", table, "--as-of", "2024-02-10", "--json", "--prob", "0.9")
    code, out, err = _run(capsys, *words, "--method", "both", "--max-delay", "3")
    assert (code, err) == (0, "")
    found = json.loads(out)
    schema = json.loads((resources.files("estimation") / "output.schema.json").read_text())
    jsonschema.validate(found, schema)
    first = found["estimates"][0]
    assert (first["name"], first["index"], found["engine"]) == ("eventual", {}, "nuts")
    assert first["low"] == first["quantiles"]["0.05"]
    methods = {row["method"] for row in found["estimates"]}
    assert methods == {"", "over_dispersed_poisson"}
    last = [row for row in found["estimates"] if row["index"].get("period") == "2024-02-10"]
    assert [row["name"] for row in last] == ["eventual", "known", "reported_by_now", "eventual"]
    quick = json.loads(_run(capsys, *words, *QUICK)[1])
    jsonschema.validate(quick, schema)
    assert quick["engine"] == "classical"
    (alike,) = quick["assumptions"]  # of the chain ladder, which are among those of both
    assert alike in found["assumptions"]
    assert alike["statement"].startswith("delays of the last periods")


def test_the_folder_of_a_nowcast(capsys, table, tmp_path):
    out = tmp_path / "out"
    words = ("nowcast", table, *QUICK, "--max-delay", "3", "--out", str(out))
    assert _run(capsys, *words)[0] == 0
    assert {path.name for path in out.iterdir()} == {
        "nowcast.csv", "nowcast.json", "nowcast.png", "nowcast.svg", "provenance.json",
    }  # fmt: skip
    rows = _rows(out / "nowcast.csv")
    assert (rows[0]["name"], rows[0]["median"], rows[0]["period"]) == ("eventual", "1000.0", "")
    assert {"known", "eventual"} == {row["name"] for row in rows}
    assert _run(capsys, *words)[0] == 0  # its own folder is replaced
    code, _, err = _run(capsys, "replay", table, *PAST, *QUICK, "--out", str(out))
    assert (code, "holds what 'nowcast' has written" in err) == (3, True)


def test_columns_by_other_names(capsys, tmp_path, table):
    text = (tmp_path / "list.csv").read_text().replace("event_period,report_period,count", "e,r,n")
    (tmp_path / "other.csv").write_text(text)
    words = ("--event", "e", "--report", "r", "--count", "n", "--step", "day", *QUICK, "--quiet")
    found = _run(capsys, "nowcast", str(tmp_path / "other.csv"), *words)
    expected = _run(capsys, "nowcast", table, *QUICK, "--quiet")
    assert found[1].splitlines()[1:] == expected[1].splitlines()[1:]
    placed = write_table(tmp_path, strata=("east", "west"), name="placed.csv")
    chosen = _run(capsys, "nowcast", str(placed), "--select", "place=east", *QUICK, "--quiet")
    assert chosen[1].splitlines()[1:] == expected[1].splitlines()[1:]


def test_snapshots(capsys, tmp_path):
    lines = ["period,as_of,count"]
    for seen in range(20):
        for t in range(seen + 1):
            known = (8, 14, 18, 20)[min(seen - t, 3)]
            lines.append(f"2024-01-{t + 1:02},2024-01-{seen + 1:02},{known}")
    path = tmp_path / "totals.csv"
    path.write_text("\n".join(lines) + "\n")
    code, out, _ = _run(capsys, "nowcast", str(path), "--snapshots", *QUICK)
    assert code == 0
    assert "380 names known; about 400 will ever be (95 % interval " in out
    code, _, err = _run(capsys, "nowcast", str(path), "--snapshots", "--delay", "x")
    assert (code, "--delay: does not go with --snapshots" in err) == (2, True)


def test_a_shipped_table_by_its_name(capsys):
    words = ("nowcast", "sweden_covid_deaths", "--as-of", "2020-06-02", *QUICK)
    code, out, _ = _run(capsys, *words, "--max-delay", "35", "--window", "56")
    assert code == 0
    assert out.startswith("Deaths with COVID-19 in Sweden by day of death")
    assert "taken off earlier reports" in out


# -- replay ---------------------------------------------------------------------------------------


def test_a_replay_in_words(capsys, table):
    code, out, err = _run(capsys, "replay", table, *PAST, "--window", "15")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "list.csv: the last 4 days at 4 dates, 2024-01-21 to 2024-02-02"
    starts = [line.split("  ")[0] for line in lines]
    assert {"model", "chain ladder", "as reported"} <= set(starts)
    assert "- The weighted interval score of the model" in out
    assert "standard errors from blocks of 2 dates" in out


def test_a_replay_as_json_and_its_folder(capsys, table, tmp_path):
    out = tmp_path / "out"
    code, said, _ = _run(capsys, "replay", table, *PAST, "--json", "--out", str(out))
    assert code == 0
    found = json.loads(said)
    schema = json.loads((resources.files("estimation") / "output.schema.json").read_text())
    jsonschema.validate(found, schema)
    assert [row["method"] for row in found["scores"]] == ["model", "chain ladder", "as reported"]
    assert len(found["replay"]) == 4 * 4 * 3
    assert json.loads((out / "scores.json").read_text())["assumptions"] == found["assumptions"]
    assert len(found["assumptions"]) >= 3
    assert found["diagnostics"]["verdict"] in ("pass", "fail")
    assert {path.name for path in out.iterdir()} == {
        "replay.csv", "scores.csv", "scores.json", "fans.png", "fans.svg", "coverage.png",
        "coverage.svg", "pit.csv", "pit.png", "pit.svg", "provenance.json",
    }  # fmt: skip
    rows = _rows(out / "replay.csv")
    assert {"as_of", "period", "method", "known", "final", "q0.01", "q0.99", "wis"} <= set(rows[0])
    assert len(rows) == 48
    assert len(_rows(out / "scores.csv")) == 3


def test_a_replay_that_is_partly_done(capsys, table):
    words = ("--from", "2024-01-01", "--to", "2024-01-21", "--every", "10", "--max-delay", "3")
    code, out, err = _run(capsys, "replay", table, *words)
    assert code == 6
    assert "at 2 dates" in out
    assert err.startswith("undercount replay: 2024-01-01 failed: list.csv, periods: one period")


# -- what is wrong --------------------------------------------------------------------------------

HEAD = "event_period,report_period,count\n"
EARLY = HEAD + "2024-01-01,2024-01-01,5\n2024-01-03,2024-01-02,4\n"
TWICE = HEAD + "2024-01-01,2024-01-01,5\n2024-01-01,2024-01-01,7\n2024-01-02,2024-01-03,4\n"
ZERO = HEAD + "2024-01-01,2024-01-02,0\n2024-01-02,2024-01-03,0\n"
ONE = HEAD + "2024-01-01,2024-01-01,5\n2024-01-01,2024-01-02,2\n"
ZONE = HEAD + "2024-01-01T00:00+02:00,2024-01-01,5\n"


@pytest.mark.parametrize(("text", "words", "expected", "said"), [
    (EARLY, (), 3, "list.csv line 3, column report_period: 2024-01-02 is before the period"),
    (TWICE, (), 3, "list.csv line 3: gives the cell 2024-01-01, reported 2024-01-01 a second time"),
    (ZERO, (), 4, "no name in any period"),
    (ONE, (), 4, "one period alone"),
    (ZONE, (), 3, "has a time of day or a time zone"),
    (ONE, ("--as-of", "2023-12-31"), 3, "before the first report"),
    (ONE, ("--as-of", "2024-12-31"), 3, "after the end"),
    (ONE, ("--as-of", "2024-01-01T00:00+02:00"), 2, "without time or zone"),
    (ONE, ("--select", "nothing"), 2, "write COLUMN=VALUE"),
    (ONE, ("--max-delay", "0"), 2, "1 to 100,000 periods"),
    (ONE, ("--window", "1"), 2, "2 to 100,000 periods"),
    (ONE, ("--drift", "0"), 2, "a scale is above 0"),
])  # fmt: skip
def test_bad_input_of_a_nowcast(capsys, tmp_path, text, words, expected, said):
    (tmp_path / "list.csv").write_text(text)
    code, out, err = _run(capsys, "nowcast", str(tmp_path / "list.csv"), *words)
    assert (code, out, err.count("\n")) == (expected, "", 1)
    assert said in err


@pytest.mark.parametrize(("begin", "end", "words", "expected", "said"), [
    ("2024-02-01", "2024-01-20", (), 2, "--from: 2024-02-01 is after --to, 2024-01-20"),
    ("2024-01-20", "2024-02-01", ("--every", "0"), 2, "1 to 100,000 periods, not 0"),
    ("2023-01-20", "2024-02-01", (), 3, "before the first report"),
    ("2024-01-20", "2025-02-01", (), 3, "after the end of list.csv"),
    ("2024-02-19", "2024-02-19", ("--last", "2"), 4, "no date has a period whose final count"),
    ("2024-01-20", "2024-02-01", ("--dating", "obituary"), 4, "those of the obituary"),
    ("2024-01-20", "2024-02-01", ("--executor", "magic"), 2, "no executor 'magic'"),
])  # fmt: skip
def test_bad_input_of_a_replay(capsys, table, begin, end, words, expected, said):
    plain = ("--every", "3", "--max-delay", "3", *QUICK)
    found = _run(capsys, "replay", table, "--from", begin, "--to", end, *plain, *words)
    code, out, err = found
    assert (code, out, err.count("\n")) == (expected, "", 1)
    assert said in err
