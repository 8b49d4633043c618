"""What nginx does to every answer: request ids, headers, the client's address, and no hint of the software inside."""

from __future__ import annotations

import gzip
import http.client
import ipaddress
import json
import socket
import uuid
from contextlib import closing
from urllib.parse import urljoin, urlsplit

import pytest

from cases.article import GOOD, HELLO, asking
from support.answers import check_every_answer, check_problem, send_raw
from support.polling import await_until

TWO_MEGABYTES = b"x" * 2_000_000
GARBAGE = b"\x16\x03\x01 this is not HTTP\r\n\r\n"

#: Every kind of answer that a test can get without breaking the stack: how to get it, and its status.
ANSWERS = {
    "hello": (lambda client: client.get("/"), 200),
    "strings": (lambda client: client.ask(asking()), 200),
    "strings longer than allowed": (lambda client: client.ask(asking(intlen=31)), 200),
    "health": (lambda client: client.get("/healthz"), 200),
    "readiness": (lambda client: client.get("/readyz"), 200),
    "OPTIONS": (lambda client: client.options("/getrandomstr"), 200),
    "the app's 400": (lambda client: client.ask({}), 400),
    "the app's 404": (lambda client: client.get("/no/such/address"), 404),
    "the app's 405": (lambda client: client.delete("/"), 405),
    "nginx's 400": (lambda client: send_raw(client.base_url, GARBAGE), 400),
    "nginx's 400 for two lengths": (
        lambda client: send_raw(
            client.base_url, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"
        ),
        400,
    ),
    "nginx's 400 without a host": (lambda client: send_raw(client.base_url, b"GET / HTTP/1.1\r\n\r\n"), 400),
    "nginx's 404": (lambda client: client.get("/metrics"), 404),
    "nginx's 404 for a path below": (lambda client: client.get("/metrics/of/anything"), 404),
    # nginx answers or cleans requests that Gunicorn would refuse with its own error page.
    "more headers than Gunicorn takes": (
        lambda client: client.get("/", headers={f"X-{n}": "1" for n in range(120)}),
        200,
    ),
    "a header that Gunicorn refuses": (
        lambda client: send_raw(
            client.base_url, b"GET / HTTP/1.1\r\nHost: a\r\nX-A: a\x01b\r\nConnection: close\r\n\r\n"
        ),
        200,
    ),
    "a method that Gunicorn refuses": (lambda client: client.request("AB", "/"), 405),
    "an error at an address that looks like a page": (lambda client: client.get("/metrics/a.html"), 404),
    "nginx's 405": (lambda client: client.request("TRACE", "/"), 405),
    "nginx's 400 for bytes beyond ASCII in the path": (
        lambda client: send_raw(client.base_url, "GET /äöü HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode()),
        400,
    ),
    "nginx's 400 for bytes beyond ASCII in the query": (
        lambda client: send_raw(
            client.base_url,
            b"POST /api/v1/strings?alphabet=\xff HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        ),
        400,
    ),
    "nginx's 412": (lambda client: client.get("/docs/", headers={"If-Match": '"another"'}), 412),
    "nginx's 413": (lambda client: client.post("/getrandomstr", data=TWO_MEGABYTES), 413),
    "nginx's 413 for chunks": (lambda client: client.post("/getrandomstr", data=iter([TWO_MEGABYTES])), 413),
    "nginx's 414": (lambda client: client.get("/?" + "a" * 9000), 414),
    "nginx's 501": (
        lambda client: send_raw(
            client.base_url, b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\nConnection: close\r\n\r\n"
        ),
        501,
    ),
    "nginx's 505": (
        lambda client: send_raw(client.base_url, b"GET / HTTP/2.0\r\nHost: a\r\nConnection: close\r\n\r\n"),
        505,
    ),
    "nginx's 431": (lambda client: client.get("/", headers={"X-Long": "a" * 9000}), 431),
    "nginx's 431 for many": (lambda client: client.get("/", headers={f"X-{n}": "a" * 3000 for n in range(12)}), 431),
}
PROBLEMS = {name: case for name, case in ANSWERS.items() if case[1] >= 400 and name != "the app's 400"}


@pytest.mark.parametrize(("get", "status"), ANSWERS.values(), ids=ANSWERS)
def test_every_answer_has_the_common_headers(client, get, status):
    answer = get(client)
    assert answer.status_code == status
    check_every_answer(answer)


@pytest.mark.parametrize(("get", "status"), PROBLEMS.values(), ids=PROBLEMS)
def test_errors_are_problem_documents(client, get, status):
    answer = get(client)
    document = json.loads(answer.text)
    check_problem(answer, document, status)
    assert document["request_id"] == answer.headers["X-Request-Id"]


def test_request_ids_are_unique(client):
    ids = [get(client).headers["X-Request-Id"] for get, _ in ANSWERS.values()]
    ids += [client.get("/").headers["X-Request-Id"] for _ in range(50)]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("given", ["trace-01", "A.b_c-9" * 3, "0b6f3a52-8f0e-4c43-9d5a-2f6c1f0f1f7e", "a" * 64])
@pytest.mark.parametrize("path", ["/", "/metrics", "/no/such/address"])
def test_a_valid_request_id_of_the_client_is_kept(client, path, given):
    answer = client.get(path, headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] == given


@pytest.mark.parametrize(
    "given",
    [
        "",
        "a" * 7,
        "a" * 65,
        "two words here",
        'say"hello"now',
        "semi;colon",
        "{braces}",
        b"caf\xe9-caf\xe9",
        "line\\n12345",
    ],
)
@pytest.mark.parametrize("path", ["/", "/metrics", "/no/such/address"])
def test_an_invalid_request_id_of_the_client_is_replaced(client, path, given):
    answer = client.get(path, headers={"X-Request-Id": given})
    assert answer.headers["X-Request-Id"] != given
    check_every_answer(answer)


@pytest.mark.parametrize(
    "body", [asking(), asking(intlen=0), asking(intlen=31), {}], ids=["drawn", "empty", "failed", "refused"]
)
def test_random_data_is_not_stored(client, body):
    assert client.ask(body).headers["Cache-Control"] == "no-store"


def log_line(stack, request_id: str) -> dict[str, str]:
    def found():
        lines = [line for line in stack.nginx.logs().splitlines() if line.startswith("{") and request_id in line]
        return lines and json.loads(lines[-1])

    return await_until(found, 5, f"a log line with {request_id}")


@pytest.mark.local
def test_the_log_holds_the_request_id(stack, client):
    answer = client.post("/getrandomstr?asked=for", data=GOOD, headers={"Content-Type": "application/json"})
    line = log_line(stack, answer.headers["X-Request-Id"])
    assert (line["method"], line["path"], line["status"]) == ("POST", "/getrandomstr", 200)
    assert "asked" not in json.dumps(line)


@pytest.mark.local
@pytest.mark.parametrize(
    "address", ["/{marker}-ä", "/api/v1/strings?prefix={marker}ä", "/{marker}%ff%1b", "/{marker}%c3%a4?x={marker}%ff"]
)
@pytest.mark.parametrize("agent", [b"plain", b"\xff\xfe \xc2\x9b2J"], ids=["plain", "odd"])
def test_the_log_is_ascii_and_holds_no_refused_address(stack, address, agent):
    marker = f"marker{uuid.uuid4().hex}"
    request = f"GET {address.format(marker=marker)} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n".encode()
    answer = send_raw(stack.url, request + b"User-Agent: " + agent + b"\r\n\r\n")
    line = log_line(stack, answer.headers["X-Request-Id"])
    assert json.dumps(line, ensure_ascii=False).isascii()
    if "ä" in address:
        assert answer.status_code == 400
        assert marker not in stack.nginx.logs()
    assert marker not in stack.logs("api")


@pytest.mark.parametrize("header", ["Cookie", "Authorization", "X-Anything"])
def test_a_header_of_up_to_8_kib_is_accepted(client, header):
    """The product reads none of these headers, but single sign-on in front of it may send long ones."""
    assert client.get("/", headers={header: "a" * 8000}).status_code == 200


def test_a_compressed_body_gets_415(client):
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    answer = client.post("/api/v1/strings", data=gzip.compress(b'{"length": 8}'), headers=headers)
    check_problem(answer, answer.json(), 415)


def test_an_address_of_up_to_8_kib_is_accepted(client):
    answer = client.get("/api/v1/strings?prefix=" + "a" * 8000)
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "prefix"


@pytest.mark.parametrize("path", ["/docs", "/ui"])
@pytest.mark.parametrize("base", ["http://a.example", "https://a.example/random/path"])
def test_redirects_work_under_any_path_of_another_proxy(client, path, base):
    answer = client.get(path, allow_redirects=False)
    assert answer.status_code == 308
    assert urljoin(base + path, answer.headers["Location"]) == f"{base}{path}/"


@pytest.mark.parametrize(
    ("path", "least"),
    [("/docs/swagger-ui-bundle.js", 1_000_000), ("/docs/swagger-ui.css", 100_000), ("/openapi.json", 50_000)],
)
def test_large_files_are_compressed_and_revalidated(client, path, least):
    answer = client.get(path, headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in answer.headers["Vary"]
    assert len(answer.content) > least
    plain = client.get(path, headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.content == answer.content
    for known in (answer, plain):
        headers = {"If-None-Match": known.headers["ETag"], "Accept-Encoding": known.headers.get("Content-Encoding", "")}
        again = client.get(path, headers=headers)
        assert (again.status_code, again.content) == (304, b"")
    changed = client.get(path, headers={"If-None-Match": '"another"'})
    assert changed.status_code == 200


@pytest.mark.local
@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "True-Client-IP"])
def test_a_forged_client_address_is_ignored(stack, client, header):
    claimed = "203.0.113.77"
    answer = client.get("/", headers={header: f"for={claimed}" if header == "Forwarded" else claimed})
    client_address = log_line(stack, answer.headers["X-Request-Id"])["client"]
    assert ipaddress.ip_address(client_address) != ipaddress.ip_address(claimed)


@pytest.mark.local
def test_a_quote_in_a_header_does_not_break_the_log(stack, client):
    forged = 'x","status":200,"forged":"yes\\'
    answer = client.get("/no/such/address", headers={"User-Agent": forged})
    line = log_line(stack, answer.headers["X-Request-Id"])
    assert line["user_agent"] == forged
    assert line["status"] == 404


@pytest.mark.local
def test_the_host_answers_over_ipv6(stack, client):
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        pytest.skip("this host has no IPv6")
    client.base_url = f"http://[::1]:{stack.port}"
    assert client.get("/").text == HELLO


@pytest.mark.local
def test_nginx_listens_on_ipv6_in_the_container(stack):
    if stack.nginx.run("test", "-e", "/proc/net/if_inet6").returncode:
        pytest.skip("this kernel has no IPv6")
    ask = r"exec 3<>/dev/tcp/::1/80; printf 'GET / HTTP/1.0\r\nHost: localhost\r\n\r\n' >&3; cat <&3"
    assert stack.nginx.must("bash", "-c", ask).endswith(HELLO)


@pytest.mark.local
def test_a_stopped_app_gets_a_503_problem(disturbed, client):
    assert disturbed.supervisorctl("stop", "flaskrandom").returncode == 0
    answer = client.ask(asking())
    check_every_answer(answer)
    check_problem(answer, answer.json(), 503)
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["request_id"] == answer.headers["X-Request-Id"]


@pytest.mark.parametrize("path", ["/ui/", "/docs/"])
def test_a_range_request_gets_the_whole_file(client, path):
    """nginx would answer a bad range with its own 416 page."""
    answer = client.get(path, headers={"Range": "bytes=9999999-"})
    assert answer.status_code == 200
    assert answer.content == client.get(path).content


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "TRACE", "AB"])
@pytest.mark.parametrize(
    "path", ["/", "/getrandomstr", "/api/v1/strings", "/docs/", "/ui/", "/healthz", "/metrics", "/no"]
)
@pytest.mark.parametrize("condition", ["If-Match", "If-None-Match"])
def test_a_connection_is_kept_unless_the_answer_says_close(base_url, key_headers, method, path, condition):
    """nginx closes the connection after TRACE and after a 412 for a file, and says so; else the next call works."""
    url = urlsplit(base_url)
    connect = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    with closing(connect(url.netloc, timeout=10)) as connection:
        connection.request(method, path, headers={condition: '"another"', **key_headers})
        first = connection.getresponse()
        first.read()
        assert first.will_close is (method == "TRACE" or first.status == 412)
        if not first.will_close:
            connection.request("GET", "/healthz")
            assert connection.getresponse().status == 200


def test_the_policy_forbids_everything_on_answers_that_are_not_pages(client):
    for get, _ in ANSWERS.values():
        policy = get(client).headers["Content-Security-Policy"]
        assert policy == "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize(
    "path",
    [
        "/metrics",
        "/metrics/",
        "/metrics?x=1",
        "//metrics",
        "/./metrics",
        "/docs/../metrics",
        "/%6detrics",
        "/metrics%2f",
    ],
)
def test_no_spelling_of_the_address_reaches_the_metrics(client, path):
    answer = send_raw(client.base_url, f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".encode())
    check_problem(answer, json.loads(answer.text), 404)


def test_healthz_and_readyz_reveal_no_details(client):
    assert client.get("/readyz").json() == {"status": "ready"}
    assert client.get("/healthz").json() == {"status": "ok"}
