"""The page `/ui/` in a real Chromium. Every page opened here is watched: by its end the browser must have reported no
problem, and the page must have contacted only the instance under test.
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

#: Chromium prints a line for every answer of 400 and above. The page shows such answers, so the line is not a fault.
REFUSED = r"Failed to load resource: the server responded with a status of (400|422)"


@pytest.fixture
def expected() -> list[str]:
    """Patterns of complaints that a test causes on purpose."""
    return [REFUSED]


@pytest.fixture
def complaints() -> list[str]:
    """The browser's complaints: console messages, exceptions, policy violations."""
    return []


class Watch:
    """Opens `/ui/` and records the complaints and requests of every page that it opened."""

    def __init__(self, browser: Browser, base_url: str, complaints: list[str], expected: list[str]) -> None:
        self._browser = browser
        self._base_url = base_url
        self._complaints = complaints
        self._expected = expected
        self._asked: list[Request] = []
        self._contexts: list[BrowserContext] = []

    def open_page(self, fragment: str = "", *, before: Callable[[Page], Any] = lambda _: None, **options: Any) -> Page:
        """Open a page with a fragment and wait for its figures; `options` go to the browser context.

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
        # The document gets an event for every policy violation, even if the console shows nothing.
        page.expose_function("complain", self._complain)
        page.add_init_script(
            "addEventListener('securitypolicyviolation', e => complain(`${e.violatedDirective}: ${e.blockedURI}`))"
        )
        before(page)
        page.goto(f"{self._base_url}/ui/{fragment}")
        page.wait_for_selector("body.ready #figures:not([aria-busy])")
        return page

    def check(self) -> None:
        """Check that since the last check no page had a complaint or contacted anything but the instance under test."""
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
    """Opens pages for this test only: see Watch.open_page."""
    watch = Watch(browser, base_url, complaints, expected)
    yield watch.open_page
    watch.end()


@pytest.fixture(scope="module")
def visits(browser: Browser, base_url: str) -> Iterator[tuple[Open, Watch]]:
    """The pages that the tests of a module share: see `visit`."""
    watch = Watch(browser, base_url, [], [REFUSED])
    pages: dict[str, Page] = {}

    def visit(fragment: str, **options: Any) -> Page:
        page = pages.get(str(options))
        if page is None:
            page = pages[str(options)] = watch.open_page(**options)
        if page.locator("#clear").is_visible():
            page.locator("#clear").click()
        # Show another kind first: the form keeps groups open between layouts, but UUIDs have no groups.
        for each in ("#uuids?count=2", fragment):
            page.evaluate("(hash) => new Promise((done) => { location.hash = hash; setTimeout(done); })", each)
            page.wait_for_selector("#figures:not([aria-busy])")
        return page

    yield visit, watch
    watch.end()


@pytest.fixture
def visit(visits: tuple[Open, Watch]) -> Iterator[Open]:
    """Shows a fragment on a page that stays open, like a shared address pasted there: much faster than a new load.

    There is one page for each set of options. Each visit clears values, errors and open groups of the form; the key
    panel and a finished download stay.
    """
    visit, watch = visits
    yield visit
    watch.check()


@pytest.fixture
def page(open_page: Open) -> Page:
    """The page with its defaults, in English on a desktop."""
    return open_page()
