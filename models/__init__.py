"""What happened and how it came to be seen: losses, evidence, beliefs."""

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
from models.cells import Cells
from models.count import Count
from models.errors import (
    InvalidValueError,
    NotEstimableError,
    RefusedError,
    UndercountError,
)
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
from models.reports import Reports
from models.triangle import Delays, Triangle

__all__ = [
    "MODEL_VERSION", "Belief", "Beta", "Cells", "Count", "Delays", "Flat", "GammaPrior",
    "InvalidValueError", "Known", "LogitNormal", "Model", "NotEstimableError", "Pooled",
    "RefusedError", "Reports", "ScalePrior", "Tabulated", "Triangle", "UndercountError", "Uniform",
    "UniformTotal", "Walk", "WalkPooled", "audited", "between", "gamma_between", "known", "uniform",
    "uniform_total", "walk_pooled",
]  # fmt: skip
