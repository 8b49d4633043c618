"""What the page loads and what its policy forbids."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect


def test_every_module_is_fetched_in_parallel(open_page):
    """index.html names every module, so the browser need not parse one to find another."""
    asked = []
    page = open_page(before=lambda page: page.on("request", lambda request: asked.append(request.url)))
    scripts = {url.partition("/ui/")[2] for url in asked if url.endswith(".js")}
    named = set(re.findall(r'(?:href|src)="(js/[^"]+)"', page.request.get(page.url).text()))
    assert scripts == named


def test_everything_the_page_requests_is_found(open_page):
    answered = []
    open_page(before=lambda page: page.on("response", lambda answer: answered.append((answer.status, answer.url))))
    assert [found for found in answered if found[0] != 200] == []


@pytest.mark.parametrize(
    ("attack", "directive"),
    [
        (
            "document.body.append(Object.assign(document.createElement('script'), {text: 'window.got = 1'}))",
            "require-trusted-types-for",
        ),
        ("document.body.setAttribute('style', 'color: red')", "style-src"),
        ("new Image().src = 'http://127.0.0.2:9/x.png'", "img-src"),
        ("fetch('http://127.0.0.2:9/').catch(() => {})", "connect-src"),
        ("document.body.append(Object.assign(document.createElement('iframe'), {src: '/docs/'}))", "frame-src"),
        ("try { document.body.insertAdjacentHTML('beforeend', '<b></b>') } catch {}", "require-trusted-types-for"),
    ],
)
def test_control_a_policy_violation_is_blocked_and_noticed(page, complaints, expected, attack, directive):
    expected.append(".")
    page.evaluate(f"() => {{ try {{ {attack} }} catch {{}} }}")
    page.evaluate("new Promise((done) => setTimeout(done))")
    expect(page.locator("#generate")).to_be_visible()
    assert any(complaint.startswith(directive) for complaint in complaints)
    assert page.evaluate("window.got") is None


def test_docs_and_page_link_to_each_other(page, base_url):
    page.locator("header a[href='../docs/']").click()
    page.wait_for_url("**/docs/")
    page.locator("a[href='../ui/']").click()
    page.wait_for_selector("body.ready")
