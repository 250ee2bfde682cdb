"""What-if of stored runs, answers beside each other, and what one has put in by hand."""

import dataclasses
import json
from pathlib import Path

import pytest

pytest.importorskip("dash", reason="the extra `explore` is not installed")

from estimation.errors import DataError
from estimation.explore import app, output
from estimation.explore.address import MOST_KEPT, Asked, kept_states
from estimation.explore.answer import ask
from estimation.explore.beside import beside, how_equal
from estimation.explore.changes import differences, own_numbers
from estimation.explore.figures import EMPTY, coverage_figure, total_figure
from estimation.explore.runs_page import runs_page
from estimation.explore.state import State
from estimation.explore.stored import Question, stored_question

ASKED = [
    State(), State(count=1204, shape="beta", low=0.4, high=0.7, mass=0.8, prob=0.9, seed=7),
    State(shape="logit_normal", precision_low=0.95, audit=40),
    State(shape="uniform_total", published_low=None, published_high=None),
    State(shape="audited", found=62, checked=70), State(low=0.5, high=0.5),
    State(count=0, prior="gamma", prior_low=1, prior_high=50, published_low=2, published_high=9.5),
]  # fmt: skip


def store(folder: Path, name: str, study: str, prob: float = 0.95, **changed: object) -> Path:
    """Write the folder of a run as `undercount run` does, as far as the explorer reads it."""
    place = folder / name
    (place / "figures").mkdir(parents=True)
    found = ask(State(prob=prob))
    row = {key: found.rows[0][key] for key in ("low", "median", "high")}
    checks = [{"name": "mcse", "value": 0.001, "verdict": "pass", "says": "base: error"},
              {"name": "ess", "value": 40_000, "verdict": "pass", "says": "base: draws"},
              {"name": "ess", "value": 9, "verdict": "fail", "says": "other: few"}]  # fmt: skip
    summary = {"prob": prob, "estimates": [{"name": "total", "index": {}, **row}], "published": [],
               "diagnostics": {"verdict": "fail", "checks": checks}, "notes": []}  # fmt: skip
    record = {
        "study": {"name": "what-if.toml", "text": study},
        "seed": 1,
        "versions": {},
        "settings": {"prob": prob},
        "files": {},
        "created": "2026-01-02T03:04:05+00:00",
    }
    (place / "summary.json").write_text(json.dumps(summary))
    (place / "provenance.json").write_text(json.dumps({**record, **changed}))
    (place / "figures" / "totals.svg").write_text("<svg/>")
    (place / "figures" / "totals.png").write_bytes(b"png")
    return place


def _text(shown: object) -> str:
    return json.dumps(shown, default=lambda one: one.to_plotly_json())


# -- from a run to a question ---------------------------------------------------------------------


@pytest.mark.parametrize("state", ASKED)
def test_a_saved_study_that_was_run_asks_the_same(state, tmp_path):
    store(tmp_path, "run", state.to_toml(), state.prob, seed=state.seed)
    found = stored_question(tmp_path, "run")
    assert found.state == state.settled()
    assert found.state.model().content() == state.model().content()
    assert (found.draws, found.error, found.prob) == (40_000, 0.001, state.prob)
    # the link of the run's page opens that question, with the run beside it
    page = _text(runs_page(tmp_path, "run=run"))
    query = Asked(state.settled(), "run").to_query()
    assert f"/?{query}" in page
    assert Asked.from_query(query) == (Asked(state.settled(), "run"), ())
    assert (f"--prob {state.prob}" in state.to_toml()) == (state.prob != 0.95)


LOSSES = "[losses]\nkind = 'flat'\n"
COUNT = "[evidence.names]\nkind = 'count'\ncount = 5\n"
COVERAGE = "[evidence.names.coverage]\nkind = 'uniform'\nlow = 0.4\nhigh = 0.6\n"
OTHERS = {
    "cannot be read": "losses = [",
    "told apart by time or place": "[losses]\nkind = 'walk'\n" + COUNT + COVERAGE,
    "in clusters": LOSSES + "clustering = 2.0\n" + COUNT + COVERAGE,
    "2 kinds of evidence": LOSSES + COUNT + COVERAGE + "[evidence.graves]\nkind = 'audits'",
    "does not rest on a count": LOSSES + "[evidence.names]\nkind = 'lists'",
    "is a table": LOSSES + COUNT.replace("count = 5", "table = {}") + COVERAGE,
    "no source sees": LOSSES + COUNT + COVERAGE + "[beyond.others]\nlow = 1",
    "deviation": LOSSES + COUNT + "deviation = 0.3\n" + COVERAGE,
    "several sites": LOSSES + COUNT + "coverage = { kind = 'audited', found = [1, 2], "
    "checked = [3, 4] }",
    "sliders cannot express": LOSSES + COUNT + "coverage = { kind = 'beta', alpha = 2 }",
    "no hard range": LOSSES + COUNT + "precision = { kind = 'beta' }\n" + COVERAGE,
    "central 95 %": LOSSES + "prior = { kind = 'gamma', shape = 2 }\n" + COUNT + COVERAGE,
    "that no slider takes": LOSSES + COUNT.replace("5", "'5'") + COVERAGE,
    "refuses": LOSSES + COUNT + COVERAGE.replace("0.4", "0.9"),
}  # fmt: skip


@pytest.mark.parametrize("said", OTHERS)
def test_others_say_in_one_sentence_why_not(said, tmp_path):
    store(tmp_path, "run", OTHERS[said])
    found = stored_question(tmp_path, "run")
    assert found.state is None
    assert said in found.why_not
    page = _text(runs_page(tmp_path, "run=run"))
    assert "No what-if: " in page
    assert "Ask what if" not in page
    # an address that names it nevertheless is told
    shown = app.opened("/", "?count=5&run=run", State(), tmp_path)
    assert said in _text(shown[4])
    assert shown[1] == {"run": "", "kept": []}


def test_folders_of_other_commands_say_so(tmp_path):
    store(tmp_path, "run", State().to_toml(), settings={"command": "lists"})
    assert "undercount lists" in stored_question(tmp_path, "run").why_not
    with pytest.raises(DataError):
        stored_question(tmp_path, "../run")
    assert "is no stored run" in _text(app.opened("/", "?run=none", State(), tmp_path)[4])


def test_it_is_told_how_equal_the_numbers_are(tmp_path):
    store(tmp_path, "run", State().to_toml())
    stored = stored_question(tmp_path, "run")
    said = how_equal(ask(State()), stored)
    assert said.startswith("Nothing was moved: both are draws of the same posterior (40,000 stored")
    assert "differ by 0 deaths at most" in said
    off = dataclasses.replace(stored, numbers=(1e5, 2e5, 3e5))
    assert "more than chance explains" in how_equal(ask(State()), off)
    moved = how_equal(ask(State(low=0.5)), stored)
    assert moved.startswith("Moved: Coverage: low end 0.45, now 0.5. The median is ")
    assert "fewer than stored; the interval is 0.68 times" in moved
    assert "no number now" in how_equal(ask(State(low=0.9)), stored)
    assert "no total" in how_equal(ask(State()), dataclasses.replace(stored, numbers=None))
    shown = _text(beside(ask(State(low=0.5)), stored, ()))
    assert shown.index("as stored") < shown.index("as set now")


# -- answers beside each other --------------------------------------------------------------------


def test_kept_answers_are_in_the_address():
    asked = Asked(State(low=0.5), "a run & more", (State(), State(shape="beta"), State(low=None)))
    assert Asked.from_query("?" + asked.to_query()) == (asked, ())
    many = [State(count=count).to_query() for count in range(1, 9)]
    states, dropped = kept_states(many)
    assert (len(states), dropped) == (MOST_KEPT, True)
    for hostile in ([7], ["<script>"], ["x" * 9999], [""], "count=5", None, [many[0], many[0]]):
        assert len(kept_states(hostile)[0]) < 2
    found, said = Asked.from_query("count=5&kept=%3Cscript%3E&run=" + "x" * 999)
    assert (found, len(said)) == (Asked(State(count=5)), 2)


def test_kept_answers_are_drawn_and_listed():
    now, kept = ask(State()), [State(shape="beta"), State(low=0.9)]
    figure = total_figure(now, [ask(one) for one in kept], (150_000.0, 2e5, 260_000.0))
    names = [trace["name"] for trace in figure["data"]]
    assert names.count("kept A") == 1
    assert "kept B" not in names  # a refused answer has no curve
    assert names.count("as stored") == 1
    assert json.dumps(figure, allow_nan=False)
    shown = _text(beside(now, None, kept))
    assert "Coverage: low end 0.9, now 0.45" in shown
    assert "no number" in shown
    assert "Forget kept B" in shown
    assert beside(now, None, ()) == []


def test_what_moved_is_told_in_words():
    assert differences(State(mass=0.5), State(mass=0.8)) == []  # a hard range has none
    assert differences(State(), State(published_low=None, seed=3)) == [
        "Published range: low end 164,223, now empty", "seed 1, now 3"]  # fmt: skip
    assert differences(State(), State(shape="audited"))[0].startswith("Coverage: form")


# -- what one has put in --------------------------------------------------------------------------


@pytest.mark.parametrize("state", ASKED)
def test_the_belief_stands_beside_what_the_count_taught(state):
    found = ask(state)
    figure = coverage_figure(found)
    assert (figure is EMPTY) == (state.low == state.high)
    assert json.dumps(figure, allow_nan=False)
    shown = _text(output.own(found))
    assert "your judgment" in shown
    assert found.learned in shown
    assert "before" in figure["data"][1]["name"] if figure["data"] else True
    if state.prior == "scale" and state.low != state.high:
        assert "says nothing about its own coverage" in found.learned


def test_data_and_judgment_are_told_apart():
    said = own_numbers(State(shape="audited", prior="gamma", precision_low=0.9))
    assert [one.partition(":")[0] for one in said] == [
        "Names", "Coverage", "Precision", "Expected deaths"]  # fmt: skip
    assert "data of an audit" in said[1]
    assert "0.9 to 1, a hard range" in said[2]


def test_agreement_that_confirms_nothing_is_loud():
    shown = _text(output.verdict(ask(State())))
    assert '"Strong"' in shown
    assert "weighty" in shown
    assert "same assumption, no independent check" in shown
    assert "Checks of the draws: pass." in shown
    assert "weighty" not in _text(output.verdict(ask(State(low=0.5))))
    assert output.verdict(ask(State(low=0.9))) == []


def test_no_older_number_stays_where_something_broke():
    whole = app.redrawn(State(), {"run": "", "kept": []})
    broken = app.withdrawn(State(), ZeroDivisionError("secret"))
    assert len(broken) == len(whole)
    assert "our fault: ZeroDivisionError" in _text(broken[0])
    assert "secret" not in _text(broken)
    assert [type(one) for one in broken[10:11]] == [dict]


def test_a_run_shows_its_drawings_and_what_failed(tmp_path):
    store(tmp_path, "run", State().to_toml(), failed={"weekly": "few draws"},
          figures="figures/totals.png")  # fmt: skip
    page = _text(runs_page(tmp_path, "run=run"))
    assert "figures%2Ftotals.svg" in page
    assert "figures%2Ftotals.png" not in page
    assert "Shaded" in page or "Total deaths" in page  # what the figure finds
    assert "weekly: few draws" in page
    assert "other: few" in page
    assert isinstance(stored_question(tmp_path, "run"), Question)
