"""Commands about the running stack: stop, reload, supervisorctl, logs, API keys."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from .console import Problem, say, work
from .shell import last_line, need_engine, need_running, output, read_settings, replace_with, run

KEPT = "local/ (certificates, keys), and the volumes of TLS and Prometheus"


def down(*options: str) -> None:
    """Stop the stack, whatever profiles and overlays it runs with, and remove its containers."""
    if not shutil.which("docker"):
        say("Docker is not installed: nothing to stop")
        return
    need_engine()
    command = ["docker", "compose", "--profile", "*", "down", "--remove-orphans", *options]
    work("Stopping the stack", command, "the lines above say why")


def clean(everything: str = "") -> None:
    """Remove what this project made: containers, images, caches. With `yes` also certificates, keys and volumes."""
    if everything not in ("", "yes"):
        raise Problem(
            f"ALL={everything}: nothing was removed", f"make clean ALL=yes, or make clean, which keeps {KEPT}"
        )
    if shutil.which("docker"):
        # With HTTPS, even if it is off now.
        files = read_settings().get("COMPOSE_FILE", "compose.yaml").split(":")
        os.environ["COMPOSE_FILE"] = ":".join(dict.fromkeys((*files, "overrides/tls.yaml")))
    down("--rmi", "all", *(["--volumes"] if everything == "yes" else []))
    tools = (".venv", "tests/bruno/node_modules", "tests/page/node_modules")
    for folder in (*tools, ".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis"):
        shutil.rmtree(folder, ignore_errors=True)
    kept = [path for path in Path("local").glob("*/*") if path.name != ".gitkeep"]
    for path in kept if everything == "yes" else Path("local/build-ca").glob("host-*.crt"):
        path.unlink()
    if everything != "yes":
        say(f"Kept: {KEPT}. make clean ALL=yes removes them, too")


def control(*arguments: str) -> None:
    """Any supervisorctl command in the api container."""
    example = 'make ctl ARGS="restart flaskrandom"; make ctl ARGS=help lists all'
    if not arguments:
        raise Problem("ARGS is empty: which supervisorctl command?", example)
    need_running("api")
    status = subprocess.run(["docker", "compose", "exec", "-T", "api", "supervisorctl", *arguments]).returncode
    if status == 3 and arguments[0] == "status":
        raise Problem("not every program runs", 'make ctl ARGS="start all" starts them; make logs shows how they ended')
    if status:
        raise Problem(
            f"supervisorctl {' '.join(arguments)} ended with {status}", f"make status lists programs; {example}"
        )


def follow_logs() -> None:
    """Show one short line per request on a terminal; elsewhere, and with RAW=1, the logs as they were written."""
    need_engine()
    if not output("docker", "compose", "ps", "--all", "--quiet"):
        raise Problem("this checkout has no containers, so there are no logs", "make up starts the stack")
    follow = ("docker", "compose", "--ansi", "never", "logs", "--follow", "--tail", "100")
    if os.environ.get("RAW") or not sys.stdout.isatty():
        replace_with(*follow)
    with subprocess.Popen(follow, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as said:
        subprocess.run([sys.executable, "-m", "scripts.stack.logs"], stdin=said.stdout)


#: Whether a file of nginx's configuration is newer than nginx's start and its last reload.
NGINX_CHANGED = """
since=/run/nginx/nginx.pid
[[ ! -e /run/nginx/reloaded ]] || since=/run/nginx/reloaded
[[ -n $(find -L /etc/nginx -cnewer "$since" -print -quit) ]]
"""
#: The time is noted before nginx reads the files: later changes count for the next reload.
RELOAD_NGINX = "touch /run/nginx/reloading && nginx -e stderr -s reload && mv /run/nginx/reloading /run/nginx/reloaded"


def reload() -> None:
    """Reload Gunicorn, and nginx if its configuration changed, after checking both.

    Without a reload of nginx, no call fails. Its reload closes idle connections, on which a client may be about to
    send.
    """
    need_running("api", "nginx")
    for pool in ("gunicorn.conf.py", "gunicorn.bulk.conf.py"):
        # Compose may pass an empty WEB_CONCURRENCY, which Gunicorn rejects.
        check = ("env", "-u", "WEB_CONCURRENCY", "gunicorn", "--check-config", "--config", pool, "app:app")
        _inside(f"nothing was reloaded: the app does not start with {pool}", "api", *check)
    _inside("nothing was reloaded: nginx rejects its configuration", "nginx", "nginx", "-e", "stderr", "-t")
    signal = ("supervisorctl", "signal", "HUP", "flaskrandom", "flaskrandom-bulk")
    _inside("Supervisor could not signal Gunicorn", "api", *signal)
    if run("docker", "compose", "exec", "-T", "nginx", "bash", "-c", NGINX_CHANGED).returncode:
        say("Reloaded Gunicorn; nginx's configuration has not changed")
        return
    _inside("Gunicorn was reloaded, but nginx was not", "nginx", "bash", "-c", RELOAD_NGINX)
    say("Reloaded Gunicorn and nginx")


def _inside(otherwise: str, service: str, *command: str) -> None:
    done = run("docker", "compose", "exec", "-T", service, *command)
    if done.returncode:
        print(done.stdout + done.stderr, end="", file=sys.stderr)
        raise Problem(otherwise, "fix the errors above")


def make_key(name: str, wanted: str) -> None:
    """Show a new API key once, on standard output, and add its hash to the key file in local/ (API_KEYS_FILE)."""
    file = wanted or "secrets/api_keys"
    if not name:
        raise Problem("the key needs a name, which the log will show", "make key NAME=ci")
    if not file.startswith("secrets/"):
        raise Problem(f"API_KEYS_FILE={file} is not in the folder local/secrets", "set API_KEYS_FILE=secrets/api_keys")
    made = run(sys.executable, "services/api/flaskrandom/keys.py", "new", name)
    if made.returncode:
        raise Problem(f"no key was made: {last_line(made.stderr)}", "make key NAME=ci")
    key, line = made.stdout.split("\n")[:2]
    try:
        _add_line(Path("local", file), line)
    except OSError as error:
        raise Problem(f"no key was made: {error}", "make key NAME=ci, as a user who may write local/") from None
    print(key)
    shown = f"The key is shown only once. Its hash is in local/{file}; to revoke the key, delete this line:"
    print(shown, line, sep="\n", file=sys.stderr)
    if not wanted:
        print(f"Keys are not required yet: set API_KEYS_FILE={file} in .env.local, then make up.", file=sys.stderr)


def _add_line(path: Path, line: str) -> None:
    """Replace the file atomically, so that no request reads half of it.

    It is readable by all: the api runs as another user, and a hash does not reveal its key.
    """
    old = path.read_text() if path.exists() else ""
    mode = path.parent.stat().st_mode
    if mode | 0o055 != mode:  # only the folder's owner can, so not if it is unnecessary
        path.parent.chmod(mode | 0o055)
    new = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        new.write_text(old + "\n" * (old[-1:] not in ("", "\n")) + line + "\n")
        new.chmod(0o644)
        new.replace(path)
    finally:
        new.unlink(missing_ok=True)
