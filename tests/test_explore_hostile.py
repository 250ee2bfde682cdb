"""The explorer under attack: whoever asks from elsewhere, sends too much, or made a stored run."""

import json
import os

import pytest

pytest.importorskip("dash", reason="the extra `explore` is not installed")

from estimation.explore import runs, server
from estimation.explore.records import json_object, study_title
from estimation.explore.run_findings import findings
from estimation.explore.runs_page import runs_page
from estimation.explore.state import State
from tests.test_explore_stored import store

HOSTILE = '<img src=x onerror="alert(1)">=cmd()\x07'
OWN = {"Host": "127.0.0.1:8050"}


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    store(folder, "valley", State().to_toml())
    return server.build_server(folder, State()).test_client()


def _text(shown: object) -> str:
    return json.dumps(shown, default=lambda one: one.to_plotly_json())


LINK = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
ELSEWHERE = [
    {"Referer": "http://evil.example/"}, {"Referer": "http://127.0.0.1:80500/"},
    {"Referer": "http://127.0.0.1:8050.evil.example/"}, {"Referer": "null"},
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"},
    {**LINK, "Sec-Fetch-Dest": "iframe"}, {"Sec-Fetch-Site": "x"},
]  # fmt: skip


@pytest.mark.parametrize("headers", ELSEWHERE)
def test_nobody_elsewhere_is_answered(client, headers):
    for path in ("/", "/study.toml", "/files?run=valley&file=summary.json", "/_dash-layout"):
        assert client.get(path, headers=OWN | headers).status_code == 403


def test_a_link_elsewhere_opens_the_page_and_nothing_else(client):
    seen = OWN | LINK | {"Referer": "https://wiki.example/"}
    assert client.get("/?count=5", headers=seen).status_code == 200
    assert client.post("/", headers=seen).status_code == 403
    for path in ("/study.toml?count=5", "/files?run=valley&file=summary.json", "/_dash-layout"):
        assert client.get(path, headers=seen).status_code == 403
    ours = OWN | {"Referer": "http://127.0.0.1:8050/?count=5", "Sec-Fetch-Site": "same-origin"}
    assert client.get("/study.toml", headers=ours).status_code == 200


@pytest.mark.parametrize("path", [
    "/_reload-hash", "/anything", "/_favicon.ico", "/..%2f..%2fetc/passwd", "//evil.example",
    "/assets/../server.py", "/assets/%2e%2e/server.py", "/_dash-component-suites/dash/../../x.py",
    "/_dash-component-suites/os/path.py", "/files/../secret", "/runs/valley",
])  # fmt: skip
def test_there_are_no_other_pages(client, path):
    found = client.get(path, headers=OWN)
    assert found.status_code in (403, 404, 500)
    assert "import" not in found.text
    assert "Traceback" not in found.text


def _update(client, part, values, **changed):
    """Send what the page sends when something moves."""
    listed = client.get("/_dash-dependencies", headers=OWN).json
    found = next(one for one in listed if part in one["output"])
    named = [dict(zip(("id", "property"), part.split("."), strict=True))
             for part in found["output"].strip(".").split("...")]  # fmt: skip
    sent = {
        "output": found["output"], "state": [], "changedPropIds": [],
        "outputs": named if len(named) > 1 else named[0],
        "inputs": [{**one, "value": values.get(one["id"])} for one in found["inputs"]], **changed,
    }  # fmt: skip
    return client.post("/_dash-update-component", json=sent, headers=OWN)


HELD = [{"run": "../..", "kept": ["<script>", 7, {}]}, {"run": {}, "kept": "x" * 9999}, [], "x", 7,
        {"run": HOSTILE, "kept": [HOSTILE] * 999}]  # fmt: skip


@pytest.mark.parametrize("value", ["1e400", "nan", 10**30, -1, HOSTILE, [[]], {"a": 1}, True])
def test_whatever_a_page_sends_is_answered_in_words(client, value):
    for held in HELD:
        found = _update(client, "answer.children", {"count": value, "held": held, "shape": value})
        assert found.status_code == 200
        told = found.json["response"]
        assert told["answer"]["children"][0]["props"]["className"] == "refused"
        assert told["query"]["data"]["run"] == ""
        assert "onerror" not in found.text
    for path in ("/", "/runs", 7, [], {"a": 1}):
        assert _update(client, "opened.data", {"address": path}).status_code == 200
    assert _update(client, "ahead.children", {"settled": value}).status_code == 200


def test_what_is_not_ours_or_too_much_is_refused(client):
    foreign = {"output": "..x.children...", "outputs": [{"id": "x", "property": "children"}]}
    assert _update(client, "answer.children", {}, **foreign).status_code >= 400
    assert _update(client, "answer.children", {"count": "9" * 200_000}).status_code == 413
    deep = '{"output":' + "[" * 40_000
    found = client.post("/_dash-update-component", data=deep, content_type="application/json",
                        headers=OWN)  # fmt: skip
    assert 400 <= found.status_code < 500
    assert found.text.count("\n") == 1


@pytest.mark.parametrize("query", [
    "count=1e400", "count=" + "9" * 4000, "low=-0", "count=-5", "count=1e30", "prob=1e-300",
    "seed=-1", "audit=1e15&shape=beta", "low=%00", "count=%F0%9F%92%80", "low=<script>",
    "kept=" + "kept%3D" * 50, "run=" + "%2e%2e%2f" * 30, "&" * 5000, "count=5;low=3",
])  # fmt: skip
def test_hostile_addresses_give_words_or_a_study(client, query):
    found = client.get(f"/study.toml?{query}", headers=OWN)
    assert found.status_code in (200, 400)
    assert found.mimetype in ("text/plain", "application/toml")
    opened = _update(client, "opened.data", {"address": f"?{query}"})
    assert opened.status_code == 200


def test_damaged_and_hostile_runs_are_shown_as_words(tmp_path):
    place = store(tmp_path, "hostile", f"title = '''{HOSTILE[:-1]}'''", failed={HOSTILE: HOSTILE},
                  created=HOSTILE, figures=HOSTILE, settings={"command": HOSTILE})  # fmt: skip
    (place / "figures" / "<b>.svg").write_text(f"<svg onload={HOSTILE}>")
    (place / "claims.csv").write_text(f"claim,{HOSTILE}\n{HOSTILE},=1\n")
    shown = _text(runs_page(tmp_path, "run=hostile"))
    assert "dangerously" not in shown
    assert "javascript:" not in shown
    assert runs.details(tmp_path, "hostile").run.title == HOSTILE[:-1]


def test_nothing_holds_up_a_page(tmp_path):
    place = store(tmp_path, "run", State().to_toml())
    # a pipe would wait for ever, a link could lead anywhere, a long file would take its time
    for name in ("summary.json", "claims.csv"):
        (place / name).unlink(missing_ok=True)
        os.mkfifo(place / name)
    (place / "x.csv").symlink_to("/dev/zero")
    (tmp_path / "piped").mkdir()
    os.mkfifo(tmp_path / "piped" / "provenance.json")
    assert [run.total for run in runs.stored_runs(tmp_path)[0]] == [None]
    assert runs_page(tmp_path, "run=run") is not None
    assert findings(place, ("figures/totals.svg",)) == {}
    large = store(tmp_path, "large", State().to_toml()) / "summary.json"
    with large.open("w") as file:
        file.truncate(21_000_000)
    assert json_object(large) == {}


@pytest.mark.parametrize("text", ["a" + ".a" * 9999 + " = 1", "a = " + "[" * 9999, "x" * 600_000,
                                  "a = " + "9" * 9999, "title = 7"])  # fmt: skip
def test_studies_that_take_long_are_not_read(text):
    assert study_title({"study": {"text": text}}) == ""
    assert study_title({"study": {"text": "title = 'T'\n[losses"}}) == "T"


def test_many_runs_have_pages(tmp_path, monkeypatch):
    monkeypatch.setattr(runs, "PAGE", 2)
    for name in "abcde":
        store(tmp_path, name, State().to_toml())
    pages = [runs.stored_runs(tmp_path, page) for page in range(4)]
    assert [len(found) for found, _ in pages] == [2, 2, 1, 0]
    assert {run.name for found, _ in pages for run in found} == set("abcde")
    monkeypatch.setattr(runs, "_MOST_READ", 0)
    assert all(run.unread for run in runs.stored_runs(tmp_path)[0])
    assert "too large for the list" in _text(runs_page(tmp_path, "page=1"))
    for page in ("page=9", "page=-1", "page=1e9", "page=" + "9" * 99, "page=²", "&" * 99):
        assert runs_page(tmp_path, page) is not None
