"""Bad tables of overlapping lists and of captures: one line says what, where and what to do."""

import numpy as np
import pandas as pd
import pytest

from estimation.errors import DataError, InvalidValueError, NotEstimableError, UndercountError
from estimation.tables.patterns import read_captures, read_patterns
from estimation.tables.wide import _quick_csv

GOOD = "A,B,C,count\n1,0,0,5\n0,1,0,4\n0,0,1,3\n1,1,0,2\n1,1,1,1\n"


def _refused(tmp_path, text, kind=DataError, read=read_patterns, **options):
    path = tmp_path / "lists.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UndercountError) as caught:
        read(path, **options)
    assert type(caught.value) is kind
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_the_good_table_is_good(tmp_path):
    path = tmp_path / "lists.csv"
    path.write_text(GOOD)
    assert read_patterns(path).patterns.observed == 15


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("2", "line 4, column B: '2' is neither 0 nor 1"),
        ("yes", "line 4, column B: 'yes' is neither 0 nor 1"),
        ("TRUE", "line 4, column B: 'TRUE' is neither 0 nor 1"),
        ("0.5", "line 4, column B: '0.5' is neither 0 nor 1"),
        ("-1", "line 4, column B: '-1' is neither 0 nor 1"),
        ("", "line 4, column B: is empty"),
        ("NA", "line 4, column B: 'NA' is neither 0 nor 1"),
    ],
)
def test_a_list_is_0_or_1(tmp_path, value, said):
    assert said in _refused(tmp_path, GOOD.replace("0,0,1,3", f"0,{value},1,3"))


def test_what_a_column_may_be_instead_is_told(tmp_path):
    text = "sex,A,B,count\nm,1,0,5\nf,0,1,4\nf,1,1,2\n"
    said = _refused(tmp_path, text)
    assert "line 2, column sex: 'm' is neither 0 nor 1, the first of 3 such rows" in said
    assert said.endswith("if it is a stratum, name it: --stratum sex")
    words = _refused(tmp_path, "A,B,count\ntrue,false,5\nfalse,true,4\ntrue,true,2\n")
    assert words.endswith("write 1 and 0")
    persons = "A,B,persons,n\n1,0,50,9\n0,1,40,8\n1,1,30,7\n" + "".join(
        f"{place % 2},1,{place},1\n" for place in range(2, 5)
    )
    assert "if it holds the counts, name it: --count persons" in _refused(
        tmp_path, persons, count="n"
    )


def test_a_pattern_twice(tmp_path):
    said = _refused(tmp_path, GOOD + "1,1,0,7\n")
    assert "line 7: gives the pattern A+B a second time (line 5 gives it too)" in said
    strata = "s,t,A,B,count\nx,u,1,0,1\nx,v,1,0,2\nx,u,1,1,3\n"
    said = _refused(tmp_path, strata, strata="s", lists=["A", "B"])
    assert "line 3: gives the pattern A a second time (line 2 gives it too)" in said
    assert "if t tells them apart, name it as stratum" in said
    path = tmp_path / "lists.csv"
    assert read_patterns(path, strata=("s", "t")).patterns.observed == 6
    assert "on no list a second" in _refused(tmp_path, GOOD + "0,0,0,0\n0,0,0,0\n")


def test_persons_on_no_list(tmp_path):
    said = _refused(tmp_path, GOOD + "0,0,0,12\n")
    assert "line 7, column count: 12 on no list (how many are on none is what is to be" in said
    assert "9 on no list" in _refused(tmp_path, GOOD + "0,0,0,<=9\n")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("-3", "'-3' is negative"), ("2.5", "'2.5' is not whole"), ("many", "'many' is no count"),
        ("inf", "'inf' is infinite"), ('"1,234"', "'1,234' has marks between its digits"),
        ("nan", "'nan' is not a number"), ("<=", "'<=' is no count"), ("<9", "'<9' is no count"),
        ("<=-2", "'-2' is negative"), ("9999999999999", "is too large"),
    ],
)  # fmt: skip
def test_counts(tmp_path, value, said):
    found = _refused(tmp_path, GOOD.replace("0,1,0,4", f"0,1,0,{value}"))
    assert "line 3, column count: " in found
    assert said in found


def test_several_bad_counts_are_all_counted(tmp_path):
    said = _refused(tmp_path, GOOD.replace(",4\n", ",-1\n").replace(",3\n", ",-1\n"))
    assert "line 3, column count: '-1' is negative, the first of 2 such rows" in said


def test_one_list(tmp_path):
    for text, options in (
        ("A,count\n1,5\n", {}),
        (GOOD, {"leave_out": ("B", "C")}),
        (GOOD, {"merge": {"all": list("ABC")}}),
        ("A,B,count\n1,0,5\n0,1,0\n", {}),
    ):
        said = _refused(tmp_path, text, NotEstimableError, **options)
        assert "there is one list only" in said
        assert "in how several lists overlap" in said
    said = _refused(tmp_path, "A,B,count\n1,0,0\n0,1,0\n", NotEstimableError)
    assert "nobody is on any list" in said
    assert "nobody is on any list" in _refused(
        tmp_path, GOOD, NotEstimableError, leave_out=("A", "B", "C")
    )


def test_no_counts(tmp_path):
    records = "id,A,B\np1,1,0\np2,1,1\np3,1,0\n"
    said = _refused(tmp_path, records)
    assert "lists.csv: has no column 'count': is it one row a person?" in said
    assert ".groupby(columns).size()" in said
    assert "has no column 'count'" in _refused(tmp_path, GOOD.replace("count", "Counts"))
    assert "did you mean 'Counts'" in _refused(tmp_path, GOOD.replace("count", "Counts"))
    assert "is it one row a person" not in _refused(tmp_path, "name,when\nx,2020\n")
    many = np.random.default_rng(1).integers(0, 2, (60_000, 10))
    with pytest.raises(DataError, match=r"table: has no column 'count': is it one row a person"):
        read_patterns(pd.DataFrame(many, columns=list("ABCDEFGHIJ")))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"), ("\n", "has no header"), ("A,B,count\n", "has a header but no rows"),
        ("A,A,count\n1,0,3\n", "columns 1 and 2 have the same name 'A'"),
        ("A;B;count\n1;0;3\n", "has semicolons between its fields"),
        ("A,B,count\n1,0\n", "line 2: has 2 fields where the header has 3"),
        ("count\n3\n", "has no column of a list"),
        ("captures,count\n1,5\n2,3\n", "read it with read_captures"),
    ],
)  # fmt: skip
def test_files_that_are_no_tables(tmp_path, text, said):
    assert said in _refused(tmp_path, text)


def test_large_files_say_the_same_of_their_header(tmp_path):
    path = tmp_path / "lists.csv"
    for text, said in (("A,A,count\n1,0,3\n", "same name 'A'"), ("A;B\n1;0\n", "semicolons")):
        path.write_text(text)
        with pytest.raises(DataError, match=said):
            _quick_csv(path)


def test_names_that_are_not_there(tmp_path):
    for options, said in (
        ({"merge": {"both": ("A", "Bb")}}, "merge.both: no list 'Bb'"),
        ({"merge": {"both": ()}}, "merge.both: names no list"),
        ({"merge": {"C": ("A", "B")}}, "C is a list of its own too"),
        ({"merge": {"x": ("A", "B"), "y": ("B", "C")}}, "merge.y: B is left out, or part of"),
        ({"merge": {"x": ("A", "B")}, "leave_out": "A"}, "A is left out, or part of"),
        ({"leave_out": ("EXH",)}, "leave_out: no list 'EXH'; one of A, B, C"),
        ({"at_most": ("D",)}, "at_most: no list 'D'"),
        ({"at_most": ("B+C",)}, "at_most: no row is on exactly B+C"),
    ):
        assert said in _refused(tmp_path, GOOD, InvalidValueError, **options)
    with pytest.raises(InvalidValueError, match=r"no list 'OSEC'; did you mean 'OSCE'\?"):
        read_patterns("kosovo_1999", leave_out=("OSEC",))
    for options, said in (
        ({"strata": ("sex",)}, "has no column 'sex' (it was named as stratum)"),
        ({"lists": ("A", "X")}, "has no column 'X' (it was named as list)"),
        ({"lists": ("A", "A")}, "list: names 'A' twice"),
        ({"lists": ("A", "count")}, "list: 'count' is named as count too"),
    ):
        assert said in _refused(tmp_path, GOOD, **options)
    with pytest.raises(DataError, match=r"did you mean 'kosovo_1999'\?"):
        read_patterns("kosovo_199")


def test_strata_without_any_label(tmp_path):
    said = _refused(tmp_path, "s,A,B,count\n,1,0,1\nNA,1,1,2\n", strata=["s"])
    assert "column s: no row has a label; read it without strata" in said


def test_too_many_lists(tmp_path):
    names = [f"l{place}" for place in range(31)]
    table = pd.DataFrame(np.eye(31, dtype=int), columns=names).assign(count=1)
    with pytest.raises(InvalidValueError, match=r"^table\.lists: 31 lists are too many"):
        read_patterns(table)


@pytest.mark.parametrize(
    ("text", "options", "kind", "said"),
    [
        ("captures,count\n1,5\n1,3\n", {}, DataError, "line 3, column captures: gives 1 captures"),
        ("captures,count\n0,9\n1,3\n", {}, DataError, "line 2, column count: 9 were never"),
        ("captures,count\n1,\n2,3\n", {}, DataError, "line 2, column count: is empty"),
        ("captures,count\n,4\n2,3\n", {}, DataError, "line 2, column captures: is empty"),
        ("captures,count\n1.5,4\n", {}, DataError, "'1.5' is not whole"),
        ("captures,count\n1,-4\n", {}, DataError, "'-4' is negative"),
        ("times,count\n1,4\n", {}, DataError, "has no column 'captures'"),
        ("captures,count\n1,4\n7,1\n", {"occasions": 6}, DataError, "7 captures on 6 occasions"),
        ("captures,count\n1,4\n", {"occasions": 0}, InvalidValueError, "1 or more, not 0"),
        ("captures,count\n1,4\n", {"occasions": 2.5}, InvalidValueError, "1 or more, not 2.5"),
        ("captures,count\n1,4\n", {"occasions": 1}, NotEstimableError, "one occasion only"),
        ("captures,count\n1,0\n", {}, NotEstimableError, "nobody was captured"),
    ],
)
def test_captures(tmp_path, text, options, kind, said):
    assert said in _refused(tmp_path, text, kind, read_captures, **options)
