"""The store: what was kept comes back as it was, and what was not kept is never believed."""

import hashlib
import json
import logging
import os
import pickle
import shutil
import time

import numpy as np
import pytest
import xarray

from estimation import fit
from estimation.diagnostics.reference import reference_models
from estimation.errors import DataError, RefusedError, UsageError
from estimation.fit import key
from estimation.fit.engine import plan
from estimation.fit.key import canonical, code_digest, content_key
from estimation.fit.record import DamagedRecordError, Record, from_bytes
from estimation.fit.store import Store, obtain
from models import Count, Flat, Model, uniform


def _record(seed=1):
    rng = np.random.default_rng(seed)
    arrays = {
        "a": rng.random((2, 3)),
        "b": np.array(["x", "yz"]),
        "c": np.array(True),
        "d": np.arange(0),
    }
    return Record({"kind": "test", "seed": seed}, {"words": "ä"}, arrays)  # fmt: skip


def _same(first, second):
    assert (first.key, first.meta) == (second.key, second.meta)
    assert list(first.arrays) == list(second.arrays)
    for name, values in first.arrays.items():
        assert values.dtype == second.arrays[name].dtype
        np.testing.assert_array_equal(values, second.arrays[name])


def test_a_record_comes_back_as_it_was():
    record = _record()
    contents = record.to_bytes()
    _same(from_bytes(contents, record.key), record)
    assert contents == _record().to_bytes()  # equal results, equal bytes


def test_every_truncation_is_detected():
    record = _record()
    contents = record.to_bytes()
    for length in range(len(contents)):
        with pytest.raises(DamagedRecordError):
            from_bytes(contents[:length], record.key)


def test_every_flipped_bit_is_detected():
    record = _record()
    contents = bytearray(record.to_bytes())
    for place in range(len(contents)):
        for bit in range(8):
            contents[place] ^= 1 << bit
            with pytest.raises(DamagedRecordError):
                from_bytes(bytes(contents), record.key)
            contents[place] ^= 1 << bit
    _same(from_bytes(bytes(contents), record.key), record)


def test_objects_are_neither_written_nor_read():
    with pytest.raises(ValueError, match="allow_pickle"):
        Record({"kind": "test"}, {}, {"a": np.array([{}], dtype=object)}).to_bytes()
    record = _record()
    with pytest.raises(DamagedRecordError):
        from_bytes(pickle.dumps(record.arrays), record.key)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "fits")


@pytest.fixture
def model():
    return reference_models()["scale-beta"]


def test_a_fit_from_the_store_is_the_fit(store, model):
    made = fit(model, draws=500, store=store)
    kept = fit(model, draws=500, store=store, refit="never")
    xarray.testing.assert_identical(made, kept)
    assert made.attrs["hash"] in store
    assert [path.suffix for path in store.folder.rglob("*") if path.is_file()] == [".record"]


def test_a_kept_fit_is_found_by_another_path_and_label(tmp_path, model):
    labelled = model.replace("names.source", "another name of the same list")
    fit(model, draws=500, store=str(tmp_path / "fits"))
    moved = (tmp_path / "fits").rename(tmp_path / "moved")
    fit(labelled, draws=500, store=moved, refit="never")


@pytest.mark.parametrize(
    "change",
    [
        {"seed": 2}, {"draws": 501}, {"chains": 3},
        {"model": ("names.count", 2_001)}, {"model": ("losses.clustering", 9.0)},
        {"model": ("names.coverage", uniform(0.45, 0.65))},
        {"model": ("names.precision", uniform(0.9, 1.0))},
    ],
)  # fmt: skip
def test_what_changes_numbers_changes_the_key(store, model, change):
    """Each of them must lead to another fit, never to the kept one."""
    fit(model, draws=500, store=store)
    words = {"draws": 500, **change}
    if "model" in words:
        model = model.replace(*words.pop("model"))
    with pytest.raises(RefusedError, match="not in the store"):
        fit(model, store=store, refit="never", **words)


@pytest.mark.parametrize("engine", ["exact", "nuts"])
def test_other_libraries_change_the_key(model, monkeypatch, engine):
    planned = plan(model, engine)
    before = content_key(**planned.made_of())
    monkeypatch.setattr("estimation.fit.key._version", lambda package: "0.0")
    assert content_key(**planned.made_of()) != before


def test_other_code_changes_the_key(model, tmp_path, monkeypatch):
    """A version is raised by hand and can be forgotten: the code itself is part of the key."""
    before = code_digest()
    for part in ("models", "estimation"):
        shutil.copytree(key._ROOT / part, tmp_path / part)
    monkeypatch.setattr(key, "_ROOT", tmp_path)
    assert code_digest.__wrapped__() == before
    changed = tmp_path / "models" / "beliefs" / "shapes.py"
    changed.write_text(changed.read_text() + "# changed\n")
    assert code_digest.__wrapped__() != before
    planned = plan(model)
    kept = content_key(**planned.made_of())
    monkeypatch.setattr("estimation.fit.tree.code_digest", lambda: "other")
    assert content_key(**planned.made_of()) != kept


def test_neighbouring_floats_have_keys_of_their_own():
    beliefs = [uniform(0.45, 0.65), uniform(0.45, np.nextafter(0.65, 1))]
    keys = {content_key(**Model(Flat(), {"names": Count(9, one)}).content()) for one in beliefs}
    assert len(keys) == 2
    parts = {"a": [1.5, np.int64(3), np.array([0.1, 0.2])], "b": None}
    assert content_key(**parts) == content_key(**json.loads(json.dumps(canonical(parts))))


def test_policies(store):
    made = []

    def make():
        made.append(1)
        return _record()

    made_of = _record().made_of
    with pytest.raises(RefusedError, match="not in the store"):
        obtain(store, "never", made_of, make)
    origins = [
        obtain(store, refit, made_of, make)[1]
        for refit in ("on_change", "on_change", "never", "always", "on_change")
    ]
    assert origins == ["made", "stored", "stored", "made", "stored"]
    assert len(made) == 2
    with pytest.raises(UsageError, match="no policy"):
        obtain(store, "sometimes", made_of, make)
    with pytest.raises(UsageError, match="needs a store"):
        obtain(None, "never", made_of, make)


def _damage(path, how):
    contents = bytearray(path.read_bytes())
    if how == "cut":
        contents = contents[: len(contents) // 2]
    elif how == "flipped":
        contents[len(contents) // 2] ^= 4
    elif how == "emptied":
        contents = bytearray()
    elif how == "foreign":
        contents = bytearray(b"PK\x03\x04 something else")
    path.write_bytes(contents)


@pytest.mark.parametrize("how", ["cut", "flipped", "emptied", "foreign"])
def test_a_damaged_fit_is_made_again(store, model, caplog, how):
    made = fit(model, draws=500, store=store)
    path = store.path(made.attrs["hash"])
    _damage(path, how)
    with pytest.raises(DataError, match="is damaged"):
        fit(model, draws=500, store=store, refit="never")
    with caplog.at_level(logging.WARNING, "undercount"):
        again = fit(model, draws=500, store=store)
    assert "fitted again" in caplog.text
    xarray.testing.assert_identical(made, again)
    fit(model, draws=500, store=store, refit="never")  # and mended


def test_fits_that_changed_places_are_made_again(store, model, caplog):
    other = model.replace("names.count", 50)
    made = [fit(one, draws=500, store=store) for one in (model, other)]
    first, second = (store.path(tree.attrs["hash"]) for tree in made)
    aside = first.rename(first.with_suffix(".aside"))
    second.rename(first)
    aside.rename(second)
    for one, before in zip((model, other), made, strict=True):
        xarray.testing.assert_identical(fit(one, draws=500, store=store), before)
    assert caplog.text.count("holds another result") == 2


def test_a_header_that_lies_is_not_believed():
    """Whoever can hash can write a record; its key must still follow from what it is made of."""
    record = _record()
    lying = Record({"kind": "test", "seed": 2}, record.meta, record.arrays)
    contents = lying.to_bytes().partition(b"\n")[2].partition(b"\n")[2]
    changed = contents.replace(lying.key.encode(), record.key.encode())

    whole = (
        b"undercount-record 1\n" + hashlib.sha256(changed).hexdigest().encode() + b"\n" + changed
    )
    with pytest.raises(DamagedRecordError, match="another result"):
        from_bytes(whole, record.key)


def test_a_store_that_cannot_be_read_or_written_is_told(tmp_path):
    file = tmp_path / "file"
    file.write_text("not a folder")
    with pytest.raises(DataError, match="cannot be written"):
        Store(file).save(_record())
    with pytest.raises(DataError, match="cannot be read"):
        Store(file).load("ab" * 32)
    assert file.read_text() == "not a folder"


def test_remains_of_dead_processes_are_swept_after_a_day(store):
    store.save(_record())
    old, new = store.folder / "partial-1-old", store.folder / "partial-2-new"
    for path in (old, new):
        path.write_bytes(b"half")
    long_ago = time.time() - 2 * 24 * 3600
    os.utime(old, (long_ago, long_ago))
    store.sweep()
    assert (old.exists(), new.exists()) == (False, True)
    assert _record().key in store
