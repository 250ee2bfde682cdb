"""The explorer in a browser: by keyboard, on a narrow page, and without a complaint."""

import itertools
import re
import threading

import pytest

pytest.importorskip("dash", reason="the extra `explore` is not installed")

from estimation.explore.address import Asked
from estimation.explore.answer import ask
from estimation.explore.server import ADDRESS, build_server, listening
from estimation.explore.state import State
from tests.test_explore_stored import store

HOSTILE = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    from werkzeug.serving import make_server

    with listening(0) as own:
        port = own.getsockname()[1]
        folder = tmp_path_factory.mktemp("runs")
        store(folder, "valley", State().to_toml())
        store(folder, "other", f"title = '{HOSTILE}'")
        application = build_server(folder, State())
        made = make_server(ADDRESS, port, application, threaded=True, fd=own.fileno())
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield f"http://{ADDRESS}:{port}/"
        made.shutdown()
        thread.join()
        made.server_close()


@pytest.fixture
def page(browser, address):
    """Return a narrow page that complains of nothing and asks nobody else."""
    context = browser.new_context(viewport={"width": 320, "height": 700})
    found, heard = context.new_page(), []
    found.on("console", lambda said: heard.append(said.text) if said.type == "error" else None)
    found.on("pageerror", lambda error: heard.append(str(error)))
    found.on("request", lambda one: None if one.url.startswith((address, "data:", "blob:"))
             else heard.append(one.url))  # fmt: skip
    found.goto(address)
    found.wait_for_selector("#answer .sentence")
    yield found
    context.close()
    assert heard == []


def _says(page, state):
    from playwright.sync_api import expect

    asked = state if isinstance(state, Asked) else Asked(state)
    state = asked.state
    # locators wait without evaluating words as code, which the policy of the page forbids
    found = ask(state)
    expect(page.locator("#answer")).to_contain_text(found.sentence or found.refused, timeout=20_000)
    expect(page).to_have_url(re.compile(re.escape("?" + asked.to_query()) + "$"))


def test_a_slider_moves_the_number_by_keyboard(page):
    from playwright.sync_api import expect

    _says(page, State())
    page.focus("#low-slider")
    for _ in range(3):
        page.keyboard.press("ArrowRight")
    _says(page, State(low=0.48))
    expect(page.locator("#low")).to_have_value("0.48")
    page.reload()
    _says(page, State(low=0.48))
    page.focus("#count-slider")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#count")).not_to_have_value("106745")
    _says(page, State(low=0.48, count=int(page.input_value("#count"))))


def test_what_is_typed_is_asked_or_refused(page):
    from playwright.sync_api import expect

    page.fill("#high", "0.3")
    _says(page, State(high=0.3))
    page.fill("#high", "")
    _says(page, State(high=None))
    page.fill("#high", "0.7")
    _says(page, State(high=0.7))
    expect(page.locator("#high-slider")).to_have_value("0.7")
    # radios by keyboard: uniform, uniform on the total, beta
    page.locator("#shape input").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    _says(page, State(high=0.7, shape="beta"))
    page.wait_for_selector("#ahead p")


def test_a_narrow_page_is_usable(page):
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    unnamed = """[...document.querySelectorAll('main input')].filter(one =>
        !one.labels.length && !one.ariaLabel).map(one => one.id)"""
    assert page.evaluate(unnamed) == []
    page.locator("#prob-slider").scroll_into_view_if_needed()
    box = page.locator("#answer").bounding_box()
    assert box is not None
    assert 0 <= box["y"] < 100  # the answer stays in sight


def test_an_answer_is_kept_found_again_and_forgotten_by_keyboard(page):
    from playwright.sync_api import expect

    _says(page, State())
    page.focus("#keep")
    page.keyboard.press("Enter")
    _says(page, Asked(State(), kept=(State(),)))
    page.fill("#low", "0.5")
    _says(page, Asked(State(low=0.5), kept=(State(),)))
    page.focus("#keep")
    page.keyboard.press("Enter")
    _says(page, Asked(State(low=0.5), kept=(State(), State(low=0.5))))
    page.reload()
    _says(page, Asked(State(low=0.5), kept=(State(), State(low=0.5))))
    expect(page.locator("#beside tbody tr")).to_have_count(3)
    page.get_by_label("Go back to kept A").focus()
    page.keyboard.press("Enter")
    _says(page, Asked(State(), kept=(State(), State(low=0.5))))
    expect(page.locator("#low")).to_have_value("0.45")
    expect(page.locator("#low-slider")).to_have_value("0.45")
    page.get_by_label("Forget kept A").focus()
    page.keyboard.press("Enter")
    _says(page, Asked(State(), kept=(State(low=0.5),)))
    expect(page.locator("#keep")).to_be_focused()


def test_a_stored_run_is_asked_what_if(page, address):
    from playwright.sync_api import expect

    page.goto(f"{address}runs?run=valley")
    page.get_by_role("link", name="Ask what if").click()
    _says(page, Asked(State(), "valley"))
    expect(page.locator("#beside")).to_contain_text("Nothing was moved")
    # the drawing keeps its room, though all that it needs was loaded when the page was opened
    expect(page.locator("#total-figure .main-svg").first).to_be_visible()
    drawing, beside = (page.locator(name).bounding_box() for name in ("#total-figure", "#beside"))
    assert drawing["height"] > 300
    assert drawing["y"] + drawing["height"] <= beside["y"]
    page.fill("#low", "0.5")
    _says(page, Asked(State(low=0.5), "valley"))
    expect(page.locator("#beside")).to_contain_text("Moved: Coverage: low end 0.45, now 0.5")
    # the page of a run keeps its own address
    page.goto(f"{address}runs?run=other")
    expect(page.get_by_role("heading", level=1)).to_have_text(HOSTILE)
    page.wait_for_timeout(600)
    expect(page).to_have_url(f"{address}runs?run=other")


def test_an_answer_is_read_aloud_once_a_second_at_most(page):
    from playwright.sync_api import expect

    _says(page, State())
    expect(page.locator("#announced")).to_contain_text("about 194,000 died")
    page.evaluate("""() => {
        window.said = []
        new MutationObserver(() => window.said.push(performance.now()))
            .observe(document.getElementById('announced'), {childList: true, subtree: true})
    }""")
    page.focus("#high-slider")
    for _ in range(25):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(80)
    _says(page, State(high=0.9))
    expect(page.locator("#announced")).to_have_text(ask(State(high=0.9)).sentence)
    times = page.evaluate("window.said")
    assert times
    assert all(later - before > 900 for before, later in itertools.pairwise(times))
    assert page.locator("[role=status], [aria-live]").count() == 1


def test_every_control_is_reached_by_keyboard_and_shows_it(page):
    _says(page, State())
    outlined = """() => {
        const one = document.activeElement
        return [one.id || one.textContent || one.value, getComputedStyle(one).outlineStyle]
    }"""
    reached = []
    for _ in range(60):
        page.keyboard.press("Tab")
        name, style = page.evaluate(outlined)
        if name == reached[0][0] if reached else False:
            break
        reached.append((name, style))
    names = [name for name, _ in reached]
    for expected in ("keep", "count", "count-slider", "low", "high-slider", "prob", "seed"):
        assert expected in names
    assert {style for name, style in reached if "\n" not in name} == {"solid"}


@pytest.mark.parametrize("width", [1200, 320])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_rule_of_wcag_is_broken(browser, address, violations, scheme, width):
    context = browser.new_context(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page = context.new_page()
    full = Asked(State(low=0.5, shape="beta", prior="gamma"), "valley", (State(),)).to_query()
    for path, ready in ((f"?{full}", "#ahead p"), ("?low=0.9&run=none", "#answer .refused"),
                        ("runs", "#runs table"), ("runs?run=valley", "figure img")):  # fmt: skip
        page.goto(address + path)
        page.wait_for_selector(ready, state="attached")
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.close()


def test_where_the_server_is_gone_no_old_number_passes_for_a_new_one(browser, address):
    from playwright.sync_api import expect

    context = browser.new_context()
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector("#answer .sentence")
    page.route("**/_dash-update-component*", lambda route: route.abort())
    page.fill("#low", "0.5")
    expect(page.locator("#lost")).to_be_visible()
    page.unroute("**/_dash-update-component*")
    page.fill("#low", "0.52")
    expect(page.locator("#lost")).to_be_hidden()
    context.close()
