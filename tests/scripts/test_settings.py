"""Settings as the scripts read them from the shell, .env.local and .env. services/settings/tests covers the values."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.long, pytest.mark.skipif(not shutil.which("docker"), reason="Compose reads the settings")]

ROOT = Path(__file__).resolve().parents[2]
LINES = (ROOT / ".env").read_text().splitlines()
EVERY_KNOB = {line.partition("=")[0] for line in LINES if line and line[0] != "#"} - {"COMPOSE_PATH_SEPARATOR"}
#: A command that only checks the settings.
SETTINGS = [sys.executable, "-m", "scripts.stack", "run", "true"]


def run(command: list[str], environ: dict[str, str], folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run with only PATH from outside, so that settings in the developer's shell cannot affect a test."""
    return subprocess.run(
        command,
        cwd=folder,
        env={"PATH": os.environ["PATH"], **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def check(**environ: str) -> subprocess.CompletedProcess[str]:
    return run(SETTINGS, environ)


def complaints(done: subprocess.CompletedProcess[str]) -> list[str]:
    """The lines about bad values."""
    lines = done.stdout.removeprefix("error: ").splitlines()
    return [line for line in lines if not line.startswith("  fix: ")]


@pytest.fixture
def checkout(tmp_path):
    """Makes a copy of this checkout with the test's own .env files."""

    def make(env_file: str, env_local: str = "") -> Path:
        for part in ("scripts", "deploy", "services/settings", "services/api/flaskrandom"):
            shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("__pycache__"))
        (tmp_path / ".env").write_text(env_file)
        if env_local:
            (tmp_path / ".env.local").write_text(env_local)
        return tmp_path

    return make


def test_the_committed_env_file_is_valid():
    done = check()
    assert (done.returncode, done.stdout) == (0, "")


def test_a_bad_value_is_never_executed(tmp_path):
    witness = tmp_path / "witness"
    evil = f'"; touch {witness}; $(touch {witness}) `touch {witness}` #'
    done = check(**dict.fromkeys(EVERY_KNOB, evil))
    assert {line.partition("=")[0] for line in complaints(done)} == EVERY_KNOB
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
def test_the_shell_overrides_the_file(checkout, env_file, shell, bad):
    done = run(SETTINGS, shell, checkout(env_file))
    assert done.returncode == int(bad), done.stdout
    assert complaints(done) == ["LOG_LEVEL=loud: must be one of debug, info, warning, error, critical"] * bad


@pytest.mark.parametrize(
    ("shell", "expected"), [({}, "local"), ({"LOG_LEVEL": "shell"}, "shell"), ({"LOG_LEVEL": "info"}, "")]
)
def test_env_local_overrides_env_and_the_shell_overrides_both(checkout, shell, expected):
    done = run(SETTINGS, shell, checkout("LOG_LEVEL=env\n", "LOG_LEVEL=local\n"))
    assert [line.partition(":")[0] for line in complaints(done)] == [f"LOG_LEVEL={expected}"] * bool(expected)


def test_a_misspelt_name_in_env_local_stops_the_start(checkout):
    done = run(SETTINGS, {}, checkout("LOG_LEVEL=info\n", "LOG_LEVLE=debug\n"))
    assert (done.returncode, complaints(done)) == (1, ["LOG_LEVLE: is not a setting; did you mean LOG_LEVEL?"])


def test_compose_reads_env_local_under_make(checkout):
    """`make` passes both files to Compose, including COMPOSE_FILE."""
    folder = checkout("NAME=env\nCOMPOSE_FILE=missing.yaml\n", "NAME=local\nCOMPOSE_FILE=test.yaml\n")
    (folder / "test.yaml").write_text("services: {probe: {image: '${NAME}'}}\n")
    (folder / "test.mk").write_text("include Makefile\nprobe:\n\t@docker compose config --images\n")
    shutil.copy(ROOT / "Makefile", folder)
    assert run(["make", "-s", "-f", "test.mk", "probe"], {}, folder).stdout == "local\n"


def test_a_missing_compose_file_is_named(checkout):
    folder = checkout("COMPOSE_FILE=compose.yaml:overrides/tsl.yaml\n")
    (folder / "compose.yaml").write_text("services: {probe: {image: none}}\n")
    done = run([sys.executable, "-m", "scripts.stack", "doctor"], {}, folder)
    assert re.search(r"FAIL  Compose: .*tsl\.yaml: no such file or directory\n +fix: correct COMPOSE_FILE", done.stdout)


def test_missing_compose_is_reported(checkout):
    folder = checkout("LOG_LEVEL=info\n")
    done = subprocess.run(SETTINGS, cwd=folder, env={"PATH": str(folder)}, capture_output=True, text=True)
    assert done.stderr == ("error: Docker Compose, which reads the settings, is missing\n  fix: make up installs it\n")


def test_values_are_expanded_as_by_compose(checkout):
    """Compose reads the files for all scripts; a script that read .env itself would see ${HOME} unexpanded."""
    folder = checkout("TLS_FOLDER=${HOME}/certs\nAPI_KEYS_FILE='sec$rets'\n")
    script = "from scripts.stack.shell import read_settings as r; s = r(); print(s['TLS_FOLDER'], s['API_KEYS_FILE'])"
    assert run([sys.executable, "-c", script], {"HOME": "/home/me"}, folder).stdout == "/home/me/certs sec$rets\n"


def test_a_line_that_compose_cannot_read_is_named(checkout):
    done = run(SETTINGS, {}, checkout("LOG_LEVEL=info\n!!!\n"))
    assert done.returncode == 1
    assert done.stdout.startswith("error: Compose cannot read .env: "), done.stdout


def test_env_sets_the_separator_of_compose_file():
    """The default on Windows is a semicolon."""
    assert "COMPOSE_PATH_SEPARATOR=:" in LINES
    done = run(["docker", "compose", "config", "--services"], {"COMPOSE_FILE": "compose.yaml:overrides/tls.yaml"})
    assert "acme" in done.stdout.split()


@pytest.mark.parametrize("command", ["deploy", "rollback"])
def test_swarm_commands_read_the_env_file_first(checkout, command):
    """.env may set the address of the Swarm, the name of the stack and the tag."""
    folder = checkout("DOCKER_HOST=tcp://127.0.0.1:1\nTAG=v1\n")
    done = run([sys.executable, "-m", "deploy.swarm", command], {}, folder)
    assert done.returncode == 1
    assert "the engine at tcp://127.0.0.1:1 is not a Swarm manager" in done.stdout


def test_the_content_of_the_api_key_file_is_checked(checkout):
    root = checkout("API_KEYS_FILE=secrets/api_keys\n")
    file = root / "local/secrets/api_keys"
    done = run(SETTINGS, {}, root)
    assert complaints(done) == ["API_KEYS_FILE=secrets/api_keys: No such file or directory"]
    assert "  fix: make the file: make key NAME=ci, or make series-key" in done.stdout
    file.parent.mkdir(parents=True)
    file.write_text("frk_pasted\n")
    done = run(SETTINGS, {}, root)
    assert done.returncode == 1
    assert complaints(done)[0].startswith("API_KEYS_FILE=secrets/api_keys: line 1: must be NAME sha256:HEX")
    assert "pasted" not in done.stdout


def test_the_content_of_the_series_key_file_is_checked(checkout):
    root = checkout("SERIES_KEY_FILE=secrets/series_key\n")
    file = root / "local/secrets/series_key"
    assert complaints(run(SETTINGS, {}, root)) == ["SERIES_KEY_FILE=secrets/series_key: No such file or directory"]
    file.parent.mkdir(parents=True)
    file.write_text("b4d" * 20)
    (line,) = complaints(run(SETTINGS, {}, root))
    assert line.startswith("SERIES_KEY_FILE=secrets/series_key: must hold 64 hexadecimal digits")
    file.write_text("b4d1" * 16)
    assert run(SETTINGS, {}, root).returncode == 0


def rendered(*overrides: str, **environ: str) -> dict:
    """The services of compose.yaml with overrides, as Compose renders them."""
    files = [part for file in ("compose.yaml", *overrides) for part in ("--file", file)]
    done = run(["docker", "compose", "--profile", "*", *files, "config", "--format", "json"], environ)
    assert done.returncode == 0, done.stdout
    return json.loads(done.stdout)["services"]


def test_all_services_have_the_same_restrictions():
    common = ("restart", "read_only", "cap_drop", "security_opt", "logging")
    services = rendered("overrides/tls.yaml")
    assert set(services) == {"api", "nginx", "acme", "prometheus"}
    assert [name for name in services if any(services[name][key] != services["api"][key] for key in common)] == []
    assert services["api"]["logging"]["options"]["mode"] == "non-blocking"


def test_journald_gets_no_json_file_options():
    services = rendered("overrides/journald.yaml")
    assert services["api"]["logging"] == services["nginx"]["logging"] == {"driver": "journald"}


def test_each_image_has_its_own_user():
    dockerfiles = sorted((ROOT / "services").glob("*/Dockerfile"))
    users = [re.findall(r"^USER (\d+)", file.read_text(), re.MULTILINE)[-1] for file in dockerfiles]
    assert len(users) == len(set(users)) == 4


@pytest.mark.parametrize("name", ["http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"])
def test_proxy_settings_reach_every_build(name):
    services = rendered("overrides/tls.yaml", **{name: "value"})
    assert {service: built["build"]["args"][name] for service, built in services.items()} == dict.fromkeys(
        services, "value"
    )


@pytest.mark.parametrize(("percent", "quota"), [("", 200_000), ("50", 50_000), ("1600", 1_600_000)])
def test_the_cpu_limit_is_a_percentage(percent, quota):
    assert int(rendered(API_CPU_PERCENT=percent)["api"]["cpu_quota"]) == quota


def test_a_port_may_include_an_address():
    (port,) = rendered(HTTP_PORT="127.0.0.1:8080")["nginx"]["ports"]
    assert (port["host_ip"], port["published"]) == ("127.0.0.1", "8080")
