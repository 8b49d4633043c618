"""configure.py: its two additions to nginx's syntax, and how the settings are rendered."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from configure import render, resolvers, values_for, write

from settings import BadSetting

TEMPLATES = Path(__file__).parents[1]
MACHINE = {"WORKERS": 2, "ADDRESSES": ["0.0.0.0", "[::]"], "RESOLVERS": "127.0.0.11", "CERTIFICATE": "/tls.pem"}
EVERYTHING = {
    "API_KEYS_FILE": "secrets/api_keys",
    "CORS_ALLOW_ORIGINS": "https://a.example http://b.example:3000",
    "HTTP3": "on",
    "HTTPS_PORT": "8443",
    "KEY_RATE_LIMIT": "5",
    "PROXY_PROTOCOL": "on",
    "TLS": "on",
    "TRUSTED_PROXIES": "10.0.0.0/8 2001:db8::/32",
}


@pytest.mark.parametrize(
    ("template", "rendered"),
    [
        ("rate=${RATE}r/s;", "rate=5r/s;"),
        ("map $uri $x { ${RATE} ${lower}; }", "map $uri $x { 5 ${lower}; }"),
        ("listen ${LIST}:${RATE};", "listen a:5; listen b:5;"),
        ("trust ${NONE};", ""),
        ("on;  # if RATE", "on;"),
        ("on; # if ZERO", ""),
        ("on; # if NONE", ""),
        ("on; # if !ZERO", "on;"),
        ("on; # if RATE !ZERO LIST", "on;"),
        ("on; # if RATE ZERO", ""),
        ("# if something is explained", "# if something is explained"),
        ("a\n# if ZERO\nb\n", "a\n\nb\n"),
    ],
)
def test_a_template_is_rendered(template, rendered):
    values = {"RATE": 5, "ZERO": 0, "LIST": ["a", "b"], "NONE": []}
    assert render(template, values) == rendered


@pytest.mark.parametrize("template", ["${UNKNOWN}", "on; # if UNKNOWN", "on; # if !UNKNOWN"])
def test_an_unknown_name_is_an_error(template):
    with pytest.raises(KeyError):
        render(template, {"KNOWN": 1})


def configuration(environ: dict[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setattr("configure.RENDERED", folder)
    write({**values_for(environ), **MACHINE}, TEMPLATES, folder)
    return {file.name: file.read_text() for file in folder.rglob("*.conf")}


@pytest.mark.parametrize("environ", [{}, EVERYTHING], ids=["defaults", "everything"])
def test_every_template_is_rendered_line_by_line(environ, tmp_path, monkeypatch):
    rendered = configuration(environ, tmp_path, monkeypatch)
    templates = {file.name: file.read_text() for file in TEMPLATES.rglob("*.conf")}
    assert rendered.keys() == templates.keys()
    for name, text in rendered.items():
        assert text.count("\n") == templates[name].count("\n"), name
        assert not re.search(r"\$\{[A-Z]", text), name


def test_optional_parts_are_off_by_default(tmp_path, monkeypatch):
    rendered = configuration({}, tmp_path, monkeypatch)
    assert "include optional" not in rendered["nginx.conf"]
    assert "listen 0.0.0.0:80 default_server ;     listen [::]:80 default_server ;" in rendered["server.conf"]
    assert "443" not in rendered["server.conf"]
    assert "limit_req zone=requests burst=400 nodelay;" in rendered["server.conf"]
    assert "Access-Control" not in rendered["headers.conf"]
    assert "set_real_ip_from" not in rendered["http.conf"]


def test_optional_parts_can_all_be_on(tmp_path, monkeypatch):
    rendered = configuration(EVERYTHING, tmp_path, monkeypatch)
    assert rendered["nginx.conf"].count("include optional") == 3
    assert "listen 0.0.0.0:443 ssl default_server proxy_protocol;" in rendered["server.conf"]
    assert "listen [::]:443 quic reuseport default_server;" in rendered["server.conf"]
    assert "https://$host:8443$request_uri" in rendered["server.conf"]
    assert "set_real_ip_from 10.0.0.0/8; set_real_ip_from 2001:db8::/32;" in rendered["http.conf"]
    assert "real_ip_header proxy_protocol;" in rendered["http.conf"]
    assert '"https://a.example" $http_origin;     "http://b.example:3000" $http_origin;' in rendered["cors.conf"]
    assert "ssl_certificate     /tls.pem;" in rendered["tls.conf"]


def test_zero_turns_the_limits_off(tmp_path, monkeypatch):
    rendered = configuration({"RATE_LIMIT": "0", "CONNECTION_LIMIT": "0"}, tmp_path, monkeypatch)
    assert "limit_req zone" not in rendered["server.conf"]
    assert "limit_conn connections" not in rendered["server.conf"]
    assert "zone=requests" not in rendered["http.conf"]


def test_a_burst_of_zero_is_left_out(tmp_path, monkeypatch):
    rendered = configuration({"RATE_BURST": "0"}, tmp_path, monkeypatch)
    assert "limit_req zone=requests;" in rendered["server.conf"]
    assert "burst" not in rendered["server.conf"]


def test_http_3_needs_tls():
    assert not values_for({"HTTP3": "on"})["HTTP3"]
    assert values_for({"HTTP3": "on", "TLS": "own"})["HTTP3"]


def test_bad_settings_are_not_rendered():
    with pytest.raises(BadSetting, match=r"^RATE_LIMIT=1;: must be"):
        values_for({"RATE_LIMIT": "1;"})


@pytest.mark.parametrize(
    ("resolv_conf", "found"),
    [
        ("nameserver 127.0.0.11\noptions ndots:0\n", "127.0.0.11"),
        ("# nameserver 1.1.1.1\nnameserver 10.0.0.1\nnameserver\tfe80::1\n", "10.0.0.1 [fe80::1]"),
        ("", ""),
    ],
)
def test_resolvers_come_from_resolv_conf(resolv_conf, found):
    assert resolvers(resolv_conf) == found
