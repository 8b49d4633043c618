"""A machine simulated on this one by a privileged container with its own engine, and faults to inject into it."""

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

    address = ""  # given in advance, because a machine that is off has none

    def __init__(self, ident: str, name: str, address: str) -> None:
        super().__init__(ident)
        self.name = name
        self.address = address
        self.host = f"tcp://{address}:2375"

    def try_docker(self, *arguments: str, seconds: float = 60) -> subprocess.CompletedProcess[str]:
        """Run Docker's client with this machine's engine."""
        return run("docker", "--host", self.host, *arguments, seconds=seconds)

    def docker(self, *arguments: str, seconds: float = 60) -> str:
        return must("docker", "--host", self.host, *arguments, seconds=seconds)

    def answers(self) -> bool:
        return self.try_docker("version").returncode == 0

    def get(self, path: str, port: int = 80, *, redirected: bool = True) -> requests.Response:
        with requests.Session() as session:
            session.trust_env = False  # addresses on this machine need no proxy
            return session.get(f"http://{self.address}:{port}{path}", timeout=3, allow_redirects=redirected)

    def serves(self) -> bool:
        try:
            return self.get("/readyz").status_code == 200
        except requests.RequestException:
            return False

    def cpu_seconds(self) -> float:
        """The CPU time used in this machine so far, from its cgroup (version 1 or 2)."""
        version1 = self.run("cat", "/sys/fs/cgroup/cpuacct/cpuacct.usage")
        if version1.returncode == 0:
            return int(version1.stdout) / 1e9
        return int(self.must("sed", "-n", "s/^usage_usec //p", "/sys/fs/cgroup/cpu.stat")) / 1e6

    def lose_power(self) -> None:
        """Stop the machine abruptly: it does not even send a FIN."""
        self.must("ip", "link", "set", "eth0", "down")
        must("docker", "kill", self.ident)

    def start(self) -> None:
        must("docker", "start", self.ident)
        await_until(self.answers, 60, f"the engine of {self.name} answers")

    def cut_off(self, others: list[Machine]) -> None:
        """Drop all packets between this machine and the others. Clients can still reach it."""
        for other in others:
            self.must("iptables", "-I", "INPUT", "-s", other.address, "-j", "DROP")
            self.must("iptables", "-I", "OUTPUT", "-d", other.address, "-j", "DROP")

    def heal(self, others: list[Machine]) -> None:
        for other in others:
            self.must("iptables", "-D", "INPUT", "-s", other.address, "-j", "DROP")
            self.must("iptables", "-D", "OUTPUT", "-d", other.address, "-j", "DROP")
