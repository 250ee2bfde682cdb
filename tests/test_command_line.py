"""The command line in a process of its own: JSON, exit codes, what is loaded."""

import json
import os
import subprocess
import sys
from importlib import resources
from pathlib import Path

import jsonschema
import pytest

from estimation.cli import main
from tests.studies import READINGS

ARTICLE = ("total", "106745", "--coverage", "0.45", "0.65")


def _run(*words, **options):
    return subprocess.run(
        [sys.executable, "-m", "estimation", *words],
        capture_output=True, text=True, timeout=300, check=False, **options,
    )  # fmt: skip


def _schema():
    return json.loads((resources.files("estimation") / "output.schema.json").read_text())


def _json(capsys, *words):
    code = main([*words, "--json"])
    out, err = capsys.readouterr()
    assert code == 0, err
    assert err == ""
    found = json.loads(out)
    jsonschema.validate(found, _schema())
    return found


def test_the_headline():
    done = _run(*ARTICLE, "--published", "164223", "237211")
    assert done.returncode == 0
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == (
        "106,745 confirmed names: about 194,000 died (95 % interval 166,000 to 235,000)."
    )
    assert "same assumption, no independent check" in lines[1]
    assert "contraction of coverage: 0.00" in done.stdout
    assert "precision exactly 1" in done.stdout


def test_the_headline_as_json(capsys):
    found = _json(capsys, *ARTICLE, "--published", "164223", "237211")
    total = found["estimates"][0]
    assert (total["name"], total["index"], found["engine"]) == ("total", {}, "exact")
    assert total["median"] == pytest.approx(106_745 / 0.55, rel=0.005)
    assert total["low"] == total["quantiles"]["0.025"]
    assert found["diagnostics"]["verdict"] == "pass"
    assert found["published"][0]["mass_inside"] > 0.99
    assert found["published"][0]["same_assumption"] is True


@pytest.mark.parametrize(
    "words",
    [
        ("--mass", "0.9"),
        ("--mass", "0.5", "--shape", "logit_normal"),
        ("--precision", "0.9", "1"),
        ("--precision", "0.95", "0.95"),
        ("--prior", "100000", "400000"),
        ("--prior", "100000", "400000", "--clustering", "50"),
        ("--clustering", "2"),
        ("--prob", "0.5"),
        ("--draws", "200"),
    ],
)
def test_options_give_valid_output(capsys, words):
    _json(capsys, *ARTICLE, *words)


def test_known_coverage(capsys):
    found = _json(capsys, "total", "50", "--coverage", "1", "1")
    assert [row["name"] for row in found["estimates"]] == ["total", "rate"]
    assert found["estimates"][0]["high"] == 50


def test_zero_with_a_proper_prior(capsys):
    found = _json(capsys, "total", "0", "--coverage", "0.4", "0.6", "--prior", "1", "20")
    assert found["estimates"][0]["high"] > 0


def test_nuts_gives_the_same_answer(capsys):
    exact = _json(capsys, *ARTICLE)["estimates"][0]
    nuts = _json(capsys, *ARTICLE, "--engine", "nuts", "--draws", "2000")
    assert nuts["engine"] == "nuts"
    assert {"rhat", "divergences", "depth"} <= {c["name"] for c in nuts["diagnostics"]["checks"]}
    assert "nutpie" in nuts["versions"]
    for key in ("median", "low", "high"):
        assert nuts["estimates"][0][key] == pytest.approx(exact[key], rel=0.02)


def test_seeds_repeat_and_differ(capsys):
    first, again, other = (_json(capsys, *ARTICLE, "--seed", seed) for seed in ("3", "3", "4"))
    assert first == again
    assert first["estimates"] != other["estimates"]


USAGE = {
    "negative": ("total", "-5", "--coverage", "0.4", "0.6"),
    "fraction": ("total", "10.5", "--coverage", "0.4", "0.6"),
    "nan": ("total", "nan", "--coverage", "0.4", "0.6"),
    "text": ("total", "many", "--coverage", "0.4", "0.6"),
    "too large": ("total", "9" * 30, "--coverage", "0.4", "0.6"),
    "too large to count": ("total", "9" * 14, "--coverage", "0.4", "0.6"),
    "no coverage": ("total", "10"),
    "one end": ("total", "10", "--coverage", "0.4"),
    "coverage zero": ("total", "10", "--coverage", "0", "0.6"),
    "coverage above 1": ("total", "10", "--coverage", "0.4", "1.2"),
    "coverage in percent": ("total", "10", "--coverage", "45%", "65%"),
    "coverage nan": ("total", "10", "--coverage", "nan", "0.5"),
    "coverage infinite": ("total", "10", "--coverage", "0.1", "inf"),
    "coverage reversed": ("total", "10", "--coverage", "0.7", "0.6"),
    "mass": ("total", "10", "--coverage", "0.4", "0.6", "--mass", "1.5"),
    "mass without width": ("total", "10", "--coverage", "0.5", "0.5", "--mass", "0.5"),
    "precision": ("total", "10", "--coverage", "0.4", "0.6", "--precision", "0.9", "1.1"),
    "published reversed": ("total", "10", "--coverage", "0.4", "0.6", "--published", "9", "8"),
    "published negative": ("total", "10", "--coverage", "0.4", "0.6", "--published", "-9", "8"),
    "prob 0": ("total", "10", "--coverage", "0.4", "0.6", "--prob", "0"),
    "prob 1": ("total", "10", "--coverage", "0.4", "0.6", "--prob", "1"),
    "prob 95": ("total", "10", "--coverage", "0.4", "0.6", "--prob", "95"),
    "prior": ("total", "10", "--coverage", "0.4", "0.6", "--prior", "9", "8"),
    "clustering": ("total", "10", "--coverage", "0.4", "0.6", "--clustering", "-1"),
    "mass next to 0": (*ARTICLE, "--mass", "1e-300", "--shape", "logit_normal"),
    "prior beyond numbers": (*ARTICLE, "--prior", "1e200", "1e201"),
    "prior without limits": (*ARTICLE, "--prior", "1e-300", "1e300"),
    "clustering next to 0": (*ARTICLE, "--clustering", "1e-6"),
    "clustering without end": (*ARTICLE, "--clustering", "1e300"),
    "seed": ("total", "10", "--coverage", "0.4", "0.6", "--seed", "-1"),
    "unknown flag": ("total", "10", "--coverage", "0.4", "0.6", "--presicion", "1", "1"),
    "unknown command": ("totals",),
    "no command": (),
    "calibrate both": ("calibrate", "--all", "x.toml"),
    "calibrate few": ("calibrate", "--simulations", "3"),
}


@pytest.mark.parametrize("name", USAGE)
def test_wrong_usage_is_one_line_and_exit_code_2(capsys, name):
    try:
        code = main(list(USAGE[name]))
    except SystemExit as left:
        code = left.code
    out, err = capsys.readouterr()
    assert code == 2
    assert out == ""
    assert err.count("\n") == 1
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("total", "0", "--coverage", "0.4", "0.6"), 4, "--prior LOW HIGH"),
        ((*ARTICLE, "--draws", "50"), 4, "failed its checks"),
        ((*ARTICLE, "--prob", "0.9999999"), 4, "failed its checks"),
        (("check", "no-such-file.toml"), 3, "No such file"),
        (("check", "."), 3, "folder"),
        (("run", "no-such-file.toml"), 3, "No such file"),
    ],
)
def test_refusals_and_bad_files_have_their_codes(capsys, words, code, says):
    assert main(list(words)) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert says in err


def test_an_accepted_failure_carries_its_reason(capsys):
    assert main([*ARTICLE, "--draws", "50", "--accept", "a sketch"]) == 0
    assert "Accepted although checks failed: a sketch" in capsys.readouterr().out


def test_our_own_fault_shows_no_traceback(capsys, monkeypatch):
    def broken(*_, **__):
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr("estimation.summaries.estimates.estimate_rows", broken)
    assert main(list(ARTICLE)) == 5
    err = capsys.readouterr().err
    assert "our fault" in err
    assert err.count("\n") == 1


def test_interruption_has_its_code(capsys, monkeypatch):
    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("estimation.fit.exact.exact_draws", interrupted)
    assert main(list(ARTICLE)) == 130
    assert "interrupted" in capsys.readouterr().err


def test_a_closed_pipe_is_no_error():
    command = f"{sys.executable} -m estimation check | head -1"
    done = subprocess.run(
        ["/bin/bash", "-c", f"set -o pipefail; {command}"],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


def test_a_full_disk_behind_stdout_is_told():
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "estimation", *ARTICLE, "--json"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False, timeout=120,
        )  # fmt: skip
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    assert "No space left" in done.stderr


def test_a_closed_stdout_is_told():
    done = subprocess.run(
        ["/bin/bash", "-c", f"{sys.executable} -m estimation {' '.join(ARTICLE)} >&-"],
        stderr=subprocess.PIPE, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 3
    assert "closed" in done.stderr
    assert done.stderr.count("\n") == 1


def test_check_shows_what_is_believed_before_any_fit(capsys):
    assert main(["check"]) == 0
    out = capsys.readouterr().out
    for words in (
        "Poisson(rate * coverage",
        "194,000",
        "military experts",
        "too high",
        "4 May"[2:],
    ):
        assert words in out
    assert main(["check", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [row["scenario"] for row in found["implied_total"]] == [
        "base", "central-90", "central-50", "uniform-total",
    ]  # fmt: skip
    assert all(parameter["prior"] for parameter in found["parameters"])


def test_doctor_is_well(capsys):
    assert main(["doctor"]) == 0
    assert "all is well" in capsys.readouterr().out
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["engines"] == {"exact": True, "nuts": True}
    assert found["compile_cache"]


def test_calibrate_shows_uniform_ranks(capsys):
    assert main(["calibrate", str(READINGS), "--simulations", "1000", "--seed=5", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["verdict"] == "pass"
    assert found["models"][0]["name"] == "base"
    for model in found["models"]:
        assert {one["name"] for one in model["unknowns"]} == {"total", "coverage", "rate"}
        for one in model["unknowns"]:
            assert one["simulations"] == 1000
            assert 0.935 <= one["covered"] <= 0.965


@pytest.mark.parametrize("words", [("--help",), ("total", "--help"), ("--version",)])
def test_help_is_there(words):
    done = _run(*words)
    assert done.returncode == 0
    assert "undercount" in done.stdout


def _loaded(code, cwd=None):
    script = f"import sys\n{code}\nprint(*sorted(m for m in sys.modules if '.' not in m))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )  # fmt: skip
    return set(done.stdout.splitlines()[-1].split())


HEAVY = {"pymc", "pytensor", "arviz", "arviz_stats", "pandas", "xarray", "nutpie", "matplotlib"}


def test_importing_estimation_loads_nothing_heavy():
    assert not _loaded("import estimation") & {*HEAVY, "numpy", "scipy"}


def test_help_loads_nothing_heavy():
    code = (
        "from estimation.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass"
    )
    assert not _loaded(code) & {*HEAVY, "numpy", "scipy"}


def test_the_headline_loads_numpy_and_nothing_heavier():
    code = f"from estimation.cli import main\nmain({[*ARTICLE, '--json', '--published', '1', '2']})"
    loaded = _loaded(code)
    assert "numpy" in loaded
    assert not loaded & {*HEAVY, "scipy"}


def test_a_central_range_loads_scipy_special_and_nothing_heavier():
    code = f"from estimation.cli import main\nmain({[*ARTICLE, '--json', '--mass', '0.9']})"
    assert not _loaded(code) & HEAVY


MODULES = (
    "estimation.fit.engine", "estimation.fit.exact", "estimation.summaries.agreement",
    "estimation.study.read", "estimation.diagnostics.reference", "estimation.errors",
)  # fmt: skip


@pytest.mark.parametrize("module", MODULES)
def test_a_hidden_models_is_told_in_one_sentence(tmp_path, module):
    (tmp_path / "models.py").write_text("MINE = 1\n")
    done = subprocess.run(
        [sys.executable, "-c", f"import {module}"], capture_output=True, text=True, cwd=tmp_path,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert "ShadowedModelsError" in last
    assert "models.py" in last


def test_the_command_line_tells_a_hidden_models(tmp_path):
    (tmp_path / "models.py").write_text("MINE = 1\n")
    done = _run(*ARTICLE, cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr.count("\n") == 1
    assert "models.py" in done.stderr
    done = _run("doctor", cwd=tmp_path)
    assert done.returncode == 3
    assert "models is hidden by" in done.stdout
