"""Errors are shown in plain words, at their field if they have one."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from .views import CHINESE, await_figures, error_at, generate

pytestmark = pytest.mark.long

WRONG = {
    "#strings?length=99999": ("length", "must be a whole number from 1 to 4096"),
    "#strings?length=x": ("length", "must be a whole number from 1 to 4096"),
    "#strings?count=": ("count", "must be a whole number from 1 to 10000000"),
    "#strings?alphabet=abca": ("alphabet", "'a' is given more than once; each character would not be equally likely"),
    "#strings?min_special=1": ("min_special", "needs special to be true"),
    "#strings?separator=-": ("separator", "needs group, the number of characters between separators"),
    "#strings?pattern=?x": ("pattern", None),
    "#strings?length=4&min_digits=5": ("min_digits", "the minimums add up to 5, more than length 4"),
    "#strings?digits=false&lower=false&upper=false": (
        "digits",
        "at least one of digits, lower, upper, special must be true",
    ),
    "#tokens?bytes=0": ("bytes", "must be a whole number from 1 to 1024"),
    "#integers?min=5&max=4": ("min", None),
    "#passphrases?words=65": ("words", "must be a whole number from 1 to 64"),
}


@pytest.mark.parametrize(("given", "wrong"), WRONG.items())
def test_an_error_is_shown_at_its_field(visit, given, wrong):
    field, message = wrong
    page = visit(given)
    expect(page.locator("#notice")).to_be_hidden()
    error = error_at(page, field)
    expect(error).to_be_visible()  # its group was unfolded
    if message:
        expect(error).to_have_text(message)
    described = page.locator(f"[aria-invalid=true][aria-describedby~=field-{field}-error]")
    expect(described).to_have_count(1)
    # A click on Generate moves the focus to the field.
    page.locator("#generate").click()
    expect(page.locator("#notice")).to_be_visible()
    expect(described).to_be_focused()


def test_an_error_disappears_once_it_is_corrected(open_page):
    page = open_page("#strings?length=99999&count=0")
    expect(error_at(page, "length")).to_be_visible()
    expect(error_at(page, "count")).to_be_visible()
    page.locator("#field-length").fill("9")
    expect(error_at(page, "length")).to_be_hidden()
    expect(error_at(page, "count")).to_be_visible()
    page.locator("#field-count").fill("2")
    expect(error_at(page, "count")).to_be_hidden()
    expect(page.locator("[aria-invalid]")).to_have_count(0)
    assert len(generate(page, 2)) == 2


def test_an_impossible_request_shows_a_reason_instead_of_figures(open_page):
    page = open_page("#integers?min=1&max=3&count=4&unique=true")
    expect(page.locator("#figures-title")).to_have_text("Impossible")
    # One reason for both fields, which have the names that the form shows.
    expect(page.locator("#figures-reason")).to_have_text(
        "No duplicates, How many: 4 different values are asked for, but there are only 3"
    )
    expect(page.locator("#bits")).to_be_hidden()


def test_errors_are_shown_in_chinese(open_page):
    page = open_page("#strings?length=99999", **CHINESE)
    expect(error_at(page, "length")).to_have_text("必须是 1 到 4096 之间的整数")
    expect(error_at(page, "length")).to_have_attribute("lang", "zh-CN")
    # Both fields have the same error; the strength panel shows it once.
    impossible = open_page("#integers?min=1&max=3&count=4&unique=true", **CHINESE)
    expect(impossible.locator("#figures-reason")).to_have_text("要求 4 个互不相同的值，但总共只有 3 个")
    # A message without a translation is shown unchanged and marked as English.
    new = {"errors": [{"field": "length", "message": "is too new"}]}
    page.route("**/estimate", lambda route: route.fulfill(status=400, json=new))
    page.locator("#field-length").fill("9")
    expect(error_at(page, "length")).to_have_text("is too new")
    expect(error_at(page, "length")).to_have_attribute("lang", "en")


def test_a_lost_connection_is_reported(page, expected):
    expected.append("ERR_INTERNET_DISCONNECTED")
    page.context.set_offline(True)
    page.locator("#generate").click()
    expect(page.locator("#notice")).to_contain_text("The connection to the server failed.")
    page.context.set_offline(False)
    generate(page, 1)
    expect(page.locator("#notice")).to_be_hidden()


@pytest.mark.local
def test_a_stopped_app_is_reported(open_page, disturbed, expected):
    expected.append("status of 503")
    page = open_page()
    assert disturbed.supervisorctl("stop", "flaskrandom").returncode == 0
    page.locator("#generate").click()
    expect(page.locator("#notice")).to_have_text("The server is busy or still starting. Try again in 2 seconds.")
    page.locator("#field-length").fill("8")
    expect(page.locator("#figures-reason")).to_contain_text("The server is busy or still starting.")


@pytest.mark.local
def test_a_page_that_cannot_start_says_so_and_can_try_again(open_page, browser, base_url, disturbed):
    assert disturbed.supervisorctl("stop", "flaskrandom").returncode == 0
    page = browser.new_page(locale="en-GB")
    try:
        page.goto(f"{base_url}/ui/")
        expect(page.locator("#start-text")).to_contain_text("Try again in 2 seconds.")
        expect(page.locator("#work")).to_have_attribute("inert", "")
        disturbed.restore()
        page.locator("#again").click()
        expect(page.locator("#start")).to_be_hidden()
        generate(page, 1)
    finally:
        page.close()


@pytest.mark.parametrize(("locale", "words"), [("en-GB", "did not load"), ("zh-CN", "未能加载")])
def test_a_page_whose_script_does_not_load_says_so_and_can_try_again(browser, base_url, locale, words):
    page = browser.new_page(locale=locale)
    try:
        page.route("**/js/numbers.js", lambda route: route.abort())
        page.goto(f"{base_url}/ui/")
        expect(page.locator("#start-text")).to_contain_text(words)
        expect(page.locator("#start-text")).to_be_visible()
        page.unroute_all()
        page.locator("#again").click()
        page.wait_for_selector("body.ready")
        expect(page.locator("#start")).to_be_hidden()
    finally:
        page.close()


KEY = "k-5tr0ng"


def asks_for_a_key(page):
    """Make the page's calls behave as on an instance with keys: calls without the right key get 401."""

    def route(route):
        if route.request.headers.get("authorization") == f"Bearer {KEY}":
            route.continue_()
        else:
            problem = {"type": "about:blank", "title": "Unauthorized", "status": 401, "detail": "a key is needed"}
            headers = {"WWW-Authenticate": "Bearer", "Content-Type": "application/problem+json"}
            route.fulfill(status=401, headers=headers, body=json.dumps(problem))

    page.route("**/api/v1/**", route)


def test_the_page_asks_for_a_key_and_sends_it(open_page, expected):
    expected.append("status of 401")
    page = open_page(before=asks_for_a_key)
    expect(page.locator("#key")).to_be_visible()
    expect(page.locator("#figures-reason")).to_contain_text("requires an API key")
    page.locator("#generate").click()
    expect(page.locator("#notice")).to_contain_text("requires an API key")
    expect(page.locator("#key")).to_be_focused()
    page.locator("#key").fill(KEY)
    await_figures(page)
    expect(page.locator("#bits")).to_be_visible()
    generate(page, 1)
    expect(page.locator("#notice")).to_be_hidden()
    # The key is neither in the address nor on the screen; the curl line names only the variable.
    assert KEY not in page.url
    line = page.locator("#curl-answer").inner_text()
    assert KEY not in line
    assert '-H "Authorization: Bearer $API_KEY"' in line
