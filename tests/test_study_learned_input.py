"""Studies of learned coverage that say what cannot be: one line each, with the right exit code."""

import pytest

from estimation.cli import main
from estimation.errors import UndercountError
from estimation.study.read import parse_study
from tests.learned_study import (
    AUDITS,
    BEYOND,
    DRIFT,
    EVERYTHING,
    EXCESS,
    NAMES,
    REGISTER,
    write_files,
)

ROWS = REGISTER[REGISTER.index("estimates") : REGISTER.index("correlation")]
LISTS = AUDITS[AUDITS.index("found") : AUDITS.index("begin")]
TABLE = EXCESS[EXCESS.index("table") : EXCESS.index("share")]
WEEKLY = "table = { source = 'probate_by_week', central = 'probate_deaths' }\n"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Return a folder with the tables of the study."""
    folder = tmp_path_factory.mktemp("study")
    write_files(folder)
    return folder


def refused(text, place):
    """Return the message of a study that is refused, which is one line, and its code."""
    with pytest.raises(UndercountError) as caught:
        parse_study(text, "s.toml", place)
    said = str(caught.value)
    assert said.startswith("s.toml: ")
    assert "\n" not in said
    return said, caught.value.exit_code


REGISTERS = {
    "order": ("low = 17500", "low = 19500", "probate.estimates[1]: low 19500 is above", 3),
    "swapped": ("low = 15500", "low = 18600", "estimates[2]: low 18600 is not below high", 3),
    "missing": ("low = 15500, ", "", "probate.estimates[2]: 'low' is missing", 3),
    "level": ("level = 0.9", "level = 95", "probate.estimates[1].level", 3),
    "exact": ("low = 17500, high = 20500", "low = 18999, high = 19001", "counting noise", 3),
    "number": ("low = 17500", "low = 'many'", "estimates[1].low: holds what is no number", 3),
    "key": ("level = 0.9", "lvel = 0.9", "estimates[1]: unknown key 'lvel'", 3),
    "date": ("begin = 2022-01-01", "begin = '2022'", "estimates[1].begin: must be a date", 3),
    "backward": ("end = 2022-12-31", "end = 2021-12-31", "begin 2022-01-01 is after end", 3),
    "half": ("2022-12-31", "2022-12-15", "covers only a part of the month of 2022-12-01", 3),
    "outside": ("2023-12-31", "2024-12-31", "reaches outside the periods of the model", 3),
    "span twice": ("begin = 2023-01-01, end = 2023-12-31", "begin = 2022-01-01, end = 2022-12-31",
                   "rows 0 and 1 have the same span", 3),
    "correlation": ("correlation = 0.5", "correlation = 2", "probate.correlation: must lie", 3),
    "no rows": (ROWS, "estimates = []\n", "probate.estimates: must be a list of estimates", 3),
    "nothing": (ROWS, "", "evidence.probate: holds no estimates", 3),
    "two ways": (ROWS, ROWS + WEEKLY, "evidence.probate: gives table and estimates", 3),
    "casualties": ("row_error", "measure = 'casualties'\nrow_error", "probate.measure: is cas", 4),
    "measure": ("row_error", "measure = 'losses'\nrow_error", "no measure 'losses'", 3),
    "hard share": ('"between", low = 0.95, high = 0.995, mass = 0.9',
                   '"uniform", low = 0.9, high = 1.0', "probate.share: is a hard range", 4),
    "unknown": ("row_error", "rowerror", "evidence.probate: unknown key 'rowerror'", 3),
    "source": ('source = "a register"', 'source = "a list"', "source 'a list' stands behind", 4),
    "derived": ('scope = "men"', 'derived_from = ["a list"]', "source 'a list' stands behind", 4),
    "bias": ("row_error", "bias = 0\nrow_error", "probate.bias: must be above 0", 3),
    "spans": ("row_error", "spans = []\nrow_error", "probate.spans: belongs to draws", 3),
    "dataset": (ROWS, WEEKLY.replace("week'", "weak'"), "did you mean 'probate_by_week'", 3),
    "file": (ROWS, "table = { source = 'none.csv' }\n", "none.csv: there is no such file", 3),
    "no source": (ROWS, "table = { low = 'a' }\n", "probate.table: 'source' is missing", 3),
    "option": (ROWS, WEEKLY.replace(" }", ", grou = 'year' }"), "table: unknown key 'grou'", 3),
    "column": (ROWS, WEEKLY, "has no column 'low'", 3),
    "kind": ('kind = "register"', 'kind = "registry"', "did you mean 'register'", 3),
    "no draws": (ROWS, "draws = 'none.csv'\n", "probate.correlation: is given beside draws", 3),
    "group": (ROWS, WEEKLY.replace(" }", ", group = 'decade' }"), "table.group: no group", 3),
    "text": (ROWS, WEEKLY.replace("'probate_deaths'", "5"), "table.central: must be text", 3),
}  # fmt: skip

DRAWS = {
    "missing": ("'none.csv'", "none.csv: there is no such file"),
    "none": ("5", "probate.draws: must be the name of a table"),
    "spans": ("'data/draws.csv'", "probate.spans: are missing, and the draws have 2 columns"),
    "number": ("'data/deaths.csv'", "deaths.csv line 2, column age: '20-24' is no number"),
    "few": ("'data/audits.csv'", "probate.draws"),
}

OTHERS = {
    "no deaths": (EXCESS, TABLE, "", "evidence.civil: 'table' is missing", 3),
    "written": (EXCESS, TABLE, "deaths = 5\n", "civil.deaths: cannot be written", 3),
    "ages": (EXCESS, "20-29", "20-30", "30", 3),
    "base": (EXCESS, "ages =", "base = [2010, 2014], ages =", "civil.table.base: deaths.csv", 3),
    "one year": (EXCESS, "ages =", "base = [2019], ages =", "table.base: must be the first", 3),
    "years": (EXCESS, "ages =", "pandemic = 2020, ages =", "table.pandemic: must be years", 3),
    "late war": (EXCESS, "ages =", "first_year = 2021, ages =", "a year of war, 2021, before", 3),
    "sex": (EXCESS, "ages =", "affected = 'x', ages =", "no row has sex = 'x'", 3),
    "removed": (EXCESS, '"data/disease.csv"', "'data/deaths.csv'", "civil", 3),
    "scale": (EXCESS, "drift = 0.05", "drift = -1", "civil.baseline.drift: must be 0 or", 3),
    "no scale": (EXCESS, "drift = 0.05", "drift = 0", "civil.baseline: drift = 0", 3),
    "baseline": (EXCESS, "drift = 0.05", "drft = 1", "civil.baseline: unknown key 'drft'", 3),
    "found": (AUDITS, "found = [14", "found = [24", "place north: found 24 of 20 checked", 3),
    "lengths": (AUDITS, "[14, 9, 20]", "[14, 9]", "2 places found, 3 places checked", 3),
    "list": (AUDITS, "[14, 9, 20]", "14", "graves.found: must be a list", 3),
    "no found": (AUDITS, "found =", "fnd =", "evidence.graves: unknown key 'fnd'", 3),
    "both": (AUDITS, "begin", "table = { source = 'data/audits.csv' }\nbegin",
             "gives found and a table", 3),
    "places": (AUDITS, LISTS, "table = { source = 'data/names.csv' }\n", "no column 'found'", 3),
    "half a month": (AUDITS, "2022-12-31", "2022-12-15", "covers only a part of the month", 3),
    "mass": (BEYOND, "mass = 0.9\n", "", "beyond.militia: 'mass' is missing", 3),
    "all mass": (BEYOND, "mass = 0.9", "mass = 1", "beyond.militia.mass: 1 says", 3),
    "order": (BEYOND, "low = 1000", "low = 2000", "beyond.militia.range", 3),
    "beyond key": (BEYOND, "reason", "reaso", "beyond.militia: unknown key 'reaso'", 3),
    "name": (BEYOND, "militia", "graves", "beyond: 'graves' is the name of another part", 3),
    "beyond": (BEYOND, BEYOND, "[beyond]\nlow = 5\n", "beyond.low: must be a table", 3),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "words", "code"), REGISTERS.values(), ids=REGISTERS)
def test_what_is_wrong_with_a_register(place, old, new, words, code):
    assert old in REGISTER
    said, found = refused(NAMES + DRIFT + REGISTER.replace(old, new), place)
    assert words in said, said
    assert found == code


@pytest.mark.parametrize(("name", "words"), DRAWS.values(), ids=DRAWS)
def test_what_is_wrong_with_draws(place, name, words):
    drawn = REGISTER.replace(ROWS, f"draws = {name}\n").replace("correlation = 0.5\n", "")
    said, code = refused(NAMES + DRIFT + drawn, place)
    assert words in said, said
    assert code == 3


@pytest.mark.parametrize(("part", "old", "new", "words", "code"), OTHERS.values(), ids=OTHERS)
def test_what_is_wrong_with_other_evidence(place, part, old, new, words, code):
    assert old in part
    said, found = refused(EVERYTHING.replace(part, part.replace(old, new)), place)
    assert words in said, said
    assert found == code


HARD = '"uniform", low = 0.4, high = 0.6'
SOFT = '"between", low = 0.3, high = 0.7, mass = 0.9'


@pytest.mark.parametrize(
    ("text", "words", "code"),
    [
        (NAMES.replace(SOFT, HARD) + REGISTER, "evidence.names.coverage: is a hard range", 4),
        (NAMES + DRIFT, "names.coverage_drift: coverage drifts, and nothing informs how", 4),
        (NAMES + "coverage_drift = 9\n", "names.coverage_drift: must lie between 0 and 5", 3),
        (NAMES + REGISTER + '[[scenario]]\nname = "a"\nset."probate.biass" = 1',
         "no field 'probate.biass'", 3),
        (NAMES + REGISTER + '[[scenario]]\nname = "a"\nset."probate.bias" = -1',
         "scenario[1].set.probate.bias", 3),
        (NAMES + AUDITS + '[[scenario]]\nname = "a"\nset."graves.end" = 5',
         "scenario[1].set.graves.end: must be a date", 3),
        (NAMES[: NAMES.index("[evidence")] + REGISTER, "no list of names stands in the model", 4),
        (NAMES + EXCESS.replace("[evidence", "[evidnce"), "unknown key 'evidnce'", 3),
        (NAMES.replace('"walk"', '"flat"') + REGISTER, "flat losses take one number", 3),
    ],
)  # fmt: skip
def test_what_does_not_go_together(place, text, words, code):
    said, found = refused(text, place)
    assert words in said, said
    assert found == code


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("deaths.csv", "2017,20-24,m,9010", "2017,20-24,m,-5", "deaths.csv line 10, column deaths"),
        ("deaths.csv", "2017,20-24,m,9010\n", "", "deaths.csv"),
        ("deaths.csv", "2023,25-29,f,3021\n", "2023,25-29,f,3021\n2023,all,m,99\n2023,0-19,m,1\n"
         "2023,30+,m,1\n", "the ages of 2023, m add up to"),
        ("deaths.csv", "2015,20-24,m", "2015,20-29,m,9\n2015,18-22,m,9\n2015,20-24,m", ""),
        ("audits.csv", "south,9,20", "south,29,20", "audits.csv line 3, column found: found 29"),
        ("audits.csv", "south,9,20", "north,9,20", "'north' is given twice"),
        ("audits.csv", "south,9,20", "south,,20", "audits.csv line 3, column found: is empty"),
        ("audits.csv", "south,9,20", "south,0,0", "nobody was looked up there"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_rows_names_file_and_line(tmp_path, file, old, new, words):
    write_files(tmp_path)
    path = tmp_path / "data" / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    text = EVERYTHING.replace(LISTS, "table = { source = 'data/audits.csv' }\n")
    if not words:  # rows that overlap others are left out, and that is told
        assert any("left out" in note for note in parse_study(text, "s.toml", tmp_path).notes)
        return
    said, code = refused(text, tmp_path)
    assert words in said, said
    assert code == 3


def test_the_command_line_shows_one_line(place, capsys):
    path = place / "s.toml"
    path.write_text(EVERYTHING.replace("high = 20500", "high = 12"))
    assert main(["check", str(path)]) == 3
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "s.toml: evidence.probate.estimates[1]: low 17500 is not below high 12" in said
