"""What `make up` checks before it changes anything, with fake answers from Docker."""

from __future__ import annotations

import ast
import os
import subprocess
from pathlib import Path

import pytest
from scripts.stack import base_image, console, host, running, shell, up
from scripts.stack.console import Problem


@pytest.fixture
def docker(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the fake Docker prints, keyed by a part of the command; it prints nothing for any other command."""
    answers: dict[str, str] = {}

    def output(*command: str) -> str:
        return next((said for part, said in answers.items() if part in " ".join(command)), "")

    for module in (base_image, host, up):
        monkeypatch.setattr(module, "output", output)
    return answers


def test_another_checkout_with_the_same_project_name_is_refused(docker, tmp_path, monkeypatch):
    monkeypatch.delenv("COMPOSE_PROJECT_NAME", raising=False)
    docker["working_dir"] = str(tmp_path)
    with pytest.raises(
        Problem, match=f"another checkout, {tmp_path}, already uses the project name flaskrandom"
    ) as seen:
        up.check_project()
    assert "COMPOSE_PROJECT_NAME=mine" in seen.value.fix


@pytest.mark.parametrize("folder", [str(shell.ROOT), "/a/checkout/that/is/gone", ""])
def test_this_checkout_or_a_deleted_one_is_accepted(docker, folder):
    docker["working_dir"] = folder
    up.check_project()


def test_a_locally_made_base_image_has_its_own_name(monkeypatch):
    monkeypatch.delenv("BASE_IMAGE", raising=False)
    here = {base_image.OWN}
    monkeypatch.setattr(base_image, "has_image", here.__contains__)
    assert base_image.find_base_image() == "flaskrandom-base:trixie"
    here.add("debian:trixie-slim")
    assert base_image.find_base_image() == "debian:trixie-slim", "Debian's own image comes first"
    monkeypatch.setenv("BASE_IMAGE", "mine")
    assert base_image.find_base_image() == "", "an image that the user chose is not replaced"


@pytest.mark.parametrize(("registry", "steps"), [("", ["base", "build", "start"]), ("registry.example", ["start"])])
def test_with_a_registry_nothing_is_built(monkeypatch, registry, steps):
    taken: list[str] = []
    monkeypatch.setenv("REGISTRY", registry)
    for name in ("ensure_engine", "check_settings", "check_project", "check_room", "check_ports", "_print_urls"):
        monkeypatch.setattr(up, name, lambda: None)
    monkeypatch.setattr(up, "ensure_base_image", lambda: taken.append("base"))
    monkeypatch.setattr(up, "work", lambda *_: taken.append("build"))
    monkeypatch.setattr(up, "_start", lambda: taken.append("start"))
    up.up()
    assert taken == steps


def test_install_no_forbids_changes_to_the_host(monkeypatch):
    for refusal in ("no", "No", "0", "false"):
        monkeypatch.setenv("INSTALL", refusal)
        assert not host.can_install()
        with pytest.raises(Problem, match=f"INSTALL={refusal}"):
            console.may_change_host("Installing everything", "by hand")
    monkeypatch.setenv("INSTALL", "yes")
    console.may_change_host("Installing everything", "by hand")


@pytest.mark.parametrize("suite", ["", "faults", "unit"])
def test_make_test_asks_before_it_installs_docker(suite: str):
    """The tests start the stack without a terminal, so they would install Docker without asking."""
    said = subprocess.check_output(["make", "--dry-run", "test", f"SUITE={suite}"], cwd=shell.ROOT, text=True)
    asked, _, _ = said.partition("pytest")
    assert ("scripts.stack engine && python3 -m scripts.stack base-image" in asked) is (suite != "unit")
    assert not any(line.rstrip().endswith("&") for line in said.splitlines())


def test_only_a_terminal_gets_colours(monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setattr("sys.stderr.isatty", lambda: False, raising=False)
    assert console.mark("ok") == "\033[32mok\033[0m"
    assert console.mark("error:") == "error:", "errors go to standard error, which is no terminal here"


@pytest.mark.parametrize(("answer", "refused"), [("y", False), ("", True), ("no", True)])
def test_at_a_terminal_the_user_is_asked(monkeypatch, answer, refused):
    monkeypatch.delenv("INSTALL", raising=False)
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: answer)
    if refused:
        with pytest.raises(Problem):
            console.may_change_host("Installing everything", "by hand")
    else:
        console.may_change_host("Installing everything", "by hand")


@pytest.mark.parametrize(
    ("value", "expected"), [("8080", ("", 8080)), ("127.0.0.1:80", ("127.0.0.1", 80)), ("[::1]:80", ("::1", 80))]
)
def test_a_published_port_is_split_into_address_and_port(monkeypatch, value, expected):
    monkeypatch.setenv("HTTP_PORT", value)
    assert host.published("HTTP_PORT", "80") == expected


@pytest.mark.parametrize("everything", ["", "yes"])
def test_clean_keeps_keys_and_certificates_by_default(monkeypatch, tmp_path, everything):
    asked: list[tuple[str, ...]] = []
    monkeypatch.setattr(running, "down", lambda *options: asked.append((os.environ["COMPOSE_FILE"], *options)))
    monkeypatch.setattr(running.shutil, "which", lambda _: "docker")
    monkeypatch.setattr(running, "read_settings", lambda: {"COMPOSE_FILE": "compose.yaml:own.yaml"})
    monkeypatch.setenv("COMPOSE_FILE", "")
    monkeypatch.chdir(tmp_path)
    files = [Path("local", name) for name in ("secrets/api_keys", "tls/privkey.pem", "build-ca/own.crt")]
    for file in files:
        file.parent.mkdir(parents=True)
        file.touch()
    copied = Path("local/build-ca/host-ca.crt")
    copied.touch()
    running.clean(everything)
    assert [file.exists() for file in files] == [not everything] * 3
    assert not copied.exists()
    assert ("--volumes" in asked[0]) is bool(everything)
    assert asked[0][0] == "compose.yaml:own.yaml:overrides/tls.yaml", "HTTPS's volumes and image must be removed too"


@pytest.mark.parametrize("everything", ["maybe", "no", "YES"])
def test_clean_takes_only_yes_and_says_so(monkeypatch, everything):
    monkeypatch.setattr(running, "down", lambda *options: pytest.fail("something was removed"))
    with pytest.raises(Problem, match=f"ALL={everything}") as seen:
        running.clean(everything)
    assert "make clean ALL=yes" in seen.value.fix


def test_clean_names_no_file_twice(monkeypatch, tmp_path):
    """Compose 2.26 refuses a file that is named twice."""
    monkeypatch.setattr(running, "down", lambda *_: None)
    monkeypatch.setattr(running.shutil, "which", lambda _: "docker")
    monkeypatch.setattr(running, "read_settings", lambda: {"COMPOSE_FILE": "compose.yaml:overrides/tls.yaml"})
    monkeypatch.setenv("COMPOSE_FILE", "")
    monkeypatch.chdir(tmp_path)
    running.clean()
    assert os.environ["COMPOSE_FILE"] == "compose.yaml:overrides/tls.yaml"


def test_reload_says_what_was_reloaded(monkeypatch):
    """A failed reload of nginx is tried again: only a successful reload leaves the mark."""
    asked: list[str] = []

    def run(*command: str) -> subprocess.CompletedProcess[str]:
        asked.append(" ".join(command[5:]))
        return subprocess.CompletedProcess(command, int("-s reload" in asked[-1]), "", "")

    monkeypatch.setattr(running, "need_running", lambda *_: None)
    monkeypatch.setattr(running, "run", run)
    with pytest.raises(Problem, match=r"^Gunicorn was reloaded, but nginx was not$"):
        running.reload()
    assert asked[-1].startswith("bash -c touch /run/nginx/reloading && ")
    assert asked[-1].endswith("-s reload && mv /run/nginx/reloading /run/nginx/reloaded")


def test_only_mounted_files_are_watched(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("nginx/conf.d/http.conf", "nginx/nginx.conf", "nginx/bin/a.py", "nginx/optional/gone.conf"):
        path = Path("services", name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    stat = Path.stat

    def after_a_while(path: Path, **options: bool) -> os.stat_result:
        if path.name == "gone.conf":
            path.unlink()
        return stat(path, **options)

    monkeypatch.setattr(Path, "stat", after_a_while)
    assert {path.name for path in up._saved("nginx")} == {"conf.d", "http.conf", "nginx.conf"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2.26.1-4", (2, 26, 1)), ("v0.13.1+ds1", (0, 13, 1)), ("", ())],
)
def test_a_version_is_parsed(text, expected):
    assert shell.version(text) == expected


def test_all_scripts_parse_as_python_3_9():
    """macOS ships Python 3.9. This test can check only the grammar."""
    listed = subprocess.check_output(
        ["git", "ls-files", "scripts/stack/*.py", "deploy/*.py", "services/settings/*.py"], cwd=shell.ROOT, text=True
    )
    for name in listed.split():
        if "/tests/" not in name:
            ast.parse((shell.ROOT / name).read_text(), name, feature_version=(3, 9))
