"""Calls from pages of other sites are refused by default and allowed by a list; listed sites can read errors too."""

from __future__ import annotations

import http.server
import threading

import pytest
import requests

from support.answers import check_every_answer
from support.stack import throwaway

pytestmark = pytest.mark.local

LISTED, OTHER, ELSEWHERE = "https://app.example:8443", "http://localhost:3000", "https://evil.example"

#: Origins that resemble the listed one but do not match it.
NEAR = [
    ELSEWHERE,
    "null",
    "https://app.example",
    "http://app.example:8443",
    "https://app.example:8443.evil.example",
    "https://evil.example/https://app.example:8443",
    "https://app.example:84430",
    "https://sub.app.example:8443",
    f"{LISTED} {OTHER}",
    "*",
]
#: An answer of the app, errors of the app, errors of nginx.
PATHS = {
    "/api/v1/strings": 200,
    "/": 200,
    "/docs/": 200,
    "/api/v1/strings?length=x": 400,
    "/no/such": 404,
    "/metrics": 404,
}


@pytest.fixture(scope="module")
def listed(stack, site):
    with throwaway(CORS_ALLOW_ORIGINS=f"{LISTED}, {OTHER}, {site}", RATE_LIMIT="1000") as other:
        other.start()
        yield other.url


@pytest.fixture(scope="module")
def anybody(stack):
    with throwaway(CORS_ALLOW_ORIGINS="*") as other:
        other.start()
        yield other.url


def ask(url: str, origin: str | None = None, method: str = "GET", **headers: str) -> requests.Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    if origin is not None:
        given["Origin"] = origin
    answer = requests.request(method, url, headers=given, timeout=10, proxies={"http": ""})
    check_every_answer(answer)
    # No answer ever invites a browser to send cookies or passwords.
    assert "Access-Control-Allow-Credentials" not in answer.headers
    return answer


def preflight(url: str, origin: str, method: str = "POST") -> requests.Response:
    return ask(url, origin, "OPTIONS", Access_Control_Request_Method=method, Access_Control_Request_Headers="x-api-key")


def allowed(answer: requests.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("Access-Control-")}


def words(text: str) -> set[str]:
    return set(text.replace(",", " ").split())


@pytest.mark.parametrize("origin", [LISTED, OTHER])
@pytest.mark.parametrize(("path", "status"), PATHS.items())
def test_a_listed_origin_may_read_answers_and_errors(listed, path, status, origin):
    answer = ask(listed + path, origin)
    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert {"X-Request-Id", "Retry-After", "Content-Disposition"} <= words(
        answer.headers["Access-Control-Expose-Headers"]
    )
    assert "Origin" in words(answer.headers["Vary"])
    assert "Access-Control-Allow-Methods" not in answer.headers


@pytest.mark.parametrize("origin", NEAR)
@pytest.mark.parametrize("path", PATHS)
def test_any_other_origin_may_read_nothing(listed, path, origin):
    assert allowed(ask(listed + path, origin)) == {}
    assert allowed(preflight(listed + path, origin)) == {}


@pytest.mark.parametrize("path", PATHS)
def test_vary_names_origin_even_for_requests_without_one(listed, path):
    assert "Origin" in words(ask(listed + path).headers["Vary"])
    assert "Origin" in words(ask(listed + path, ELSEWHERE).headers["Vary"])


@pytest.mark.parametrize("path", ["/getrandomstr", "/api/v1/strings", "/api/v1/strings/stream"])
def test_a_preflight_is_answered(listed, path):
    answer = preflight(listed + path, LISTED)
    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == LISTED
    assert words(answer.headers["Access-Control-Allow-Methods"]) == {"GET", "POST"}
    assert {"Content-Type", "Authorization", "X-API-Key"} <= words(answer.headers["Access-Control-Allow-Headers"])
    assert int(answer.headers["Access-Control-Max-Age"]) > 0
    assert answer.headers["Vary"] == "Origin"


def test_the_app_answers_an_options_that_is_no_preflight(listed):
    answer = ask(f"{listed}/api/v1/strings", LISTED, "OPTIONS")
    assert answer.status_code == 200
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize("path", PATHS)
def test_a_star_allows_every_origin(anybody, path):
    for answer in (ask(anybody + path), ask(anybody + path, ELSEWHERE), preflight(anybody + path, ELSEWHERE)):
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert "Origin" not in words(answer.headers.get("Vary", "")), "the answer does not depend on the origin"


@pytest.mark.parametrize("path", PATHS)
def test_no_origin_is_allowed_by_default(stack, path):
    assert allowed(ask(stack.url + path, LISTED)) == {}
    assert allowed(preflight(stack.url + path, LISTED)) == {}
    assert "Origin" not in words(ask(stack.url + path, LISTED).headers.get("Vary", ""))


CALL = """async ([url, headers]) => {
  try {
    headers["Content-Type"] = "application/json";
    const answer = await fetch(url, {method: "POST", body: "{}", headers});
    return [answer.status, answer.headers.get("X-Request-Id"), await answer.text()];
  } catch (error) { return [error.name, null, null]; }
}"""


@pytest.fixture(scope="module")
def site():
    """Another site: an empty page with a different origin."""

    class Empty(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Empty) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_a_browser_enforces_the_list(browser, stack, site, listed):
    """On a page of a listed site Chromium can read answers and errors of app and nginx; unlisted sites read nothing."""
    failed = []
    with browser.new_page() as page:
        page.on("requestfailed", lambda request: failed.append(f"{request.method} {request.url}: {request.failure}"))
        page.goto(site)
        status, ident, text = page.evaluate(CALL, [f"{listed}/api/v1/strings", {"X-API-Key": "x"}])
        assert status == 200, failed
        assert ident
        assert '"data":' in text
        assert page.evaluate(CALL, [f"{listed}/api/v1/none", {}])[0] == 404, failed
        assert page.evaluate(CALL, [f"{listed}/metrics", {}])[0] == 404, failed
        assert page.evaluate(CALL, [f"{stack.url}/api/v1/strings", {}])[0] == "TypeError"
