"""Loss processes: what is believed about the rate of deaths before anybody is counted."""

from models.losses.flat import Flat, GammaPrior, ScalePrior, gamma_between
from models.losses.walk import Pooled, Walk, WalkPooled, walk_pooled

__all__ = [
    "Flat", "GammaPrior", "Pooled", "ScalePrior", "Walk", "WalkPooled", "gamma_between",
    "walk_pooled",
]  # fmt: skip
