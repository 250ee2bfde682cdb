"""No name of a person leaves `undercount link`: not in outputs, messages, logs or any file."""

import contextlib
import dataclasses
import functools
import logging
import os
import subprocess
import sys
import tempfile
import traceback
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from estimation.cli import main
from estimation.errors import DataError
from estimation.linkage import link, privacy, scoring
from estimation.linkage.backend import DuckDB
from estimation.linkage.prepare import prepare
from estimation.linkage.privacy import guarded
from estimation.linkage.spelling import canonical
from estimation.randomness import stream
from estimation.tables.records import read_lists

_ROOT = Path(__file__).parent.parent

#: Syllables that no word of ours has, in two scripts.
_CYRILLIC = ("щаф", "зуж", "кхэ", "жвы", "цумб", "фрощ", "хзу", "гжо", "бзыр", "вжум")
_LATIN = ("shchaf", "zuzh", "kkhe", "zhvy", "tsumb", "froshch", "khzu", "gzho", "bzyr", "vzhum")


@dataclasses.dataclass(frozen=True)
class _World:
    """Lists of generated persons, the markers in them, and folders of a run."""

    folder: Path
    lists: list[str]
    markers: tuple[str, ...]


def _words(number, generator):
    """Return so many different words, in Cyrillic and in Latin letters."""
    found = {}
    while len(found) < number:
        places = generator.integers(0, len(_CYRILLIC), 3)
        word = "".join(_CYRILLIC[place] for place in places).capitalize()
        found[word] = "".join(_LATIN[place] for place in places).capitalize()
    return list(found), list(found.values())


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    generator = stream(1, "privacy")
    surnames, given = _words(60, generator), _words(25, generator)
    persons = 220
    family = generator.integers(0, 60, persons)
    first, father = generator.integers(0, 25, (2, persons))
    born = np.datetime64("1970-01-01") + generator.integers(0, 12_000, persons)
    died = np.datetime64("2022-03-01") + generator.integers(0, 900, persons)
    place = generator.choice(["Омск", "Пермь", "Тула"], persons)
    folder = tmp_path_factory.mktemp("privacy")
    (folder / "lists").mkdir()
    paths = []
    for script, name in enumerate(("one", "two")):
        on = generator.permutation(np.flatnonzero(generator.random(persons) < 0.75))
        lines = ["name,birth_date,death_date,place,sex"]
        for who in on:
            words = (surnames[script][family[who]], given[script][first[who]],
                     given[script][father[who]])  # fmt: skip
            lines.append(f"{' '.join(words)},{born[who]},{died[who]},{place[who]},m")
        # a name in the wrong column
        lines[5] = lines[5].replace(lines[5].split(",")[3], surnames[script][3])
        paths.append(folder / "lists" / f"{name}.csv")
        paths[-1].write_text("\n".join(lines) + "\n", encoding="utf-8")
    plain = [*surnames[0], *surnames[1], *given[0], *given[1]]
    spelled = canonical(pd.Series(plain, dtype="str")).tolist()
    return _World(folder, [str(path) for path in paths], tuple({*plain, *spelled}))


@functools.cache
def _forms(markers):
    """Return markers as they may stand in a file, as bytes."""
    found = set()
    for marker in markers:
        assert len(marker) >= 6  # shorter ones could stand anywhere by chance
        for text in (marker, marker.lower(), marker.upper()):
            for encoding in ("utf-8", "utf-16-le", "utf-16-be", "cp1251"):
                found.add(text.encode(encoding))
            found.add(ascii(text)[1:-1].encode())
    return found


def _leaks(content, markers):
    """Return whether any marker stands in bytes or text."""
    if isinstance(content, str):
        content = content.encode("utf-8", "surrogateescape")
    return any(form in content for form in _forms(markers))


def _leaking_files(folder, markers):
    files = [path for path in folder.rglob("*") if path.is_file()]
    forms = _forms(markers)
    return [path.name for path in files
            if any(form in path.read_bytes() or form in str(path).encode() for form in forms)
            ]  # fmt: skip


# -- in a process and a home of its own ------------------------------------------------------------


def _run(world, home, *words):
    """Run the command where all that it may write is seen; return code, output and folders."""
    for name in ("home", "temporary", "cache", "work", "secret", "raw"):
        (home / name).mkdir(parents=True)
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(home / "home"), "PYTHONPATH": str(_ROOT),
        "TMPDIR": str(home / "temporary"), "XDG_CACHE_HOME": str(home / "cache"),
        "UNDERCOUNT_CACHE": str(home / "cache"), "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip
    command = [sys.executable, "-m", "estimation", "link", *world.lists, *words]
    before = {path.name for path in Path(tempfile.gettempdir()).iterdir()}
    done = subprocess.run(command, cwd=home / "work", env=environment, capture_output=True,
                          check=False)  # fmt: skip
    after = {path.name for path in Path(tempfile.gettempdir()).iterdir()} - before
    kinds = ("duckdb", "splink", "partial")
    ours = [name for name in after if any(kind in name.lower() for kind in kinds)]
    assert ours == []
    assert list((home / "temporary").iterdir()) == []
    return done


def test_a_run_with_all_outputs_holds_no_name(world, tmp_path):
    done = _run(world, tmp_path, "--out", "patterns.csv", "--review", "review.csv", "--json",
                "--key", "../raw/key.csv", "--salt", "../secret/salt", "--by", "place")  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    written = {path.name for path in tmp_path.rglob("*") if path.is_file()}
    assert written >= {"patterns.csv", "patterns.json", "patterns.png", "patterns.svg",
                       "review.csv", "key.csv", "salt"}  # fmt: skip
    assert "омск" in (tmp_path / "work" / "patterns.csv").read_text(encoding="utf-8")
    assert not _leaks(done.stdout, world.markers)
    assert _leaking_files(tmp_path, world.markers) == []
    # the search finds what it is to find: in the lists, and in a file of any encoding
    assert len(_leaking_files(world.folder / "lists", world.markers)) == 2
    for number, encoding in enumerate(("utf-8", "utf-16", "cp1251")):
        some = tmp_path / "work" / f"{number}.bin"
        some.write_bytes(b"\x00" * 1000 + f"x {world.markers[-1].lower()};".encode(encoding))
        assert _leaking_files(tmp_path, world.markers) == [some.name]
        some.unlink()


def test_a_run_without_enough_memory_holds_no_name(world, tmp_path):
    done = _run(world, tmp_path, "--out", "patterns.csv", "--memory", "0.02")
    assert done.returncode == 3
    assert done.stdout == b""
    assert done.stderr.count(b"\n") == 1
    assert b"linkage: " in done.stderr
    assert not _leaks(done.stderr, world.markers)
    assert _leaking_files(tmp_path, world.markers) == []
    assert list((tmp_path / "work").iterdir()) == []


# -- in this process -------------------------------------------------------------------------------


@pytest.fixture
def told(capfd, caplog):
    """Return a function that runs the command and returns code and all that was said."""

    def run(*words):
        with caplog.at_level(logging.DEBUG):
            try:
                code = main(["link", *words])
            except SystemExit as stopped:
                code = stopped.code
        return code, "".join(capfd.readouterr()) + caplog.text

    return run


_BAD = {
    "a date that is none": lambda cells: [cells[0], cells[0], *cells[2:]],
    "a sex that is none": lambda cells: [*cells[:4], cells[0]],
    "death before birth": lambda cells: [cells[0], "2023-01-01", "2022-01-01", *cells[3:]],
    "a cell too many": lambda cells: [*cells, cells[0]],
    "a quote that is not closed": lambda cells: ['"' + cells[0], *cells[1:]],
    "a sign of control": lambda cells: [cells[0] + "\x00", *cells[1:]],
    "a name for a number": lambda cells: [cells[0], "31.31." + cells[0], *cells[2:]],
}


@pytest.mark.parametrize("kind", _BAD)
def test_a_row_that_cannot_be_read_is_told_without_its_content(world, told, tmp_path, kind):
    lines = Path(world.lists[0]).read_text(encoding="utf-8").splitlines()
    lines[40] = ",".join(_BAD[kind](lines[40].split(",")))
    (tmp_path / "bad.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    code, said = told(str(tmp_path / "bad.csv"), world.lists[1])
    assert code == 3
    assert "41" in said or kind in ("a quote that is not closed", "a sign of control")
    assert said.count("\n") == 1
    assert not _leaks(said, world.markers)
    assert _leaks(said + lines[40], world.markers)


def test_other_encodings_and_wrong_columns_are_told_without_names(world, told, tmp_path):
    text = Path(world.lists[0]).read_text(encoding="utf-8")
    (tmp_path / "windows.csv").write_bytes(text.encode("cp1251"))
    code, said = told(str(tmp_path / "windows.csv"), world.lists[1])
    assert code == 3
    assert not _leaks(said, world.markers)
    # the heading is missing: a record stands in its place
    (tmp_path / "none.csv").write_text(text.split("\n", 1)[1], encoding="utf-8")
    code, said = told(str(tmp_path / "none.csv"), world.lists[1])
    assert code == 3
    assert not _leaks(said, world.markers)
    code, said = told(*world.lists, "--by", "place", "--columns", "birth_date=name")
    assert code in (2, 3)
    assert not _leaks(said, world.markers)


def _failing(real, column):
    """Return comparisons of which one cannot be made: its error tells what stood there."""

    def made(fields):
        from splink import comparison_level_library as library
        from splink import comparison_library

        bad = library.CustomLevel(f"cast({column}_l as integer) = 1", label_for_charts="bad")
        levels = [library.NullLevel(column), bad, library.ElseLevel()]
        return [*real(fields)[:-1],
                comparison_library.CustomComparison(levels, output_column_name=fields[-1])
                ]  # fmt: skip

    return made


def test_a_library_that_fails_is_told_without_its_message(world, told, monkeypatch):
    monkeypatch.setattr(scoring, "comparisons", _failing(scoring.comparisons, "surname"))
    code, said = told(*world.lists)
    assert code == 3
    assert "linkage: training: " in said
    assert "is not shown" in said
    assert said.count("\n") == 1
    assert not _leaks(said, world.markers)
    # nor by a traceback
    monkeypatch.setenv("UNDERCOUNT_DEBUG", "1")
    with pytest.raises(DataError) as caught:
        main(["link", *world.lists])
    shown = "".join(traceback.format_exception(caught.value))
    assert "guarded" in shown
    assert not _leaks(shown, world.markers)
    # without the guards there is a name: else this test could not fail
    monkeypatch.setattr(scoring, "guarded", lambda _: contextlib.nullcontext())
    for module in (privacy, link):
        monkeypatch.setattr(module, "nameless", contextlib.nullcontext)
    with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever the library raises
        main(["link", *world.lists])
    assert _leaks("".join(traceback.format_exception(caught.value)), world.markers)


def test_a_fault_of_our_own_is_told_without_its_message(world, told, monkeypatch):
    def broken(*_):
        raise ValueError(world.markers[0])

    monkeypatch.setattr(link, "prepare", broken)
    code, said = told(*world.lists)
    assert code == 5
    assert "ValueError in test_link_privacy.py, line" in said
    assert not _leaks(said, world.markers)


def test_any_error_of_a_step_is_told_by_its_kind(world):
    name = world.markers[0]
    for error in (ValueError(name), RuntimeError(f"{name} {name}"), MemoryError(name),
                  type("OutOfMemoryException", (Exception,), {})(name)):  # fmt: skip
        with pytest.raises(DataError) as caught, guarded("a step"):  # noqa: PT012 - it logs first
            logging.getLogger("splink").error(name)
            raise error
        assert not _leaks(str(caught.value), world.markers)
        assert caught.value.__cause__ is None
        assert caught.value.__suppress_context__
        if "Memory" in type(error).__name__:
            assert "not enough memory" in str(caught.value)
    assert not logging.getLogger("splink").disabled


def test_what_is_kept_in_memory_does_not_show_itself(world):
    records = read_lists(world.lists)
    assert not any(_leaks(repr(one), world.markers) for one in records)
    assert not _leaks(repr(prepare(records)), world.markers)
    assert _leaks(records[0].frame.to_string(), world.markers)


def test_the_database_has_no_folder_for_temporary_files():
    database = DuckDB(memory=0.5, cores=1)
    try:
        ask = database._connection.execute
        for setting, value in (("temp_directory", ""), ("max_temp_directory_size", "0 bytes"),
                               ("memory_limit", "512.0 MiB"), ("enable_logging", 0),
                               ("enable_external_access", False),
                               ("autoinstall_known_extensions", False)):  # fmt: skip
            found = ask("select current_setting($1)", [setting]).fetchone()[0]
            assert found == value
        (path,) = ask("select path from duckdb_databases() where not internal").fetchone()
        assert path is None
    finally:
        database.close()
