"""Pairs for a person to judge: ids only, salted; judgments read back; files whole or not at all."""

import re
import stat

import numpy as np
import pytest

from estimation.errors import DataError
from estimation.files import whole_file
from estimation.linkage.ids import own_names, read_salt, record_id
from estimation.linkage.pairs import Pairs
from estimation.linkage.review import BANDS, evenly, read_judged, write_key, write_review
from estimation.randomness import stream
from tests.pairs_by_hand import records_of

SALT = b"0123456789abcdef0123456789abcdef"


@pytest.fixture(scope="module")
def lists():
    """Return two lists of 300; one has ids of its own for half of its records."""
    ids = [f"n{row}" if row % 2 else "" for row in range(300)]
    return [records_of("one", id=ids, surname=["Вельтанов"] * 300),
            records_of("two", surname=["Veltanov"] * 300)]  # fmt: skip


@pytest.fixture
def review(tmp_path, lists):
    """Return the path and pairs of a review, with bands of unequal size."""
    sizes = [200, 3, 40, 0, 40, 40, 100, 500]
    generator = stream(1, "review")
    probability = np.concatenate([
        generator.uniform(low, high, size)
        for low, high, size in zip(BANDS, BANDS[1:], sizes, strict=False)
    ])  # fmt: skip
    left = generator.integers(0, 300, len(probability))
    right = 300 + generator.permutation(np.arange(len(probability)) % 300)
    none = np.zeros((len(left), 1), dtype=np.float32)
    pairs = Pairs(left, right, none, np.ones(len(left), dtype=np.int64))
    path = tmp_path / "review.csv"
    written = write_review(path, pairs, probability, lists, SALT, 80, 4)
    return path, pairs, probability, written


def _rows(path):
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    return head.split(","), [row.split(",") for row in rows]


# -- writing ---------------------------------------------------------------------------------------


def test_pairs_are_taken_evenly_from_all_bands(review):
    path, _, _, written = review
    head, rows = _rows(path)
    assert head == ["left", "right", "probability", "same"]
    assert written == len(rows) == 80
    bands = np.digitize([float(row[2]) for row in rows], BANDS[:-1]) - 1
    counts = np.bincount(np.clip(bands, 0, 7), minlength=8)
    assert counts[1] == 3  # all that there are
    assert counts[3] == 0
    others = counts[[0, 2, 4, 5, 6, 7]]
    assert others.max() - others.min() <= 3  # rounded to four digits, a few change bands
    assert (np.diff(bands) != 0).sum() > 30  # in no order


def test_a_review_holds_ids_and_nothing_of_a_record(review, lists):
    path, pairs, probability, _ = review
    _, rows = _rows(path)
    known = {record_id(SALT, name, own): place
             for place, (name, own, _) in enumerate(own_names(lists))}  # fmt: skip
    assert len(known) == 600
    chances = {}
    for one, other, chance in zip(pairs.left, pairs.right, probability, strict=True):
        chances.setdefault((int(one), int(other)), []).append(f"{chance:.4f}")
    for left, right, chance, same in rows:
        assert re.fullmatch(r"[0-9a-f]{24}", left)
        assert re.fullmatch(r"[0-9a-f]{24}", right)
        assert chance in chances[known[left], known[right]]
        assert same == ""


def test_few_pairs_are_all_taken():
    probability = np.array([0.3, 0.31, 0.9, 1e-4])
    assert sorted(evenly(probability, 10, stream(2, "few")).tolist()) == [0, 1, 2]
    assert len(evenly(np.zeros(0), 10, stream(2, "none"))) == 0
    assert len(evenly(np.full(50, 0.4), 10, stream(2, "one band"))) == 10


def test_the_key_leads_from_ids_to_lines(tmp_path, lists):
    write_key(tmp_path / "key.csv", lists, SALT)
    head, rows = _rows(tmp_path / "key.csv")
    assert head == ["id", "list", "line"]
    assert [row[1:] for row in rows] == [[name, str(line)] for name in ("one", "two")
                                         for line in range(2, 302)]  # fmt: skip
    assert rows[1][0] == record_id(SALT, "one", "id n1")
    assert rows[2][0] == record_id(SALT, "one", "line 4")
    assert len({row[0] for row in rows}) == 600


# -- reading ---------------------------------------------------------------------------------------


def _write(path, rows, head="left,right,probability,same", encoding="utf-8"):
    lines = [head, *(",".join(row) for row in rows)]
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def _ids(lists):
    return [record_id(SALT, name, own) for name, own, _ in own_names(lists)]


def test_judgments_are_read_back(tmp_path, lists):
    ids = _ids(lists)
    rows = [[ids[300], ids[5], "0.5", "1"], [ids[7], ids[301], "0.5", " 0 "],
            [ids[8], ids[302], "0.5", ""], [ids[5], ids[300], "0.5", "1"],
            [ids[4], ids[6], "0.5", "0"], ["unknown", "too", "0.5", ""]]  # fmt: skip
    for encoding in ("utf-8", "utf-8-sig"):
        judged = read_judged(_write(tmp_path / "judged.csv", rows, encoding=encoding), lists, SALT)
        assert judged.left.tolist() == [4, 5, 7]
        assert judged.right.tolist() == [6, 300, 301]
        assert judged.same.tolist() == [False, True, False]


def _refused(path, lists, salt=SALT):
    with pytest.raises(DataError) as caught:
        read_judged(path, lists, salt)
    said = str(caught.value)
    assert "\n" not in said
    assert str(path) in said
    return said


def test_bad_judgments_are_refused_by_their_lines(tmp_path, lists):
    ids, path = _ids(lists), tmp_path / "judged.csv"
    good = [ids[1], ids[301], "0.5", "1"]
    secret = "Вельтанов"
    said = _refused(_write(path, [good, [ids[2], ids[302], "0.5", secret], good]), lists)
    assert "line 3: 'same' is neither 1, 0 nor empty" in said
    assert secret not in said
    said = _refused(_write(path, [good, good, [ids[2], secret, "0.5", "1"]]), lists)
    assert "line 4: ids lead to no two records" in said
    assert secret not in said
    assert "line 3: ids" in _refused(_write(path, [good, [ids[2], ids[2], "", "0"]]), lists)
    both = [good, [ids[301], ids[1], "0.5", "0"]]
    assert "line 3: a pair is judged both ways" in _refused(_write(path, both), lists)
    many = [[ids[2], ids[302], "0.5", "2"]] * 9
    assert "line 2, 3, 4, 5, 6 ...: 'same'" in _refused(_write(path, many), lists)
    said = _refused(_write(path, [good]), lists, b"another salt of many bytes")
    assert "another salt" in said
    assert "line 2" in said


def test_a_review_without_judgments_or_columns_is_refused(tmp_path, lists):
    ids, path = _ids(lists), tmp_path / "judged.csv"
    said = _refused(_write(path, [[ids[1], ids[301], "0.5", ""]]), lists)
    assert "holds no judgment" in said
    assert "holds no judgment" in _refused(_write(path, []), lists)
    said = _refused(_write(path, [[ids[1], ids[301], "1"]], "left,right,verdict"), lists)
    assert "has no column same" in said
    _write(path, [["Вельтанов", "x", "", "1"]], encoding="cp1251")
    assert "cannot be read as a table (UnicodeDecodeError)" in _refused(path, lists)
    assert "FileNotFoundError" in _refused(tmp_path / "none.csv", lists)


# -- salt ------------------------------------------------------------------------------------------


def test_a_new_salt_is_random_and_for_its_owner_only(tmp_path):
    (tmp_path / "secret").mkdir()
    path, data = tmp_path / "secret" / "salt", tmp_path / "one.csv"
    salt = read_salt(path, [data])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(salt) == 64
    assert read_salt(path, [data]) == salt
    other = read_salt(tmp_path / "secret" / "other", [data])
    assert other != salt
    assert record_id(salt, "one", "line 2") == record_id(salt, "one", "line 2")
    ids = {record_id(key, name, own) for key in (salt, other) for name in ("one", "two")
           for own in ("line 2", "id 2")}  # fmt: skip
    assert len(ids) == 8


def test_a_bad_salt_is_refused(tmp_path):
    (tmp_path / "secret").mkdir()
    short = tmp_path / "secret" / "short"
    short.write_bytes(b"  fifteen letters"[2:] + b"\n \n")
    with pytest.raises(DataError, match="salt of 15 bytes"):
        read_salt(short, [])
    beside = tmp_path / "salt"
    with pytest.raises(DataError, match=r"folder of one\.csv") as caught:
        read_salt(beside, [tmp_path / "secret" / "two.csv", tmp_path / "one.csv"])
    assert caught.value.exit_code == 3
    assert not beside.exists()
    # nor is it another folder by another way
    around = tmp_path / "secret" / ".." / "salt"
    with pytest.raises(DataError, match="stands in the folder"):
        read_salt(around, [tmp_path / "one.csv"])
    with pytest.raises(DataError, match="cannot be read or written"):
        read_salt(tmp_path / "nowhere" / "salt", [])


# -- files -----------------------------------------------------------------------------------------


def test_a_file_is_whole_or_as_it_was(tmp_path):
    path = tmp_path / "new" / "file.csv"
    with whole_file(path) as aside:
        aside.write_text("first", encoding="utf-8")
        assert not path.exists()
    assert path.read_text(encoding="utf-8") == "first"
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    with pytest.raises(RuntimeError), whole_file(path) as aside:  # noqa: PT012 - it must begin
        aside.write_text("half", encoding="utf-8")
        raise RuntimeError
    assert path.read_text(encoding="utf-8") == "first"
    assert [one.name for one in path.parent.iterdir()] == ["file.csv"]
    with whole_file(path) as aside:
        aside.write_text("second", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == "second"
    with pytest.raises(DataError, match="is a folder"), whole_file(tmp_path):
        pass
    with pytest.raises(DataError, match="cannot be written"), whole_file(path / "below.csv"):
        pass
    assert path.read_text(encoding="utf-8") == "second"
