"""What all sources together say of coverage and totals, and what each of them adds."""

from __future__ import annotations

import dataclasses
import datetime
from concurrent.futures import Executor
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from estimation.diagnostics.gate import exact_verdict, require, sampled_verdict
from estimation.diagnostics.verdicts import FAIL, Verdict
from estimation.errors import GateError, RefusedError, UndercountError, UsageError
from estimation.fit.batch import carry_out
from estimation.fit.engine import Plan, plan
from estimation.fit.store import Refit, Store
from estimation.learning.conflict import IN_CONFLICT, Conflict, conflict
from estimation.learning.sources import sources, without
from estimation.learning.spans import Span, deaths_of, names_of, spans_of
from estimation.progress import Tell, silent
from estimation.randomness import stream
from estimation.summaries.losses import Losses
from models.model import Model

if TYPE_CHECKING:
    import xarray

#: What becomes of the total where sources are in conflict.
OnConflict = Literal["widen", "refuse"]

#: Draws a chain of fits without a source: sums are reported of them, and no single periods.
DRAWS_WITHOUT = 1500

#: The name of the fit with all sources.
ALL = "all sources"


@dataclasses.dataclass(frozen=True, eq=False)
class Under:
    """What a choice of sources says.

    Parameters
    ----------
    left_out : str
        The source that is missing; empty with all, or what the draws are of otherwise.
    total : (draw,) integers
        Deaths of all periods.
    deaths : dict of (draw,) integers
        By label of span.
    verdict : Verdict, optional
        Of the fit.
    shown : frozenset of str, optional
        Labels of spans whose intervals are known well enough; all by default.
    """

    left_out: str
    total: np.ndarray
    deaths: dict[str, np.ndarray]
    verdict: Verdict | None = None
    shown: frozenset[str] | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class Findings:
    """What all sources together say, and what each of them adds.

    Parameters
    ----------
    spans : tuple of Span
        Years, and the time until a date that was asked for, if there was one.
    names : dict of int
        Names on the list by span.
    learned : Under
        With all sources; where they are in conflict and this widens the answer, a mixture of equal
        parts of that and of the fits that leave one source out.
    together : Under
        With all sources, whether they agree or not: what leaving one out is compared with.
    judged : Under
        By what is believed of coverage, and the names alone.
    without : tuple of Under
        Leaving out one source each.
    conflicts : tuple of Conflict
        Of each source that was left out.
    widened : bool
        Whether the answer is the mixture.
    """

    spans: tuple[Span, ...]
    names: dict[str, int]
    learned: Under
    together: Under
    judged: Under
    without: tuple[Under, ...]
    conflicts: tuple[Conflict, ...]
    widened: bool

    @property
    def in_conflict(self) -> tuple[Conflict, ...]:
        """Return the sources that disagree with all others."""
        return tuple(one for one in self.conflicts if one.rarity < IN_CONFLICT)


def learn(
    model: Model, *, prob: float = 0.95, seed: int = 1, leave_out: tuple[str, ...] | None = None,
    through: datetime.date | None = None, on_conflict: OnConflict = "widen",
    draws: int | None = None, store: Store | None = None, refit: Refit = "on_change",
    executor: Executor | None = None, tell: Tell = silent, accept: str | None = None,
) -> Findings:  # fmt: skip
    """Fit a model with all its sources, and without each of them.

    Parameters
    ----------
    model : Model
        A list with evidence on its coverage.
    prob : float
        Level of the intervals.
    seed : int
    leave_out : tuple of str, optional
        Sources to leave out, one at a time; each by default. "judgment" is the belief on coverage.
    through : datetime.date, optional
        A date until which deaths are summed, beside years.
    on_conflict : {"widen", "refuse"}
        Where a source is in conflict with all others: mix the answers that leave one source out, or
        refuse to give one.
    draws : int, optional
        A chain, of all fits.
    store, refit, executor, tell
        See `estimation.fit.batch.carry_out`.
    accept : str, optional
        Reason to report fits that failed their checks.

    Raises
    ------
    RefusedError
        If nothing stands beside the list, or sources are in conflict and that refuses.
    GateError
        If a fit failed its checks and no reason was given.
    UsageError
        If there is no such source.
    """
    if on_conflict not in ("widen", "refuse"):
        raise UsageError(f"no {on_conflict!r}", where="on_conflict", remedy="widen or refuse")
    chosen = sources(model) if leave_out is None else leave_out
    rest = {source: without(model, source) for source in chosen}
    plans = _plans(model, rest, seed, draws)
    trees = carry_out(plans, store=store, refit=refit, executor=executor, tell=tell)
    for name, tree in trees.items():
        if isinstance(tree, UndercountError):
            raise tree.inside(name if name == ALL else f"without {name}")
    found = {name: tree[0] for name, tree in trees.items() if not isinstance(tree, UndercountError)}
    try:
        losses = Losses(found[ALL], prob, accept=accept)
    except GateError as error:
        raise error.inside(ALL) from None
    spans = spans_of(losses, through)
    together = Under("", _total(found[ALL]), deaths_of(losses, spans), losses.verdict)
    fits = {name: Losses(found[name], prob, accept="sums are judged alone") for name in rest}
    left = tuple(_under(one, name, spans, prob, accept) for name, one in fits.items())
    conflicts = tuple(conflict(model, one, name, prob, seed) for name, one in fits.items())
    names = names_of(losses, spans)
    clash = [one for one in conflicts if one.rarity < IN_CONFLICT]
    if clash and on_conflict == "refuse":
        raise RefusedError(
            "sources contradict each other: " + "; ".join(one.says() for one in clash),
            where="evidence", why="their average would be the answer of none of them",
            remedy='find out which is wrong, widen its bias, or set on_conflict = "widen"',
        )  # fmt: skip
    learned = _mixed((together, *left), seed) if clash else together
    judged = _judged(model, losses, spans, seed)
    return Findings(spans, names, learned, together, judged, left, conflicts, bool(clash))


def _plans(model: Model, rest: dict[str, Model], seed: int, draws: int | None) -> dict[str, Plan]:
    found = {ALL: plan(model, draws=draws, seed=seed)}
    for name, one in rest.items():
        found[name] = plan(one, draws=draws or DRAWS_WITHOUT, seed=seed)
    return found


def _total(tree: xarray.DataTree) -> np.ndarray:
    return np.asarray(tree["posterior"]["total"].to_numpy().reshape(-1))


def _under(
    losses: Losses, left_out: str, spans: tuple[Span, ...], prob: float, accept: str | None
) -> Under:
    """Return what a fit says; it is judged by the sums that are reported of it.

    Without the one source that speaks of a span its deaths may have next to no upper bound: such
    spans are not shown.
    """
    tree = losses.posterior
    total, deaths = _total(tree), deaths_of(losses, spans)
    chains, statistics = tree["posterior"].sizes["chain"], tree["sample_stats"].to_dataset()

    def judged(draws: np.ndarray) -> Verdict:
        if tree.attrs["engine"] == "exact":  # the list alone has independent draws, no sampler
            return exact_verdict({"total": draws}, (), prob)
        return sampled_verdict({"total": draws}, chains, statistics, prob)

    shown = [
        key for key, draws in deaths.items()
        if draws.min() == draws.max() or judged(draws).verdict != FAIL
    ]  # fmt: skip
    try:
        verdict = require(judged(total), accept)
    except GateError as error:
        raise error.inside(f"without {left_out}") from None
    return Under(left_out, total, deaths, verdict, frozenset(shown))


def _mixed(parts: tuple[Under, ...], seed: int) -> Under:
    """Return a mixture of equal parts: draws of all, as many of each."""
    rng = stream(seed, "conflict", "mixture")
    size = min(one.total.size for one in parts)
    rows = [rng.choice(one.total.size, size, replace=False) for one in parts]

    def joined(pick: Any) -> np.ndarray:
        return np.concatenate([pick(one)[row] for one, row in zip(parts, rows, strict=True)])

    deaths = {key: joined(lambda one, key=key: one.deaths[key]) for key in parts[0].deaths}
    shown = frozenset(deaths).intersection(*(one.shown for one in parts if one.shown is not None))
    return Under("", joined(lambda one: one.total), deaths, shown=shown)


def _judged(model: Model, losses: Losses, spans: tuple[Span, ...], seed: int) -> Under:
    """Return deaths by the names of the list and what is believed of their coverage, exactly.

    Given coverage, total = names + NegBinomial(names, coverage) under the scale prior; one coverage
    for all spans.
    """
    rng = stream(seed, "judged")
    draws = losses.deaths.shape[0]
    coverage = model.base.coverage.draw(rng, draws)
    precision = model.base.precision.draw(rng, draws)
    deaths: dict[str, np.ndarray] = {}
    for span in spans:
        true = rng.binomial(_ever_listed(model, losses, span), precision)
        unseen = rng.poisson(rng.standard_gamma(true) * (1 - coverage) / coverage)
        deaths[span.label] = true + unseen
    total = np.sum([deaths[span.label] for span in spans if span.is_part], axis=0)
    return Under("", np.asarray(total), deaths)


def _ever_listed(model: Model, losses: Losses, span: Span) -> np.ndarray:
    """Return names of a span, true or not: of a list with delays, all that will be on it."""
    places = list(span.periods)
    if losses.eventual is not None:  # coverage is believed of these
        return np.asarray(losses.eventual[:, places].sum(axis=(1, 2), dtype=np.int64))
    cells = model.base.cells
    counts = np.array([model.base.names]) if cells is None else np.asarray(cells.counts[:, 0])
    return np.asarray(counts[places].sum())
