"""The stack where there is Podman and no Docker: python3 -m deploy.podman up | down | ctl | key | logs | render

Podman plays the Pod of deploy/kubernetes/base, with the settings of .env and the files of local/secrets. Rootless, too.
"""

from __future__ import annotations

import base64
import json
import os
import re
import sys
import time
import urllib.request
from pathlib import Path

from scripts.stack.console import Problem, finish, say, work
from scripts.stack.running import make_key
from scripts.stack.shell import ROOT, bad_settings, image, output, own_url, replace_with, run, setting, settings

POD = "flaskrandom-pod"
KEYS = "flaskrandom-secrets"
DEPLOYMENT = Path("deploy/kubernetes/base/deployment.yaml")
SECRETS = Path("local/secrets")
#: Settings that the Pod ignores: deployment.yaml sets its port, and it serves no HTTPS.
OF_COMPOSE = ("LISTEN_PORT", "LISTEN_TLS_PORT", "HTTPS_PORT")
#: A line of .env as Compose reads it: a value is quoted or not, and a comment may follow.
ASSIGNMENT = re.compile(r"""\s*(?:export\s+)?(\w+)\s*=(?:\s*'([^']*)'|\s*"([^"]*)"|(?!\s+#)\s*(.*?)|)(?:\s+#.*|\s*)""")


def load_settings() -> None:
    """Check .env and .env.local, and add them to this process's environment, which takes precedence."""
    environ = {}
    for file in (".env", ".env.local"):
        for line in Path(file).read_text().splitlines() if Path(file).exists() else ():
            if found := ASSIGNMENT.fullmatch(line):
                environ[found[1]] = next(filter(None, found.groups()[1:]), "")
    environ.update(os.environ)
    wrong = settings.check_host(environ)
    if wrong:
        raise Problem("\n".join(wrong), "change it in .env or .env.local, or in the shell's environment")
    if "tls.yaml" in environ.get("COMPOSE_FILE", ""):
        raise Problem("overrides/tls.yaml is for Compose: the Pod serves no HTTPS", "docs/deploy.md says what does")
    os.environ.update(environ)


def render() -> str:
    """The Pod, its settings and its secrets, as `podman kube play` takes them. JSON is YAML."""
    readers = {"api", "nginx"}
    names = {row.name for row in settings.TABLE if row.on_host and readers & {*row.readers}} - {*OF_COMPOSE}
    config = {"kind": "ConfigMap", "data": {name: setting(name) for name in sorted(names) if setting(name)}}
    secret = {
        "kind": "Secret",
        "data": {
            file.name: base64.b64encode(file.read_bytes()).decode()
            for file in sorted(SECRETS.glob("*"))
            if file.is_file() and not file.name.startswith(".")
        },
    }
    pod = DEPLOYMENT.read_text()
    for service in ("api", "nginx"):
        pod = pod.replace(f"flaskrandom-{service}:latest", image(service))
    parts = []
    for name, resource in {"flaskrandom-settings": config, KEYS: secret}.items():
        if resource["data"]:
            parts.append(json.dumps({"apiVersion": "v1", "metadata": {"name": name}, **resource}))
    return "\n---\n".join([*parts, pod])


def up() -> None:
    load_settings()
    if wrong := bad_settings(os.environ):
        raise Problem("\n".join(wrong), "correct .env.local, or make the key file")
    if not setting("REGISTRY"):
        for service in ("api", "nginx"):
            _build(service)
    say("Starting the Pod and waiting until it is ready")
    address, _, port = setting("HTTP_PORT", "80").rpartition(":")
    command = ["podman", "kube", "play", "--replace", "--publish", f"{address}{':' * bool(address)}{port}:8080"]
    if os.geteuid():
        # Rootless: pasta preserves the clients' addresses, Podman's own network does not.
        command.append("--network=pasta")
    pod = render()
    if f'"{KEYS}"' not in pod:
        # Podman keeps its copy of keys whose files are gone.
        run("podman", "secret", "rm", KEYS)
    done = run(*command, "-", text=pod)
    if done.returncode:
        raise Problem(f"Podman does not start the Pod: {done.stderr.strip()}", "the line above says why")
    deadline = time.monotonic() + 120
    while not _ready():
        if time.monotonic() > deadline:
            print(output("podman", "pod", "logs", "--tail", "15", POD), file=sys.stderr)
            raise Problem("the Pod does not become ready", "the last lines of its logs are above")
        time.sleep(0.2)
    print(f"\nflaskrandom is ready: {own_url()}/ (the page: /ui/, the API: /docs)")


def _ready() -> bool:
    # Ignore a configured proxy for this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        opener.open(f"{own_url()}/readyz", timeout=5).close()
    except OSError:
        return False
    return True


def _build(service: str) -> None:
    values = ("BASE_IMAGE", "PIP_INDEX_URL")
    arguments = [f"--build-arg={name}={os.environ[name]}" for name in values if os.environ.get(name)]
    contexts = ("--build-context=certs=local/build-ca", "--build-context=settings=services/settings")
    command = ["podman", "build", *arguments, *contexts, "--tag", image(service), f"services/{service}"]
    work(f"Building {image(service)}", command, "the lines above say why")


def down() -> None:
    # Remove its volume too: it has no data to keep.
    if run("podman", "kube", "down", "--force", str(DEPLOYMENT)).returncode:
        raise Problem("Podman could not stop the Pod", f"podman kube down --force {DEPLOYMENT}")
    # Podman keeps a copy of the keys, as a secret and as a volume.
    run("podman", "secret", "rm", KEYS)
    run("podman", "volume", "rm", KEYS)


def ctl(*arguments: str) -> None:
    if not arguments:
        raise Problem("ARGS is empty: which supervisorctl command?", 'make ctl ARGS="restart flaskrandom"')
    replace_with("podman", "exec", f"{POD}-api", "supervisorctl", *arguments)


def key(*name: str) -> None:
    load_settings()
    make_key("".join(name), setting("API_KEYS_FILE"))


def logs() -> None:
    replace_with("podman", "pod", "logs", "--follow", "--tail", "100", POD)


def show() -> None:
    load_settings()
    print(render())


COMMANDS = {"up": up, "down": down, "ctl": ctl, "key": key, "logs": logs, "render": show}


def main(name: str, *arguments: str) -> None:
    os.chdir(ROOT)
    finish(COMMANDS[name], *arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
