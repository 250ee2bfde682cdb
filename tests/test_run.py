"""The folder of a run: complete, repeatable, and whole or not there at all."""

import csv
import json
import resource
import subprocess
import sys
import xml.etree.ElementTree

import arviz_stats
import jsonschema
import numpy as np
import pytest
import xarray

from estimation import read_study
from estimation.cli import main
from estimation.study.run import fit_study
from tests.studies import READINGS
from tests.test_command_line import _schema
from tests.test_study import GOOD


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Run the four readings once."""
    target = tmp_path_factory.mktemp("run") / "article"
    assert main(["run", str(READINGS), "--out", str(target), "--quiet"]) == 0
    return target


def _names(path):
    return sorted(item.name for item in path.iterdir())


def test_the_folder_is_complete(folder):
    assert _names(folder) == [
        "beliefs.csv", "figures", "posterior", "provenance.json", "report.html", "summary.csv",
        "summary.json",
    ]  # fmt: skip
    assert _names(folder.parent) == ["article"]  # nothing half written beside it
    assert _names(folder / "posterior") == [
        "base.zarr", "central-50.zarr", "central-90.zarr", "uniform-total.zarr",
    ]  # fmt: skip


def test_four_readings_stand_side_by_side(folder):
    with (folder / "summary.csv").open() as file:
        totals = {row["scenario"]: row for row in csv.DictReader(file) if row["name"] == "total"}
    assert list(totals) == ["base", "central-90", "central-50", "uniform-total"]
    width = {name: float(row["high"]) - float(row["low"]) for name, row in totals.items()}
    assert width["base"] < width["central-90"] < width["central-50"]
    # exact values: 106,745 over the 2.5 % and 97.5 % points of each belief
    for scenario in read_study(READINGS).scenarios:
        low, middle, high = scenario.model.base.coverage.implied_total(106_745)
        row = totals[scenario.name]
        found = [float(row[key]) for key in ("low", "median", "high")]
        assert found == pytest.approx([low, middle, high], rel=0.012)


def test_the_summary_is_valid_and_the_total_comes_first(folder):
    found = json.loads((folder / "summary.json").read_text())
    jsonschema.validate(found, _schema())
    assert (found["estimates"][0]["name"], found["estimates"][0]["index"]) == ("total", {})
    inside = [item["mass_inside"] for item in found["published"]]
    assert inside == pytest.approx([0.996, 0.9, 0.5, 0.996], abs=0.012)
    assert all(item["same_assumption"] for item in found["published"])


def test_the_posterior_is_one_that_arviz_reads(folder):
    tree = xarray.open_datatree(
        folder / "posterior" / "base.zarr", engine="zarr", consolidated=False
    )
    assert {"posterior", "log_likelihood", "log_prior", "sample_stats", "observed_data"} <= set(
        tree
    )
    assert tree.attrs["engine"] == "exact"
    table = arviz_stats.summary(tree, var_names=["total"], kind="stats", round_to="none")
    assert table.loc["total", "mean"] == pytest.approx(196_000, rel=0.01)


def test_the_figure_is_drawn(folder):
    drawing = (folder / "figures" / "totals.svg").read_text()
    xml.etree.ElementTree.fromstring(drawing)
    assert (folder / "figures" / "totals.png").read_bytes()[:4] == b"\x89PNG"


def test_provenance_names_everything_and_no_place(folder):
    record = json.loads((folder / "provenance.json").read_text())
    assert record["study"]["text"] == read_study(READINGS).written
    assert set(record["fits"]) == {"base", "central-90", "central-50", "uniform-total"}
    assert len(set(record["fits"].values())) == 4
    assert record["versions"]["numpy"] == np.__version__
    assert "summary.csv" in record["files"]
    assert str(folder.parent) not in (folder / "provenance.json").read_text()


def test_a_run_repeats_itself_to_the_last_digit(folder, tmp_path, capsys):
    again = tmp_path / "again"
    assert main(["run", str(folder / "provenance.json"), "--out", str(again)]) == 0
    assert "the same as in the recorded run" in capsys.readouterr().out
    for name in ("summary.csv", "summary.json"):
        assert (again / name).read_bytes() == (folder / name).read_bytes()


def test_another_seed_is_told_to_differ(folder, tmp_path, capsys):
    words = ["run", str(folder / "provenance.json"), "--seed", "8", "--out", str(tmp_path / "a")]
    assert main(words) == 0
    assert "numbers differ" in capsys.readouterr().out


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.toml"
    path.write_text(GOOD)
    return path


def test_a_run_may_replace_a_run_but_nothing_else(small, tmp_path, capsys):
    target = tmp_path / "out"
    for _ in range(2):
        assert main(["run", str(small), "--out", str(target)]) == 0
    other = tmp_path / "other"
    other.mkdir()
    (other / "precious.txt").write_text("keep me")
    assert main(["run", str(small), "--out", str(other)]) == 3
    assert "other contents" in capsys.readouterr().err
    assert _names(other) == ["precious.txt"]
    file = tmp_path / "file"
    file.write_text("keep me")
    assert main(["run", str(small), "--out", str(file)]) == 3
    assert file.read_text() == "keep me"
    assert _names(tmp_path) == ["file", "other", "out", "small.toml"]


def test_a_place_that_cannot_be_written_is_told(small, capsys):
    assert main(["run", str(small), "--out", "/proc/nowhere/run"]) == 3
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "cannot be written" in err


def test_a_full_disk_leaves_nothing_half_written(small, tmp_path):
    """A limit on the size of files stands for a full disk; the older run stays whole."""
    target = tmp_path / "out"
    assert main(["run", str(small), "--out", str(target), "--quiet"]) == 0
    before = (target / "provenance.json").read_bytes()
    done = subprocess.run(
        [sys.executable, "-m", "estimation", "run", str(small), "--out", str(target), "--seed=9"],
        capture_output=True, text=True, check=False, timeout=120,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)),
    )  # fmt: skip
    assert done.returncode == 3, done.stderr
    assert "cannot be written" in done.stderr
    assert done.stderr.count("\n") == 1
    assert (target / "provenance.json").read_bytes() == before
    assert _names(tmp_path) == ["out", "small.toml"]


def test_a_scenario_that_fails_is_kept_with_its_reason(tmp_path, capsys):
    study = tmp_path / "s.toml"
    prior = '{ kind = "gamma", shape = 1e8, inverse_scale = 1e4 }'
    belief = '{ kind = "between", low = 0.1, high = 0.2, mass = 0.9 }'
    study.write_text(
        GOOD.replace("1000", "1000000")
        + f'[[scenario]]\nname = "odd"\nset."losses.prior" = {prior}\n'
        + f'set."names.coverage" = {belief}\n[[published]]\nlow = 1\nhigh = 2'
    )
    assert main(["run", str(study), "--out", str(tmp_path / "out")]) == 6
    assert "odd failed: " in capsys.readouterr().out
    record = json.loads((tmp_path / "out" / "provenance.json").read_text())
    assert "contradict" in record["failed"]["odd"]


def test_a_failing_main_model_writes_nothing(tmp_path, capsys):
    study = tmp_path / "s.toml"
    study.write_text(GOOD.replace("1000", "0"))
    assert main(["run", str(study), "--out", str(tmp_path / "out")]) == 4
    assert "gamma prior" in capsys.readouterr().err
    assert _names(tmp_path) == ["s.toml"]


def test_without_matplotlib_the_run_says_what_to_install(small, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("estimation.study.figures.missing_plotting", lambda: "not drawn: no pens")
    assert main(["run", str(small), "--out", str(tmp_path / "out")]) == 0
    assert "not drawn: no pens" in capsys.readouterr().out
    assert "figures" not in _names(tmp_path / "out")


def test_scenarios_do_not_depend_on_each_other():
    study = read_study(READINGS)
    whole = fit_study(study, seed=4, prob=0.95)
    alone = fit_study(
        type(study)(**{**vars(study), "scenarios": study.scenarios[:1] + study.scenarios[2:3]}),
        seed=4, prob=0.95,
    )  # fmt: skip
    first = next(one for one in whole.fitted if one.scenario.name == "central-50")
    np.testing.assert_array_equal(
        first.tree["posterior"]["total"], alone.fitted[1].tree["posterior"]["total"]
    )


def test_a_fault_in_a_figure_loses_no_numbers(folder, tmp_path, monkeypatch, capsys):
    def fails(*_):
        raise KeyError("a mark, that is missing")

    monkeypatch.setattr("estimation.study.write.draw_run", fails)
    out = tmp_path / "out"
    assert main(["run", str(READINGS), "--out", str(out)]) == 0
    told = "not drawn: our fault; please report it: KeyError: 'a mark; that is missing'"
    assert told in capsys.readouterr().out
    assert json.loads((out / "provenance.json").read_text())["figures"] == told
    assert told in (out / "report.html").read_text().replace("&#x27;", "'")
    assert (out / "summary.csv").read_bytes() == (folder / "summary.csv").read_bytes()
    monkeypatch.setenv("UNDERCOUNT_DEBUG", "1")
    with pytest.raises(KeyError):
        main(["run", str(READINGS), "--out", str(tmp_path / "other")])
    assert not (tmp_path / "other").exists()
