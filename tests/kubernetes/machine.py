"""A machine with systemd and Podman but no Docker: a privileged container in this engine."""

from __future__ import annotations

import copy
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import requests
import yaml

from support.polling import await_until
from support.stack import ROOT, Container, build, must, run, started

from .manifests import Resource, only, template

IMAGE = "flaskrandom-test-podman"
CHECKOUT = "/srv/checkout"
#: The user of the rootless tests.
USER, UID = "someone", 1000


def build_image() -> None:
    build(IMAGE, ROOT / "tests/kubernetes/machine")


#: systemd does not mount net_cls and net_prio if the host has them apart; crun needs every controller in use.
MOUNT_CGROUPS = """
mount -o remount,rw /sys/fs/cgroup
for name in $(cut -d: -f2 /proc/self/cgroup | grep -v =); do
  folder=/sys/fs/cgroup/$name
  mountpoint -q $folder && continue
  if [ -L $folder ]; then rm $folder; fi
  mkdir -p $folder && mount -t cgroup -o $name cgroup $folder
done
"""


class Machine(Container):
    """The machine on which Podman plays the Pod, as root or as an unprivileged user."""

    def boot(self) -> None:
        """Wait for systemd, and then do what the host's udev and logind would have done."""
        await_until(lambda: self.run("systemctl", "is-active", "dbus").returncode == 0, 60, "systemd has started")
        self.must("bash", "-c", MOUNT_CGROUPS)
        self.must("chmod", "0666", "/dev/net/tun")
        self.must("loginctl", "enable-linger", USER)
        self.must("chown", f"{USER}:", f"/home/{USER}")

    def load(self, *images: str, user: str = "root") -> str:
        """Copy images of the host's engine into Podman, and return the last one's name there."""
        with subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE) as saved:
            command = ["docker", "exec", "--interactive", *self._as(user), self.ident, "podman", "load", "--quiet"]
            said = subprocess.run(command, stdin=saved.stdout, capture_output=True, text=True, check=True, timeout=300)
        return said.stdout.split()[-1]

    def check_out(self) -> None:
        """Copy the tracked files of this checkout, as they are now, and the authorities that builds need."""
        files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
        packed = subprocess.run(
            ["tar", "--create", "--null", "--files-from=-"], cwd=ROOT, input=files, stdout=subprocess.PIPE, check=True
        ).stdout
        script = (
            f"mkdir -p {CHECKOUT} && tar --extract --no-same-owner --directory {CHECKOUT} && chmod -R a+rwX {CHECKOUT}"
        )
        command = ["docker", "exec", "--interactive", self.ident, "bash", "-c", script]
        subprocess.run(command, input=packed, check=True, timeout=60)
        for authority in (ROOT / "local/build-ca").glob("*.crt"):
            self.copy(authority, f"{CHECKOUT}/local/build-ca/")

    def shell(self, script: str, user: str = "root", seconds: float = 300, **environ: str) -> str:
        """Run a script in the checkout."""
        done = self.try_shell(script, user, seconds, **environ)
        assert done.returncode == 0, f"{script} ended with {done.returncode}:\n{done.stdout}"
        return done.stdout

    def try_shell(
        self, script: str, user: str = "root", seconds: float = 300, **environ: str
    ) -> subprocess.CompletedProcess[str]:
        options = [f"--env={name}={value}" for name, value in environ.items()]
        place = f"--workdir={CHECKOUT}"
        command = ("docker", "exec", *self._as(user), *options, place, self.ident, "bash", "-c", script)
        return run(*command, seconds=seconds)

    def play(self, manifest: str, *options: str) -> None:
        """`podman kube play` of a manifest."""
        command = ["docker", "exec", "--interactive", self.ident, "podman", "kube", "play", *options, "-"]
        done = subprocess.run(command, input=manifest, text=True, capture_output=True, timeout=120)
        assert done.returncode == 0, done.stderr

    def copy(self, file: Path, target: str) -> None:
        must("docker", "cp", str(file), f"{self.ident}:{target}")

    def container_state(self, name: str) -> str:
        return self.run("podman", "inspect", "--format", "{{.State.Pid}} {{.State.Health.Status}}", name).stdout.strip()

    def pid(self, name: str) -> int:
        """The pid of a container's first process, or 0 while there is none."""
        return int(self.container_state(name).split(" ")[0] or 0)

    def serves(self, port: int, path: str = "/readyz") -> bool:
        try:
            return self.get(port, path).status_code == 200
        except requests.RequestException:
            return False

    def get(self, port: int, path: str) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False  # addresses on this machine need no proxy
            return session.get(f"http://{self.address}:{port}{path}", timeout=5)

    @staticmethod
    def _as(user: str) -> list[str]:
        if user == "root":
            return []
        run_folder = f"/run/user/{UID}"
        bus = f"DBUS_SESSION_BUS_ADDRESS=unix:path={run_folder}/bus"
        return [
            f"--user={user}",
            f"--env=HOME=/home/{user}",
            f"--env=XDG_RUNTIME_DIR={run_folder}",
            f"--env={bus}",
        ]


@contextmanager
def machine() -> Iterator[Machine]:
    # With cgroups version 1, a container without its own namespace sees the host's whole tree.
    # The CPU share is that of Compose's two containers together, for a fair comparison.
    options = ("--privileged", "--cgroupns=private", "--cpu-shares=10240", "--tmpfs=/run", "--tmpfs=/tmp")
    environ = ("--env=container=docker", "--env=PODMAN_IGNORE_CGROUPSV1_WARNING=yes")
    with started(IMAGE, options=(*options, *environ)) as container:
        made = Machine(container.ident)
        made.boot()
        yield made


def images() -> tuple[str, ...]:
    """The names of this checkout's images, by its settings."""
    return tuple(must("docker", "compose", "config", "--images").split())


def manifest(resources: list[Resource], images: dict[str, str], *, pod: str = "", **limits: str) -> str:
    """Those of the rendered resources that a kubelet gets, with images of this machine.

    Args:
        resources: As rendered.
        images: By service.
        pod: A name for a second Pod on the same machine, and for its volume.
        limits: Settings in addition to the rendered ones.
    """
    parts = [copy.deepcopy(part) for part in resources if part["kind"] in ("ConfigMap", "Deployment", "Secret")]
    only(parts, "ConfigMap")["data"].update(limits)
    deployment = only(parts, "Deployment")
    for container in template(deployment)["spec"]["containers"]:
        container["image"] = f"localhost/{images[container['name']]}"
    text = yaml.safe_dump_all(parts)
    if pod:
        text = text.replace("name: flaskrandom-sockets", f"name: {pod}-sockets")
        text = text.replace("  name: flaskrandom\n", f"  name: {pod}\n", 1)
    return text


@contextmanager
def played(podman: Machine, text: str, port: int, *options: str) -> Iterator[None]:
    """Run the Pod until the end of the block, which begins once it is ready."""
    try:
        podman.play(text, f"--publish={port}:8080", *options)
        await_until(lambda: podman.serves(port), 120, "the Pod is ready")
        yield
    finally:
        subprocess.run(
            ["docker", "exec", "--interactive", podman.ident, "podman", "kube", "down", "--force", "-"],
            input=text,
            text=True,
            stdout=subprocess.DEVNULL,
        )
