"""Small models of losses over cells, one of each form, and points to hold their densities at."""

import datetime

import numpy as np

from models import Cells, Count, Model, Pooled, Walk, between, known, uniform, walk_pooled

JUDGED = uniform(0.45, 0.65)
PRECISE = between(0.90, 0.98, 0.9)


def weeks(number):
    """Return the first days of weeks."""
    return tuple(datetime.date(2024, 1, 1) + datetime.timedelta(7 * i) for i in range(number))


def of(losses, cells, coverage=JUDGED, **options):
    """Return a model of a table."""
    return Model(losses, {"names": Count(cells, coverage, **options)})


def walk_of(counts, losses=None, *, coverage=JUDGED, precision=known(1.0), **options):
    """Return a walk over weeks of one column of counts."""
    cells = Cells(np.reshape(counts, (-1, 1)), weeks(len(counts)), "week", **options)
    return of(losses or Walk(), cells, coverage, precision=precision)


def pooled_of(counts, *, deviation=0.0, coverage=JUDGED, precision=known(1.0), **options):
    """Return pooled strata of one row of counts, named A, B, ..."""
    cells = Cells([counts], strata=tuple("ABCDEF"[: len(counts)]), **options)
    return of(Pooled(), cells, coverage, deviation=deviation, precision=precision)


def both_of(counts, *, own_step=None, deviation=0.0, coverage=JUDGED, drift=None, **options):
    """Return a walk over weeks times pooled strata."""
    periods, strata = np.shape(counts)
    cells = Cells(counts, weeks(periods), "week", tuple("ABCDEF"[:strata]), **options)
    return of(walk_pooled(drift=drift, own_step=own_step), cells, coverage, deviation=deviation)


#: Four weeks of three strata; the first cell and all of the third week were not observed.
GAPS = [[1, 0, 0], [0, 0, 0], [1, 1, 1], [0, 0, 0]]


def cells_models():
    """Return the reference models by name."""
    table = [[40, 12, 0], [61, 9, 3], [22, 30, 1], [35, 14, 0]]
    return {
        "walk": walk_of([400, 610, 220, 350, 300]),
        "walk-few": walk_of([0, 2, 0, 0, 1, 0]),
        "walk-drift": walk_of([400, 610, 220, 350], Walk(drift=0.1)),
        "walk-gaps": walk_of(
            [0, 30, 0, 25, 0], missing=[[1], [0], [1], [0], [1]], precision=PRECISE
        ),
        "walk-undated": walk_of([30, 20, 44], Walk(tail=200.0), undated=[17], unknown_period=[6]),
        "pooled": pooled_of([300, 40, 900]),
        "pooled-few": pooled_of([0, 1, 0, 2], unknown_stratum=[3]),
        # strata apart stand between the others: their order must not matter
        "pooled-apart": pooled_of(
            [30, 12, 55, 0, 7], apart=("B", "E"), exposure=[900, 1, 4_000, 350, 1], deviation=0.5
        ),
        "both": both_of(table),
        "both-gaps": both_of(
            table, missing=GAPS, unknown_stratum=[5, 0, 0, 2], unknown_period=[4, 1, 0],
            deviation=0.4, drift=0.2,
        ),
        "both-own": both_of(table, own_step=0.2),
        "both-own-apart": both_of(
            table, own_step=0.2, missing=GAPS, apart=("A",), exposure=[1, 300, 900],
            undated=[3, 0, 2],
        ),
        "both-own-two-weeks": both_of([[40, 12], [30, 20]], own_step=0.2),
        "both-two-weeks": both_of([[40, 12], [30, 20]], coverage=known(1.0)),
    }  # fmt: skip


def with_centering(model, centered):
    """Return the model with all of its variables centered, or none."""
    fresh = model.replace("losses", model.losses)
    fresh.joint.__dict__["centered"] = {
        name: centered and present
        for name, present in (
            ("walk", model.joint.walk is not None), ("effect", model.joint.pooled is not None),
            ("own", model.joint.own_step is not None),
        )
    }  # fmt: skip
    return fresh


# -- points ---------------------------------------------------------------------------------------


def zero_sum(values, axis):
    """Return values less their mean."""
    return values - values.mean(axis=axis, keepdims=True)


def points(model, rng, size=20):
    """Return unknowns: random ones, and five where densities tend to go wrong."""
    joint, draws = model.joint, size + 5
    periods, strata = joint.cells.shape
    scale = np.exp(rng.normal(-1.5, 0.7, (3, draws)))
    scale[:, size : size + 3] = [1e-4, 1e-2, 6.0]  # all but equal, nearly so, and all but free
    level = rng.normal(0, 0.5, draws)
    level[-2:] = [8.0, -12.0]  # large rates, and next to none
    found = {}
    if joint.walk is not None:
        drift = np.zeros(draws)
        if joint.walk.drift is not None:
            drift = found["drift"] = rng.normal(0, 0.2, draws)
        steps = drift[:, None] + scale[0, :, None] * rng.standard_normal((draws, periods - 1))
        found |= {"step": scale[0], "log_walk": level[:, None] + _path(steps)}
    else:
        found["log_level"] = level
    if joint.pooled is not None:
        pooled = joint.cells.pooled
        effect = scale[1, :, None] * rng.standard_normal((draws, strata))
        effect[:, pooled] = zero_sum(effect[:, pooled], 1)
        found |= {"spread": scale[1], "effect": effect}
    if joint.own_step is not None:
        steps = scale[2, :, None, None] * rng.standard_normal((draws, periods - 1, strata))
        found |= {"own_step": scale[2], "own": _path(zero_sum(steps, 2))}
    return found


def _path(steps):
    """Return a path that starts at 0, along the second axis."""
    return np.cumsum(np.insert(steps, 0, 0.0, axis=1), axis=1)


def _orthonormal(values):
    """Return vectors that sum to 0 along the last axis in the orthonormal basis of PyMC."""
    size = values.shape[-1]
    total = -values[..., -1:] * np.sqrt(size)
    return values[..., :-1] + total / (np.sqrt(size) + size)


def to_graph(model, theta, rng):
    """Return values of the graph's variables at unknowns, and the log Jacobian, (draw,).

    The density of the graph is that of the unknowns plus this Jacobian.
    """
    joint = model.joint
    periods, strata = joint.cells.shape
    found, jacobian = {}, 0.0
    for name in ("step", "spread", "own_step"):
        if name in theta:
            found[f"{name}_log__"] = np.log(theta[name])
            jacobian = jacobian + found[f"{name}_log__"]
    if "drift" in theta:
        found["drift"] = theta["drift"]
    if joint.walk is None:
        found["log_level"] = theta["log_level"]
    elif joint.centered["walk"]:
        found["log_walk"] = theta["log_walk"]
    else:
        drift = theta.get("drift", np.zeros(1))[:, None]
        found["log_level"] = theta["log_walk"].mean(axis=1)
        raw = (np.diff(theta["log_walk"], axis=1) - drift) / theta["step"][:, None]
        found["step_raw_arsinh__"] = np.arcsinh(raw)  # with d raw / d arsinh = sqrt(1 + raw^2)
        jacobian = jacobian + 0.5 * np.log1p(raw**2).sum(axis=1)
        jacobian = jacobian + (periods - 1) * np.log(theta["step"])
    if joint.pooled is not None:
        pooled = joint.cells.pooled
        effect = _orthonormal(theta["effect"][:, pooled])
        scale = np.hypot(theta["spread"], joint.seen_deviation)
        if joint.centered["effect"]:
            found["pooled_effect_zerosum__"] = effect
        else:
            found["effect_raw_zerosum__"] = effect / scale[:, None]
            jacobian = jacobian + (pooled.sum() - 1) * np.log(scale)
        if not pooled.all():
            found["apart_effect"] = theta["effect"][:, ~pooled]
    if joint.own_step is not None:
        step = theta["own_step"][:, None, None]
        if joint.centered["own"]:
            # the graph has a mean of all strata beside their own walks, of which nothing speaks
            mean = rng.standard_normal((step.size, periods - 1)) * step[:, 0]
            jacobian = jacobian - np.sum(0.5 * (mean / step[:, 0]) ** 2, axis=1)
            jacobian = jacobian - (periods - 1) * np.log(np.sqrt(2 * np.pi) * theta["own_step"])
            common = np.cumsum(mean, axis=1)[:, :, None] / np.sqrt(strata)
            found["own_path"] = np.swapaxes(theta["own"][:, 1:] + common, 1, 2)
        else:
            found["own_raw_zerosum__"] = _orthonormal(np.diff(theta["own"], axis=1) / step)
            jacobian = jacobian + (periods - 1) * (strata - 1) * np.log(theta["own_step"])
    return found, jacobian
