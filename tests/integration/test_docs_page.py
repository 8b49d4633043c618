"""`/docs` in a real browser: it renders, its forms work, and it talks to its own origin alone."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from support.browser import open_browser


@pytest.fixture(scope="module")
def browser():
    with open_browser() as browser:
        yield browser


@pytest.fixture
def seen() -> dict[str, list[Any]]:
    """What the browser complained of, and what it asked for."""
    return {"complaints": [], "asked": []}


@pytest.fixture
def page(browser, base_url, seen):
    page = browser.new_page()
    page.set_default_timeout(10_000)
    page.on("console", lambda said: seen["complaints"].append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: seen["complaints"].append(str(error)))
    page.on("request", lambda request: seen["asked"].append(request.url))
    page.on("requestfailed", lambda request: seen["complaints"].append(f"{request.url}: {request.failure}"))
    # A policy that was violated is told to the document as well, whether or not anything is printed.
    page.expose_function("complain", lambda text: seen["complaints"].append(text))
    page.add_init_script(
        "addEventListener('securitypolicyviolation', e => complain(`${e.violatedDirective}: ${e.blockedURI}`))"
    )
    page.goto(f"{base_url}/docs")
    yield page
    page.close()


def asked_elsewhere(page: Page, seen: dict[str, list[Any]]) -> list[str]:
    """Requests that left the page's own origin, as the browser writes it: it drops the port where it is 80."""
    own = f"{page.evaluate('location.origin')}/"
    return [url for url in seen["asked"] if not url.startswith((own, "data:", "blob:"))]


def operation(page: Page, name: str):
    """An operation of the page, opened."""
    block = page.locator(f"#operations-strings-{name}")
    block.locator(".opblock-summary-control").click()
    return block


def test_it_renders_without_a_complaint_and_asks_nobody_else(page, seen):
    expect(page.locator("#docs .info .title")).to_contain_text("flaskrandom")
    expect(page.locator(".opblock")).not_to_have_count(0)
    for method in ("get_strings", "post_verify", "post_strings_estimate"):
        tag = "checksums" if "verify" in method else "strings"
        expect(page.locator(f"#operations-{tag}-{method.replace('post_verify', 'verify')}")).to_be_visible()
    assert seen["complaints"] == []
    elsewhere = asked_elsewhere(page, seen)
    assert elsewhere == []
    assert f"{page.evaluate('location.origin')}/openapi.json" in seen["asked"]


@pytest.mark.parametrize("name", ["get_strings", "post_strings", "get_strings_stream"])
def test_trying_it_out_works(page, seen, name):
    block = operation(page, name)
    with page.expect_response(lambda response: "/api/v1/strings" in response.url) as called:
        block.locator("button.execute").click()
    assert called.value.status == 200
    expect(block.locator(".live-responses-table .response-col_status").last).to_contain_text("200")
    assert seen["complaints"] == []
    assert asked_elsewhere(page, seen) == []


def test_control_a_script_from_elsewhere_is_refused_and_seen(page, seen):
    """The page's policy holds, and this test would notice."""
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {src: 'http://127.0.0.2:9/x.js'}))"
    )
    page.wait_for_function("true")
    expect(page.locator("#docs .info .title")).to_be_visible()
    assert any("script-src" in complaint for complaint in seen["complaints"])
