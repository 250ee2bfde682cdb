"""The page of a stored run: what stands where, that all of it is text, and what is refused."""

import html.parser
import itertools
import json
import re

import pytest

from estimation.cli import main
from estimation.files import file_hashes
from estimation.report.html.builder import element, rendered
from estimation.report.html.words import share, shown
from estimation.report.text import rounded
from estimation.study import write
from estimation.study.read import parse_study
from tests.run_folder_by_hand import (
    HOSTILE,
    STUDY,
    SVG,
    summary,
    write_record,
    write_run_folder,
)


@pytest.fixture
def folder(tmp_path):
    return write_run_folder(tmp_path / "valley")


class _Reader(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.attributes, self.text, self.open = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in ("img", "meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag  # nothing stays open, nothing is closed twice

    def handle_data(self, data):
        self.text.append(data)

    def handle_comment(self, data):
        raise AssertionError(data)

    def words(self):
        return " ".join("".join(self.text).replace("\u00a0", " ").split())


def _page(folder, capsys, *words):
    assert main(["report", str(folder), *words]) == 0
    capsys.readouterr()
    written = (folder / "report.html").read_text(encoding="utf-8")
    reader = _Reader()
    reader.feed(written)
    reader.close()
    return written, reader


def test_whatever_comes_from_data_is_text(folder, capsys):
    written, reader = _page(folder, capsys)
    assert not {"script", "svg", "iframe", "link", "base", "form", "object"} & set(reader.tags)
    assert not [one for one in reader.attributes if one[1].startswith("on") or one[1] == "style"]
    places = [(name, value) for _, name, value in reader.attributes if name in ("href", "src")]
    assert all(re.match(r"#|data:image/svg\+xml;base64,", value) for _, value in places)
    for one in HOSTILE:
        assert " ".join(one.split()) in reader.words()
    assert reader.open == []
    assert "script" not in re.search(r"default-src[^\"]*", written).group()


def test_the_builder_knows_no_other_elements():
    assert rendered(element("p", "<b>", "\x00\ud800")) == "<p>&lt;b&gt;\ufffd?</p>\n"
    for tag, attributes in [
        ("script", {}), ("p", {"onclick": "x"}), ("a", {"href": "javascript:x"}),
        ("img", {"src": "http://x"}), ("p", {"style": "x"}),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match="in this page"):
            element(tag, **attributes)


def test_the_verdict_precedes_the_answer_and_refusals_stand_with_it(folder, capsys):
    _, reader = _page(folder, capsys)
    words = reader.words().split("Verdict of the checks", 2)[2]  # past the list of contents
    order = ["One answer is refused or failed", "the fit failed its checks", "Inconclusive",
             "\u201cas stated: beta\u201d: independent draws 350 < 400", "rests on such a fit",
             "1,204 confirmed names: about 2,220 died (90 % interval 1,710 to 3,010).",
             "4 May 2025", "1,700 to 3,000", "no interval", "wider", "Refused: the fit failed",
             "If false, the total is", "contraction of coverage", "agrees",
             "Total deaths, median", "Diagnostics", "350",
             "undercount run provenance.json"]  # fmt: skip
    for one in order:
        before, found, words = words.partition(one)
        assert found, (one, before[-300:])


def test_every_figure_is_there_with_its_finding(folder, capsys):
    written, reader = _page(folder, capsys)
    assert reader.tags.count("figure") == 3
    texts = [value for tag, name, value in reader.attributes if (tag, name) == ("img", "alt")]
    assert len(texts) == 2
    assert "as stated: beta: 2,220 (1,710 to 3,010)" in texts[0]
    assert "figures/rates.svg is damaged" in reader.words()
    assert "alert(5)" not in written  # it is in the picture, as Base64


def test_numbers_are_those_of_the_summary_rounded(folder, capsys):
    _, reader = _page(folder, capsys)
    words = reader.words()
    for row in summary()["estimates"]:
        if row["name"] == "total":
            assert all(rounded(row[key]) in words for key in ("low", "median", "high"))
    assert "2,218" not in words
    assert "91 %" in words
    assert "123,000" in words  # of a table that no part knows


@pytest.mark.parametrize(
    ("value", "said"),
    [(0.5432, "54 %"), (0.01234, "1.2 %"), (0.9999, "more than 99.9 %"), (1.0, "100 %"),
     (0.9968, "99.7 %"), (0.0001, "less than 0.1 %"), (0.0, "0 %")],
)  # fmt: skip
def test_shares_are_never_rounded_to_certainty(value, said):
    assert share(value) == said


def test_estimates_have_three_digits():
    assert [shown("total", one) for one in (194_352.5, 812.4, 3.2, None)] == [
        "194,000", "812", "3", "does not exist",
    ]  # fmt: skip
    assert [shown("rate_of_it", one) for one in (2.6447, 21.38, -0.0)] == ["2.64", "21.4", "0"]


def test_the_structure_serves_a_screen_reader(folder, capsys):
    written, reader = _page(folder, capsys)
    levels = [int(tag[1]) for tag in reader.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert {"header", "nav", "main", "footer"} <= set(reader.tags)
    assert reader.tags.count("caption") == reader.tags.count("table")
    heads = [value for tag, name, value in reader.attributes if (tag, name) == ("th", "scope")]
    assert len(heads) == reader.tags.count("th")
    places = {value for _, name, value in reader.attributes if name == "id"}
    links = {value[1:] for _, name, value in reader.attributes if name == "href"}
    assert links <= places
    assert '<a href="#content" class="skip">' in written


def test_the_same_folder_gives_the_same_page(folder, capsys):
    first, _ = _page(folder, capsys)
    again, _ = _page(folder, capsys)
    assert first == again
    assert "not as the run wrote" not in first.lower()


def test_what_was_changed_since_is_told(folder, capsys):
    (folder / "summary.json").write_text(json.dumps(summary()).replace("2218.4", "22.4"))
    (folder / "figures" / "new.svg").write_text(SVG.format(""))
    (folder / "odd.csv").unlink()
    _, reader = _page(folder, capsys)
    for one in ("summary.json", "figures/new.svg (not of the run)", "odd.csv (gone)"):
        assert one in reader.words()


def test_a_link_out_of_the_folder_is_not_followed(folder, tmp_path, capsys):
    (tmp_path / "secret.csv").write_text("a,b\nsecret words,1\n")
    (folder / "inside.csv").symlink_to(tmp_path / "secret.csv")
    _, reader = _page(folder, capsys)
    assert "secret words" not in reader.words()


def test_a_study_of_another_version_leaves_the_numbers(folder, capsys):
    write_record(folder, study={"name": "v.toml", "text": STUDY.replace("flat", "unheard-of")})
    _, reader = _page(folder, capsys)
    assert "cannot be read again by this version" in reader.words()
    assert "about 2,220" in reader.words() or "2,220 (90 % interval 1,710" in reader.words()


def test_a_folder_of_another_command(folder, capsys):
    for path in folder.glob("*.csv"):
        path.unlink()
    methods = [{"method": "chao", "observed": 44, "assumption": HOSTILE[0], "bound": True}]
    (folder / "summary.json").write_text(json.dumps(summary() | {"methods": methods}))
    record = json.loads((folder / "provenance.json").read_text())
    settings = {"command": "lists", "seed": None, "prob": 0.9, "table": "/home/someone/mine.csv",
                "method": "all", "stratum": ["town", "two words"], "thorough": True}  # fmt: skip
    kept = {key: record[key] for key in ("seed", "versions")} | {"files": {}, "settings": settings}
    (folder / "provenance.json").write_text(json.dumps(kept))
    _, reader = _page(folder, capsys)
    words = reader.words()
    assert "44 persons on any list: at least about 2,220 in all; a lower bound." in words
    assert ("undercount lists mine.csv --prob 0.9 --method all --stratum town 'two words' "
            "--thorough --seed 7") in words  # fmt: skip
    assert "someone" not in words


@pytest.mark.parametrize("kept", [True, False])
def test_assumptions_that_a_folder_keeps_are_told(folder, capsys, kept):
    for path in folder.glob("*.csv"):
        path.unlink()
    one = {"statement": HOSTILE[0], "if_false": "too low", "because": "late names come"}
    stored = summary() | ({"assumptions": [one, {"statement": 3}]} if kept else {})
    (folder / "nowcast.json").write_text(json.dumps(stored))
    settings = {"command": "nowcast", "seed": None, "prob": 0.9, "table": "mine.csv"}
    record = {"seed": 7, "versions": {}, "files": {}, "settings": settings}
    (folder / "provenance.json").write_text(json.dumps(record))
    words = _page(folder, capsys)[1].words()
    assert ("If false, the answer is too low: late names come." in words) == kept
    # folders of older versions keep none
    assert ("does not keep the assumptions" in words) == (not kept)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [("provenance.json", None, "no folder of ours"), ("provenance.json", "{", "is no JSON"),
     ("provenance.json", "[]", "no JSON object"),
     ("provenance.json", "{}", "no provenance of ours"),
     ("summary.json", None, "is missing"), ("summary.json", '{"estimates": 3}', "no summary"),
     ("summary.json", "\ud800".encode("utf-8", "surrogatepass"), "is no JSON"),
     ("claims.csv", b"a\n\xff\n", "no CSV table")],
)  # fmt: skip
def test_damaged_and_foreign_folders_are_refused_in_one_line(folder, capsys, name, content, said):
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    assert main(["report", str(folder)]) == 3
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1
    assert not (folder / "report.html").exists()


def test_places_are_refused_before_anything_is_written(folder, tmp_path, capsys):
    assert main(["report", str(tmp_path / "nowhere")]) == 3
    with pytest.raises(SystemExit) as stopped:
        main(["report", str(folder), "--out", str(folder / "summary.json")])
    assert stopped.value.code == 2
    assert main(["report", str(folder), "--out", str(tmp_path / "a.html"), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["verdict"], said["figures"]) == ("inconclusive", 3)
    assert not (folder / "report.html").exists()


def test_a_run_writes_its_page_and_is_kept_if_that_fails(folder, monkeypatch, capsys):
    study = parse_study(STUDY, "valley.toml")
    options = {"failed": {}, "figures": "figures/totals.svg", "with_page": True}
    (folder / "provenance.json").unlink()
    write.write_provenance(folder, study, 7, {"prob": 0.9}, **options)
    record = json.loads((folder / "provenance.json").read_text())
    first = (folder / "report.html").read_bytes()
    assert record["report"] == "report.html"
    assert record["files"]["report.html"] == file_hashes(folder)["report.html"]
    assert _page(folder, capsys)[0].encode() == first  # the command makes the same page

    def broken(*_):
        raise RuntimeError("no page today")

    monkeypatch.setattr(write, "report_of", broken)
    write.write_provenance(folder, study, 7, {"prob": 0.9}, **options)
    record = json.loads((folder / "provenance.json").read_text())
    assert record["report"] == "not written: RuntimeError: no page today"
    assert not (folder / "report.html").exists()
