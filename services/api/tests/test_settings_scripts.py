"""What is checked before anything starts: scripts/settings.sh, the reading of .env, and nginx's own settings."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LONG = "9" * 30

PORT = "a port from 1 to 65535"
CPUS = "a whole number from 1 to 999"
RATE = "a whole number from 0 to 1000000"
UPSTREAM = "unix:/path/to.sock or host:port"
HOSTS = "host names separated by spaces, or _ for any"
NETWORKS = "addresses or networks (10.0.0.0/8) separated by spaces"

ORIGINS = "origins (https://app.example:8443) separated by spaces or commas, or *"

COMPOSE_BAD = [
    *[("PROMETHEUS_PORT", value, PORT) for value in ("0", "65536", "9090x")],
    *[("HTTP_PORT", value, PORT) for value in ("0", "65536", "-1", "080", "eighty", "80a", "127.0.0.1:80", LONG)],
    *[(name, value, CPUS) for name in ("API_CPUS", "NGINX_CPUS") for value in ("0", "1.5", "two", "-1", "1000")],
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
    ("API_KEYS_FILE", "/etc/keys", "a file in the folder secrets, such as secrets/api_keys"),
    *[("API_REPLICAS", value, "a whole number from 1 to 9999") for value in ("0", "none", "-1", "10000")],
    *[("OVERLAY_ENCRYPTION", value, "yes or no") for value in ("true", "0", "perhaps")],
    *[("NGINX_DRAIN_SECONDS", value, "a whole number from 0 to 60") for value in ("61", "-1", "5s")],
    *[("NGINX_UPDATE_DELAY", value, "a whole number from 0 to 999") for value in ("1000", "5s")],
    *[
        ("TLS_FOLDER", value, "a folder that begins with / or ./, without spaces and colons")
        for value in ("tls", "./a b", "/etc/tls:rw", "~/tls", "...")
    ],
    ("LOG_LEVEL", "loud", "one of debug, info, warning, error, critical"),
    ("WEB_CONCURRENCY", "many", "a whole number from 1 to 256"),
    ("BACKLOG", "0", "a whole number from 1 to 4096"),
    *[
        ("ACME_DIRECTORY", value, "an https:// address, or empty for no ACME")
        for value in ("letsencrypt", "http://ca.example/directory", "https://ca.example", "https://ca.example/a b")
    ],
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
            "unix:relative.sock",
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
            "https://user@app.example",
        )
    ],
    *[
        ("SERVER_NAME", value, HOSTS)
        for value in ("a;b", "a{b", "$host", "a#b", "*a*", "a..b", "-a", 'a"b', "a'b", "a/b", "~^www")
    ],
    *[("HTTPS_PORT", value, PORT) for value in ("0", "65536", "44a", "443;", "127.0.0.1:443")],
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
            ":::::",
        )
    ],
]
NGINX_GOOD = [
    ("API_UPSTREAM", "unix:/run/other.sock"),
    ("API_UPSTREAM", "api:5000"),
    ("API_UPSTREAM", "api.inside.example:65535"),
    ("API_UPSTREAM", "10.0.0.7:80"),
    ("API_BULK_UPSTREAM", "bulk:5001"),
    ("RATE_LIMIT", "0"),
    ("RATE_LIMIT", "1000000"),
    ("RATE_BURST", "0"),
    ("KEY_RATE_LIMIT", "0"),
    ("KEY_RATE_BURST", "1000000"),
    ("CORS_ALLOW_ORIGINS", "*"),
    ("CORS_ALLOW_ORIGINS", "https://app.example"),
    ("CORS_ALLOW_ORIGINS", "https://app.example:8443, http://localhost:3000 https://a-b.example"),
    ("CONNECTION_LIMIT", "0"),
    ("CONNECTION_LIMIT", "65535"),
    ("HTTPS_PORT", "8443"),
    ("HSTS_MAX_AGE", "0"),
    ("TLS", "on"),
    ("TLS", "own"),
    ("SERVER_NAME", "_"),
    ("SERVER_NAME", "example.org *.example.org"),
    ("TRUSTED_PROXIES", "10.0.0.0/8 2001:db8::/32 192.0.2.1"),
    ("TRUSTED_PROXIES", "::1"),
]
COMPOSE_GOOD = [
    ("HTTP_PORT", "1"),
    ("HTTP_PORT", "65535"),
    ("API_CPUS", "999"),
    ("API_MEMORY", "2g"),
    ("REGISTRY", "registry.example:5000/team"),
    ("TAG", "v1.2_3-rc.4"),
    ("TAG", "a" * 128),
    *[("TLS_FOLDER", value) for value in ("./local/tls", "../tls", "/etc/letsencrypt/live/random.example")],
    ("LOG_LEVEL", "debug"),
    ("ACME_DIRECTORY", "https://acme-v02.api.letsencrypt.org/directory"),
    ("ACME_EMAIL", "first.last+acme@mail.example.org"),
    ("SERVER_NAME", "example.org www.example.org"),
]
EVERY_KNOB = [line.partition("=")[0] for line in (ROOT / ".env").read_text().splitlines() if line and line[0] != "#"]


def case_id(value: object) -> str:
    return str(value)[:24] or "empty"


def run(command: list[str], environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Only PATH comes from outside: a setting in the developer's shell must not decide a test."""
    return subprocess.run(
        command,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def check(**environ: str) -> subprocess.CompletedProcess[str]:
    return run(["scripts/settings.sh"], environ)


def check_nginx(**environ: str) -> subprocess.CompletedProcess[str]:
    return run(["sh", "services/nginx/bin/settings"], environ)


@pytest.fixture
def checkout(tmp_path):
    """This checkout with a .env of the test's own."""

    def make(env_file: str) -> Path:
        for part in ("scripts", "services"):
            (tmp_path / part).symlink_to(ROOT / part)
        (tmp_path / ".env").write_text(env_file)
        return tmp_path

    return make


def test_every_knob_has_a_bad_value_here():
    elsewhere = {"MAX_LENGTH", "MAX_COUNT", "MAX_STREAM_COUNT"}  # test_config.py
    assert set(EVERY_KNOB) - {variable for variable, *_ in COMPOSE_BAD + NGINX_BAD} == elsewhere


def test_the_committed_env_file_is_good():
    done = check()
    assert (done.returncode, done.stdout) == (0, "")


#: nginx's settings are checked value by value below; here it is enough that they are checked at all.
ONE_OF_EACH = list({case[0]: case for case in reversed(NGINX_BAD)}.values())


def rounds(cases):
    """The cases in rounds, each with one value a variable at the most: a run of the script for every one is slow."""
    found, waiting = [], list(cases)
    while waiting:
        found.append(list({case[0]: case for case in waiting}.values()))
        waiting = [case for case in waiting if case not in found[-1]]
    return found


@pytest.mark.parametrize("cases", rounds(COMPOSE_BAD + ONE_OF_EACH), ids=lambda cases: f"{len(cases)} variables")
def test_each_bad_value_is_one_line(cases):
    done = check(**{variable: value for variable, value, _ in cases})
    assert done.returncode == 1
    assert sorted(done.stdout.splitlines()) == sorted(
        f"{variable}={value}: must be {allowed}" for variable, value, allowed in cases
    )


@pytest.mark.parametrize(("variable", "value", "allowed"), NGINX_BAD, ids=case_id)
def test_nginx_checks_its_own_at_its_start(variable, value, allowed):
    done = check_nginx(**{variable: value})
    assert done.returncode == 1
    assert done.stdout.splitlines() == [f"{variable}={value}: must be {allowed}"]


@pytest.mark.parametrize("cases", rounds(COMPOSE_GOOD), ids=lambda cases: f"{len(cases)} variables")
def test_good_values_are_silent(cases):
    done = check(**dict(cases))
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize(("variable", "value"), NGINX_GOOD, ids=case_id)
def test_a_good_value_is_silent_at_the_start_of_nginx(variable, value):
    done = check_nginx(**{variable: value})
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("names", ["_", "", "localhost", "*.example.org", "example.org *.example.org"])
def test_acme_needs_names_that_can_be_certified(names):
    done = check(ACME_DIRECTORY="https://ca.example/directory", SERVER_NAME=names)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [
        f"SERVER_NAME={names}: must be the full host names to certify, no wildcard, when ACME_DIRECTORY is set"
    ]


def test_empty_means_default():
    done = check(**dict.fromkeys(EVERY_KNOB, ""))
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("value", ["61", "-1", "5s"])
def test_nginx_checks_how_long_it_drains(value):
    done = check_nginx(DRAIN_SECONDS=value)
    assert done.returncode == 1
    assert done.stdout.splitlines() == [f"DRAIN_SECONDS={value}: must be a whole number from 0 to 60"]


def test_what_this_shell_means_by_port_is_no_setting():
    done = check(PORT="elsewhere", DRAIN_SECONDS="long")
    assert (done.returncode, done.stdout) == (0, "")


def test_a_bad_value_is_never_run(tmp_path):
    witness = tmp_path / "witness"
    evil = f'"; touch {witness}; $(touch {witness}) `touch {witness}` #'
    done = check(**dict.fromkeys(EVERY_KNOB, evil))
    assert {line.partition("=")[0] for line in done.stdout.splitlines()} == set(EVERY_KNOB)
    assert not witness.exists()


@pytest.mark.parametrize(
    ("env_file", "shell", "bad"),
    [
        ("LOG_LEVEL=loud\n", {}, True),
        ("LOG_LEVEL=loud\n", {"LOG_LEVEL": "info"}, False),
        ("LOG_LEVEL=loud\n", {"LOG_LEVEL": ""}, False),
        ("LOG_LEVEL=info\n", {"LOG_LEVEL": "loud"}, True),
        ("# LOG_LEVEL=loud\n", {}, False),
        ("LOG_LEVEL=info # loud\n", {}, False),
        ('LOG_LEVEL="info"\n', {}, False),
        ("LOG_LEVEL='loud'\n", {}, True),
        ("LOG_LEVEL=", {}, False),
        ("LOG_LEVEL=loud", {}, True),
        ("export LOG_LEVEL=loud\n", {}, True),
        ("LOG_LEVEL=info\r\n", {}, False),
    ],
)
def test_the_shell_wins_over_the_file(checkout, env_file, shell, bad):
    done = run([str(checkout(env_file) / "scripts" / "settings.sh")], shell)
    assert done.returncode == int(bad), done.stdout
    assert done.stdout == ("LOG_LEVEL=loud: must be one of debug, info, warning, error, critical\n" if bad else "")


@pytest.mark.parametrize("script", ["deploy", "rollback"])
def test_what_goes_to_a_swarm_reads_the_file_first(checkout, script):
    """Where the Swarm is, what the stack is called and which tag it gets may all stand in .env."""
    folder = checkout("DOCKER_HOST=tcp://127.0.0.1:1\nTAG=v1\n")
    done = run(["bash", str(folder / f"scripts/{script}.sh")], {})
    assert done.returncode == 1
    assert "the engine at tcp://127.0.0.1:1 is no Swarm manager" in done.stdout


def test_a_key_file_is_looked_into(checkout):
    root = checkout("API_KEYS_FILE=secrets/api_keys\n")
    settings, file = root / "scripts" / "settings.sh", root / "local/secrets/api_keys"
    assert run([str(settings)], {}).stdout == "API_KEYS_FILE=secrets/api_keys: No such file or directory\n"
    file.parent.mkdir(parents=True)
    file.write_text("frk_pasted\n")
    done = run([str(settings)], {})
    assert done.returncode == 1
    assert done.stdout.startswith("API_KEYS_FILE=secrets/api_keys: line 1: must be NAME sha256:HEX")
    assert "pasted" not in done.stdout
