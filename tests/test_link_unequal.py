"""Lists that hardly overlap, links that are not clear, and what a library makes of Ctrl-C."""

import numpy as np
import pytest

from estimation.cli import main
from estimation.linkage import content
from estimation.linkage.link import LinkOptions, link
from estimation.linkage.people.world import ListPlan, generate_world
from estimation.linkage.privacy import NamelessFaultError, guarded, nameless
from estimation.linkage.review import Judged
from estimation.tables.records import read_lists


@pytest.fixture(scope="module")
def unequal(tmp_path_factory):
    plans = [ListPlan("large", 0.8, duplicates=0.0), ListPlan("small", 0.02, script="bgn")]
    world = generate_world(1500, plans, seed=12)
    folder = tmp_path_factory.mktemp("unequal")
    world.write(folder)
    return world, [folder / "large.csv", folder / "small.csv"]


def test_namesakes_and_brothers_are_no_duplicates_where_links_are_few(unequal):
    # with few links any class of pairs that are alike was once learned to be one person: 11 %
    # of the large list were told to be duplicates
    world, lists = unequal
    found = link(read_lists(lists), options=LinkOptions(draws=10), seed=1)
    truth = int(world.on.any(axis=1).sum())
    persons = found.draws.sum(axis=1)
    assert abs(np.median(persons) - truth) < 0.01 * truth
    large = found.draws[:, [1, 3]].sum(axis=1) / len(world.lists["large"])
    assert large.min() > 0.985


def test_links_that_are_not_clear_are_refused_unless_accepted(unequal, capsys, monkeypatch):
    monkeypatch.setattr(content, "_CLEAR", (1.2, 1.1))
    words = ["link", *map(str, unequal[1]), "--draws", "4"]
    assert main(words) == 4
    said = capsys.readouterr().err
    assert "are believed" in said
    assert said.count("\n") == 1
    assert main([*words, "--accept", "a test", "--json"]) == 0
    assert '"accepted": "a test"' in capsys.readouterr().out


def test_ctrl_c_inside_a_library_is_ctrl_c():
    class QueryError(Exception):
        pass

    def wrapped():
        try:
            raise RuntimeError("Query interrupted")
        except RuntimeError as error:
            raise QueryError("failed") from error

    with pytest.raises(KeyboardInterrupt), guarded("a step"):
        wrapped()


def test_errors_of_the_system_keep_their_kind():
    for error in (BrokenPipeError(), OSError(28, "No space left on device")):
        with pytest.raises(type(error)), nameless():
            raise error
    with pytest.raises(NamelessFaultError, match="ValueError in test_link_unequal"), nameless():
        raise ValueError("a name")


@pytest.mark.parametrize("name", ["count", "draw", "reach", "sex", "=list", "a+b"])
def test_a_list_is_not_called_as_a_column_of_the_patterns(unequal, tmp_path, capsys, name):
    taken = tmp_path / f"{name}.csv"
    taken.write_bytes(unequal[1][1].read_bytes())
    assert main(["link", str(unequal[1][0]), str(taken), "--by", "sex"]) == 2
    assert "rename the file" in capsys.readouterr().err


def test_pairs_judged_apart_teach_although_they_looked_alike(unequal):
    # a clear pair that is judged to be two persons stays in a group, where its odds are known
    records = read_lists(unequal[1])
    found = link(records, options=LinkOptions(draws=2), seed=1)
    clear = np.flatnonzero(found.probability > 0.999)[:5]
    left, right = found.pairs.left[clear], found.pairs.right[clear]
    judged = Judged(left, right, np.zeros(len(clear), dtype=bool))
    again = link(records, options=LinkOptions(draws=2), judged=judged, seed=1)
    assert again.calibration.judged == len(clear)
    assert again.calibration.middle[1] < found.calibration.middle[1]
    chosen = again.links.likeliest(*again.calibration.middle)
    for one, part in zip(again.links.groups, chosen, strict=True):
        group, first, second, _ = one.locate(left, right)
        blocks = one.partitions.blocks[part[group]]
        both = (blocks >> first[:, None] & 1) & (blocks >> second[:, None] & 1)
        assert not both.any()
