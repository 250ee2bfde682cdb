"""The page of a stored run: one file, without script, that loads nothing."""

from __future__ import annotations

import base64
import hashlib
from importlib import resources

from estimation.report.html.beliefs import assumptions_part, other_assumptions_part, taught_part
from estimation.report.html.builder import Child, Element, element, rendered
from estimation.report.html.checks import diagnostics_part
from estimation.report.html.claims import claims_part
from estimation.report.html.estimates import apart_part, readings_part
from estimation.report.html.figures import figures_part
from estimation.report.html.methods import methods_part
from estimation.report.html.record import provenance_part, sources_part
from estimation.report.html.run_folder import RunFolder
from estimation.report.html.stated import Stated
from estimation.report.html.tables import (
    comparison_part,
    evidence_part,
    other_part,
    sensitivity_part,
)
from estimation.report.html.verdict import answer_part, verdict_part
from estimation.report.html.words import dated
from estimation.version import __version__

_KINDS = {"run": "How many died, from those who were counted", "lists": "Overlapping lists",
          "excess": "Excess deaths",
          "nowcast": "Names still to come", "replay": "Past nowcasts, replayed",
          "sensitivity": "Sensitivity study", "compare": "Models compared",
          "calibrate": "Calibration by simulated lists",
          "audit-plan": "Audits to come", "audit_plan": "Audits to come"}  # fmt: skip


def page(found: RunFolder, stated: Stated) -> str:
    """Return the page of a folder.

    The same folder gives the same page, byte by byte.

    Parameters
    ----------
    found : RunFolder
        What is stored.
    stated : Stated
        What the study says.
    """
    parts = [
        verdict_part(found, stated), answer_part(found, stated), readings_part(found, stated),
        assumptions_part(found, stated), taught_part(found, stated), methods_part(found, stated),
        claims_part(found, stated), figures_part(found, stated), sensitivity_part(found, stated),
        comparison_part(found, stated), evidence_part(found, stated), apart_part(found, stated),
        other_part(found, stated), other_assumptions_part(stated), sources_part(stated),
        diagnostics_part(found, stated), provenance_part(found, stated),
    ]  # fmt: skip
    shown = [one for one in parts if one is not None]
    created = str(found.record.get("created", ""))
    if created.endswith("+00:00"):
        created = f"{dated(created[:10])}, {created[11:16]} UTC"
    header = element(
        "header", element("p", _KINDS.get(found.command, "Stored results"), class_="kind"),
        element("h1", stated.title),
        element("p", f"Made by undercount {found.record['versions'].get('undercount', '')}"
                f"{', ' + created if created else ''}.", class_="note"),
    )  # fmt: skip
    footer = element(
        "footer",
        element(
            "p",
            f"Page made by undercount {__version__} from stored "
            "results; nothing was fitted for it. Persons are counted, not named.",
        ),
    )
    body = element(
        "body", element("a", "Skip to the verdict and the answer", href="#content", class_="skip"),
        header, _contents(shown), element("main", *shown, id="content"), footer,
    )  # fmt: skip
    return f"<!DOCTYPE html>\n{rendered(element('html', _STYLE_PLACE, body, lang='en'))}\n".replace(
        rendered(_STYLE_PLACE), _head(stated.title), 1
    )


#: Stands where the head comes, which holds the style sheet unescaped: no text is near it.
_STYLE_PLACE = element("head")


def _head(title: str) -> str:
    style = (resources.files("estimation.report.html") / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    # nothing is loaded and nothing runs, even if something had slipped through
    policy = f"default-src 'none'; img-src data:; style-src 'sha256-{digest}'"
    held: list[Child] = [
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="color-scheme", content="light dark"),
        element("title", f"{title} - undercount"),
    ]
    return f"<head>{''.join(map(rendered, held))}<style>{style}</style></head>"


def _contents(parts: list[Element]) -> Element:
    items = []
    for one in parts:
        heading = next(child for child in one.children if isinstance(child, Element))
        name = dict(one.attributes)["id"]
        items.append(element("li", element("a", *heading.children, href=f"#{name}")))
    return element("nav", element("ul", *items), aria_label="Parts of this page")
