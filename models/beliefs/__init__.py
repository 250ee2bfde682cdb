"""Beliefs on shares: coverage and precision, elicited, with source and reason."""

from models.beliefs.base import Belief
from models.beliefs.elicit import audited, between, known, uniform, uniform_total
from models.beliefs.shapes import Beta, Known, LogitNormal, Uniform, UniformTotal
from models.beliefs.tabulated import Tabulated

__all__ = [
    "Belief", "Beta", "Known", "LogitNormal", "Tabulated", "Uniform", "UniformTotal", "audited",
    "between", "known", "uniform", "uniform_total",
]  # fmt: skip
