"""When keep.py asks again, and when the health check reports that renewal has failed for too long. No Docker."""

from __future__ import annotations

import pathlib
import random
import runpy
import time
from datetime import UTC, datetime, timedelta

import keep
import pytest
import trustme
from config import Config
from cryptography import x509

DAY = 86400.0
#: Lifetimes of certificates in seconds: Let's Encrypt's long and short ones, and Pebble's in the TLS suite.
LIVES = (90 * DAY, 6 * DAY, 900.0, 120.0)
DRAWN = 1000
SETTINGS = Config(directory="https://acme.example/dir", email="", names=("flaskrandom.example",), retry=120)


def pems(life: float) -> tuple[bytes, bytes]:
    """Chain and key of a certificate that is valid for `life` seconds."""
    begins = datetime.now(UTC).replace(microsecond=0)
    ends = begins + timedelta(seconds=life)
    made = trustme.CA(key_type=trustme.KeyType.ECDSA).issue_cert(*SETTINGS.names, not_before=begins, not_after=ends)
    return b"".join(blob.bytes() for blob in made.cert_chain_pems), made.private_key_pem.bytes()


@pytest.fixture
def folders(monkeypatch, tmp_path):
    """Moves keep.py's paths into the test's own folder."""
    for name, path in (("STATE", "state"), ("CERTIFICATE", "certificate.pem"), ("OVERDUE", "overdue")):
        monkeypatch.setattr(keep, name, tmp_path / path)
    return tmp_path


def left(life: float) -> x509.Certificate:
    """Write the files that certbot leaves after a successful attempt."""
    folder = keep.lineage(SETTINGS)
    folder.mkdir(parents=True, exist_ok=True)
    chain, key = pems(life)
    (folder / "fullchain.pem").write_bytes(chain)
    (folder / "privkey.pem").write_bytes(key)
    return x509.load_pem_x509_certificate(chain)


@pytest.mark.parametrize("life", LIVES)
def test_the_next_look_is_early_enough_and_randomised(life):
    certificate = x509.load_pem_x509_certificate(pems(life)[0])
    mean = min(life / 60, 12 * keep.HOUR)
    drawn = [keep.until_next_look(certificate) for _ in range(DRAWN)]
    assert mean * 0.5 <= min(drawn) < mean * 0.55
    assert mean * 1.45 < max(drawn) <= mean * 1.5
    # certbot renews after two thirds of the lifetime; the rest leaves time for at least ten looks.
    assert max(drawn) * 10 < life / 3


@pytest.mark.parametrize("retry", [1, 120, 99999])
def test_the_wait_doubles_after_each_failure(retry):
    for failures in (1, 2, 3, 5, 8, 20, 33, 34, 10_000):
        mean = min(retry * 2 ** (failures - 1), 6 * 3600)
        drawn = [keep.backoff(retry, failures) for _ in range(DRAWN)]
        assert mean * 0.8 <= min(drawn) < mean * 0.82
        assert mean * 1.18 < max(drawn) <= mean * 1.2


class Over(Exception):
    """Ends the loop under test."""


def test_the_loop_looks_after_success_and_backs_off_after_failure(monkeypatch, folders, capsys):
    """Only consecutive failures count; a certbot that reports success but leaves no certificate has failed."""
    monkeypatch.setattr(random, "uniform", lambda low, high: (low + high) / 2)
    turns = iter(["", "no network", "no network", "renewed", "no network"])
    slept: list[float] = []

    def ask(settings: Config) -> str:
        turn = next(turns, None)
        if turn is None:
            raise Over
        if turn == "renewed":
            left(90 * DAY)
        return "" if turn == "renewed" else turn

    monkeypatch.setattr(keep, "ask", ask)
    monkeypatch.setattr(keep.time, "sleep", slept.append)
    with pytest.raises(Over):
        keep.keep(SETTINGS)
    assert slept == pytest.approx([120, 240, 480, 12 * 3600, 120])
    said = [line.partition("acme: ")[2] for line in capsys.readouterr().out.splitlines()]
    assert said[0].startswith("attempt 1 failed, the next in 120 s: certbot left no certificate in ")
    assert said[1:3] == [f"attempt {n} failed, the next in {s} s: no network" for n, s in ((2, 240), (3, 480))]
    assert said[3].startswith("handed over the certificate for flaskrandom.example, until ")
    assert said[4] == "attempt 1 failed, the next in 120 s: no network"


@pytest.fixture
def check(monkeypatch, folders):
    """Runs healthcheck.py at a given time and returns its complaint, or an empty text."""
    place = type(folders)  # the real class: the test replaces pathlib.Path

    def run(at: float) -> str:
        with monkeypatch.context() as patched:
            patched.setattr(time, "time", lambda: at)
            patched.setattr(pathlib, "Path", lambda path: folders / place(path).relative_to("/tmp"))
            try:
                runpy.run_path(str(place(keep.__file__).with_name("healthcheck.py")))
            except SystemExit as end:
                return str(end.code or "")
        return ""

    return run


@pytest.mark.parametrize("life", LIVES)
def test_unhealthy_after_five_sixths_of_the_lifetime(folders, check, life):
    certificate = left(life)
    keep.hand_over(keep.lineage(SETTINGS))
    overdue = certificate.not_valid_before_utc.timestamp() + life * 5 / 6
    assert check(overdue - 1) == ""
    assert "should have been renewed long ago" in check(overdue + 1)
    # It is healthy again after a renewal.
    left(2 * life)
    keep.hand_over(keep.lineage(SETTINGS))
    assert check(overdue + 1) == ""


def test_healthy_while_there_is_no_certificate_yet(folders, check):
    keep.hand_over(keep.lineage(SETTINGS))
    assert not keep.CERTIFICATE.exists()
    assert check(time.time()) == ""


def test_a_certificate_is_handed_over_completely_and_only_if_new(folders, capsys):
    left(90 * DAY)
    folder = keep.lineage(SETTINGS)
    keep.hand_over(folder)
    both = (folder / "privkey.pem").read_bytes() + (folder / "fullchain.pem").read_bytes()
    assert keep.CERTIFICATE.read_bytes() == both
    assert keep.CERTIFICATE.stat().st_mode & 0o777 == 0o640
    first = keep.CERTIFICATE.stat().st_ino
    keep.hand_over(folder)
    assert keep.CERTIFICATE.stat().st_ino == first
    # An unreadable certificate is not handed over and does not replace the old one.
    (folder / "fullchain.pem").write_bytes(b"rubbish")
    keep.hand_over(folder)
    assert keep.CERTIFICATE.read_bytes() == both
    assert len(capsys.readouterr().out.splitlines()) == 1
