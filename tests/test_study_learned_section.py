"""The section ``[[learned]]`` of a study: what a run writes, says and draws, and bad input."""

import csv
import json

import jsonschema
import numpy as np
import pytest

from estimation.cli import main
from estimation.errors import UndercountError
from estimation.learning.findings import learn
from estimation.study.read import parse_study
from tests.late_by_hand import sample_late_by_hand
from tests.learned_study import NAMES
from tests.test_command_line import _schema

DRAWS = 600


@pytest.fixture(autouse=True)
def by_hand(monkeypatch):
    """Draw without a sampler."""
    monkeypatch.setattr("estimation.fit.nuts.sample_graph", sample_late_by_hand)


YEARLY = (
    NAMES.replace("names.csv", "years.csv").replace('"month"', '"year"')
    + """
[evidence.probate]
kind = "register"
estimates = [
  { low = 9000, high = 11000, level = 0.9, begin = 2022-01-01, end = 2022-12-31 },
  { low = 27000, high = 33000, level = 0.9 },
]
correlation = 0.5
[evidence.graves]
kind = "audits"
found = [14, 9, 20]
checked = [20, 20, 45]
begin = 2023-01-01
[[published]]
name = "official"
low = 15000
high = 25000
"""
)
SECTION = """
[[learned]]
name = "small"
title = "Three years"
published = "official"
through = 2023-06-30
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Return a folder with a table of three years."""
    folder = tmp_path_factory.mktemp("yearly")
    (folder / "data").mkdir()
    (folder / "data" / "years.csv").write_text("period,count\n2021,4000\n2022,5200\n2023,5600\n")
    return folder


def test_a_run_writes_says_and_draws_what_was_learned(place, capsys):
    path, out = place / "s.toml", place / "out"
    path.write_text(YEARLY + SECTION)
    assert main(["run", str(path), "--out", str(out), "--draws", "600"]) == 0
    said = capsys.readouterr().out
    for words in (
        "Coverage small: Three years", "names over deaths", "to 2022-12-31", "without graves",
        "without the judgment on coverage", "probate: deaths, 2022-01-01 to 2022-12-31",
        "graves: share found, all places", "Published 15,000 to 25,000 (official, deaths to 2022-",
        "learned.csv", "figures/sources-small.png, figures/sources-small-total.png",
    ):  # fmt: skip
        assert words in said, words
    with (out / "learned.csv").open() as file:
        rows = {(row["sources"], row["span"]): row for row in csv.DictReader(file)}
    assert len(rows) == 5 * 5
    total, until = rows["learned", "total"], rows["learned", "to 2022-12-31"]
    assert (total["names"], until["names"], total["age_months"]) == ("14800", "9200", "")
    for row in rows.values():
        low, high = float(row["coverage_low"]), float(row["coverage_high"])
        assert low < float(row["coverage_median"]) < high
        assert low == pytest.approx(int(row["names"]) / float(row["deaths_high"]))
        assert high == pytest.approx(int(row["names"]) / float(row["deaths_low"]))
    with (out / "conflicts.csv").open() as file:
        compared = list(csv.DictReader(file))
    assert [row["source"] for row in compared] == ["judgment", "probate", "probate", "graves"]
    assert {row["verdict"] for row in compared} == {"agrees"}
    assert float(compared[2]["said"]) == pytest.approx(np.sqrt(27000 * 33000))
    for name in ("sources-small", "sources-small-total"):
        assert (out / "figures" / f"{name}.png").stat().st_size > 10_000
        assert "</svg>" in (out / "figures" / f"{name}.svg").read_text()
    # totals beside a published range are of its time
    assert "<!-- deaths to 2022-12-31 -->" in (out / "figures/sources-small-total.svg").read_text()


def test_years_add_up_draw_by_draw(place):
    found = learn(parse_study(YEARLY, "s.toml", place).model, draws=DRAWS, leave_out=("graves",))
    for under in (found.learned, found.judged, *found.without):
        years = sum(under.deaths[label] for label in ("2021", "2022", "2023"))
        np.testing.assert_array_equal(years, under.total)


def test_a_conflict_that_refuses_fails_its_section_alone(place, capsys, monkeypatch):
    monkeypatch.setattr("estimation.study.figures.missing_plotting", lambda: "not drawn")
    monkeypatch.setattr("estimation.study.learned_write.missing_plotting", lambda: "not drawn")
    path, out = place / "refuse.toml", place / "refused"
    text = YEARLY.replace("low = 9000, high = 11000", "low = 90000, high = 91000").replace(
        "low = 27000, high = 33000", "low = 270000, high = 273000"
    )
    asked = "[[learned]]\nname = '{0}'\non_conflict = '{0}'\nleave_out = ['graves']\n"
    path.write_text(text + asked.format("refuse") + asked.format("widen"))
    assert main(["run", str(path), "--out", str(out), "--draws", "600", "--json"]) == 6
    said, wrong = capsys.readouterr()
    assert wrong.startswith("undercount run: coverage refuse failed: evidence: sources contradict")
    assert wrong.count("\n") == 1
    found = json.loads(said)
    jsonschema.validate(found, _schema())
    assert "graves is in conflict" in found["failed"]["coverage refuse"]
    assert {row["learned"] for row in found["learned"]} == {"widen"}
    assert [row["sources"] for row in found["learned"] if row["span"] == "total"] == [
        "learned", "all sources", "judged", "without graves",
    ]  # fmt: skip
    (compared,) = found["conflicts"]
    assert (compared["source"], compared["verdict"]) == ("graves", "in conflict")
    with (out / "conflicts.csv").open() as file:
        assert [float(row["rarity"]) for row in csv.DictReader(file)] == [compared["rarity"]]


COVERAGE = "[[published]]\nname = 'share'\nestimand = 'coverage'\nlow = 0.4\nhigh = 0.6\n"
WRONG = {
    "source": ("leave_out = ['grave']", "leave_out: no source 'grave'; did you mean 'graves'?", 3),
    "list": ("leave_out = 'graves'", "leave_out: must be a list of sources", 3),
    "published": ("published = 'offical'", "published: no published range 'offical'", 3),
    "published list": ("published = ['official']", "published: must be text", 3),
    "share": ("published = 'share'", "published: 'share' is a range of coverage (deaths are", 3),
    "date": ("through = '2022-12-31'", "through: must be a date, not '2022-12-31'", 3),
    "early": ("through = 2021-12-30", "through: 2021-12-30 is not between 2021-12-31 and 2023", 3),
    "late": ("through = 2024-01-01", "through: 2024-01-01 is not between 2021-12-31 and 2023", 3),
    "clash": ("on_conflict = 'average'", "on_conflict: must be widen or refuse, not 'average'", 3),
    "key": ("leaveout = []", "learned[1]: unknown key 'leaveout'", 3),
    "model": ("model = 'alone'", "learned[1].evidence: nothing stands beside the list", 4),
    "no periods": ("model = 'flat'\nthrough = 2022-12-31", "through: the model has no periods", 4),
    "no model": ("model = 'none'", "learned[1].model: no model 'none'", 3),
}
MODELS = """
[models.alone.losses]
kind = "flat"
[models.alone.evidence.names]
kind = "count"
count = 50
coverage = { kind = "between", low = 0.4, high = 0.6, mass = 0.9 }
[models.flat.losses]
kind = "flat"
[models.flat.evidence.names]
kind = "count"
count = 50
coverage = { kind = "between", low = 0.4, high = 0.6, mass = 0.9 }
[models.flat.evidence.probate]
kind = "register"
estimates = [{ low = 70, high = 130 }]
"""


@pytest.mark.parametrize(("line", "words", "code"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_with_a_section(place, line, words, code):
    text = YEARLY + COVERAGE + MODELS
    with pytest.raises(UndercountError) as caught:
        parse_study(f"{text}[[learned]]\n{line}\n", "s.toml", place)
    said = str(caught.value)
    assert said.startswith("s.toml: learned[1]")
    assert words in said, said
    assert (caught.value.exit_code, "\n" in said) == (code, False)


def test_sources_are_named_once_and_there_may_be_none(place):
    asked = "[[learned]]\nname = '{}'\nleave_out = {}\n"
    text = YEARLY + asked.format("a", "['graves', 'graves']") + asked.format("b", "[]")
    first, second = parse_study(text, "s.toml", place).asked.learned
    assert first.says() == "coverage a (base): with all sources, without each of graves"
    assert second.says() == "coverage b (base): with all sources"
