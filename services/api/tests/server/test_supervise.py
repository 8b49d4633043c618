"""PID 1, the stop in two steps and the FATAL listener, without a container."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from flaskrandom.server import drain, fatal_listener, supervise


@pytest.fixture
def run(tmp_path: Path, monkeypatch) -> Path:
    """Folders in place of the container's; supervisord returns at once."""
    for module, name, path in (
        (supervise, "RUN", tmp_path),
        (supervise.readiness, "SOCKETS", tmp_path),
        (supervise.readiness, "BEAT", tmp_path / "beat"),
        (fatal_listener, "FATAL_NOTE", str(tmp_path / "fatal")),
        (drain, "FATAL_NOTE", str(tmp_path / "fatal")),
        (drain, "DRAINING", tmp_path / "draining"),
    ):
        monkeypatch.setattr(module, name, path)
    monkeypatch.setattr(supervise.supervisord, "main", lambda arguments: None)
    for name in ("PORT", "DRAIN_SECONDS", "API_KEYS_FILE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_an_orderly_end(run):
    supervise.main()


def test_an_end_because_of_a_fatal_program_is_a_failure(run, monkeypatch):
    monkeypatch.setattr(supervise.supervisord, "main", lambda _: (run / "fatal").write_text("program x is FATAL"))
    with pytest.raises(SystemExit) as end:
        supervise.main()
    assert end.value.code == "supervisord ended because program x is FATAL"


def test_notes_of_an_earlier_run_are_removed(run):
    for name in ("fatal", "draining", "beat"):
        (run / name).write_text("program x is FATAL")
    supervise.main()
    assert not [name for name in ("fatal", "draining", "beat") if (run / name).exists()]


def test_a_bad_setting_ends_the_start(run, monkeypatch):
    monkeypatch.setenv("BACKLOG", "many")
    with pytest.raises(SystemExit, match="BACKLOG=many: must be a whole number"):
        supervise.main()


def test_an_empty_variable_is_removed(run, monkeypatch):
    """Gunicorn takes "" for a bad number."""
    monkeypatch.setenv("WEB_CONCURRENCY", "")
    supervise.main()
    assert "WEB_CONCURRENCY" not in os.environ


def test_a_second_container_on_the_same_sockets_is_refused(run):
    other = subprocess.Popen(
        [
            *(sys.executable, "-c"),
            "import sys; from pathlib import Path; from flaskrandom.server.supervise import claim\n"
            f"lock = claim(Path({str(run)!r})); print(flush=True); sys.stdin.read()",
        ],
        env={"PYTHONPATH": os.pathsep.join(sys.path)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with other:
        assert other.stdout
        assert other.stdout.readline() == b"\n"
        with pytest.raises(SystemExit, match="another api container serves the sockets"):
            supervise.main()
        other.kill()
    supervise.main()


def test_a_socket_folder_that_is_missing_ends_the_start(run, monkeypatch):
    monkeypatch.setattr(supervise.readiness, "SOCKETS", run / "nothing")
    with pytest.raises(SystemExit, match=r"must be a folder that user \d+ can write to: No such file"):
        supervise.main()


# --- the FATAL listener ------------------------------------------------------------------------------------------


def event(name: str, **payload: str) -> str:
    body = " ".join(f"{key}:{value}" for key, value in payload.items())
    return f"ver:3.0 server:supervisor serial:1 pool:fatal poolserial:1 eventname:{name} len:{len(body)}\n{body}"


@pytest.mark.parametrize(
    ("name", "payload", "ends"),
    [
        ("PROCESS_STATE_FATAL", {"processname": "flaskrandom", "from_state": "BACKOFF"}, True),
        ("PROCESS_STATE_EXITED", {"processname": "flaskrandom", "expected": "1", "pid": "9"}, True),
        ("PROCESS_STATE_EXITED", {"processname": "flaskrandom", "expected": "0", "pid": "9"}, False),
    ],
)
def test_the_listener_ends_supervisord_when_a_program_cannot_run(run, monkeypatch, name, payload, ends):
    killed: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda *arguments: killed.append(arguments))
    answers = io.StringIO()
    fatal_listener.main(io.StringIO(event(name, **payload)), answers)
    assert answers.getvalue() == "READY\nRESULT 2\nOKREADY\n"
    assert killed == ([(os.getppid(), signal.SIGTERM)] if ends else [])
    assert (run / "fatal").exists() == ends


def test_the_listener_ends_with_supervisord(run):
    fatal_listener.main(io.StringIO(), io.StringIO())


# --- the stop in two steps ---------------------------------------------------------------------------------------


@pytest.fixture
def orders(run, monkeypatch):
    """Hands out the handler of TERM after `before_stopping(seconds)`, and notes when supervisord is told to stop."""
    stopped: list[int] = []
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGALRM)}
    monkeypatch.setattr(drain.supervisord, "ServerOptions", drain.ServerOptions)
    monkeypatch.setattr(
        drain.ServerOptions,
        "setsignals",
        lambda self: signal.signal(signal.SIGTERM, lambda number, frame: stopped.append(number)),
    )

    def orders(seconds: int) -> list[int]:
        drain.before_stopping(seconds)
        drain.supervisord.ServerOptions.setsignals(
            drain.supervisord.ServerOptions.__new__(drain.supervisord.ServerOptions)
        )
        return stopped

    yield orders
    signal.alarm(0)
    for number, handler in kept.items():
        signal.signal(number, handler)


def term() -> None:
    signal.raise_signal(signal.SIGTERM)


def test_without_a_delay_the_first_order_stops(orders, run):
    stopped = orders(0)
    term()
    assert stopped
    assert not (run / "draining").exists()


def test_the_stop_comes_after_the_delay(orders, run):
    stopped = orders(1)
    term()
    assert (run / "draining").exists()
    assert not stopped
    signal.pause()  # the alarm
    assert stopped == [signal.SIGTERM]


def test_a_second_order_stops_at_once(orders):
    stopped = orders(300)
    term()
    term()
    assert stopped == [signal.SIGTERM]


def test_nothing_is_drained_when_a_program_is_fatal(orders, run):
    stopped = orders(300)
    (run / "fatal").touch()
    term()
    assert stopped == [signal.SIGTERM]
    assert not (run / "draining").exists()
