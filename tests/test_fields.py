"""Fields of a model by dotted names."""

import pytest

from estimation.errors import InvalidValueError
from estimation.sensitivity.axes import replaced, words_of
from models import (
    Beta,
    Count,
    Flat,
    GammaPrior,
    Known,
    LogitNormal,
    Model,
    Uniform,
    audited,
    between,
    uniform,
    walk_pooled,
)
from models.fields import field_names, value_of
from models.fields import replaced as replaced_part


def flat(coverage=None, **words):
    return Model(Flat(), {"names": Count(1_000, coverage or between(0.45, 0.65, 0.9), **words)})


def test_a_belief_is_restated_in_the_words_it_was_stated_in():
    changed = flat().replace("names.coverage.mass", 0.5).base.coverage
    assert (changed.alpha, changed.beta) == (between(0.45, 0.65, 0.5).alpha,
                                             between(0.45, 0.65, 0.5).beta)  # fmt: skip
    assert changed.stated == (0.45, 0.65, 0.5)
    low = flat(between(0.45, 0.65, 0.9, "logit_normal", reason="why")).replace(
        "names.coverage.low", 0.3
    )
    assert isinstance(low.base.coverage, LogitNormal)
    assert low.base.coverage.stated == (0.3, 0.65, 0.9)
    assert low.base.coverage.reason == "why"


def test_what_was_stated_goes_when_a_parameter_is_replaced():
    changed = flat().replace("names.coverage.alpha", 9.0).base.coverage
    assert changed == Beta(9.0, between(0.45, 0.65, 0.9).beta)
    assert changed.stated is None
    hard = flat(uniform(0.45, 0.65)).replace("names.coverage.low", 0.3).base.coverage
    assert hard == Uniform(0.3, 0.65)
    assert hard.stated == (0.3, 0.65, 1.0)  # the division that agreement looks at


def test_values_are_read_and_replaced_at_any_depth():
    model = Model(Flat(GammaPrior(2.0, 0.1)), {"names": Count(10, uniform(0.4, 0.6))})
    assert model.value_of("losses.prior.shape") == 2.0
    assert model.replace("losses.prior.shape", 3).losses.prior.shape == 3.0
    assert model.value_of("names.precision.value") == 1.0
    assert flat().value_of("names.coverage.high") == 0.65


@pytest.mark.parametrize(
    ("field", "where"), [("losses.step", "walk"), ("losses.walk.step", "walk"),
                         ("losses.spread", "pooled"), ("losses.own_step", "")]
)  # fmt: skip
def test_the_parts_of_a_product_stand_side_by_side(field, where):
    losses = walk_pooled(own_step=0.2)
    part = replaced_part({"losses": losses}, {field: 0.7})["losses"]
    owner = getattr(part, where) if where else part
    assert getattr(owner, field.rpartition(".")[2]) == 0.7
    assert value_of({"losses": part}, field) == 0.7


@pytest.mark.parametrize("field", ["names.covrage", "nobody", "names.coverage.low.x", "losses."])
def test_an_unknown_field_is_told_those_that_exist(field):
    with pytest.raises(InvalidValueError, match=r"one of losses, names, losses\.prior") as error:
        flat().replace(field, 1)
    for name in ("names.coverage.low", "names.coverage.alpha", "names.precision.value"):
        assert name in str(error.value)


@pytest.mark.parametrize(
    ("field", "value", "place"),
    [("names.coverage.low", 0.9, "names.coverage"), ("names.precision.value", 2, "names.precision"),
     ("names.count", -1, "names"), ("losses.clustering", -1, "losses")],
)  # fmt: skip
def test_a_refused_value_is_told_with_its_place(field, value, place):
    with pytest.raises(InvalidValueError, match=rf"^{place}"):
        flat().replace(field, value)


def test_fields_are_replaced_at_once_so_that_none_meets_an_old_value():
    model = flat(uniform(0.45, 0.65))
    values = {"names.coverage.low": 0.7, "names.coverage.high": 0.9, "names.count": 12}
    changed = model.replace_all(values)
    assert changed.base.coverage == Uniform(0.7, 0.9)
    assert changed.base.count == 12
    assert flat().replace_all(
        {"names.coverage.low": 0.7, "names.coverage.high": 0.9}
    ).base.coverage.stated == (0.7, 0.9, 0.9)
    values = {"losses.step": 0.5, "losses.spread": 2.0, "losses.walk.tail": 9.0}
    losses = replaced_part({"losses": walk_pooled()}, values)["losses"]
    assert (losses.walk.step, losses.walk.tail, losses.pooled.spread) == (0.5, 9.0, 2.0)


def test_a_number_goes_into_the_belief_that_is_put_there_at_once():
    values = {"names.coverage.low": 0.2, "names.coverage": uniform(0.4, 0.6)}
    assert flat(uniform(0.45, 0.65)).replace_all(values).base.coverage == Uniform(0.2, 0.6)
    with pytest.raises(InvalidValueError, match=r"^names.coverage: no field 'mass'; one of low"):
        flat().replace_all({"names.coverage.mass": 0.5, "names.coverage": uniform(0.4, 0.6)})
    with pytest.raises(InvalidValueError, match="either follows from the other"):
        flat().replace_all({"names.coverage.mass": 0.5, "names.coverage.alpha": 3.0})


def test_the_table_of_a_belief_from_sites_is_not_varied():
    model = flat(audited([3, 5], [10, 9]))
    assert not [name for name in model.field_names() if name.startswith("names.coverage.")]
    assert "names.coverage" in field_names({"names": model.base})


def test_a_number_for_a_belief_is_a_known_share():
    assert replaced(flat(), "names.coverage", 0.5).base.coverage == Known(0.5)
    assert replaced(flat(), "names.coverage.low", 0.5).base.coverage.stated[0] == 0.5
    with pytest.raises(InvalidValueError, match=r"^names.coverage"):
        replaced(flat(), "names.coverage", 1.5)


def test_values_have_words():
    assert words_of(uniform(0.4, 0.6)).startswith("uniform, all between 0.4 and 0.6")
    assert [words_of(value) for value in (0.25, "threads", Flat())] == ["0.25", "threads", "flat"]
    assert "mean 20 deaths" in words_of(GammaPrior(2.0, 0.1))
