"""What happened and how it came to be seen: losses, evidence, beliefs."""

from models.audits import Audits
from models.baseline import Baseline
from models.beliefs import (
    Belief,
    Beta,
    Known,
    LogitNormal,
    Tabulated,
    Uniform,
    UniformTotal,
    audited,
    between,
    known,
    uniform,
    uniform_total,
)
from models.beyond import Beyond
from models.cells import Cells
from models.count import Count
from models.errors import (
    InvalidValueError,
    NotEstimableError,
    RefusedError,
    UndercountError,
)
from models.estimates import Estimates
from models.excess import Excess
from models.lists.lists import Lists
from models.lists.patterns import Patterns
from models.losses import (
    Flat,
    GammaPrior,
    Pooled,
    ScalePrior,
    Walk,
    WalkPooled,
    gamma_between,
    walk_pooled,
)
from models.model import MODEL_VERSION, Model
from models.mortality import Mortality
from models.register import Register
from models.reports import Reports
from models.snapshots import Snapshots, Totals
from models.triangle import Delays, Triangle

__all__ = [
    "MODEL_VERSION", "Audits", "Baseline", "Belief", "Beta", "Beyond", "Cells", "Count", "Delays",
    "Estimates", "Excess", "Flat", "GammaPrior", "InvalidValueError", "Known", "Lists",
    "LogitNormal", "Model", "Mortality", "NotEstimableError", "Patterns", "Pooled", "RefusedError",
    "Register", "Reports", "ScalePrior", "Snapshots", "Tabulated", "Totals", "Triangle",
    "UndercountError", "Uniform", "UniformTotal", "Walk", "WalkPooled", "audited", "between",
    "gamma_between", "known", "uniform", "uniform_total", "walk_pooled",
]  # fmt: skip
