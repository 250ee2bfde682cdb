"""The folder of a calibration: verdicts, all ranks, and a figure a model."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from estimation.diagnostics.calibration import COVERED, ENVELOPE, Calibration
from estimation.files import write_rows
from estimation.report.calibration import Uniform, draw_uniform
from estimation.report.figures import missing_plotting
from estimation.summaries.agreement import percent

#: Of each model, the verdicts on its unknowns, its ranks by unknown, and the lists refused.
Calibrated = Mapping[str, tuple[tuple[Calibration, ...], Mapping[str, np.ndarray], int]]

#: What ranks are kept as.
RANKS = "ranks.parquet"


def write_calibration(
    found: Calibrated, summary: Mapping[str, Any], titles: Mapping[str, str], folder: Path
) -> str:
    """Write calibration.csv, ranks.parquet, calibration.json and figures; return their names.

    Parameters
    ----------
    found : mapping
        By model.
    summary : mapping
        The JSON object of the command.
    titles : mapping of str to str
        What models are called; others go by their names.
    folder : Path

    Returns
    -------
    str
        What was drawn or not, in words.
    """
    import pandas as pd

    rows = [
        {"model": name, "unknown": one.name, **_numbers(one), "verdict": one.verdict}
        for name, (ones, _, _) in found.items() for one in ones
    ]  # fmt: skip
    write_rows(folder / "calibration.csv", rows)
    parts = [
        pd.DataFrame({"model": name, "unknown": unknown, "rank": ranks})
        for name, (_, all_ranks, _) in found.items()
        for unknown, ranks in all_ranks.items()
    ]
    pd.concat(parts, ignore_index=True).to_parquet(folder / RANKS, index=False)
    written = json.dumps({**_as_summary(found), **summary}, allow_nan=False, indent=1)
    (folder / "calibration.json").write_text(written + "\n", encoding="utf-8")
    missing = missing_plotting()
    if missing:
        return missing
    place = folder / "figures"
    place.mkdir()
    for name, (ones, ranks, _) in found.items():
        _draw(name, titles.get(name, name), ones, ranks, place)
    return ", ".join(f"figures/calibration-{name}{end}" for name in found
                     for end in (".svg", ".png"))  # fmt: skip


def _numbers(one: Calibration) -> dict[str, Any]:
    return {key: value for key, value in one.to_dict().items() if key not in ("name", "verdict")}


def _as_summary(found: Calibrated) -> dict[str, Any]:
    """Return the keys that the summaries of all folders have: no estimates, but all verdicts."""
    checks = [
        {"name": "calibration", "verdict": one.verdict, "value": one.deviation,
         "threshold": one.envelope, "says": f"{name}: {one.name.replace('_', ' ')}: {_says(one)}"}
        for name, (ones, _, _) in found.items() for one in ones
    ]  # fmt: skip
    verdicts = {one["verdict"] for one in checks}
    worst = next((word for word in ("fail", "inconclusive") if word in verdicts), "pass")
    low, high = (percent(end) for end in COVERED)
    notes = [
        f"A rank is the place of a simulated truth among the draws of its posterior. Ranks must "
        f"stay in the band that holds all of them at once with {percent(ENVELOPE)}, and {low} to "
        f"{high} of central 95 % intervals must hold the truth."
    ]
    notes += [f"{name}: {refused:,} simulated lists had no names and were refused."
              for name, (_, _, refused) in found.items() if refused]  # fmt: skip
    return {
        "estimates": [], "diagnostics": {"verdict": worst, "checks": checks}, "published": [],
        "notes": notes, "prob": 0.95,
    }  # fmt: skip


def _says(one: Calibration) -> str:
    return (f"{percent(one.covered)} of 95 % intervals hold the truth; ranks {one.deviation:.3f} "
            f"from uniform, {one.envelope:.3f} allowed")  # fmt: skip


def _draw(
    name: str, title: str, ones: tuple[Calibration, ...], ranks: Mapping[str, np.ndarray],
    place: Path,
) -> None:  # fmt: skip
    panels = [
        Uniform(
            one.name.replace("_", " "), ranks[one.name], one.envelope,
            f"{one.verdict}: {percent(one.covered)} of 95 % intervals",
            one.verdict == "pass",
        )
        for one in ones
    ]  # fmt: skip
    draw_uniform(
        panels, f"Ranks of simulated truths: {title}", place / f"calibration-{name}",
        across="rank of the truth among the draws, share",
        band=f"{percent(ENVELOPE)} of all models and unknowns at once",
    )  # fmt: skip
