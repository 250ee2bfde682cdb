"""Text that a spreadsheet would run: guarded in what we write, and as it was once we read it."""

import csv

import pytest

from estimation.explore.runs import details
from estimation.files import guarded, unguarded, write_rows
from estimation.report.html.run_folder import read_run_folder
from estimation.tables.record_file import open_rows
from estimation.tables.source import open_table
from estimation.tables.wide import _quick_csv
from tests.run_folder_by_hand import write_record, write_run_folder

HOSTILE = ("=cmd()", "@SUM(1)", "-2+3", "+1 334", "\t=1", "\r=1", "'=already", "''+x", "- a dash",
           "-1,234")  # fmt: skip

HARMLESS = ("Perm", "", "-5", "+5", "-.5e3", "1e5", "'t Hooft", "a=b", " =x",
            "<script>alert(1)</script>", '"><img onerror=alert(1)>')  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_what_would_run_is_guarded(text):
    assert guarded(text) == f"'{text}"
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("text", HARMLESS)
def test_what_would_not_is_left_alone(text):
    assert guarded(text) == text
    assert unguarded(text) == text


def test_an_apostrophe_before_a_number_is_nobodys_guard():
    assert unguarded("'-5") == "'-5"
    assert unguarded(guarded("'-5")) == "'-5"


def test_numbers_and_nothing_stay():
    assert [guarded(one) for one in (-5, -0.5, None, True)] == [-5, -0.5, None, True]


def _written(path):
    names = [name for name in (*HOSTILE, *HARMLESS) if name and name == name.strip()]
    rows = [{"=region": name, "count": place} for place, name in enumerate(names)]
    write_rows(path, rows)
    return names


def test_no_cell_of_a_file_runs_and_our_readers_see_the_text(tmp_path):
    names = _written(tmp_path / "counts.csv")
    with (tmp_path / "counts.csv").open(newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == ["'=region", "count"]
    assert [row[0] for row in rows[1:]] == list(map(guarded, names))
    for read in (open_table, _quick_csv):
        frame = read(tmp_path / "counts.csv").frame
        assert frame["=region"].tolist() == names
        assert frame["count"].tolist() == [str(place) for place in range(len(names))]
    lists, _, _ = open_rows(tmp_path / "counts.csv", {"name": "=region", "age": "count"}, None)
    assert lists.frame["name"].tolist() == names


def test_a_stored_run_is_read_as_it_was_written(tmp_path):
    folder = write_run_folder(tmp_path / "valley")
    row = dict.fromkeys(("claim", "stated", "verdict", "why", "model", "source"), "=cmd()")
    write_rows(folder / "claims.csv", [row])
    write_rows(folder / "odd.csv", [{"@head": "-2+3", "median": -5.0}])
    write_record(folder)
    found = read_run_folder(folder)
    assert found.tables["claims"].rows == (row,)
    assert found.tables["odd"].rows == ({"@head": "-2+3", "median": "-5.0"},)
    assert details(tmp_path, "valley").claims[0]["claim"] == "=cmd()"
