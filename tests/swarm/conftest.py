"""Fixtures for the tests of this folder: a Swarm, a load on it, and the table of figures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from faults.figures import failed_tests
from support.polling import await_until
from support.stack import ROOT, must, prepare, run

from .cluster import Cluster
from .figures import Figures, page
from .record import Record

RATE = int(os.environ.get("SWARM_RATE", "200"))  # requests a second
#: Requests of which none may fail. The figures of a run with fewer than PROMISED are not kept.
PROMISED = 50_000
ENOUGH = int(os.environ.get("SWARM_REQUESTS", PROMISED))
TAG = os.environ.get("TAG", "latest")
API, NGINX = f"flaskrandom-api:{TAG}", f"flaskrandom-nginx:{TAG}"
#: Small limits, so that three machines fit on one, and no rate or connection limit for the test's one client.
SETTINGS = {
    "API_CPU_PERCENT": "100",
    "API_MEMORY": "256m",
    "NGINX_CPU_PERCENT": "100",
    "WEB_CONCURRENCY": "1",
    "RATE_LIMIT": "0",
    "CONNECTION_LIMIT": "0",
    "OVERLAY_ENCRYPTION": "no",
}
#: The name of a second stack, for tests that leave the first one alone.
BESIDE = "beside"
FIGURES = pytest.StashKey[Figures]()
PAGE = ROOT / "docs/benchmarks/swarm.md"


def pytest_configure(config: pytest.Config) -> None:
    config.stash[FIGURES] = Figures(RATE, os.cpu_count() or 0)


@pytest.fixture(scope="session")
def figures(pytestconfig: pytest.Config) -> Figures:
    return pytestconfig.stash[FIGURES]


@pytest.fixture(scope="session")
def images() -> None:
    """Build the images of this checkout."""
    prepare()
    must("docker", "compose", "build", "--quiet", seconds=600)


@pytest.fixture(scope="session")
def cluster(images) -> Iterator[Cluster]:
    """Three nodes that are one Swarm, and versions of the stack in its registry."""
    made = Cluster(3, **SETTINGS)
    try:
        made.up()
        made.form()
        for tag in ("v1", "v2"):
            made.push("api", tag, API, f"LABEL version={tag}")
            made.push("nginx", tag, NGINX, f"LABEL version={tag}")
        yield made
    finally:
        made.down()


@pytest.fixture(scope="session")
def load(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Record]:
    """A load on every node's port, from the first deploy until the end."""
    yield from generator(cluster, tmp_path_factory.mktemp("load"), "load")


def generator(cluster: Cluster, folder: Path, name: str, *options: str) -> Iterator[Record]:
    folder.chmod(0o777)
    record = folder / "record"
    container = f"{cluster.name}-{name}"
    cluster.run(
        *(container, "--entrypoint", "python"),
        *("--volume", f"{Path(__file__).with_name('load.py')}:/load.py:ro", "--volume", f"{folder}:/record"),
        *(API, "/load.py", "--rate", str(RATE), "--record", "/record/record", *options),
        *(f"{node.name}={node.address}" for node in cluster.nodes),
    )
    try:
        await_until(record.exists, 60, "the load has started")
        yield Record(record)
    finally:
        run("docker", "rm", "--force", "--volumes", container)


@pytest.fixture
def deployed(cluster: Cluster) -> Cluster:
    """The cluster with three replicas of v1 and every node healthy, whatever the last test did."""
    if not cluster.tasks("api"):
        cluster.deploy("v1")
    await_until(cluster.whole, 120, "every node is in the Swarm and serves")
    if len(cluster.running("api", "v1")) != 3 or len(cluster.running("api")) != 3:
        cluster.deploy("v1")
    cluster.await_replicas(3)
    if len(set(cluster.running("api"))) != 3:
        # Swarm does not move replicas back to a node that was away. Scale up to use it, then down to free the others.
        cluster.scale(6)
        cluster.await_replicas(6)
        cluster.scale(3)
        cluster.await_replicas(3)
    assert len(set(cluster.running("api"))) == 3, "a replica on each node"
    return cluster


@contextmanager
def another_stack(cluster: Cluster) -> Iterator[dict[str, str]]:
    """The settings with which `make` deploys a second stack on the same nodes. It is removed afterwards."""
    yield {"COMPOSE_PROJECT_NAME": BESIDE, "HTTP_PORT": "81", "API_REPLICAS": "2", "TAG": "v1"}
    cluster.manager.docker("stack", "rm", BESIDE)

    def gone() -> bool:
        left = (("ps", "--all"), ("network", "ls"))
        return not any(
            node.docker(*words, "--quiet", "--filter", f"name={BESIDE}_").strip()
            for node in cluster.nodes
            for words in left
        )

    await_until(gone, 150, "the second stack is gone")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Attach the state of the Swarm and the logs of its services to each failure."""
    report = yield
    if report.failed:
        for cluster in {id(v): v for v in getattr(item, "funcargs", {}).values() if isinstance(v, Cluster)}.values():
            stacks = cluster.manager.try_docker("stack", "ls", "--format", "{{.Name}}").stdout.split()
            for words in (("node", "ls"), *(("stack", "ps", "--no-trunc", stack) for stack in stacks)):
                report.sections.append((" ".join(words), cluster.manager.try_docker(*words).stdout))
            for service in cluster.manager.try_docker("service", "ls", "--format", "{{.Name}}").stdout.split():
                said = cluster.manager.try_docker("service", "logs", "--tail", "20", service).stdout
                report.sections.append((f"logs of {service}", said))
    return report


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    figures = config.stash[FIGURES]
    if figures.rows:
        terminalreporter.write_line(page(**figures.run()))
    if not config.getoption("--write-figures"):
        return
    if failed_tests(terminalreporter) <= figures.missed and ENOUGH >= PROMISED and whole(terminalreporter, config):
        figures.write(PAGE)
    else:
        terminalreporter.write_line(f"{PAGE.name} is unchanged: this run was incomplete, or a test failed")


def whole(reporter: Any, config: pytest.Config) -> bool:
    """Whether every test of this folder ran: none was selected by name, skipped or deselected."""
    named = any("::" in argument for argument in config.args)
    ran = {config.rootpath / report.nodeid.partition("::")[0] for report in reporter.stats.get("passed", ())}
    left_out = reporter.stats.keys() & {"skipped", "deselected"}
    return not named and not left_out and ran >= set(Path(__file__).parent.glob("test_*.py"))
