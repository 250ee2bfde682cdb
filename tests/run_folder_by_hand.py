"""A small run folder, written by hand, with hostile words wherever words may stand."""

import csv
import json

from estimation.files import file_hashes

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "javascript:alert(3)",
    "</style></title><svg onload=alert(4)>",
    "<!-- & ' ]]> {{ 7 * 7 }}",
)

SVG = '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 60">{}</svg>'

STUDY = f"""
title = {json.dumps("Valley " + HOSTILE[0])}
[losses]
kind = "flat"
[evidence.names]
kind = "count"
count = 1204
as_of = 2025-05-04
source = {json.dumps(HOSTILE[1])}
scope = {json.dumps(HOSTILE[2])}
[evidence.names.coverage]
kind = "between"
low = 0.4
high = 0.7
mass = 0.9
reason = {json.dumps(HOSTILE[4])}
[[scenario]]
name = "wide"
title = {json.dumps("wider " + HOSTILE[3])}
set."names.coverage" = {{ kind = "between", low = 0.2, high = 0.9, mass = 0.9 }}
[[published]]
name = "article"
low = 1700
high = 3000
source = {json.dumps(HOSTILE[1])}
"""


def _row(name, median, low, high, **index):
    return {"name": name, "method": "", "index": index, "median": median, "mean": median,
            "sd": 1.0, "low": low, "high": high, "quantiles": {"0.5": median}}  # fmt: skip


def summary():
    check = {"name": "ess", "verdict": "inconclusive", "value": 350.25, "threshold": 400,
             "says": "base: independent draws 350 < 400", "remedy": HOSTILE[0]}  # fmt: skip
    said = {"name": "article", "low": 1700, "high": 3000, "mass_inside": 0.9123,
            "says": "91 % of the posterior lies in it."}  # fmt: skip
    return {
        "engine": "exact", "seed": 7, "prob": 0.9, "interval": "eti",
        "estimates": [
            _row("total", 2218.4, 1712.6, 3011.9), _row("coverage", 0.54321, 0.4, 0.7),
            _row("total", 812.0, 600.0, 1100.0, stratum=HOSTILE[1]),
        ],
        "diagnostics": {"verdict": "inconclusive", "checks": [check]}, "published": [said],
        "notes": ["Prior-to-posterior contraction of coverage: 0.00.", HOSTILE[3]],
        "versions": {"python": "3.12"},
    }  # fmt: skip


def write_record(folder, **changes):
    record = {
        "study": {"name": "valley.toml", "text": STUDY}, "seed": 7,
        "settings": {"engine": "auto", "prob": 0.9, "accept": None, "draws": None},
        "created": "2026-01-02T03:04:05+00:00", "fits": {"base": "ab12"},
        "failed": {"wide": "the fit failed its checks " + HOSTILE[1]},
        "figures": "figures/totals.svg, figures/totals.png",
        "versions": {"undercount": "0.1.0"}, "files": file_hashes(folder),
    }  # fmt: skip
    (folder / "provenance.json").write_text(json.dumps(record | changes))


def write_run_folder(target):
    """Write the folder: a refused scenario, claims, tables, two figures and a damaged one."""
    (target / "figures").mkdir(parents=True)
    (target / "summary.json").write_text(json.dumps(summary()))
    (target / "figures" / "totals.svg").write_text(SVG.format("<script>alert(5)</script>"))
    (target / "figures" / f"{HOSTILE[4].replace('/', '')}.svg").write_text(SVG.format(""))
    (target / "figures" / "rates.svg").write_text("<svg>cut of")
    _write_table(
        target / "claims.csv", claim=HOSTILE[0], stated="1,700 or more", median="2218.4",
        low="1712.6", high="3011.9", verdict="agrees", why=HOSTILE[3], unit="deaths",
        model="base", source=HOSTILE[2],
    )  # fmt: skip
    _write_table(target / "eventual.csv", name="x", title=HOSTILE[1], count="1204", note="=1+1")
    _write_table(target / "odd.csv", **{HOSTILE[4]: HOSTILE[0], "median": "123456.7"})
    write_record(target)
    return target


def _write_table(path, **row):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, row)
        writer.writeheader()
        writer.writerow(row)
