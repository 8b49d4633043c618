"""RATE_LIMIT with a small value, as clients, pages of other sites and Prometheus see it, on a throw-away stack."""

from __future__ import annotations

import pytest
import requests
from playwright.sync_api import expect

from support.answers import check_every_answer, check_problem
from support.clients import get, get_all, statuses
from support.metrics import ask, scrape
from support.polling import await_until
from support.stack import throwaway

pytestmark = pytest.mark.local

LISTED = "https://app.example:8443"
SHED = "nginx_http_shed_requests_total"


@pytest.fixture(scope="module")
def limited(stack):
    """One request a second and a burst of two. It needs the images that `stack` builds."""
    with throwaway(RATE_LIMIT="1", RATE_BURST="2", CORS_ALLOW_ORIGINS=LISTED) as other:
        other.up()
        yield other


def test_the_page_says_when_to_try_again(browser, limited):
    """This test must run first: the page needs the calls that an unused limit allows."""
    page = browser.new_page(locale="en-GB")
    page.goto(f"{limited.url}/ui/")
    page.wait_for_selector("body.ready")
    for _ in range(20):  # on a busy machine four clicks may be slow enough for the limit
        page.locator("#generate").click()
        if page.locator("#notice").is_visible():
            break
    told = "Too many requests from this address or with this API key. Try again in 1 second."
    expect(page.locator("#notice")).to_have_text(told)
    page.close()


def served_again(url: str, **headers: str) -> requests.Response:
    """The first answer that is not a refusal."""

    def served() -> requests.Response | None:
        answer = get(url, headers=headers)
        return answer if answer.status_code == 200 else None

    return await_until(served, 10, "a call is served again")


def test_a_flood_gets_429_with_retry_after(limited):
    answers = get_all(f"{limited.url}/", 20)
    refused = [answer for answer in answers if answer.status_code == 429]
    served = [answer for answer in answers if answer.status_code == 200]
    assert len(refused) + len(served) == 20
    assert len(refused) >= 10
    for answer in refused:
        check_every_answer(answer)
        check_problem(answer, answer.json(), 429)
        assert int(answer.headers["Retry-After"]) > 0
    assert served_again(f"{limited.url}/")


def test_health_is_never_limited(limited):
    assert {answer.status_code for answer in get_all(f"{limited.url}/readyz", 20)} == {200}


def test_pages_of_a_listed_site_can_read_a_429(limited):
    answers = [served_again(f"{limited.url}/", Origin=LISTED)]
    answers += get_all(f"{limited.url}/", 20, headers={"Origin": LISTED})
    for answer in answers:
        check_every_answer(answer)
        assert "Access-Control-Allow-Credentials" not in answer.headers
    assert {answer.status_code for answer in answers} == {200, 429}
    assert {answer.headers["Access-Control-Allow-Origin"] for answer in answers} == {LISTED}


def test_requests_that_nginx_sheds_are_counted(limited):
    """This test must run last: it stops the api."""

    def shed(reason: str) -> float:
        return scrape(limited, "nginx").total(SHED, pool="short", reason=reason)

    before = shed("rate_limited")
    seen = statuses(f"{limited.url}/", 20)
    assert seen[429] >= 10
    assert shed("rate_limited") == before + seen[429]
    # Docker's health checks may have failed while the api was still starting.
    before = shed("unavailable")
    assert before <= 5
    limited.compose("stop", "api")
    assert statuses(f"{limited.url}/healthz", 5) == {503: 5}
    # Docker's checks may add to the count.
    assert shed("unavailable") >= before + 5
    head, _ = ask(limited, "/metrics")
    assert " 502 " in head.splitlines()[0]
