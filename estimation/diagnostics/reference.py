"""Reference models: one for each form that the parts can take together.

They are what `undercount calibrate --all` calibrates and what the contract tests run over.
"""

from __future__ import annotations

import estimation.errors  # noqa: F401  refuses a hidden `models` in one sentence
from models import (
    Belief,
    Count,
    Flat,
    GammaPrior,
    Model,
    audited,
    between,
    gamma_between,
    known,
    uniform,
    uniform_total,
)


def reference_models() -> dict[str, Model]:
    """Return reference models by name; the count of each is only a place holder in calibration."""
    judged = uniform(0.45, 0.65)
    beta = between(0.45, 0.65, 0.9)
    logit = between(0.45, 0.65, 0.5, "logit_normal")
    precise = between(0.90, 0.98, 0.9)
    wide = between(0.3, 0.7, 0.9)
    sites = audited([12, 30, 5, 22], [20, 40, 20, 31])

    def model(losses: Flat, count: int, coverage: Belief, precision: Belief = known(1.0)) -> Model:
        return Model(losses, {"names": Count(count, coverage, precision)})

    return {
        "scale-uniform": model(Flat(), 106_745, judged),
        "scale-known": model(Flat(), 300, known(0.4)),
        "scale-beta": model(Flat(), 2_000, beta),
        "scale-logit-normal": model(Flat(), 2_000, logit),
        "scale-uniform-total": model(Flat(), 2_000, uniform_total(0.45, 0.65)),
        "scale-audited": model(Flat(), 1_000, sites),
        "scale-precision": model(Flat(), 900, beta, precise),
        "scale-clustering": model(Flat(clustering=5.0), 900, beta, precise),
        "gamma-beta": model(Flat(gamma_between(1_000, 3_000)), 900, wide),
        "gamma-precision": model(Flat(gamma_between(1_000, 3_000)), 900, wide, precise),
        "gamma-clustering": model(Flat(gamma_between(300, 3_000), 5.0), 400, wide),
        "gamma-small": model(Flat(GammaPrior(1.5, 0.1), 2.0), 0, uniform(0.3, 0.7), precise),
    }
