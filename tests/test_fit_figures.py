"""Figures of chains, beliefs, totals, patterns and calibration: what they find, and as text."""

import contextlib
import html
import json
import re
import xml.etree.ElementTree

import numpy as np
import pytest
import scipy.stats
import xarray
from matplotlib import pyplot

from estimation.cli import main
from estimation.diagnostics.calibration import judge_ranks
from estimation.diagnostics.chains import Chains, envelope, fit_chains
from estimation.diagnostics.ranks import _simulated
from estimation.diagnostics.reference import reference_models, reference_tables
from estimation.diagnostics.verdicts import Check, Verdict
from estimation.files import file_hashes
from estimation.nowcasts.pasts import Past, Replay
from estimation.nowcasts.scores import pit_rows
from estimation.report import calibration, style
from estimation.report.beliefs import draw_beliefs
from estimation.report.calibration import Uniform, draw_uniform
from estimation.report.chains import draw_chains
from estimation.report.forest import Row, draw_forest
from estimation.report.html.pictures import size_of, smaller
from estimation.report.patterns import draw_patterns, pattern_rows
from estimation.study.calibration_write import write_calibration
from estimation.summaries.agreement import Published
from estimation.summaries.beliefs import beliefs_of, known_of
from models import Patterns
from tests.fake_nowcasts import FIRST

HOSTILE = '<script>alert(1)</script> of $x$ & "so" ' + "a very long title " * 12


def _tree(shift=0.0, diverging=(), engine="nuts", draws=400):
    rng = np.random.default_rng(1)
    dims = ("chain", "draw")
    step = rng.normal(1, 0.1, (4, draws))
    step[0] += shift
    variables = {
        "total": (dims, rng.poisson(2000, (4, draws))), "step": (dims, step),
        "known": (dims, np.ones((4, draws))),
        "deaths": ((*dims, "place"), rng.poisson(50, (4, draws, 2))),
    }  # fmt: skip
    astray = np.zeros((4, draws), bool)
    astray[1, list(diverging)] = True
    tree = xarray.DataTree.from_dict({
        "posterior": xarray.Dataset(variables, {"place": ["Tuva", "Omsk, city"]}),
        "sample_stats": xarray.Dataset({"diverging": (dims, astray)}),
    })  # fmt: skip
    tree.attrs["engine"] = engine
    return tree


def _drawn(target):
    """Return the words of a drawing, which is whole, the same as text, and has marks in it."""
    drawing = target.with_name(f"{target.name}.svg").read_bytes()
    root = xml.etree.ElementTree.fromstring(drawing)
    tags = [one.tag.rpartition("}")[2] for one in root.iter()]
    assert "script" not in tags
    assert tags.count("path") > 20
    assert target.with_name(f"{target.name}.png").stat().st_size > 5000
    assert pyplot.get_fignums() == []
    small = smaller(drawing)
    assert size_of(small) == size_of(drawing)
    assert len(small) < 0.75 * len(drawing)
    words = [html.unescape(one) for one in re.findall(r"<!-- (.*?) -->", drawing.decode())]
    return " ".join(words)


def test_chains_that_agree_stay_in_the_band_and_others_leave_it():
    units = {"total": "deaths", "step": "no unit", "known": "share", "absent": "share"}
    found = fit_chains(_tree(), units)
    assert [one.name for one in found.quantities] == ["total", "step"]
    assert [row["chains_outside"] for row in found.rows()] == [0, 0]
    apart = fit_chains(_tree(shift=0.3), units)
    assert [row["chains_outside"] > 0 for row in apart.rows()] == [False, True]
    assert fit_chains(_tree(engine="exact"), units) is None


def test_the_band_holds_chains_of_one_distribution():
    rng = np.random.default_rng(2)
    left = []
    for _ in range(200):
        ranks = (rng.permutation(400).reshape(4, 100) + 0.5) / 400
        one = Chains("x", ranks, 1, 400, 400, np.sort(ranks, axis=1))
        left.append(one.outside > 0)
    assert np.mean(left) < 0.05
    low, high = envelope(4, 100)
    assert (low < 0).all()
    assert (high > 0).all()


def test_the_quantity_of_the_largest_r_hat_is_shown():
    says = "R-hat (deaths[Omsk, city]) 1.02 above 1.01"
    verdict = Verdict((Check("rhat", "fail", 1.02, 1.01, says),))
    found = fit_chains(_tree(), {"total": "deaths"}, verdict)
    assert [(one.name, one.unit, one.worst) for one in found.quantities] == [
        ("total", "deaths", False), ("deaths[Omsk, city]", "deaths", True)
    ]  # fmt: skip


def test_figure_of_chains(tmp_path):
    found = fit_chains(_tree(shift=0.3, diverging=(3, 300)), {"total": "deaths", "step": "no unit"})
    draw_chains(found, HOSTILE, tmp_path / "chains")
    words = _drawn(tmp_path / "chains")
    assert "divergent draws: 2" in words
    assert "LEAVE THE BAND" in words
    assert "deaths, log scale" in words
    assert "<script>alert(1)</script> of $x$" in words


def _posterior(model):
    rng = np.random.default_rng(1)
    return {one.name: rng.random(50) for one in model.parameters() if not one.dims}


def test_every_stated_prior_of_one_number_is_known_to_the_figure():
    apart = re.compile(r"known:|improper|implied|softmax|around|stick|list \+|uniform on")
    for name, model in (reference_models() | reference_tables()).items():
        found = {one.name for one in beliefs_of(model, _posterior(model))}
        stated = {
            one.name for one in model.parameters() if not one.dims and not apart.search(one.prior)
        }  # fmt: skip
        assert found == stated, name


def test_priors_of_the_figure_are_those_that_models_simulate():
    models = reference_models() | reference_tables()
    judged = []
    for model in models.values():
        # unknowns that are drawn from their priors, as for calibration
        chunks = [_simulated(model, seed, 0) for seed in range(4)]
        simulated = {key: np.concatenate([one[key] for one in chunks])
                     for key, value in chunks[0].items() if value.ndim == 1}  # fmt: skip
        for one in beliefs_of(model, simulated):
            places = np.searchsorted(np.sort(one.prior), simulated[one.name]) / one.prior.size
            judged.append(scipy.stats.kstest(places, "uniform").pvalue)
    assert len(judged) > 40
    # some hundred times as many would be needed for one so small by chance
    assert min(judged) > 1e-4


def test_a_single_count_teaches_nothing_and_the_figure_says_so(tmp_path):
    model = reference_models()["scale-uniform"]
    (one,) = beliefs_of(model, {"coverage": np.linspace(0.45, 0.65, 400), "precision": np.ones(3)})
    assert (one.name, one.unmoved, one.contraction) == ("coverage", True, 0.0)
    assert known_of(model) == ["precision (1)"]
    draw_beliefs([one], 0.95, HOSTILE, tmp_path / "beliefs", known_of(model))
    words = _drawn(tmp_path / "beliefs")
    assert "NOTHING LEARNED: the posterior is the prior" in words
    assert "precision (1)" in words
    assert "0.455 to 0.645" in words


def test_what_data_move_is_told_with_its_contraction(tmp_path):
    model = reference_models()["gamma-precision"]
    rng = np.random.default_rng(1)
    draws = {"rate": rng.normal(2000, 50, 400), "coverage": rng.normal(0.5, 0.01, 400),
             "precision": np.full(400, 0.95)}  # fmt: skip
    found = beliefs_of(model, draws)
    assert [one.name for one in found] == ["rate", "coverage", "precision"]
    assert all(0.9 < one.contraction <= 1 for one in found)
    draw_beliefs(found, 0.9, "moved", tmp_path / "beliefs")
    assert "NOTHING" not in _drawn(tmp_path / "beliefs")
    row = found[1].row(0.9)
    assert row["prior_low"] < row["low"] < row["high"] < row["prior_high"]


def test_the_curve_of_few_values_is_as_far_off_as_it_is_said_to_be():
    values = np.array([0.19, 0.2, 0.21, 0.4, 0.9])
    figure, axis = pyplot.subplots()
    calibration._draw_panel(axis, Uniform("few", values, 0.5, "", True))
    # three of five lie at 0.21 or below
    assert np.abs(axis.lines[-1].get_ydata()).max() == pytest.approx(0.4)
    pyplot.close(figure)


def test_a_published_range_is_shown_however_far_it_lies(tmp_path, monkeypatch):
    reach, usual = [], style.sheet

    @contextlib.contextmanager
    def sheet(*arguments, **options):
        with usual(*arguments, **options) as drawn:
            yield drawn
            reach.extend(drawn[1][0].get_xlim())

    monkeypatch.setattr(style, "sheet", sheet)
    rows = [Row("as stated", 10, 20, 30, False), Row("other names", 10, 20, 500, True)]
    draw_forest(rows, Published(100, 200), 0.95, "All totals", tmp_path / "all")
    assert reach[0] < 10
    assert 200 < reach[1] < 250


def test_forest_of_readings_and_further_models(tmp_path):
    rows = [Row(HOSTILE, 100, 150, 200, False), Row("far", 50, 160, 1e9, False),
            Row("other", 90, 120, 170, True)]  # fmt: skip
    draw_forest(rows, Published(110, 180), 0.95, HOSTILE, tmp_path / "all", ["refused one"])
    words = _drawn(tmp_path / "all")
    assert "refused or failed" in words
    assert "150 (100 to 200)" in words
    assert "total deaths" in words


def _patterns(lists=3):
    on = np.array([[bool(code >> place & 1) for place in range(lists)]
                   for code in range(1, 2**lists)])  # fmt: skip
    return Patterns(tuple(f"list {place}" for place in range(lists)), on, np.arange(1, 2**lists))


@pytest.mark.parametrize(("lists", "bound"), [(3, False), (6, True)])
def test_patterns_beside_the_unseen(tmp_path, lists, bound):
    unseen = np.random.default_rng(1).poisson(500, 400)
    draw_patterns(_patterns(lists), unseen, 0.95, HOSTILE, tmp_path / "who", bound=bound)
    words = _drawn(tmp_path / "who")
    assert "persons" in words
    assert ("lower bound" in words) == bound
    assert ("smaller groups" in words) == (lists == 6)
    rows = pattern_rows(_patterns(lists))
    assert sum(row["count"] for row in rows) == _patterns(lists).observed
    assert rows[0]["lists"] == "+".join(_patterns(lists).lists)


def test_ranks_against_uniform(tmp_path):
    rng = np.random.default_rng(1)
    panels = [Uniform(HOSTILE, rng.random(300), 0.1, "pass", True),
              Uniform("far", rng.random(300) ** 3, 0.1, "fail", False)]  # fmt: skip
    draw_uniform(panels, HOSTILE, tmp_path / "ranks", across="rank, share", band="99 %")
    assert "share below" in _drawn(tmp_path / "ranks")


def test_calibration_folder_has_a_page_with_its_numbers(tmp_path, capsys):
    rng = np.random.default_rng(1)
    ranks = {"total": rng.random(1000), "coverage": rng.random(1000) ** 2}
    found = {"base": (judge_ranks(ranks), ranks, 2)}
    write_calibration(found, {"engine": "exact", "seed": 1}, {"base": HOSTILE}, tmp_path)
    settings = {"command": "calibrate", "engine": "auto", "all": True, "simulations": 1000}
    record = {"settings": settings, "seed": 1, "versions": {}, "files": file_hashes(tmp_path)}
    (tmp_path / "provenance.json").write_text(json.dumps(record))
    assert main(["report", str(tmp_path)]) == 0
    capsys.readouterr()
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "<script" not in page
    total, coverage = found["base"][0]
    assert coverage.verdict == "fail"
    alt = " ".join(re.findall(r' alt="([^"]*)"', page)).replace("\u00a0", " ")
    assert f"{total.deviation:.3f} of {total.envelope:.3f} allowed" in alt
    assert "Not passed: coverage" in alt


def test_places_of_final_counts_are_uniform_where_forecasts_are_right():
    rng = np.random.default_rng(1)
    pasts = []
    for place in range(12):
        draws = rng.poisson(20, (400, 8))
        pasts.append(Past(FIRST.replace(month=place + 1), (FIRST,) * 8, np.zeros(8, int),
                          rng.poisson(20, 8), {"model": draws, "off": draws + 30,
                                               "as reported": draws[:1]}, None))  # fmt: skip
    replay = Replay("x", tuple(pasts), {}, 3, 9, 8, "month", 1, 1, ())
    rows, values = pit_rows(replay)
    assert [row["method"] for row in rows] == ["model", "off"]  # one draw is no forecast
    assert [row["deviation"] > row["envelope"] for row in rows] == [False, True]
    assert values["model"].shape == (96,)


def _letter(place):
    return (
        f'<g id="text_{place}"><use xlink:href="#DejaVuSans-4a" transform="translate(1.5 0)"/></g>'
    )


def test_pictures_lose_bytes_and_nothing_that_is_seen():
    title = '&lt;g id="text_1"&gt; d="1.23456"'  # text, as it is escaped in a title
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 80 60"><!-- said -->'
        f'<title>{title}</title><g id="a"/><g id="line2d_1">\n '
        '<path d="M 1.23456 -7.000001 \nL 2e-07 3"/>\n</g>'
        f'{_letter(1)}<path id="DejaVuSans-4a" d="M 191 3500 \nz\n" '
        'transform="scale(0.015625)"/></svg>'
    )  # fmt: skip
    small = smaller(svg.encode()).decode()
    assert 'd="M 1.23 -7L 2e-07 3"' in small
    assert '<use href="#_4a" x="1.5"/>' in small
    assert '<path id="_4a" d="M 19 350z" transform="scale(0.15625)"/>' in small
    assert "said" not in small
    assert "&lt;g" in small
    assert size_of(small.encode()) == (80, 60)
    for damaged in (b"", b"<svg>cut of", b"</g></g>", b"\x00\xff <g>"):
        assert size_of(smaller(damaged)) is None
