"""Fixtures shared by all tests, and the count of contract checks."""

import atexit
import math
import os
import shutil
import signal
import tempfile
from pathlib import Path

import numpy as np
import pytest

from estimation.commands import progress
from estimation.diagnostics.reference import reference_models
from estimation.places import VARIABLE, set_compile_folder
from models import Count, Flat, Model, uniform

# nothing of a test may reach the user's kept fits, and none may be found there; compiled code is
# shared by all test runs, fits of fixtures that are wider than a test by none
os.environ[VARIABLE] = str(Path(tempfile.gettempdir()) / f"undercount-tests-{os.getuid()}")
set_compile_folder()
os.environ[VARIABLE] = tempfile.mkdtemp(prefix="undercount-tests-")
atexit.register(shutil.rmtree, os.environ[VARIABLE], ignore_errors=True)
# lines of progress come after some seconds: how slow a machine is must not change what a test reads
progress.SHORT = math.inf
# a shell has what it starts in the background ignore Ctrl-C, and so would the commands that tests
# start and interrupt: they would go on to their end
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def own_store(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give each test a store of its own."""
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv(VARIABLE, str(folder))
    return folder / "fits"


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20250504)


@pytest.fixture(scope="session")
def article() -> Model:
    """Return the headline: 106,745 names, 45 % to 65 % of all deaths."""
    return Model(Flat(), {"names": Count(106_745, uniform(0.45, 0.65), source="list")})


# built once: models cannot be changed, and the belief of some takes a moment to work out
REFERENCES = reference_models()


@pytest.fixture(params=sorted(REFERENCES))
def reference(request: pytest.FixtureRequest) -> Model:
    """Each reference model in turn."""
    return REFERENCES[request.param]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the fault tests run in full; see benchmarks/faults.py."""
    parser.addoption("--faults", choices=("short", "full"), default="short")


def pytest_terminal_summary(terminalreporter) -> None:
    """Say how many checks the contract suite ran: a green but empty suite would show."""
    passed = [one.nodeid for one in terminalreporter.stats.get("passed", [])]
    checks = sum(name.startswith("tests/contract/") for name in passed)
    if checks:
        terminalreporter.write_line(f"contract suite: {checks} checks passed")
