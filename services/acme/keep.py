"""Keeps a certificate from an ACME server valid, and hands it to nginx.

certbot requests and renews the certificate: at the time that the server suggests (ARI, RFC 9773), else after two
thirds of its lifetime (half of a lifetime under ten days). This module schedules certbot and hands key and chain over
in one file, which nginx checks before use.
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
#: Shared with nginx (read-only): the folder of challenge files, and key and chain in one file.
CHALLENGES = Path("/run/acme/challenges")
CERTIFICATE = Path("/run/acme/certificate.pem")
#: For the health check: the time (seconds since 1970) after which a missing renewal is a fault.
OVERDUE = Path("/tmp/overdue")
HOUR = 3600.0
#: Lines of certbot's output that do not explain an error.
NOISE = re.compile(r"^(Saving debug log|Ask for help|See the logfile|Plugins selected|- - -|\s*$)")


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        settings = Config.from_environ(os.environ)
    except BadSetting as bad:
        sys.exit(str(bad))
    if not settings.directory:
        say("ACME_DIRECTORY is empty: no certificate is requested")
        signal.pause()
    # nginx reads through its group.
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
    """Let certbot get or renew the certificate if due; return the error in one line, or an empty text."""
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
    """certbot's folder of the newest certificate: one for each ACME server, so that a new server is asked at once."""
    return STATE / "live" / re.sub(r"[^A-Za-z0-9]+", "-", settings.directory.removeprefix("https://")).strip("-")


def hand_over(folder: Path) -> None:
    """Give nginx the certificate in `folder`, if it is new, by an atomic rename."""
    certificate = read(folder)
    if not certificate:
        return
    both = (folder / "privkey.pem").read_bytes() + (folder / "fullchain.pem").read_bytes()
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    # Well after the time of renewal, and early enough to act.
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
    """The certificate in `folder`; None if it is missing or malformed."""
    try:
        return x509.load_pem_x509_certificate((folder / "fullchain.pem").read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def until_next_look(certificate: x509.Certificate) -> float:
    """Seconds to wait: a sixtieth of the certificate's lifetime, at most half a day, plus or minus a half.

    The jitter spreads the requests of many machines.
    """
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    return min(life.total_seconds() / 60, 12 * HOUR) * random.uniform(0.5, 1.5)


def backoff(retry: float, failures: int) -> float:
    """Seconds to wait after failures in a row: doubled each time, at most six hours, plus or minus a fifth."""
    return min(retry * 2.0 ** min(failures - 1, 32), 6 * HOUR) * random.uniform(0.8, 1.2)


def say(line: str) -> None:
    print(f"{datetime.now(UTC):%FT%TZ} acme: {line}", flush=True)


if __name__ == "__main__":
    main()
