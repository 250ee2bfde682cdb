"""Faults: killed, interrupted, cut off and crowded runs end in the numbers of an undisturbed one.

The short form is part of every test run; ``uv run python -m benchmarks.faults`` runs it in full.
"""

import contextlib
import json
import os
import pty
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from estimation import fit
from estimation.diagnostics.reference import reference_models
from estimation.errors import DataError
from estimation.fit.record import DamagedRecordError, from_bytes
from estimation.fit.store import Store
from tests.studies import READINGS

#: A batch of some seconds in units of a fraction of a second.
RANKS = ("calibrate", str(READINGS), "--simulations", "1000", "--json")
SAMPLED = ("run", str(READINGS), "--engine", "nuts", "--json", "--out", "out")


@pytest.fixture(scope="module")
def full(request):
    return request.config.getoption("--faults") == "full"


def _start(words, store, folder, *options, **settings):
    return subprocess.Popen(
        [sys.executable, "-m", "estimation", *words, "--store", str(store), *options],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=folder, **settings,
    )  # fmt: skip


def _finish(running):
    out, err = running.communicate(timeout=240)
    return running.returncode, out, err


def _records(store):
    return sorted(store.rglob("*.record"))


def _all_sound(store):
    for path in _records(store):
        from_bytes(path.read_bytes(), path.stem)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Return output and store of the batch when nothing happens to it."""
    folder = tmp_path_factory.mktemp("undisturbed")
    code, out, err = _finish(_start(RANKS, folder / "fits", folder, "--executor", "none"))
    assert code in (0, 4), err  # the verdict does not matter here
    return out, folder / "fits"


@pytest.mark.parametrize("executor", ["none", "processes:2"])
def test_killed_at_random_moments_and_resumed(undisturbed, tmp_path, full, executor):
    expected, reference = undisturbed
    moments = random.Random(11)
    store, everything = tmp_path / "fits", len(_records(reference))
    for amount in sorted(moments.sample(range(everything - 10), 10 if full else 2)):
        running = _start(RANKS, store, tmp_path, "--executor", executor)
        while len(_records(store)) < amount and running.poll() is None:
            time.sleep(0.005)
        time.sleep(moments.uniform(0, 0.02))
        running.send_signal(signal.SIGKILL)
        running.communicate()
        assert running.returncode == -signal.SIGKILL, "the batch ended before it was killed"
        _all_sound(store)
    _, out, err = _finish(_start(RANKS, store, tmp_path, "--executor", executor))
    assert out == expected, err
    assert [path.name for path in _records(store)] == [path.name for path in _records(reference)]


def test_sampling_killed_at_random_moments_and_resumed(tmp_path, full):
    """NUTS: the kept fits and the new ones together are those of an undisturbed run."""
    if not full:
        pytest.skip("takes a minute: part of the full form, uv run python -m benchmarks.faults")
    start = time.monotonic()
    _, expected, _ = _finish(_start(SAMPLED, tmp_path / "reference", tmp_path))
    seconds = time.monotonic() - start
    moments = random.Random(5)
    store = tmp_path / "fits"
    for _ in range(10):
        running = _start(SAMPLED, store, tmp_path)
        time.sleep(moments.uniform(0.1, 1) * seconds)
        running.send_signal(signal.SIGKILL)
        running.communicate()
        _all_sound(store)
    code, out, err = _finish(_start(SAMPLED, store, tmp_path))
    assert (code, out) == (0, expected), err


def test_workers_die_with_their_parent(tmp_path):
    words = ("calibrate", str(READINGS), "--simulations", "100000", "--json")
    running = _start(words, tmp_path / "fits", tmp_path, "--executor", "processes:2")
    deadline = time.monotonic() + 60
    while not _records(tmp_path / "fits") and time.monotonic() < deadline:
        time.sleep(0.1)
    workers = _children(running.pid)
    assert len(workers) >= 2
    running.send_signal(signal.SIGKILL)
    running.communicate()
    while any(map(_alive, workers)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any(map(_alive, workers))


def _children(pid):
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found += map(int, (task / "children").read_text().split())
    return found


def _alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("executor", ["none", "threads:2", "processes:2"])
def test_an_interrupt_keeps_what_is_done(undisturbed, tmp_path, executor):
    expected, _ = undisturbed
    store = tmp_path / "fits"
    running = _start(RANKS, store, tmp_path, "--executor", executor, start_new_session=True)
    deadline = time.monotonic() + 60
    while len(_records(store)) < 4 and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(running.pid, signal.SIGINT)  # as a terminal does: all processes of the group
    code, out, err = _finish(running)
    assert (code, out) == (130, ""), err
    assert err.count("\n") == 1, err
    assert "run the same command again to go on" in err
    kept = len(_records(store))
    assert 4 <= kept < 40
    _all_sound(store)
    _, out, err = _finish(_start(RANKS, store, tmp_path, "--executor", executor))
    assert out == expected, err


def test_an_interrupt_while_sampling_ends_at_once(tmp_path):
    """Nutpie hands out half a sample when it is interrupted; none of that may be kept."""
    words = ("total", "900", "--coverage", "0.4", "0.6", "--engine", "nuts", "--draws", "9000000")
    screen, terminal = pty.openpty()  # progress is told on a terminal only
    running = subprocess.Popen(
        [sys.executable, "-m", "estimation", *words, "--store", str(tmp_path / "fits")],
        stdout=subprocess.PIPE, stderr=terminal, text=True, cwd=tmp_path,
    )  # fmt: skip
    os.close(terminal)
    seen = b""
    while b"chain 4" not in seen:
        seen += os.read(screen, 1000)
    running.send_signal(signal.SIGINT)
    start = time.monotonic()
    seen += _rest(screen)  # a terminal that nobody reads would stop who writes to it
    out, _ = running.communicate(timeout=60)
    assert (running.returncode, out) == (130, "")
    assert time.monotonic() - start < 10
    last = seen.decode().splitlines()[-1]
    assert "undercount total: interrupted with 0 of 1 done" in last
    # the bars are gone, and the cursor is back
    assert last.count("\x1b[2K") >= 5
    assert b"\x1b[?25h" in seen
    assert _records(tmp_path / "fits") == []


def _rest(screen):
    """Return what is shown until the last program has closed the terminal."""
    seen = b""
    while True:
        try:
            more = os.read(screen, 65_536)
        except OSError:  # what Linux says of a terminal that is closed
            return seen
        seen += more


def test_two_processes_on_one_store_are_both_right(undisturbed, tmp_path, full):
    expected, reference = undisturbed
    for attempt in range(5 if full else 1):
        store = tmp_path / f"fits-{attempt}"
        both = [_start(RANKS, store, tmp_path, "--executor", "none") for _ in range(2)]
        for running in both:
            _, out, err = _finish(running)
            assert out == expected, err
        assert len(_records(store)) == len(_records(reference))
        assert list(store.glob("partial-*")) == []


def _limited(words, store, folder, size):
    """Run with a limit on the size of files, which stands for a full disk."""
    return _finish(
        _start(
            words, store, folder,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)),
        )
    )  # fmt: skip


def test_a_full_disk_is_told_and_leaves_the_store_whole(tmp_path):
    store = tmp_path / "fits"
    words = ("total", "900", "--coverage", "0.4", "0.6", "--json")
    assert _finish(_start(words, store, tmp_path))[0] == 0
    before = {path: path.read_bytes() for path in _records(store)}
    code, out, err = _limited((*words, "--seed", "2"), store, tmp_path, 50_000)
    assert (code, out) == (3, "")
    assert err.count("\n") == 1
    assert "the store of fits cannot be written" in err
    assert {path: path.read_bytes() for path in _records(store)} == before
    assert list(store.glob("partial-*")) == []


def test_a_disk_without_space_leaves_the_store_whole(tmp_path, full):
    """A file system of one megabyte, where that may be mounted."""
    if not full:
        pytest.skip(
            "mounts a file system: part of the full form, uv run python -m benchmarks.faults"
        )
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("no right to mount a file system here")
    try:
        store, model = Store(disk / "fits"), reference_models()["scale-beta"]
        kept = []

        def fill():
            for seed in range(100):
                fit(model, draws=500, seed=seed, store=store)
                kept.append(seed)

        with pytest.raises(DataError, match="No space left"):
            fill()
        assert kept, "nothing was kept before the disk was full"
        _all_sound(store.folder)
        assert len(_records(store.folder)) == len(kept)
        assert list(store.folder.glob("partial-*")) == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_damaged_store_gives_the_numbers_of_a_whole_one(undisturbed, tmp_path):
    expected, reference = undisturbed
    store = tmp_path / "fits"
    shutil.copytree(reference, store)
    cut, flipped, first, second = _records(store)[:4]
    cut.write_bytes(cut.read_bytes()[:-7])
    contents = bytearray(flipped.read_bytes())
    contents[-9] ^= 1
    flipped.write_bytes(contents)
    aside = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(aside)
    _, out, err = _finish(_start(RANKS, store, tmp_path, "--executor", "none"))
    assert out == expected
    assert err.count("fitted again\n") == err.count("\n") == 4
    _all_sound(store)


def test_damage_to_a_real_fit_is_detected_everywhere(tmp_path, full):
    store = Store(tmp_path)
    key = fit(reference_models()["scale-beta"], draws=500, store=store).attrs["hash"]
    contents = bytearray(store.path(key).read_bytes())
    places = random.Random(3)
    for _ in range(5_000 if full else 200):
        with pytest.raises(DamagedRecordError):
            from_bytes(bytes(contents[: places.randrange(len(contents))]), key)
        place, bit = places.randrange(len(contents)), 1 << places.randrange(8)
        contents[place] ^= bit
        with pytest.raises(DamagedRecordError):
            from_bytes(bytes(contents), key)
        contents[place] ^= bit
    assert json.loads(from_bytes(bytes(contents), key).meta["attrs"]["settings"])["draws"] == 500
