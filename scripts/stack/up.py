"""`make doctor`, which checks what `make up` needs, and `make up`, which begins with the same checks."""

from __future__ import annotations

import os
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path

from .base_image import ensure_base_image
from .console import Problem, mark, say, work
from .engine import check_engine, ensure_engine
from .host import can_install, port_holder, port_taken, published
from .shell import ROOT, has_image, image, last_line, load_settings, output, own_url, run, setting, with_tls
from .tools import has_venv

#: Peak disk usage of the builds plus a reserve, in MiB.
NEED_MIB = 2048


def check_settings() -> str:
    """Check and load the settings. Raises Problem if a setting, or a file in COMPOSE_FILE, is bad."""
    load_settings()
    files = run("docker", "compose", "config", "--quiet")
    if files.returncode:
        raise Problem(f"Compose: {last_line(files.stderr)}", "correct COMPOSE_FILE, or the file that is named")
    return "settings: .env, .env.local and the environment"


def check_project() -> str:
    """Raises Problem if another checkout runs under the same project name: this one would replace it."""
    name = setting("COMPOSE_PROJECT_NAME", "flaskrandom")
    where = '{{.Label "com.docker.compose.project.working_dir"}}'
    own = f"label=com.docker.compose.project={name}"
    for folder in set(output("docker", "ps", "--all", "--format", where, "--filter", own).splitlines()):
        if folder and Path(folder).is_dir() and not Path(folder).samefile(ROOT):
            raise Problem(
                f"another checkout, {folder}, already uses the project name {name}: this one would replace its stack",
                "COMPOSE_PROJECT_NAME=mine TAG=mine HTTP_PORT=8080 make up, or make down in that folder",
            )
    return f"project name {name}: this checkout's own"


def check_ports() -> str:
    """Raises Problem if another program has a port that this stack publishes."""
    for name, default, other in [("HTTP_PORT", "80", 8080)] + [("HTTPS_PORT", "443", 8443)] * with_tls():
        address, port = published(name, default)
        if port_taken(address, port):
            raise Problem(
                f"port {port} is taken by {port_holder(port)}",
                f"stop it, or choose another port: {name}={other + (port == other)} make up",
            )
    return "ports: free, or this stack's own"


def check_room() -> str:
    """Raises Problem if there is too little room to build."""
    folder = output("docker", "info", "--format", "{{.DockerRootDir}}") or "/"
    # On macOS the folder is in a virtual machine.
    free = shutil.disk_usage(folder if Path(folder).exists() else "/").free >> 20
    if free < NEED_MIB and not all(has_image(image(service)) for service in ("api", "nginx")):
        raise Problem(
            f"disk: only {free} MiB free where Docker keeps images ({folder}); {NEED_MIB} are needed",
            "free some: docker system df shows what is there",
        )
    return "disk: enough room"


def check_writable() -> str:
    if not os.access("local/build-ca", os.W_OK):
        raise Problem("this checkout cannot be written", "check who owns it, and that its disk is not read-only")
    return "checkout: writable"


def check_python() -> str:
    found = "Python " + sys.version.split()[0]
    if sys.version_info < (3, 11):
        return f"{found}: enough for make up; make test and make dev need 3.11"
    if not has_venv() and not can_install():
        raise Problem(f"{found} lacks venv, which make test and make dev need", "apt-get install python3-venv")
    return found


def doctor() -> None:
    """Check everything and change nothing; exit with 1 if `make up` or `make test` would fail."""
    failures = 0
    # The last three read the settings.
    for check in (check_engine, check_writable, check_python, check_settings, check_project, check_ports, check_room):
        try:
            print(f"{mark('ok')}    {check()}")
        except Problem as problem:
            print(f"{mark('FAIL')}  {problem.what}\n      fix: {problem.fix}")
            failures += 1
            if check is check_settings:
                break
    print(f"\n{failures} to fix." if failures else "\nAll is well: make up")
    sys.exit(bool(failures))


def up() -> None:
    """From a bare machine to a healthy stack. Each step does nothing when there is nothing to do."""
    ensure_engine()
    for check in (check_settings, check_project, check_writable, check_room, check_ports):
        check()
    if not setting("REGISTRY"):
        ensure_base_image()
        fix = "the lines above say why; make doctor looks at what a build needs"
        work("Building the images", ["docker", "compose", "build"], fix)
    _start()
    _print_urls()


def _start() -> None:
    # With REGISTRY set, Compose pulls missing images.
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


#: Commands that apply changed files in a running container. Supervisor restarts a killed Gunicorn; a reload is not
#: enough, because the master has loaded the code.
RENEW = {
    "api": ("supervisorctl", "signal", "KILL", "flaskrandom", "flaskrandom-bulk"),
    "nginx": ("bash", "-c", "configure && nginx -e stderr -s reload"),
}
#: What overrides/dev.yaml mounts of the services' folders.
MOUNTED = ("app.py", "flaskrandom", "nginx.conf", "conf.d", "optional")


def dev() -> None:
    """The stack with the checkout's own files in it: saved Python and nginx configuration takes effect at once."""
    os.environ["COMPOSE_FILE"] = f"{setting('COMPOSE_FILE', 'compose.yaml')}:overrides/dev.yaml"
    up()
    say("Watching services/ for changes; Ctrl-C ends this, make down stops the stack")
    seen = {service: _saved(service) for service in RENEW}
    containers = {service: output("docker", "compose", "ps", "--quiet", service) for service in RENEW}
    while True:
        time.sleep(0.3)
        for service in RENEW:
            now = _saved(service)
            if now != seen[service]:
                seen[service] = now
                say(f"{service}: changed")
                done = run("docker", "exec", containers[service], *RENEW[service])
                print(done.stdout + done.stderr if done.returncode else "", end="")


def _saved(service: str) -> dict[Path, float]:
    """When each mounted file was saved, caches left out."""
    times = {}
    for path in Path("services", service).rglob("*.*"):
        if path.parts[2] in MOUNTED and "__pycache__" not in path.parts:
            with suppress(FileNotFoundError):  # deleted at this moment
                times[path] = path.stat().st_mtime
    return times
