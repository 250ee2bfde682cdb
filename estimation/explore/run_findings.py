"""What the figures of a stored run find, in a sentence each, for whoever cannot see them."""

from __future__ import annotations

import functools
from pathlib import Path, PurePosixPath

from estimation.errors import UndercountError
from estimation.explore.records import Stamp, json_object, objects, stamp, study_table, words
from estimation.files import PROVENANCE

#: Bytes of all files that the findings are read from, files at most, letters of a finding.
_MOST_BYTES, _MOST_FILES, _LONGEST = 30_000_000, 400, 1_500

_SECTIONS = ("sensitivity", "audit_plan", "comparison", "revision", "learned", "eventual")


def findings(place: Path, figures: tuple[str, ...]) -> dict[str, str]:
    """Return what each figure finds; what cannot be told is left out.

    Parameters
    ----------
    place : Path
        The folder of the run.
    figures : tuple of str
        Names below it.
    """
    files = [*place.glob("*.csv"), *place.glob("*.json"), *place.glob("*.svg"),
             *place.glob("figures/*")]  # fmt: skip
    marks = tuple(map(stamp, files))
    # what is too large, or leads elsewhere, is not worth a sentence
    if len(files) > _MOST_FILES or sum(mark[2] for mark in marks) > _MOST_BYTES:
        return {}
    if any(path.is_symlink() for path in (place / "figures", *files)):
        return {}
    return _findings(place, figures, marks)


@functools.lru_cache(maxsize=8)
def _findings(place: Path, figures: tuple[str, ...], _: tuple[Stamp, ...]) -> dict[str, str]:
    from estimation.report.html.findings import finding
    from estimation.report.html.run_folder import read_run_folder
    from estimation.report.html.stated import Stated, StatedModel

    record = json_object(place / PROVENANCE)
    study = study_table(record)
    models = [StatedModel("base", "as stated")]
    for one in objects(study.get("scenario")):
        models.append(StatedModel(words(one.get("name")), words(one.get("title"))))
    further = study.get("models")
    for name, one in further.items() if isinstance(further, dict) else ():
        title = words(one.get("title")) if isinstance(one, dict) else ""
        models.append(StatedModel(name, title or name, further=True))
    sections = {
        f"{kind} {words(one.get('name'))}": words(one.get("title")) or words(one.get("name"))
        for kind in _SECTIONS for one in objects(study.get(kind))
    }  # fmt: skip
    try:
        found = read_run_folder(place)
    except UndercountError:
        return {}
    stated, told = Stated(words(study.get("title")), tuple(models), sections=sections), {}
    for name in figures:
        try:
            told[name] = words(finding(found, stated, PurePosixPath(name).stem), _LONGEST)
        except (UndercountError, LookupError, TypeError, ValueError, ArithmeticError,
                AttributeError):  # fmt: skip
            continue  # a file that somebody changed: the figure goes by its name
    return told
