"""What makes a model whose coverage is learned: its numbers, its form, and what is refused."""

import dataclasses
import pickle

import numpy as np
import pytest

from models import (
    Audits,
    Beyond,
    Cells,
    Count,
    Estimates,
    Excess,
    Flat,
    GammaPrior,
    InvalidValueError,
    Model,
    NotEstimableError,
    Pooled,
    RefusedError,
    Register,
    Triangle,
    Walk,
    audited,
    between,
    known,
    uniform,
    uniform_total,
    walk_pooled,
)
from tests.contract.late_reference import triangle
from tests.contract.learned_reference import (
    DAY,
    LOGIT,
    PRECISE,
    WIDE,
    changes,
    learned_models,
    months,
    mortality,
    weeks,
)


@pytest.fixture(params=sorted(learned_models()))
def form(request):
    """Each model whose coverage is learned in turn."""
    return learned_models()[request.param]


def test_each_number_changes_the_content_and_no_label_does(form):
    content, structure = form.content(), form.structure()
    for field, value in changes(form).items():
        other = form.replace(field, value)
        assert other.content() != content, field
        assert other.structure() == structure, field
    labels = {f"{name}.{field}": "somebody" for name in form.evidence
              for field in ("source", "scope")}  # fmt: skip
    for name, item in form.evidence.items():
        labels[f"{name}.source"] = f"source of {name}"
        if isinstance(item, Audits):
            labels[f"{name}.places"] = ("here", "there", "elsewhere")
        if hasattr(item, "share") or name == "names":
            field = "share" if hasattr(item, "share") else "coverage"
            belief = dataclasses.replace(getattr(item, field), reason="because", source="a book")
            labels[f"{name}.{field}"] = belief
    other = form.replace_all(labels)
    assert other.content() == content
    assert other.structure() == structure


def test_spans_and_steps_change_the_content():
    model = learned_models()["walk-audits"]
    contents = [model.content()]
    for end in (DAY(2024, 1, 1), DAY(2024, 3, 1)):
        contents.append(model.replace("graves.end", end).content())
    of = model.evidence["probate"].estimates
    for day in (DAY(2023, 12, 15), DAY(2023, 12, 17)):
        moved = dataclasses.replace(of, end=(day, *of.end[1:]))
        contents.append(model.replace("probate.estimates", moved).content())
    # the same counts by week or month drift by other steps, and years divide them elsewhere
    by_month = learned_models()["walk-excess"]
    assert by_month.joint.listed.step == "week"
    total = {"register": learned_models()["flat-register"].evidence["probate"]}
    graves = {
        "graves": dataclasses.replace(model.evidence["graves"], begin=None, end=DAY(2024, 1, 1))
    }
    for cells in (months(weeks().counts[:, 0]), weeks()):
        parts = {"names": Count(cells, LOGIT, coverage_drift=0.5), **total, **graves}
        contents.append(Model(Walk(), parts).content())
    assert all(one != other for at, one in enumerate(contents) for other in contents[:at])


def variants():
    """Return models that differ in form from each other, by what differs."""
    found = dict(learned_models())
    drift, flat, audits = (found[key] for key in ("walk-drift", "flat-register", "flat-audits"))
    table, late = found["walk-excess"], found["triangle-excess"]
    graves = audits.evidence["graves"]
    deaths = table.evidence["excess"].deaths
    return found | {
        "no drift": drift.replace("names.coverage_drift", 0.0),
        "known share": drift.replace("probate.share", known(0.9)),
        "other kind": drift.replace("names.coverage", between(0.3, 0.7, 0.9)),
        "precision": drift.replace("names.precision", PRECISE),
        "walk drift": drift.replace("losses.drift", 0.1),
        "other name": Model(flat.losses, {"list": flat.base, "probate": flat.evidence["probate"]}),
        "other register": Model(flat.losses, {"names": flat.base, "a": flat.evidence["probate"]}),
        "another place": audits.replace("graves", dataclasses.replace(
            graves, found=(1, *graves.found), checked=(2, *graves.checked), places=())),
        "one pandemic year": table.replace("excess.deaths", dataclasses.replace(
            deaths, pandemic=deaths.pandemic[:1])),
        "other pandemic year": table.replace("excess.deaths", dataclasses.replace(
            deaths, pandemic=deaths.pandemic[1:])),
        "reports drift": late.replace("names.delays", dataclasses.replace(
            late.base.delays, drift=0.1)),
    }  # fmt: skip


def test_models_of_different_form_differ_in_structure():
    structures = {name: model.structure() for name, model in variants().items()}
    names = list(structures)
    for at, name in enumerate(names):
        for other in names[:at]:
            assert structures[name] != structures[other], (name, other)


def test_models_pickle(form):
    again = pickle.loads(pickle.dumps(form))
    assert again.content() == form.content()
    assert again.structure() == form.structure()


COUNT = Count(2_000, WIDE)
WALKED = Count(months(), WIDE)
TOTAL = Register(Estimates([3_900.0], [0.05]))
GRAVES = Audits(found=(12, 9), checked=(20, 20))


def flat(count=COUNT, losses=None, **evidence):
    return Model(losses or Flat(), {"names": count, **(evidence or {"probate": TOTAL})})


def walk(count=WALKED, losses=None, **evidence):
    return Model(losses or Walk(), {"names": count, **(evidence or {"probate": TOTAL})})


def of_span(begin, end, **options):
    return Register(Estimates([600.0], [0.1], begin=(begin,), end=(end,)), **options)


def table(**options):
    cells = months()
    return Count(dataclasses.replace(cells, **options), WIDE)


def late(**options):
    return Triangle(triangle(**options), WIDE)


REFUSED = {
    "hard coverage": (RefusedError, "hard range.*with a mass",
                      lambda: flat(Count(2_000, uniform(0.45, 0.65)))),
    "hard total": (RefusedError, "hard range",
                   lambda: flat(Count(2_000, uniform_total(0.45, 0.65)))),
    "hard precision": (RefusedError, "evidence.names.precision",
                       lambda: flat(Count(2_000, WIDE, uniform(0.9, 0.98)))),
    "hard coverage beside audits": (RefusedError, "hard range",
                                    lambda: flat(Count(2_000, uniform(0.45, 0.65)), graves=GRAVES)),
    "hard share": (RefusedError, "hard range", lambda: flat(
        probate=dataclasses.replace(TOTAL, share=uniform(0.8, 0.9)))),
    "tabulated coverage": (RefusedError, "tabulated.*closed form", lambda: flat(
        Count(2_000, audited([12, 30, 5, 22], [20, 40, 20, 31])))),
    "tabulated share": (RefusedError, "evidence.probate.share.*tabulated", lambda: flat(
        probate=dataclasses.replace(TOTAL, share=audited([12, 30, 5, 22], [20, 40, 20, 31])))),
    "strata": (RefusedError, "has strata", lambda: walk(Count(
        Cells(np.full((8, 2), 40), months().periods, "month", ("a", "b")), WIDE))),
    "strata of reports": (RefusedError, "has strata", lambda: walk(
        late(strata=2), walk_pooled())),
    "pooled": (RefusedError, "pooled losses", lambda: Model(
        Pooled(), {"names": Count(Cells(np.full((1, 2), 40), strata=("a", "b")), WIDE),
                   "probate": TOTAL})),
    "undated": (RefusedError, "without a period", lambda: walk(table(undated=[5]))),
    "undated reports": (RefusedError, "without a period", lambda: walk(
        late(undated=np.full((6, 1), 2)))),
    "missing": (RefusedError, "not observed", lambda: walk(
        table(missing=np.arange(8)[:, None] == 3))),
    "drift of one total": (RefusedError, "nothing informs how", lambda: walk(
        Count(months(), WIDE, coverage_drift=0.5))),
    "drift beside audits of all": (RefusedError, "nothing informs how", lambda: walk(
        Count(months(), WIDE, coverage_drift=0.5), graves=GRAVES)),
    "drift alone": (RefusedError, "nothing informs how", lambda: Model(
        Walk(), {"names": Count(months(), WIDE, coverage_drift=0.5)})),
    "one source twice": (RefusedError, "count twice", lambda: flat(
        probate=dataclasses.replace(TOTAL, source="book"),
        graves=dataclasses.replace(GRAVES, source="book"))),
    "derived from a source": (RefusedError, "count twice", lambda: flat(
        probate=dataclasses.replace(TOTAL, source="book"),
        graves=dataclasses.replace(GRAVES, derived_from=("book",)))),
    "belief from evidence": (RefusedError, "evidence 'probate' too", lambda: flat(
        Count(2_000, between(0.3, 0.7, 0.9, source="book")),
        probate=dataclasses.replace(TOTAL, source="book"))),
    "share from evidence": (RefusedError, "evidence 'graves' too", lambda: flat(
        probate=dataclasses.replace(TOTAL, share=between(0.8, 0.9, 0.9, source="book")),
        graves=dataclasses.replace(GRAVES, derived_from=("book",)))),
    "two lists": (NotEstimableError, "2 lists", lambda: flat(other=COUNT)),
    "no list": (NotEstimableError, "no list", lambda: Model(Flat(), {"probate": TOTAL})),
    "gamma prior": (RefusedError, "gamma prior", lambda: flat(
        losses=Flat(GammaPrior(10.0, 0.01)))),
    "clustering": (RefusedError, "clustering", lambda: flat(losses=Flat(clustering=5.0))),
    "zero names": (InvalidValueError, "zero names", lambda: flat(Count(0, WIDE))),
    "half a period": (InvalidValueError, "only a part of the month", lambda: walk(
        probate=of_span(DAY(2023, 9, 1), DAY(2023, 12, 16)))),
    "outside": (InvalidValueError, "outside the periods", lambda: walk(
        probate=of_span(DAY(2023, 8, 1), DAY(2023, 12, 1)))),
    "outside, split": (InvalidValueError, "outside the periods", lambda: walk(
        probate=of_span(None, DAY(2024, 5, 2), split=True))),
    "span without periods": (InvalidValueError, "no periods", lambda: flat(
        probate=of_span(None, DAY(2024, 1, 1)))),
    "audits of half a period": (InvalidValueError, "only a part of the month", lambda: walk(
        graves=dataclasses.replace(GRAVES, begin=DAY(2023, 9, 16)))),
    "excess without periods": (InvalidValueError, "needs losses by period", lambda: flat(
        excess=Excess(mortality(2023)))),
    "year of war before periods": (InvalidValueError, "before the first period", lambda: walk(
        excess=Excess(mortality(2022)))),
    "year of war that goes on": (InvalidValueError, "outside the periods", lambda: walk(
        excess=Excess(dataclasses.replace(mortality(2024), first_year=2023)))),
    "losses before the war": (InvalidValueError, "a year without war", lambda: walk(
        excess=Excess(mortality(2024)))),
    "audits with triangle": (RefusedError, "list of one day", lambda: walk(
        late(), graves=GRAVES)),
    "known coverage": (RefusedError, "taken as known", lambda: flat(Count(2_000, known(0.5)))),
    "all are listed": (RefusedError, "taken as known", lambda: walk(Triangle(triangle()))),
    "tail": (RefusedError, "a tail stands", lambda: walk(
        dataclasses.replace(late(), tail=between(0.02, 0.1, 0.9)))),
    "beyond the longest delay": (RefusedError, "delay is not known .beyond", lambda: walk(
        late(late=5, beyond=np.full((6, 1), 2)))),
    "masked": (RefusedError, "delay is not known .masked", lambda: walk(
        late(masked=np.arange(6)[:, None] + np.arange(4) <= 1))),
    "rows that overlap": (InvalidValueError, "rows overlap", lambda: walk(probate=Register(
        Estimates([600.0, 900.0], [0.1, 0.1], end=(DAY(2024, 1, 1), DAY(2024, 3, 1)))))),
    "rows of the same periods": (InvalidValueError, "the same periods", lambda: walk(
        probate=Register(Estimates([900.0, 901.0], [0.1, 0.1], 0.5, (None, DAY(2023, 9, 1)))))),
    "word of the graph": (InvalidValueError, "word of the graph", lambda: flat(latent=TOTAL)),
    "one name in another": (InvalidValueError, "begins with", lambda: flat(
        names_of_graves=GRAVES)),
    "beyond named like evidence": (InvalidValueError, "another part", lambda: Model(
        Flat(), {"names": COUNT, "probate": TOTAL}, {"probate": Beyond(10, 20, 0.9)})),
    "flat triangle": (RefusedError, "flat losses", lambda: flat(late())),
    "walk of one number": (InvalidValueError, "table by period", lambda: walk(COUNT)),
    "flat table": (InvalidValueError, "not a table", lambda: flat(WALKED)),
}  # fmt: skip


@pytest.mark.parametrize("what", sorted(REFUSED))
def test_what_is_refused_before_any_sampling(what):
    error, words, build = REFUSED[what]
    with pytest.raises(error, match=words):
        build()


def test_what_is_not_refused():
    """The neighbors of what is: hard beliefs of a list alone, spans split by days."""
    assert Model(Flat(), {"names": Count(2_000, uniform(0.45, 0.65))}).joint.exact
    split = walk(probate=of_span(DAY(2023, 9, 1), DAY(2023, 12, 16), split=True))
    assert split.joint.weights["probate"][0, 3] == pytest.approx(15 / 31)
    source = dataclasses.replace(TOTAL, source="book", share=between(0.8, 0.9, 0.9, source="book"))
    assert flat(probate=source).joint.form.size == 4
