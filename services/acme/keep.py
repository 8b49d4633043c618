"""Keeps a certificate from an ACME server valid, and hands it to nginx.

certbot does the asking: it renews when the server says so (ARI, RFC 9773) or, of a server that does not say, after
two thirds of the certificate's life (half of a life under ten days). Here is what is around it: when to ask again,
and the hand-over as one file, which nginx checks before it takes it over.
"""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from config import BadSetting, Config
from cryptography import x509

STATE = Path("/var/lib/acme")
#: Shared with nginx, which reads: the folder that challenges are answered from, and key and chain in one file.
CHALLENGES = Path("/run/acme/challenges")
CERTIFICATE = Path("/run/acme/certificate.pem")
#: For the health check: the time, in seconds since 1970, from when a certificate still not renewed is a fault.
OVERDUE = Path("/tmp/overdue")
HOUR = 3600.0
#: Lines of certbot that say nothing about what went wrong.
NOISE = re.compile(r"^(Saving debug log|Ask for help|See the logfile|Plugins selected|- - -|\s*$)")


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        settings = Config.from_environ(os.environ)
    except BadSetting as bad:
        sys.exit(str(bad))
    if not settings.directory:
        say("ACME_DIRECTORY is empty: no certificate is asked for")
        signal.pause()
    # The group may read: nginx is in it.
    os.umask(0o027)
    CHALLENGES.mkdir(exist_ok=True)
    hand_over(lineage(settings))
    keep(settings)


def keep(settings: Config) -> None:
    failures = 0
    while True:
        fault = ask(settings)
        hand_over(lineage(settings))
        certificate = read(lineage(settings))
        if certificate and not fault:
            failures = 0
            pause = until_next_look(certificate)
        else:
            failures += 1
            pause = backoff(settings.retry, failures)
            fault = fault or f"certbot left no certificate in {lineage(settings)}"
            say(f"attempt {failures} failed, the next in {pause:.0f} s: {fault}")
        time.sleep(pause)


def ask(settings: Config) -> str:
    """Have certbot get or renew the certificate if that is due; what went wrong, in one line, or nothing."""
    command = [
        *("certbot", "certonly", "--non-interactive", "--agree-tos", "--keep-until-expiring"),
        *("--renew-with-new-domains", "--webroot", "--webroot-path", str(CHALLENGES)),
        *("--config-dir", str(STATE), "--work-dir", "/tmp/certbot", "--logs-dir", "/tmp/certbot"),
        *("--max-log-backups", "0", "--server", settings.directory, "--cert-name", lineage(settings).name),
        *(("--email", settings.email) if settings.email else ("--register-unsafely-without-email",)),
        *(("--eab-kid", settings.eab_kid, "--eab-hmac-key", settings.eab_hmac_key) if settings.eab_kid else ()),
        *(part for name in settings.names for part in ("--domain", name)),
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode == 0:
        return ""
    said = [line.strip() for line in done.stdout.splitlines() if not NOISE.match(line)]
    return " ".join(said[-6:]) or f"certbot ended with {done.returncode}"


def lineage(settings: Config) -> Path:
    """Where certbot keeps the newest certificate: one place a server, so that changing it asks the new one."""
    return STATE / "live" / re.sub(r"[^A-Za-z0-9]+", "-", settings.directory.removeprefix("https://")).strip("-")


def hand_over(folder: Path) -> None:
    """Give nginx the certificate in `folder`, if there is one that it has not got, in one instant."""
    certificate = read(folder)
    if not certificate:
        return
    both = (folder / "privkey.pem").read_bytes() + (folder / "fullchain.pem").read_bytes()
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    # Long after it should have been renewed, early enough to do something about it.
    OVERDUE.write_text(f"{(ends - (ends - begins) / 6).timestamp():.0f}\n")
    if CERTIFICATE.exists() and CERTIFICATE.read_bytes() == both:
        return
    new = CERTIFICATE.with_suffix(".new")
    new.write_bytes(both)
    new.chmod(0o640)
    new.replace(CERTIFICATE)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    say(f"handed over the certificate for {', '.join(names.get_values_for_type(x509.DNSName))}, until {ends:%F %T}Z")


def read(folder: Path) -> x509.Certificate | None:
    """The certificate there; None when there is none, or none that can be read."""
    try:
        return x509.load_pem_x509_certificate((folder / "fullchain.pem").read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def until_next_look(certificate: x509.Certificate) -> float:
    """Seconds: a sixtieth of the certificate's life, but half a day at most, give or take a half.

    The randomness keeps many machines from asking at once.
    """
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    return min(life.total_seconds() / 60, 12 * HOUR) * random.uniform(0.5, 1.5)


def backoff(retry: float, failures: int) -> float:
    """Seconds to wait after so many failures in a row: doubled each time, six hours at most, give or take a fifth."""
    return min(retry * 2.0 ** min(failures - 1, 32), 6 * HOUR) * random.uniform(0.8, 1.2)


def say(line: str) -> None:
    print(f"{datetime.now(UTC):%FT%TZ} acme: {line}", flush=True)


if __name__ == "__main__":
    main()
