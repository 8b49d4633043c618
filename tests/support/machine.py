"""A machine of its own on this one: a privileged container with an engine in it, and what can happen to it."""

from __future__ import annotations

import subprocess

import requests

from .polling import await_until
from .stack import ROOT, Container, build, must, run

IMAGE = "flaskrandom-test-machine"


def build_image() -> None:
    build(IMAGE, ROOT / "tests/support/machine")


class Machine(Container):
    """A machine: a privileged container in which an engine runs."""

    address = ""  # given beforehand: a machine that is off has none

    def __init__(self, ident: str, name: str, address: str) -> None:
        super().__init__(ident)
        self.name = name
        self.address = address
        self.host = f"tcp://{address}:2375"

    def try_docker(self, *arguments: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """The client, talking to this machine's engine."""
        return run("docker", "--host", self.host, *arguments, seconds=seconds)

    def docker(self, *arguments: str, seconds: float = 60) -> str:
        return must("docker", "--host", self.host, *arguments, seconds=seconds)

    def answers(self) -> bool:
        return self.try_docker("version").returncode == 0

    def get(self, path: str, port: int = 80, *, redirected: bool = True) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False  # a proxy for the outer world is none for this machine
            return session.get(f"http://{self.address}:{port}{path}", timeout=3, allow_redirects=redirected)

    def serves(self) -> bool:
        try:
            return self.get("/readyz").status_code == 200
        except requests.RequestException:
            return False

    def cpu_seconds(self) -> float:
        """What everything in this machine has used so far: from its cgroup, version 1 or 2."""
        version1 = self.run("cat", "/sys/fs/cgroup/cpuacct/cpuacct.usage")
        if version1.returncode == 0:
            return int(version1.stdout) / 1e9
        return int(self.must("sed", "-n", "s/^usage_usec //p", "/sys/fs/cgroup/cpu.stat")) / 1e6

    def lose_power(self) -> None:
        """Gone from one moment to the next: not even a FIN leaves it."""
        self.must("ip", "link", "set", "eth0", "down")
        must("docker", "kill", self.ident)

    def start(self) -> None:
        must("docker", "start", self.ident)
        await_until(self.answers, 60, f"the engine of {self.name} answers")

    def cut_off(self, others: list[Machine]) -> None:
        """No packet between this machine and the others any more; clients still reach it."""
        for other in others:
            self.must("iptables", "-I", "INPUT", "-s", other.address, "-j", "DROP")
            self.must("iptables", "-I", "OUTPUT", "-d", other.address, "-j", "DROP")

    def heal(self, others: list[Machine]) -> None:
        for other in others:
            self.must("iptables", "-D", "INPUT", "-s", other.address, "-j", "DROP")
            self.must("iptables", "-D", "OUTPUT", "-d", other.address, "-j", "DROP")
