"""Batches: the same results in any order and by any executor, failures kept, interrupts told."""

import concurrent.futures
import json
import pickle
import threading

import numpy as np
import pytest
import xarray

from estimation import fit_many, read_study, verdicts
from estimation.cli import main
from estimation.diagnostics.ranks import simulated_ranks
from estimation.diagnostics.reference import reference_models
from estimation.errors import Interrupted, NotEstimableError, UndercountError, UsageError
from estimation.fit.batch import carry_out, run_tasks
from estimation.fit.engine import plan
from estimation.fit.executors import named_executor, parse_executor
from estimation.fit.store import Store
from estimation.study.run import fit_study
from tests.studies import READINGS

NAMES = ("scale-uniform", "scale-beta", "gamma-precision", "scale-known")


@pytest.fixture(scope="module")
def processes():
    """Return two processes, started once for this module."""
    with named_executor("processes:2") as executor:
        yield executor


@pytest.fixture
def models():
    return {name: reference_models()[name] for name in NAMES}


def _identical(first, second):
    assert first.keys() == second.keys()
    for name, (tree, _) in first.items():
        xarray.testing.assert_identical(tree, second[name][0])


def test_exact_fits_do_not_depend_on_order_or_executor(models, processes):
    plans = {name: plan(model, draws=300, seed=4) for name, model in models.items()}
    serial = carry_out(plans)
    backwards = carry_out(dict(reversed(plans.items())))
    assert list(backwards) == list(reversed(serial))
    _identical(serial, backwards)
    _identical(serial, carry_out(plans, executor=processes))
    with concurrent.futures.ThreadPoolExecutor(3) as threads:
        _identical(serial, carry_out(plans, executor=threads))


def test_nuts_fits_do_not_depend_on_order_or_threads():
    """Threads share one compiled model; each holds its own data."""
    model = reference_models()["scale-uniform"]
    plans = {
        str(count): plan(model.replace("names.count", count), "nuts", draws=80, tune=150, seed=4)
        for count in (30, 300, 3_000, 30_000, 300_000, 3_000_000)
    }
    serial = carry_out(plans)
    _identical(serial, carry_out(dict(reversed(plans.items())), cores=1))
    with concurrent.futures.ThreadPoolExecutor(4) as threads:
        _identical(serial, carry_out(plans, executor=threads))


class Twice(concurrent.futures.Executor):
    """An executor that runs every task twice, as a cluster may."""

    def submit(self, function, /, *words, **options):
        function(*words, **options)
        future = concurrent.futures.Future()
        future.set_result(function(*words, **options))
        return future


def test_a_task_that_runs_twice_does_no_harm(models, tmp_path):
    plans = {name: plan(model, draws=300) for name, model in models.items()}
    store = Store(tmp_path)
    _identical(carry_out(plans), carry_out(plans, executor=Twice(), store=store, refit="always"))
    assert len(list(tmp_path.rglob("*.record"))) == len(plans)


def test_a_batch_resumes_from_what_is_kept(models, tmp_path):
    plans = {name: plan(model, draws=300) for name, model in models.items()}
    store = Store(tmp_path)
    carry_out(dict(list(plans.items())[:2]), store=store)
    origins = [origin for _, origin in carry_out(plans, store=store).values()]
    assert origins == ["stored", "stored", "made", "made"]


def test_models_travel_to_other_processes():
    for name, model in reference_models().items():
        there = pickle.loads(pickle.dumps(model))
        assert there.content() == model.content(), name
        assert there.structure() == model.structure(), name


def test_errors_travel_back_whole():
    error = NotEstimableError("what", where="where", why="why", remedy="remedy")
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def _odd(number):
    if number % 2 == 0:
        raise NotEstimableError(f"{number} is even")
    return number


@pytest.mark.parametrize("kind", ["none", "threads", "processes"])
def test_what_fails_is_kept_with_its_reason(kind, processes):
    with named_executor("none" if kind == "processes" else kind) as executor:
        found = run_tasks(
            _odd, {number: (number,) for number in range(4)},
            executor=processes if kind == "processes" else executor,
        )  # fmt: skip
    assert [found[1], found[3]] == [1, 3]
    assert str(found[2]) == "2 is even"


def _die(_):
    import os

    os._exit(9)


def test_a_worker_that_dies_is_told():
    with named_executor("processes:1") as executor, pytest.raises(UndercountError, match="died"):
        run_tasks(_die, {"one": (1,)}, executor=executor)


def _interrupt(number):
    if number == 2:
        raise KeyboardInterrupt
    return number


def test_an_interrupt_says_what_is_kept(tmp_path):
    tasks = {number: (number,) for number in range(4)}
    with pytest.raises(Interrupted, match=r"interrupted with 2 of 4 done and kept in .*again"):
        run_tasks(_interrupt, tasks, store=Store(tmp_path))
    with pytest.raises(Interrupted, match="nothing is kept"):
        run_tasks(_interrupt, tasks)


def test_an_interrupt_stops_samplers_in_other_threads():
    model = reference_models()["scale-uniform"]
    long = {"draws": 3_000_000, "seed": 1}
    plans = {str(n): plan(model.replace("names.count", n), "nuts", **long) for n in (50, 60)}
    carry_out({"short": plan(model, "nuts", draws=60, tune=60)})  # compile first

    def stop_soon(executor):
        future = executor.submit(threading.Event().wait, 0.5)
        future.result()
        raise KeyboardInterrupt

    class Impatient(concurrent.futures.ThreadPoolExecutor):
        """Raises what a Ctrl-C raises while the batch waits."""

        def submit(self, function, /, *words, **options):
            future = super().submit(function, *words, **options)
            if len(self._threads) == 2:
                with concurrent.futures.ThreadPoolExecutor(1) as clock:
                    stop_soon(clock)
            return future

    with Impatient(2) as executor, pytest.raises(Interrupted):
        carry_out(plans, executor=executor)


@pytest.mark.parametrize("word", ["", "dusk", "threads:0", "none:2", "processes:-1", "threads:999"])
def test_executors_that_do_not_exist_are_refused(word):
    with pytest.raises(UsageError):
        parse_executor(word)


def test_ranks_are_the_same_by_any_executor(models, processes, tmp_path):
    del models["scale-known"]
    serial = simulated_ranks(models, 150, 3)
    shared = simulated_ranks(models, 150, 3, executor=processes, store=Store(tmp_path))
    kept = simulated_ranks(models, 150, 3, store=Store(tmp_path), refit="never")
    for name, (ranks, refused) in serial.items():
        for other in (shared, kept):
            assert other[name][1] == refused
            for unknown, values in ranks.items():
                np.testing.assert_array_equal(values, other[name][0][unknown])


def test_a_study_is_the_same_by_any_executor(processes):
    study = read_study(READINGS)
    serial = fit_study(study, seed=4, prob=0.9).result().to_json()
    assert fit_study(study, seed=4, prob=0.9, executor=processes).result().to_json() == serial


def test_commands_share_one_store(own_store, tmp_path, capsys):
    assert main(["run", str(READINGS), "--out", str(tmp_path / "a"), "--json"]) == 0
    first = capsys.readouterr().out
    assert len(list(own_store.rglob("*.record"))) == 4
    assert (
        main(["run", str(READINGS), "--out", str(tmp_path / "b"), "--json", "--refit", "never"])
        == 0
    )
    assert capsys.readouterr().out == first
    assert main(["run", str(READINGS), "--out", str(tmp_path / "c")]) == 0
    said = capsys.readouterr().out
    row = [line.split() for line in said.splitlines() if line.startswith("central-90 ")][-1]
    assert row[1:3] == ["stored", "pass"]
    assert (
        main(
            ["run", str(READINGS), "--seed", "8", "--refit", "never", "--out", str(tmp_path / "d")]
        )
        == 4
    )
    assert "not in the store" in capsys.readouterr().err


def test_a_total_is_kept_on_request(tmp_path, capsys):
    words = ["total", "900", "--coverage", "0.4", "0.6", "--json"]
    kept = ["--store", str(tmp_path / "fits")]
    assert main(words) == 0
    plain = capsys.readouterr().out
    assert main([*words, *kept, "--refit", "never"]) == 4
    capsys.readouterr()
    for _ in range(2):
        assert main([*words, *kept]) == 0
        assert json.loads(capsys.readouterr().out)["estimates"] == json.loads(plain)["estimates"]
    assert len(list((tmp_path / "fits").rglob("*.record"))) == 1


@pytest.mark.parametrize(
    "words",
    [
        ("run", "--executor", "dusk"), ("calibrate", "--executor", "threads:0"),
        ("run", "--refit", "sometimes"), ("total", "9", "--coverage", "1", "1", "--refit", "no"),
    ],
)  # fmt: skip
def test_wrong_options_are_usage(words, capsys):
    try:
        code = main(list(words))
    except SystemExit as stopped:
        code = stopped.code
    assert code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_cache_folder_that_cannot_be_made_does_not_stop_a_run(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("UNDERCOUNT_CACHE", "/proc/nowhere")
    assert main(["run", str(READINGS), "--out", str(tmp_path / "a"), "--json"]) == 0
    captured = capsys.readouterr()
    json.loads(captured.out)
    assert "fits are not kept" in captured.err
    assert (
        main(["run", str(READINGS), "--out", str(tmp_path / "b"), "--store", "/proc/nowhere/fits"])
        == 3
    )
    assert "cannot be written" in capsys.readouterr().err


def test_a_batch_has_a_table_of_verdicts(models, tmp_path):
    models["scale-known"] = models["scale-known"].replace("names.count", 3)
    contradiction = reference_models()["gamma-beta"].replace("names.count", 10**9)
    fits = fit_many({**models, "odd": contradiction}, draws=300, store=tmp_path)
    table = verdicts(fits)
    assert list(table.index) == [*models, "odd"]
    assert list(table.columns) == ["verdict", "ess", "mcse", "says"]
    assert table.loc["scale-uniform", "ess"] == 1200
    assert table.loc["odd", "verdict"] == "fail"
    assert "contradict" in table.loc["odd", "says"]
    few = verdicts(fit_many(models, draws=20))
    assert set(few["verdict"]) == {"fail"}
    assert few["says"].str.contains("independent draws 80 below 400").all()
