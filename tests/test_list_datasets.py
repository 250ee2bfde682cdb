"""The shipped tables of overlapping lists and of captures, and the answers of others for them."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from estimation.datasets.load import dataset_path, describe_dataset, describe_datasets, load_dataset
from estimation.tables.patterns import is_captures, read_captures, read_patterns

EVERY = [one for one in describe_datasets() if one.part == "lists"]
LISTS = [one.name for one in EVERY if one.lists]
CAPTURES = [one.name for one in EVERY if one.name.startswith("captures_")]

#: As the sources print them: persons (or animals, ...) that were observed, lists.
OBSERVED = {
    "kosovo_1999": (4_400, 4), "sudan_khartoum_all_cause_d1o1": (2_430, 3),
    "sudan_khartoum_intentional_injury_d1o1": (1_201, 3),
    "colombia_recruitment_men_1999_r1": (982, 20), "uk_trafficking_2013_6lists": (2_744, 6),
    "uk_trafficking_2013_5lists": (2_744, 5), "uk_trafficking_2013_4lists": (2_428, 4),
    "netherlands_trafficking_6lists": (8_234, 6), "netherlands_trafficking_5lists": (8_234, 5),
    "new_orleans_trafficking_8lists": (186, 8), "new_orleans_trafficking_5lists": (186, 5),
    "new_orleans_trafficking_8lists_185": (185, 8),
    "new_orleans_trafficking_5lists_185": (185, 5), "western_us_trafficking_5lists": (345, 5),
    "korea_palembang_1945": (123, 3), "artificial_3lists": (96, 3),
    "australia_trafficking_4lists": (414, 4), "hepatitis_a_taiwan_1995": (271, 3),
    "diabetes_casale_monferrato": (2_069, 4), "congenital_anomaly_massachusetts": (537, 5),
    "spina_bifida_ny_626": (626, 3), "spina_bifida_ny_621": (621, 3),
    "spina_bifida_ny_621_by_ethnicity": (621, 3), "hiv_rome_1990": (1_896, 4),
    "lesbian_allegheny": (2_185, 4), "scotland_pwid_2006": (5_670, 4),
    "scotland_pwid_2006_by_region_gender_age": (5_670, 4), "snowshoe_hare_6occasions": (68, 6),
    "meadow_voles_p1_5occasions": (56, 5), "meadow_voles_p2_5occasions": (72, 5),
    "meadow_voles_p3_5occasions": (49, 5), "meadow_voles_p4_5occasions": (57, 5),
    "meadow_voles_p5_5occasions": (46, 5), "meadow_voles_p6_5occasions": (77, 5),
    "cottontail_rabbits_18occasions": (76, 17),  # one occasion caught nothing
}  # fmt: skip
CAPTURED = {
    "captures_cottontail_rabbits": (76, 18), "captures_taxicabs_edinburgh": (283, 10),
    "captures_chipmunks_13occasions": (72, 13), "captures_accident_claims_simar": (1_621, None),
    "captures_illegal_immigrants_nl": (1_880, None), "captures_catbird_sites_11visits": (19, 11),
    "captures_bbs2001_species_50stops": (71, 50),
}  # fmt: skip
TRUE = {
    "kosovo_1999": 10_401, "hepatitis_a_taiwan_1995": 545, "cottontail_rabbits_18occasions": 135,
    "captures_cottontail_rabbits": 135, "captures_taxicabs_edinburgh": 420,
    "captures_chipmunks_13occasions": 85, "captures_accident_claims_simar": 9_461,
}  # fmt: skip


@pytest.mark.parametrize("name", LISTS)
def test_lists_are_read_with_what_was_observed(name):
    patterns = read_patterns(name).patterns
    described = describe_dataset(name)
    assert set(patterns.lists) <= set(described.lists)
    assert bool(patterns.strata) == bool(described.strata)
    assert set(described.lists) | set(described.strata) | {"count"} == set(described.columns)
    assert patterns.complete
    assert (patterns.on.any(axis=1)).all()
    if name != "sudan_khartoum_by_linkage_threshold":
        assert (patterns.observed, len(patterns.lists)) == OBSERVED[name]
        page = (dataset_path(name).parent / "SOURCES.md").read_text(encoding="utf-8")
        said = re.search(rf"^## {name}\n.*?^- Observed: ([\d,]+) ", page, re.DOTALL | re.MULTILINE)
        assert said is not None
        assert said[1] == f"{patterns.observed:,}"


@pytest.mark.parametrize("name", CAPTURES)
def test_captures_are_read_with_what_was_observed(name):
    read = read_captures(name)
    assert (read.counts.sum(), read.occasions) == CAPTURED[name]
    assert is_captures(name)


def test_every_table_is_one_of_these_and_true_totals_are_as_sourced():
    others = {one.name for one in EVERY} - set(LISTS) - set(CAPTURES)
    assert others == {"references", "sudan_khartoum_by_linkage_threshold_published"}
    assert set(LISTS) == set(OBSERVED) | {"sudan_khartoum_by_linkage_threshold"}
    assert {one.name: one.true_total for one in EVERY if one.true_total is not None} == TRUE
    for name, total in TRUE.items():
        page = (dataset_path(name).parent / "SOURCES.md").read_text(encoding="utf-8")
        section = page.split(f"\n## {name}\n")[1].split("\n## ")[0]
        assert f"- True total: {total:,} (" in section


def test_the_loosest_linkage_of_khartoum_is_the_table_of_its_own():
    every = read_patterns("sudan_khartoum_by_linkage_threshold").patterns
    published = load_dataset("sudan_khartoum_by_linkage_threshold_published")
    assert len(every.strata) == len(published) == 50
    for cause in ("all_cause", "intentional_injury"):
        alone = read_patterns(f"sudan_khartoum_{cause}_d1o1").patterns
        assert every.only(f"1 / 1 / {cause}").content() == alone.content()
    keys = ["duplicate_threshold", "overlap_threshold", "cause"]
    for row in published.itertuples():
        found = every.only(" / ".join(str(getattr(row, key)) for key in keys))
        assert found.observed == row.listed < row.ci_low < row.estimate < row.ci_high


# -- answers of others ----------------------------------------------------------------------------


def _references() -> pd.DataFrame:
    return load_dataset("references")


def test_references_are_of_shipped_tables_and_in_order():
    rows = _references()
    assert set(rows["dataset"]) <= {*LISTS, *CAPTURES}
    assert set(rows["kind"]) == {"printed", "abstract", "literature", "recomputed"}
    assert not rows.duplicated().any()
    assert rows[["dataset", "method", "kind", "by"]].notna().all(axis=None)
    assert rows[["estimate", "low", "high"]].notna().any(axis=1).all()
    assert (rows["low"].dropna() < rows["high"][rows["low"].notna()].fillna(np.inf)).all()
    inside = rows.dropna(subset=["estimate", "low"])
    assert (inside["low"] < inside["estimate"]).all()
    assert (inside["estimate"] < inside["high"].fillna(np.inf)).all()
    assert set(rows["level"].dropna()) == {0.8, 0.95}
    ranges = rows["interval"] == "range"
    assert rows.loc[ranges, "estimate"].isna().all()
    assert (rows["level"].notna() == (rows["low"].notna() & ~ranges)).all()


def test_no_answer_is_below_what_was_observed():
    observed = {**OBSERVED, **CAPTURED}
    for row in _references().dropna(subset=["estimate"]).itertuples():
        if not row.method.startswith("petersen:"):
            assert row.estimate > observed[row.dataset][0], row


def test_the_truths_among_the_references_are_the_described_ones():
    rows = _references()
    truths = rows[rows["method"] == "truth"].set_index("dataset")["estimate"]
    assert truths.to_dict() == TRUE


def _fitted(name: str, model: str) -> float:
    """Return the total of a log-linear model by a plain maximization."""
    patterns = read_patterns(name).patterns
    lists, counts = patterns.lists, patterns.dense()[1:]
    on = (np.arange(1, 2 ** len(lists))[:, None] >> np.arange(len(lists))[::-1]) & 1
    terms = {frozenset([one]) for one in lists}
    for generator in model.split("+"):
        names = generator.split("*")
        terms |= {
            frozenset(one for place, one in enumerate(names) if chosen >> place & 1)
            for chosen in range(1, 2 ** len(names))
        }
    columns = [on[:, [lists.index(one) for one in term]].all(axis=1) for term in terms]
    design = np.column_stack([np.ones(len(on)), *columns]).astype(float)

    def loss(beta):
        means = np.exp(design @ beta)
        return means.sum() - counts @ (design @ beta), design.T @ (means - counts)

    def curvature(beta):
        return (design.T * np.exp(design @ beta)) @ design

    start = np.linalg.lstsq(design, np.log(counts + 0.5), rcond=None)[0]
    found = minimize(loss, start, jac=True, hess=curvature, method="trust-exact")
    return patterns.observed + float(np.exp(found.x[0]))


def _named_models() -> list[tuple[str, str, float]]:
    rows = _references().dropna(subset=["model"])
    plain = rows["method"].str.startswith(("loglinear:", "loglinear_bic", "loglinear_aic"))
    # one model of these has no estimate, which its remark says
    fine = plain & (rows["estimate"] < 1e9)
    return list(rows.loc[fine, ["dataset", "model", "estimate"]].drop_duplicates().itertuples(
        index=False, name=None))  # fmt: skip


@pytest.mark.parametrize(("name", "model", "estimate"), _named_models())
def test_named_models_give_the_printed_estimate(name, model, estimate):
    assert _fitted(name, model) == pytest.approx(estimate, abs=0.51)


def test_every_interaction_is_between_lists_of_its_table():
    for row in _references().dropna(subset=["model"]).itertuples():
        lists = describe_dataset(row.dataset).lists
        named = [one for part in row.model.split("+") for one in part.split("*")]
        assert set(named) == set(lists), row
        if row.method.startswith("loglinear:"):
            assert row.method == f"loglinear:{row.model}"
