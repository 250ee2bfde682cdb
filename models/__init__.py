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
from models.count import Count
from models.errors import (
    InvalidValueError,
    NotEstimableError,
    RefusedError,
    UndercountError,
)
from models.losses import Flat, GammaPrior, ScalePrior, gamma_between
from models.model import MODEL_VERSION, Model

__all__ = [
    "MODEL_VERSION", "Belief", "Beta", "Count", "Flat", "GammaPrior", "InvalidValueError",
    "Known", "LogitNormal", "Model", "NotEstimableError", "RefusedError", "ScalePrior",
    "Tabulated", "UndercountError", "Uniform", "UniformTotal", "audited", "between",
    "gamma_between", "known", "uniform", "uniform_total",
]  # fmt: skip
