"""The examples run as they are; the one that links lists in small."""

import re
from pathlib import Path

import pytest

from estimation.datasets.load import load_dataset
from estimation.errors import DataError
from examples import from_records
from examples.answering import run
from examples.pictures import EXAMPLES, KEPT, README, refresh_readme, run_all


def test_from_records_to_a_total(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(from_records, "PERSONS", 600)
    assert from_records.run(tmp_path) == 0
    said = capsys.readouterr().out
    assert "The truth is 600;" in said
    low, high = (
        int(one.replace(",", ""))
        for one in said.rpartition("interval is ")[2].partition(".")[0].split(" to ")
    )
    # not every interval holds it; a total that is far off is a fault of some step
    assert 450 < low < high < 900
    for name in ("patterns.csv", "patterns.json", "patterns.png", "total/overlap.png"):
        assert (tmp_path / name).stat().st_size > 1000, name


def test_an_example_that_cannot_write_ends_with_its_code(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(from_records, "PERSONS", 300)
    (tmp_path / "patterns.csv").mkdir()
    assert from_records.run(tmp_path) == 3
    assert "is a folder, not a file" in capsys.readouterr().err


# -- one question each, answered exactly ----------------------------------------------------------


def _published_excess() -> float:
    table = load_dataset("excess_published")
    chosen = table.query("hiv_adjustment == 'hiv_excluded' and age == '15-49'")
    return float(chosen["excess_male_deaths"].sum())


def _swedish_deaths() -> float:
    table = load_dataset("sweden_covid_deaths")
    days = table["event_period"].astype(str)
    return float(table.loc[days.between("2020-04-08", "2020-05-05"), "count"].sum())


# what the sentence must say, a number in it, what that is by another way, and how nearly
TOLD = {
    "how_many_died": ("published 164,223 to 237,211", r"about (\S+) died", 106_745 / 0.55, 0.005),
    # 95 % of the mass between 45 % and 65 % is 95 % of the total between the published ends
    "how_sure_of_coverage": ("(166,000 to 235,000)", r"95 % sure”: \S+ \((\S+) to", 164_223, 0.01),
    # the width that a normal approximation has for so many graves
    "what_would_an_audit_tell": (
        "after 500 graves", r"(\S+) after 2,000 graves",
        2 * 1.96 * 106_745 / 0.55**2 * (0.55 * 0.45 / 2_000) ** 0.5, 0.05,
    ),
    "who_is_on_no_list": (
        "10,401 were named later", r"log-linear model says (\S+)", 10_356.5, 1e-4
    ),
    "excess_of_men": ("20,618 in 2022", r"(\S+) more men", _published_excess, 1e-4),
    # later reports than the longest delay are no part of it
    "late_names": ("1,980 deaths", r"holds the (\S+) that are known", _swedish_deaths, 0.005),
}  # fmt: skip


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_tells_what_is_known_by_another_way(tmp_path, capsys, name):
    assert run(EXAMPLES[name], tmp_path) == 0
    said = capsys.readouterr().out
    words, pattern, known, tolerance = TOLD[name]
    assert words in said
    found = re.search(pattern, said)
    assert found is not None, said
    value = known() if callable(known) else known
    assert float(found[1].replace(",", "")) == pytest.approx(value, rel=tolerance)
    assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    for ending in (".png", ".svg"):
        assert (tmp_path / f"{name}{ending}").stat().st_size > 10_000


def test_a_fault_is_told_in_one_line_and_the_others_go_on(tmp_path, monkeypatch, capsys):
    def fails(folder):
        raise DataError("is empty", where="table")

    monkeypatch.setattr(
        "examples.pictures.EXAMPLES", {"first": fails, "second": lambda folder: "42 died."}
    )
    assert run_all(tmp_path) == 3
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert "table" in said.err
    assert "42 died." in said.out


def test_the_pictures_of_the_readme_are_those_of_examples(tmp_path, monkeypatch):
    text = Path("README.md").read_text(encoding="utf-8")
    shown = dict(re.findall(r"!\[([^\]]+)\]\(examples/readme/(\w+)\.svg\)", text))
    assert sorted(shown.values()) == sorted(README) == sorted(one.stem for one in KEPT.iterdir())
    for words, name in shown.items():
        assert re.search(r"\d", words), f"{name}: no finding is told"
        size = (KEPT / f"{name}.svg").stat().st_size
        assert 10_000 < size < 100_000

    def draws(folder):
        (folder / "only.svg").write_text("<svg/>")
        return "42 died."

    monkeypatch.setattr("examples.pictures.EXAMPLES", {"only": draws, "late": lambda folder: ""})
    monkeypatch.setattr("examples.pictures.README", ("only",))
    assert refresh_readme(tmp_path / "kept") == 0
    assert (tmp_path / "kept" / "only.svg").read_text() == "<svg/>"


def test_a_folder_that_is_a_file_is_told_in_one_line(tmp_path, capsys):
    (tmp_path / "taken").write_text("")
    assert run(lambda folder: "", tmp_path / "taken") == 3
    assert "taken" in capsys.readouterr().err
