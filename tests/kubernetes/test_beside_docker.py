"""Compare Compose with Docker and a Pod under Podman, both with the same images: calls per second and memory.

`make test SUITE=kubernetes PYTEST_ARGS="-s -k beside"` prints the figures.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from statistics import median

from support.stack import ROOT, must, throwaway

from . import machine
from .machine import Machine, manifest, played
from .manifests import Resource

PORT = 8004
CALL = ("POST", "/getrandomstr", "keep", '{"intlen":16,"intnum":3,"withnum":true,"withlow":true}')
WRK = ("wrk", "--threads=1", "--connections=16", "--duration=5s", "--script=/srv/count.lua")
ROUNDS = 5
LEAST_SHARE = 0.7
"""The least share of Docker's calls. Fewer would be a fault, because both run the same processes without a hop."""

# The proportional set size, in kB, of all processes in the PID namespace of the given one.
MEMORY = """
wanted=$(readlink /proc/%s/ns/pid)
for process in /proc/[0-9]*; do
  [ "$(readlink $process/ns/pid)" = "$wanted" ] && cat $process/smaps_rollup
done 2>/dev/null | awk '/^Pss:/ { sum += $2 } END { print sum }'
"""


def calls_per_second(said: str, duration: float = 5) -> float:
    seen = json.loads(said.strip().splitlines()[-1])
    assert seen["broken"] == 0
    assert seen["statuses"] == {"200": seen["requests"]}
    return float(seen["requests"] / duration)


def test_calls_and_memory_are_comparable_with_docker(
    podman: Machine, kustomize: Callable[..., list[Resource]], images: dict[str, str]
) -> None:
    script = ROOT / "tests/faults/client/count.lua"
    podman.copy(script, "/srv/count.lua")
    limits = {"RATE_LIMIT": "0", "CONNECTION_LIMIT": "0"}
    text = manifest(kustomize("base"), images, pod="beside", **limits)
    with played(podman, text, PORT), throwaway(**limits) as stack:
        stack.start()
        pids = {name: podman.pid(f"beside-pod-{name}") for name in ("api", "nginx")}
        volume = f"--volume={script}:/srv/count.lua:ro"

        def of_docker() -> str:
            network = f"--network=container:{stack.nginx.ident}"
            return must("docker", "run", "--rm", network, volume, machine.IMAGE, *WRK, "http://127.0.0.1", "--", *CALL)

        def of_podman() -> str:
            enter = ("nsenter", f"--net=/proc/{pids['nginx']}/ns/net")
            return podman.must(*enter, *WRK, "http://127.0.0.1:8080", "--", *CALL)

        rounds = [(calls_per_second(of_docker()), calls_per_second(of_podman())) for _ in range(ROUNDS)]
        docker, pod = (median(each) for each in zip(*rounds, strict=True))
        local = {name: stack.container(name).inspect()["State"]["Pid"] for name in ("api", "nginx")}
        used = {
            "Docker": [int(subprocess.check_output(["bash", "-c", MEMORY % pid])) for pid in local.values()],
            "Podman": [int(podman.must("bash", "-c", MEMORY % pid)) for pid in pids.values()],
        }
    print(f"\ncalls/s: Docker {docker:,.0f}, Podman {pod:,.0f} ({pod / docker:.2f} times), rounds {rounds}")
    for engine, (api, nginx) in used.items():
        print(f"memory (PSS): {engine} api {api / 1000:.0f} MB, nginx {nginx / 1000:.0f} MB")
    assert pod >= LEAST_SHARE * docker
    assert sum(used["Podman"]) <= 1.2 * sum(used["Docker"])
