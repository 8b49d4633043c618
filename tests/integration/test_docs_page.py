"""`/docs` in a real browser: it renders, its forms work, and it contacts only its own origin."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect

from support.browser import PATIENCE

pytestmark = pytest.mark.long


@pytest.fixture
def seen() -> dict[str, list[Any]]:
    """The browser's complaints and its requests."""
    return {"complaints": [], "asked": []}


@pytest.fixture
def page(browser, base_url, key_headers, seen):
    # Chromium knows only the system's authorities. Every other test checks the certificate.
    page = browser.new_page(ignore_https_errors="SSL_CERT_FILE" in os.environ, extra_http_headers=key_headers)
    page.set_default_timeout(PATIENCE)
    page.on("console", lambda said: seen["complaints"].append(said.text) if complains(said) else None)
    page.on("pageerror", lambda error: seen["complaints"].append(str(error)))
    page.on("request", lambda request: seen["asked"].append(request.url))
    page.on("requestfailed", lambda request: seen["complaints"].append(f"{request.url}: {request.failure}"))
    # The document gets an event for every policy violation, even if the console shows nothing.
    page.expose_function("complain", lambda text: seen["complaints"].append(text))
    page.add_init_script(
        "addEventListener('securitypolicyviolation', e => complain(`${e.violatedDirective}: ${e.blockedURI}`))"
    )
    page.goto(f"{base_url}/docs")
    yield page
    page.close()


def complains(said: ConsoleMessage) -> bool:
    # Chromium prints this for every site that is neither on HTTPS nor on localhost.
    untrusted = said.text.startswith("The Cross-Origin-Opener-Policy header has been ignored, because the URL's origin")
    return said.type in ("error", "warning") and not untrusted


def asked_elsewhere(page: Page, seen: dict[str, list[Any]]) -> list[str]:
    """Requests to any origin but the page's own. Browsers leave port 80 out of an origin."""
    own = f"{page.evaluate('location.origin')}/"
    return [url for url in seen["asked"] if not url.startswith((own, "data:", "blob:"))]


def operation(page: Page, name: str):
    """Open an operation on the page and return it."""
    block = page.locator(f"#operations-strings-{name}")
    block.locator(".opblock-summary-control").click()
    return block


def answer_of(block):
    """The server's answer as the page shows it."""
    return block.locator(".live-responses-table tr.response")


def test_it_renders_without_complaints_and_contacts_only_its_origin(page, seen):
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
    expect(answer_of(block).locator(".response-col_status")).to_contain_text("200")
    assert seen["complaints"] == []
    assert asked_elsewhere(page, seen) == []


def test_a_filled_field_is_sent_and_the_answer_shown(page, seen):
    block = operation(page, "get_strings")
    block.locator("tr[data-param-name=pattern] input").fill("?u?u-?d?d?d")
    with page.expect_response(lambda response: "/api/v1/strings" in response.url) as called:
        block.locator("button.execute").click()
    (drawn,) = called.value.json()["data"]
    assert re.fullmatch("[A-Z]{2}-[0-9]{3}", drawn)
    expect(answer_of(block).locator(".highlight-code")).to_contain_text(drawn)
    # The equivalent curl command stands above the answer.
    expect(block.locator(".curl-command")).to_contain_text("pattern=%3Fu%3Fu-%3Fd%3Fd%3Fd")
    assert seen["complaints"] == []


def test_an_error_in_a_field_is_shown(page):
    block = operation(page, "post_strings")
    block.locator("textarea").fill('{"length": 4, "min_digits": 5}')
    block.locator("button.execute").click()
    expect(answer_of(block).locator(".response-col_status")).to_contain_text("422")
    expect(answer_of(block).locator(".highlight-code")).to_contain_text("more than length 4")


def test_the_theme_follows_the_system_or_the_choice_on_the_page(page, base_url):
    def ink():
        return page.locator(".info .title").evaluate("title => getComputedStyle(title).color")

    def is_light(colour):
        return sum(map(int, re.findall(r"\d+", colour)[:3])) > 3 * 128

    expect(page.locator("#docs .info .title")).to_be_visible()
    assert not is_light(ink())
    page.emulate_media(color_scheme="dark")
    expect(page.locator("html")).to_contain_class("dark-mode")
    assert is_light(ink())
    page.evaluate("localStorage.setItem('theme', 'light')")
    page.goto(f"{base_url}/docs/")
    expect(page.locator("#docs .info .title")).to_be_visible()
    assert not is_light(ink())


def test_control_a_script_from_another_origin_is_blocked_and_noticed(page, seen):
    """The page's policy blocks the script, and these tests would notice a violation."""
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {src: 'http://127.0.0.2:9/x.js'}))"
    )
    page.wait_for_function("true")
    expect(page.locator("#docs .info .title")).to_be_visible()
    assert any("script-src" in complaint for complaint in seen["complaints"])
