"""Every setting of the stack: its readers, its default and its rule.

All services and the host's scripts share this one checker. It needs the standard library alone, and runs on
Python 3.9 and later:

    python3 services/settings/settings.py          # checks the settings of .env, as they are in the environment
    python3 services/settings/settings.py nginx    # checks what one service reads: compose, api, nginx or acme

It prints one line for each bad value, and exits with 1 if there is one.
"""

from __future__ import annotations

import ipaddress
import os
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

#: The most code points in one JSON response, MAX_LENGTH × MAX_COUNT: the api's memory must hold several.
MAX_ANSWER = 8_388_608

#: How alike, from 0 to 1, an unknown name and a setting's must be to count as a misspelling.
ALIKE = 0.85

LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"


class BadSetting(ValueError):
    """One line for each bad value: the variable, its value, and what is allowed."""


class Rule(NamedTuple):
    """The rule for a setting's value."""

    #: Completes the sentence "must be …".
    allowed: str
    #: Turns the text into a value. Raises ValueError for a text that is not allowed.
    parse: Callable[[str], Any]


class Setting(NamedTuple):
    """One row of the table."""

    name: str
    #: The value of an absent or empty variable; an empty default means None, whatever the rule.
    default: str
    rule: Rule
    #: The programs that read it: compose, api, nginx, acme.
    readers: tuple[str, ...]
    #: False for a variable that a platform sets in a container. On the host it may mean something else.
    on_host: bool = True


def integer(low: int, high: int, allowed: str = "") -> Rule:
    """A whole number from `low` to `high`."""

    def parse(text: str) -> int:
        # At most 20 digits: for thousands, int() raises another error.
        if not (re.fullmatch("0|[1-9][0-9]{0,19}", text) and low <= int(text) <= high):
            raise ValueError
        return int(text)

    return Rule(allowed or f"a whole number from {low} to {high}", parse)


def choice(allowed: str, *words: str) -> Rule:
    """One of `words`."""
    return matching("|".join(words), allowed)


def matching(pattern: str, allowed: str, make: Callable[[str], Any] = str) -> Rule:
    """Text that `pattern` matches as a whole."""

    def parse(text: str) -> Any:
        if not re.fullmatch(pattern, text):
            raise ValueError
        return make(text)

    return Rule(allowed, parse)


def size(mebibytes: int, allowed: str) -> Rule:
    """An amount of memory such as 512m or 2g, at least `mebibytes`; its value is in MiB."""

    def parse(text: str) -> int:
        found = re.fullmatch("([1-9][0-9]{0,8})([mg])", text)
        amount = int(found[1]) * (1024 if found[2] == "g" else 1) if found else 0
        if amount < mebibytes:
            raise ValueError
        return amount

    return Rule(allowed, parse)


def list_of(item: Callable[[str], str], allowed: str, separators: str = " ") -> Rule:
    """Items between `separators`; its value is a list without duplicates."""

    def parse(text: str) -> list[str]:
        return list(dict.fromkeys(item(part) for part in re.split(f"[{separators}]+", text) if part))

    return Rule(allowed, parse)


def _published_port(text: str) -> int:
    """The port of `port` or `address:port`, the two forms in which Compose publishes one."""
    address, colon, port = text.rpartition(":")
    if colon:
        _host_address(address)
    number: int = PORT.parse(port)
    return number


def _host_address(text: str) -> None:
    """Take 127.0.0.1 and [::1]."""
    if text.startswith("[") and text.endswith("]"):
        ipaddress.IPv6Address(_without_zone(text[1:-1]))
    else:
        ipaddress.IPv4Address(text)


def _without_zone(text: str) -> str:
    if "%" in text:
        raise ValueError
    return text


def _host(text: str) -> None:
    """Take a host name or address. An address in square brackets is IPv6."""
    if not re.fullmatch("[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?", text):
        _host_address(text)


def _upstream(text: str) -> str:
    if not re.fullmatch("unix:/[A-Za-z0-9._/-]+", text):
        host, _, port = text.rpartition(":")
        _host(host)
        PORT.parse(port)
    return text


def _network(text: str) -> str:
    return str(ipaddress.ip_network(_without_zone(text), strict=False))


def _origin(text: str) -> str:
    """An origin as browsers send it: lower case, no path."""
    found = re.fullmatch(r"https?://([a-z0-9.-]+|\[[0-9a-f:.]+\])(?::(\d+))?", text)
    if not found:
        raise ValueError
    _host(found[1])
    if found[2]:
        PORT.parse(found[2])
    return text


def _origins(text: str) -> list[str]:
    allowed: list[str] = ["*"] if text == "*" else ORIGIN_LIST.parse(text)
    return allowed


def _server_names(text: str) -> list[str]:
    names: list[str] = ["_"] if text == "_" else SERVER_NAMES.parse(text)
    return names


def _level(text: str) -> str:
    if text.lower() not in LEVELS:
        raise ValueError
    return text.lower()


PORT = integer(1, 65535, "a port from 1 to 65535")
PUBLISHED_PORT = Rule("a port from 1 to 65535, or address:port", _published_port)
UPSTREAM = Rule("unix:/path/to.sock or host:port", _upstream)
PERCENT = integer(10, 99_900, "a percentage of one CPU from 10 to 99900")
RATE = integer(0, 1_000_000)
SERVER_NAMES = list_of(
    matching(rf"(\*\.)?{LABEL}(\.{LABEL})*", "").parse, "host names separated by spaces, or _ for any"
)
ORIGIN_LIST = list_of(_origin, "", " ,")
ON_OFF = choice("on or off", "on", "off")
LEVELS = ("debug", "info", "warning", "error", "critical")
KEY_FILE = matching(
    "(secrets|/run/secrets)/[A-Za-z0-9_-][A-Za-z0-9._-]*",
    "a file in the folder secrets, such as secrets/api_keys",
    Path,
)
COMPOSE, API, NGINX, ACME = ("compose",), ("api",), ("nginx",), ("acme",)

TABLE = [
    # Addresses.
    Setting("HTTP_PORT", "80", PUBLISHED_PORT, COMPOSE),
    Setting("HTTPS_PORT", "443", PUBLISHED_PORT, COMPOSE + NGINX),
    Setting("LISTEN_PORT", "80", PORT, COMPOSE + NGINX),
    Setting("LISTEN_TLS_PORT", "443", PORT, COMPOSE + NGINX),
    Setting("TLS", "off", choice("on, own or off", "on", "own", "off"), NGINX),
    Setting("HTTP3", "off", ON_OFF, NGINX),
    Setting(
        "TLS_FOLDER",
        "./local/tls",
        matching(r"[.]{0,2}/[^:\s]*", "a folder that begins with /, ./ or ../, without spaces or colons"),
        COMPOSE,
    ),
    Setting("HSTS_MAX_AGE", "63072000", integer(0, 999_999_999, "a whole number of seconds below 1000000000"), NGINX),
    Setting(
        "ACME_DIRECTORY",
        "",
        matching("https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/[!-~]*", "an https:// address, or empty for no ACME"),
        ACME,
    ),
    Setting(
        "ACME_EMAIL",
        "",
        matching(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", "a mail address, or empty"),
        ACME,
    ),
    Setting("ACME_EAB_KID", "", matching("[!-~]{1,256}", "a key identifier, or empty"), ACME),
    Setting("ACME_EAB_HMAC_KEY", "", matching("[A-Za-z0-9_=-]{1,256}", "a key in base64url, or empty"), ACME),
    Setting("ACME_RETRY", "120", integer(1, 99_999, "a whole number of seconds from 1 to 99999"), ACME),
    Setting("SERVER_NAME", "_", Rule(SERVER_NAMES.allowed, _server_names), NGINX + ACME),
    Setting(
        "TRUSTED_PROXIES",
        "",
        list_of(_network, "addresses or networks (10.0.0.0/8) separated by spaces"),
        NGINX,
    ),
    Setting("PROXY_PROTOCOL", "off", ON_OFF, NGINX),
    Setting("KEEPALIVE_TIMEOUT", "65", integer(1, 3600, "a whole number of seconds from 1 to 3600"), NGINX),
    # Limits.
    Setting("RATE_LIMIT", "200", RATE, NGINX),
    Setting("RATE_BURST", "400", RATE, NGINX),
    Setting("CONNECTION_LIMIT", "32", integer(0, 65535), NGINX),
    Setting("BACKLOG", "64", integer(1, 4096), API),
    Setting("MAX_LENGTH", "4096", integer(1, 65536), API),
    Setting("MAX_COUNT", "1000", integer(1, 100_000), API),
    Setting("MAX_STREAM_COUNT", "10000000", integer(1, 10**12), API),
    Setting("WEB_CONCURRENCY", "", integer(1, 256), API),
    Setting("API_CPU_PERCENT", "200", PERCENT, COMPOSE),
    Setting("API_MEMORY", "512m", size(256, "a size such as 512m or 2g, at least 256m"), COMPOSE),
    Setting("NGINX_CPU_PERCENT", "200", PERCENT, COMPOSE),
    Setting("NGINX_MEMORY", "192m", size(128, "a size such as 192m or 1g, at least 128m"), COMPOSE),
    # Access.
    Setting("API_KEYS_FILE", "", KEY_FILE, API + NGINX),
    Setting("SERIES_KEY_FILE", "", KEY_FILE, API),
    Setting("KEY_RATE_LIMIT", "0", RATE, NGINX),
    Setting("KEY_RATE_BURST", "400", RATE, NGINX),
    Setting(
        "CORS_ALLOW_ORIGINS",
        "",
        Rule("origins (https://app.example:8443) separated by spaces or commas, or *", _origins),
        NGINX,
    ),
    # Logs and metrics.
    Setting("LOG_LEVEL", "info", Rule(f"one of {', '.join(LEVELS)}", _level), API),
    Setting("PROMETHEUS_PORT", "9090", PORT, COMPOSE),
    # Upstreams and images.
    Setting("API_UPSTREAM", "unix:/run/flaskrandom/api.sock", UPSTREAM, NGINX),
    Setting("API_BULK_UPSTREAM", "unix:/run/flaskrandom/bulk.sock", UPSTREAM, NGINX),
    Setting(
        "REGISTRY",
        "",
        matching("[a-z0-9]([a-z0-9._:/-]*[a-z0-9])?", "a registry and path without a slash at its end"),
        COMPOSE,
    ),
    Setting("TAG", "latest", matching("[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}", "an image tag"), COMPOSE),
    # Swarm.
    Setting("API_REPLICAS", "3", integer(1, 9999), COMPOSE),
    Setting("OVERLAY_ENCRYPTION", "yes", choice("yes or no", "yes", "no"), COMPOSE),
    Setting("NGINX_DRAIN_SECONDS", "0", integer(0, 60), COMPOSE),
    Setting("NGINX_UPDATE_DELAY", "5", integer(0, 999), COMPOSE),
    # Set by a platform, or by the Swarm's Compose files.
    Setting("PORT", "", PORT, API, on_host=False),
    Setting("DRAIN_SECONDS", "0", integer(0, 300), API, on_host=False),
    Setting("DRAIN_SECONDS", "0", integer(0, 60), NGINX, on_host=False),
]


#: Names of version 1.0.
RENAMED = {
    "API_CPUS": "is now API_CPU_PERCENT, 200 for two CPUs",
    "NGINX_CPUS": "is now NGINX_CPU_PERCENT, 200 for two CPUs",
}


def _joint(values: Mapping[str, Any]) -> Iterable[str]:
    """A line for each combination that is not allowed. `values` has only values that are valid by themselves."""

    def known(*names: str) -> bool:
        return all(name in values for name in names)

    if known("MAX_LENGTH", "MAX_COUNT") and values["MAX_LENGTH"] * values["MAX_COUNT"] > MAX_ANSWER:
        yield (
            f"MAX_LENGTH={values['MAX_LENGTH']} and MAX_COUNT={values['MAX_COUNT']}: "
            f"their product must be at most {MAX_ANSWER}"
        )
    trusts_none = known("TRUSTED_PROXIES") and not values["TRUSTED_PROXIES"]
    if trusts_none and values.get("PROXY_PROTOCOL") == "on":
        yield "PROXY_PROTOCOL=on: must be off unless TRUSTED_PROXIES names the proxies that may speak it"
    if known("LISTEN_PORT", "LISTEN_TLS_PORT") and values["LISTEN_PORT"] == values["LISTEN_TLS_PORT"]:
        yield f"LISTEN_TLS_PORT={values['LISTEN_TLS_PORT']}: must differ from LISTEN_PORT"
    for name in [name for name in ("LISTEN_PORT", "LISTEN_TLS_PORT") if values.get(name) == 9145]:
        yield f"{name}=9145: nginx serves its metrics there"
    if known("ACME_EAB_KID", "ACME_EAB_HMAC_KEY") and bool(values["ACME_EAB_KID"]) != bool(values["ACME_EAB_HMAC_KEY"]):
        yield "ACME_EAB_KID and ACME_EAB_HMAC_KEY: set both or neither"
    if known("ACME_DIRECTORY", "SERVER_NAME") and values["ACME_DIRECTORY"]:
        names = values["SERVER_NAME"]
        if not all(re.fullmatch(rf"{LABEL}(\.{LABEL})+", name) for name in names):
            yield (
                f"SERVER_NAME={' '.join(names)}: must be the full host names to certify, no wildcard, "
                "when ACME_DIRECTORY is set"
            )


def _read(rows: list[Setting], environ: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Return the values of `rows`, and a line for each bad one."""
    values: dict[str, Any] = {}
    wrong: list[str] = []
    for row in rows:
        text = environ.get(row.name, "").strip() or row.default
        try:
            values[row.name] = row.rule.parse(text) if text else None
        except ValueError:
            wrong.append(f"{row.name}={_shown(row.name, text)}: must be {row.rule.allowed}")
    return values, wrong + list(_joint(values))


def _shown(name: str, text: str) -> str:
    """The text on one line; not shown if it may be a key, even a key given where a file's name belongs."""
    if len(text) >= 32 and (name.endswith("_KEY") or (name.endswith("_FILE") and "/" not in text)):
        return "(not shown)"
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)


def read(reader: str, environ: Mapping[str, str]) -> dict[str, Any]:
    """The settings that one program reads.

    Args:
        reader: compose, api, nginx or acme.
        environ: the variables. One that is absent or empty means its default.

    Returns:
        Each setting's value by its name, parsed; None for one that is empty by default.

    Raises:
        BadSetting: one line for each bad value.
    """
    values, wrong = _read([row for row in TABLE if reader in row.readers], environ)
    if wrong:
        raise BadSetting("\n".join(wrong))
    return values


def check_host(environ: Mapping[str, str]) -> list[str]:
    """A line for each bad value among all settings of `.env`, and for each old name that is still set."""
    old = [f"{name}={environ[name]}: {advice}" for name, advice in RENAMED.items() if environ.get(name)]
    return _read([row for row in TABLE if row.on_host], environ)[1] + old


def check_names(text: str) -> list[str]:
    """A line for each name in the text of `.env.local` that is not a setting but resembles one."""
    import difflib  # here, because nginx's image lacks it

    names = [row.name for row in TABLE if row.on_host]
    wrong: list[str] = []
    for name in re.findall(r"^\s*(?:export\s+)?(\w+)\s*[=:]", text, re.MULTILINE):
        near = difflib.get_close_matches(name.upper(), names, n=1, cutoff=ALIKE)
        if near and name not in names:
            wrong.append(f"{name}: is not a setting; did you mean {near[0]}?")
    return wrong


def main(arguments: list[str]) -> None:
    """Check the environment, for one reader or for the host."""
    wrong = (
        _read([row for row in TABLE if arguments[0] in row.readers], os.environ)[1]
        if arguments
        else check_host(os.environ)
    )
    if wrong:
        sys.exit("\n".join(wrong))


if __name__ == "__main__":
    main(sys.argv[1:])
