"""Training without labels and scoring of pairs, by Splink."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from estimation.linkage.backend import Backend, guarded
from estimation.linkage.blocking import Blocks
from estimation.linkage.comparisons import COLUMNS, TRAINED_WITHIN, comparisons
from estimation.linkage.pairs import Pairs
from estimation.linkage.prepare import Prepared

if TYPE_CHECKING:
    import pyarrow as pa

#: Random pairs from which it is learned how often two persons agree.
_RANDOM_PAIRS = 2e6

#: Records for which one link is counted on, when probabilities are smoothed.
_LINKS = 10.0

#: Pairs within a training block: more teach nothing new.
_TRAINING_PAIRS = 1e6


@dataclasses.dataclass(frozen=True, eq=False)
class Trained:
    """A trained model of agreement.

    Parameters
    ----------
    settings : dict
        Of Splink: levels with their probabilities; no value of any record.
    levels : list of dict
        field, level, m (probability for one person), u (for two), of each level.
    untrained : tuple of str
        Fields whose probabilities for one person could not be learned: Splink's defaults stand.
    """

    settings: dict[str, Any]
    levels: list[dict[str, Any]]
    untrained: tuple[str, ...]


def _table(prepared: Prepared, extra: dict[str, NDArray[Any]]) -> pa.Table:
    import pyarrow as pa

    table = pa.Table.from_pandas(prepared.frame, preserve_index=False)
    table = table.append_column("unique_id", pa.array(np.arange(len(prepared))))
    for name, values in extra.items():
        table = table.append_column(name, pa.array(values, mask=values == 0))
    return table


def train(
    prepared: Prepared, blocks: Blocks, backend: Backend, seed: int, least: float
) -> tuple[Trained, Pairs]:
    """Learn how fields agree, and score all pairs that keys join.

    Parameters
    ----------
    prepared : Prepared
    blocks : Blocks
    backend : Backend
    seed : int
    least : float
        Pairs whose log odds to be links are lower, at a first guess, are not kept.

    Raises
    ------
    DataError
        If a library fails.
    """
    from splink import Linker, SettingsCreator, block_on

    keys = {f"key_{name}": key.astype(np.int64) for name, key in blocks.keys.items()}
    settings = SettingsCreator(
        link_type="dedupe_only", comparisons=comparisons(prepared.fields),
        blocking_rules_to_generate_predictions=[block_on(name) for name in keys],
        probability_two_random_records_match=_first_guess(prepared),
        retain_matching_columns=False, retain_intermediate_calculation_columns=True,
        linker_uid="undercount",
    )  # fmt: skip
    table = _table(prepared, keys)
    with guarded("training"):
        linker = Linker(backend.register(table, "records"), settings, log_level=None)
        linker.training.estimate_u_using_random_sampling(max_pairs=_RANDOM_PAIRS, seed=seed)
        for columns in _training_rules(prepared):
            _one_training(linker, block_on(*columns))
        learned = linker.misc.save_model_to_json()
    trained = smoothed(learned, max(len(prepared) / _LINKS, 20.0))
    with guarded("comparing"):
        linker = Linker(
            backend.register(table, "compared"),
            SettingsCreator.from_path_or_dict(trained.settings), log_level=None,
        )  # fmt: skip
        rows = backend.rows(linker.inference.predict(threshold_match_weight=_bits(least)))
    pairs = _pairs(rows, prepared.fields)
    found = Pairs(pairs.left, pairs.right, pairs.weights, blocks.hits(pairs.left, pairs.right))
    return trained, found


def score_within(
    prepared: Prepared, groups: NDArray[np.int64], trained: Trained, backend: Backend
) -> Pairs:
    """Score all pairs within groups of records.

    Parameters
    ----------
    prepared : Prepared
    groups : (record,) integers
        From 1; 0 of records in no group.
    trained : Trained
    backend : Backend
    """
    from splink import Linker, SettingsCreator, block_on

    settings = SettingsCreator.from_path_or_dict(trained.settings)
    settings.blocking_rules_to_generate_predictions = [block_on("group_of")]
    with guarded("comparing"):
        table = backend.register(_table(prepared, {"group_of": groups}), "groups")
        linker = Linker(table, settings, log_level=None)
        rows = backend.rows(linker.inference.predict())
    return _pairs(rows, prepared.fields)


def _first_guess(prepared: Prepared) -> float:
    """Return a share of pairs that are one person: as if half of the smaller lists were on others."""
    records = len(prepared)
    return min(0.5, 0.5 / records)


def _training_rules(prepared: Prepared) -> list[tuple[str, ...]]:
    used = {column for field in prepared.fields for column in COLUMNS[field]}
    return [one for one in TRAINED_WITHIN if set(one) <= used]


def _one_training(linker: Any, rule: Any) -> None:
    from splink.internals.exceptions import EMTrainingException

    try:
        linker.training.estimate_parameters_using_expectation_maximisation(
            rule, max_pairs=_TRAINING_PAIRS
        )
    except EMTrainingException:
        return  # nobody agrees there: the other rules must do, `untrained` tells what they left


def _bits(nats: float) -> float:
    return float(nats / np.log(2))


def _pairs(table: pa.Table, fields: tuple[str, ...]) -> Pairs:
    left = table["unique_id_l"].to_numpy().astype(np.int64)
    right = table["unique_id_r"].to_numpy().astype(np.int64)
    weights = np.zeros((table.num_rows, len(fields)), dtype=np.float32)
    names = set(table.column_names)
    for place, field in enumerate(fields):
        for column in (f"mw_{field}", f"mw_tf_adj_{field}"):
            if column in names:
                weights[:, place] += table[column].to_numpy().astype(np.float32) * np.log(2)
    first, second = np.minimum(left, right), np.maximum(left, right)
    order = np.lexsort((second, first))  # the order of rows is that of threads
    none = np.zeros(len(order), dtype=np.int64)
    return Pairs(first[order], second[order], weights[order], none)


def smoothed(settings: dict[str, Any], links: float) -> Trained:
    """Return a trained model in which nothing is impossible.

    A way to agree that no link of the training showed is not thereby impossible: each way counts
    as if half a link more had shown it, and half of so many random pairs.

    Parameters
    ----------
    settings : dict
        Of Splink, trained; changed in place.
    links : float
        Links from which the probabilities of agreement were learned, roughly.
    """
    levels, untrained = [], []
    for comparison in settings["comparisons"]:
        field = comparison["output_column_name"]
        there = [one for one in comparison["comparison_levels"] if not one.get("is_null_level")]
        if all(one.get("m_probability") is None for one in there):
            untrained.append(field)
            for place, one in enumerate(there):
                one["m_probability"] = 0.9 if place == 0 else 0.1 / max(len(there) - 1, 1)
        _smooth(there, "m_probability", links)
        _smooth(there, "u_probability", _RANDOM_PAIRS / 2)
        levels += [
            {"field": field, "level": one["label_for_charts"], "m": one["m_probability"],
             "u": one["u_probability"]} for one in there
        ]  # fmt: skip
    return Trained(settings, levels, tuple(untrained))


def _smooth(levels: list[dict[str, Any]], name: str, number: float) -> None:
    given = np.array([one.get(name) or 0.0 for one in levels], dtype=float)
    share = (number * given + 0.5) / (number * given.sum() + 0.5 * len(levels))
    for one, value in zip(levels, share, strict=True):
        one[name] = float(value)
