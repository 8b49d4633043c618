"""Deploys and rollbacks on a Swarm of one or many machines: python3 -m deploy.swarm deploy | rollback

They use the manager in DOCKER_CONTEXT or DOCKER_HOST. Every new container must become and stay healthy before the next
one is replaced; else Swarm rolls back by itself, and this command prints the reason and exits with 1.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path

from scripts.stack.console import Problem, finish, say, warn
from scripts.stack.host import published
from scripts.stack.shell import (
    ROOT,
    has_image,
    image,
    load_settings,
    output,
    run,
    setting,
    use_env_files,
    with_tls,
)

from .services import SERVICES, Service, stack_name

#: The parts of an image that determine a container's behaviour: all but labels and dates.
CONTENT = (
    "{{json .RootFS.Layers}}{{with .Config}}{{json .Env}}{{json .Entrypoint}}{{json .Cmd}}{{json .Healthcheck}}"
    "{{.User}}{{.StopSignal}}{{.WorkingDir}}{{end}}"
)


def deploy() -> None:
    tag = setting("TAG")
    if tag in ("", "latest"):
        raise Problem(
            f"TAG={tag}: a deploy needs the tag of one build; 'latest' changes, and allows no rollback",
            "make deploy TAG=v2",
        )
    _name_secrets()
    _check_swarm()
    _check_ports()
    _find_images()
    if with_tls():
        _check_certificate()
    _make_swarm()
    before = Service("api").tag
    say(f"Deploying {tag}{f' over {before}' * bool(before)} as the stack {stack_name()}")
    resolve = "always" if setting("REGISTRY") else "never"
    options = ("--detach=true", "--prune", "--with-registry-auth", "--resolve-image", resolve)
    done = run("docker", "stack", "deploy", "--compose-file", "-", *options, stack_name(), text=render())
    if done.returncode:
        raise Problem(f"Swarm refuses the stack: {done.stderr.strip()}", "nothing was changed")
    _judge(tag)
    _check_overlay()
    say(f"{stack_name()} runs {tag}")


def rollback() -> None:
    """Roll back to the version before the last deploy. A second rollback undoes the first."""
    _need_manager()
    services = [Service(name) for name in SERVICES]
    if not services[0].image:
        raise Problem(f"there is no stack {stack_name()} on this Swarm", "make deploy TAG=...")
    now, before = services[0].tag, {service.previous_tag for service in services}
    # After a failed deploy, Swarm has no previous version of one service, and the failed version of the other.
    if len(before) != 1 or not (to := before.pop()):
        raise Problem(
            f"Swarm has no common version before {now} for both services: it is the first, the last deploy was "
            "rolled back already, or one service was changed by hand",
            "make deploy TAG=... with the tag that you want",
        )
    say(f"Rolling back from {now} to {to}")
    if to == now:
        warn(f"the last deploy was of {now}, too: only its settings and secrets are rolled back", "make deploy TAG=...")
    for service in services:
        service.roll_back()
    for service in services:
        outcome = service.settle()
        if outcome not in ("settled", "rolled back"):
            print(service.why_failed(service.image), file=sys.stderr)
            raise Problem(f"{service.name} did not roll back ({outcome})", "make deploy TAG=... with a tag that runs")
    say(f"{stack_name()} runs {services[0].tag}")


def render() -> str:
    """compose.yaml and its overlays with all settings filled in, in Swarm's syntax."""
    overlays = {
        "overrides/tls.yaml": with_tls(),
        "deploy/swarm/stack.yaml": True,
        "deploy/swarm/tls.yaml": with_tls(),
        "deploy/swarm/encrypted.yaml": setting("OVERLAY_ENCRYPTION", "yes") == "yes",
        "deploy/swarm/keys.yaml": bool(setting("API_KEYS_FILE")),
        "deploy/swarm/series.yaml": bool(setting("SERIES_KEY_FILE")),
    }
    files = [part for file, wanted in overlays.items() if wanted for part in ("--file", file)]
    command = ("docker", "compose", "--project-name", stack_name(), "--file", "compose.yaml", *files)
    done = run(*command, "config")
    if done.returncode:
        raise Problem(f"Compose refuses its files: {done.stderr.strip()}", "check .env.local and COMPOSE_FILE")
    return "\n".join(_in_swarms_words(line) for line in done.stdout.splitlines() if not line.startswith("name:"))


def _in_swarms_words(line: str) -> str:
    """Quote or unquote numbers: Compose and `docker stack` disagree on their types."""
    name, colon, value = line.partition(": ")
    if name.strip() in ("published", "size"):
        value = value.strip('"')
    elif name.strip() == "cpus":
        value = f'"{value}"'
    return name + colon + value


def _name_secrets() -> None:
    """Name secrets by a hash of their content, so that a changed file causes a rolling update."""
    for name, made in (("API_KEYS", "make key NAME=..."), ("SERIES_KEY", "make series-key")):
        key = setting(f"{name}_FILE")
        if key:
            _must_read(Path("local", key), f"{name}_FILE={key}: local/{key} cannot be read", f"{made} makes it")
            os.environ[f"{name}_HASH"] = _hash(Path("local", key).read_bytes())
    if with_tls():
        fix = "put your certificate there, or set TLS_FOLDER to where it is; docs/deploy.md says how to get one"
        for file in _certificate():
            _must_read(file, f"HTTPS is on (overrides/tls.yaml in COMPOSE_FILE), and {file} cannot be read", fix)
        private, chain = _certificate()
        os.environ["TLS_HASH"] = _hash(private.read_bytes() + chain.read_bytes())


def _must_read(path: Path, what: str, fix: str) -> None:
    if not os.access(path, os.R_OK):
        raise Problem(what, fix)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


def _certificate() -> tuple[Path, Path]:
    """The key and the chain."""
    folder = Path(setting("TLS_FOLDER", "./local/tls"))
    return folder / "privkey.pem", folder / "fullchain.pem"


def _check_certificate() -> None:
    """Check the certificate with the new nginx image, on the manager, before any change."""
    # A key file may end without a newline, and the certificate must begin on a new line.
    both = "\n".join(file.read_text(errors="replace").rstrip("\n") for file in _certificate()) + "\n"
    done = run(
        *("docker", "run", "--rm", "--interactive", "--network", "none", "--read-only", "--cap-drop", "ALL"),
        *("--sysctl", "net.ipv4.ip_unprivileged_port_start=0", "--tmpfs", "/run/nginx:mode=1777"),
        *("--tmpfs", "/var/lib/tls:mode=1777", "--entrypoint", "certificates", os.environ["NGINX_IMAGE"], "check"),
        text=both,
    )
    said = (done.stdout + done.stderr).strip()
    if done.returncode:
        folder = setting("TLS_FOLDER", "./local/tls")
        raise Problem(
            f"the certificate in {folder} is not valid: {said}", "fix it and deploy again; nothing was changed"
        )
    say(f"The certificate: {said}")


def _in_a_swarm() -> bool:
    return output("docker", "info", "--format", "{{.Swarm.LocalNodeState}}") != "inactive"


def _need_manager() -> None:
    if output("docker", "info", "--format", "{{.Swarm.ControlAvailable}}") != "true":
        engine = os.environ.get("DOCKER_HOST") or f"context {output('docker', 'context', 'show')}"
        raise Problem(
            f"the engine at {engine} is not a Swarm manager",
            "set DOCKER_CONTEXT or DOCKER_HOST to a manager's; docs/deploy.md says how",
        )


def _check_swarm() -> None:
    if not _in_a_swarm():
        return
    _need_manager()
    if not setting("REGISTRY") and len(output("docker", "node", "ls", "--quiet").split()) > 1:
        raise Problem(
            "this Swarm has several machines, and without REGISTRY only this one has the images",
            f"REGISTRY=registry.example/team make push deploy TAG={setting('TAG')}",
        )
    options = '{{if index .Options "encrypted"}}yes{{else}}no{{end}}'
    now = output("docker", "network", "inspect", "--format", options, f"{stack_name()}_inside")
    if now not in ("", setting("OVERLAY_ENCRYPTION", "yes")):
        raise Problem(
            f"the network {stack_name()}_inside has OVERLAY_ENCRYPTION={now}, which cannot change while it is in use",
            f"OVERLAY_ENCRYPTION={now}, or: docker stack rm {stack_name()}, and deploy anew",
        )


def _make_swarm() -> None:
    """Make a Swarm of this machine, whose management port other machines cannot reach."""
    if not _in_a_swarm():
        say("Making this engine a Swarm of one, managed from itself alone (undo it with: docker swarm leave --force)")
        run("docker", "swarm", "init", "--advertise-addr", "127.0.0.1", "--listen-addr", "127.0.0.1")


def _check_ports() -> None:
    if Service("nginx").image:
        return
    for name, default in [("HTTP_PORT", "80")] + [("HTTPS_PORT", "443")] * with_tls():
        port = published(name, default)[1]
        holder = output("docker", "ps", "--format", "{{.Names}}", "--filter", f"publish={port}").split("\n")[0]
        if holder:
            raise Problem(
                f"port {port} is taken by container {holder}", "make down stops the stack that make up started"
            )


def _find_images() -> None:
    """Find the images before any change. Sets API_IMAGE and NGINX_IMAGE for Compose."""
    registry, tag = setting("REGISTRY"), setting("TAG")
    for name in SERVICES:
        wanted = image(name)
        if registry and run("docker", "pull", "--quiet", wanted).returncode:
            raise Problem(f"{wanted} cannot be pulled", f"make push REGISTRY={registry} TAG={tag}")
        if not has_image(wanted):
            raise Problem(f"there is no image {wanted}", f"make build TAG={tag}")
        os.environ[f"{name.upper()}_IMAGE"] = wanted
    # Do not restart nginx for another tag of the same content: that closes the port.
    now, new = Service("nginx").image, os.environ["NGINX_IMAGE"]
    content = output("docker", "image", "inspect", "--format", CONTENT, new)
    if now and content == output("docker", "image", "inspect", "--format", CONTENT, now):
        os.environ["NGINX_IMAGE"] = now
        say(f"nginx is the same in {tag} and keeps running: do not remove its image {now.split('@')[0]}")


def _judge(tag: str) -> None:
    """Wait until both services are settled; roll both back if one fails."""
    outcomes = {}
    for name in SERVICES:
        service = Service(name)
        outcomes[service] = service.settle()
        if outcomes[service] in ("failing", "rolled back"):
            print(service.why_failed(os.environ[f"{name.upper()}_IMAGE"]), file=sys.stderr)
    bad = {service: outcome for service, outcome in outcomes.items() if outcome in ("failing", "rolled back")}
    slow = [service.name for service, outcome in outcomes.items() if outcome == "slow"]
    if not bad:
        if slow:
            _check_overlay()
            raise Problem(
                f"{' '.join(slow)} still being updated after {setting('DEPLOY_TIMEOUT', '900')} s; Swarm goes on, and "
                "rolls back a failed update by itself",
                f"docker service ps {stack_name()}_{slow[0]} shows how far it is; DEPLOY_TIMEOUT=3600 waits longer the "
                "next time; make rollback rolls both services back",
            )
        return
    for service in outcomes:
        # Both services must have the same version.
        if service not in bad and service.previous_tag:
            say(f"Rolling {service.name} back, too")
            service.roll_back()
            service.settle()
    # If the machines cannot reach each other, report that first.
    _check_overlay()
    words = ", ".join(f"{service.name}: {outcome}" for service, outcome in bad.items())
    now = Service("api").tag
    stuck = [service.name for service, outcome in bad.items() if outcome == "failing"]
    if now == tag and "rolled back" not in bad.values():
        raise Problem(
            f"{tag} does not run ({words}), and there is no earlier version to roll back to",
            f"fix the errors above and deploy again; docker stack rm {stack_name()} removes it",
        )
    if stuck:
        raise Problem(
            f"{tag} does not run ({words}), and the rollback to {now} failed, too",
            f"docker service ps {stack_name()}_{stuck[0]} shows where it stopped; fix the errors above, and "
            "deploy a tag that runs",
        )
    raise Problem(
        f"{tag} does not run ({words}); the stack is back at {now}",
        "fix the errors above, and deploy the next build",
    )


#: Prints the addresses of the api's replicas that do not answer. Two attempts each: a full queue delays the first.
REACH = """
for address in $(getent ahostsv4 api | cut -d " " -f 1 | sort -u); do
  timeout 3 bash -c "</dev/tcp/$address/5000" 2>/dev/null || timeout 3 bash -c "</dev/tcp/$address/5000" 2>/dev/null ||
    printf "%s " "$address"
done
"""


def _check_overlay() -> None:
    """Detect a firewall between the machines: each nginx is healthy as long as it reaches any replica."""
    label = f"label=com.docker.swarm.service.name={stack_name()}_nginx"
    nginx = output("docker", "ps", "--quiet", "--filter", label).split("\n")[0]
    unreached = output("docker", "exec", nginx, "bash", "-c", REACH) if nginx else ""
    if unreached:
        raise Problem(
            f"nginx on this machine cannot reach the replicas at {unreached}",
            "let the machines reach each other on 7946/tcp and udp, 4789/udp and, with OVERLAY_ENCRYPTION=yes, IP "
            "protocol 50 (ESP), which the kernel must have, too",
        )


def main(command: str) -> None:
    os.chdir(ROOT)
    use_env_files()
    finish(load_settings)
    finish({"deploy": deploy, "rollback": rollback}[command])


if __name__ == "__main__":
    main(*sys.argv[1:])
