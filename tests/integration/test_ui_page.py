"""How the files of `/ui/` are served. tests/browser tests what the page does."""

from __future__ import annotations

import json
import re

import pytest

from cases.article import HELLO
from support.answers import check_every_answer, check_problem, send_raw

TYPES = {
    "/ui/": "text/html; charset=utf-8",
    "/ui/js/main.js": "application/javascript; charset=utf-8",
    "/ui/css/theme.css": "text/css; charset=utf-8",
    "/ui/icon.svg": "image/svg+xml",
}
EVERY_FILE = pytest.mark.parametrize(("path", "kind"), TYPES.items())


def policy(answer) -> dict[str, str]:
    """The directives of the Content-Security-Policy."""
    parts = (part.strip().partition(" ") for part in answer.headers["Content-Security-Policy"].split(";"))
    return {name: value for name, _, value in parts}


@EVERY_FILE
def test_a_file_has_its_type_and_the_common_headers(client, path, kind):
    answer = client.get(path)
    check_every_answer(answer)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == kind


@EVERY_FILE
def test_a_file_is_revalidated_and_gets_304(client, path, kind):
    answer = client.get(path)
    assert answer.headers["Cache-Control"] == "no-cache"
    again = client.get(path, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    check_every_answer(again)


@EVERY_FILE
def test_a_file_is_sent_compressed(client, path, kind):
    answer = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Vary"] == "Accept-Encoding"
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.content == answer.content


@EVERY_FILE
def test_the_policy_is_strict(client, path, kind):
    directives = policy(client.get(path))
    assert directives["default-src"] == "'none'"
    for name in ("script-src", "style-src", "img-src", "connect-src"):
        assert directives[name] == "'self'"
    for name in ("base-uri", "form-action", "frame-ancestors", "trusted-types"):
        assert directives[name] == "'none'"
    assert "unsafe" not in str(directives)


def test_the_page_loads_nothing_from_other_origins(client):
    page = client.get("/ui/").text
    assert re.findall(r"(?:https?:)?//[\w.]+", page) == []
    assert " style=" not in page
    assert re.findall(r"\son\w+=", page) == []


def test_an_address_without_the_slash_redirects(client):
    answer = client.get("/ui", allow_redirects=False)
    assert (answer.status_code, answer.headers["Location"]) == (308, "ui/")
    assert client.get("/uix").status_code == 404


@pytest.mark.parametrize("path", ["/ui/nosuch.js", "/ui/js/", "/ui/.htaccess", "/ui/js/nosuch/"])
def test_a_missing_file_gets_404(client, path):
    answer = client.get(path)
    check_problem(answer, answer.json(), 404)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/ui/..%2f..%2f..%2fetc/passwd", 400),
        ("/ui/js/%2e%2e/%2e%2e/%2e%2e/etc/passwd", 400),
        ("/ui/js/../../../etc/passwd", 400),
        ("/ui/../etc/passwd", 404),
        ("/ui../docs/docs.js", 404),
    ],
)
def test_no_path_escapes_the_folder(client, path, status):
    """The path is sent unchanged: an HTTP library would resolve the dots itself."""
    answer = send_raw(client.base_url, f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    check_problem(answer, json.loads(answer.text), status)


def test_a_post_gets_405(client):
    answer = client.post("/ui/")
    check_problem(answer, answer.json(), 405)
    assert answer.headers["Allow"] == "GET, HEAD"


def test_a_browser_gets_the_articles_text_at_the_root(client):
    answer = client.get("/", headers={"Accept": "text/html"})
    assert answer.text == HELLO
