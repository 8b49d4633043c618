"""What a client sees over TLS, from the first second on."""

from __future__ import annotations

import json
import ssl
import warnings

import pytest
import requests

from cases.article import HELLO, asking
from support.answers import check_every_answer, check_problem, send_raw
from support.polling import await_until

from .certificates import NAME, handshake, names_of, shown
from .conftest import HTTP3, PATIENCE

CHALLENGE = "/.well-known/acme-challenge/evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"


@pytest.fixture(scope="module")
def stack(start):
    with start(HTTP3, SERVER_NAME=NAME) as stack:
        yield stack


@pytest.fixture
def plain(stack):
    with requests.Session() as session:
        session.trust_env = False
        yield lambda method, path, **more: session.request(
            method, stack.url + path, timeout=60, allow_redirects=False, **more
        )


def asking_over_tls(stack):
    def ask(method: str, path: str, **more):
        with requests.Session() as session:
            session.trust_env = False
            url = f"https://localhost:{stack.tls_port}{path}"
            return session.request(method, url, timeout=60, verify=False, **more)

    return ask


@pytest.fixture
def secure(stack):
    return asking_over_tls(stack)


pytestmark = pytest.mark.filterwarnings("ignore:Unverified HTTPS")


def test_starts_at_once_with_a_certificate_of_its_own(start):
    """No file, no server, no other container to wait for: nginx is healthy before there is one to ask for another."""
    with start(only=("nginx", "api")) as other:
        certificate = shown(other.tls_port)
        assert certificate.issuer == certificate.subject
        assert names_of(certificate) == ["localhost"]
        assert other.nginx_said("serving a self-signed certificate")
        other.up()
        await_until(lambda: other.acme_said("ACME_DIRECTORY is empty"), PATIENCE, "acme says that it has nothing to do")
        assert shown(other.tls_port) == certificate
        # The next start has the same one: whoever accepted it need not do so again.
        other.compose("up", "--detach", "--no-build", "--force-recreate", "--wait", "nginx")
        assert shown(other.tls_port) == certificate


def test_the_self_signed_one_has_the_name(stack):
    assert names_of(shown(stack.tls_port)) == [NAME]


def test_the_api_over_tls(secure):
    assert secure("GET", "/").text == HELLO
    answer = secure("POST", "/getrandomstr", json=asking())
    check_every_answer(answer)
    assert answer.json()["msg"] == "success"


def test_hsts_on_every_answer(secure):
    for path, status in (("/", 200), ("/docs/", 200), ("/nothing", 404), ("/api/v1/strings?length=-1", 400)):
        answer = secure("GET", path)
        assert answer.status_code == status
        assert answer.headers["Strict-Transport-Security"] == "max-age=63072000"
        assert answer.headers["Alt-Svc"].startswith("h3=")


def test_redirect(plain, stack):
    for method, path in (("GET", "/"), ("GET", "/api/v1/strings?length=3&count=2"), ("POST", "/getrandomstr")):
        answer = plain(method, path)
        assert answer.status_code == 308
        assert answer.headers["Location"] == f"https://localhost:{stack.tls_port}{path}"
        # A browser must not believe it over plain HTTP (RFC 6797, 7.2).
        assert "Strict-Transport-Security" not in answer.headers
        check_every_answer(answer)


@pytest.mark.parametrize("line", ["GET /ui/ HTTP/1.0", "POST /getrandomstr HTTP/1.0", "GET /metrics HTTP/1.0"])
def test_without_a_host_there_is_nothing_to_redirect_to(stack, line):
    """HTTP/1.0 allows a request without Host."""
    answer = send_raw(stack.url, f"{line}\r\n\r\n".encode())
    check_problem(answer, json.loads(answer.text), 400)
    assert "Location" not in answer.headers


def test_a_load_balancer_may_ask_for_health_without_a_host(stack):
    assert send_raw(stack.url, b"GET /readyz HTTP/1.0\r\n\r\n").status_code == 200


def test_an_address_longer_than_gunicorn_takes_is_nginxs_414(curl, stack):
    """HTTP/2 has no request line, and so its own limit."""
    long = f"https://{NAME}/api/v1/strings?prefix={'a' * 8160}"
    said = curl(stack, "--http2", "--write-out", "\n%{content_type} %{http_code}", long)
    assert said.splitlines()[-1] == "application/problem+json 414"


def test_health_is_answered_on_both_ports(plain, secure):
    for path in ("/healthz", "/readyz"):
        assert plain("GET", path).status_code == 200
        assert secure("GET", path).status_code == 200


def test_challenges_are_not_redirected(plain):
    answer = plain("GET", CHALLENGE)
    check_problem(answer, answer.json(), 404)


def test_a_challenge_is_served_as_it_is(plain, stack):
    folder = f"/run/acme/challenges{CHALLENGE.rpartition('/')[0]}"
    stack.container("acme").must("sh", "-c", f"mkdir -p {folder} && printf key.thumbprint >{folder}/t")
    assert plain("GET", f"{CHALLENGE.rpartition('/')[0]}/t").text == "key.thumbprint"
    # Nothing else of the folder that both containers share.
    for path in ("/.well-known/acme-challenge/../../certificate.pem", "/.well-known/acme-challenge/%2e%2e/x"):
        assert send_raw(stack.url, f"GET {path} HTTP/1.0\r\n\r\n".encode()).status_code != 200


def test_plain_http_on_the_tls_port_is_a_problem(stack):
    answer = send_raw(f"http://localhost:{stack.tls_port}", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    check_problem(answer, json.loads(answer.text), 400)


def test_http_2(curl, stack):
    assert curl(stack, "--http2", "--write-out", "\n%{http_version}", f"https://{NAME}/") == f"{HELLO}\n2"


def test_http_3(curl, stack):
    assert curl(stack, "--http3-only", "--write-out", "\n%{http_version}", f"https://{NAME}/") == f"{HELLO}\n3"


def test_http_3_is_published(stack):
    assert stack.nginx.inspect()["NetworkSettings"]["Ports"]["443/udp"]


def test_no_http_3_without_its_file(start):
    with start() as other:
        assert "Alt-Svc" not in asking_over_tls(other)("GET", "/").headers
        assert not other.nginx.inspect()["NetworkSettings"]["Ports"].get("443/udp")


def test_the_check_that_swarm_makes(stack):
    """Once the app was reached nginx answers for itself, on port 80, where it redirects."""
    assert stack.nginx.run("healthcheck", "--once").returncode == 0
    again = stack.nginx.run("healthcheck", "--once")
    assert (again.returncode, " 308 " in again.stdout) == (0, True), again.stdout


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_versions_and_resumption(stack, version):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    with handshake(stack.tls_port, context) as connection:
        assert connection.version() == version.name.replace("_", ".")
        # Of TLS 1.3 the session comes after the handshake, with what is read.
        connection.sendall(f"GET /healthz HTTP/1.0\r\nHost: {NAME}\r\n\r\n".encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        first = connection.session
        assert not connection.session_reused
        # Tickets are off: of TLS 1.2 none is sent; of 1.3 what is sent only names a session in nginx's memory.
        assert first.has_ticket == (version == ssl.TLSVersion.TLSv1_3)
    with handshake(stack.tls_port, context, session=first) as connection:
        assert connection.session_reused


def test_old_versions_are_refused(stack):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore"):
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        handshake(stack.tls_port, context).close()


@pytest.mark.parametrize("service", ["nginx", "acme"])
def test_least_privilege(stack, service):
    container = stack.container(service)
    seen = container.inspect()
    host = seen["HostConfig"]
    assert host["ReadonlyRootfs"] is True
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert min(host["Memory"], host["PidsLimit"], host["CpuQuota"]) > 0
    user = seen["Config"]["User"].partition(":")[0]
    assert {uid for status in container.processes().values() for uid in status["Uid"].split()} == {user} != {"0"}
    # No Docker socket, and of the host one folder to read.
    bound = [(mount["Destination"], mount["RW"]) for mount in seen["Mounts"] if mount["Type"] == "bind"]
    assert bound == ([("/etc/tls", False)] if service == "nginx" else [])


def test_the_watcher_is_brought_back_and_watched(stack):
    """Killed, it is started again; without what starts it, the health check fails."""
    nginx = stack.nginx
    names = {status["Name"]: pid for pid, status in nginx.processes().items()}
    assert nginx.check_health().returncode == 0
    nginx.must("bash", "-c", f"kill -9 {names['certificates']}")
    loop = nginx.must("cat", "/run/nginx/certificates.pid").strip()
    nginx.must("bash", "-c", f"kill -0 {loop} && kill -9 {loop}")
    assert nginx.check_health().returncode != 0
    stack.compose("restart", "--timeout", "2", "nginx")
