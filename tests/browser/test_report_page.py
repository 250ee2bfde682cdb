"""The page of a stored run in a browser: it runs nothing, loads nothing, and can be used by all."""

import re

import pytest

from estimation.cli import main
from tests.run_folder_by_hand import SVG, write_record, write_run_folder

#: Tells which calls of the hostile words ran.
_ALARM = "window.ran = []; window.alert = which => { window.ran.push(which) }"

#: Where the keyboard is: a link by its place, a table by its name, anything else by its kind.
_FOCUSED = """() => {
    const one = document.activeElement
    return one.getAttribute('href') ?? one.getAttribute('aria-label') ?? one.tagName
}"""

_OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true })"

_LINKS = "[...document.querySelectorAll('a[href]')].map(one => one.getAttribute('href'))"

_TABLES = "[...document.querySelectorAll('.scroll')].map(one => one.ariaLabel)"

#: Tables that are wider than the page on which they are printed.
_CUT = """[...document.querySelectorAll('.scroll')].filter(one =>
    one.scrollWidth > one.clientWidth + 1).map(one => one.ariaLabel)"""


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Return the page of a folder that also has a figure and words too wide for any screen."""
    folder = write_run_folder(tmp_path_factory.mktemp("runs") / "valley")
    (folder / "figures" / "periods.svg").write_text(SVG.replace("80 60", "2400 300").format(""))
    long = "unbroken" * 40
    (folder / "wide.csv").write_text(f"name,{long}\n{long},{','.join(['1'])}\n")
    write_record(folder, failed={long: f"the fit failed its checks {long}"})
    assert main(["report", str(folder), "--quiet"]) == 0
    return folder / "report.html"


@pytest.fixture
def opened(browser, written):
    """Return a function that opens the page, which may complain of nothing and ask nobody."""
    heard, contexts = [], []

    def open_page(**options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.add_init_script(_ALARM)
        address = written.as_uri()
        page.on("console", lambda said: heard.append(said.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("request", lambda one: None if one.url == address or one.url.startswith("data:")
                else heard.append(one.url))  # fmt: skip
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert heard == []


def test_every_figure_is_shown(opened):
    page = opened()
    sizes = page.evaluate("[...document.images].map(one => [one.complete, one.naturalWidth])")
    assert len(sizes) == 3  # the fourth is damaged, and the page says so
    assert all(complete and width > 0 for complete, width in sizes)
    assert page.locator("figure").count() == 4
    assert page.get_by_text("figures/rates.svg is damaged").is_visible()
    widths = page.evaluate("[...document.images].map(one => one.getBoundingClientRect().width)")
    assert min(widths) > 100


@pytest.mark.parametrize("without_policy", [False, True])
def test_hostile_words_do_not_run(opened, without_policy):
    # the policy of the page would stop them too: escaping alone must do
    page = opened(bypass_csp=without_policy)
    page.evaluate(_OPEN_ALL)
    assert page.evaluate("window.ran") == []
    assert page.locator("script, svg, iframe, [onerror], [onload]").count() == 0
    assert page.get_by_text("<script>alert(1)</script>").first.is_visible()
    assert page.title().startswith("Valley <script>alert(1)</script>")


def test_the_policy_stops_what_would_slip_through(browser, written):
    page = browser.new_context().new_page()
    page.add_init_script(_ALARM)
    page.goto(written.as_uri())
    with page.expect_event("console") as said:
        page.evaluate("""() => { const one = document.createElement('script')
            one.textContent = 'alert(9)'; document.body.append(one) }""")
    assert "Content Security Policy" in said.value.text
    assert page.evaluate("window.ran") == []
    page.context.close()


def test_the_keyboard_reaches_all_links_and_tables_in_order(opened):
    page = opened()
    page.evaluate(_OPEN_ALL)
    page.keyboard.press("Tab")
    assert page.evaluate(_FOCUSED) == "#content"
    box = page.locator(".skip").bounding_box()
    assert box is not None
    assert min(box["x"], box["y"]) >= 0  # out of sight until it is needed
    reached = ["#content"]
    for _ in range(200):
        page.keyboard.press("Tab")
        reached.append(page.evaluate(_FOCUSED))
        if reached[-1] == "BODY":
            break
    assert reached[-1] == "BODY"  # the keyboard is not caught anywhere
    assert [one for one in reached if one.startswith("#")] == page.evaluate(_LINKS)
    tables = page.evaluate(_TABLES)
    assert [one for one in reached if one in tables] == tables
    assert reached.count("SUMMARY") == page.locator("summary").count()


def test_links_lead_to_their_headings(opened):
    page = opened(viewport={"width": 320, "height": 700})
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")
    for link in page.locator("nav a").all():
        link.focus()
        page.keyboard.press("Enter")
        place = link.get_attribute("href")
        assert page.evaluate("location.hash") == place
        heading = page.locator(f"{place} > h2")
        assert heading.inner_text() == link.inner_text()
        box = heading.bounding_box()
        assert box is not None
        assert -1 <= box["y"] < 700  # pages scroll by whole pixels


def test_details_open_by_keyboard(opened):
    page = opened()
    for one in page.locator("details").all():
        one.locator("summary").focus()
        page.keyboard.press("Enter")
        assert one.get_attribute("open") is not None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_width_scrolls_sideways_and_nothing_bars_a_reader(opened, violations, scheme):
    page = opened()
    page.emulate_media(color_scheme=scheme)
    page.evaluate(_OPEN_ALL)
    for width in (320, 800, 1200):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if width != 800:
            assert violations(page) == []  # contrast is among the rules
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
    # a figure is drawn for a white ground
    grounds = "[...document.images].map(one => getComputedStyle(one).backgroundColor)"
    assert set(page.evaluate(grounds)) == {"rgb(255, 255, 255)"}


def test_it_prints(opened):
    page = opened(color_scheme="dark")
    printed = page.pdf(format="A4")
    assert printed.startswith(b"%PDF-")
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 12
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    page.set_viewport_size({"width": 688, "height": 1000})  # A4 without its margins
    assert page.evaluate(_CUT) == []
    assert page.get_by_text("Not printed, but").is_visible()
    assert not page.locator("nav").is_visible()
    assert page.locator("#verdict-heading").is_visible()
