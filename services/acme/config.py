"""The environment of the acme container, read once. `services/settings/settings.py` has the defaults and rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import settings
from settings import BadSetting

__all__ = ["BadSetting", "Config"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Settings of the acme container."""

    #: Address of the ACME server's directory; empty: ACME is off.
    directory: str
    #: Contact address for the ACME server; may be empty.
    email: str
    #: Key id of the external account to bind to (EAB); empty: none.
    eab_kid: str = ""
    eab_hmac_key: str = ""
    #: Host names of the certificate; the first one is its subject.
    names: tuple[str, ...]
    #: Seconds until the second attempt after a failed one; doubled with each further one.
    retry: int

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Config:
        """Read the settings; a variable that is absent or empty means its default.

        Raises:
            BadSetting: one line for each bad value.
        """
        values = settings.read("acme", environ)
        return cls(
            directory=values["ACME_DIRECTORY"] or "",
            email=values["ACME_EMAIL"] or "",
            eab_kid=values["ACME_EAB_KID"] or "",
            eab_hmac_key=values["ACME_EAB_HMAC_KEY"] or "",
            names=tuple(values["SERVER_NAME"]),
            retry=values["ACME_RETRY"],
        )
