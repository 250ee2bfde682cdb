"""A model whose coverage is learned, in lines of formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from models.learning.reported import Reported
from models.learning.tallied import Tallied

if TYPE_CHECKING:
    from models.learned import Learned


def formula(learned: Learned) -> list[str]:
    """Return the model as lines of formulas."""
    listed, name = learned.listed, learned.name
    at = "[t]" if listed.periods else ""
    cover = "coverage[t]" if learned.form.knots else "coverage"
    lines: list[str] = []
    if isinstance(listed, Reported):
        lines += listed.late.formula()[:4]
    else:
        mean = f"rate{at} * {cover} / precision"
        lines.append(f"{name}{at} ~ Poisson({mean})")
        if isinstance(listed, Tallied):
            lines[-1] = f"{name}[day] ~ NegBinomial(sum(days[day, t] * {mean}), noise)"
        if listed.periods:
            tail = f"{listed.losses.tail:g}"  # type: ignore[union-attr]
            before = cover.replace("[t]", "[t-1]")
            lines.append(
                f"log(rate[t] * {cover}) = log(rate[t-1] * {before}) + step * StudentT({tail})"
            )
    if learned.form.knots:
        lines.append(
            "logit coverage[t] walks by quarters; coverage of all deaths together is believed"
        )
    for register in learned.registers:
        total = f"sum(weights_{register}[row, t] * rate[t])" if listed.periods else "rate"
        mean = f"log(share_{register} * {total}) + bias_{register}"
        lines.append(f"log {register}[row] ~ Normal({mean}, error)")
    for audits in learned.audits:
        lines.append(
            f"{audits}[place] ~ Binomial(checked, p), logit p = logit coverage + bias_{audits} "
            "+ place"
        )
    for table in learned.excess:
        lines.append(
            f"{table}[y, a] ~ Normal(B[y, a] + age[a] * share_{table} * sum(rate of year y), sd)"
        )
        lines.append("log(B / deaths of the other sex) = level[a] + slope[a] y + walk[y] + noise")
    if isinstance(listed, Reported):
        lines.append(f"unseen{at} = what is due + Poisson(rate{at} * (1 - {cover}))")
    elif isinstance(listed, Tallied):
        at = ""
        lines += [f"observed ~ Binomial({name} on the last day, precision)",
                  "unseen ~ Poisson(deaths until the last day less those in batches)"]  # fmt: skip
    else:
        lines += [f"observed{at} ~ Binomial({name}{at}, precision)",
                  f"unseen{at} ~ Poisson(rate{at} * (1 - {cover}))"]  # fmt: skip
    return [*lines, "total = observed + unseen" + (", summed over periods" if at else "")]
