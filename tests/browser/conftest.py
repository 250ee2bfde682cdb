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
