"""Tables of overlapping lists: what `Patterns` holds, and how a table becomes one."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from estimation.errors import InvalidValueError, NotEstimableError
from estimation.tables.patterns import is_captures, read_captures, read_patterns
from estimation.tables.source import open_table
from estimation.tables.wide import _quick_csv, _quick_parquet, _quick_text, open_wide
from models.lists.patterns import Patterns

#: Kosovo: exhumations, bar association, OSCE, Human Rights Watch; the first list highest.
KOSOVO = (1131, 845, 936, 306, 177, 106, 228, 181, 123, 42, 217, 31, 32, 18, 27)


def _same(first: Patterns, second: Patterns) -> bool:
    return (first.lists, first.strata, first.content()) == (
        second.lists, second.strata, second.content(),
    )  # fmt: skip


def _csv(tmp_path, text, name="lists.csv"):
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return path


# -- what is read ---------------------------------------------------------------------------------


def test_kosovo():
    read = read_patterns("kosovo_1999")
    patterns = read.patterns
    assert patterns.lists == ("EXH", "ABA", "OSCE", "HRW")
    assert sorted(patterns.counts) == sorted(KOSOVO)
    assert patterns.observed == 4_400
    assert patterns.complete
    assert patterns.list_totals.tolist() == patterns.pairs.diagonal().tolist()
    assert (patterns.captures @ np.arange(5), patterns.captures[0]) == (
        patterns.list_totals.sum(), 0,
    )  # fmt: skip
    assert patterns.dense().sum() == 4_400
    assert patterns.dense()[0b1000] == 1_131
    assert (read.name, read.notes) == ("kosovo_1999", ())
    assert "Ball" in read.source


def test_a_file_and_a_frame_with_odd_but_clear_forms(tmp_path):
    text = "\ufeff A ,B, persons\n1,0,5\n 1.0 ,1,2\n\n0,+1,0\n0,0,NA\n"
    read = read_patterns(_csv(tmp_path, text), count="persons")
    assert read.patterns.lists == ("A", "B")
    assert dict(zip(map(read.patterns.label, range(2)), read.patterns.counts, strict=True)) == {
        "A": 5, "A+B": 2,
    }  # fmt: skip
    assert read.notes[0] == "The row of those on no list has no count and is left out."
    assert (read.name, read.source) == ("lists.csv", "")
    frame = pd.DataFrame({"A": [1.0, 1.0], "B": [0, 1], "count": [5.0, 2.0]})
    assert _same(read_patterns(frame).patterns, read.patterns)


def test_counts_that_are_not_known_or_bounds(tmp_path):
    text = "A,B,C,count\n1,0,0,5\n0,1,0,\n0,0,1,<=122\n1,1,0,NA\n1,0,1,\u2264 7\n0,1,1,4\n"
    path = _csv(tmp_path, text)
    patterns = read_patterns(path).patterns
    of = {patterns.label(row): row for row in range(6)}
    assert {name for name in of if patterns.is_unknown[of[name]]} == {"B", "A+B"}
    assert {name for name in of if patterns.is_bound[of[name]]} == {"C", "A+C"}
    assert patterns.counts[of["C"]] == 122
    assert patterns.observed == 9
    notes = read_patterns(path).notes
    assert any("count is not known: " in note and "A+B" in note for note in notes)
    assert any("upper bound: " in note and "A+C" in note for note in notes)


def test_bounds_are_named_by_their_lists():
    found = read_patterns("scotland_pwid_2006", at_most=("hcv_diagnosis",)).patterns
    (row,) = np.flatnonzero(found.is_bound)
    assert found.label(int(row)) == "hcv_diagnosis"
    assert found.observed == 5_670 - found.counts[row]
    table = pd.DataFrame({"A": [1, 0, 1], "B": [0, 1, 1], "count": [3, None, 2]})
    missing = read_patterns(table, at_most="B").patterns
    assert (missing.is_unknown.sum(), missing.is_bound.sum()) == (1, 0)
    two = read_patterns("scotland_pwid_2006", at_most="hospital + hcv_diagnosis").patterns
    assert [two.label(int(row)) for row in np.flatnonzero(two.is_bound)] == [
        "hospital+hcv_diagnosis"
    ]
    many = read_patterns("scotland_pwid_2006_by_region_gender_age", at_most="hcv_diagnosis")
    assert many.patterns.is_bound.sum() == 8


def test_strata_are_joined_and_may_be_missing(tmp_path):
    text = "sex,age,A,B,count\nm,old,1,0,4\nm,,0,1,3\nf,young,1,1,2\n,young,1,1,6\nm,old,1,1,1\n"
    read = read_patterns(_csv(tmp_path, text), strata=("sex", "age"))
    assert read.patterns.strata == ("f / young", "m / old")
    with pytest.raises(NotEstimableError, match="stratum of some persons"):
        read.patterns.only("m / old")
    assert read.patterns.counts[read.patterns.stratum_of == -1].sum() == 9
    assert "The stratum of 9 persons is not recorded." in read.notes
    assert read.patterns.pooled().observed == 16
    by_sex = read_patterns("spina_bifida_ny_621_by_ethnicity").patterns
    assert by_sex.strata == ("afro-american", "caucasian", "other")
    assert _same(by_sex.pooled(), read_patterns("spina_bifida_ny_621").patterns)
    scotland = read_patterns("scotland_pwid_2006_by_region_gender_age").patterns
    assert "GGC / Male / Young" in scotland.strata
    assert _same(scotland.pooled(), read_patterns("scotland_pwid_2006").patterns)


def test_lists_merged_and_left_out_are_the_tables_that_were_published():
    six = "uk_trafficking_2013_6lists"
    five = read_patterns(six, merge={"PFNCA": ("PF", "NCA")}).patterns
    assert _same(five, read_patterns("uk_trafficking_2013_5lists").patterns)
    four = read_patterns(six, merge={"PFNCA": ("PF", "NCA")}, leave_out="GP").patterns
    assert _same(four, read_patterns("uk_trafficking_2013_4lists").patterns)
    eight = read_patterns("new_orleans_trafficking_8lists", merge={"BEFG": list("BEFG")}).patterns
    assert _same(eight, read_patterns("new_orleans_trafficking_5lists").patterns)
    dutch = read_patterns("netherlands_trafficking_6lists", merge={"IO": ("I", "O")}).patterns
    assert _same(dutch, read_patterns("netherlands_trafficking_5lists").patterns)


def test_the_reader_and_the_patterns_merge_alike_also_what_is_not_known(tmp_path):
    text = (
        "s,A,B,C,count\nx,1,0,0,5\nx,0,0,1,<=9\nx,0,1,1,7\nx,1,1,1,4\ny,1,0,1,\ny,1,1,1,\n"
        "y,1,0,0,<=8\ny,1,1,0,<=2\n"
    )
    path = _csv(tmp_path, text)
    plain = read_patterns(path, strata="s").patterns
    groups = {"AB": ("A", "B")}
    assert _same(read_patterns(path, strata="s", merge=groups).patterns, plain.merge(groups))
    with pytest.raises(NotEstimableError, match="would be added to one that is"):
        plain.leave_out(["B"])  # 7 on B and C, and at most 9 on C alone
    with pytest.raises(NotEstimableError, match="would be added to one that is"):
        read_patterns(path, strata="s", leave_out=("B",))


def test_more_than_30_lists_can_be_made_fewer():
    on = np.vstack([np.eye(31, dtype=int), np.ones(31, dtype=int)])
    table = pd.DataFrame(on, columns=[f"l{place}" for place in range(31)]).assign(count=2)
    with pytest.raises(InvalidValueError, match=r"31 lists are too many .*merge lists"):
        read_patterns(table)
    assert read_patterns(table, leave_out="l7").patterns.observed == 62
    assert read_patterns(table, merge={"l": ("l0", "l1")}).patterns.observed == 64


def test_lists_that_say_nothing_or_the_same_are_told():
    table = pd.DataFrame(
        [[1, 1, 0, 1, 0, 9], [0, 0, 0, 1, 0, 6], [0, 0, 0, 0, 1, 5], [1, 1, 0, 1, 1, 2]],
        columns=[*"ABCDE", "count"],
    )
    read = read_patterns(table)
    assert read.patterns.lists == tuple("ABDE")
    empty, same, inside = read.notes
    assert empty == "Lists on which nobody is, left out: C."
    assert same.startswith("Lists that hold the same persons: A and B.")
    assert inside.startswith("Lists that lie within another: A in D, B in D.")
    assert read_patterns("cottontail_rabbits_18occasions").patterns.lists[14:] == (
        "t15", "t17", "t18",
    )  # fmt: skip


def test_lists_without_overlap_are_read():
    table = pd.DataFrame({"A": [1, 0], "B": [0, 1], "count": [3, 4]})
    assert read_patterns(table).patterns.pairs.tolist() == [[3, 0], [0, 4]]


# -- what changes nothing -------------------------------------------------------------------------


@st.composite
def _tables(draw):
    width = draw(st.integers(2, 5))
    keys = draw(
        st.lists(st.integers(1, 2**width - 1), min_size=2, max_size=12, unique=True).filter(
            lambda some: (np.bitwise_or.reduce(some) & (np.bitwise_or.reduce(some) - 1)) != 0
        )
    )
    on = (np.array(keys)[:, None] >> np.arange(width)) & 1
    counts = draw(st.lists(st.integers(1, 50), min_size=len(keys), max_size=len(keys)))
    table = pd.DataFrame(on, columns=list("ABCDE")[:width]).assign(count=counts)
    return table, draw(st.permutations(range(len(keys)))), draw(st.permutations("ABCDE"[:width]))


@settings(max_examples=25, deadline=None)
@given(_tables())
def test_the_order_of_rows_and_of_lists_changes_nothing(found):
    table, rows, columns = found
    patterns = read_patterns(table).patterns
    assert _same(read_patterns(table.iloc[list(rows)]).patterns, patterns)
    turned = read_patterns(table[[*columns, "count"]]).patterns
    assert turned.observed == patterns.observed
    assert dict(zip(turned.lists, turned.list_totals, strict=True)) == dict(
        zip(patterns.lists, patterns.list_totals, strict=True)
    )
    assert turned.captures.tolist() == patterns.captures.tolist()


@settings(max_examples=25, deadline=None)
@given(_tables())
def test_merging_keeps_persons_and_leaving_out_loses_those_on_that_list_alone(found):
    patterns = read_patterns(found[0]).patterns
    first, second = patterns.lists[:2]
    assert patterns.merge({"both": (first, second)}).observed == patterns.observed
    alone = (patterns.on[:, 0]) & (patterns.on.sum(axis=1) == 1)
    left = patterns.leave_out([first])
    assert left.observed == patterns.observed - patterns.counts[alone].sum()
    inside = patterns.on_list(first)
    assert inside.observed == patterns.list_totals[0] - patterns.counts[alone].sum()
    assert inside.lists == patterns.lists[1:]


# -- large tables take another way to the same text -----------------------------------------------


def test_quick_ways_read_the_same_text(tmp_path):
    table = pd.DataFrame({"A ": [1, 0, 1], "B": [1.0, 1.0, 0.0], "s": [" x", "NA", None],
                          "f": [0.5, 2.0, None], "count": [7, 10, 0]})  # fmt: skip
    text = _quick_text(table, "table")
    pd.testing.assert_frame_equal(text, open_table(table).frame)
    table.to_parquet(tmp_path / "t.parquet", index=False)
    quick = _quick_parquet(tmp_path / "t.parquet")
    pd.testing.assert_frame_equal(quick.frame, open_table(tmp_path / "t.parquet").frame)
    for name in ("t.csv", "t.csv.gz"):
        table.to_csv(tmp_path / name, index=False, encoding="utf-8-sig")
        quick, slow = _quick_csv(tmp_path / name), open_table(tmp_path / name)
        pd.testing.assert_frame_equal(quick.frame, slow.frame, check_index_type=False)
        assert (quick.name, quick.label, quick.unit) == (slow.name, slow.label, slow.unit)
    # a blank line shifts lines: rows are counted then
    path = _csv(tmp_path, "A,B,count\n1,0,3\n\n1,1,2\n,,\n")
    assert (_quick_csv(path).unit, len(_quick_csv(path).frame)) == ("row", 2)
    assert _quick_csv(_csv(tmp_path, "A,B,count\n1,0\n", "cut.csv")) is None
    opened = open_wide(path)
    assert open_wide(opened) is opened


# -- captures -------------------------------------------------------------------------------------


def test_captures():
    read = read_captures("captures_taxicabs_edinburgh")
    assert read.captures.tolist() == [1, 2, 3, 4, 5, 6]
    assert read.counts.tolist() == [142, 81, 49, 7, 3, 1]
    assert (read.occasions, read.counts.sum()) == (10, 283)
    assert read_captures("captures_accident_claims_simar").occasions is None
    rabbits = read_captures("captures_cottontail_rabbits")
    histories = read_patterns("cottontail_rabbits_18occasions").patterns.captures
    assert dict(zip(rabbits.captures, rabbits.counts, strict=True)) == {
        times: number for times, number in enumerate(histories) if number
    }
    table = pd.DataFrame({"captures": [3, 0, 1], "count": [2, None, 5]})
    found = read_captures(table, occasions=4)
    assert (found.captures.tolist(), found.counts.tolist()) == ([1, 3], [5, 2])
    assert len(found.notes) == 1
    assert is_captures(table)
    assert is_captures("captures_taxicabs_edinburgh")
    assert not is_captures("kosovo_1999")
