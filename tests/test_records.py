"""Lists of persons: what is read, what is refused, and that no message shows a person."""

import datetime
import gzip
import re

import numpy as np
import pandas as pd
import pytest

from estimation.errors import DataError, UndercountError, UsageError
from estimation.tables.records import read_records

#: Stands in every cell that may hold it.
MARK = "Zqxwv"
HEAD = "id,name,birth_date,death_date,place,sex"
GOOD = f"a{MARK},{MARK} One,1990-05-31,2023-01-02,{MARK},m\n"


def written(folder, text, name="list.csv", encoding="utf-8"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return path


def table(*rows, head=HEAD):
    return "\n".join((head, *rows)) + "\n"


def day(year, month, date):
    return (datetime.date(year, month, date) - datetime.date(1970, 1, 1)).days


def assert_silent(said, text):
    """Assert that no cell of the rows stands in a message of one line."""
    assert MARK.lower() not in said.lower()
    assert "\n" not in said
    for cell in re.split(r'[,;\t\n"]', text.partition("\n")[2]):
        if len(cell.strip()) > 3 and cell.strip() not in HEAD:
            assert cell.strip() not in said


def refused(folder, text, **options):
    """Return the message with which a list is refused."""
    path = written(folder, text)
    with pytest.raises(UndercountError) as caught:
        read_records(path, **options)
    said = str(caught.value)
    assert_silent(said, text if isinstance(text, str) else f"\n{MARK}")
    assert said.startswith(("list.csv", str(path)))
    assert caught.value.exit_code == 3
    # a traceback that is shown must not show it either
    assert caught.value.__context__ is None or caught.value.__suppress_context__
    return said


def test_a_list_is_read_with_lines_days_and_sexes(tmp_path):
    text = (
        "id,name,birth_date,death_date,place,sex\n"
        '7,"One,\n Two",1990-05-31,2023-01-02,"A, B",M\n'
        "8,Three\u00a0Four,1990-05,2023-01-03,?,жен.\n"
        "\n"
        "9,Five,1990,,NA,\n"
    )
    read = read_records(written(tmp_path, text), name="first")
    frame = read.frame
    assert (read.name, read.label, len(read)) == ("first", "list.csv", 3)
    assert frame["line"].tolist() == [2, 4, 6]
    assert frame["name"].tolist() == ["One, Two", "Three Four", "Five"]
    assert frame["id"].tolist() == ["7", "8", "9"]
    assert frame["sex"].tolist() == ["m", "f", ""]
    assert frame["place"].tolist() == ["A, B", "", ""]
    np.testing.assert_array_equal(frame["birth_day"], [day(1990, 5, 31), np.nan, np.nan])
    np.testing.assert_array_equal(frame["death_day"], [day(2023, 1, 2), day(2023, 1, 3), np.nan])
    assert frame["birth_year"].tolist() == [1990.0] * 3
    assert frame[["birth_day", "death_day", "birth_year"]].dtypes.eq(float).all()
    assert frame["birth_year_slack"].tolist() == [0] * 3
    assert frame[["surname", "given", "patronymic"]].eq("").all(axis=None)
    assert any("2 cells" in note for note in read.notes)
    assert any("2 dates without a day" in note for note in read.notes)


def test_ages_become_years_of_birth_with_slack(tmp_path):
    text = table("One,35,2023-02-01,", "Two,40,2023,1983", "Three,41,,", head="fio,age,dod,yob")
    read = read_records(written(tmp_path, text))
    np.testing.assert_array_equal(read.frame["birth_year"], [1988, 1983, np.nan])
    assert read.frame["birth_year_slack"].tolist() == [1, 0, 0]
    assert any("1 age without a date of death is not used" in note for note in read.notes)


@pytest.mark.parametrize(
    "head",
    [
        "Фамилия,Имя,Отчество,Дата рождения,Дата гибели,Пол,Регион",
        "last name,First_Name,middle-name,DOB,date of death,Gender,region",
    ],
)
def test_well_known_headings_need_no_statement(tmp_path, head):
    text = table("A,B,C,31.05.1990,02.01.2023,м,D", head=head)
    frame = read_records(written(tmp_path, text)).frame
    row = frame[["surname", "given", "patronymic", "birth_day", "death_day", "sex", "place"]]
    assert row.iloc[0].tolist() == ["A", "B", "C", day(1990, 5, 31), day(2023, 1, 2), "m", "D"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
@pytest.mark.parametrize("packed", [False, True])
def test_encodings_are_read_or_stated(tmp_path, encoding, packed):
    data = table("Жуков Фёдор,1990-05-31", head="name,birth_date").encode(encoding)
    path = written(tmp_path, gzip.compress(data) if packed else data,
                   "list.csv.gz" if packed else "list.csv")  # fmt: skip
    read = read_records(path, encoding="cp1251" if encoding == "cp1251" else None)
    assert read.frame["name"].tolist() == ["Жуков Фёдор"]
    assert read.name == "list"


def test_parquet_is_read_as_csv_is(tmp_path):
    frame = pd.DataFrame(
        {
            "name": ["One", "Two", None], "birth_date": pd.to_datetime(["1990-05-31", None, None]),
            "birth_year": [np.nan, 1980.0, np.nan], "age": [32, 43, 20],
            "death_date": [datetime.date(2023, 1, 2)] * 3, "sex": pd.Categorical(["m", "f", None]),
        }
    )  # fmt: skip
    frame.to_parquet(tmp_path / "list.parquet")
    frame.to_csv(tmp_path / "list.csv", index=False)
    one, two = (read_records(tmp_path / f"list.{kind}").frame for kind in ("parquet", "csv"))
    assert one["line"].tolist() == [1, 2, 3]
    pd.testing.assert_frame_equal(one.drop(columns="line"), two.drop(columns="line"))
    assert one["birth_year"].tolist() == [1990, 1980, 2003]


@pytest.mark.parametrize(
    ("values", "first", "noted"),
    [
        (("1990-05-31", "1990-1-02"), day(1990, 5, 31), False),
        (("1990-05-31 00:00:00", ""), day(1990, 5, 31), False),
        (("05.06.1990", "1.2.1990"), day(1990, 6, 5), False),
        (("05/06/1990", "13/02/1990"), day(1990, 6, 5), True),
        (("05/06/1990", "02/13/1990"), day(1990, 5, 6), True),
        (("05.06.1990", "00.02.1990"), day(1990, 6, 5), False),
    ],
)
def test_a_column_in_one_certain_form_is_read(tmp_path, values, first, noted):
    text = table(*(f"One,{value},a" for value in values), head="name,birth_date,place")
    read = read_records(written(tmp_path, text))
    assert read.frame["birth_day"][0] == first
    assert any("is read as" in note for note in read.notes) == noted


def test_stated_forms_are_read_and_must_be_certain(tmp_path):
    text = table("One,05/06/1990", "Two,1990-06-07", "Three,1990", head="name,birth_date")
    frame = read_records(written(tmp_path, text), dates=["%m/%d/%Y", "%Y-%m-%d"]).frame
    expected = [day(1990, 5, 6), day(1990, 6, 7), np.nan]
    np.testing.assert_array_equal(frame["birth_day"], expected)
    assert frame["birth_year"].tolist() == [1990] * 3
    said = refused(tmp_path, text, dates=["%m/%d/%Y", "%d/%m/%Y", "%Y-%m-%d"])
    assert "line 2, column 2 (birth_date): dates that are different days" in said
    assert "line 3, column 2" in refused(tmp_path, text, dates=["%m/%d/%Y"])
    with pytest.raises(UsageError, match="is no form of dates"):
        read_records(written(tmp_path, text), dates=["%d.%m.%y"])


ROWS = "name,birth_date,death_date,place,sex,age"
DATED = f"{MARK},{{}},,{MARK},,"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("31.02.1990", "line 2, column 2 (birth_date): days that no calendar has"),
        ("31.05.90", "line 2, column 2 (birth_date): dates with a year of two digits"),
        ("33024", "line 2, column 2 (birth_date): numbers where dates should be"),
        ("33024.5", "line 2, column 2 (birth_date): numbers where dates should be"),
        ("31.05.1849", "line 2, column 2 (birth_date): dates before 1850"),
        ("31.05.2990", "line 2, column 2 (birth_date): dates in the future"),
        ("2990", "line 2, column 2 (birth_date): dates in the future"),
        ("05/06/1990", "line 2, column 2 (birth_date): dates in which day and month cannot"),
        ("05-06-1990", "line 2, column 2 (birth_date): dates in which day and month cannot"),
        (f"May {MARK}", "line 2, column 2 (birth_date): dates in no known form"),
        ("1990-05-31 13:20", "line 2, column 2 (birth_date): dates in no known form"),
    ],
)
def test_bad_dates_are_refused(tmp_path, value, said):
    assert said in refused(tmp_path, table(DATED.format(value), head=ROWS))


def test_many_bad_rows_are_counted_and_five_are_named(tmp_path):
    text = table(*[DATED.format("1.2.90")] * 9, head=ROWS)
    assert "list.csv lines 2, 3, 4, 5, 6 and 4 more, column 2" in refused(tmp_path, text)


def test_several_forms_are_refused_with_their_counts(tmp_path):
    values = ("1990-05-31", "1991-05-31", "31.05.1990", "13/02/1990", "02/13/1990")
    said = refused(tmp_path, table(*(DATED.format(value) for value in values), head=ROWS))
    assert "lines 2, 3, 4, 5, 6, column 2" in said
    for part in (
        "2 as %Y-%m-%d (first in line 2), 1 as %d.%m.%Y (first in line 4)",
        "1 as %d/%m/%Y (first in line 5), 1 as %m/%d/%Y (first in line 6)",
        'dates = ["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y"]',
    ):
        assert part in said


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (f"{MARK},1990-05-31,1980-01-02,,,", "line 2, column 2 (birth_date) and column 3 (death_d"),
        (f"{MARK},1880-05-31,2020-01-02,,,", "lives of more than 120 years"),
        (f"{MARK},,2020-01-02,,,121", "line 2, column 6 (age): ages that are no numbers"),
        (f"{MARK},,2020-01-02,,,-1", "line 2, column 6 (age): ages that are no numbers"),
        (f"{MARK},,2020-01-02,,,{MARK}", "line 2, column 6 (age): ages that are no numbers"),
        (f"{MARK},1990-05-31,2020-01-02,,,31", "ages that contradict the dates"),
        (f"{MARK},1990-05-31,2020-01-02,,,27", "ages that contradict the dates"),
        (f"{MARK},,2020-01-02,,{MARK},", "line 2, column 5 (sex): neither m nor f"),
        (f"={MARK}(),1990-05-31,,,,", "line 2, column 1 (name): cells that begin with ="),
        (f"@{MARK},1990-05-31,,,,", "line 2, column 1 (name): cells that begin with ="),
        (f"{MARK}\0,1990-05-31,,,,", "line 2, column 1 (name): control characters"),
        (f"{MARK}\x07,1990-05-31,,,,", "line 2, column 1 (name): control characters"),
        (f"{MARK}\ufffd,1990-05-31,,,,", "signs for letters that are lost"),
        (f"{MARK}, One,1990-05-31,,,,", "line 2: 1 row with more than the 6 cells"),
        (f"{MARK},1990-05-31", "line 2: 1 row with fewer than the 6 cells"),
        (f'"{MARK},1990-05-31,,,,', "line 2: cannot be read as CSV"),
        (f'"{MARK}"One,1990-05-31,,,,', "line 2: cannot be read as CSV"),
        (f"{MARK},,,,,", "every column but the names is empty"),
        (f"{MARK},,,,,30", "every column but the names is empty"),
        (f",1990-05-31,,{MARK},,", "no row has a name"),
    ],
)
def test_bad_rows_are_refused(tmp_path, row, said):
    text = table(row, head=ROWS)
    if "\0" in row:  # after what tells UTF-16 from UTF-8
        text = table(row, *[f"{MARK},1990-05-31,,,,"], head=ROWS + ",id" + " " * 5000)
        text = text.replace(",,,,\n", ",,,,,\n")
    assert said in refused(tmp_path, text)


@pytest.mark.parametrize("age", [28, 29, 30])
def test_ages_within_a_year_of_the_dates_are_read(tmp_path, age):
    text = table(f"One,1990-05-31,2020-01-02,,,{age}", head=ROWS)
    assert read_records(written(tmp_path, text)).frame["birth_year"].tolist() == [1990]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        (table(head="name,birth_date"), "has a header but no rows"),
        (table(f"{MARK};1990", head="name;birth_date"), "has semicolons between its cells"),
        (table(f"{MARK}\t1990", head="name\tbirth_date"), "has tabs between its cells"),
        (table(MARK, head="name"), "has one column (commas, semicolons and tabs were looked for"),
        (table(f"{MARK},1", head="name,name"), "line 1: columns 1 and 2 have the same heading"),
        (table(f"{MARK},1990,1990", head="name,dob,birth_date"), "columns 2, 3 could each be"),
        (table(f"{MARK},1990", head="given,birth_date"), "has neither a name nor a surname"),
        (table(f"{MARK},{MARK}", head="surname,given"), "has nothing but names"),
        (table(f"{MARK},1990", head=f"{MARK},{MARK} 2"), "line 1: no heading is known"),
        (table(f"a,{MARK},1990", f"a,{MARK},1991", head="id,name,yob"), "lines 2, 3, column 1"),
        (table(f"{MARK},90", head="name,yob"), "line 2, column 2 (birth_year): what is no year"),
        (table(f"{MARK},1990,1991-01-02", head="name,yob,dob"), "the year is not that of"),
        (f"name,dob\n{MARK}\ufeff".encode("utf-32"), "is UTF-32"),
        (f"name,dob\n{MARK},1990".encode("utf-16-le"), "holds zero bytes"),
        (b"PK\x03\x04" + MARK.encode(), "is a spreadsheet or an archive"),
        (b"PAR1" + MARK.encode(), "is Parquet"),
        (b"name,dob\n" + MARK.encode() + b"\x98\xff\x80", "line 2: is not UTF-8"),
        (table("Волков Иван,1990", head="name,dob").encode("cp1251"),
         "line 2: is not UTF-8 (it looks like cp1251); save it as UTF-8, or state"),
        (table("Волков Иван,1990", head="name,dob").encode("koi8-r"), "(it looks like koi8-r)"),
        (table("ВОЛКОВ ИВАН,1990", head="name,dob").encode("cp1251"), "(it looks like cp1251)"),
    ],
)  # fmt: skip
def test_bad_files_are_refused(tmp_path, text, said):
    assert said in refused(tmp_path, text)


def test_other_files_and_damaged_ones_are_refused(tmp_path):
    for name, data, said in (
        ("list.xlsx", b"", "is no list that can be read"),
        ("list.csv.gz", gzip.compress(table(GOOD).encode())[:-9], "cannot be unpacked"),
        ("list.csv.gz", MARK.encode(), "cannot be unpacked"),
        ("list.parquet", MARK.encode(), "is no Parquet"),
    ):
        with pytest.raises(DataError, match=said) as caught:
            read_records(written(tmp_path, data, name))
        assert_silent(str(caught.value), f"\n{MARK}")
    with pytest.raises(DataError, match="no such file"):
        read_records(tmp_path / "none.csv")
    pd.DataFrame({"name": [MARK], "place": [[MARK]]}).to_parquet(tmp_path / "list.parquet")
    with pytest.raises(DataError, match=r"column 2 \(place\): holds neither text") as caught:
        read_records(tmp_path / "list.parquet")
    assert_silent(str(caught.value), f"\n{MARK}")


def test_stated_columns_are_found_or_missed_without_showing_the_header(tmp_path):
    text = table(f"{MARK},1990,x,f", head="Who,Born in,Where,sex")
    stated = {"name": "who", "birth_year": "Born in", "sex": ""}
    read = read_records(written(tmp_path, text), columns=stated)
    assert read.frame[["name", "birth_year", "sex"]].iloc[0].tolist() == [MARK, 1990.0, ""]
    assert read.notes == ("list.csv: column 3 is not read",)
    said = refused(tmp_path, text, columns={**stated, "name": "wo"})
    assert "stated for name; did you mean column 1?" in said
    assert "Who" not in said
    for columns, problem in (
        ({"nme": "Who"}, "no field 'nme'; did you mean 'name'"),
        ({"name": "Who", "surname": "who"}, "name and surname are the same column"),
    ):
        with pytest.raises(UsageError, match=problem):
            read_records(written(tmp_path, text), columns=columns)


def test_an_encoding_that_cannot_be_is_refused(tmp_path):
    text = table("Волков,1990", head="name,dob")
    assert "is UTF-8, but cp1251 is stated" in refused(tmp_path, text, encoding="windows-1251")
    marked = text.encode("utf-16")
    assert "mark of utf-16, but cp1251" in refused(tmp_path, marked, encoding="cp1251")
    with pytest.raises(UsageError, match="encoding: 'cp125' is no encoding"):
        read_records(written(tmp_path, text), encoding="cp125")


def test_nothing_is_left_out_silently_and_notes_show_no_person(tmp_path):
    text = table(
        f"1,{MARK} One,05/06/1990,2023-01-02,,31,{MARK}", "2,,,,,,", ",,,,,,",
        f"3,,13/06/1990,2023-01-02,,,{MARK}", f",{MARK} Two,1990,N/A,,20,{MARK}",
        head="id,name,birth_date,death_date,place,age,gendr",
    )  # fmt: skip
    read = read_records(written(tmp_path, text))
    assert read.frame["line"].tolist() == [2, 5, 6]
    for note in (*read.notes, repr(read)):
        assert_silent(note, text)
    for said in (
        "column 5 (place) is empty in every row",
        "2 rows in which nothing (or only an id) stands are left out (lines 3, 4)",
        "column 7 is not read; its heading is nearly one of sex", "column 7 is not read",
        "1 cell with a word or sign for unknown is read as empty",
        "column 3 (birth_date) is read as day, month, year, as 1 day after the 12th show",
        "column 3 (birth_date) has 1 date without a day: only the year is used",
        "1 record without a name", "1 record without an id",
    ):  # fmt: skip
        assert [note for note in read.notes if said in note], said


def test_names_that_look_like_words_for_unknown_are_names(tmp_path):
    text = table("Na,None,1990", "NA,?,1990", head="surname,given,yob")
    frame = read_records(written(tmp_path, text)).frame
    assert frame[["surname", "given"]].to_numpy().tolist() == [["Na", "None"], ["", ""]]
