"""The same linkage on Spark: asked for by UNDERCOUNT_TEST_SPARK=1, for it takes minutes."""

from __future__ import annotations

import importlib.util
import json
import os
from pathlib import Path

import pytest

from estimation.cli import main
from estimation.linkage.people.world import ListPlan, generate_world

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("pyspark") is None or not os.environ.get("UNDERCOUNT_TEST_SPARK"),
    reason="needs undercount[spark], Java and UNDERCOUNT_TEST_SPARK=1: it takes minutes",
)


def linked(folder: Path, backend: str, capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    lists = [str(folder / f"{name}.csv") for name in ("first", "second")]
    code = main(["link", *lists, "--backend", backend, "--json"])
    assert code == 0
    found: dict[str, object] = json.loads(capsys.readouterr().out)
    return found


# pyspark warns of new pandas and leaves sockets open: faults that are not ours
@pytest.mark.filterwarnings("ignore::FutureWarning", "ignore::ResourceWarning")
def test_spark_links_as_duckdb_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plans = [ListPlan("first", 0.5), ListPlan("second", 0.5, script="bgn")]
    generate_world(2000, plans, seed=5).write(tmp_path)
    here, there = (linked(tmp_path, one, capsys) for one in ("duckdb", "spark"))
    # the same settings; random pairs are drawn otherwise
    for one, other in zip(here["overlaps"], there["overlaps"], strict=True):  # type: ignore[call-overload]
        assert one["both"]["median"] == pytest.approx(other["both"]["median"], rel=0.01)
    assert here["keys"] == there["keys"]
