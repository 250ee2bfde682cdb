"""Reading tables of reports: what is wrong is told in one line with its row."""

import datetime
from pathlib import Path

import pandas as pd
import pytest

from estimation.errors import DataError, NotEstimableError
from estimation.tables.reports import read_reports
from estimation.tables.snapshots import read_snapshots

HEAD = "event_period,report_period,count\n"
GOOD = HEAD + "2024-01-01,2024-01-01,5\n2024-01-01,2024-01-02,2\n2024-01-02,2024-01-03,4\n"
LINE = "list.csv line 5"
REPORT = LINE + ", column report_period: "
COUNT = LINE + ", column count: "


@pytest.fixture
def table(tmp_path: Path):
    """Return a function that writes a CSV and returns its path."""

    def write(text: str, name: str = "list.csv") -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return write


def _message(read, source, kind=DataError, **options):
    with pytest.raises(kind) as caught:
        read(source, **options)
    said = str(caught.value)
    assert "\n" not in said
    return said


def test_a_table_becomes_a_triangle(table):
    rows = read_reports(table(GOOD))
    found = rows.reports()
    assert found.counts[:, :, 0].tolist() == [[5, 2], [0, 4]]
    assert (rows.begin, rows.as_of) == (datetime.date(2024, 1, 1), datetime.date(2024, 1, 3))
    assert (rows.step, rows.strata, rows.name, rows.total) == ("day", (), "list.csv", 11)
    assert "The step is taken from the dates as a day" in rows.notes[0]
    assert "No row has a period of death after 2024-01-02" in rows.notes[1]
    assert read_reports(table(GOOD), last_event="report").reports().shape == (3, 2, 1)
    assert read_reports(table(GOOD), step="day").notes == rows.notes[1:]


BAD = {
    "early": ("2024-01-03,2024-01-02,1\n", {}, REPORT + "2024-01-02 is before the period of death"),
    "twice": ("2024-01-01,2024-01-01,7\n", {}, LINE + ": gives the cell 2024-01-01, reported 2024",
              "(line 2 gives it too)", "counted twice"),
    "same twice": ("2024-01-01,2024-01-01,5\n", {}, LINE + ": gives the cell"),
    "zone": ("2024-01-03,2024-01-03T00:00+02:00,1\n", {}, REPORT + "'2024-01-03T00:00+02:00' has a",
             "time zone", "dates only"),
    "clock": ("2024-01-03 10:00,2024-01-03,1\n", {}, "column event_period: '2024-01-03 10:00' has"),
    "fraction": ("2024-01-03,2024-01-03,1.5\n", {}, COUNT + "'1.5' is not whole"),
    "less": ("2024-01-03,2024-01-03,-1.5\n", {}, COUNT + "'-1.5' is not whole"),
    "word": ("2024-01-03,2024-01-03,many\n", {}, COUNT + "'many' is no count"),
    "nan": ("2024-01-03,2024-01-03,NaN\n", {}, COUNT + "'NaN' is not a number"),
    "marked": ('2024-01-03,2024-01-03,"1,000"\n', {}, COUNT + "'1,000' has marks"),
    "large": ("2024-01-03,2024-01-03,-9999999999999\n", {}, COUNT, "is too large"),
    "empty": ("2024-01-03,2024-01-03,\n", {}, COUNT + "is empty"),
    "negative": ("2024-01-02,2024-01-04,-1\n", {}, COUNT + "-1 is negative: names were withdrawn",
                 'negative = "earlier"'),
    "no report": ("2024-01-03,,1\n", {}, REPORT + "has no date of report"),
    "weeks": ("", {"step": "week"}, "column event_period: '2024-01-02' is a Tuesday"),
    "months": ("", {"step": "month"}, "is not the first day of a month"),
    "no step": ("", {"step": "hour"}, "step: no step 'hour'"),
    "mistyped": ("2024-01-03,9024-01-03,1\n", {"published": "all"}, "a year is mistyped"),
    "unpublished": ("", {"published": ["2024-01-01", datetime.date(2024, 1, 3)]},
                    "list.csv line 3: reports names on 2024-01-02, which is no date of"),
    "no dates": ("", {"published": []}, "published: holds no date"),
    "published": ("", {"published": 7}, "published: cannot be 7"),
    "words": ("", {"negative": "late"}, "negative: no negative 'late'"),
    "first": ("", {"first": "drop"}, "first: no first 'drop'"),
    "dating": ("", {"dating": "birth"}, "dating: no dating 'birth'"),
    "event": ("", {"event": "day"}, "list.csv: has no column 'day'"),
    "count": ("", {"count": "casualties"}, "never be mixed"),
    "last": ("", {"last_event": "2023-12-31"}, "last_event: 2023-12-31 is no period of death"),
    "select": ("", {"select": {"count": 99}}, "no row has count = '99'"),
}  # fmt: skip


@pytest.mark.parametrize(("more", "options", "parts"), [(b[0], b[1], b[2:]) for b in BAD.values()],
                         ids=BAD)  # fmt: skip
def test_a_bad_table_is_told_in_one_line(more, options, parts, table):
    said = _message(read_reports, table(GOOD + more), **options)
    for part in parts:
        assert part in said


def test_reports_of_other_weekdays_or_steps(table):
    weekly = HEAD + "2024-01-01,2024-01-09,1\n2024-01-08,2024-01-16,1\n"
    said = _message(read_reports, table(weekly), step="week")
    assert "line 2, column report_period: 2024-01-09 begins no week when 2024-01-01 does" in said
    daily = weekly + "2024-01-08,2024-01-17,1\n"
    said = _message(read_reports, table(daily))
    assert "dates look like weeks in event_period and days in report_period" in said


@pytest.mark.parametrize(
    ("dates", "step"),
    [
        (("2024-01-01", "2024-01-08", "2024-01-29"), "week"),
        (("2024-W01", "2024-W02", "2024-W05"), "week"),
        (("2024-01-01", "2024-02-01", "2024-03-01"), "month"),
        (("2024-01", "2024-02", "2024-05"), "month"),
        (("2022-01-01", "2023-01-01", "2024-01-01"), "year"),
        (("2022", "2023", "2025"), "year"),
        (("2024-01-01", "2024-01-02", "2024-01-08"), "day"),
    ],
)
def test_the_step_is_told_from_the_dates(dates, step, table):
    rows = read_reports(table(HEAD + "".join(f"{one},{one},1\n" for one in dates)))
    assert rows.step == step
    assert f"as a {step}" in rows.notes[0]


def test_delays_instead_of_dates(table):
    head = "event_period,delay,count\n"
    text = head + "2024-01,0,5\n2024-01,1,2\n2024-02,0,4\n"
    rows = read_reports(table(text))
    assert rows.reports().counts[:, :, 0].tolist() == [[5, 2], [4, 0]]
    assert rows.as_of == datetime.date(2024, 2, 1)
    for delay, part in (
        ("-1", "column delay: '-1' is negative: reported before it happened"),
        ("1.5", "column delay: '1.5' is not whole (a delay is"),
        ("late", "column delay: 'late' is no delay"),
        ("", "column delay: is empty"),
        ("999999", "column delay: 999999 ends after the calendar"),
    ):
        assert part in _message(read_reports, table(text + f"2024-02,{delay},1\n"))
    said = _message(read_reports, table(text + "unknown,0,1\n"))
    assert "line 5, column delay: has no date of report" in said
    said = _message(read_reports, table("event_period,count\n2024-01,1\n"))
    assert "neither a column 'report_period' nor 'delay'" in said
    assert "read_snapshots" in _message(read_reports, table("event_period,as_of,count\n1,1,1\n"))


def test_dates_and_delays_must_agree(table):
    text = "event_period,report_period,delay,count\n2024-01-01,2024-01-01,0,5\n"
    text += "2024-01-02,2024-01-03,2,1\n"
    said = _message(read_reports, table(text))
    assert "line 3, column delay: 2 is not the delay from 2024-01-02 to 2024-01-03, which is 1" in (
        said
    )
    assert read_reports(table(text), report="report_period").reports().shape == (2, 2, 1)
    assert read_reports(table(text), delay="delay").as_of == datetime.date(2024, 1, 4)
    agreed = read_reports(table(text.replace(",2,1", ",1,1")))
    assert agreed.reports().counts[1, 1, 0] == 1


def test_totals_given_as_new_names(table):
    rows = [(day, day + delay, 10 + 5 * delay) for day in range(1, 6) for delay in range(4)]
    text = HEAD + "".join(f"2024-01-0{a},2024-01-0{b},{c}\n" for a, b, c in rows)
    said = _message(read_reports, table(text))
    assert "column count: looks cumulative: in 5 of 5 periods it never falls" in said
    assert "read_snapshots" in said
    assert read_reports(table(text), increments=True).total == 5 * 70


def test_a_date_that_the_table_does_not_have(table):
    rows = read_reports(table(GOOD))
    for as_of, part in (
        ("2023-12-31", "2023-12-31 is before the first report, 2024-01-01"),
        ("2024-01-04", "is after the end of list.csv: the file ends at 2024-01-03"),
        ("01/02/2024", "'01/02/2024' is no ISO date"),
        (datetime.datetime(2024, 1, 2), "is no ISO date"),
    ):
        assert part in _message(rows.reports, as_of)
    weekly = read_reports(table(HEAD + "2024-01-01,2024-01-08,1\n2024-01-08,2024-01-15,3\n"))
    said = _message(weekly.reports, "2024-01-10")
    assert "2024-01-10 begins no week" in said
    assert "2024-01-08 takes the week" in said


def test_what_tells_nothing(table):
    zero = read_reports(table(HEAD + "2024-01-01,2024-01-01,0\n2024-01-02,2024-01-02,0\n"))
    said = _message(zero.reports, None, NotEstimableError)
    assert "list.csv, counts: no name in any period" in said
    one = read_reports(table(HEAD + "2024-01-01,2024-01-01,3\n2024-01-01,2024-01-02,2\n"))
    assert "one period alone" in _message(one.reports, None, NotEstimableError)
    undated = read_reports(table(GOOD + "unknown,2023-12-30,3\n"))
    assert "no name with a period of death was known" in _message(undated.reports, "2023-12-31")


def test_midnight_in_a_time_zone_is_no_date():
    frame = pd.DataFrame({"event_period": ["2024-01-01", "2024-01-02"], "count": [1, 2]})
    frame["report_period"] = pd.to_datetime(frame["event_period"])
    assert read_reports(frame).reports().total == 3
    frame["report_period"] = frame["report_period"].dt.tz_localize("Europe/Kyiv")
    said = _message(read_reports, frame)
    assert "table row 1, column report_period: '2024-01-01 00:00:00+02:00' has a time" in said


# -- snapshots ----------------------------------------------------------------------------------

SHOTS = "period,as_of,count\n2024-01,2024-02-10,5\n2024-01,2024-04-02,9\n2024-02,2024-04-02,7\n"


def test_snapshots_become_differences(table):
    text = SHOTS + "2024-01,2024-04-28,10\n2024-02,2024-04-28,7\n2024-03,2024-04-28,1\n"
    rows = read_snapshots(table(text))
    found = rows.reports()
    assert found.counts[:, :, 0].tolist() == [[0, 5, 0, 5], [0, 0, 7, 0], [0, 1, 0, 0]]
    assert found.published.tolist() == [False, True, False, True]
    assert found.masked.tolist() == [[True, True, False, False], [True] + [False] * 3, [False] * 4]
    assert (found.as_of, rows.total) == (datetime.date(2024, 4, 1), 18)
    assert any("1 of 3 snapshots are left out" in note for note in rows.notes)
    # days between snapshots tell what was known; those before the one that counts do not
    assert rows.reports("2024-03-17", max_delay=2).total == 5
    assert rows.reports("2024-04-28").total == 18
    assert "begins no month" in _message(rows.reports, "2024-04-20")
    assert not read_snapshots(table(text), first="keep").reports().masked.any()


def test_snapshots_that_fall_shrink_earlier_reports(table):
    text = SHOTS + "2024-01,2024-05-01,3\n2024-02,2024-05-01,8\n"
    said = _message(read_snapshots, table(text))
    assert "line 5, column count: -6 against the list before: the total falls" in said
    rows = read_snapshots(table(text), negative="earlier")
    assert rows.reports().known.ravel().tolist() == [3, 8]
    assert rows.reports("2024-04-02").known.ravel()[:2].tolist() == [9, 7]


@pytest.mark.parametrize(
    ("more", "parts"),
    [
        ("2024-02,2024-05-01,9\n", ("line 3: gives names of 2024-01-01, and no row does so for",)),
        ("2024-01,2024-04-02,8\n", ("line 5: gives 2024-01-01 on 2024-04-02 a second time",)),
        ("2024-03,,8\n", ("line 5, column as_of: is empty",)),
        ("2024-03,2024-04-02,\n", ("line 5, column count: is empty",)),
        ("2024-03,2024-04-02,-1\n", ("line 5, column count: '-1' is negative",)),
        ("2024-03,2024-04-02T12:00,1\n", ("line 5, column as_of: '2024-04-02T12:00' has a time",)),
        ("2024-06,2024-04-02,1\n", ("column as_of: 2024-04-02 is before the period of death",)),
    ],
)
def test_bad_snapshots(more, parts, table):
    said = _message(read_snapshots, table(SHOTS + more))
    for part in parts:
        assert part in said


def test_one_snapshot_says_nothing_of_delays(table):
    said = _message(read_snapshots, table(SHOTS[: SHOTS.index("2024-01,2024-04")]),
                    NotEstimableError)  # fmt: skip
    assert "one snapshot alone, of 2024-02-10" in said


def test_snapshots_by_stratum_and_without_a_period(table):
    text = "period,as_of,side,count\n"
    for day, north, south, lost in (("2024-02-01", 3, 4, 2), ("2024-03-01", 6, 4, 1)):
        text += f"2024-01,{day},north,{north}\n2024-02,{day},south,{south}\n"
        text += f"unknown,{day},south,{lost}\n"
    rows = read_snapshots(table(text), stratum="side", negative="earlier")
    found = rows.reports()
    assert found.strata == ("north", "south")
    assert found.known.tolist() == [[6, 0], [0, 4]]
    assert found.undated.tolist() == [[0, 0], [0, 1], [0, 0]]
    assert rows.reports("2024-02-01").undated.sum() == 2
