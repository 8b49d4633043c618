"""HTTPS on each node's own port: a deploy checks the certificate, distributes it as secrets, and renews it."""

from __future__ import annotations

import http.client
import time

import pytest
import trustme

from support.machine import Machine
from support.polling import await_until
from tls.certificates import NAME, handshake, issue, peer, put, serial_of, trusting

from .cluster import Cluster
from .conftest import BESIDE, another_stack, generator

SERVICE = f"{BESIDE}_nginx"


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA(key_type=trustme.KeyType.ECDSA)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, authority):
    made = tmp_path_factory.mktemp("own")
    put(made, *issue(authority))
    return made


@pytest.fixture(scope="module")
def beside(cluster):
    with another_stack(cluster) as given:
        yield given


@pytest.fixture(scope="module")
def settings(beside, folder) -> dict[str, str]:
    """nginx drains for 3 s: the load balancer asks every 0.5 s and acts on the second answer."""
    return {
        **beside,
        "COMPOSE_FILE": "compose.yaml:overrides/tls.yaml",
        "TLS_FOLDER": str(folder),
        "HTTPS_PORT": "443",
        "NGINX_DRAIN_SECONDS": "3",
        "NGINX_UPDATE_DELAY": "2",
    }


@pytest.fixture(scope="module")
def secure(cluster: Cluster, settings) -> Cluster:
    """The second stack, with a good certificate."""
    done = cluster.make("deploy", **settings)
    assert done.returncode == 0, done.stdout
    return cluster


@pytest.fixture
def load(secure, authority, tmp_path):
    """Clients behind a load balancer, which check the certificate of every new connection."""
    (tmp_path / "ca.pem").write_bytes(authority.cert_pem.bytes())
    trusted = ("--authority", "/record/ca.pem", "--certified", NAME)
    yield from generator(secure, tmp_path, "secure", "--balance", *trusted)


def served(cluster: Cluster) -> list[int]:
    """The serial number of the certificate that each node shows."""
    found = []
    for node in cluster.nodes:
        with handshake(443, address=node.address) as connection:
            found.append(peer(connection).serial_number)
    return found


def serves(cluster: Cluster, serials: list[int]) -> bool:
    """Whether the nodes show these certificates now. A node whose nginx is being replaced shows none."""
    try:
        return served(cluster) == serials
    except OSError:
        return False


def ask(node: Machine, path: str, authority: trustme.CA) -> http.client.HTTPResponse:
    """GET over TLS, with full checks of the certificate."""
    connection = http.client.HTTPConnection(NAME)
    connection.sock = handshake(443, trusting(authority.cert_pem.bytes()), address=node.address)
    connection.request("GET", path)
    return connection.getresponse()


def containers(cluster: Cluster) -> set[str]:
    return {ident for node in cluster.nodes for ident in node.docker("ps", "--quiet").split()}


def test_every_node_serves_https(secure, authority, folder):
    assert served(secure) == [serial_of((folder / "fullchain.pem").read_bytes())] * 3
    offering = trusting(authority.cert_pem.bytes())
    offering.set_alpn_protocols(["h2", "http/1.1"])
    for node in secure.nodes:
        answer = ask(node, "/api/v1/strings?length=8", authority)
        assert answer.status == 200
        assert answer.headers["Strict-Transport-Security"] == "max-age=63072000"
        assert b'"data"' in answer.read()
        with handshake(443, offering, address=node.address) as connection:
            assert connection.selected_alpn_protocol() == "h2"


def test_plain_http_is_redirected_except_health_checks(secure):
    for node in secure.nodes:
        answer = node.get("/docs/", 81, redirected=False)
        assert (answer.status_code, answer.headers["Location"]) == (308, f"https://{node.address}/docs/")
        assert node.get("/readyz", 81, redirected=False).status_code == 200


def test_the_key_is_only_in_memory(secure):
    """The secrets and nginx's copy are on tmpfs, and only nginx's user may read the key."""
    for node in secure.nodes:
        (ident,) = node.docker("ps", "--quiet", "--filter", f"name={SERVICE}").split()
        places = ("/etc/tls/privkey.pem", "/var/lib/tls/certificate.pem")
        kinds = node.docker("exec", ident, "stat", "--file-system", "--format", "%T", *places).split()
        assert kinds == ["tmpfs", "tmpfs"]
        modes = node.docker("exec", ident, "stat", "--format", "%a %u", *places).splitlines()
        assert modes == ["400 10002", "600 10002"]


def test_renewing_a_certificate_and_rolling_back_lose_no_request(secure, settings, folder, authority, load, figures):
    """A new secret makes a rolling update of nginx, which clients behind a load balancer do not notice."""
    before = serial_of((folder / "fullchain.pem").read_bytes())
    chain, key = issue(authority)
    put(folder, chain, key)
    begin = time.time()
    done = secure.make("deploy", **settings)
    assert done.returncode == 0, done.stdout
    assert served(secure) == [serial_of(chain)] * 3
    renewed = load.between(begin)
    begin = time.time()
    done = secure.make("rollback", **settings)
    assert done.returncode == 0, done.stdout
    assert served(secure) == [before] * 3
    back = load.between(begin)
    figures.row("certificate renewed: behind a load balancer", renewed)
    assert renewed.kinds == {}
    assert back.kinds == {}


def test_a_bad_certificate_is_refused_before_anything_changes(secure, settings, folder, authority, load):
    chain, key = issue(authority)
    cases = {
        "garbage": (b"\x00\xff" * 500, key, "it holds no certificate"),
        "another's key": (chain, issue(authority)[1], "key values mismatch"),
        "expired": (*issue(authority, days=-1), "it has expired"),
    }
    before, serials, begin = containers(secure), served(secure), time.time()
    for what, (bad, of, why) in cases.items():
        put(folder, bad, of)
        done = secure.make("deploy", **settings)
        assert done.returncode != 0, what
        assert why in done.stdout, what
        assert "nothing was changed" in done.stdout
    (folder / "privkey.pem").unlink()
    done = secure.make("deploy", **settings)
    assert done.returncode != 0
    assert "privkey.pem cannot be read" in done.stdout
    seen = load.between(begin)
    assert containers(secure) == before
    assert served(secure) == serials
    assert seen.kinds == {}


def test_a_bad_certificate_in_the_secret_is_rolled_back(secure, authority, load, figures):
    """A secret changed by hand bypasses the first check. nginx does not start with it, and Swarm rolls back."""
    serials = served(secure)
    secrets = "{{range .Spec.TaskTemplate.ContainerSpec.Secrets}}{{.SecretName}} {{end}}"
    names = secure.manager.docker("service", "inspect", "--format", secrets, SERVICE).split()
    (old,) = [name for name in names if "tls_key" in name]
    make = 'printf "%s" "$0" | docker secret create bad_key -'
    secure.manager.must("sh", "-c", make, issue(authority)[1].decode())
    target = "source=bad_key,target=/etc/tls/privkey.pem,uid=10002,gid=10001,mode=0400"
    begin = time.time()
    secure.manager.docker(
        *("service", "update", "--detach", "--secret-rm", old, "--secret-add", target, SERVICE), seconds=120
    )

    def state() -> str:
        return secure.manager.docker("service", "inspect", "--format", "{{.UpdateStatus.State}}", SERVICE).strip()

    await_until(lambda: state() == "rollback_completed", 240, "Swarm rolls it back")
    await_until(lambda: serves(secure, serials), 60, "every node serves the old certificate")
    seen = load.between(begin)
    figures.row("wrong key in the secret", seen, f"rolled back after {time.time() - begin:.0f} s")
    failed = ("ps", "--all", "--quiet", "--filter", f"name={SERVICE}", "--filter", "exited=1")
    said = "".join(node.docker("logs", ident) for node in secure.nodes for ident in node.docker(*failed).split())
    assert "key values mismatch" in said
    assert "there is no good certificate in /etc/tls" in said
    assert seen.kinds == {}
