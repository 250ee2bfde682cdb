"""Several lists of persons: the file that says how to read them, and the same list twice."""

import pytest

from estimation.errors import DataError, UndercountError, UsageError
from estimation.tables.records import (
    ListSettings,
    RecordSettings,
    columns_from_toml,
    read_lists,
)
from tests.test_records import MARK, assert_silent, day, table, written


def test_lists_are_read_with_their_settings(tmp_path):
    one = written(tmp_path, table("One,1990-05-31", head="Who,dob"), "one.csv")
    two = written(tmp_path, table("Волк,06/05/1990", head="Name,Born"), "two.csv", "cp1251")
    toml = written(
        tmp_path,
        '[columns]\nname = "Who"\n[lists.two]\ndates = ["%m/%d/%Y"]\nencoding = "cp1251"\n'
        '[lists.two.columns]\nname = "Name"\nbirth_date = "Born"\n',
        "columns.toml",
    )
    first, second = read_lists([one, two], columns_from_toml(toml))
    assert (first.name, second.name) == ("one", "two")
    assert first.frame["birth_day"].tolist() == [day(1990, 5, 31)]
    assert second.frame["birth_day"].tolist() == [day(1990, 6, 5)]
    with pytest.raises(UsageError, match=r"list 'tw' that is not given; did you mean 'two'"):
        read_lists([one, two], RecordSettings(lists={"tw": ListSettings()}))


def test_the_same_list_twice_is_refused(tmp_path):
    rows = [f"{place},{MARK} {place},1990-05-{place}" for place in range(10, 20)]
    head = "id,name,dob"
    one = written(tmp_path, table(*rows, head=head), "one.csv")
    copied = written(tmp_path, table(*rows, head=head), "two.csv")
    shuffled = [row.replace("1", "5", 1) for row in reversed(rows)]
    other = written(tmp_path, table(*shuffled, head=head), "three.csv")
    changed = written(tmp_path, table(*rows[1:], f"9,{MARK} 10,1990-05-11", head=head), "four.csv")
    (tmp_path / "more").mkdir()
    named = written(tmp_path / "more", table(*rows[1:], head=head), "one.csv")
    for paths, said in (
        ([one], "at least two lists"),
        ([one, tmp_path / "more" / ".." / "one.csv"], "is given twice"),
        ([one, named], "have the same name 'one'"),
        ([one, copied], "one.csv and two.csv: are the same list"),
        ([changed, one, other], "one.csv and three.csv: are the same list"),
    ):
        with pytest.raises(UndercountError, match=said):
            read_lists(paths)
    assert len(read_lists([one, changed])) == 2


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (f"{MARK} 1,{MARK}\n", "columns.toml line 1: is no TOML"),
        ("date = []\n", "'date' is not known; did you mean 'dates'"),
        ('[columns]\nnaem = "x"\n', "'naem' is not known; did you mean 'name'"),
        ('[lists.one]\nencodin = "x"\n', "lists.one: 'encodin' is not known; did you mean"),
        ('dates = "%d"\n', "dates: must be a list of forms"),
        ("[columns]\nname = 3\n", "columns: must be headings by field"),
        ("lists = 3\n", "lists: must be sections"),
    ],
)
def test_bad_settings_are_refused(tmp_path, text, said):
    with pytest.raises(DataError) as caught:
        columns_from_toml(written(tmp_path, text, "columns.toml"))
    assert said in str(caught.value)
    assert_silent(str(caught.value), f"\n{MARK}")
