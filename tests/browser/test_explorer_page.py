"""The explorer in a browser: by keyboard, on a narrow page, and without a complaint."""

import importlib.util
import re
import threading
from pathlib import Path

import pytest

from estimation.explore.answer import ask
from estimation.explore.server import ADDRESS, build_server, listening
from estimation.explore.state import State

BROWSER = Path("/usr/bin/chromium")
missing = [name for name in ("dash", "playwright") if importlib.util.find_spec(name) is None]
if not BROWSER.is_file():
    missing.append(str(BROWSER))
if missing:
    pytest.skip(f"a browser test needs {', '.join(missing)}", allow_module_level=True)


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    from werkzeug.serving import make_server

    with listening(0) as own:
        port = own.getsockname()[1]
        application = build_server(tmp_path_factory.mktemp("runs"), State())
        made = make_server(ADDRESS, port, application, threaded=True, fd=own.fileno())
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield f"http://{ADDRESS}:{port}/"
        made.shutdown()
        thread.join()
        made.server_close()


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(BROWSER), args=["--no-sandbox"])
        yield found
        found.close()


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

    # locators wait without evaluating words as code, which the policy of the page forbids
    found = ask(state)
    expect(page.locator("#answer")).to_contain_text(found.sentence or found.refused, timeout=20_000)
    expect(page).to_have_url(re.compile(re.escape("?" + state.to_query()) + "$"))


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
