"""The manifest that `make up` gives to Podman, and when it chooses Podman. The tests need no Podman."""

from __future__ import annotations

import base64
import os
import subprocess
from pathlib import Path

import pytest
import yaml
from deploy.podman import __main__ as podman
from scripts.stack.console import Problem

from support.stack import ROOT


@pytest.fixture(autouse=True)
def checkout(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder with only the default settings."""
    for name in {row.name for row in podman.settings.TABLE} | {"COMPOSE_FILE"}:
        monkeypatch.delenv(name, raising=False)
    (tmp_path / ".env").write_text((ROOT / ".env").read_text())
    for folder in ("deploy", "services"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    (tmp_path / "local/secrets").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    # load_settings changes os.environ; this undoes it after the test.
    monkeypatch.setattr(os, "environ", os.environ.copy())
    return tmp_path


def played() -> dict[str, dict]:
    podman.load_settings()
    return {part["kind"]: part for part in yaml.safe_load_all(podman.render())}


def test_the_settings_go_into_a_config_map(checkout):
    (checkout / ".env.local").write_text(
        "# mine\nMAX_COUNT = 7 # few\nexport SERVER_NAME= 'a.example b.example' # two\nHTTP_PORT=8080\n"
        "ACME_EMAIL=o'neil@a.example\nTAG= # none\n"
    )
    config = played()["ConfigMap"]["data"]
    assert config["MAX_COUNT"] == "7"
    assert config["SERVER_NAME"] == "a.example b.example"
    assert config["RATE_LIMIT"] == "200"
    assert podman.setting("ACME_EMAIL") == "o'neil@a.example"
    assert not podman.setting("TAG")
    assert not {"HTTP_PORT", "LISTEN_PORT", "DRAIN_SECONDS", "ACME_EMAIL", "TAG"} & {*config}


def test_the_shell_overrides_the_files(checkout, monkeypatch):
    (checkout / ".env.local").write_text("MAX_COUNT=7\n")
    monkeypatch.setitem(os.environ, "MAX_COUNT", "8")
    assert played()["ConfigMap"]["data"]["MAX_COUNT"] == "8"


def test_the_files_in_local_secrets_go_into_a_secret(checkout):
    assert "Secret" not in played()
    (checkout / "local/secrets/api_keys").write_text("ci sha256:0\n")
    (checkout / "local/secrets/.gitkeep").touch()
    assert played()["Secret"]["data"] == {"api_keys": base64.b64encode(b"ci sha256:0\n").decode()}


def test_the_images_follow_registry_and_tag(checkout):
    (checkout / ".env.local").write_text("REGISTRY=registry.example/team\nTAG=v2\n")
    pod = played()["Deployment"]["spec"]["template"]["spec"]
    assert [container["image"] for container in pod["containers"]] == [
        "registry.example/team/flaskrandom-api:v2",
        "registry.example/team/flaskrandom-nginx:v2",
    ]


@pytest.mark.parametrize(
    ("line", "said"), [("MAX_COUNT=none", "MAX_COUNT=none: must be"), ("COMPOSE_FILE=a:overrides/tls.yaml", "no HTTPS")]
)
def test_settings_that_the_pod_cannot_use_are_refused(checkout, line, said):
    (checkout / ".env.local").write_text(f"{line}\n")
    with pytest.raises(Problem, match=said):
        played()


@pytest.mark.parametrize(
    ("programs", "chosen"),
    [({"podman": "podman"}, True), ({"docker": "podman", "podman": "podman"}, True), ({"docker": "Docker"}, False)],
)
def test_podman_is_chosen_if_there_is_no_docker(tmp_path, programs, chosen):
    """Fake programs in PATH print the command, so `make logs` shows which one it called."""
    for name, says in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\necho {says} asked for: $*\n")
        (tmp_path / name).chmod(0o755)
    environ = {"PATH": str(tmp_path), "RAW": "1"}
    said = subprocess.run(
        [podman.sys.executable, "-m", "scripts.stack", "logs"],
        cwd=ROOT,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ).stdout
    assert ("podman asked for: pod logs" in said) == chosen


def test_down_removes_every_copy_of_the_keys(monkeypatch):
    said = []

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        said.append(command)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(podman, "run", run)
    podman.down()
    copies = [("podman", kind, "rm", "flaskrandom-secrets") for kind in ("secret", "volume")]
    assert said[-2:] == copies


def test_ctl_needs_a_command(monkeypatch):
    monkeypatch.setattr(podman, "replace_with", lambda *_: pytest.fail("a shell was opened"))
    with pytest.raises(Problem, match="ARGS is empty"):
        podman.ctl()


def test_a_missing_key_file_is_named_before_anything_starts(checkout, monkeypatch):
    (checkout / ".env.local").write_text("SERIES_KEY_FILE=secrets/series_key\nREGISTRY=registry.example\n")
    monkeypatch.setattr(podman, "run", lambda *_, **__: pytest.fail("something was started"))
    with pytest.raises(Problem, match="SERIES_KEY_FILE=secrets/series_key: No such file"):
        podman.up()
