"""Certificates of the tests' own authority, and the certificates that a server shows."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme
from cryptography import x509

NAME, OTHER_NAME = "flaskrandom.example", "www.flaskrandom.example"


def issue(authority: trustme.CA, *names: str, days: float = 90, begins: datetime | None = None) -> tuple[bytes, bytes]:
    """Issue a certificate and return its chain and key. One that ends in the past was valid before."""
    ends = datetime.now(UTC) + timedelta(days=days)
    begins = begins or min(datetime.now(UTC) - timedelta(hours=1), ends - timedelta(days=365))
    made = authority.create_child_ca().issue_cert(*(names or (NAME, OTHER_NAME)), not_after=ends, not_before=begins)
    return b"".join(blob.bytes() for blob in made.cert_chain_pems), made.private_key_pem.bytes()


def put(folder: Path, chain: bytes, key: bytes) -> None:
    """Put both files in place as an operator does: one right after the other, readable for nginx."""
    both = {"privkey.pem": key, "fullchain.pem": chain}
    for name, content in both.items():
        new = folder / f".{name}"
        new.write_bytes(content)
        new.chmod(0o644)
    for name in both:
        (folder / f".{name}").replace(folder / name)


def serial_of(pem: bytes) -> int:
    return x509.load_pem_x509_certificate(pem).serial_number


def handshake(
    port: int,
    context: ssl.SSLContext | None = None,
    name: str = NAME,
    address: str = "127.0.0.1",
    session: ssl.SSLSession | None = None,
) -> ssl.SSLSocket:
    """Open a connection to a port, on this machine or another, with a new or an earlier session.

    Without a context, any certificate is accepted.

    Raises:
        OSError: no connection, no agreement, or a certificate that the context does not trust.
    """
    if context is None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    plain = socket.create_connection((address, port), timeout=60)
    try:
        return context.wrap_socket(plain, server_hostname=name, session=session)
    except BaseException:
        plain.close()
        raise


def peer(connection: ssl.SSLSocket) -> x509.Certificate:
    return x509.load_der_x509_certificate(connection.getpeercert(binary_form=True) or b"")


def shown(port: int) -> x509.Certificate:
    """The certificate that a new connection gets."""
    with handshake(port) as connection:
        return peer(connection)


def names_of(certificate: x509.Certificate) -> list[str]:
    extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    return extension.value.get_values_for_type(x509.DNSName)


def trusting(*roots: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=b"\n".join(roots).decode())
    return context
