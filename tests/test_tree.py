"""The tree of the project: layers, sizes, inventory, the built wheel."""

import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.studies import READINGS

ROOT = Path(__file__).resolve().parent.parent
#: `uv run` tells its own place.
UV = os.environ.get("UV", "uv")
SOURCES = sorted(
    path.relative_to(ROOT).as_posix()
    for folder in ("estimation", "models", "tests", "benchmarks", "examples")
    for path in (ROOT / folder).rglob("*.py")
)


@pytest.mark.parametrize("name", SOURCES)
def test_no_file_is_longer_than_400_lines(name):
    assert len((ROOT / name).read_text().splitlines()) <= 400


def test_the_architecture_page_lists_every_module():
    page = (ROOT / "ARCHITECTURE.md").read_text()
    listed = set(re.findall(r"`((?:estimation|models)/[\w/.]+\.py)`", page))
    there = {
        name
        for name in SOURCES
        if name.startswith(("estimation/", "models/")) and not name.endswith("__init__.py")
    }
    assert there - listed == set(), "modules that the page does not name"
    assert listed - there == set(), "modules that the page names and that are not there"


def test_public_names_are_few_and_all_there():
    import estimation

    assert len(estimation.__all__) <= 20
    for name in estimation.__all__:
        assert getattr(estimation, name) is not None
    assert callable(estimation.fit)
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = estimation.nonsense


def test_the_callable_package_is_the_function_in_any_order_of_imports():
    code = (
        "import estimation.fit.exact, estimation; from estimation import fit;"
        "from models import *; model = Model(Flat(), {'a': Count(9, uniform(.4, .6))});"
        "tree = fit(model, draws=10);"
        "print(tree['posterior'].sizes['draw'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "10"


def test_the_readme_gives_two_commands_on_lines_of_their_own():
    lines = (ROOT / "README.md").read_text().splitlines()
    assert "pip install uv && uv run undercount run" in lines
    assert "pip install uv && uv run pytest" in lines


def _blocks(language):
    readme = (ROOT / "README.md").read_text()
    return re.findall(rf"```{language}\n(.*?)```", readme, re.DOTALL)


def test_the_python_of_the_readme_runs(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for block in _blocks("python"):
        exec(compile(block, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "same assumption" in printed
    assert printed.count("pass") == 3
    score, *_, rises = printed.splitlines()
    assert score.endswith("True")  # the interval held the truth
    assert rises == "0.0"  # losses did not rise in every month of 2023


def test_the_study_of_the_readme_runs(tmp_path, capsys):
    from estimation.cli import main

    study = tmp_path / "valley.toml"
    study.write_text(_blocks("toml")[0])
    assert main(["check", str(study)]) == 0
    assert main(["run", str(study), "--out", str(tmp_path / "out")]) == 0
    assert "Deaths in the valley" in capsys.readouterr().out


def test_the_further_sections_of_the_readme_are_read():
    from estimation.study.read import article_text, parse_study

    sections = article_text().split("\n[[sensitivity]]")[0]  # the models and readings they name
    vary, compare = (parse_study(sections + "\n" + one, "readme.toml").asked
                     for one in _blocks("toml")[3:])  # fmt: skip
    assert vary.sensitivity[0].design.size == 1 + 7 * 3
    assert vary.audits[0].unit == "hours"
    assert vary.comparisons[0].weights == {"base": 0.5, "central-90": 0.5}
    assert compare.comparisons[0].methods == ("loo", "future")


def test_the_late_reports_of_the_readme_are_read(tmp_path, capsys):
    from estimation.cli import main

    study = tmp_path / "late.toml"
    study.write_text(_blocks("toml")[2])
    assert main(["check", str(study)]) == 0
    said = capsys.readouterr().out
    assert "NegBinomial" in said
    assert "56 days from" in said


def test_the_table_of_the_readme_is_read(tmp_path, capsys):
    from estimation.cli import main

    study = tmp_path / "valley.toml"
    study.write_text(_blocks("toml")[1])
    rows = [
        f"2024-{month:02},{village},{5 * month + len(village)}"
        for month in range(6, 12)
        for village in ("Upper", "Lower", "Mill", "unknown")
    ]
    (tmp_path / "villages.csv").write_text("\n".join(["month,village,names", *rows]) + "\n")
    assert main(["check", str(study)]) == 0
    said = capsys.readouterr().out
    assert "6 months from 2024-06-01 to 2024-11-01; 3 strata; 297 names without a stratum" in said
    assert "twice as many died in autumn" in said


def test_pins_cover_every_installed_dependency():
    """Each package that the lock may choose is pinned, so that two machines run the same code."""
    import tomllib
    from importlib import metadata

    table = tomllib.loads((ROOT / "pyproject.toml").read_text())
    pins = table["tool"]["uv"]["constraint-dependencies"]
    pinned = {re.split(r"[=;\s]", pin)[0].lower().replace("_", "-"): pin for pin in pins}
    installed = {
        re.sub(r"[-_.]+", "-", one.metadata["Name"]).lower(): one.version
        for one in metadata.distributions(path=[sysconfig.get_path("purelib")])
    }
    for name, version in installed.items():
        if name in ("undercount", "pip"):
            continue
        assert name in pinned, name
        assert f"=={version}" in pinned[name]


_NAMES = "from estimation import read_cells; print(read_cells('named_by_week').cells.total)"


def test_the_wheel_works_from_another_folder(tmp_path):
    def call(*words, **options):
        done = subprocess.run(
            words, capture_output=True, text=True, check=False, timeout=280, **options
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    call(UV, "build", "--wheel", "--out-dir", str(tmp_path / "dist"), str(ROOT))
    wheel = next((tmp_path / "dist").glob("undercount-*.whl"))
    site = tmp_path / "site"
    call(UV, "pip", "install", "--no-deps", "--target", str(site), str(wheel))
    environment = {**os.environ, "PYTHONPATH": str(site)}
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    options = {"cwd": elsewhere, "env": environment}
    where = "import estimation, models; print(estimation.__file__, models.__file__)"
    assert call(sys.executable, "-c", where, **options).count(str(site)) == 2
    words = ("-m", "estimation", "total", "106745", "--coverage", "0.45", "0.65")
    assert "about 194,000 died" in call(sys.executable, *words, **options)
    assert "central 90 %" in call(sys.executable, "-m", "estimation", "check", **options)
    call(sys.executable, "-m", "estimation", "run", str(READINGS), "--quiet", **options)
    assert (elsewhere / "undercount-runs" / "readings" / "summary.csv").is_file()
    assert "121188" in call(sys.executable, "-c", _NAMES, **options)
    for name in ("estimation/py.typed", "models/py.typed", "estimation/output.schema.json"):
        assert (site / name).is_file()
    assert (site / "bin" / "undercount").is_file()
