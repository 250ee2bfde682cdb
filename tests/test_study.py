"""Reading studies: what is right is built, what is wrong is told in one line with its place."""

import datetime

import pytest

from estimation import read_study
from estimation.errors import DataError, RefusedError, UndercountError
from estimation.study.read import article_text, parse_study
from models import Beta, GammaPrior, Known, Tabulated, UniformTotal

GOOD = """
title = "a study"
seed = 7

[losses]
kind = "flat"

[evidence.names]
kind = "count"
count = 1000
source = "a list"
coverage = { kind = "uniform", low = 0.4, high = 0.6, reason = "graves" }
"""


def test_the_shipped_study_says_what_the_article_says():
    study = read_study()
    base = study.model.base
    assert (base.names, base.as_of) == (106_745, datetime.date(2025, 5, 4))
    assert (base.coverage.low, base.coverage.high) == (0.45, 0.65)
    assert (study.published[0].low, study.published[0].high) == (164_223, 237_211)
    assert [scenario.name for scenario in study.scenarios] == [
        "base", "central-90", "central-50", "uniform-total", "weekly", "regional", "kinds",
        "late", "learned",
    ]  # fmt: skip
    assert {claim.value for claim in study.claims} == {None, 45_287, 27, 201}
    assert [one.model.base.names for one in study.scenarios[4:]] == [
        121_188, 42_284, 88_726, 95_880, 121_188,
    ]  # fmt: skip
    for scenario in study.scenarios:
        # of the list in the end coverage is left out
        assert scenario.name == "late" or scenario.model.base.coverage.source


def test_scenarios_replace_one_field_and_nothing_else():
    study = read_study()
    beliefs = [scenario.model.base.coverage for scenario in study.scenarios]
    assert isinstance(beliefs[1], Beta)
    assert beliefs[1].interval(0.9) == pytest.approx((0.45, 0.65))
    assert beliefs[2].interval(0.5) == pytest.approx((0.45, 0.65))
    assert isinstance(beliefs[3], UniformTotal)
    for scenario in study.scenarios[:4]:
        assert scenario.model.replace("names.coverage", beliefs[0]) == study.model


@pytest.mark.parametrize(
    ("field", "value", "check"),
    [
        ("coverage", '{ kind = "known", value = 0.5 }',
         lambda m: isinstance(m.base.coverage, Known)),
        ("coverage", '{ kind = "audited", found = [3, 9], checked = [5, 12] }',
         lambda m: isinstance(m.base.coverage, Tabulated)),
        ("coverage", '{ kind = "audited", found = 3, checked = 5 }',
         lambda m: m.base.coverage.alpha == 3.5),
        ("coverage",
         '{ kind = "between", low = 0.4, high = 0.6, mass = 0.8, shape = "logit_normal" }',
         lambda m: m.base.coverage.kind == "logit_normal"),
        ("precision", '{ kind = "beta", alpha = 95, beta = 5 }',
         lambda m: m.base.precision.alpha == 95),
        ("derived_from", '["another list"]', lambda m: m.base.derived_from == ("another list",)),
    ],
)  # fmt: skip
def test_every_kind_can_be_written(field, value, check):
    lines = [line for line in GOOD.splitlines() if not line.startswith(field)]
    model = parse_study("\n".join([*lines, f"{field} = {value}"]), "s.toml").model
    assert check(model)


def test_priors_can_be_written():
    text = GOOD.replace(
        'kind = "flat"',
        'kind = "flat"\nclustering = 3\nprior = { kind = "gamma_between", low = 500, high = 5000 }',
    )
    losses = parse_study(text, "s.toml").model.losses
    assert isinstance(losses.prior, GammaPrior)
    assert losses.clustering == 3


def _with(old, new):
    assert old in GOOD
    return GOOD.replace(old, new)


BAD = {
    "empty": ("  \n", "is empty"),
    "no TOML": ("title = ", "no TOML"),
    "no evidence": ('[losses]\nkind = "flat"', "no section [evidence]"),
    "unknown section": (GOOD + "[lossess]\nx = 1", "did you mean 'losses'?"),
    "unknown key": (
        _with("count = 1000", "count = 1000\nas_off = 2025-01-01"),
        "did you mean 'as_of'?",
    ),
    "unknown kind": (_with('kind = "count"', 'kind = "counts"'), "did you mean 'count'?"),
    "unknown belief": (_with('kind = "uniform"', 'kind = "unifrm"'), "did you mean 'uniform'?"),
    "missing kind": (_with('kind = "flat"', "clustering = 1"), "losses: has no kind"),
    "missing count": (_with("count = 1000", ""), "'count' is missing"),
    "text for a count": (_with("1000", '"1000"'), "evidence.names.count: must be a whole number"),
    "fraction": (_with("1000", "1000.5"), "evidence.names.count: must be a whole number"),
    "negative": (_with("1000", "-1"), "evidence.names.count: must be 0 or more"),
    "nan": (_with("1000", "nan"), "NaN"),
    "too large": (_with("1000", "99999999999999999999999"), "too large to represent"),
    "boolean": (_with("1000", "true"), "must be a whole number"),
    "percent": (_with("low = 0.4", "low = 40"), "evidence.names.coverage.low: must lie in (0, 1]"),
    "reversed": (_with("low = 0.4", "low = 0.7"), "swap"),
    "belief as number": (
        _with('{ kind = "uniform", low = 0.4, high = 0.6, reason = "graves" }', "0.5"),
        "evidence.names.coverage: must be a table",
    ),
    "date as text": (_with("count = 1000", 'count = 1000\nas_of = "May"'), "as_of: must be a date"),
    "seed": (_with("seed = 7", "seed = -7"), "seed: must be 0 or more"),
    "title": (_with('title = "a study"', "title = 3"), "title: must be text"),
    "published reversed": (GOOD + "[[published]]\nlow = 5\nhigh = 4", "published[1]"),
    "published key": (GOOD + "[[published]]\nlow = 5\nhihg = 4", "did you mean 'high'?"),
    "published missing": (GOOD + "[[published]]\nlow = 5", "'high' is missing"),
    "published as table": (GOOD + "[published]\nlow = 5\nhigh = 6", "[[published]]"),
    "scenario field": (
        GOOD + '[[scenario]]\nname = "a"\nset."names.covrage" = 1',
        "one of losses, names, losses.prior",
    ),
    "scenario value": (
        GOOD + '[[scenario]]\nname = "a"\nset."names.coverage" = { kind = "known", value = 2 }',
        "scenario[1].set.names.coverage",
    ),
    "scenario count": (
        GOOD + '[[scenario]]\nname = "a"\nset."names.count" = -2',
        "scenario[1].set.names.count",
    ),
    "scenario twice": (
        GOOD + '[[scenario]]\nname = "a"\nset."names.count" = 2\n' * 2,
        "two scenarios are named 'a'",
    ),
    "scenario name": (GOOD + '[[scenario]]\nname = "../a"\nset."names.count" = 2', "file name"),
    "claim": (GOOD + '[[claim]]\nstatement = "x"\nestimand = "total"', "state a value"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_what_is_wrong_is_told_in_one_line(name):
    text, says = BAD[name]
    with pytest.raises(UndercountError) as caught:
        parse_study(text, "s.toml")
    message = str(caught.value)
    assert says in message
    assert message.startswith("s.toml")
    assert "\n" not in message
    assert caught.value.exit_code == 3


def test_a_source_used_twice_is_refused():
    second = GOOD[GOOD.index("[evidence.names]") :].replace("evidence.names", "evidence.others")
    with pytest.raises(RefusedError, match="'a list' stands behind 'names' and 'others'"):
        parse_study(GOOD + second, "s.toml")


def test_a_source_may_not_stand_behind_its_own_derivative():
    second = GOOD[GOOD.index("[evidence.names]") :].replace("evidence.names", "evidence.others")
    second = second.replace('source = "a list"', 'source = "b"\nderived_from = ["a list"]')
    with pytest.raises(RefusedError, match="count twice"):
        parse_study(GOOD + second, "s.toml")


def test_two_lists_without_their_overlap_are_refused():
    second = GOOD[GOOD.index("[evidence.names]") :].replace("evidence.names", "evidence.others")
    with pytest.raises(UndercountError, match="overlap") as caught:
        parse_study(GOOD + second.replace('"a list"', '"b list"'), "s.toml")
    assert caught.value.exit_code == 4


def test_zero_names_need_a_proper_prior():
    with pytest.raises(UndercountError, match="gamma prior") as caught:
        parse_study(_with("1000", "0"), "s.toml")
    assert caught.value.exit_code == 4
    proper = 'kind = "flat"\nprior = { kind = "gamma", shape = 1, inverse_scale = 0.01 }'
    parse_study(_with("1000", "0").replace('kind = "flat"', proper), "s.toml")


def test_files_that_cannot_be_read(tmp_path):
    for path, says in ((tmp_path, "folder"), (tmp_path / "none.toml", "No such file")):
        with pytest.raises(DataError, match=says):
            read_study(path)
    binary = tmp_path / "x.toml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="UTF-8"):
        read_study(binary)
    record = tmp_path / "provenance.json"
    for text in ("", "[]", "{}", '{"study": 3}', '{"study": {"name": 1, "text": 2}}'):
        record.write_text(text)
        with pytest.raises(UndercountError):
            read_study(record)


def test_the_text_of_the_study_is_kept():
    assert read_study().written == article_text()
