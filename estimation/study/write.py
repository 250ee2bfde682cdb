"""Write the folder of a run: tables, posteriors, figures, and what is needed to repeat it."""

from __future__ import annotations

import datetime
import hashlib
import json
import platform
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from estimation.files import PROVENANCE, file_hashes, whole_folder, write_rows, write_table
from estimation.progress import Tell, begin, silent
from estimation.report.figures import drawn
from estimation.report.html.run_folder import REPORT, read_run_folder
from estimation.study.analyses import Answered
from estimation.study.comparison_write import draw_comparisons, write_comparisons
from estimation.study.eventual import eventual_rows
from estimation.study.figures import draw_run
from estimation.study.fit_checks import check_fits, write_fit_checks
from estimation.study.learned_write import draw_all_learned, write_learned
from estimation.study.read import TABLES, Study
from estimation.study.report import report_of
from estimation.study.revision_write import draw_revisions, write_revision
from estimation.study.run import Outcome, versions
from estimation.study.sensitivity_write import draw_sensitivity, write_sensitivity
from estimation.summaries.agreement import Published
from estimation.summaries.claims import claim_row

if TYPE_CHECKING:
    import xarray

#: What tells rows of one name apart, in columns of summary.csv.
_INDEX = ("model", "step", "period", "stratum", "as_of", "seen_from")

#: The same of overlapping lists, where there are any.
_OF_LISTS = "list"


def write_run(
    outcome: Outcome, target: Path, settings: dict[str, Any], tell: Tell = silent
) -> None:
    """Write tables, summary.json, posterior/, figures/, report.html and provenance.json.

    All of it is written, or nothing.

    Parameters
    ----------
    outcome : Outcome
    target : Path
        The folder of the run.
    settings : dict
        Engine, level and the like, kept for repeating the run.
    tell : callable
        Told what is written next.
    """
    begin(tell, "tables and posteriors")
    result = outcome.result()
    with whole_folder(target) as folder:
        (folder / "summary.json").write_text(result.to_json() + "\n", encoding="utf-8")
        _write_rows(folder / "summary.csv", result.estimates)
        if outcome.claims:
            write_rows(folder / "claims.csv", map(claim_row, outcome.claims))
        if outcome.eventual.counts:
            write_rows(folder / "eventual.csv", eventual_rows(outcome.eventual, outcome.prob))
        write_answers(outcome.answered, folder)
        copy_tables(outcome.study, folder)
        (folder / "posterior").mkdir()
        for one in outcome.fitted:
            _write_tree(one.tree, folder / "posterior" / f"{one.scenario.name}.zarr")
        begin(tell, "figures")
        published = outcome.study.published[0] if outcome.study.published else None
        figures = [
            drawn(lambda: _check_and_draw(outcome, folder)),
            drawn(lambda: ", ".join(draw_answers(outcome.answered, published, folder))),
        ]
        begin(tell, "report")
        fits = {one.scenario.name: one.tree.attrs["hash"] for one in outcome.fitted}
        write_provenance(
            folder, outcome.study, outcome.seed, settings, fits=fits, failed=outcome.failed,
            figures=", ".join(filter(None, figures)), with_page=True,
        )  # fmt: skip


def _check_and_draw(outcome: Outcome, folder: Path) -> str:
    checked = check_fits(outcome)
    write_fit_checks(checked, outcome.prob, folder)
    return draw_run(outcome, folder, checked)


def write_provenance(
    folder: Path, study: Study | None, seed: int, settings: dict[str, Any], *,
    failed: dict[str, str], figures: str, fits: dict[str, str] | None = None,
    with_page: bool = False,
) -> None:  # fmt: skip
    """Write what is needed to repeat a run, once all else is written; see `write_run`.

    Without a study it is of reference models alone.  With `with_page` the page of the run is
    written too, and its hash recorded.
    """
    kept = {"name": f"{study.name}.toml", "text": study.written} if study is not None else None
    provenance: dict[str, Any] = {
        **({"study": kept} if kept is not None else {}),
        "seed": seed,
        "settings": settings,
        "created": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "fits": fits or {},
        "failed": failed,
        "figures": figures,
        "versions": versions(),
        "machine": {"system": platform.system(), "processor": platform.machine()},
        "files": file_hashes(folder),
    }
    if with_page and study is not None:
        _write_page(folder, study, provenance)
    written = json.dumps(provenance, indent=1, ensure_ascii=False)
    (folder / PROVENANCE).write_text(written + "\n", encoding="utf-8")


def _write_page(folder: Path, study: Study, provenance: dict[str, Any]) -> None:
    """Write report.html; if it cannot be made, the record says why and the run is kept."""
    target = folder / REPORT
    try:
        target.write_text(report_of(read_run_folder(folder, provenance), study), encoding="utf-8")
    except Exception as error:  # minutes of fitting are not lost to a page that can be made again
        target.unlink(missing_ok=True)
        words = " ".join(f"{type(error).__name__}: {error}".split())
        provenance["report"] = f"not written: {words}"
        return
    provenance["report"] = REPORT
    provenance["files"][REPORT] = hashlib.sha256(target.read_bytes()).hexdigest()


def write_answers(answered: Answered, folder: Path) -> list[str]:
    """Write the tables of sensitivity studies, audits and comparisons; return their names."""
    written = write_sensitivity(answered.sensitivity, folder)
    written += write_comparisons(answered.comparisons, answered.audits, folder)
    written += write_learned(answered.learned, folder)
    return written + write_revision(answered.revisions, folder)


def draw_answers(answered: Answered, published: Published | None, folder: Path) -> list[str]:
    """Draw their figures into "figures"; return the names of the files."""
    if answered == Answered():
        return []
    place = folder / "figures"
    place.mkdir(exist_ok=True)
    drawn = draw_sensitivity(answered.sensitivity, published, place)
    drawn += draw_comparisons(answered.comparisons, answered.audits, published, place)
    drawn += draw_all_learned(answered.learned, place)
    drawn += draw_revisions(answered.revisions, place)
    return [f"figures/{name}{ending}" for name in drawn for ending in (".svg", ".png")]


def copy_tables(study: Study, folder: Path) -> None:
    """Keep the tables that the study names, so that the run can be repeated from its folder."""
    for path in study.files.values():
        (folder / TABLES).mkdir(exist_ok=True)
        shutil.copyfile(path, folder / TABLES / path.name)


def _write_tree(tree: xarray.DataTree, target: Path) -> None:
    """Write a Zarr folder by way of memory.

    Zarr writes files from many tasks at once; on a full disk each of them would report for itself.
    """
    from zarr.storage import MemoryStore

    contents: dict[str, Any] = {}
    tree.to_zarr(MemoryStore(contents), mode="w", consolidated=False)
    for key, buffer in contents.items():
        path = target / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(buffer.to_bytes())


def _write_rows(path: Path, rows: list[dict[str, Any]]) -> None:
    quantiles = list(rows[0]["quantiles"])
    plain = ("name", "method", "median", "mean", "sd", "low", "high")
    index = [*_INDEX, *([_OF_LISTS] if any(_OF_LISTS in row["index"] for row in rows) else [])]
    head = ["scenario", *plain, *(f"q{level}" for level in quantiles), *index]
    write_table(path, head, (
        [row["index"].get("scenario", row["index"].get("model", "base")),
         *(row[key] for key in plain), *(row["quantiles"][level] for level in quantiles),
         *(row["index"].get(key, "") for key in index)]
        for row in rows
    ))  # fmt: skip
