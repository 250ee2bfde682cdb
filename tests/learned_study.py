"""A small study of every kind of evidence beside a list, with its files."""

from pathlib import Path

import numpy as np

NAMES = """
title = "two years"
seed = 7

[losses]
kind = "walk"

[evidence.names]
kind = "count"
table = { source = "data/names.csv", period = "period", step = "month" }
as_of = 2024-03-31
coverage = { kind = "between", low = 0.3, high = 0.7, mass = 0.9 }
source = "a list"
"""
DRIFT = "coverage_drift = 0.3\n"
REGISTER = """
[evidence.probate]
kind = "register"
estimates = [
  { low = 17500, high = 20500, central = 19000, level = 0.9, begin = 2022-01-01, end = 2022-12-31 },
  { low = 15500, high = 18500, begin = 2023-01-01, end = 2023-12-31 },
]
correlation = 0.5
row_error = 0.01
share = { kind = "between", low = 0.95, high = 0.995, mass = 0.9 }
source = "a register"
scope = "men"
"""
EXCESS = """
[evidence.civil]
kind = "excess"
table = { source = "data/deaths.csv", remove = "data/disease.csv", ages = "20-29" }
share = { kind = "between", low = 0.3, high = 0.6, mass = 0.9 }
baseline = { drift = 0.05 }
source = "civil registers"
"""
AUDITS = """
[evidence.graves]
kind = "audits"
found = [14, 9, 20]
checked = [20, 20, 45]
places = ["north", "south", "east"]
begin = 2022-01-01
end = 2022-12-31
source = "volunteers"
"""
BEYOND = """
[beyond.militia]
low = 1000
high = 1500
mass = 0.9
reason = "no list holds them"
as_of = 2024-01-31
"""
EVERYTHING = NAMES + DRIFT + REGISTER + EXCESS + AUDITS + BEYOND


def write_files(folder: Path) -> None:
    """Write the tables of the study: names by month, deaths by year, age and sex, draws."""
    data = folder / "data"
    data.mkdir()
    months = [f"{year}-{month:02d}" for year in (2022, 2023) for month in range(1, 13)]
    counts = np.rint(750 * np.exp(0.2 * np.sin(np.arange(24) / 4))).astype(int)
    rows = [f"{month},{count}" for month, count in zip(months, counts, strict=True)]
    (data / "names.csv").write_text("\n".join(["period,count", *rows]) + "\n")
    deaths, disease = ["year,age,sex,deaths"], ["year,age,sex,deaths"]
    for year in range(2015, 2024):
        for age, of_war in (("20-24", 4000), ("25-29", 3000)):
            men = 9000 + 10 * (year % 3) + (of_war if year >= 2022 else 0)
            deaths += [f"{year},{age},m,{men}", f"{year},{age},f,{3000 + 7 * (year % 4)}"]
            disease += [f"{year},{age},m,500", f"{year},{age},f,200"]
    (data / "deaths.csv").write_text("\n".join(deaths) + "\n")
    (data / "disease.csv").write_text("\n".join(disease) + "\n")
    drawn = np.random.default_rng(5).lognormal(np.log([19000, 17000]), 0.05, (200, 2))
    rows = [f"{first:.1f},{second:.1f}" for first, second in drawn]
    (data / "draws.csv").write_text("\n".join(["first,second", *rows]) + "\n")
    (data / "audits.csv").write_text("place,found,checked\nnorth,14,20\nsouth,9,20\n")
