"""The PyMC graph of overlapping lists."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from models.graph_priors import double_log_half_normal, share, standard_normal
from models.lists.form import SCALE, UNIFORM
from models.losses import Pooled

if TYPE_CHECKING:
    import pymc

    from models.overlapping import Overlapping


def build_graph(overlapping: Overlapping) -> pymc.Model:
    """Return the PyMC model; every number is ``pm.Data``."""
    import pymc as pm
    import pytensor.tensor as pt

    with pm.Model() as model:
        data = {key: pm.Data(key, value) for key, value in overlapping.graph_data().items()}
        latent = pm.CustomDist(
            "latent", data["start"], data["priors"], data["exposure"], data["level_center"],
            data["level_spread"],
            logp=functools.partial(_latent_logp, overlapping),
            support_point=lambda rv, size, start, *numbers: start,
            signature="(n),(k),(s),(s),(s)->(n)",
        )  # fmt: skip
        of = _Expected(overlapping, latent, data["priors"], data)
        pm.CustomDist(
            overlapping.name, of.log_rates(), of.listed, data["unlabeled"], data["open"],
            logp=functools.partial(_cells_logp, overlapping),
            signature="(p,s),(s),(p),(p,s)->(p,s)", observed=data[f"{overlapping.name}_count"],
        )  # fmt: skip
        for name in overlapping.registers:
            bias = of.prior[f"bias_{name}"] * latent[overlapping.form.blocks[f"bias_{name}"].start]
            center = pt.logsumexp(of.deaths) + bias + of.log_share(f"share_{name}")
            pm.MvNormal(
                name, mu=center + pt.zeros(overlapping.registers[name].estimates.rows),
                chol=data[f"{name}_factor"], observed=data[f"{name}_central"],
            )  # fmt: skip
    return model


class _Expected:
    """What the unknowns imply; see `models.lists.expected` for the same with NumPy."""

    def __init__(self, overlapping: Overlapping, latent: Any, priors: Any, data: Any) -> None:
        import pytensor.tensor as pt

        self.overlapping, self.latent, self.data = overlapping, latent, data
        self.form = overlapping.form
        self.prior = {key: priors[at] for at, key in enumerate(overlapping.priors)}
        self.listed = data["level_center"] + data["level_spread"] * self.block("level")
        capture, reach = self._capture(), self._reach()
        odds = capture[None] if reach is None else capture[None] + reach[:, None]
        self.capture, self.reach = capture, reach
        weight, none = self._log_weight(), -pt.softplus(odds).sum(axis=2)
        self.log_missed = weight + none
        self.seen = pt.logsumexp(weight + pt.log(-pt.expm1(none)), axis=1)
        missed = (
            pt.logsumexp(self.log_missed, axis=1) - self.seen + pt.log(self.prior["dependence"])
        )
        self.deaths = self.listed + pt.softplus(missed)
        self.odds = pt.logsumexp(self.listed) - pt.logsumexp(self.listed + missed)

    def block(self, name: str, *shape: int) -> Any:
        found = self.latent[self.form.blocks[name]]
        return found.reshape(shape) if shape else found

    def scale(self, name: str) -> Any:
        import pytensor.tensor as pt

        of = f"{SCALE}{name}"
        return self.prior[of] * pt.exp(pt.sinh(self.latent[self.form.blocks[of].start]))

    def scaled(self, name: str, *shape: int) -> Any:
        return (self.scale(name) * self.block(name)).reshape(shape)

    def _log_weight(self) -> Any:
        """Return logs of shares of classes, (n_stratum or 1, n_class)."""
        import pytensor.tensor as pt

        form = self.form
        if form.classes == 1:
            return pt.zeros((1, 1))
        concentration = pt.exp(self.prior["concentration"] * self.block("concentration")[0])
        stick = self.block("stick", 1, form.classes - 1)
        if form.strata > 1:
            stick = stick + self.scaled("stick_stratum", form.strata, form.classes - 1)
        kept = pt.softplus(stick) / concentration
        edge = pt.zeros((form.strata if form.strata > 1 else 1, 1))
        left = pt.concatenate([edge, -pt.cumsum(kept, axis=1)], axis=1)
        return left + pt.concatenate([pt.log(-pt.expm1(-kept)), edge], axis=1)

    def _capture(self) -> Any:
        """Return log odds to be on each list, (n_class, n_list)."""
        form = self.form
        if form.captures == UNIFORM:
            return self.block("capture", form.classes, form.lists)
        return (
            self.prior["center_mean"] + self.prior["center_spread"] * self.block("center", 1, 1)
            + self.scaled("list", 1, form.lists) + self.scaled("class", form.classes, 1)
            + self.scaled("deviation", form.classes, form.lists)
        )  # fmt: skip

    def _reach(self) -> Any:
        if self.form.strata == 1:
            return None
        return self.scaled("list_stratum", self.form.strata, self.form.lists)

    def log_rates(self) -> Any:
        """Return log rates of cells, (n_pattern, n_stratum)."""
        import pytensor.tensor as pt

        on = self.data["on"]
        inside = pt.dot(on, self.capture.T)
        each = inside[:, None, :] + self.log_missed[None]
        highest = each.max(axis=2)
        log_p = pt.log(pt.exp(each - highest[:, :, None]).sum(axis=2)) + highest
        if self.reach is not None:
            log_p = log_p + pt.dot(on, self.reach.T)
        return (self.listed - self.seen)[None] + log_p

    def log_share(self, name: str) -> Any:
        import pytensor.tensor as pt

        if name in self.form.blocks:
            return -pt.softplus(-self.latent[self.form.blocks[name].start])
        return pt.log(self.prior[f"{name}_value"])


def _latent_logp(
    overlapping: Overlapping,
    latent: Any,
    start: Any,
    priors: Any,
    exposure: Any,
    center: Any,
    spread: Any,
) -> Any:
    """Return the log prior density of all unknowns in unbounded coordinates.

    That of rates and coverage depends on what classes imply, and is part of it.
    """
    import pytensor.tensor as pt

    form, data = overlapping.form, {"level_center": center, "level_spread": spread}
    of = _Expected(overlapping, latent, priors, data)
    parts = [standard_normal(latent[_places(overlapping, form.normal)])]
    if form.logistic:
        values = latent[_places(overlapping, form.logistic)]
        parts.append((-values - 2 * pt.softplus(-values)).sum())
    if form.scales:
        parts.append(double_log_half_normal(latent[_places(overlapping, form.scales)]))
    for name, kind in form.shares:
        values = latent[form.blocks[name]]
        parts.append(share(values, kind, of.prior[f"{name}_first"], of.prior[f"{name}_second"]))
    if form.losses == "gamma":
        shape, inverse, log_rate = of.prior["rate_shape"], of.prior["rate_inverse"], of.deaths[0]
        parts.append(
            shape * pt.log(inverse) - pt.gammaln(shape) + shape * log_rate
            - inverse * pt.exp(log_rate)
        )  # fmt: skip
    if isinstance(overlapping.losses, Pooled):
        logs = of.deaths - pt.log(exposure)
        scale = of.scale("rate")
        away = ((logs - logs.mean()) ** 2).sum()
        constant = (form.strata - 1) * np.log(2 * np.pi) / 2
        parts.append(-away / (2 * scale**2) - (form.strata - 1) * pt.log(scale) - constant)
    if overlapping.lists.has_belief:
        kind = overlapping.coverage_prior[0]
        first, second = of.prior["coverage_first"], of.prior["coverage_second"]
        # the density of coverage itself, not of its log odds: it stands beside that of the classes
        odds = of.odds
        jacobian = pt.softplus(odds) + pt.softplus(-odds)
        parts.append(share(pt.stack([odds]), kind, first, second) + jacobian)
    return pt.stack(parts).sum()


def _places(overlapping: Overlapping, names: tuple[str, ...]) -> np.ndarray:
    blocks = overlapping.form.blocks
    return np.concatenate([np.arange(blocks[name].start, blocks[name].stop) for name in names])


def _cells_logp(
    overlapping: Overlapping, counts: Any, rates: Any, listed: Any, unlabeled: Any, open_cells: Any
) -> Any:
    """Return the log probability of all cells, those of no person included."""
    import pytensor.tensor as pt

    found = (counts * rates - pt.gammaln(counts + 1)).sum() - pt.exp(listed).sum()
    lists = overlapping.lists
    if lists.unlabeled.any():
        highest = rates.max(axis=1)
        shared = pt.log(pt.exp(rates - highest[:, None]).sum(axis=1)) + highest
        found += (unlabeled * shared - pt.gammaln(unlabeled + 1)).sum()
    if lists.open.any():
        found += (open_cells * pt.exp(rates)).sum()
    for pattern, stratum in np.argwhere(lists.bounds >= 0):
        # P(Poisson <= bound), summed up: its gradient is then plain
        terms = np.arange(lists.bounds[pattern, stratum] + 1)
        rate = rates[pattern, stratum]
        found += pt.logsumexp(terms * rate - pt.gammaln(terms + 1.0)) - pt.exp(rate)
    return found
