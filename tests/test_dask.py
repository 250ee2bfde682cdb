"""A Dask cluster: the same numbers, through killed workers, lost schedulers and wrong addresses."""

import os
import signal
import socket
import subprocess
import sys
import time

import dask
import distributed
import numpy as np
import pytest
import xarray

from estimation.cli import main
from estimation.diagnostics.ranks import simulated_ranks
from estimation.diagnostics.reference import reference_models
from estimation.errors import DataError, Interrupted, RefusedError, UndercountError, UsageError
from estimation.fit import cluster as cluster_module
from estimation.fit.batch import carry_out, fit_many, run_tasks
from estimation.fit.engine import plan
from estimation.fit.executors import named_executor, parse_executor
from estimation.fit.stop import asked_to_stop
from estimation.fit.store import Store
from tests.studies import READINGS

NAMES = ("scale-uniform", "scale-beta", "gamma-precision", "scale-known")

#: Deaths of workers after which a task is given up, less one; three by default, and slower.
FAILURES = {"distributed.scheduler.allowed-failures": 1}


#: On this machine only, on ports that are free; without Bokeh there is no dashboard.
HERE = {"threads_per_worker": 1, "host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
IN_THREADS = {**HERE, "processes": False, "protocol": "tcp://"}


@pytest.fixture(scope="module")
def cluster():
    """Return two workers on this machine, which end with this process whatever happens."""
    with (
        dask.config.set(FAILURES),
        distributed.LocalCluster(n_workers=2, **HERE) as running,
    ):
        yield running


@pytest.fixture
def word(cluster):
    """Return the word for the cluster, once both workers are there."""
    with distributed.Client(cluster, set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
    return cluster.scheduler_address.replace("tcp", "dask")


@pytest.fixture
def models():
    flat = {name: reference_models()[name] for name in NAMES}
    return flat | {f"scale-beta {n}": flat["scale-beta"].replace("names.count", n) for n in (9, 99)}


def _identical(first, second):
    assert list(first) == list(second)
    for name, tree in first.items():
        xarray.testing.assert_identical(tree, second[name])


def _workers(word):
    with distributed.Client(word.replace("dask", "tcp"), set_as_default=False) as client:
        return set(client.run(os.getpid).values())


def test_fits_are_the_same_bit_for_bit(models, word):
    serial = fit_many(models, draws=300, seed=4)
    with named_executor(word) as executor:
        _identical(serial, fit_many(models, draws=300, seed=4, executor=executor))
    with distributed.Client(word.replace("dask", "tcp"), set_as_default=False) as client:
        # Dask's own executor serves as well, as any does
        theirs = client.get_executor(pure=False)
        _identical(serial, fit_many(models, draws=300, seed=4, executor=theirs))


def test_ranks_are_the_same_bit_for_bit(models, word, tmp_path, monkeypatch):
    models = {name: models[name] for name in NAMES[:2]}
    serial = simulated_ranks(models, 150, 3)
    monkeypatch.chdir(tmp_path)  # workers stand elsewhere
    with named_executor(word) as executor:
        shared = simulated_ranks(models, 150, 3, executor=executor, store=Store("fits"))
    assert len(list((tmp_path / "fits").rglob("*.record"))) == 2 * len(models)
    for name, (ranks, refused) in serial.items():
        assert shared[name][1] == refused
        for unknown, values in ranks.items():
            np.testing.assert_array_equal(values, shared[name][0][unknown])


def test_a_killed_worker_loses_and_doubles_nothing(word, tmp_path):
    model = reference_models()["scale-beta"]
    plans = {
        str(count): plan(model.replace("names.count", count), draws=5_000, seed=4)
        for count in range(100, 124)
    }
    victim, *_ = before = sorted(_workers(word))
    ended = []

    def done(name, result):
        ended.append(name)
        if len(ended) == 3:
            os.kill(victim, signal.SIGKILL)

    with named_executor(word) as executor:
        found = carry_out(plans, executor=executor, store=Store(tmp_path), done=done)
    assert len(before) == 2
    assert victim not in _workers(word)
    assert sorted(ended) == sorted(plans)
    assert len(list(tmp_path.rglob("*.record"))) == len(plans)
    # who is killed while writing cannot clean up: later sweeps do, and nothing else is left
    assert all(path.name.startswith(f"partial-{victim}-") for path in tmp_path.glob("partial-*"))
    serial = carry_out(plans)
    for name, (tree, _) in found.items():
        xarray.testing.assert_identical(tree, serial[name][0])


def _deadly_two(number):
    if number == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def test_a_task_that_kills_its_workers_harms_no_other(word):
    tasks = {number: (number,) for number in range(4)}
    with named_executor(word) as executor:
        found = run_tasks(_deadly_two, tasks, executor=executor)
    assert list(found) == [0, 1, 2, 3]
    poison = found.pop(2)
    assert found == {0: 0, 1: 1, 3: 3}
    assert isinstance(poison, UndercountError)
    assert "every worker of the cluster that began this died" in str(poison)


def _wait_for_stop(number, folder):
    if number == 0:
        while not (folder / "waits").exists():
            time.sleep(0.02)
        return
    (folder / "waits").touch()
    while not asked_to_stop():
        time.sleep(0.02)
    (folder / "stopped").touch()
    raise KeyboardInterrupt  # as the waiting for a sampler does


def test_an_interrupt_reaches_samplers_in_workers(word, tmp_path):
    def done(name, result):
        raise KeyboardInterrupt

    before = _workers(word)
    tasks = {number: (number, tmp_path) for number in (0, 1, 2)}
    with pytest.raises(Interrupted, match=r"[01] of 3"), named_executor(word) as executor:
        run_tasks(_wait_for_stop, tasks, executor=executor, done=done)
    deadline = time.monotonic() + 30
    while not (tmp_path / "stopped").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert (tmp_path / "stopped").exists()
    assert _workers(word) == before


def _slow_after_first(number):
    time.sleep(0.01 if number == 0 else 0.3)


def test_a_lost_scheduler_is_told_in_one_line(tmp_path):
    with distributed.LocalCluster(n_workers=1, **IN_THREADS) as brief:
        word = brief.scheduler_address.replace("tcp", "dask")

        def done(name, result):
            brief.close()

        tasks = {number: (number,) for number in range(20)}
        said = r"^executor: the scheduler of the cluster was lost; \d+ of 20 are kept \(.*again"
        with pytest.raises(UndercountError, match=said), named_executor(word) as executor:
            run_tasks(_slow_after_first, tasks, executor=executor, store=Store(tmp_path), done=done)


def test_nobody_listens(capfd, monkeypatch):
    monkeypatch.setattr(cluster_module, "_PATIENCE", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
        silent = ["run", str(READINGS), "--executor", f"dask://127.0.0.1:{port}"]
        assert main(silent) == 3  # a server that says nothing is no scheduler either
    assert main(silent) == 3
    said = capfd.readouterr().err.splitlines()
    assert len(said) == 2
    assert said[0] == said[1]
    assert f"executor dask://127.0.0.1:{port}: no scheduler of Dask answers there" in said[0]


def test_a_scheduler_without_workers_is_refused():
    with (
        distributed.LocalCluster(n_workers=0, **IN_THREADS) as empty,
        pytest.raises(DataError, match=r"no workers .* dask worker 127\.0\.0\.1:"),
        named_executor(empty.scheduler_address.replace("tcp", "dask")),
    ):
        pass


@pytest.mark.parametrize(
    "word", ["dask://nohost", "dask://", "dask://a:0", "dask://a:70000", "dask:a:1", "dask://a b:1"]
)
def test_malformed_addresses_are_usage(word, capsys):
    assert main(["run", str(READINGS), "--executor", word]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_addresses():
    assert parse_executor("dask://node-1.lab:8786").address == "tcp://node-1.lab:8786"
    assert parse_executor("dask://[::1]:8786").address == "tcp://[::1]:8786"


def test_without_the_package_the_remedy_is_told(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with (
        pytest.raises(UsageError, match=r'pip install "undercount\[cluster\]"'),
        named_executor("dask://127.0.0.1:8786"),
    ):
        pass


def test_workers_with_other_versions_are_refused(word, monkeypatch):
    theirs = cluster_module.engine_versions("nuts")
    monkeypatch.setattr(cluster_module, "engine_versions", lambda _: theirs | {"numpy": "0.1"})
    said = rf"worker tcp://.*: differs .*: numpy {theirs['numpy']} there and 0\.1 here \(.*install"
    with pytest.raises(RefusedError, match=said), named_executor(word):
        pass


def test_a_worker_that_joins_later_is_refused_too(word, monkeypatch):
    with named_executor(word) as executor:
        monkeypatch.setattr(executor, "_ours", executor._ours | {"code": "other"})
        with pytest.raises(RefusedError, match="the code of undercount"):
            run_tasks(_deadly_two, {1: (1,)}, executor=executor)


def _start(word, folder, *words):
    return subprocess.Popen(
        [sys.executable, "-m", "estimation", *words, "--json", "--executor", word,
         "--store", "fits"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder,
    )  # fmt: skip


def test_the_command_prints_the_same_and_nothing_else(word, tmp_path, capsys):
    study = tmp_path / "tiny.toml"
    study.write_text(READINGS.read_text().partition("[[scenario]]")[0])
    words = ("calibrate", str(study), "--simulations", "200")
    running = _start(word, tmp_path, *words)
    out, err = running.communicate(timeout=120)
    code = main([*words, "--json"])
    assert (running.returncode, out, err) == (code, capsys.readouterr().out, "")
    assert len(list((tmp_path / "fits").rglob("*.record"))) == 2


def test_an_interrupted_command_keeps_what_is_done(word, tmp_path):
    running = _start(word, tmp_path, "calibrate", str(READINGS), "--simulations", "3000")
    deadline = time.monotonic() + 60
    while len(list(tmp_path.rglob("*.record"))) < 4 and time.monotonic() < deadline:
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, ""), err
    assert err.count("\n") == 1, err
    assert "run the same command again to go on" in err
