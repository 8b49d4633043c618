"""The page `/ui/` in a real Chromium. Every page opened here is watched: at its end it must have had nothing to
complain of, and have asked nobody but the instance under test.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request

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


@pytest.fixture
def open_page(browser: Browser, base_url: str, complaints: list[str], expected: list[str]) -> Iterator[Open]:
    """Opens `/ui/` with a fragment, once it shows figures; `options` are those of a browser context.

    `before` is called with the page before it loads anything.
    """
    asked: list[Request] = []
    contexts = []

    def open_page(fragment: str = "", *, before: Callable[[Page], Any] = lambda _: None, **options: Any) -> Page:
        options = {"locale": "en-GB", "viewport": {"width": 1280, "height": 900}, **options}
        context = browser.new_context(**options)
        contexts.append(context)
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request))
        # A policy that was violated is told to the document as well, whether or not anything is printed.
        page.expose_function("complain", lambda text: complaints.append(text))
        page.add_init_script(
            "addEventListener('securitypolicyviolation', e => complain(`${e.violatedDirective}: ${e.blockedURI}`))"
        )
        before(page)
        page.goto(f"{base_url}/ui/{fragment}")
        page.wait_for_selector("body.ready #figures:not([aria-busy])")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [text for text in complaints if not any(re.search(pattern, text) for pattern in expected)] == []
    own = urlsplit(base_url).netloc.removesuffix(":80")
    left = [request.url for request in asked if request.failure != "csp"]
    elsewhere = [url for url in left if not url.startswith(("blob:", "data:")) and urlsplit(url).netloc != own]
    assert elsewhere == []


@pytest.fixture
def page(open_page: Open) -> Page:
    """The page as it comes, in English on a desk."""
    return open_page()
