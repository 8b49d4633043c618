"""nginx's rendered configuration, with the defaults and with everything on: nginx accepts it, gixy finds no risk."""

from __future__ import annotations

import subprocess

import pytest

from support.stack import ROOT

pytestmark = pytest.mark.local

SETTINGS = {
    "defaults": (),
    "everything": (
        "API_KEYS_FILE=secrets/api_keys",
        "KEY_RATE_LIMIT=5",
        "CORS_ALLOW_ORIGINS=https://app.example, http://localhost:3000",
        "TRUSTED_PROXIES=10.0.0.0/8",
        "API_UPSTREAM=api:5000",
        "API_BULK_UPSTREAM=api:5001",
        "SERVER_NAME=example.org",
        "RATE_BURST=0",
    ),
    "TLS": ("TLS=on", "HTTP3=on", "SERVER_NAME=example.org"),
}
GIXY = str(ROOT / ".venv/bin/gixy")


@pytest.mark.parametrize("settings", SETTINGS.values(), ids=SETTINGS)
def test_gixy_finds_nothing(stack, settings, tmp_path):
    options = [part for setting in settings for part in ("--env", setting)]
    writable = ("--tmpfs=/run/nginx:mode=0777", "--tmpfs=/var/lib/tls:mode=0777")
    image = stack.nginx.inspect()["Config"]["Image"]
    command = ("docker", "run", "--rm", "--network=none", "--read-only", *writable, *options, image, "-T", "-q")
    shown = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert shown.returncode == 0, shown.stderr
    file = tmp_path / "nginx.conf"
    file.write_text(shown.stdout)
    looked = subprocess.run([GIXY, str(file)], capture_output=True, text=True, timeout=60)
    assert looked.returncode == 0, looked.stdout + looked.stderr
    # Control: gixy can find something.
    file.write_text(shown.stdout.replace("server_tokens off", "server_tokens on"))
    assert subprocess.run([GIXY, str(file)], capture_output=True, timeout=60).returncode
