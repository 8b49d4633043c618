"""Runs programs, and reads the state of Docker and Compose."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from .console import Problem

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "services/settings"))
import settings as settings  # noqa: E402

#: Variables that Compose itself reads, from the shell or from .env.
COMPOSE_OWN = (
    "COMPOSE_PROJECT_NAME",
    "COMPOSE_FILE",
    "COMPOSE_PROFILES",
    "BASE_IMAGE",
    "DOCKER_HOST",
    "DOCKER_CONTEXT",
)
#: The oldest versions with all that compose.yaml uses.
MIN_ENGINE, MIN_COMPOSE = (25, 0), (2, 24)


def run(*command: str, text: str | None = None, seconds: float | None = None) -> subprocess.CompletedProcess[str]:
    """Run a program and capture both outputs. Exit code 127: it is not installed; 124: no end within `seconds`."""
    try:
        return subprocess.run(
            command,
            input=text,
            stdin=subprocess.DEVNULL if text is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
        )
    except FileNotFoundError:
        return subprocess.CompletedProcess(command, 127, "", f"{command[0]} is not installed")
    except subprocess.TimeoutExpired:
        return subprocess.CompletedProcess(command, 124, "", f"no answer within {seconds:.0f} s")


def output(*command: str) -> str:
    """The output of a program; empty if it failed."""
    done = run(*command)
    return done.stdout.strip() if done.returncode == 0 else ""


def last_line(text: str) -> str:
    return (text.strip().splitlines() or [""])[-1]


def use_env_files() -> None:
    """Let Compose read .env.local after .env."""
    if (ROOT / ".env.local").exists():
        os.environ.setdefault("COMPOSE_ENV_FILES", ".env,.env.local")


def read_settings() -> dict[str, str]:
    """Every setting as Compose sees it: the shell's, then .env.local's, then .env's.

    Compose resolves them in a file with nothing else, so that a bad value causes no error.

    Raises:
        Problem: Compose cannot read the files.
    """
    names = [*dict.fromkeys([row.name for row in settings.TABLE if row.on_host]), *settings.RENAMED, *COMPOSE_OWN]
    question = {
        "name": "flaskrandom",
        "services": {"settings": {"image": "none", "environment": {name: f"${{{name}-}}" for name in names}}},
    }
    done = run("docker", "compose", "--file", "-", "config", "--format", "json", text=json.dumps(question))
    if done.returncode and not compose_version():
        raise Problem("Docker Compose, which reads the settings, is missing", "make up installs it")
    if done.returncode:
        raise Problem(f"Compose cannot read .env: {last_line(done.stderr)}", "fix that line")
    values = json.loads(done.stdout)["services"]["settings"]["environment"]
    return {name: value.replace("$$", "$") for name, value in values.items() if value}


def bad_settings(environ: Mapping[str, str]) -> list[str]:
    """A line for each bad value, misspelt name, and unreadable line of a key file."""
    local = ROOT / ".env.local"
    wrong = settings.check_host(environ) + settings.check_names(local.read_text() if local.exists() else "")
    for name, command in (("API_KEYS_FILE", "check"), ("SERIES_KEY_FILE", "check-series")):
        file = environ.get(name, "")
        if file.startswith("secrets/") and not any(line.startswith(f"{name}=") for line in wrong):
            said = run(sys.executable, "services/api/flaskrandom/keys.py", command, f"local/{file}")
            if said.returncode:
                lines = (said.stdout + said.stderr).splitlines()
                wrong += [line.replace(f"local/{file}", f"{name}={file}", 1) for line in lines]
    return wrong


def load_settings() -> None:
    """Check all settings and put them into the environment of this process and its children.

    Raises:
        Problem: one is bad.
    """
    environ = read_settings()
    if wrong := bad_settings(environ):
        fix = "change it in .env or .env.local, or in the shell's environment if it is set there"
        if "_FILE=" in wrong[0] and wrong[0].endswith("No such file or directory"):
            fix = "make the file: make key NAME=ci, or make series-key"
        raise Problem("\n".join(wrong), fix)
    os.environ.update(environ)


def setting(name: str, default: str = "") -> str:
    return os.environ.get(name) or default


def image(service: str) -> str:
    """The image of a service, by the name that compose.yaml gives it."""
    registry = setting("REGISTRY")
    return f"{registry}/" * bool(registry) + f"flaskrandom-{service}:{setting('TAG', 'latest')}"


def has_image(name: str) -> bool:
    return run("docker", "image", "inspect", name).returncode == 0


def need_images(*services: str) -> None:
    """Raises Problem unless the images of these services are built."""
    need_engine()
    for name in map(image, services):
        if not has_image(name):
            raise Problem(f"there is no image {name} yet", "make up builds it")


def with_tls() -> bool:
    """Whether nginx serves HTTPS here."""
    return any(part.endswith("tls.yaml") for part in setting("COMPOSE_FILE").split(":"))


def own_url() -> str:
    """The URL of this checkout's stack."""
    scheme, port, usual = ("https", "HTTPS_PORT", "443") if with_tls() else ("http", "HTTP_PORT", "80")
    host, _, number = setting(port, usual).rpartition(":")
    host = "localhost" if host in ("", "0.0.0.0", "[::]", "127.0.0.1") else host
    return f"{scheme}://{host}" + f":{number}" * (number != usual)


def version(text: str) -> tuple[int, ...]:
    """The first numbers of a version, such as (2, 26, 1) of v2.26.1-4; empty if the text is no version."""
    numbers = text.strip().lstrip("v").split("-")[0].split("+")[0].split(".")
    return tuple(int(number) for number in numbers if number.isdigit())


def engine_version() -> str:
    return output("docker", "version", "--format", "{{.Server.Version}}")


def compose_version() -> str:
    return output("docker", "compose", "version", "--short")


def need_permission() -> None:
    """Raises Problem if this user may not access the engine."""
    if "permission denied" in run("docker", "version").stderr:
        user = output("id", "-un")
        raise Problem(
            f"user {user} may not use Docker",
            f"sudo usermod -aG docker {user}, log in again; or run this with sudo",
        )


def need_engine() -> None:
    need_permission()
    if not engine_version():
        raise Problem(
            "Docker does not answer, so the state of the stack is unknown",
            "make doctor says what is missing; make up starts Docker and the stack",
        )


def need_running(*services: str) -> None:
    """Raises Problem unless this checkout's containers run."""
    need_engine()
    running = output("docker", "compose", "ps", "--services", "--status", "running").split()
    for service in services:
        if service not in running:
            raise Problem(f"the container {service} is not running", "make up starts it; make logs shows how it ended")


def replace_with(*command: str) -> None:
    """Replace this process by another program."""
    os.execvp(command[0], command)  # noqa: S606
