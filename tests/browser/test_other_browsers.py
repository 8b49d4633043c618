"""Older browsers: the tests remove the functions they lack before the page loads."""

from __future__ import annotations

import re

from support.stack import ROOT

from .views import fragment, generate

#: Firefox 115 (ESR) and Safari 16.0 have none of these.
MISSING = "delete String.prototype.toWellFormed; delete String.prototype.isWellFormed;"


def test_the_page_works_without_the_newest_functions(open_page):
    page = open_page("#strings?length=9&prefix=%E2%82%AC", before=lambda page: page.add_init_script(MISSING))
    assert page.evaluate("'toWellFormed' in String.prototype") is False
    assert all(value.startswith("€") for value in generate(page, 1))
    assert fragment(page) == "#strings?length=9&prefix=%E2%82%AC"


def test_half_of_a_surrogate_pair_does_not_stop_the_page(open_page):
    page = open_page()
    page.locator("summary", has_text="Format").click()
    page.locator("#field-prefix").evaluate(
        "(input) => { input.value = 'a\\ud83d'; input.dispatchEvent(new Event('input')); }"
    )
    assert fragment(page) == "#strings?prefix=a%EF%BF%BD"


def test_no_style_needs_what_older_browsers_lack():
    """A browser drops a declaration with an unknown function, and so loses its colour or size."""
    folder = ROOT / "services/nginx/ui"
    newer = re.compile(r"light-dark\(|@scope|@starting-style|:host\(|anchor\(|calc-size\(|\n\s+&")
    found = {str(path): newer.findall(path.read_text()) for path in folder.rglob("*.css")}
    assert len(found) > 5
    assert {path: what for path, what in found.items() if what} == {}


def test_control_the_colours_differ_by_theme(open_page):
    """Light by default; dark if the system is dark, or by choice if the system is light."""

    def colours(page):
        return page.evaluate(
            "['--paper', '--ink'].map(name => getComputedStyle(document.documentElement).getPropertyValue(name))"
        )

    light = open_page()
    dark = open_page(color_scheme="dark")
    assert colours(light) == ["#f5f4ef", "#1c2022"]
    assert colours(dark) == ["#131617", "#e9e8e3"]
    light.locator("#theme").click()
    assert colours(light) == colours(dark)
