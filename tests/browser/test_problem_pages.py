"""The pages that explain the problem types."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from .views import DARK, PHONE

LOOKS = {"desktop": {}, "phone, dark": {**PHONE, **DARK}}
NAMES = ("fields-not-valid", "impossible", "no-series-key", "too-complex")


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
def test_axe_finds_nothing_and_the_pages_fit_the_screen(open_page, base_url, look):
    page = open_page(**look)
    for name in NAMES:
        page.goto(f"{base_url}/docs/problems/{name}")
        assert [each["id"] for each in Axe().run(page).response["violations"]] == [], name
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        assert page.locator("header a").evaluate("link => new URL(link.href).pathname") == "/docs/", name
    page.locator("header a").click()
    page.wait_for_url("**/docs/")


def test_a_chosen_theme_applies_here_too(open_page, base_url):
    page = open_page()
    page.locator("#theme").click()
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.goto(f"{base_url}/docs/problems/impossible")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark
