"""Handles on stacks that run on this machine: this checkout's own, and throw-away ones beside it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from scripts.stack.base_image import find_base_image

from .polling import await_until

ROOT = Path(__file__).resolve().parents[2]
SERVICES = ("api", "nginx")
PROGRAM = "flaskrandom"
PROGRAMS = (PROGRAM, "flaskrandom-bulk")
#: Leaves out containers of `docker compose run`, and those of `docker run`, which lack the label.
NOT_ONE_OFF = "--filter=label=com.docker.compose.oneoff=False"
#: The prefix of the names of everything that a test run makes in the engine. xdist's workers share it.
RUN_OWNER = "FLASKRANDOM_TEST_RUN" not in os.environ
PREFIX = f"flaskrandom-test-{os.environ.setdefault('FLASKRANDOM_TEST_RUN', uuid.uuid4().hex[:6])}"


def fresh_name() -> str:
    """A name for a container or a project of this test run."""
    return f"{PREFIX}-{uuid.uuid4().hex[:6]}"


def run(
    *command: str, seconds: float = 120, environ: Mapping[str, str] | None = None, folder: Path = ROOT
) -> subprocess.CompletedProcess[str]:
    """Run a command in the checkout, with both outputs in one. The caller checks the exit code."""
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, **(environ or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
        check=False,
    )


def must(*command: str, seconds: float = 120, environ: Mapping[str, str] | None = None) -> str:
    """Run a command that must succeed, and return its output."""
    done = run(*command, seconds=seconds, environ=environ)
    assert done.returncode == 0, f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}"
    return done.stdout


def build(image: str, folder: Path, *options: str) -> None:
    """Build an image for a test."""
    must("docker", "build", "--build-arg=BASE_IMAGE", "--quiet", "--tag", image, *options, str(folder), seconds=600)


def remove_leftovers() -> list[str]:
    """Remove what fixtures of this run left because their set-up failed, and return the names."""
    left: list[str] = []
    if not shutil.which("docker"):
        return left
    for noun, remove in ("container", "--force --volumes"), ("network", ""), ("volume", ""):
        name = "{{.Names}}" if noun == "container" else "{{.Name}}"
        every = ("--all",) if noun == "container" else ()
        listed = run("docker", noun, "ls", *every, "--filter", f"name={PREFIX}", "--format", name)
        if listed.returncode == 0 and listed.stdout:
            run("docker", noun, "rm", *remove.split(), *listed.stdout.split())
            left += listed.stdout.split()
    return left


@contextmanager
def started(image: str, *command: str, options: tuple[str, ...] = ()) -> Iterator[Container]:
    """A new container, by `docker run`. It is removed at the end, even if it did not start."""
    name = fresh_name()
    try:
        must("docker", "run", "--detach", "--name", name, *options, image, *command)
        yield Container(name)
    finally:
        run("docker", "rm", "--force", "--volumes", name)


def use_base_image() -> None:
    """Tell the builds of this process which image they start from: the one that is on this machine."""
    os.environ.setdefault("BASE_IMAGE", find_base_image())


def prepare() -> None:
    """What `make up` does before it builds: an engine that answers, and the image that all others start from."""
    for command in ("engine", "base-image"):
        must("python3", "-m", "scripts.stack", command, seconds=600)
    use_base_image()


class Container:
    """One container, by its id or name."""

    def __init__(self, ident: str) -> None:
        self.ident = ident

    def inspect(self) -> dict[str, Any]:
        return json.loads(must("docker", "inspect", self.ident))[0]

    @property
    def state(self) -> dict[str, Any]:
        return self.inspect()["State"]

    @property
    def health(self) -> str:
        return self.state["Health"]["Status"]

    @property
    def address(self) -> str:
        """The address in the container's only network."""
        (network,) = self.inspect()["NetworkSettings"]["Networks"].values()
        return network["IPAddress"]

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return run("docker", "exec", self.ident, *command)

    def must(self, *command: str) -> str:
        return must("docker", "exec", self.ident, *command)

    def run_as_root(self, *command: str) -> subprocess.CompletedProcess[str]:
        return run("docker", "exec", "--user", "0:0", self.ident, *command)

    def check_health(self) -> subprocess.CompletedProcess[str]:
        """Run the container's own health check now, instead of waiting for Docker to."""
        kind, *command = self.inspect()["Config"]["Healthcheck"]["Test"]
        assert kind == "CMD"
        return self.run(*command)

    def logs(self) -> str:
        return must("docker", "logs", self.ident)

    def processes(self) -> dict[int, dict[str, str]]:
        """The fields of /proc/PID/status of every process inside. The images have no ps."""
        found: dict[int, dict[str, str]] = {}
        for line in self.run("bash", "-c", "grep -s '' /proc/[0-9]*/status").stdout.splitlines():
            path, _, entry = line.partition(":")
            name, _, value = entry.partition(":")
            found.setdefault(int(path.split("/")[2]), {})[name] = value.strip()
        # Skip the engine's helper, which starts health checks: it is not confined yet, and not part of the stack.
        return {pid: status for pid, status in found.items() if not status.get("Name", "").startswith("runc:[")}

    def children(self, parent: int) -> set[int]:
        return {pid for pid, status in self.processes().items() if status.get("PPid") == str(parent)}


class Stack:
    """A Compose project made from this checkout."""

    def __init__(self, project: str = "", files: tuple[Path, ...] = (), **environ: str) -> None:
        self.project = project or os.environ.get("COMPOSE_PROJECT_NAME", "flaskrandom")
        self.environ = environ
        overlays = [part for file in (ROOT / "compose.yaml", *files) for part in ("--file", str(file))]
        self._command = ("docker", "compose", "--project-name", self.project, *overlays)

    def compose(self, *arguments: str, seconds: float = 120) -> str:
        return must(*self._command, *arguments, seconds=seconds, environ=self.environ)

    def try_compose(self, *arguments: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        return run(*self._command, *arguments, seconds=seconds, environ=self.environ)

    def container(self, service: str) -> Container:
        # Several times as fast as asking Compose. Images carry the labels of project and service, too, and so do
        # containers that `docker run` starts from them; only containers that Compose started have `oneoff`.
        labels = {"project": self.project, "service": service}
        filters = [f"--filter=label=com.docker.compose.{name}={value}" for name, value in labels.items()]
        found = must("docker", "ps", "--all", "--quiet", *filters, NOT_ONE_OFF).split()
        assert len(found) == 1, f"{self.project} has {len(found)} containers for {service}"
        return Container(found[0])

    @property
    def api(self) -> Container:
        return self.container("api")

    @property
    def nginx(self) -> Container:
        return self.container("nginx")

    @property
    def port(self) -> int:
        return int(must("docker", "port", self.nginx.ident, "80").split()[0].rpartition(":")[2])

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def logs(self, service: str, *options: str) -> str:
        return self.compose("logs", "--no-color", "--no-log-prefix", *options, service)

    def supervisorctl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.api.run("supervisorctl", *arguments)

    def begin(self, program: str) -> None:
        """Start a program without the five seconds in which `supervisorctl start` watches whether it stays up."""
        must("docker", "exec", "--detach", self.api.ident, "supervisorctl", "start", program)

    def master_pid(self) -> int:
        return int(self.api.must("supervisorctl", "pid", PROGRAM))

    def workers(self) -> set[int]:
        return self.api.children(self.master_pid())

    def _statuses(self) -> dict[str, str]:
        """The status of each service's container in `docker ps`, such as `Up 3 minutes (healthy)`."""
        columns = '{{.Label "com.docker.compose.service"}}={{.Status}}'
        filters = [f"--filter=label=com.docker.compose.project={self.project}", NOT_ONE_OFF]
        listed = must("docker", "ps", "--all", "--format", columns, *filters).splitlines()
        statuses = dict(line.split("=", 1) for line in listed)
        return {service: statuses[service] for service in SERVICES}

    def _programs(self) -> dict[str, list[str]]:
        """The words of Supervisor's status of each program; empty while Supervisor does not answer."""
        lines = self.supervisorctl("status").stdout.splitlines()
        return {words[0]: words[1:] for words in map(str.split, lines) if words and words[0] in PROGRAMS}

    def _has_workers(self) -> bool:
        said = self.supervisorctl("pid", PROGRAM)
        return said.returncode == 0 and said.stdout.strip() != "0" and bool(self.api.children(int(said.stdout)))

    def serves(self, path: str = "/readyz") -> bool:
        """Whether a request on a new connection gets through to the app now."""
        try:
            with requests.Session() as session:
                session.trust_env = False  # addresses on this machine need no proxy
                return session.get(f"{self.url}{path}", timeout=5).status_code == 200
        except requests.RequestException:
            return False

    def up(self) -> None:
        self.compose("up", "--detach", "--no-build", "--wait", "--wait-timeout", "180", seconds=200)

    def start(self) -> None:
        """Start the stack, and wait until it serves. Docker may report it as healthy (`up`) only later."""
        self.compose("up", "--detach", "--no-build")
        await_until(self.serves, 120, f"{self.project} serves")

    def reload(self) -> subprocess.CompletedProcess[str]:
        """`make reload` of this stack."""
        environ = {"COMPOSE_PROJECT_NAME": self.project, **self.environ}
        return run("python3", "-m", "scripts.stack", "reload", seconds=600, environ=environ)

    def restore(self) -> None:
        """Make the stack complete and healthy again, whatever a test did to it."""
        self.compose("up", "--detach", "--no-build")
        for service, status in self._statuses().items():
            if "(Paused)" in status:
                must("docker", "unpause", self.container(service).ident)
        for program, (state, *_) in await_until(self._programs, 30, "Supervisor answers").items():
            if state not in ("RUNNING", "STARTING"):
                self.begin(program)
        # Wait for new workers, because those of a killed master still answer for a while.
        await_until(self._has_workers, 30, f"{PROGRAM} has workers")
        for path in ("/readyz", "/api/v1/uuids/stream?count=1"):
            await_until(lambda path=path: self.serves(path), 30, f"{self.project} serves {path} again")
        await_until(lambda: all("(healthy)" in status for status in self._statuses().values()), 120, "both are healthy")


@contextmanager
def throwaway(*files: Path, **environ: str) -> Iterator[Stack]:
    """A second stack from the same images, on a port of its own (IPv4 only), which is removed completely afterwards."""
    stack = Stack(fresh_name(), files, **{"HTTP_PORT": "127.0.0.1:0", **environ})
    try:
        yield stack
    except BaseException as error:
        # Add the logs now, because the stack is gone by the time that the failure is reported.
        error.add_note(stack.try_compose("logs", "--tail", "50").stdout)
        raise
    finally:
        # Remove the containers first, without a grace period, including those that an interrupted `compose run` left.
        left = must("docker", "ps", "--all", "--quiet", f"--filter=label=com.docker.compose.project={stack.project}")
        if left:
            run("docker", "rm", "--force", "--volumes", *left.split())
        stack.try_compose("down", "--volumes", "--remove-orphans")
