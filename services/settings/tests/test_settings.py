"""The checker of settings: good and bad values of every variable, and the message for each bad value."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

import settings
from settings import BadSetting

ROOT = Path(__file__).resolve().parents[3]
LONG = "9" * 30

PORT = "a port from 1 to 65535"
PUBLISHED = "a port from 1 to 65535, or address:port"
PERCENT = "a percentage of one CPU from 10 to 99900"
RATE = "a whole number from 0 to 1000000"
UPSTREAM = "unix:/path/to.sock or host:port"
HOSTS = "host names separated by spaces, or _ for any"
NETWORKS = "addresses or networks (10.0.0.0/8) separated by spaces"

ORIGINS = "origins (https://app.example:8443) separated by spaces or commas, or *"

COMPOSE_BAD = [
    ("ACME_EAB_KID", "two words", "a key identifier, or empty"),
    ("ACME_EAB_HMAC_KEY", "a+b/c", "a key in base64url, or empty"),
    *[("PROMETHEUS_PORT", value, PORT) for value in ("0", "65536", "9090x")],
    *[
        ("HTTP_PORT", value, PUBLISHED)
        for value in (
            *("0", "65536", "-1", "080", "eighty", "80a", LONG),
            *(
                "127.0.0.1:",
                ":80",
                "127.0.0.1:0",
                "999.0.0.1:80",
                "::1:80",
                "[::1%lo]:80",
                "localhost:80",
                "1.2.3.4:1:2",
            ),
        )
    ],
    *[
        (name, value, PERCENT)
        for name in ("API_CPU_PERCENT", "NGINX_CPU_PERCENT")
        for value in ("0", "9", "50.5", "1e2", "two", "-1", "99901", "50%", LONG)
    ],
    *[
        ("API_MEMORY", value, "a size such as 512m or 2g, at least 256m")
        for value in ("255m", "512", "0m", "much", "1.5g", "-1m", "512M B")
    ],
    *[("NGINX_MEMORY", value, "a size such as 192m or 1g, at least 128m") for value in ("127m", "128", "0g", "little")],
    *[
        ("REGISTRY", value, "a registry and path without a slash at its end")
        for value in ("host/", "/host", "ho st", "Host")
    ],
    *[("TAG", value, "an image tag") for value in (".hidden", "-x", "a b", "a:b", "a" * 129)],
    ("SERIES_KEY_FILE", "series_key", "a file in the folder secrets, such as secrets/api_keys"),
    *[
        ("API_KEYS_FILE", value, "a file in the folder secrets, such as secrets/api_keys")
        for value in (
            *(
                "api_keys",
                "secrets/",
                "secrets/../.env",
                "secrets/.hidden",
                "/etc/shadow",
                "secrets/a b",
                "./secrets/a",
            ),
        )
    ],
    *[("API_REPLICAS", value, "a whole number from 1 to 9999") for value in ("0", "none", "-1", "10000")],
    *[("OVERLAY_ENCRYPTION", value, "yes or no") for value in ("true", "0", "perhaps")],
    *[("NGINX_DRAIN_SECONDS", value, "a whole number from 0 to 60") for value in ("61", "-1", "5s")],
    *[("NGINX_UPDATE_DELAY", value, "a whole number from 0 to 999") for value in ("1000", "5s")],
    *[
        ("TLS_FOLDER", value, "a folder that begins with /, ./ or ../, without spaces or colons")
        for value in ("tls", "./a b", "/etc/tls:rw", "~/tls", "...")
    ],
    *[("LOG_LEVEL", value, "one of debug, info, warning, error, critical") for value in ("loud", "10")],
    *[
        ("WEB_CONCURRENCY", value, "a whole number from 1 to 256")
        for value in ("0", "257", "-1", "2.5", "two", "٣", "1_0", "9" * 5000)
    ],
    *[("BACKLOG", value, "a whole number from 1 to 4096") for value in ("0", "4097")],
    *[("MAX_LENGTH", value, "a whole number from 1 to 65536") for value in ("0", "65537")],
    *[("MAX_COUNT", value, "a whole number from 1 to 100000") for value in ("0", "100001")],
    *[("MAX_STREAM_COUNT", value, "a whole number from 1 to 1000000000000") for value in ("0", "1000000000001")],
    *[
        ("ACME_DIRECTORY", value, "an https:// address, or empty for no ACME")
        for value in ("letsencrypt", "http://ca.example/directory", "https://ca.example", "https://ca.example/a b")
    ],
    *[("ACME_RETRY", value, "a whole number of seconds from 1 to 99999") for value in ("0", "100000", "soon")],
    *[("PORT", value, PORT) for value in ("0", "65536")],
    *[("ACME_EMAIL", value, "a mail address, or empty") for value in ("me", "@example.org", "a b@c.d", "a@b;c")],
]
NGINX_BAD = [
    *[
        (name, value, RATE)
        for name in ("RATE_LIMIT", "RATE_BURST", "KEY_RATE_LIMIT", "KEY_RATE_BURST")
        for value in ("x", "-1", "1.5", "1000001", "1;", "5 5", LONG)
    ],
    *[
        ("CONNECTION_LIMIT", value, "a whole number from 0 to 65535")
        for value in ("x", "-1", "1.5", "65536", "1;", "5 5", LONG)
    ],
    *[
        (name, value, UPSTREAM)
        for name in ("API_UPSTREAM", "API_BULK_UPSTREAM")
        for value in (
            "api",
            "api:",
            ":5000",
            "unix:",
            "api:5000;",
            "api;5000",
            "api:5000 api:5001",
            "$(id):80",
            "http://api:5000",
            "api:5x",
            "api:0",
            "api:65536",
            *("unix:relative.sock", "[::1]", "[::1]:0", "[::1:80", "::1:80", "[10.0.0.7]:80"),
        )
    ],
    *[
        ("CORS_ALLOW_ORIGINS", value, ORIGINS)
        for value in (
            "app.example",
            "https://app.example/",
            "https://app.example/path",
            "https://*.example",
            "* https://app.example",
            "null",
            "https://App.example",
            "ftp://app.example",
            "https://app.example:0",
            "https://app.example;https://b",
            'https://a"b',
            "https://$host",
            *("https://user@app.example", "https://", "https://[::1", "https://app.example:", "https://a.example|b"),
        )
    ],
    *[
        ("SERVER_NAME", value, HOSTS)
        for value in (
            "a" * 64,
            "_ example.org",
            "a;b",
            "a{b",
            "$host",
            "a#b",
            "*a*",
            "a..b",
            "-a",
            'a"b',
            "a'b",
            "a/b",
            "~^www",
        )
    ],
    *[("HTTPS_PORT", value, PUBLISHED) for value in ("0", "65536", "44a", "443;", "127.0.0.1:443;")],
    *[(name, value, PORT) for name in ("LISTEN_PORT", "LISTEN_TLS_PORT") for value in ("0", "65536", "80;", "::80")],
    *[("KEEPALIVE_TIMEOUT", value, "a whole number of seconds from 1 to 3600") for value in ("0", "3601", "65s", "-1")],
    *[("PROXY_PROTOCOL", value, "on or off") for value in ("yes", "v2", "on;")],
    *[("DRAIN_SECONDS", value, "a whole number from 0 to 60") for value in ("61", "-1", "5s")],
    *[
        ("HSTS_MAX_AGE", value, "a whole number of seconds below 1000000000")
        for value in ("-1", "1y", "1.5", "1;", LONG)
    ],
    *[("TLS", value, "on, own or off") for value in ("yes", "1", "on;", "off on")],
    *[("HTTP3", value, "on or off") for value in ("yes", "1", "on;", "own")],
    *[
        ("TRUSTED_PROXIES", value, NETWORKS)
        for value in (
            "all;",
            "$x",
            "proxy.example",
            "10.0.0.0/8,::1",
            "10.0.0.0/99",
            "1.2.3",
            "999.1.1.1",
            "a:b",
            *(":::::", "fe80::1%eth0", "1::2::3", "2001:db8::/129", "10.0.0.0/8;", "unix:"),
        )
    ],
]
NGINX_GOOD = [
    ("API_UPSTREAM", "unix:/run/other.sock"),
    ("API_UPSTREAM", "api:5000"),
    ("API_UPSTREAM", "api.inside.example:65535"),
    ("API_UPSTREAM", "10.0.0.7:80"),
    ("API_UPSTREAM", "[2001:db8::7]:5000"),
    ("API_BULK_UPSTREAM", "bulk:5001"),
    ("RATE_LIMIT", "0"),
    ("RATE_LIMIT", "1000000"),
    ("RATE_BURST", "0"),
    ("KEY_RATE_LIMIT", "0"),
    ("KEY_RATE_BURST", "1000000"),
    ("CORS_ALLOW_ORIGINS", "*"),
    ("CORS_ALLOW_ORIGINS", "https://app.example"),
    ("CORS_ALLOW_ORIGINS", "http://[::1]:3000"),
    ("CORS_ALLOW_ORIGINS", "https://app.example:8443, http://localhost:3000 https://a-b.example"),
    ("CONNECTION_LIMIT", "0"),
    ("CONNECTION_LIMIT", "65535"),
    ("HTTPS_PORT", "8443"),
    ("LISTEN_PORT", "8080"),
    ("LISTEN_TLS_PORT", "8443"),
    ("KEEPALIVE_TIMEOUT", "620"),
    ("PROXY_PROTOCOL", "off"),
    ("DRAIN_SECONDS", "60"),
    ("HTTP3", "on"),
    ("HSTS_MAX_AGE", "0"),
    ("TLS", "on"),
    ("TLS", "own"),
    ("SERVER_NAME", "_"),
    ("SERVER_NAME", "example.org *.example.org"),
    ("TRUSTED_PROXIES", "10.0.0.0/8 2001:db8::/32 192.0.2.1"),
    ("TRUSTED_PROXIES", "::1"),
    ("TRUSTED_PROXIES", "::ffff:10.0.0.1 2001:0DB8:0:0::/64 10.1.2.3/255.0.0.0"),
]
COMPOSE_GOOD = [
    ("HTTP_PORT", "1"),
    ("HTTP_PORT", "65535"),
    ("HTTP_PORT", "127.0.0.1:8080"),
    ("HTTP_PORT", "[::1]:8080"),
    ("API_CPU_PERCENT", "99900"),
    *[("NGINX_CPU_PERCENT", value) for value in ("10", "50", "125")],
    ("MAX_LENGTH", "8388"),
    ("MAX_COUNT", "2048"),
    ("API_KEYS_FILE", "/run/secrets/api_keys.v2"),
    ("API_MEMORY", "2g"),
    ("REGISTRY", "registry.example:5000/team"),
    ("TAG", "v1.2_3-rc.4"),
    ("TAG", "a" * 128),
    *[("TLS_FOLDER", value) for value in ("./tls", "../tls", "/etc/letsencrypt/live/random.example")],
    ("LOG_LEVEL", "debug"),
    ("ACME_EMAIL", "first.last+acme@mail.example.org"),
    ("SERVER_NAME", "example.org www.example.org"),
]
EVERY_KNOB = [line.partition("=")[0] for line in (ROOT / ".env").read_text().splitlines() if line and line[0] != "#"]
SET_IN_THE_CONTAINER = {"PORT", "DRAIN_SECONDS", "TLS", "HTTP3", "ACME_RETRY"}


def case_id(value: object) -> str:
    return str(value)[:24] or "empty"


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run the checker as a program with only these variables."""
    return subprocess.run(
        [sys.executable, settings.__file__, *arguments], env=environ, capture_output=True, text=True, check=False
    )


def nginx_lines(**environ: str) -> list[str]:
    try:
        settings.read("nginx", environ)
    except BadSetting as bad:
        return str(bad).splitlines()
    return []


def test_every_setting_has_a_bad_value_here():
    tested = {name for name, *_ in COMPOSE_BAD + NGINX_BAD}
    assert {row.name for row in settings.TABLE} - tested == set()


def test_the_env_file_and_the_table_have_the_same_settings_and_defaults():
    lines = (ROOT / ".env").read_text().splitlines()
    written = dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))
    table = {row.name: row.default for row in settings.TABLE if row.name not in SET_IN_THE_CONTAINER}
    assert table == {name: value for name, value in written.items() if not name.startswith("COMPOSE_")}


@pytest.mark.parametrize(("variable", "value", "allowed"), COMPOSE_BAD + NGINX_BAD, ids=case_id)
def test_a_bad_value_gets_one_line(variable, value, allowed):
    readers = {reader for row in settings.TABLE if row.name == variable for reader in row.readers}
    readers -= {"api"} if variable == "DRAIN_SECONDS" else set()
    for reader in readers:
        with pytest.raises(BadSetting) as refused:
            settings.read(reader, {variable: value})
        assert str(refused.value) == f"{variable}={value}: must be {allowed}"
    on_host = any(row.name == variable and row.on_host for row in settings.TABLE)
    assert settings.check_host({variable: value}) == [f"{variable}={value}: must be {allowed}"] * on_host


@pytest.mark.parametrize(("variable", "value"), COMPOSE_GOOD + NGINX_GOOD, ids=case_id)
def test_a_good_value_gets_no_message(variable, value):
    for row in settings.TABLE:
        if row.name == variable and (variable, row.readers) != ("DRAIN_SECONDS", ("api",)):
            for reader in row.readers:
                settings.read(reader, {variable: value})
    assert settings.check_host({variable: value}) == []


@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_value_means_the_default(empty):
    for reader in ("compose", "api", "nginx", "acme"):
        assert settings.read(reader, dict.fromkeys(EVERY_KNOB, empty)) == settings.read(reader, {})


def test_values_are_parsed():
    read = settings.read(
        "nginx",
        {
            "CORS_ALLOW_ORIGINS": "https://b.example,https://a.example  https://b.example",
            "HTTPS_PORT": "127.0.0.1:8443",
            "SERVER_NAME": "a.example b.example",
            "TLS": "own",
            "TRUSTED_PROXIES": "10.1.2.3/8 2001:0DB8::",
        },
    )
    assert read["CORS_ALLOW_ORIGINS"] == ["https://b.example", "https://a.example"]
    assert read["HTTPS_PORT"] == 8443
    assert read["SERVER_NAME"] == ["a.example", "b.example"]
    assert read["TLS"] == "own"
    assert read["TRUSTED_PROXIES"] == ["10.0.0.0/8", "2001:db8::/128"]
    assert read["API_KEYS_FILE"] is None


@pytest.mark.parametrize("names", ["_", "localhost", "*.example.org", "example.org *.example.org"])
def test_acme_needs_names_that_can_be_certified(names):
    lines = settings.check_host({"ACME_DIRECTORY": "https://ca.example/directory", "SERVER_NAME": names})
    assert lines == [
        f"SERVER_NAME={names}: must be the full host names to certify, no wildcard, when ACME_DIRECTORY is set"
    ]


def test_acme_accepts_full_host_names():
    environ = {"ACME_DIRECTORY": "https://acme-v02.api.letsencrypt.org/directory", "SERVER_NAME": "a.example b.example"}
    assert settings.check_host(environ) == []
    assert settings.read("acme", environ)["SERVER_NAME"] == ["a.example", "b.example"]


@pytest.mark.parametrize(("length", "count"), [(65536, 100_000), (65536, 1000), (4096, 100_000), (8389, 1000)])
def test_length_and_count_have_a_joint_limit(length, count):
    environ = {"MAX_LENGTH": str(length), "MAX_COUNT": str(count)}
    line = f"MAX_LENGTH={length} and MAX_COUNT={count}: their product must be at most 8388608"
    assert settings.check_host(environ) == [line]
    with pytest.raises(BadSetting) as refused:
        settings.read("api", environ)
    assert str(refused.value) == line


def test_proxy_protocol_needs_trusted_proxies():
    line = "PROXY_PROTOCOL=on: must be off unless TRUSTED_PROXIES names the proxies that may speak it"
    assert nginx_lines(PROXY_PROTOCOL="on") == [line]
    assert nginx_lines(PROXY_PROTOCOL="on", TRUSTED_PROXIES="10.0.0.0/8") == []


@pytest.mark.parametrize("name", ["SERIES_KEY_FILE", "API_KEYS_FILE", "ACME_EAB_HMAC_KEY"])
def test_a_key_given_instead_of_a_file_is_not_shown(name):
    line, *_ = settings.check_host({name: "a1b2+" * 13, "ACME_EAB_KID": "a"})
    assert line.startswith(f"{name}=(not shown): must be a ")


@pytest.mark.parametrize("name", ["ACME_EAB_KID", "ACME_EAB_HMAC_KEY"])
def test_both_account_settings_are_needed(name):
    line = "ACME_EAB_KID and ACME_EAB_HMAC_KEY: set both or neither"
    assert settings.check_host({name: "a"}) == [line]
    assert settings.check_host({"ACME_EAB_KID": "a", "ACME_EAB_HMAC_KEY": "b_-="}) == []


def test_the_listen_ports_must_differ():
    line = "LISTEN_TLS_PORT=8080: must differ from LISTEN_PORT"
    assert nginx_lines(LISTEN_PORT="8080", LISTEN_TLS_PORT="8080") == [line]
    assert nginx_lines(LISTEN_PORT="9145") == ["LISTEN_PORT=9145: nginx serves its metrics there"]


def test_a_value_of_several_lines_is_reported_on_one_line():
    assert nginx_lines(SERVER_NAME="a\n;b\x1b[2J") == [f"SERVER_NAME=a\\n;b\\x1b[2J: must be {HOSTS}"]


def test_the_program_prints_each_bad_value_and_fails():
    done = run(LOG_LEVEL="loud", RATE_LIMIT="x")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines() == [
        f"RATE_LIMIT=x: must be {RATE}",
        "LOG_LEVEL=loud: must be one of debug, info, warning, error, critical",
    ]
    assert run("nginx", LOG_LEVEL="loud").returncode == 0
    assert run("api", LOG_LEVEL="loud").returncode == 1


def test_variables_set_in_the_container_are_ignored_on_the_host():
    done = run(PORT="elsewhere", DRAIN_SECONDS="long")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_checker_parses_as_python_3_9():
    """macOS ships Python 3.9, and the scripts on the host call the checker."""
    for name in ("settings.py", "cpus.py"):
        ast.parse((Path(settings.__file__).parent / name).read_text(), feature_version=(3, 9))


@pytest.mark.parametrize("name", ["API_CPUS", "NGINX_CPUS"])
def test_a_renamed_setting_of_version_1_0_is_reported(name):
    assert settings.check_host({name: "1"}) == [f"{name}=1: is now {name[:-1]}_PERCENT, 200 for two CPUs"]
    assert settings.check_host({name: ""}) == []


@pytest.mark.parametrize(
    ("line", "near"),
    [
        ("RATE_LIMTI=5", "RATE_LIMIT"),
        ("export API_KEY_FILE=secrets/api_keys", "API_KEYS_FILE"),
        ("  http_port: 8080", "HTTP_PORT"),
        ("SERVERNAME = a.example", "SERVER_NAME"),
    ],
)
def test_a_misspelt_name_is_reported(line, near):
    name = re.findall(r"\w+", line.removeprefix("export"))[0]
    assert settings.check_names(f"# my settings\n{line}\n") == [f"{name}: is not a setting; did you mean {near}?"]


def test_names_of_other_programs_are_ignored():
    repository = Path(settings.__file__).parents[2]
    files = [".env", "compose.yaml", *(path.relative_to(repository) for path in repository.glob("overrides/*.yaml"))]
    used = {name for file in files for name in re.findall(r"\$\{(\w+)|^(\w+)=", (repository / file).read_text(), re.M)}
    names = {name for pair in used for name in pair} - {""} | {"HTTPS_PROXY", "COMPOSE_FILE", "PORT", "DRAIN_SECONDS"}
    assert len(names) > 40
    text = "".join(f"{name}=1\n" for name in names)
    assert settings.check_names(text + "# RATE_LIMTI=5\n") == []
