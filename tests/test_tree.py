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
