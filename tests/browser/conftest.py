"""The browser of these tests; without it they are skipped, and say what is missing."""

from pathlib import Path

import pytest

BROWSER = Path("/usr/bin/chromium")
HOW = "see CONTRIBUTING.md, Pages in a browser"


@pytest.fixture(scope="module")
def browser():
    """Start a browser without a window."""
    api = pytest.importorskip("playwright.sync_api", reason=f"playwright is missing: {HOW}")
    if not BROWSER.is_file():
        pytest.skip(f"{BROWSER} is missing: {HOW}")
    with api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(BROWSER), args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="session")
def violations():
    """Return a function that tells which rules of WCAG 2.1, A and AA, a page breaks, and where."""
    api = pytest.importorskip(
        "axe_playwright_python.sync_playwright", reason=f"axe-playwright-python is missing: {HOW}"
    )
    rules = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"], "resultTypes": ["violations"]}

    def of(page):
        found = api.Axe().run(page, options=rules).response["violations"]
        return [(one["id"], node["target"], node["html"][:200])
                for one in found for node in one["nodes"]]  # fmt: skip

    return of
