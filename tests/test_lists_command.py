"""`undercount lists`: words, JSON, files, the figure, exit codes."""

import csv
import html
import itertools
import json
import re

import jsonschema
import numpy as np
import pandas as pd
import pytest

from estimation.cli import main
from tests.lists_by_hand import sample_disagreeing, sample_lists_by_hand
from tests.test_command_line import _schema

HEAD = ["P", "Q", "E", "count"]
HEPATITIS = [(1, 0, 0, 69), (0, 1, 0, 55), (0, 0, 1, 63), (1, 1, 0, 21), (1, 0, 1, 17),
             (0, 1, 1, 18), (1, 1, 1, 28)]  # fmt: skip
SHORT = ("--draws", "500", "--classes", "3")


@pytest.fixture(autouse=True)
def _by_hand(monkeypatch):
    """Draw latent classes without a sampler, and ask but the bound again for each list."""
    monkeypatch.setattr("estimation.fit.nuts.sample_graph", sample_lists_by_hand)
    monkeypatch.setattr("estimation.overlap.overlap.QUICK", ("chao",))


@pytest.fixture
def write(tmp_path):
    """Return a function that writes a table and returns its name."""

    def written(rows, head=HEAD, name="table.csv"):
        with (tmp_path / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([head, *rows])
        return str(tmp_path / name)

    return written


@pytest.fixture
def table(write):
    return write(HEPATITIS)


def _run(capsys, *words):
    try:
        code = main(("lists", *words))
    except SystemExit as stopped:
        code = stopped.code
    return code, *capsys.readouterr()


def _json(capsys, *words):
    code, out, err = _run(capsys, *words, "--json")
    found = json.loads(out)
    jsonschema.validate(found, _schema())
    return code, found, err


def test_all_methods_in_words(capsys, table):
    code, out, err = _run(capsys, table, *SHORT)
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "table.csv: 271 persons on 3 lists (P 135, Q 122, E 126)"
    assert re.match(r"About \d+ in all \(95 % interval \d+ to [\d,]+; a mixture of methods\)\.",
                    lines[1])  # fmt: skip
    rows = {line.split("  ")[0]: line for line in lines[3:11]}
    assert "weight 33%" in rows["graphical"]
    assert "weight 0" in rows["sample coverage"]
    assert "lower bound" in rows["chao"]
    for words in (
        "If the odds to be on no list are so many times what the assumption implies",
        "Under other priors of the total", "The persons of each list as a population of known size",
        "Without each list", "Notes", "What makes persons on no list known, by method",
        "Checks of the fit (nuts): pass.",
    ):  # fmt: skip
        assert words in out
    short = _run(capsys, table, "--method", "chao", "--quiet")[1].splitlines()
    assert short[0] == lines[0]
    assert len(short) == 6


def test_all_methods_as_json(capsys, table):
    code, found, err = _json(capsys, table, *SHORT, "--prob", "0.9", "--seed", "7")
    assert (code, err) == (0, "")
    assert (found["engine"], found["seed"], found["prob"], found["failed"]) == ("nuts", 7, 0.9, {})
    totals = [row for row in found["estimates"] if row["name"] == "total"]
    methods = ["mixture", "latent", "graphical", "loglinear", "sample_coverage", "chao"]
    assert [row["method"] for row in totals] == methods
    assert [row["method"] for row in found["methods"]] == methods
    assert all(row["low"] == pytest.approx(row["quantiles"]["0.05"]) for row in totals)
    lists = [row["index"]["list"] for row in found["estimates"] if row["name"] == "list_coverage"]
    assert lists == ["P", "Q", "E"]
    assert {row["factor"] for row in found["dependence"]} == {0.5, 2 / 3, 1, 1.5, 2}
    assert {row["list"] for row in found["self_test"]} == {"P", "Q", "E"}
    assert len(found["cells"]) == 7
    words = (table, "--method", "graphical", "--prob", "0.9", "--seed")
    assert _json(capsys, *words, "7")[1]["estimates"][0] == totals[2]
    assert _json(capsys, *words, "8")[1]["estimates"][0] != totals[2]


@pytest.mark.parametrize(
    ("method", "engine", "total"),
    [("latent", "nuts", 390), ("graphical", "exact", 0), ("loglinear", "classical", 1313),
     ("sample_coverage", "classical", 0), ("chao", "classical", 0)],
)  # fmt: skip
def test_each_method_alone(capsys, table, method, engine, total):
    code, found, _ = _json(capsys, table, *SHORT, "--method", method)
    assert (code, found["engine"], found["failed"]) == (0, engine, {})
    first = found["estimates"][0]
    assert (first["name"], first["method"]) == ("total", method)
    assert {row["method"] for row in found["estimates"]} == {method}
    assert 271 < first["median"] < 3000
    if total:
        point = found["methods"][0]["estimate"]
        assert point == pytest.approx(total, rel=0.02)


def test_weights_are_those_stated(capsys, table):
    words = (table, *SHORT, "--weights", "chao=3", "graphical=1")
    code, found, _ = _json(capsys, *words)
    assert code == 0
    assert "a mixture with stated weights (chao 75%, graphical 25%)" in found["notes"][0]
    out = _run(capsys, *words, "--quiet")[1]
    assert re.search(r"latent .* weight 0$", out, re.MULTILINE)
    assert re.search(r"graphical .* weight 25%$", out, re.MULTILINE)


def test_lists_are_merged_left_out_and_bounded(capsys, table):
    def asked(*words, method="chao"):
        return _json(capsys, table, *SHORT, "--method", method, *words)[1]

    merged = asked("--merge", "PQ=P+Q", method="loglinear")
    # two lists: Lincoln and Petersen, 208 and 126 persons, of whom 63 on both
    assert merged["methods"][0]["estimate"] == pytest.approx(208 * 126 / 63, rel=0.01)
    assert merged["methods"][0]["observed"] == 271
    without = asked("--leave-out", "E", method="loglinear")
    assert without["methods"][0]["observed"] == 208
    assert without["methods"][0]["estimate"] == pytest.approx(135 * 122 / 49, rel=0.01)
    bounded = asked("--at-most", "P+Q", method="latent")
    assert bounded["methods"][0]["observed"] == 250
    assert any("upper bound: P+Q" in note for note in bounded["notes"])
    assert len(bounded["cells"]) == 6


def test_strata_have_rows(capsys, write):
    rows = [(sex, *row) for sex in "fm" for row in HEPATITIS]
    path = write([*rows, ("", 1, 0, 0, 4)], ["sex", *HEAD])
    code, found, _ = _json(capsys, path, "--stratum", "sex", *SHORT, "--method", "latent")
    assert code == 0
    totals = {row["index"].get("stratum", ""): row["median"] for row in found["estimates"]
              if row["name"] == "total"}  # fmt: skip
    assert set(totals) == {"", "f", "m"}
    assert totals["f"] + totals["m"] == pytest.approx(totals[""], rel=0.02)
    assert "The stratum of 4 persons is not recorded." in found["notes"]
    summed = _json(capsys, path, "--stratum", "sex", "--method", "chao")[1]
    assert summed["methods"][0]["observed"] == 2 * 271 + 4
    one = write([row for row in rows if row[0] == "f"], ["sex", *HEAD])
    assert _run(capsys, one, "--stratum", "sex", *SHORT, "--method", "latent")[0] == 0


def test_a_table_of_captures(capsys, write, tmp_path):
    rows = [(1, 43), (2, 16), (3, 8), (4, 6), (6, 2), (7, 1)]
    path = write(rows, ["captures", "count"])
    out = tmp_path / "out"
    code, found, _ = _json(capsys, path, "--occasions", "18", "--out", str(out))
    assert code in (0, 6)
    assert found["estimates"][0]["method"].startswith("chao")
    assert found["methods"][0]["bound"] is True
    assert found["methods"][0]["estimate"] == pytest.approx(76 + 17 / 18 * 43**2 / 32)
    assert (out / "overlap.svg").exists()
    alone = _run(capsys, path, "--method", "chao", "--quiet")[1]
    assert alone.startswith("table.csv: 76 persons\nAt least about ")
    for words, says in (
        (("--method", "loglinear"), "method: loglinear needs to know who is on which list"),
        (("--stratum", "sex"), "stratum: is given for a table of captures"),
        (("--merge", "X=A+B"), "merge: is given for a table of captures"),
        (("--weights", "chao=1"), "weights: is given for a table of captures"),
    ):
        code, _, err = _run(capsys, path, *words)
        assert (code, says in err) == (2, True)


def test_the_folder(capsys, table, tmp_path, monkeypatch):
    monkeypatch.setattr("estimation.overlap.overlap.QUICK", ("graphical",))
    out = tmp_path / "out"
    words = (table, *SHORT, "--out", str(out))
    code, said, _ = _run(capsys, *words)
    assert code == 0
    assert said.endswith("summary.csv, summary.json, overlap and patterns as .png and .svg\n")
    names = {path.name for path in out.iterdir()}
    assert names == {
        "summary.csv", "summary.json", "dependence.csv", "priors.csv", "self_test.csv",
        "left_out.csv", "cells.csv", "overlap.png", "overlap.svg", "patterns.csv",
        "patterns.png", "patterns.svg", "provenance.json",
    }  # fmt: skip
    jsonschema.validate(json.loads((out / "summary.json").read_text()), _schema())
    with (out / "summary.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["method"] for row in rows[:3]] == ["mixture", "latent", "graphical"]
    assert [row["list"] for row in rows if row["name"] == "list_coverage"] == ["P", "Q", "E"]
    provenance = json.loads((out / "provenance.json").read_text())
    assert provenance["settings"]["draws"] == 500
    assert set(provenance["files"]) >= names - {"provenance.json"}
    drawn = {html.unescape(one) for one in
             re.findall(r"<!-- (.*?) -->", (out / "overlap.svg").read_text("utf-8"))}  # fmt: skip
    assert drawn >= {"table.csv", "mixture", "sample coverage", "persons in all", "lower bound",
                     "P, graphical"}  # fmt: skip
    assert _run(capsys, *words)[0] == 0  # its own folder is replaced
    (out / "provenance.json").write_text('{"settings": {"command": "nowcast"}}')
    code, _, err = _run(capsys, *words)
    assert (code, "holds what 'nowcast' has written" in err) == (3, True)


def test_names_of_all_kinds(capsys, write, tmp_path):
    path = write(HEPATITIS, ["=the church, parish", "Список №2", "a+b {0} %s", "count"])
    out = tmp_path / "out"
    code, found, _ = _json(capsys, path, *SHORT, "--out", str(out))
    assert code == 0
    assert found["cells"][-1]["pattern"] == "=the church, parish+Список №2+a+b {0} %s"
    with (out / "summary.csv").open(encoding="utf-8", newline="") as file:
        names = [row["list"] for row in csv.DictReader(file) if row["name"] == "list_coverage"]
    assert names == ["'=the church, parish", "Список №2", "a+b {0} %s"]  # no formula
    rest = _run(capsys, path, "--leave-out", "a+b {0} %s", "--method", "chao", "--quiet")[1]
    assert "208 persons on 2 lists" in rest


def test_methods_that_refuse_are_told_beside_the_others(capsys, write):
    path = write([("NA", 1, 0, 0), *((row[3], *row[:3]) for row in HEPATITIS[1:])],
                 ["count", "P", "Q", "E"])  # fmt: skip
    code, found, err = _json(capsys, path, *SHORT)
    assert (code, err) == (6, "")
    assert set(found["failed"]) == {"graphical", "sample_coverage", "chao"}
    assert found["self_test"] == found["left_out"] == []
    for name in found["failed"]:
        assert any(note.startswith(f"{name} has no answer: ") for note in found["notes"])
        code, out, err = _run(capsys, path, "--method", name)
        assert (code, out, err.count("\n")) == (4, "", 1)


def test_chains_that_disagree_give_no_number(capsys, table, monkeypatch):
    monkeypatch.setattr("estimation.fit.nuts.sample_graph", sample_disagreeing)
    code, out, err = _run(capsys, table, *SHORT, "--method", "latent")
    assert (code, out) == (4, "")
    assert "R-hat" in err
    assert err.count("\n") == 1
    code, found, _ = _json(capsys, table, *SHORT)
    assert code == 6
    assert "R-hat" in found["failed"]["latent"]
    assert "graphical 50%, loglinear 50%" in " ".join(found["notes"])
    assert "latent" not in {row["method"] for row in found["estimates"]}
    code, out, _ = _run(capsys, table, *SHORT, "--method", "latent", "--accept", "a first look")
    assert (code, "Accepted although checks failed: a first look" in out) == (0, True)


def test_an_interruption_leaves_nothing(capsys, table, tmp_path, monkeypatch):
    def stopped(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("estimation.fit.nuts.sample_graph", stopped)
    code, out, err = _run(capsys, table, *SHORT, "--out", str(tmp_path / "out"))
    assert (code, out, err.count("\n")) == (130, "", 1)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("rows", "code", "says"),
    [
        ([(1, 0, 0, 5), (1, 0, 0, 6), (1, 1, 0, 2)], 3, "a second time (line 2 gives it too)"),
        ([(2, 0, 0, 5), (1, 1, 0, 2)], 3, "line 2, column P: '2' is neither 0 nor 1"),
        ([(0, 0, 0, 5), (1, 1, 0, 2)], 3, "5 on no list"),
        ([(1, 0, 0, -5), (1, 1, 0, 2)], 3, "'-5' is negative"),
        ([(1, 0, 0, 5.5), (1, 1, 0, 2)], 3, "'5.5' is not whole"),
        ([(1, 0, 0, 10**20), (1, 1, 0, 2)], 3, "too large"),
        ([], 3, "has a header but no rows"),
        ([(1, 0, 0, 0), (1, 1, 0, 0)], 4, "nobody is on any list"),
        ([(1, 0, 0, 5)], 4, "there is one list only: P"),
        ([(1, 0, 0, 5), (0, 1, 0, 7)], 4, "no person is on two lists"),
        ([(1, 0, 0, 90), (0, 1, 0, 70), (1, 1, 0, 60), (0, 0, 1, 80)], 4,
         "nobody on E is on any other list"),
    ],
)  # fmt: skip
def test_tables_that_are_wrong_are_told_on_one_line(capsys, write, rows, code, says):
    found, out, err = _run(capsys, write(rows), *SHORT)
    assert (found, out) == (code, "")
    assert says in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--method", "darroch"), 2, "--method: invalid choice"),
        (("--weights", "latent"), 2, "'latent' is no METHOD=WEIGHT"),
        (("--weights", "foo=1"), 2, "'foo=1' is no METHOD=WEIGHT"),
        (("--weights", "latent=x"), 2, "'x' is no number"),
        (("--weights", "latent=-1"), 2, "weights: must be 0 or more"),
        (("--weights", "latent=0"), 2, "weights: are all zero"),
        (("--weights", "latent=1", "latent=2"), 2, "weights: names latent twice"),
        (("--weights", "latent=1", "--method", "chao"), 2, "weights: are given to one method"),
        (("--merge", "X=P"), 2, "'X=P' is no NEW=A+B"),
        (("--merge", "X=P+Q", "X=Q+E"), 2, "merge: names X twice"),
        (("--merge", "X=P+Z"), 3, "merge.X: no list 'Z'"),
        (("--leave-out", "Z"), 3, "leave_out: no list 'Z'"),
        (("--leave-out", "P", "Q"), 4, "there is one list only: E"),
        (("--at-most", "P+Z"), 3, "at_most: no list 'Z'"),
        (("--stratum", "age"), 3, "has no column 'age'"),
        (("--count", "n"), 3, "has no column 'n'"),
        (("--occasions", "4"), 2, "occasions: is given for a table of lists"),
        (("--classes", "0"), 2, "classes are 1 to 30, not 0"),
        (("--classes", "31"), 2, "classes are 1 to 30, not 31"),
        (("--draws", "3"), 2, "draws a chain are 4 to"),
        (("--method", "latent", "--draws", "4"), 4, "the fit failed its checks"),
        (("--prob", "1"), 2, "must lie strictly between 0 and 1"),
    ],
)
def test_words_that_are_wrong_are_told_on_one_line(capsys, table, words, code, says):
    found, out, err = _run(capsys, table, *words)
    assert (found, out) == (code, "")
    assert says in err
    assert err.count("\n") == 1


def test_tables_that_are_not_there(capsys, tmp_path):
    for source, says in (
        (str(tmp_path / "no.csv"), "there is no such file"),
        ("kosovo", "did you mean 'kosovo_1999'?"),
        (str(tmp_path), "no dataset"),
    ):
        code, _, err = _run(capsys, source)
        assert (code, says in err) == (3, True)


def test_more_than_thirty_lists(capsys, write):
    rng = np.random.default_rng(1)
    head = [f"L{place}" for place in range(31)]
    rows = {tuple(map(int, rng.random(31) < 0.2)): 2 for _ in range(40)}
    path = write([(*row, count) for row, count in rows.items() if any(row)], [*head, "count"])
    code, _, err = _run(capsys, path)
    assert (code, "31 lists are too many" in err) == (3, True)
    assert _run(capsys, path, "--leave-out", *head[6:], "--method", "chao")[0] in (0, 4)


def test_a_list_within_another_and_persons_on_all_lists(capsys, write):
    within = [row for row in HEPATITIS if row[0] or not row[1]]
    code, found, _ = _json(capsys, write(within), *SHORT)
    assert code in (0, 6)
    assert any("Lists that lie within another: Q" in note for note in found["notes"])
    alike = write([(1, 1, 1, 300)])
    code, _, err = _run(capsys, alike, "--method", "graphical")
    assert (code, "holds everybody who is on any list" in err) == (4, True)


def test_huge_counts(capsys, write):
    path = write([(*row[:3], row[3] * 10**9) for row in HEPATITIS])
    for method in ("latent", "loglinear", "sample_coverage", "chao"):
        code, found, _ = _json(capsys, path, *SHORT, "--method", method)
        assert code == 0
        assert found["methods"][0]["observed"] == 271 * 10**9
        assert 1 < found["estimates"][0]["median"] / (271 * 10**9) < 10


def test_many_rows(capsys, tmp_path):
    patterns = [row for row in itertools.product((0, 1), repeat=4) if any(row)]
    size = 60_000
    frame = pd.DataFrame(np.tile(patterns, (size // 15, 1)), columns=list("ABCD"))
    frame["place"], frame["count"] = np.arange(size) // 15, 1 + np.arange(size) % 3
    frame.to_csv(tmp_path / "many.csv", index=False)
    words = (str(tmp_path / "many.csv"), "--stratum", "place", "--method", "chao", "--quiet")
    code, out, _ = _run(capsys, *words)
    assert code == 0
    assert out.startswith("many.csv: 120,000 persons on 4 lists")


def test_thorough_asks_latent_classes_again(capsys, table):
    code, found, _ = _json(capsys, table, *SHORT, "--thorough")
    assert code == 0
    for name in ("self_test", "left_out"):
        assert [row["list"] for row in found[name] if row["method"] == "latent"] == ["P", "Q", "E"]
    assert [row["class_spread"] for row in found["spreads"]] == [0.5, 1.0, 2.0]


def test_options_of_the_fit_reach_it(capsys, table, monkeypatch):
    seen = []

    def spy(model, draws, **rest):
        lists = model.base
        seen.append((lists.captures, lists.classes, lists.class_spread, draws))
        return sample_lists_by_hand(model, draws, **rest)

    monkeypatch.setattr("estimation.fit.nuts.sample_graph", spy)
    words = ("--captures", "uniform", "--classes", "4", "--draws", "600", "--method", "latent")
    assert _run(capsys, table, *words)[0] == 0
    assert _run(capsys, table, "--method", "latent", "--quiet")[0] == 0
    assert seen[0] == ("uniform", 4, 1.0, 600)
    assert seen[1][:3] == ("pooled", 10, 1.0)
