"""Comparing and scoring pairs of records, by Splink."""

from __future__ import annotations

import dataclasses
import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from estimation.linkage.backend import Backend
from estimation.linkage.blocking import Blocks, bounded, hashed, together
from estimation.linkage.comparisons import COLUMNS, TRAINED_WITHIN, comparisons
from estimation.linkage.pairs import Pairs
from estimation.linkage.prepare import Prepared
from estimation.linkage.privacy import guarded
from estimation.linkage.training import Lesson, learned

if TYPE_CHECKING:
    import pyarrow as pa

#: Random pairs from which it is learned how often two persons agree.
_RANDOM_PAIRS = 2e6

#: Pairs of a lesson: more teach nothing new.
_LESSON_PAIRS = 300_000

#: Pairs that are compared at a time.
_PAIRS_AT_ONCE = 12e6

#: How the columns begin that are taken from Splink's tables: no value of a record is among them.
_AGREEMENT, _WEIGHTS = ("unique_id_", "gamma_"), ("unique_id_", "mw_")


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


def train(prepared: Prepared, backend: Backend, seed: int) -> Trained:
    """Learn how fields agree, for one person and for two.

    Parameters
    ----------
    prepared : Prepared
    backend : Backend
    seed : int

    Raises
    ------
    DataError
        If a library fails.
    """
    from splink import Linker, SettingsCreator, block_on

    rules = _lesson_rules(prepared)
    keys = {f"lesson_{place}": _lesson_key(prepared, rule) for place, rule in enumerate(rules)}
    keys = {name: key for name, key in keys.items() if key.any()}
    settings = SettingsCreator(
        link_type="dedupe_only", comparisons=[*comparisons(prepared.fields)],
        blocking_rules_to_generate_predictions=[block_on(name) for name in keys],
        probability_two_random_records_match=min(0.5, 0.5 / len(prepared)),
        retain_matching_columns=True, retain_intermediate_calculation_columns=True,
        linker_uid="undercount",
    )  # fmt: skip
    with guarded("training"):
        table = backend.register(_table(prepared, keys), "lessons")
        linker = Linker(table, settings, log_level=None)
        linker.training.estimate_u_using_random_sampling(max_pairs=_RANDOM_PAIRS, seed=seed)
        rows = backend.rows(linker.inference.predict(), _AGREEMENT) if keys else None
        model = linker.misc.save_model_to_json()
    lessons = [] if rows is None else _lessons(rows, rules, keys, prepared.fields)
    return _trained(model, lessons, prepared.fields)


def score(
    prepared: Prepared, blocks: Blocks, trained: Trained, backend: Backend, least: float
) -> Pairs:
    """Score all pairs that keys join.

    Parameters
    ----------
    prepared : Prepared
    blocks : Blocks
    trained : Trained
    backend : Backend
    least : float
        Pairs whose log odds to be links are lower, at a first guess, are not kept.

    Raises
    ------
    DataError
        If a library fails.
    """
    from splink import Linker, SettingsCreator, block_on

    keys = {f"key_{name}": key.astype(np.int64) for name, key in blocks.keys.items()}
    settings = SettingsCreator.from_path_or_dict(trained.settings)
    settings.blocking_rules_to_generate_predictions = [block_on(name) for name in keys]
    with guarded("comparing"):
        table = backend.register(_table(prepared, keys), "records")
        linker = Linker(table, settings, log_level=None)
        # in parts, since the pairs of a step are all in memory
        parts = max(1, math.ceil(sum(blocks.pairs.values()) / _PAIRS_AT_ONCE))
        found = linker.inference.predict(
            threshold_match_weight=_bits(least), num_chunks_left=parts, num_chunks_right=1
        )  # fmt: skip
        rows = backend.rows(found, _WEIGHTS)
    pairs = _pairs(rows, prepared.fields)
    return Pairs(pairs.left, pairs.right, pairs.weights, blocks.hits(pairs.left, pairs.right))


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
        rows = backend.rows(linker.inference.predict(), _WEIGHTS)
    return _pairs(rows, prepared.fields)


def _lesson_rules(prepared: Prepared) -> list[tuple[str, ...]]:
    used = {column for field in prepared.fields for column in COLUMNS[field]}
    return [one for one in TRAINED_WITHIN if set(one) <= used]


def _lesson_key(prepared: Prepared, rule: tuple[str, ...]) -> NDArray[np.int64]:
    parts = []
    for column in rule:
        values = prepared.frame[column]
        missing = values.isna().to_numpy(bool)
        plain = values.fillna(0).to_numpy(np.int64) if column.endswith("day") else (
            values.fillna("").to_numpy(object)
        )  # fmt: skip
        parts.append(hashed(plain, missing, column[0]))
    key, _, _ = bounded(together(parts), _LESSON_PAIRS / len(prepared))
    return key.astype(np.int64)


def _lessons(
    rows: pa.Table, rules: list[tuple[str, ...]], keys: dict[str, NDArray[np.int64]],
    fields: tuple[str, ...],
) -> list[Lesson]:  # fmt: skip
    """Return the pairs of each lesson; a pair belongs to all whose key it agrees on."""
    left, right = rows["unique_id_l"].to_numpy(), rows["unique_id_r"].to_numpy()
    levels = np.column_stack([rows[f"gamma_{name}"].to_numpy() for name in fields]).astype(np.int64)
    column_of = {column: field for field, columns in COLUMNS.items() for column in columns}
    found = []
    for name, key in keys.items():
        agree = (key[left] > 0) & (key[left] == key[right])
        rule = rules[int(name.removeprefix("lesson_"))]
        held = frozenset(column_of[column] for column in rule)
        found.append(Lesson(held, levels[agree]))
    return found


def _trained(model: dict[str, Any], lessons: list[Lesson], fields: tuple[str, ...]) -> Trained:
    """Return the model of Splink with what was learned put into it."""
    levels_of = {
        comparison["output_column_name"]: [
            one for one in comparison["comparison_levels"] if not one.get("is_null_level")
        ]
        for comparison in model["comparisons"]
    }  # fmt: skip
    random = {}
    for name in fields:  # the first level of Splink is the highest
        given = np.array([one.get("u_probability") or 0.0 for one in levels_of[name]])[::-1]
        number = _RANDOM_PAIRS / 2
        random[name] = (number * given + 0.5) / (number * given + 0.5).sum()
    agree, untrained = learned(lessons, fields, random)
    model["retain_matching_columns"] = False
    table = []
    for name in fields:
        shares = zip(levels_of[name], agree[name][::-1], random[name][::-1], strict=True)
        for one, same, apart in shares:
            one["m_probability"], one["u_probability"] = float(same), float(apart)
            table.append({"field": name, "level": one["label_for_charts"], "m": float(same),
                          "u": float(apart)})  # fmt: skip
    return Trained(model, table, untrained)


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
