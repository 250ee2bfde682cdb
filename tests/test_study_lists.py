"""Studies whose evidence is overlapping lists."""

import csv
import json
import shutil

import jsonschema
import numpy as np
import pytest

from estimation.cli import main
from estimation.errors import UndercountError
from estimation.study.read import parse_study
from models.lists.lists import Lists
from models.overlapping import Overlapping
from tests.lists_by_hand import sample_lists_by_hand
from tests.test_command_line import _schema

FLAT = '[losses]\nkind = "flat"\n[evidence.lists]\nkind = "lists"\n'
KOSOVO = FLAT + 'patterns = "kosovo_1999"\nclasses = 3\n'
STRATA = """
title = "By region"
[losses]
kind = "pooled"
[evidence.lists]
kind = "lists"
patterns = "data/regions.csv"
strata = ["region"]
classes = 3
exposure = { south = 30000, north = 50000 }
"""
COUNTS = {"100": (60, 30), "010": (50, 80), "001": (40, 20), "110": (20, 15), "101": (15, 8),
          "011": (12, 12), "111": (6, 4)}  # fmt: skip


@pytest.fixture
def place(tmp_path):
    """Return a folder with a table of two regions, some persons of neither."""
    rows = [(region, *pattern, counts[at]) for at, region in enumerate(("north", "south"))
            for pattern, counts in COUNTS.items()]  # fmt: skip
    (tmp_path / "data").mkdir()
    with (tmp_path / "data" / "regions.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [["region", "A", "B", "C", "count"], *rows, ("", 1, 0, 0, 9), ("", 0, 1, 1, 3)]
        )
    return tmp_path


@pytest.fixture
def by_hand(monkeypatch):
    """Draw without a sampler."""
    for module in ("estimation.fit.nuts", "estimation.sensitivity.posteriors"):
        monkeypatch.setattr(f"{module}.sample_graph", sample_lists_by_hand)


@pytest.fixture
def no_figures(monkeypatch):
    monkeypatch.setattr("estimation.study.figures.missing_plotting", lambda: "not drawn")


def _run(capsys, *words):
    code = main(words)
    return code, *capsys.readouterr()


def _fitted(capsys, place, written, *words, name="s.toml"):
    (place / name).write_text(written)
    return _run(capsys, "run", str(place / name), "--out", str(place / "out"), "--draws", "500",
                "--store", str(place / "store"), *words)  # fmt: skip


def test_a_section_becomes_lists():
    more = """
captures = "uniform"
dependence = 2
merge = { "EXH or HRW" = ["EXH", "HRW"] }
at_most = ["ABA"]
as_of = 1999-06-22
scope = "killings"
coverage = { kind = "between", low = 0.3, high = 0.7, mass = 0.9, reason = "a guess" }
"""
    study = parse_study(KOSOVO + more, "s.toml")
    found = study.model.base
    assert isinstance(found, Lists)
    assert isinstance(study.model.joint, Overlapping)
    assert (found.captures, found.classes, found.dependence) == ("uniform", 3, 2)
    assert found.patterns.lists == ("EXH or HRW", "ABA", "OSCE")
    assert found.patterns.is_bound.sum() == 1
    assert found.coverage.quantile(0.05) == pytest.approx(0.3, abs=1e-3)
    assert found.source.startswith("Ball, Betts, Scheuren")
    assert study.notes == ("lists: Patterns whose count is an upper bound: ABA.",)
    own = parse_study(KOSOVO + 'source = "mine"\nleave_out = ["HRW"]\n', "s.toml").model.base
    assert (own.source, own.patterns.lists, own.has_belief) == ("mine", ("EXH", "ABA", "OSCE"), 0)


def test_strata_and_exposure_by_name(place):
    found = parse_study(STRATA, "s.toml", place)
    lists = found.model.base
    assert (lists.strata, lists.exposure) == (("north", "south"), (50000.0, 30000.0))
    assert list(found.files) == ["data/regions.csv"]
    assert found.notes == ("lists: The stratum of 12 persons is not recorded.",)
    summed = 'patterns = "spina_bifida_ny_621_by_ethnicity"\nstrata = []\n'
    assert parse_study(FLAT + summed, "s.toml").model.base.names == 621


@pytest.mark.parametrize(
    ("written", "code", "says"),
    [
        (FLAT, 3, "evidence.lists: 'patterns' is missing"),
        (FLAT + "patterns = 3", 3, "evidence.lists.patterns: must be text"),
        (FLAT + 'patterns = "no.csv"', 3, "evidence.lists.patterns: "),
        (FLAT + 'patterns = "kosovo"', 3, "did you mean 'kosovo_1999'?"),
        (FLAT + 'patterns = "captures_taxicabs_edinburgh"', 3, "how often each was captured"),
        (FLAT + 'patterns = "spina_bifida_ny_621_by_ethnicity"', 3, "flat losses have none"),
        (KOSOVO + "count = 3", 3, "evidence.lists.count: must be text"),
        (KOSOVO + 'strata = "EXH"', 3, "evidence.lists.strata: must be a list of names"),
        (KOSOVO + 'strata = ["nix"]', 3, "has no column 'nix'"),
        (KOSOVO + 'merge = ["A"]', 3, "evidence.lists.merge: must be a table"),
        (KOSOVO + 'merge = { X = "EXH" }', 3, "evidence.lists.merge.X: must be a list of names"),
        (KOSOVO + 'merge = { X = ["EXH", "ABC"] }', 3, "merge.X: no list 'ABC'; did you mean"),
        (KOSOVO + 'leave_out = ["X"]', 3, "evidence.lists.leave_out: no list 'X'"),
        (KOSOVO + 'leave_out = ["EXH", "ABA", "HRW"]', 4, "there is one list only: OSCE"),
        (KOSOVO + 'at_most = ["EXH+XX"]', 3, "evidence.lists.at_most: no list 'XX'"),
        (KOSOVO + "exposure = 5", 3, "evidence.lists.exposure: must be a list or a table"),
        (KOSOVO + "exposure = { a = 1 }", 3, "must have a number for each stratum"),
        (KOSOVO + "dependence = 0", 3, "evidence.lists.dependence: must be above 0"),
        (KOSOVO + 'captures = "x"', 3, "evidence.lists.captures: no prior 'x'"),
        (KOSOVO + 'table = { source = "x.csv" }', 3, "unknown key 'table'"),
        (KOSOVO + 'coverage = { kind = "known", value = 0.5 }', 4, "the overlap would say nothing"),
        (KOSOVO.replace("flat", "walk"), 3, "losses need periods"),
        (KOSOVO.replace("flat", "pooled"), 3, "pooled losses need two strata or more"),
        (KOSOVO + "[[learned]]", 4, "learned[1]: is asked of overlapping lists"),
        (KOSOVO + '[[claim]]\nstatement = "x"\nestimand = "total"\nstratum = "a"', 3,
         "claim[1].stratum: no stratum 'a'"),
        (KOSOVO + '[[scenario]]\nname = "x"\nset."lists.captures" = "y"', 3, "no prior 'y'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(written, code, says):
    with pytest.raises(UndercountError) as told:
        parse_study(written, "s.toml")
    assert says in str(told.value)
    assert str(told.value).startswith("s.toml: ")
    assert told.value.exit_code == code


def test_files_named_like_keys_are_told_as_files(place):
    shutil.copy(place / "data" / "regions.csv", place / "strata.csv")
    with pytest.raises(UndercountError) as told:
        parse_study(FLAT + 'patterns = "strata.csv"', "s.toml", place)
    said = str(told.value)
    assert said.startswith("s.toml: evidence.lists.patterns: strata.csv line 2, column region")
    assert said.endswith('name it: strata = ["region"]')


def test_check_shows_the_lists_and_what_their_priors_imply(capsys, place):
    (place / "s.toml").write_text(STRATA)
    code, out, err = _run(capsys, "check", str(place / "s.toml"))
    assert (code, err) == (0, "")
    for words in (
        "- unseen[s] ~ Poisson(rate[s] * (1 - coverage[s]))",
        "384 persons on any list; as of not stated",
        "A         167           99",
        "not recorded       12",
        "What the overlap says is left out: only a fit tells.",
        "- capture (probability to be on a list, by class, share)",
        "within a class lists are independent",
    ):
        assert words in out
    assert "names" not in out.partition("Data")[2].partition("Priors")[0]
    found = json.loads(_run(capsys, "check", str(place / "s.toml"), "--json")[1])
    (data,) = found["data"]
    assert (data["count"], data["strata"]) == (384, {"north": 203, "south": 169})
    assert [row["persons"] for row in data["rows"]] == [167, 202, 120]
    (implied,) = found["implied_total"]
    assert implied["low"] >= 384
    assert implied["high"] > 5000


def test_check_shows_registers_beside_lists(capsys, place):
    register = """
[evidence.survey]
kind = "register"
estimates = [{ low = 9000, high = 12000, level = 0.95 }]
share = { kind = "known", value = 1.0, reason = "of the same deaths" }
"""
    (place / "s.toml").write_text(KOSOVO + register)
    out = _run(capsys, "check", str(place / "s.toml"))[1]
    assert "4,400 persons on any list" in out
    assert "Evidence on how complete the list is\nsurvey (register; source not stated)" in out
    assert "Other evidence (survey) is left out" in out


@pytest.mark.usefixtures("by_hand", "no_figures")
def test_a_run_of_lists_alone(capsys, place):
    more = """
[[scenario]]
name = "twice"
set."lists.dependence" = 2
[[scenario]]
name = "even"
set."lists.captures" = "uniform"
[[sensitivity]]
vary = [{ field = "lists.dependence", values = [0.5, 2, 0] }]
power_scaling = true
"""
    code, out, err = _fitted(capsys, place, KOSOVO + more)
    assert (code, err) == (6, "")
    assert re_found(out, "4,400 persons on any list: about 7,") is not None
    assert "confirmed" not in out
    assert "- Taken for granted, beyond all data: within a class lists are independent" in out
    assert "- Every listed person is taken as true" in out
    assert "the overlap of the lists moved its 95 % range" in out
    assert "scenario 3 failed: lists.dependence: must be above 0" in out
    assert "anatomy" not in out
    found = json.loads((place / "out" / "summary.json").read_text())
    jsonschema.validate(found, _schema())
    rows = {(row["index"].get("scenario", ""), row["name"], row["index"].get("list", "")):
            row["median"] for row in found["estimates"]}  # fmt: skip
    assert rows["", "total", ""] == pytest.approx(7395, rel=0.01)
    # the same draws of the seen: twice as many unseen, up to Poisson noise
    assert rows["twice", "unseen", ""] == pytest.approx(2 * rows["", "unseen", ""], rel=0.02)
    assert rows["even", "total", ""] == pytest.approx(7395, rel=0.01)
    shares = [rows["", "list_coverage", name] for name in ("EXH", "ABA", "OSCE", "HRW")]
    assert shares == pytest.approx(np.array([1910, 1528, 1786, 685]) / 7395, rel=0.02)
    with (place / "out" / "summary.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["list"] for row in table if row["scenario"] == "base"][-4:] == [
        "EXH", "ABA", "OSCE", "HRW",
    ]  # fmt: skip


def re_found(text, words):
    """Return the line that holds words, if there is one."""
    return next((line for line in text.splitlines() if words in line), None)


@pytest.mark.usefixtures("by_hand")
def test_a_run_by_strata_with_figures_and_again_from_its_folder(capsys, place):
    more = """
[[claim]]
statement = "more in the south"
estimand = "ratio"
stratum = "south"
over_stratum = "north"
low = 1
[[claim]]
statement = "a higher rate in the south"
estimand = "largest_rate"
stratum = "south"
"""
    code, out, err = _fitted(capsys, place, STRATA + more)
    assert (code, err) == (0, "")
    assert out.startswith("By region\n\n384 persons on any list: about ")
    assert "disagrees    more in the south" in out
    assert "agrees       a higher rate in the south" in out
    assert "- lists: The stratum of 12 persons is not recorded." in out
    names = {path.name for path in (place / "out" / "figures").iterdir()}
    drawn = ("totals", "rates", "chains", "patterns")
    assert names == {f"{name}.{end}" for name in drawn for end in ("png", "svg")}
    found = json.loads((place / "out" / "summary.json").read_text())
    rows = {(row["name"], row["index"].get("stratum", "")): row["median"]
            for row in found["estimates"] if "list" not in row["index"]}  # fmt: skip
    north, south = rows["total", "north"], rows["total", "south"]
    assert north + south == pytest.approx(rows["total", ""], rel=0.01)
    assert rows["rate", "north"] == pytest.approx(1e4 * north / 50000, rel=1e-6)
    assert rows["rate", "south"] == pytest.approx(1e4 * south / 30000, rel=1e-6)
    # 12 persons without a region are shared out
    assert rows["coverage", "north"] * north > 203
    shutil.rmtree(place / "data")
    code, said, _ = _run(capsys, "run", str(place / "out" / "provenance.json"), "--out",
                         str(place / "again"), "--store", str(place / "store"))  # fmt: skip
    assert code == 0
    assert "The numbers are the same as in the recorded run, to the last digit." in said


@pytest.mark.usefixtures("by_hand", "no_figures")
def test_what_cannot_be_asked_of_lists_is_told_in_one_line(capsys, place):
    more = """
[[audit_plan]]
field = "lists.coverage"
sizes = [100]
[[sensitivity]]
anatomy = true
"""
    code, out, err = _fitted(capsys, place, KOSOVO + more)
    assert (code, err) == (6, "")
    assert re_found(out, "- audit plan base failed: ") is not None
    assert re_found(out, "anatomy of total failed: ") is not None
    (place / "s.toml").write_text(KOSOVO)
    code, _, err = _run(capsys, "run", str(place / "s.toml"), "--engine", "exact")
    assert (code, err.count("\n")) == (2, 1)


@pytest.mark.usefixtures("by_hand", "no_figures")
def test_a_kept_fit_gets_the_names_of_who_asks(capsys, place):
    assert _fitted(capsys, place, STRATA)[0] == 0
    table = place / "data" / "regions.csv"
    table.write_text(table.read_text().replace("north", "n-orth").replace("A,B,C", "X,Y,Z"))
    renamed = STRATA.replace("north = 50000", '"n-orth" = 50000')
    code, out, _ = _fitted(capsys, place, renamed)
    assert (code, "stored" in out) == (0, True)
    found = json.loads((place / "out" / "summary.json").read_text())["estimates"]
    assert {row["index"]["stratum"] for row in found if "stratum" in row["index"]} == {
        "n-orth", "south",
    }  # fmt: skip
    assert [row["index"]["list"] for row in found if "list" in row["index"]] == ["X", "Y", "Z"]
