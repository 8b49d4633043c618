"""What a client sees over TLS, from the first second."""

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


def test_nginx_starts_at_once_with_a_self_signed_certificate(start):
    """nginx waits for no file, server or other container: it is healthy before the acme container runs."""
    with start(only=("nginx", "api")) as other:
        certificate = shown(other.tls_port)
        assert certificate.issuer == certificate.subject
        assert names_of(certificate) == ["localhost"]
        assert other.nginx_said("serving a self-signed certificate")
        other.up()
        await_until(lambda: other.acme_said("ACME_DIRECTORY is empty"), PATIENCE, "acme says that it has nothing to do")
        assert shown(other.tls_port) == certificate
        # The next start shows the same certificate, so clients that accepted it need not do so again.
        other.compose("up", "--detach", "--no-build", "--force-recreate", "--wait", "nginx")
        assert shown(other.tls_port) == certificate


def test_the_self_signed_certificate_has_the_server_name(stack):
    assert names_of(shown(stack.tls_port)) == [NAME]


def test_the_api_works_over_tls(secure):
    assert secure("GET", "/").text == HELLO
    answer = secure("POST", "/getrandomstr", json=asking())
    check_every_answer(answer)
    assert answer.json()["msg"] == "success"


def test_every_answer_has_hsts(secure):
    for path, status in (("/", 200), ("/docs/", 200), ("/nothing", 404), ("/api/v1/strings?length=-1", 400)):
        answer = secure("GET", path)
        assert answer.status_code == status
        assert answer.headers["Strict-Transport-Security"] == "max-age=63072000"
        assert answer.headers["Alt-Svc"].startswith("h3=")


def test_plain_http_is_redirected(plain, stack):
    for method, path in (("GET", "/"), ("GET", "/api/v1/strings?length=3&count=2"), ("POST", "/getrandomstr")):
        answer = plain(method, path)
        assert answer.status_code == 308
        assert answer.headers["Location"] == f"https://localhost:{stack.tls_port}{path}"
        # A server must not send it over plain HTTP (RFC 6797, 7.2).
        assert "Strict-Transport-Security" not in answer.headers
        check_every_answer(answer)


@pytest.mark.parametrize("line", ["GET /ui/ HTTP/1.0", "POST /getrandomstr HTTP/1.0", "GET /metrics HTTP/1.0"])
def test_plain_http_without_a_host_is_a_400(stack, line):
    """HTTP/1.0 allows requests without Host, for which there is no address to redirect to."""
    answer = send_raw(stack.url, f"{line}\r\n\r\n".encode())
    check_problem(answer, json.loads(answer.text), 400)
    assert "Location" not in answer.headers


def test_readyz_needs_no_host(stack):
    assert send_raw(stack.url, b"GET /readyz HTTP/1.0\r\n\r\n").status_code == 200


def test_nginx_answers_414_to_an_address_too_long_for_gunicorn(curl, stack):
    """HTTP/2 has no request line, so nginx applies another limit."""
    long = f"https://{NAME}/api/v1/strings?prefix={'a' * 8160}"
    said = curl(stack, "--http2", "--write-out", "\n%{content_type} %{http_code}", long)
    assert said.splitlines()[-1] == "application/problem+json 414"


def test_health_checks_are_answered_on_both_ports(plain, secure):
    for path in ("/healthz", "/readyz"):
        assert plain("GET", path).status_code == 200
        assert secure("GET", path).status_code == 200


def test_challenges_are_not_redirected(plain):
    answer = plain("GET", CHALLENGE)
    check_problem(answer, answer.json(), 404)


def test_only_the_challenge_is_served_from_the_shared_folder(plain, stack):
    folder = f"/run/acme/challenges{CHALLENGE.rpartition('/')[0]}"
    stack.container("acme").must("sh", "-c", f"mkdir -p {folder} && printf key.thumbprint >{folder}/t")
    assert plain("GET", f"{CHALLENGE.rpartition('/')[0]}/t").text == "key.thumbprint"
    # nginx serves nothing else from the folder that both containers share.
    for path in ("/.well-known/acme-challenge/../../certificate.pem", "/.well-known/acme-challenge/%2e%2e/x"):
        assert send_raw(stack.url, f"GET {path} HTTP/1.0\r\n\r\n".encode()).status_code != 200


def test_plain_http_on_the_tls_port_is_a_400(stack):
    answer = send_raw(f"http://localhost:{stack.tls_port}", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
    check_problem(answer, json.loads(answer.text), 400)


def test_http_2_is_served(curl, stack):
    assert curl(stack, "--http2", "--write-out", "\n%{http_version}", f"https://{NAME}/") == f"{HELLO}\n2"


def test_http_3_is_served(curl, stack):
    assert curl(stack, "--http3-only", "--write-out", "\n%{http_version}", f"https://{NAME}/") == f"{HELLO}\n3"


def test_the_http_3_port_is_published(stack):
    assert stack.nginx.inspect()["NetworkSettings"]["Ports"]["443/udp"]


def test_http_3_is_off_without_its_override(start):
    with start() as other:
        assert "Alt-Svc" not in asking_over_tls(other)("GET", "/").headers
        assert not other.nginx.inspect()["NetworkSettings"]["Ports"].get("443/udp")


def test_swarms_health_check_passes(stack):
    """Once nginx has reached the app, the check asks only nginx, on port 80, where it redirects."""
    assert stack.nginx.run("healthcheck", "--once").returncode == 0
    again = stack.nginx.run("healthcheck", "--once")
    assert (again.returncode, " 308 " in again.stdout) == (0, True), again.stdout


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_1_3_resume_sessions(stack, version):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = context.maximum_version = version
    with handshake(stack.tls_port, context) as connection:
        assert connection.version() == version.name.replace("_", ".")
        # In TLS 1.3 the session arrives after the handshake, with the first data.
        connection.sendall(f"GET /healthz HTTP/1.0\r\nHost: {NAME}\r\n\r\n".encode())
        assert connection.recv(1000).startswith(b"HTTP/1.1 200")
        first = connection.session
        assert not connection.session_reused
        # Tickets are off: TLS 1.2 sends none, and those of TLS 1.3 only name a session in nginx's memory.
        assert first.has_ticket == (version == ssl.TLSVersion.TLSv1_3)
    with handshake(stack.tls_port, context, session=first) as connection:
        assert connection.session_reused


def test_old_versions_of_tls_are_refused(stack):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(action="ignore"):
        context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
    with pytest.raises(ssl.SSLError, match="PROTOCOL_VERSION"):
        handshake(stack.tls_port, context).close()


@pytest.mark.parametrize("service", ["nginx", "acme"])
def test_containers_have_minimal_privileges(stack, service):
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
    # No Docker socket, and at most one folder of the host, to read.
    bound = [(mount["Destination"], mount["RW"]) for mount in seen["Mounts"] if mount["Type"] == "bind"]
    assert bound == ([("/etc/tls", False)] if service == "nginx" else [])


def test_the_health_check_fails_without_the_certificate_watcher(stack):
    """A loop restarts a killed watcher. If the loop is killed, too, the health check fails."""
    nginx = stack.nginx
    names = {status["Name"]: pid for pid, status in nginx.processes().items()}
    assert nginx.check_health().returncode == 0
    nginx.must("bash", "-c", f"kill -9 {names['certificates']}")
    loop = nginx.must("cat", "/run/nginx/certificates.pid").strip()
    nginx.must("bash", "-c", f"kill -0 {loop} && kill -9 {loop}")
    assert nginx.check_health().returncode != 0
    stack.compose("restart", "--timeout", "2", "nginx")
