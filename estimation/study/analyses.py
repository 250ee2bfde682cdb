"""What a study asks beside its fits: sensitivity, audits to come, comparisons."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from estimation.errors import UndercountError
from estimation.progress import begin
from estimation.study.audit_plan import AuditFound, AuditPlan, look_ahead
from estimation.study.comparison import ComparisonPlan
from estimation.study.comparison_run import ComparisonFound, compare
from estimation.study.learned import LearnedFound, LearnedPlan, run_learned
from estimation.study.revision import RevisionFound, RevisionPlan, run_revision
from estimation.study.sensitivity import SensitivityPlan
from estimation.study.sensitivity_run import Options, SensitivityFound, vary


@dataclasses.dataclass(frozen=True)
class Asked:
    """Sections of a study beside its models and claims."""

    sensitivity: tuple[SensitivityPlan, ...] = ()
    audits: tuple[AuditPlan, ...] = ()
    comparisons: tuple[ComparisonPlan, ...] = ()
    revisions: tuple[RevisionPlan, ...] = ()
    learned: tuple[LearnedPlan, ...] = ()

    def says(self) -> list[str]:
        """Return what is asked, a sentence a section."""
        found = []
        for one in self.sensitivity:
            parts = [f"{one.design.size:,} scenarios"] if one.design is not None else []
            asked = len(one.questions)
            parts += [f"{asked} tipping point{'s' * (asked > 1)}"] if asked else []
            parts += ["Sobol indices"] if one.indices else []
            parts += ["what the interval is made of"] if one.anatomy else []
            parts += ["power scaling"] if one.power_scaling else []
            found.append(f"sensitivity {one.name} ({one.scenario}): {', '.join(parts)}")
        for audit in self.audits:
            sizes = ", ".join(f"{size:,}" for size in audit.sizes)
            found.append(f"audit plan {audit.name} ({audit.scenario}): {sizes} deaths looked up")
        for compared in self.comparisons:
            parts = [*compared.methods, *(["mixture"] if compared.weights is not None else [])]
            names = ", ".join(compared.models)
            found.append(f"comparison {compared.name} ({names}): {', '.join(parts)}")
        found += [one.says() for one in self.learned]
        found += [one.says() for one in self.revisions]
        return found


@dataclasses.dataclass(frozen=True)
class Answered:
    """What was found, and the reasons of what was not.

    Parameters
    ----------
    sensitivity, audits, comparisons, revisions, learned : tuple
        In the order of the study.
    failed : dict of str
        By what it is.
    """

    sensitivity: tuple[SensitivityFound, ...] = ()
    audits: tuple[AuditFound, ...] = ()
    comparisons: tuple[ComparisonFound, ...] = ()
    revisions: tuple[RevisionFound, ...] = ()
    learned: tuple[LearnedFound, ...] = ()
    failed: dict[str, str] = dataclasses.field(default_factory=dict)


def answer_all(asked: Asked, options: Options, *, one_by_one: bool = True) -> Answered:
    """Carry out all sections.

    Parameters
    ----------
    asked : Asked
    options : Options
    one_by_one : bool
        Whether a section that fails is kept with its reason while the others go on.

    Raises
    ------
    UndercountError
        If a section fails and the others are not to go on.
    """
    failed: dict[str, str] = {}

    def carry_out(kind: str, plans: Any, function: Callable[[Any, Options], Any]) -> list[Any]:
        found = []
        for plan in plans:
            begin(options.tell, f"{kind}: {plan.name}")
            try:
                found.append(function(plan, options))
            except UndercountError as error:
                if not one_by_one:
                    raise
                failed[f"{kind} {plan.name}"] = str(error)
        return found

    sensitivity = carry_out("sensitivity", asked.sensitivity, vary)
    for one in sensitivity:
        failed |= {f"sensitivity {one.plan.name}, {what}": why for what, why in one.failed.items()}
    audits = carry_out("audit plan", asked.audits, look_ahead)
    comparisons = carry_out("comparison", asked.comparisons, compare)
    revisions = carry_out("revision", asked.revisions, _revise)
    learned = carry_out("coverage", asked.learned, run_learned)
    return Answered(tuple(sensitivity), tuple(audits), tuple(comparisons), tuple(revisions),
                    tuple(learned), failed)  # fmt: skip


def _revise(asked: RevisionPlan, options: Options) -> RevisionFound:
    return run_revision(asked, options.prob, options.seed)
