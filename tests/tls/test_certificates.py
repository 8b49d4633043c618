"""The operator's own certificates: nginx adopts good ones by itself and refuses bad ones, and no request fails."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from support.polling import await_until
from support.stack import ROOT

from .certificates import NAME, issue, put, serial_of, shown, trusting
from .conftest import PATIENCE
from .load import Load


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("own")
    made.chmod(0o755)
    return made


@pytest.fixture(scope="module")
def stack(start, folder):
    with start(TLS_FOLDER=str(folder)) as stack:
        yield stack


@pytest.fixture
def good(stack, folder, authority) -> int:
    """A good certificate is in place and served; its serial number."""
    chain, key = issue(authority)
    put(folder, chain, key)
    await_until(lambda: shown(stack.tls_port).serial_number == serial_of(chain), PATIENCE, "nginx adopted it by itself")
    return serial_of(chain)


def refusals(stack) -> int:
    return stack.logs("nginx").count("certificates: refusing")


def bad_ones(authority) -> dict[str, tuple[bytes, bytes, str]]:
    """Chain, key, and what nginx must log about them."""
    chain, key = issue(authority)
    other_key = issue(authority)[1]
    half = chain[: chain.index(b"-----END") // 2]
    return {
        "noise": (b"\x00\xff" * 500, key, "it holds no certificate"),
        "empty": (b"", key, "it holds no certificate"),
        "half": (half, key, "it holds no certificate"),
        **{f"letter {at} changed": (changed(chain, at), key, "") for at in (100, 250, 400, 550)},
        "another's key": (chain, other_key, "key values mismatch"),
        "a key of another type": (chain, ed25519_key(), "its key belongs to another certificate"),
        "no key": (chain, b"", "cannot load certificate key"),
        "a broken chain": (chain + b"-----BEGIN CERTIFICATE-----\nbroken\n-----END CERTIFICATE-----\n", key, "PEM"),
        "expired": (*issue(authority, days=-1), "it has expired"),
        "a weak key": (*weak(), "key too small"),
    }


def ed25519_key() -> bytes:
    pem = serialization.Encoding.PEM
    plain = serialization.NoEncryption()
    return ed25519.Ed25519PrivateKey.generate().private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)


def changed(pem: bytes, at: int) -> bytes:
    """Replace the base64 letter at this place, as a bit flip or a typing error would."""
    return pem[:at] + (b"B" if pem[at : at + 1] == b"A" else b"A") + pem[at + 1 :]


def weak():
    """Self-signed, RSA with 1024 bits."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=1024)  # noqa: S505
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    built = x509.CertificateBuilder(name, name, key.public_key(), 1, now - timedelta(1), now + timedelta(9))
    pem = serialization.Encoding.PEM
    return (
        built.sign(key, hashes.SHA256()).public_bytes(pem),
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )


def test_replacing_a_certificate_fails_no_request(stack, folder, authority, good, figure):
    with Load(stack.tls_port, trusting(authority.cert_pem.bytes())) as load:
        for _ in range(5):
            chain, key = issue(authority)
            put(folder, chain, key)
            await_until(
                lambda chain=chain: load.serials[serial_of(chain)] > 20, PATIENCE, "the new certificate is served"
            )
    assert load.failed == 0, load.outcomes
    figure("own certificate replaced 5 times", sum(load.outcomes.values()), load.failed, f"{load.seconds:.0f} s")


def test_bad_certificates_are_refused_and_fail_no_request(stack, folder, authority, good, figure):
    context = trusting(authority.cert_pem.bytes())
    with Load(stack.tls_port, context) as load:
        for what, (chain, key, reason) in (cases := bad_ones(authority)).items():
            before = refusals(stack)
            put(folder, chain, key)
            await_until(lambda before=before: refusals(stack) > before, PATIENCE, f"nginx refuses {what}")
            said, *more = [line for line in stack.logs("nginx").splitlines() if "refusing" in line][before:]
            assert not more
            assert reason in said, what
            assert f"keeping the old one: DNS:{NAME}" in said
        # A reload for another reason does not adopt it either.
        stack.nginx.must("nginx", "-e", "stderr", "-s", "reload")
        seen = load.outcomes["200"]
        await_until(lambda: load.outcomes["200"] > seen + 20, PATIENCE, "the load continues")
    assert load.failed == 0, load.outcomes
    assert set(load.serials) == {good}
    figure(f"{len(cases)} corrupt certificates put in place", sum(load.outcomes.values()), load.failed, "old one kept")


def test_a_key_without_a_final_newline_is_accepted(stack, folder, authority, good):
    chain, key = issue(authority)
    put(folder, chain, key.rstrip(b"\n"))
    await_until(lambda: shown(stack.tls_port).serial_number == serial_of(chain), PATIENCE, "nginx adopted it")


def test_a_certificate_is_adopted_once_it_becomes_valid(stack, folder, authority, good):
    """The issuer's clock is ahead. Nobody has to touch the file again."""
    chain, key = issue(authority, begins=datetime.now(UTC) + timedelta(seconds=20))
    put(folder, chain, key)
    await_until(lambda: stack.nginx_said("it is not valid yet"), PATIENCE, "nginx logs it")
    assert shown(stack.tls_port).serial_number == good
    await_until(
        lambda: shown(stack.tls_port).serial_number == serial_of(chain), 60 + PATIENCE, "nginx adopted it by itself"
    )


def test_broken_links_are_logged_by_name(stack, folder, good):
    """Links as in certbot's live/ lead out of the folder, and so nowhere in the container."""
    before = refusals(stack)
    for name in ("privkey.pem", "fullchain.pem"):
        (folder / name).unlink()
        (folder / name).symlink_to(f"../../archive/{name}")
    await_until(lambda: refusals(stack) > before, PATIENCE, "nginx logs it")
    assert stack.nginx_said("/etc/tls/fullchain.pem: No such file")
    assert shown(stack.tls_port).serial_number == good


def test_a_bad_certificate_is_still_refused_after_a_restart(stack, folder, authority, good):
    put(folder, b"rubbish", b"rubbish")
    stack.compose("up", "--detach", "--no-build", "--force-recreate", "--wait", "nginx")
    assert shown(stack.tls_port).serial_number == good
    assert stack.nginx_said("keeping the old one")
    chain, key = issue(authority)
    put(folder, chain, key)
    await_until(lambda: shown(stack.tls_port).serial_number == serial_of(chain), PATIENCE, "nginx adopts the good one")


def test_an_unreadable_file_is_logged_by_name(stack, folder, authority, good):
    before = refusals(stack)
    (folder / "privkey.pem").chmod(0o600)
    await_until(lambda: refusals(stack) > before, PATIENCE, "nginx logs it")
    assert stack.nginx_said("/etc/tls/privkey.pem: Permission denied")
    assert shown(stack.tls_port).serial_number == good


def test_a_certificate_is_adopted_with_drain_seconds_set(start, authority, tmp_path):
    """With DRAIN_SECONDS nginx is not PID 1, but it still learns of a new certificate."""
    tmp_path.chmod(0o755)
    put(tmp_path, *issue(authority))
    with start(ROOT / "tests/faults/drain.yaml", TLS_FOLDER=str(tmp_path)) as other:
        chain, key = issue(authority)
        put(tmp_path, chain, key)
        await_until(
            lambda: shown(other.tls_port).serial_number == serial_of(chain), PATIENCE, "nginx adopted it by itself"
        )


def test_a_bad_certificate_from_acme_is_refused(start, authority):
    """The volume of the acme container holds half a file, or a key that does not match. The good certificate stays."""
    place = "/run/acme/certificate.pem"
    with start() as other:
        acme = other.container("acme")

        def offer(*parts: bytes) -> None:
            write = f"umask 027; cat >{place}.new && mv {place}.new {place}"
            command = ["docker", "exec", "--interactive", acme.ident, "sh", "-c", write]
            subprocess.run(command, input=b"".join(parts), check=True, timeout=60)

        chain, key = issue(authority)
        offer(key, chain)
        await_until(lambda: shown(other.tls_port).serial_number == serial_of(chain), PATIENCE, "nginx adopted it")
        new_chain, new_key = issue(authority)
        bad = ((new_key, new_chain[:300]), (b"\x00\xff" * 500,), (key, new_chain), (b"",))
        for number, parts in enumerate(bad, 1):
            offer(*parts)
            await_until(lambda number=number: refusals(other) == number, PATIENCE, f"nginx refuses {parts}")
            assert other.logs("nginx").count(f"refusing {place}") == number
            assert shown(other.tls_port).serial_number == serial_of(chain)
        offer(new_key, new_chain)
        await_until(
            lambda: shown(other.tls_port).serial_number == serial_of(new_chain), PATIENCE, "nginx adopts the good one"
        )


def test_removing_the_files_changes_nothing(stack, folder, good):
    for file in folder.iterdir():
        file.unlink()
    stack.compose("up", "--detach", "--no-build", "--force-recreate", "--wait", "nginx")
    assert shown(stack.tls_port).serial_number == good
