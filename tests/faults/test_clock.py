"""The clock jumps forward and back by more than four minutes while calls are served.

A container has no clock of its own, and everything on the machine shares one. So libfaketime shifts the clock only for
the processes of the api, including Supervisor and Gunicorn. The monotonic clock continues, as it does in a real jump.
"""

from __future__ import annotations

import pytest

from support.clients import Probe
from support.polling import await_until
from support.stack import PROGRAM, PROGRAMS, must, throwaway

from .box import IMAGE

pytestmark = pytest.mark.local

JUMP = 262  # seconds
OVERLAY = """\
services:
  api:
    volumes: ["{library}:/opt/libfaketime.so.1:ro"]
    environment:
      LD_PRELOAD: /opt/libfaketime.so.1
      FAKETIME_TIMESTAMP_FILE: /tmp/clock
      FAKETIME_NO_CACHE: "1"
      FAKETIME_DONT_FAKE_MONOTONIC: "1"
"""


def test_clock_jumps_fail_no_call_and_restart_nothing(images, figures, tmp_path):
    library = tmp_path / "libfaketime.so.1"
    found = must("docker", "run", "--rm", IMAGE, "sh", "-c", "ls /usr/lib/*/faketime/libfaketimeMT.so.1").strip()
    maker = must("docker", "create", IMAGE).strip()
    must("docker", "cp", f"{maker}:{found}", str(library))
    must("docker", "rm", maker)
    library.chmod(0o644)
    overlay = tmp_path / "clock.yaml"
    overlay.write_text(OVERLAY.format(library=library))
    with throwaway(overlay, RATE_LIMIT="0") as other:
        other.start()
        api = other.api
        now = "import time; print(time.time())"

        def clock() -> float:
            return float(api.must("python", "-c", now))

        masters = [api.must("supervisorctl", "pid", program) for program in PROGRAMS]
        workers = other.workers()
        with Probe(other.url) as probe:
            for jump in (JUMP, -JUMP, 0):
                before = clock()
                api.must("bash", "-c", f"echo '{jump:+d}' >/tmp/clock")
                assert abs(clock() - before) > JUMP - 60, "the clock has jumped"
                seen = len(probe.calls)
                await_until(lambda seen=seen: len(probe.calls) > seen + 100, 60, "a hundred calls")
            # A dead worker is replaced, whatever the clock says.
            api.must("bash", "-c", f"kill -9 {min(workers)}")
            await_until(lambda: len(other.workers() - {min(workers)}) == len(workers), 90, "a new worker replaces it")
        assert "RUNNING" in other.supervisorctl("status", PROGRAM).stdout
        assert [api.must("supervisorctl", "pid", program) for program in PROGRAMS] == masters
    figures.add(
        f"the api's clock jumps by ±{JUMP} s", "no failed call, no restart",
        f"{len(probe.failed)} of {len(probe.calls)}",
    )  # fmt: skip
    # The worker that was killed at the end may have been serving one call.
    assert len(probe.failed) <= 1, probe.outcomes
