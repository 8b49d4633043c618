"""What dies comes back, as fast as promised; what cannot start ends the container."""

from __future__ import annotations

import os
import re
import signal
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from support.polling import await_until
from support.stack import PROGRAM, run, throwaway

pytestmark = pytest.mark.local


def kill(container, *pids: int) -> None:
    """A real SIGKILL from inside; the images have no kill command, but bash is one."""
    container.must("bash", "-c", f"kill -9 {' '.join(map(str, pids))}")


def test_the_killed_master_is_back_within_three_seconds(disturbed):
    """Served by a new master's workers: orphans of the old one answer for a while and prove nothing."""
    old = disturbed.master_pid()
    kill(disturbed.api, old)
    began = time.monotonic()

    def new_workers():
        master = int(disturbed.supervisorctl("pid", PROGRAM).stdout)
        return master not in {0, old} and disturbed.api.children(master)

    await_until(new_workers, 20, "a new Gunicorn has workers")
    await_until(disturbed.serves, 3, "the stack serves")
    seconds = time.monotonic() - began
    assert seconds < 3


def test_a_killed_worker_is_replaced(disturbed):
    master, before = disturbed.master_pid(), disturbed.workers()
    assert before
    victim = min(before)
    kill(disturbed.api, victim)

    def replaced():
        now = disturbed.workers()
        return victim not in now and len(now) == len(before)

    await_until(replaced, 2, "a new worker stands in")
    assert disturbed.master_pid() == master
    assert disturbed.serves()


def test_all_workers_killed_at_once(disturbed):
    before = disturbed.workers()
    kill(disturbed.api, *before)
    await_until(lambda: len(disturbed.workers() - before) == len(before), 3, "all workers are new")
    assert disturbed.serves()


def test_supervisorctl_does_what_the_article_shows(disturbed):
    ctl = disturbed.supervisorctl
    assert "RUNNING" in ctl("status", PROGRAM).stdout
    assert "stopped" in ctl("stop", PROGRAM).stdout
    assert "STOPPED" in ctl("status", PROGRAM).stdout
    assert not disturbed.serves()
    assert "started" in ctl("start", PROGRAM).stdout
    await_until(disturbed.serves, 3, "started, it serves")
    old = disturbed.master_pid()
    assert "started" in ctl("restart", PROGRAM).stdout
    assert disturbed.master_pid() != old
    await_until(disturbed.serves, 3, "restarted, it serves")
    assert ctl("reread").stdout.strip() == "No config updates to processes"
    assert ctl("update").returncode == 0
    assert disturbed.serves()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("status", "RUNNING"),
        ("restart flaskrandom", "flaskrandom: started"),
        ("reread", "No config updates"),
        ("update", ""),
    ],
)
def test_make_ctl(disturbed, arguments, expected):
    done = run("make", "--no-print-directory", "ctl", f"ARGS={arguments}")
    assert done.returncode == 0, done.stdout
    assert expected in done.stdout


def test_make_status(stack):
    assert PROGRAM in run("make", "--no-print-directory", "status").stdout


def test_a_program_that_cannot_start_ends_the_container(stack, tmp_path: Path):
    broken = tmp_path / "app.py"
    broken.write_text("raise RuntimeError('broken on purpose')\n")
    broken.chmod(0o644)
    with throwaway() as other:
        began = time.monotonic()
        done = other.try_compose(
            "run", "--rm", "--no-deps", "--no-TTY", "--volume", f"{broken}:/app/app.py:ro", "api", seconds=60
        )
        assert time.monotonic() - began < 45
    assert done.returncode == 1, done.stdout
    assert "broken on purpose" in done.stdout
    assert re.search(rf"program {PROGRAM}(-bulk)? is FATAL", done.stdout)


def test_the_api_killed_from_outside_serves_within_five_seconds(disturbed):
    """`docker kill` counts as stopped by hand, after which no restart policy acts: this is the real thing."""
    if os.geteuid() != 0:
        pytest.skip("killing a container's process from the host needs root")
    state = disturbed.api.state
    command = Path(f"/proc/{state['Pid']}/cmdline")
    if not command.exists() or b"server.supervise" not in command.read_bytes():
        pytest.skip("the engine's processes are not this host's")
    # A restart policy counts only once a container has been up for 10 s.
    started = datetime.fromisoformat(state["StartedAt"][:19]).replace(tzinfo=UTC)
    await_until(lambda: (datetime.now(UTC) - started).total_seconds() > 12, 15, "the container has been up for 10 s")

    os.kill(state["Pid"], signal.SIGKILL)
    began = time.monotonic()
    await_until(lambda: disturbed.api.state["Pid"] not in {0, state["Pid"]}, 5, "Docker has started it again")
    await_until(disturbed.serves, 5, "the stack serves")
    assert time.monotonic() - began < 5
    assert disturbed.api.inspect()["RestartCount"] > 0


def test_down_and_up_again(disturbed):
    disturbed.compose("down")
    assert disturbed.compose("ps", "--all", "--quiet").strip() == ""
    disturbed.up()
    assert disturbed.serves()


def test_a_stop_is_graceful_and_quick(stack):
    """Signals reach the programs: nobody waits for Docker's SIGKILL, and nobody exits with an error."""
    with throwaway() as other:
        other.up()
        began = time.monotonic()
        other.compose("stop")
        assert time.monotonic() - began < 10
        assert {service: other.container(service).state["ExitCode"] for service in ("api", "nginx")} == {
            "api": 0,
            "nginx": 0,
        }
