"""What the page makes of stored sentences and tables: words for names, no digits too many."""

import pytest

from estimation.report.html.builder import rendered
from estimation.report.html.reshaped import by_field, turned, with_intervals
from estimation.report.html.run_folder import RunFolder, Table
from estimation.report.html.stated import Stated, StatedModel
from estimation.report.html.tables import sensitivity_part
from estimation.report.html.wording import field_words, told, with_titles
from estimation.report.html.words import dated, share
from estimation.study.report import _asked_again

STATED = Stated(
    "Valley", (StatedModel("base", "as stated"), StatedModel("late", "Late names")),
    names={"names.coverage.low": "the lowest share", "tails": "Light tails"},
)  # fmt: skip


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ("the 95 % interval 165,528 to 234,585 lies in it",
         "the 95 % interval 166,000 to 235,000 lies in it"),
        ("our 95 % interval is 165,528 to 234,585", "our 95 % interval is 166,000 to 235,000"),
        ("203,236.4 (175,553.2 to 241,912)", "203,000 (176,000 to 242,000)"),
        ("median 22,215", "median 22,200"),
        # what was counted or published is known to its last digit
        ("106,745 names of 2,024; published 164,223 to 237,211; 106,745 / 0.65",
         "106,745 names of 2,024; published 164,223 to 237,211; 106,745 / 0.65"),
        ("above 164,223 where names.coverage is below 0.6477",
         "above 164,223 where coverage is below 0.648"),
        ("from 0.271-0.810 to 0.501-0.690", "from 0.271-0.810 to 0.501-0.690"),
        ("probability 9.43 %, 99.5 %, 0.1%", "probability 9.4 %, 99.5 %, 0.1 %"),
        ("0.5 between 21,000 and 23,500", "50 % between 21,000 and 23,500"),
        # no certainty, and no level or limit that nobody stated
        ("0.9999 between 21,000 and 23,500", "more than 99.9 % between 21,000 and 23,500"),
        ("shares 0.9951 to 0.9999", "shares 0.9951 to 0.9999"),
        ("our 97.5% interval; 93.5 % to 96.5 % of 95 % intervals; a 68.3 % interval",
         "our 97.5 % interval; 93.5 % to 96.5 % of 95 % intervals; a 68.3 % interval"),
        ("R-hat (total) 1.013 above 1.01; E-BFMI (chain 1) 0.2963 below 0.3; k 0.7049",
         "R-hat (total) 1.013 above 1.01; E-BFMI (chain 1) 0.2963 below 0.3; k 0.705"),
        ("4e+04 draws", "40,000 draws"),
        ("deaths_by_sex.csv, St.Petersburg, version 3.12.1, doi 10.1215/00703370-11862998",
         "deaths_by_sex.csv, St.Petersburg, version 3.12.1, doi 10.1215/00703370-11862998"),
        ("the list of 2025-08-15, 2025-01-01..2025-05-04",
         "the list of 15 August 2025, 1 January 2025 to 4 May 2025"),
        ("2025-13-45 is no date", "2025-13-45 is no date"),
        ("Model late: reports are slow", "Of \u201cLate names\u201d: Reports are slow"),
        ("5 % of the posterior of the total lies in it; same assumption, no independent check: x",
         "5 % of the probability lies in it. Same assumption, no independent check: x"),
    ],
)  # fmt: skip
def test_sentences(stored, said):
    assert told(stored, STATED) == said


def test_names_become_what_the_study_calls_them():
    assert field_words("names.coverage.low", STATED) == "the lowest share"
    assert field_words("list.coverage.high", STATED) == "high end of coverage of list"
    assert field_words("losses.step", STATED) == "step of the walk of losses"
    assert with_titles("tails is worse than late, not than later", STATED) == (
        "\u201cLight tails\u201d is worse than \u201cLate names\u201d, not than later"
    )


def test_no_share_is_rounded_to_a_certainty():
    assert [share(one) for one in (0.995, 0.994, 0.9, 0.005)] == ["99.5 %", "99.4 %", "90 %",
                                                                  "0.5 %"]  # fmt: skip


def test_a_day_is_told_once_it_is_one():
    assert (
        dated("x[2024-01-02] 2024-02-30 2024-02-29.")
        == "x[2024-01-02] 2024-02-30 29 February 2024."
    )


def _table(name, head, *rows):
    columns = tuple(head.split(","))
    return Table(name, columns, tuple(dict(zip(columns, row, strict=True)) for row in rows))


def test_an_estimate_stands_in_one_cell_with_its_interval():
    head = "part,median,low,high,deaths_median,deaths_low,deaths_high"
    one = with_intervals(_table("revision", head,
                                ("new", "194352.5", "165528", "234585", "1", "1", "1"),
                                ("chance", "-0.2", "-302.4", "305", "", "", "")))  # fmt: skip
    assert one.columns == ("part", "estimate", "deaths")
    assert [row["estimate"] for row in one.rows] == [
        "194,000 (166,000 to 235,000)",
        "0 (-302 to 305)",
    ]
    assert [row["deaths"] for row in one.rows] == ["1", ""]


def test_a_long_table_is_turned_and_what_says_nothing_is_dropped():
    long = _table("revision", "part,period,names", ("new", "", "3"), ("new", "2024", "3"),
                  ("moved", "", "0"), ("moved", "2024", "0"), ("late", "", "7"))  # fmt: skip
    (one,) = turned(long, ("part",), "period")
    assert one.columns == ("part", "in all", "2024")
    assert [tuple(row.get(name, "") for name in one.columns) for row in one.rows] == [
        ("new", "3", "3"), ("late", "7", ""),
    ]  # fmt: skip
    twice = _table("revision", "part,period,names", ("new", "", "3"), ("new", "", "4"))
    assert turned(twice, ("part",), "period") == [twice]


def test_scenarios_are_told_by_the_ends_of_each_field():
    head = (
        "study,scenario,names.coverage.low,names.precision,estimand,verdict,median,low,high,reason"
    )
    rows = [
        ("s", "0", "", "", "total", "pass", "2174", "1654", "3236", ""),
        ("s", "1", "0.5", "", "total", "pass", "2000", "1670", "2520", ""),
        ("s", "2", "0.3", "", "total", "pass", "2409", "1637", "4537", ""),
        ("s", "3", "", "0.9", "total", "fail", "", "", "", "the fit failed"),
    ]
    one = _table("sensitivity", head, *rows)
    ends, several = by_field(with_intervals(one))
    assert [row["from"] for row in ends.rows] == ["", "0.3"]
    assert several.rows[0]["changed"] == "names.precision = 0.9"
    record = {"settings": {}, "seed": 1, "versions": {}, "files": {}}
    found = RunFolder("sensitivity", record, {"prob": 0.95}, {"sensitivity": one}, {})
    said = rendered(sensitivity_part(found, STATED)).replace("\u00a0", " ")
    for words in ("The lowest share", "30 %", "2,410 (1,640 to 4,540)", "50 %", "the fit failed",
                  "precision = 0.9"):  # fmt: skip
        assert words.lower() in said.lower()


@pytest.mark.parametrize(
    ("command", "settings", "said"),
    [
        ("calibrate", {"engine": "nuts", "simulations": 200, "all": False},
         "undercount calibrate provenance.json --seed 7 --simulations 200 --engine nuts"),
        ("audit_plan", {"engine": "auto", "prob": 0.9, "draws": 500, "accept": "a trial"},
         "undercount audit-plan provenance.json --seed 7 --prob 0.9 --draws 500 "
         "--accept 'a trial'"),
    ],
)  # fmt: skip
def test_a_folder_is_repeated_with_its_own_settings(command, settings, said):
    record = {"seed": 7, "settings": settings | {"command": command}}
    assert _asked_again(RunFolder(command, record, {}, {}, {})) == said
