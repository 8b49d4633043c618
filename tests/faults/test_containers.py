"""A container runs out of a resource, is paused or recreated, or cannot start."""

from __future__ import annotations

import os
import re
import threading
import time
from pathlib import Path

import pytest
import requests

from cases.article import asking
from support.answers import check_problem
from support.clients import Probe, get
from support.polling import await_until
from support.stack import PROGRAM, Container, started, throwaway

from .host import cgroup, paused

pytestmark = pytest.mark.local


API_IMAGE = f"flaskrandom-api:{os.environ.get('TAG', 'latest')}"
#: Allocates more memory than the container has, and touches every page of it.
TAKE = "b=bytearray(600*2**20)\nfor i in range(0,len(b),4096): b[i]=1"


@pytest.mark.quick
def test_an_app_that_cannot_be_imported_ends_the_container(images, tmp_path, slack):
    """The container ends at once, without waiting for DRAIN_SECONDS."""
    app = tmp_path / "app.py"
    app.write_text("raise RuntimeError('broken on purpose')\n")
    app.chmod(0o644)
    overlay = tmp_path / "broken.yaml"
    settings = f'restart: "no", environment: {{DRAIN_SECONDS: 300}}, volumes: ["{app}:/app/app.py:ro"]'
    overlay.write_text(f"services: {{api: {{{settings}}}}}\n")
    with throwaway(overlay) as other:
        other.compose("up", "--detach", "--no-build")
        await_until(lambda: other.api.state["Status"] == "exited", 45 * slack, "the api container has ended")
        assert other.api.state["ExitCode"] == 1
        said = other.logs("api")
        assert "broken on purpose" in said
        assert re.search(r"program flaskrandom(-bulk)? could not be kept running", said)
        answer = get(other.url)
        check_problem(answer, answer.json(), 503)
        assert int(answer.headers["Retry-After"]) > 0


def ended(container: Container) -> bool:
    return container.state["Status"] == "exited"


def test_a_port_in_use_ends_the_container(images, slack):
    """Gunicorn retries for longer than Supervisor's startsecs, so Supervisor would restart it for ever."""
    listen = "import socket, time; s = socket.create_server(('0.0.0.0', 5000)); time.sleep(300)"
    with (
        started(API_IMAGE, "python", "-c", listen) as taken,
        started(API_IMAGE, options=("--network", f"container:{taken.ident}")) as api,
    ):
        await_until(lambda: ended(api), 60 * slack, "the container has ended")
        assert api.state["ExitCode"] == 1
        assert f"program {PROGRAM} could not be kept running" in api.logs()


def test_an_unwritable_socket_folder_ends_the_container(images, slack):
    with started(API_IMAGE, options=("--read-only",)) as api:
        await_until(lambda: ended(api), 20 * slack, "the container has ended")
        assert api.state["ExitCode"] == 1
        refusal = "/run/flaskrandom must be a folder that user 10001 can write to: Read-only file system"
        assert api.logs().strip() == refusal


@pytest.mark.quick
def test_a_second_api_on_the_same_sockets_is_refused(images, slack):
    with throwaway() as other:
        other.up()
        other.compose("up", "--detach", "--no-build", "--scale", "api=2")
        second = Container(f"{other.project}-api-2")
        refusal = "another api container serves the sockets in /run/flaskrandom"
        await_until(lambda: refusal in second.logs(), 20 * slack, "the second api is refused")
        assert other.serves()
        other.compose("up", "--detach", "--no-build", "--scale", "api=1")
        assert other.serves()
        assert other.api.state["Status"] == "running"


def test_only_the_process_that_exceeds_the_memory_is_killed(disturbed, figures):
    """A process beside the workers uses more memory than the container has. The kernel kills only that process."""
    restarts = disturbed.api.inspect()["RestartCount"]
    before = disturbed.workers()
    memory = cgroup(disturbed.api, "memory")
    # The kernel kills the process with the highest score, which is this one.
    greedy = "open('/proc/self/oom_score_adj','w').write('1000')\n" + TAKE
    with Probe(disturbed.url) as probe:
        done = disturbed.api.run("python", "-c", greedy)
        assert done.returncode == 137, done
        seen = len(probe.calls)
        await_until(lambda: len(probe.calls) > seen + 10, 90, "the client continues")
    counted = re.search(r"^oom_kill (\d+)", _events(memory), re.M)
    figures.add(
        "a process exceeds the container's memory", "only it is killed, no failed call",
        f"oom_kill {counted[1]}, {len(probe.failed)} of {len(probe.calls)}",
    )  # fmt: skip
    assert int(counted[1]) >= 1
    assert not probe.failed, probe.outcomes
    assert disturbed.workers() == before
    assert disturbed.api.inspect()["RestartCount"] == restarts


def test_a_worker_killed_for_want_of_memory_is_replaced(disturbed, figures):
    """Another process uses up the memory, and the kernel picks the worker to kill."""
    memory = cgroup(disturbed.api, "memory")
    before = disturbed.workers()
    victim = min(before)
    disturbed.api.must("bash", "-c", f"echo 1000 > /proc/{victim}/oom_score_adj")
    killed = _oom_kills(memory)
    with Probe(disturbed.url) as probe:
        # The kernel kills the process with the highest score, which is the worker.
        disturbed.api.run("python", "-c", TAKE)
        await_until(lambda: victim not in disturbed.workers(), 90, "the worker is gone")
        await_until(lambda: len(disturbed.workers()) == len(before), 90, "a new one replaces it")
    assert _oom_kills(memory) > killed
    figures.add(
        "a worker runs out of memory", "≤1 failed call",
        f"{len(probe.failed)} of {len(probe.calls)}",
    )  # fmt: skip
    assert len(probe.failed) <= 1, probe.outcomes


def _events(memory: Path) -> str:
    for name in ("memory.oom_control", "memory.events"):
        if (memory / name).exists():
            return (memory / name).read_text()
    raise AssertionError(f"{memory} does not count OOM kills")


def _oom_kills(memory: Path) -> int:
    return int(re.search(r"^oom_kill (\d+)", _events(memory), re.M)[1])


@pytest.mark.parametrize(("service", "folder"), [("nginx", "/run/nginx"), ("api", "/tmp"), ("api", "/dev/shm")])
def test_a_full_tmpfs_fails_no_call(disturbed, service, folder):
    container = disturbed.container(service)
    container.run("bash", "-c", f"head -c 1G /dev/zero >{folder}/filler")
    try:
        # At most a few bytes are left.
        assert container.run("bash", "-c", f"head -c 1M /dev/zero >{folder}/more").returncode != 0
        with Probe(disturbed.url, pause=0) as probe:
            await_until(lambda: len(probe.calls) >= 100, 60, "a hundred calls")
        answer = requests.post(f"{disturbed.url}/getrandomstr", json=asking(intnum=1000, intlen=30), timeout=10)
    finally:
        container.run("bash", "-c", f"rm -f {folder}/filler {folder}/more")
    assert not probe.failed, probe.outcomes
    assert answer.json()["datalen"] == 1000


def test_a_full_dev_shm_ends_no_worker_and_fails_no_call(disturbed):
    """New workers and new kinds of answers need space for their metrics. Metrics may be lost, but no call fails."""
    api, before = disturbed.api, disturbed.workers()

    def replace_workers(how: str) -> set[int]:
        old = disturbed.workers()
        api.must("bash", "-c", f"kill -{how} {' '.join(map(str, old))}")
        await_until(lambda: len(disturbed.workers() - old) == len(before), 20, "all workers are new")
        return disturbed.workers()

    api.run("bash", "-c", "head -c 1G /dev/zero >/dev/shm/filler")
    try:
        started = replace_workers("KILL")
        with Probe(disturbed.url, pause=0) as probe:
            for path in ("/api/v1/uuids", "/api/v1/tokens?bytes=0", "/nothing"):
                get(f"{disturbed.url}{path}")
            await_until(lambda: len(probe.calls) >= 100, 60, "a hundred calls")
        assert not probe.failed, probe.outcomes
        assert disturbed.workers() == started
    finally:
        api.run("bash", "-c", "rm -f /dev/shm/filler")
        replace_workers("TERM")  # with workers whose metrics have space


@pytest.fixture
def alone(images):
    """A stack that does not limit the concurrent calls of an address."""
    with throwaway(RATE_LIMIT="0", CONNECTION_LIMIT="0") as other:
        other.start()
        yield other


def test_calls_to_a_paused_api_get_503_or_504(alone, figures, slack):
    """Every call gets a problem document within the read timeout, and calls succeed again once the api is resumed."""
    read_timeout = 35  # seconds, conf.d/proxy.conf
    answers: list[tuple[float, requests.Response]] = []

    def ask() -> None:
        began = time.monotonic()
        answer = get(f"{alone.url}/")
        answers.append((time.monotonic() - began, answer))

    with paused(alone.api):
        # More calls than the backlog holds: nginx refuses the rest at once.
        threads = [threading.Thread(target=ask) for _ in range(90)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    began = time.monotonic()
    await_until(alone.serves, 90, "it serves again")
    healed = time.monotonic() - began
    longest = max(seconds for seconds, _ in answers)
    statuses = sorted({answer.status_code for _, answer in answers})
    at_once = [seconds for seconds, answer in answers if answer.status_code == 503]
    figures.add(
        "docker pause api, 90 calls at once", f"503 or 504 ≤{read_timeout + 3} s; recovers ≤2 s",
        f"{' and '.join(map(str, statuses))}, longest {longest:.0f} s; recovered after {healed:.1f} s",
    )  # fmt: skip
    assert len(answers) == 90
    for _, answer in answers:
        assert answer.status_code in {503, 504}
        check_problem(answer, answer.json(), answer.status_code)
        assert int(answer.headers["Retry-After"]) > 0
    assert at_once
    assert longest < (read_timeout + 3) * slack
    assert healed < 2 * slack


def test_recreating_the_api_under_load_causes_only_a_short_outage(disturbed, figures, slack):
    old = disturbed.api.ident
    with Probe(disturbed.url) as probe:
        await_until(lambda: len(probe.calls) > 20, 90, "the client sends calls")
        disturbed.compose("up", "--detach", "--no-build", "--no-deps", "--force-recreate", "--wait", "api")
        seen = len(probe.calls)
        await_until(lambda: len(probe.calls) > seen + 50, 90, "the client continues")
    assert disturbed.api.ident != old
    outage = probe.outage()
    figures.add(
        "api recreated under load", "503 for ≤10 s",
        f"{len(probe.failed)} of {len(probe.calls)} got 503, in {outage:.1f} s",
    )  # fmt: skip
    assert set(probe.outcomes) <= {"200", "503"}, probe.outcomes
    assert outage < 10 * slack


LIMITS = {
    "descriptors of nginx": ("nginx", "ulimits: {nofile: 64}"),
    # supervisord does not start with fewer (its minfds). Its child processes are given fewer later.
    "descriptors of api": ("api", "ulimits: {nofile: 1024}"),
    "processes of api": ("api", "pids_limit: 24"),
}


def take_descriptors(container: Container, left: int) -> None:
    """Limit every process except Supervisor to `left` descriptors, from inside, where this needs no privilege."""
    for pid in set(container.processes()) - {1}:
        container.run("python", "-c", f"import resource as r; r.prlimit({pid}, r.RLIMIT_NOFILE, ({left}, 1024))")


@pytest.mark.parametrize("limit", LIMITS)
def test_calls_beyond_a_limit_are_refused_and_none_hangs(images, tmp_path, limit):
    """The limit is too low for the load: some calls are refused, none hangs, and the stack recovers afterwards."""
    service, setting = LIMITS[limit]
    overlay = tmp_path / "limits.yaml"
    overlay.write_text(f"services: {{{service}: {{{setting}}}}}\n")
    with throwaway(overlay, RATE_LIMIT="0", CONNECTION_LIMIT="0") as other:
        other.start()
        if limit == "descriptors of api":
            take_descriptors(other.api, 32)
        restarts = [other.container(name).inspect()["RestartCount"] for name in ("api", "nginx")]
        outcomes = []

        def stream(_: int) -> None:
            try:
                with get(f"{other.url}/api/v1/strings/stream?length=16&count=3000000", stream=True) as answer:
                    answer.raw.read(1000)
                    outcomes.append(str(answer.status_code))
                    held.wait(5)
            except requests.RequestException as error:
                # A timeout is a hang, not a refusal.
                outcomes.append("hung" if isinstance(error, requests.Timeout) else type(error).__name__)

        held = threading.Event()
        threads = [threading.Thread(target=stream, args=(n,)) for n in range(80)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads)
        assert len(outcomes) == len(threads), outcomes  # a thread that failed with another error has none
        await_until(other.serves, 90, "it serves once the load is gone")
        with Probe(other.url, pause=0) as probe:
            await_until(lambda: len(probe.calls) >= 50, 90, "fifty calls")
        assert not probe.failed, probe.outcomes
        bulk = get(f"{other.url}/api/v1/strings/stream?count=10")
        assert bulk.status_code == 200
        assert "hung" not in outcomes, outcomes
        assert any(outcome != "200" for outcome in outcomes)
        assert [other.container(name).inspect()["RestartCount"] for name in ("api", "nginx")] == restarts
