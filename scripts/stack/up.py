"""`make doctor`, which checks what `make up` needs, and `make up`, which begins with the same checks."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Tuple, Union

from . import base_image, engine
from .console import Problem, fail, ok, say, warn, work
from .host import NEED_MIB, can_install, free_mib, port_holder, port_taken, published
from .shell import (
    MIN_COMPOSE,
    MIN_ENGINE,
    ROOT,
    bad_settings,
    compose_version,
    engine_version,
    has_image,
    image,
    last_line,
    load_settings,
    output,
    own_url,
    read_settings,
    run,
    setting,
    version,
    with_tls,
)

CHANGE_IT = "change it in .env or .env.local, or in the shell's environment if it is set there"


def check_project() -> None:
    """Raises Problem if another checkout runs under the same project name: this one would replace it."""
    name = setting("COMPOSE_PROJECT_NAME", "flaskrandom")
    where = '{{.Label "com.docker.compose.project.working_dir"}}'
    own = f"label=com.docker.compose.project={name}"
    for folder in set(output("docker", "ps", "--all", "--format", where, "--filter", own).splitlines()):
        if folder and Path(folder).is_dir() and not Path(folder).samefile(ROOT):
            raise Problem(
                f"another checkout, {folder}, already uses the project name {name}: this one would replace its stack",
                "COMPOSE_PROJECT_NAME=mine TAG=mine HTTP_PORT=8080 make up, or make down over there",
            )


def check_ports() -> None:
    """Raises Problem if another program has a port that this stack publishes."""
    for name, default, other in [("HTTP_PORT", "80", 8080)] + [("HTTPS_PORT", "443", 8443)] * with_tls():
        address, port = published(name, default)
        if port_taken(address, port):
            raise Problem(
                f"port {port} is taken by {port_holder(port)}",
                f"stop it, or choose another port: {name}={other + (port == other)} make up",
            )


def check_room() -> None:
    """Raises Problem if there is too little room to build."""
    if all(has_image(image(service)) for service in ("api", "nginx")):
        return
    folder = output("docker", "info", "--format", "{{.DockerRootDir}}") or "/var/lib/docker"
    free = free_mib(Path(folder))
    if free < NEED_MIB:
        raise Problem(
            f"disk: only {free} MiB free where Docker keeps images ({folder}); {NEED_MIB} are needed",
            "free some: docker system df shows what is there",
        )


def check_writable() -> None:
    if not os.access("local/build-ca", os.W_OK):
        raise Problem("this checkout cannot be written", "check who owns it, and that its disk is not read-only")


def up() -> None:
    """From a bare machine to a healthy stack. Each step does nothing when there is nothing to do."""
    engine.ensure_engine()
    load_settings()
    for check in (check_project, check_room, check_ports):
        check()
    if not setting("REGISTRY"):
        base_image.ensure_base_image()
        base_image.hand_over_authorities()
        _build()
    _start()
    _print_urls()


def _build() -> None:
    fix = "the lines above say why; make doctor looks at what a build needs"
    # On a terminal Compose draws its own progress.
    if sys.stdout.isatty():
        say("Building the images")
        if subprocess.run(["docker", "compose", "build"]).returncode:
            raise Problem("building the images failed", fix)
    else:
        work("Building the images", ["docker", "compose", "--progress", "plain", "build"], fix)


def _start() -> None:
    # With REGISTRY set, Compose pulls the images that are not here.
    say("Starting the stack and waiting until it is healthy")
    done = run(
        *("docker", "compose", "--progress", "plain", "up", "--detach", "--no-build"),
        *("--wait", "--wait-timeout", "120"),
    )
    if done.returncode:
        print(output("docker", "compose", "--ansi", "never", "logs", "--tail", "15"), file=sys.stderr)
        fix = "the last lines of its logs are above; all of them: make logs"
        if setting("REGISTRY") and not has_image(image("api")):
            fix = (
                f"make push REGISTRY={setting('REGISTRY')} TAG={setting('TAG')}, or leave REGISTRY empty to build here"
            )
        raise Problem(f"the stack did not become healthy ({last_line(done.stderr)})", fix)


def _print_urls() -> None:
    base = own_url()
    pages = {
        "/": "the article's hello",
        "/getrandomstr": "the article's API (POST)",
        "/ui/": "the page: generate, copy, download",
        "/docs": "the whole API, to try in the browser",
        "/readyz": "is it ready?",
    }
    print("\nflaskrandom is healthy:\n")
    for path, about in pages.items():
        print(f"  {base}{path:<15} {about}")
    if "observability" in setting("COMPOSE_PROFILES"):
        print(f"  http://localhost:{setting('PROMETHEUS_PORT', '9090')}   Prometheus: docs/metrics.md")
    print("\nNext: make test, make logs, make down; make help lists all.")


def doctor() -> None:
    """Check everything and change nothing; exits with 1 when something would stop `make up` or `make test`."""
    failures = 0
    for finding in _findings():
        if isinstance(finding, Problem):
            fail(finding)
            failures += 1
        elif isinstance(finding, tuple):
            warn(*finding)
        else:
            ok(finding)
    print(f"\n{failures} to mend." if failures else "\nAll is well: make up")
    sys.exit(bool(failures))


Finding = Union[str, Tuple[str, str], Problem]


def _findings() -> Iterator[Finding]:
    """What is well (text), what is worth knowing (text and fix), and what is wrong (Problem)."""
    yield from _find_docker()
    wrong = _find_settings()
    yield from wrong
    if not wrong:
        yield "settings: .env, .env.local and the environment"
    base = base_image.find_base_image()
    yield f"base image {base} is here" if base else "base image: make up pulls or makes it"
    checks = [(check_room, "disk: enough room"), (check_writable, "checkout: writable")]
    if not wrong:
        checks += [
            (check_project, "project name: this checkout's own"),
            (check_ports, "ports: free, or this stack's own"),
        ]
    for check, well in checks:
        try:
            check()
            yield well
        except Problem as problem:
            yield problem
    yield from _find_python()


def _find_docker() -> Iterator[Finding]:
    fix = "make up installs and starts it" if can_install() else engine.BY_HAND
    if os.environ.get("INSTALL") == "no":
        fix = engine.BY_HAND
    for name, found, floor in (
        ("Docker Engine", engine_version(), MIN_ENGINE),
        ("Compose", compose_version(), MIN_COMPOSE),
        ("Buildx", output("docker", "buildx", "version").split(" ")[-2:][0], ()),
    ):
        if not version(found):
            yield Problem(f"{name} is not there or does not answer", fix)
        elif version(found) < floor:
            yield Problem(f"{name} {found} is older than {'.'.join(map(str, floor))}", engine.BY_HAND)
        else:
            yield f"{name} {found}"


def _find_settings() -> list[Problem]:
    try:
        environ = read_settings()
    except Problem as problem:
        return [problem]
    os.environ.update(environ)
    return [Problem(f"setting {line}", CHANGE_IT) for line in bad_settings(environ)]


def _find_python() -> Iterator[Finding]:
    found = "Python " + sys.version.split()[0]
    if version(sys.version.split()[0]) < (3, 11):
        yield (f"{found}: enough for make up; make test and make dev need 3.11", "install a newer Python 3")
    elif Path(".venv/bin/python").exists() or run(sys.executable, "-c", "import ensurepip, venv").returncode == 0:
        yield f"{found} with venv"
    elif can_install():
        yield f"{found} without venv: make test installs python3-venv"
    else:
        yield Problem(f"{found} lacks venv, which make test and make dev need", "apt-get install python3-venv")


#: How a running container takes over changed files. Supervisor starts Gunicorns again that are killed; a reload would
#: not do, since their masters hold the code.
RENEW = {
    "api": ("supervisorctl", "signal", "KILL", "flaskrandom", "flaskrandom-bulk"),
    "nginx": ("bash", "-c", "configure && nginx -e stderr -s reload"),
}


def dev() -> None:
    """The stack with the checkout's own files in it: saved Python and nginx configuration takes effect at once."""
    files = setting("COMPOSE_FILE", "compose.yaml").replace(";", ":")
    os.environ["COMPOSE_FILE"] = f"{files}:overrides/dev.yaml"
    up()
    say("Watching services/ for changes; Ctrl-C ends this, make down stops the stack")
    watched = {"api": Path("services/api"), "nginx": Path("services/nginx")}
    seen = {service: _saved(folder) for service, folder in watched.items()}
    containers = {service: output("docker", "compose", "ps", "--quiet", service) for service in watched}
    while True:
        time.sleep(0.3)
        for service, folder in watched.items():
            now = _saved(folder)
            if now != seen[service]:
                seen[service] = now
                say(f"{service}: changed")
                done = run("docker", "exec", containers[service], *RENEW[service])
                print(done.stdout + done.stderr if done.returncode else "", end="")


def _saved(folder: Path) -> dict[Path, float]:
    """When each file was saved, tests and caches left out."""
    return {
        path: path.stat().st_mtime
        for path in folder.rglob("*.*")
        if path.is_file() and not {"tests", "__pycache__"} & {*path.parts}
    }
