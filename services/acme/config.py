"""The environment of the acme container, read and checked once.

Needs nothing but the standard library: `python3 services/acme/config.py` checks the current environment on any
host, prints one line for each bad value and exits with 1 when there is one.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass

LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
NAMES = re.compile(rf"{LABEL}(\.{LABEL})+( +{LABEL}(\.{LABEL})+)*")
DIRECTORY = re.compile(r"https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/[!-~]*")
EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
SECONDS = re.compile(r"[1-9][0-9]{0,4}")


class BadSetting(ValueError):
    """A variable holds a value that is not allowed; the message names it, the value and what is allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Every setting of the acme container."""

    #: Address of the ACME server's directory; empty: ACME is off.
    directory: str
    #: Where the ACME server may write to; may be empty.
    email: str
    #: The host names that the certificate is for, the first one its subject.
    names: tuple[str, ...]
    #: Seconds until the second attempt after a failed one; doubled with each further one.
    retry: int

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Config:
        """Read the settings; a variable that is absent or empty means its default.

        Raises:
            BadSetting: one line for each variable whose value is not allowed.
        """
        directory, email, names, retry = (
            environ.get(variable, "").strip()
            for variable in ("ACME_DIRECTORY", "ACME_EMAIL", "SERVER_NAME", "ACME_RETRY")
        )
        wrong = []
        if directory and not DIRECTORY.fullmatch(directory):
            wrong.append(f"ACME_DIRECTORY={directory}: must be an https:// address, or empty for no ACME")
        # Without ACME nginx alone reads the names, and checks them.
        elif directory and not NAMES.fullmatch(names):
            wrong.append(
                f"SERVER_NAME={names}: must be the full host names to certify, no wildcard, when ACME_DIRECTORY is set"
            )
        if email and not EMAIL.fullmatch(email):
            wrong.append(f"ACME_EMAIL={email}: must be a mail address, or empty")
        if retry and not SECONDS.fullmatch(retry):
            wrong.append(f"ACME_RETRY={retry}: must be a whole number of seconds from 1 to 99999")
        if wrong:
            raise BadSetting("\n".join(wrong))
        return cls(directory=directory, email=email, names=tuple(names.split()), retry=int(retry or 120))


if __name__ == "__main__":
    try:
        Config.from_environ(os.environ)
    except BadSetting as bad:
        sys.exit(str(bad))
