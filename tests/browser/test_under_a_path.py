"""The instance behind another proxy that serves it under a path: the proxy's `/random/` is the instance's `/`."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import expect

from .views import generate

PREFIX = "/random"


class Proxy(BaseHTTPRequestHandler):
    """Strips the prefix, as `location /random/ { proxy_pass http://instance/; }` does, and serves no other path."""

    protocol_version = "HTTP/1.1"
    instance: str

    def do_GET(self) -> None:
        if not self.path.startswith(f"{PREFIX}/"):
            self.send_error(404)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        upstream = http.client.HTTPConnection(self.instance, timeout=30)
        upstream.request(self.command, self.path.removeprefix(PREFIX), body, dict(self.headers))
        answer = upstream.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"connection", "content-length", "transfer-encoding", "keep-alive"}:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        upstream.close()

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def base_url(base_url: str) -> Iterator[str]:
    """The instance's address behind the proxy."""
    handler = type("Handler", (Proxy,), {"instance": urlsplit(base_url).netloc})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}{PREFIX}"
        server.shutdown()


def test_the_page_works_under_a_path(open_page, base_url):
    page = open_page("#strings?length=9&count=3")
    assert len(generate(page, 3)) == 3
    expect(page.locator("#curl-answer")).to_have_text(f"curl -s '{base_url}/api/v1/strings?length=9&count=3'")
    expect(page.locator("#curl-stream")).to_have_text(f"curl -fOJ '{base_url}/api/v1/strings/stream?length=9&count=3'")
    with page.expect_download() as begun:
        page.locator("#download").click()
    assert len(begun.value.path().read_text().splitlines()) == 3


def test_the_documentation_works_under_a_path(open_page, base_url):
    """Page and documentation link to each other, and `Execute` calls this instance."""
    page = open_page()
    page.locator("header nav a").click()
    page.wait_for_url(f"{base_url}/docs/")
    page.locator("#operations-uuids-get_uuids").click()
    with page.expect_response(f"{base_url}/api/v1/uuids?**") as answered:
        page.locator("#operations-uuids-get_uuids button.execute").click()
    assert answered.value.status == 200
    page.locator("nav a").click()
    page.wait_for_url(f"{base_url}/ui/")
    page.wait_for_selector("body.ready")
    page.locator("footer a").last.click()
    page.wait_for_url(f"{base_url}/openapi.json")


@pytest.mark.parametrize("path", ["/ui", "/docs"])
def test_redirects_stay_under_the_path(base_url, path):
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(f"{base_url}{path}", timeout=30)
    assert (answer.status_code, answer.url) == (200, f"{base_url}{path}/")
