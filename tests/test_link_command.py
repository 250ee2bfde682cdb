"""`undercount link` on generated persons: what it writes and says, and what it refuses."""

import functools
import itertools
import json
import shutil

import numpy as np
import pytest

from estimation.cli import main
from estimation.errors import DataError, UsageError
from estimation.linkage import link as module
from estimation.linkage.people.world import ListPlan, generate_world
from estimation.linkage.strata import SMALLEST, labels
from estimation.tables.linkage_draws import read_linkage_draws
from tests.pairs_by_hand import records_of

PLANS = (ListPlan("one", 0.7, "cyrillic", 0.03), ListPlan("two", 0.6, "passport", 0.02),
         ListPlan("three", 0.5, "loose", 0.0))  # fmt: skip
NAMES = tuple(plan.name for plan in PLANS)
SEED = ("--seed", "3")


class _Runs:
    """Runs of the command on one world, in a folder; what `link` returned is kept."""

    def __init__(self, folder, world):
        self.folder, self.world = folder, world
        self.lists = [str(folder / "lists" / f"{name}.csv") for name in NAMES]

    def run(self, *words):
        """Return the exit code and the result of `link`."""
        kept = []

        def spied(*given, **named):
            kept.append(real(*given, **named))
            return kept[-1]

        real = module.link
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(module, "link", spied)
            code = main(["link", *self.lists, *SEED, *words])
        return code, kept[0]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    world = generate_world(500, PLANS, seed=3)
    folder = tmp_path_factory.mktemp("link")
    world.write(folder / "lists")
    (folder / "secret").mkdir()
    return _Runs(folder, world)


@pytest.fixture(scope="module")
def first(runs):
    """Run with all outputs; return exit code, result and the report."""
    folder = runs.folder
    code, linked = runs.run(
        "--out", str(folder / "a" / "patterns.csv"), "--review", str(folder / "b" / "review.csv"),
        "--review-pairs", "120", "--salt", str(folder / "secret" / "salt"),
        "--key", str(folder / "lists" / "key.csv"), "--cores", "2", "--json", "--draws", "20",
    )  # fmt: skip
    report = json.loads((folder / "a" / "patterns.json").read_text(encoding="utf-8"))
    return code, linked, report


@pytest.fixture(scope="module")
def read(runs, first):
    """Return the patterns of the first run, read."""
    return read_linkage_draws(runs.folder / "a" / "patterns.csv")


def _true(world, *lists):
    on = world.on[:, [NAMES.index(name) for name in lists]]
    return int(on.all(axis=1).sum())


# -- the first run ---------------------------------------------------------------------------------


def test_the_report_tells_of_all_lists(runs, first):
    code, linked, report = first
    assert code == 0
    assert set(report) >= {"seed", "draws", "persons", "lists", "overlaps", "quality", "keys",
                           "levels", "strata", "notes"}  # fmt: skip
    assert [one["list"] for one in report["lists"]] == list(NAMES)
    for one in report["lists"]:
        who = runs.world.truth[one["list"]]
        assert one["records"] == len(who)
        persons = len(np.unique(who))
        assert one["persons"]["low"] - 3 <= persons <= one["persons"]["high"] + 3
        assert one["persons"]["median"] <= len(who)
    assert report["draws"] == len(linked.draws) == 20
    assert report["quality"]["precision"] > 0.9
    assert 0.8 < report["quality"]["recall"] < 1
    assert {one["key"] for one in report["keys"]} >= {"sgp", "bd"}
    assert all(0 < one["m"] < 1 and 0 < one["u"] < 1 for one in report["levels"])
    assert any("--review" in note for note in report["notes"])


def test_the_patterns_are_read_as_draws_of_a_linkage(runs, first, read):
    _, linked, _ = first
    path = runs.folder / "a" / "patterns.csv"
    head = path.read_text(encoding="utf-8").splitlines()[0]
    assert head.split(",") == [*NAMES, "draw", "reach", "count"]
    assert len(read.draws) == 20
    assert read.reach == pytest.approx(linked.reached, abs=1e-6)
    for draw, counts in zip(read.draws, linked.draws, strict=True):
        assert draw.lists == NAMES
        assert draw.observed == counts.sum()
    assert (runs.folder / "a" / "patterns.png").read_bytes().startswith(b"\x89PNG")


def test_the_true_overlap_lies_within_the_draws(runs, first, read):
    report = first[2]
    for size in (2, 3):
        for some in itertools.combinations(range(3), size):
            both = np.array([one.counts[one.on[:, list(some)].all(axis=1)].sum()
                             for one in read.draws])  # fmt: skip
            truth = _true(runs.world, *(NAMES[one] for one in some))
            assert both.min() - 3 * both.std() <= truth <= both.max() + 3 * both.std()
            assert abs(np.median(both) / truth - 1) < 0.1
            if size == 2:
                (row,) = (one for one in report["overlaps"]
                          if one["lists"] == [NAMES[place] for place in some])  # fmt: skip
                assert row["both"]["median"] == np.median(both)
    persons = np.array([one.observed for one in read.draws])
    truth = int(runs.world.on.any(axis=1).sum())
    assert persons.min() - 3 * persons.std() <= truth <= persons.max() + 3 * persons.std()


def test_the_links_themselves_are_right(runs, first):
    assert _score(runs.world, first[1]) > 0.93


def test_the_key_leads_to_the_records_of_the_review(runs, first):
    line_of = _key(runs)
    rows = _table(runs.folder / "b" / "review.csv")
    assert len(rows) == 120
    assert all(row["left"] in line_of and row["right"] in line_of for row in rows)
    same = [_person(runs, row["left"]) == _person(runs, row["right"]) for row in rows]
    chance = np.array([float(row["probability"]) for row in rows])
    assert chance[same].mean() > chance[np.logical_not(same)].mean() + 0.3
    assert len(line_of) == sum(len(one) for one in runs.world.truth.values())


# -- further runs ----------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes_on_any_number_of_cores(runs, first, monkeypatch):
    monkeypatch.setattr("estimation.report.figures.missing_plotting", lambda: "not drawn")
    code, _ = runs.run("--out", str(runs.folder / "c" / "patterns.csv"), "--cores", "1",
                        "--draws", "20", "--quiet")  # fmt: skip
    assert code == first[0] == 0
    for name in ("patterns.csv", "patterns.json"):
        one, other = ((runs.folder / place / name).read_bytes() for place in ("a", "c"))
        assert one == other
    assert not (runs.folder / "c" / "patterns.png").exists()


def test_lists_without_duplicates_and_strata(runs, monkeypatch, capsys):
    monkeypatch.setattr("estimation.report.figures.missing_plotting", lambda: "not drawn")
    path = runs.folder / "d" / "patterns.csv"
    code, linked = runs.run("--out", str(path), "--once", "three", "--by", "sex", "--json",
                            "--draws", "10", "--reach", "0.97", "0.99")  # fmt: skip
    out, err = capsys.readouterr()
    assert (code, err) == (0, "")
    report = json.loads(out)
    assert report == json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    third = report["lists"][2]
    assert third["persons"]["low"] == third["persons"]["high"] == third["records"]
    assert third["belief"] == {"kind": "known", "value": 1}
    assert report["lists"][0]["persons"]["high"] < report["lists"][0]["records"]
    assert report["strata"] == ["f", "m"]
    read = read_linkage_draws(path, strata="sex")
    assert read.draws[0].strata == ("f", "m")
    assert len(read.draws) == 10
    men = [row for row in _table(path) if row["sex"] == "m" and row["draw"] == "1"]
    assert sum(int(row["count"]) for row in men) == linked.draws[0].reshape(3, 8)[2].sum()
    assert 0.95 < np.median(linked.reached) < 0.995
    assert "is stated" in report["notes"][0]


def test_judged_pairs_make_links_better(runs, first, capsys):
    shutil.copy(runs.folder / "b" / "review.csv", runs.folder / "b" / "judged.csv")
    path = runs.folder / "b" / "judged.csv"
    rows = _table(path)
    lines = ["left,right,probability,same"]
    for row in rows:
        same = _person(runs, row["left"]) == _person(runs, row["right"])
        lines.append(f"{row['left']},{row['right']},{row['probability']},{int(same)}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    code, linked = runs.run("--labels", str(path), "--salt", str(runs.folder / "secret" / "salt"))
    out, err = capsys.readouterr()
    assert (code, err) == (0, "")
    assert f"learned from {linked.calibration.judged} judged pairs" in out
    assert 60 < linked.calibration.judged <= 120
    assert "no pair was judged" not in out
    assert _score(runs.world, linked) >= _score(runs.world, first[1])
    assert _score(runs.world, linked) > 0.95


def _table(path):
    head, *rows = path.read_text(encoding="utf-8").splitlines()
    return [dict(zip(head.split(","), row.split(","), strict=True)) for row in rows]


@functools.cache
def _key(runs):
    rows = _table(runs.folder / "lists" / "key.csv")
    return {row["id"]: (row["list"], int(row["line"])) for row in rows}


def _person(runs, identity):
    name, line = _key(runs)[identity]
    return runs.world.truth[name][line - 2]


def _score(world, linked):
    """Return F1 of the likeliest links, over all pairs of records."""
    person = np.concatenate([world.truth[name] for name in NAMES])
    made = right = 0
    links = linked.links
    persons = list(links.certain)
    for one, part in zip(links.groups, links.likeliest(*linked.calibration.middle), strict=True):
        for group, blocks in enumerate(one.partitions.blocks[part].tolist()):
            persons += [one.records_of(group, block) for block in blocks if block]
    for records in persons:
        for left, right_one in itertools.combinations(records.tolist(), 2):
            made += 1
            right += person[left] == person[right_one]
    sizes = np.bincount(person)
    return 2 * right / (made + (sizes * (sizes - 1) // 2).sum())


# -- refusals --------------------------------------------------------------------------------------


@pytest.fixture
def refused(runs, tmp_path, capsys, monkeypatch):
    """Return a function that runs the command on lists that are never compared."""

    def never(*_, **__):
        raise AssertionError("records were compared")

    monkeypatch.setattr(module, "backend", never)

    def told(*words, code, lists=2):
        try:
            found = main(["link", *runs.lists[:lists], *words])
        except SystemExit as stopped:
            found = stopped.code
        out, err = capsys.readouterr()
        assert (found, out) == (code, "")
        assert err.count("\n") == 1
        assert "our fault" not in err
        assert not any(tmp_path.iterdir())
        return err

    return told


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (["--review", "{}/b/review.csv"], 2, "--review needs --salt"),
        (["--labels", "{}/b/review.csv"], 2, "--labels needs --salt"),
        (["--out", "{}/p.csv", "--key", "{}/k.csv", "--salt", "{}/s/salt"], 2, "--key stands in"),
        (["--out", "{}/patterns.txt"], 2, "must end in .csv"),
        (["--out", "{}/p.csv", "--review", "{}/p.csv", "--salt", "{}/s/s"], 2, "used otherwise"),
        (["--reach", "0.9", "0.5"], 3, "two shares of at least a half"),
        (["--reach", "0.9", "1"], 3, "up to exactly 1"),
        (["--reach", "0", "0.9"], 3, "two shares of at least a half"),
        (["--columns", "name=a", "name=b"], 2, "names name twice"),
        (["--columns", "name"], 2, "no FIELD=COLUMN"),
        (["--once", "four"], 2, "no list 'four'"),
        (["--draws", "1"], 2, "2 to 1,000"),
        (["--memory", "0"], 2, "0.01 to 1,000,000"),
        (["--pairs", "nan"], 2, "0.01 to 1,000,000"),
        (["--backend", "paper"], 2, "invalid choice"),
        (["--map", "{}/none.toml"], 3, "none.toml"),
    ],
)
def test_bad_usage_is_refused_in_one_line(refused, tmp_path, words, code, says):
    assert says in refused(*(word.format(tmp_path) for word in words), code=code)


def test_lists_must_be_several_and_different(refused, runs, tmp_path):
    assert "at least two lists" in refused(code=2, lists=1)
    assert "is given twice" in refused(runs.lists[0], code=2, lists=1)
    assert "no such file" in refused(str(tmp_path / "none.csv"), code=3)


def test_outputs_replace_no_input(refused, runs):
    before = [(runs.folder / "lists" / f"{name}.csv").read_bytes() for name in NAMES]
    for option in ("--out", "--review", "--key", "--salt", "--labels", "--map"):
        words = ["--salt", str(runs.folder / "secret" / "new")] * (option != "--salt")
        assert "used otherwise" in refused(option, runs.lists[0], *words, code=2)
    assert [(runs.folder / "lists" / f"{name}.csv").read_bytes() for name in NAMES] == before
    salt = str(runs.folder / "lists" / "salt")
    said = refused("--salt", salt, "--review", str(runs.folder / "b" / "r.csv"), code=3)
    assert "stands in the folder" in said


@pytest.mark.parametrize(
    ("head", "rows", "code", "says"),
    [
        ("name", ["Вельтанов Иван"] * 1000, 3, "names alone tell nobody apart"),
        ("name,sex", ["Вельтанов Иван,m"] * 1000, 4, "nothing tells these persons apart"),
        ("name,sex", ["Вельтанов Иван,"] * 3, 3, "every column but the names is empty"),
    ],
)
def test_lists_that_tell_nobody_apart_are_refused(tmp_path_factory, capsys, head, rows, code, says):
    folder = tmp_path_factory.mktemp("alike")
    for name, more in (("one", 0), ("two", 1)):
        text = "\n".join([head, *rows, *rows[:more]]) + "\n"
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    found = main(["link", str(folder / "one.csv"), str(folder / "two.csv")])
    out, err = capsys.readouterr()
    assert (found, out) == (code, "")
    assert says in err
    assert err.count("\n") == 1
    assert "Вельтанов" not in err


def test_strata_are_fields_with_few_and_frequent_values():
    place = ["Пермь"] * SMALLEST + ["Омск"] * (SMALLEST - 1) + ["", " пермь "]
    death = [0.0, 40.0] * (len(place) // 2) + [np.nan] * (len(place) % 2)
    lists = [records_of("one", place=place, death_day=death)]
    found = labels(lists, "place")
    assert found.names == ("пермь",)  # what is rare may be a name
    assert found.of.tolist() == [0] * SMALLEST + [-1] * SMALLEST + [0]
    months = labels(lists, "death_month")
    assert months.names == ("1970-01", "1970-02")
    assert months.of.tolist()[:2] == [0, 1]
    assert labels(lists, None).names == ()
    with pytest.raises(UsageError, match="no stratum 'age'"):
        labels(lists, "age")
    with pytest.raises(DataError, match="no record has it"):
        labels(lists, "sex")
    days = [records_of("one", death_day=np.arange(250) * 31.0)]
    with pytest.raises(DataError, match="different values"):
        labels(days, "death_month")


@pytest.mark.parametrize("words", [
    ("--cores", "0"), ("--cores", "-1"), ("--by", "age"), ("--memory", "0"),
    ("--out", "p.csv", "--review", "p.json", "--salt", "elsewhere/salt"),
    ("--out", "p.csv", "--key", "other/p.csv", "--salt", "elsewhere/salt", "--review", "p.svg"),
])  # fmt: skip
def test_bad_options_are_refused_before_records_are_compared(
    runs, capsys, monkeypatch, tmp_path, words
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setattr(module, "backend", lambda *_, **__: pytest.fail("compared"))
    try:
        code = main(["link", *runs.lists, *words])
    except SystemExit as stopped:
        code = stopped.code
    assert code == 2
    assert capsys.readouterr().err.strip().count("\n") <= 1
    assert not list(tmp_path.glob("p*"))
