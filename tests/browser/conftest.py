"""The page `/ui/` in a real Chromium. Every page opened here is watched: at its end it must have had nothing to
complain of, and have asked nobody but the instance under test.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request

from support.browser import PATIENCE

Open = Callable[..., Page]

#: Chromium prints a line for every answer of 400 and above. The page has asked, and shows it; that is no fault of it.
REFUSED = r"Failed to load resource: the server responded with a status of (400|422)"


@pytest.fixture
def expected() -> list[str]:
    """Patterns of complaints that a test brings about on purpose."""
    return [REFUSED]


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained of: console, exceptions, violated policies."""
    return []


class Watch:
    """Opens `/ui/`, and keeps what all pages that it opened complained of and asked for."""

    def __init__(self, browser: Browser, base_url: str, complaints: list[str], expected: list[str]) -> None:
        self._browser = browser
        self._base_url = base_url
        self._complaints = complaints
        self._expected = expected
        self._asked: list[Request] = []
        self._contexts: list[BrowserContext] = []

    def open_page(self, fragment: str = "", *, before: Callable[[Page], Any] = lambda _: None, **options: Any) -> Page:
        """A page with a fragment, once it shows figures; `options` are those of a browser context.

        `before` is called with the page before it loads anything.
        """
        options = {"locale": "en-GB", "viewport": {"width": 1280, "height": 900}, **options}
        context = self._browser.new_context(**options)
        self._contexts.append(context)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda said: self._complain(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self._complain(str(error)))
        page.on("request", lambda request: self._asked.append(request))
        # A policy that was violated is told to the document as well, whether or not anything is printed.
        page.expose_function("complain", self._complain)
        page.add_init_script(
            "addEventListener('securitypolicyviolation', e => complain(`${e.violatedDirective}: ${e.blockedURI}`))"
        )
        before(page)
        page.goto(f"{self._base_url}/ui/{fragment}")
        page.wait_for_selector("body.ready #figures:not([aria-busy])")
        return page

    def check(self) -> None:
        """Since the last check, no page complained of anything, nor asked anybody but the instance under test."""
        complaints, asked = self._complaints.copy(), self._asked.copy()
        self._complaints.clear()
        self._asked.clear()
        unexpected = [text for text in complaints if not any(re.search(each, text) for each in self._expected)]
        assert unexpected == []
        own = urlsplit(self._base_url).netloc.removesuffix(":80")
        left = [request.url for request in asked if request.failure != "csp"]
        elsewhere = [url for url in left if not url.startswith(("blob:", "data:")) and urlsplit(url).netloc != own]
        assert elsewhere == []

    def end(self) -> None:
        """Close all pages, and check them once more."""
        for context in self._contexts:
            context.close()
        self.check()

    def _complain(self, text: str) -> None:
        self._complaints.append(text)


@pytest.fixture
def open_page(browser: Browser, base_url: str, complaints: list[str], expected: list[str]) -> Iterator[Open]:
    """Opens pages of this test's own: see Watch.open_page."""
    watch = Watch(browser, base_url, complaints, expected)
    yield watch.open_page
    watch.end()


@pytest.fixture(scope="module")
def visits(browser: Browser, base_url: str) -> Iterator[tuple[Open, Watch]]:
    """What the tests of a module share: see `visit`."""
    watch = Watch(browser, base_url, [], [REFUSED])
    pages: dict[str, Page] = {}

    def visit(fragment: str, **options: Any) -> Page:
        page = pages.get(str(options))
        if page is None:
            page = pages[str(options)] = watch.open_page(**options)
        if page.locator("#clear").is_visible():
            page.locator("#clear").click()
        # Another kind first: the form keeps groups open from layout to layout, and that kind has none to keep.
        for each in ("#uuids?count=2", fragment):
            page.evaluate("(hash) => new Promise((done) => { location.hash = hash; setTimeout(done); })", each)
            page.wait_for_selector("#figures:not([aria-busy])")
        return page

    yield visit, watch
    watch.end()


@pytest.fixture
def visit(visits: tuple[Open, Watch]) -> Iterator[Open]:
    """Shows a fragment on a page that stays open, as one who pastes a shared address there: much faster than a load.

    There is one page for each set of options. Values, errors and open groups of the form are gone; the key panel and a
    finished download stay.
    """
    visit, watch = visits
    yield visit
    watch.check()


@pytest.fixture
def page(open_page: Open) -> Page:
    """The page as it comes, in English on a desk."""
    return open_page()
