"""The explorer: its address, its numbers, what it refuses, and whom it answers."""

import dataclasses
import json
import socket
import sys
import tomllib
from pathlib import Path

import pytest

pytest.importorskip("dash", reason="the extra `explore` is not installed")

from estimation.cli import main
from estimation.errors import DataError
from estimation.explore import answer, app, figures, runs, server
from estimation.explore.runs_page import runs_page
from estimation.explore.state import State
from estimation.study.read import article_text, parse_study

HOSTILE = '<img src=x onerror="alert(1)"> & </script><b>bold</b>'
ASKED = [
    State(), State(count=1204, shape="beta", low=0.4, high=0.7, mass=0.8),
    State(shape="logit_normal", precision_low=0.95, prob=0.9, seed=7),
    State(shape="uniform_total", published_low=None, published_high=None),
    State(shape="audited", found=62, checked=70, audit=40),
    State(count=0, prior="gamma", prior_low=1, prior_high=50, published_low=2, published_high=9.5),
]  # fmt: skip
REFUSED = {
    "swap them": State(low=0.7),
    "is empty": State(count=None),
    "write 0.45 for 45 %": State(low=45, high=65),
    "a count of zero": State(count=0),
    "must be a whole number": State(count=3.5),
    "Audit: site 1: found 9 of 5": State(shape="audited", found=9, checked=5),
    "mass": State(shape="beta", mass=1),
    "Published range: low end": State(published_low=None),
    "Prior: range": State(prior="gamma", prior_low=9, prior_high=3),
    "Interval": State(prob=1),
    "seed": State(seed=-1),
}


# -- the state ------------------------------------------------------------------------------------


def test_what_is_asked_at_first_is_the_shipped_study():
    study, state = tomllib.loads(article_text()), State()
    names, published = study["evidence"]["names"], study["published"][0]
    coverage = names["coverage"]
    assert (state.count, state.shape, state.low, state.high) == (
        names["count"], coverage["kind"], coverage["low"], coverage["high"],
    )  # fmt: skip
    assert (state.published_low, state.published_high) == (published["low"], published["high"])


@pytest.mark.parametrize("state", [*ASKED, *REFUSED.values()])
def test_an_address_gives_the_same_state(state):
    assert State.from_query("?" + state.to_query()) == (state, ())
    # what the boxes of the page hold, after JSON
    assert State.of(json.loads(json.dumps(dataclasses.asdict(state)))) == state


def test_what_an_address_says_wrongly_is_told():
    state, said = State.from_query("?count=9&lo=0.3&low=abc&high=nan&shape=round&seed=" + "9" * 999)
    assert (state.count, state.low, state.high, state.shape) == (9, None, None, "uniform")
    assert len(said) == 5
    assert "'lo' is unknown" in said[0]
    assert State.from_query("&".join("low=1" for _ in range(999)))[1]
    assert State.from_query("", State(seed=5))[0].seed == 5
    assert State.from_query("count=106745", State(seed=5))[0].seed == 1


@pytest.mark.parametrize("value", [True, [], {}, "x", None, float("inf"), 10**999])
def test_what_no_box_can_hold_is_empty(value):
    assert State.of({"low": value, "shape": value, "other": value}) == State(low=None)


@pytest.mark.parametrize("state", ASKED)
def test_the_saved_study_asks_the_same(state, tmp_path, capsys):
    path = tmp_path / "what-if.toml"
    path.write_text(state.to_toml())
    assert main(["check", str(path)]) == 0
    assert capsys.readouterr().err == ""
    study = parse_study(state.to_toml(), "what-if.toml")
    assert study.model.content() == state.model().content()
    assert [(one.low, one.high) for one in study.published] == (
        [] if state.published() is None else [(state.published_low, state.published_high)]
    )


# -- the answer -----------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [one for one in ASKED if one.to_command()])
def test_the_command_gives_the_same_numbers(state, capsys):
    words = state.to_command().split()[1:]
    found = answer.ask(state)
    assert main([*words, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert [row["median"] for row in said["estimates"]] == [row["median"] for row in found.rows]
    assert said["estimates"][0]["low"] == found.rows[0]["low"]
    assert [found.learned, *found.notes] == said["notes"]
    assert found.verdict == said["diagnostics"]["verdict"]
    assert main([*words, "--quiet"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines == [found.sentence, *([found.compared] if found.compared else [])]


@pytest.mark.parametrize("said", REFUSED)
def test_what_is_impossible_is_refused_in_words(said):
    found = answer.ask(REFUSED[said])
    assert said in found.refused
    shown = app.redrawn(REFUSED[said])
    assert found.refused in str(shown[0][0].to_plotly_json())
    assert figures.EMPTY in shown
    assert app.ahead(REFUSED[said].to_query()) is None


def test_an_audit_to_come_is_told_of_soft_beliefs_only():
    assert "hard range" in answer.look_ahead(State())
    assert "(62.7 % of today's)" in answer.look_ahead(State(shape="beta"))
    assert "1 or more" in answer.look_ahead(State(shape="beta", audit=0))


def test_the_figure_frames_what_it_shows():
    found = figures.total_figure(answer.ask(State()))
    assert found["layout"]["xaxis"]["range"] == [0.0, 250_000.0]
    moved = figures.total_figure(answer.ask(State(low=0.455)))
    assert moved["layout"]["xaxis"] == found["layout"]["xaxis"]
    alone = State(low=0.99, high=1, published_low=None, published_high=None)
    narrow = figures.total_figure(answer.ask(alone))
    low, high = narrow["layout"]["xaxis"]["range"]
    assert 100_000 < low < high < 120_000
    assert json.dumps(found, allow_nan=False)


# -- stored runs ----------------------------------------------------------------------------------


def _store(folder: Path, name: str, title: str = "Deaths in the valley") -> Path:
    place = folder / name
    (place / "figures").mkdir(parents=True)
    index = {"scenario": "other"}
    numbers = {"low": 90.0, "median": 100, "high": 120.0}
    summary = {
        "estimates": [{"name": "total", "index": one, **numbers} for one in ({}, index)],
        "diagnostics": {"verdict": "pass"}, "published": [{"says": title}], "notes": [title, 5],
    }  # fmt: skip
    text = f"title = '''{title}'''\n[[scenario]]\nname = 'other'\ntitle = '''{title}'''"
    kept = {"study": {"text": text}, "created": "2026-01-02T03:04:05+00:00", "settings": {}}
    (place / "summary.json").write_text(json.dumps(summary))
    (place / "provenance.json").write_text(json.dumps(kept))
    (place / "claims.csv").write_text(f'claim,verdict\n"{title.replace(chr(34), "")}",agrees\n')
    (place / "figures" / "totals.png").write_bytes(b"png")
    (place / "figures" / "totals.svg").write_text("<svg onload='alert(1)'/>")
    return place


@pytest.fixture
def stored(tmp_path):
    folder = tmp_path / "runs"
    _store(folder, "valley")
    (tmp_path / "secret.csv").write_text("secret")
    (tmp_path / "beside").mkdir()
    _store(tmp_path / "beside", "other")
    return folder


@pytest.fixture
def client(stored):
    return server.build_server(stored, State()).test_client()


def _get(client, address, **headers):
    return client.get(address, headers={"Host": "127.0.0.1:8050", **headers})


def test_runs_are_listed_and_shown(stored):
    (one,), number = runs.stored_runs(stored)
    assert number == 1
    assert (one.title, one.total, one.verdict) == ("Deaths in the valley", (90, 100, 120), "pass")
    shown = json.dumps(runs_page(stored, "?run=valley").to_plotly_json(), default=str)
    assert "About 100 died (interval 90 to 120)." in shown
    assert "/files?run=valley&file=figures%2Ftotals.svg" in shown
    assert [run.name for run in runs.stored_runs(stored / "valley")[0]] == ["."]
    assert runs.stored_runs(stored / "none") == ([], 0)


def test_hostile_words_are_shown_as_they_are(stored):
    _store(stored, "hostile", HOSTILE)
    found = runs.details(stored, "hostile")
    assert found.run.title == HOSTILE
    page = runs_page(stored, "run=hostile")
    assert "dangerously" not in str(page)
    assert page.children[1].children == HOSTILE  # text of an element, never HTML
    labels = figures.intervals_figure(found.totals)["layout"]["annotations"]
    assert "&lt;img" in labels[1]["text"]
    assert "<" not in labels[1]["text"].replace("<br>", "")
    assert figures.plain("<b>&lt;\x00") == "&lt;b&gt;&amp;lt; "


BROKEN = [
    "", "[]", "{", "[" * 99_999, '{"study": 9}', '{"estimates": {"a": 1}, "notes": 3}',
    '{"estimates": [{"name": "total", "index": {}, "low": NaN}]}',
    '{"study": {"text": "title = 3"}, "settings": [], "created": {}}',
]  # fmt: skip
OUTSIDE = [
    "../secret.csv", "..", "/etc/passwd", "figures/../../../secret.csv", "..\\secret.csv",
    "figures//totals.png", "", "./summary.json", "link.csv", "inside/secret.csv",
    "provenance.json\x00", ".hidden.csv", "x" * 9999 + ".csv", "figures", "notes.html", "~/x.csv",
]  # fmt: skip


@pytest.mark.parametrize("written", BROKEN)
def test_broken_runs_are_shown_with_what_is_left(stored, written):
    for name in ("summary.json", "provenance.json"):
        (stored / "valley" / name).write_text(written)
    assert [run.title for run in runs.stored_runs(stored)[0]] == ["valley"]
    assert runs_page(stored, "run=valley") is not None


@pytest.mark.parametrize("name", OUTSIDE)
def test_no_file_outside_of_the_runs_is_served(client, stored, name):
    place = stored / "valley"
    (place / "link.csv").symlink_to(stored.parent / "secret.csv")
    (place / "inside").symlink_to(stored.parent)
    for other in (".hidden.csv", "notes.html"):
        (place / other).write_text("secret")
    with pytest.raises(DataError):
        runs.run_file(stored, "valley", name)
    found = client.get(
        "/files", query_string={"run": "valley", "file": name}, headers={"Host": "localhost"}
    )
    assert found.status_code == 404
    assert b"secret\n" not in found.data


@pytest.mark.parametrize("run", ["../beside/other", "..", "/", "linked", "none", "", "valley/.."])
def test_no_run_outside_of_the_folder_is_shown(stored, run):
    (stored / "linked").symlink_to(stored.parent / "beside" / "other")
    with pytest.raises(DataError):
        runs.details(stored, run)
    assert "Deaths in the valley" not in str(runs_page(stored, f"run={run}")) or not run


def test_files_cannot_run_scripts(client):
    found = _get(client, "/files?run=valley&file=figures/totals.svg")
    assert "sandbox" in found.headers["Content-Security-Policy"]
    assert "default-src 'none'" in found.headers["Content-Security-Policy"]
    assert found.mimetype == "image/svg+xml"
    assert found.headers["X-Content-Type-Options"] == "nosniff"
    assert _get(client, "/files?run=valley&file=figures/totals.png").data == b"png"


# -- the server -----------------------------------------------------------------------------------

OURS = ["127.0.0.1", "127.0.0.1:8050", "localhost:8050", "LOCALHOST:9", "[::1]:8050"]
FOREIGN = ["evil.example", "evil.example:8050", "127.0.0.1.evil.example", "localhost.evil.example",
           "127.0.0.2:8050", "0.0.0.0:8050", "[::]:8050", "[::ffff:127.0.0.1]:8050", "::1",
           "127.0.0.1:8050, evil.example", "127.0.0.1:8050@evil.example", "127.1", "2130706433",
           "localhost.", "", "127.0.0.1:", "localhost:8050\n"]  # fmt: skip


@pytest.mark.parametrize("host", OURS)
def test_our_own_page_is_answered(client, host):
    assert client.get("/study.toml", headers={"Host": host}).status_code == 200
    same = {"Host": host, "Origin": f"http://{host}"}
    assert client.get("/study.toml", headers=same).status_code == 200


@pytest.mark.parametrize("host", FOREIGN)
def test_foreign_hosts_are_refused(client, host):
    for address in ("/", "/study.toml", "/files?run=valley&file=summary.json", "/_dash-layout"):
        found = client.get(address, environ_overrides={"HTTP_HOST": host})
        assert found.status_code == 403
        assert b"127.0.0.1" not in found.data


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "", "http://127.0.0.1:3000",
                                    "http://localhost:8050", "https://127.0.0.1:8050",
                                    "http://127.0.0.1:8050.evil.example"])  # fmt: skip
def test_foreign_origins_are_refused(client, origin):
    assert _get(client, "/", Origin=origin).status_code == 403
    posted = client.post("/_dash-update-component", json={},
                         headers={"Host": "127.0.0.1:8050", "Origin": origin})  # fmt: skip
    assert posted.status_code == 403


def test_the_page_loads_nothing_from_elsewhere(client):
    found = _get(client, "/")
    policy, page = found.headers["Content-Security-Policy"], found.text
    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    assert "script-src 'self' 'sha256-" in policy
    assert "http://" not in page.split("_dash-config")[0]
    assert "https://" not in page.split("_dash-config")[0]
    assert figures.CONFIG["displaylogo"] is False
    assert figures.CONFIG["showEditInChartStudio"] is False
    assert '<html lang="en">' in page


def test_what_is_broken_gives_one_plain_line(client, caplog):
    for sent in ({}, {"output": "x"}, [], "x"):
        found = client.post("/_dash-update-component", json=sent, headers={"Host": "localhost"})
        assert found.status_code >= 400
        assert "Traceback" not in found.text
    assert not caplog.records
    refused = _get(client, "/study.toml?low=0.9")
    assert (refused.status_code, "swap them" in refused.text) == (400, True)


def test_a_port_that_is_taken_is_told_in_one_line(capsys, stored):
    with socket.socket() as other:
        other.bind((server.ADDRESS, 0))
        other.listen()
        port = other.getsockname()[1]
        assert main(["explore", str(stored), "--port", str(port), "--no-browser"]) == 3
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "--port" in said


def test_it_ends_with_0_and_says_where_it_is(capsys, stored, monkeypatch):
    from werkzeug.serving import BaseWSGIServer

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(BaseWSGIServer, "serve_forever", interrupted)
    assert main(["explore", str(stored), "--port", "0", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["address"].startswith("http://127.0.0.1:")
    assert main(["explore", str(stored / "none")]) == 3
    assert "is no folder" in capsys.readouterr().err


def test_without_dash_it_says_what_to_install(capsys, stored, monkeypatch):
    monkeypatch.setitem(sys.modules, "dash", None)
    monkeypatch.setattr(server.importlib.util, "find_spec", lambda _: None)
    assert main(["explore", str(stored), "--port", "0"]) == 2
    assert capsys.readouterr().err.strip().endswith('pip install "undercount[explore]"')
