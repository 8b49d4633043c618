"""PID 1 without a container: the start, the stop in two steps and the end after a FATAL program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from flaskrandom.server import supervise
from flaskrandom.server.supervise import Options, events


@pytest.fixture
def run(tmp_path: Path, monkeypatch) -> Path:
    """Folders in place of the container's; supervisord returns at once."""
    for module, name, path in (
        (supervise, "RUN", tmp_path),
        (supervise.readiness, "SOCKETS", tmp_path),
        (supervise.readiness, "BEAT", tmp_path / "beat"),
        (supervise.readiness, "DRAINING", tmp_path / "draining"),
        (Options, "failure", ""),
        (Options, "drain_seconds", 0),
        (supervise.supervisord, "ServerOptions", supervise.ServerOptions),
    ):
        monkeypatch.setattr(module, name, path)
    monkeypatch.setattr(supervise.supervisord, "main", lambda arguments: None)
    for name in ("PORT", "DRAIN_SECONDS", "API_KEYS_FILE", "SERIES_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


def test_an_orderly_end_is_no_failure(run):
    supervise.main()


def test_an_end_after_a_fatal_program_is_a_failure(run, monkeypatch):
    monkeypatch.setattr(supervise.supervisord, "main", lambda _: setattr(Options, "failure", "program x is FATAL"))
    with pytest.raises(SystemExit) as end:
        supervise.main()
    assert end.value.code == "supervisord ended because program x is FATAL"


def test_files_of_an_earlier_run_are_removed(run):
    for name in ("draining", "beat"):
        (run / name).touch()
    supervise.main()
    assert not [name for name in ("draining", "beat") if (run / name).exists()]


def test_a_bad_setting_ends_the_start(run, monkeypatch):
    monkeypatch.setenv("BACKLOG", "many")
    with pytest.raises(SystemExit, match="BACKLOG=many: must be a whole number"):
        supervise.main()


@pytest.mark.parametrize("name", ["API_KEYS_FILE", "SERIES_KEY_FILE"])
def test_a_bad_key_file_ends_the_start(run, monkeypatch, name):
    monkeypatch.chdir(run)
    Path("secrets").mkdir()
    Path("secrets/keys").write_text("no key\n")
    monkeypatch.setenv(name, "secrets/keys")
    with pytest.raises(SystemExit, match=rf"^{name}=secrets/keys: .*(NAME sha256:HEX|64 hexadecimal digits)"):
        supervise.main()


def test_an_empty_variable_is_removed(run, monkeypatch):
    """Gunicorn reads "" as an invalid number."""
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


def test_a_missing_socket_folder_ends_the_start(run, monkeypatch):
    monkeypatch.setattr(supervise.readiness, "SOCKETS", run / "nothing")
    with pytest.raises(SystemExit, match=r"must be a folder that user \d+ can write to: No such file"):
        supervise.main()


# --- the stop in two steps ---------------------------------------------------------------------------------------


@pytest.fixture
def orders(run, monkeypatch):
    """Installs the handlers with a drain time in seconds, and records when supervisord gets the signal to stop."""
    stopped: list[int] = []
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGALRM)}
    monkeypatch.setattr(
        supervise.ServerOptions,
        "setsignals",
        lambda self: signal.signal(signal.SIGTERM, lambda number, frame: stopped.append(number)),
    )

    def orders(seconds: int) -> list[int]:
        Options.drain_seconds = seconds
        Options.__new__(Options).setsignals()
        return stopped

    yield orders
    events.clear()
    signal.alarm(0)
    for number, handler in kept.items():
        signal.signal(number, handler)


def term() -> None:
    signal.raise_signal(signal.SIGTERM)


def test_without_a_delay_the_first_signal_stops(orders, run):
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


def test_a_second_signal_stops_at_once(orders):
    stopped = orders(300)
    term()
    term()
    assert stopped == [signal.SIGTERM]


@pytest.mark.parametrize(
    ("kind", "expected", "ends"),
    [
        (events.ProcessStateFatalEvent, True, True),
        # The exit code shows that a restart cannot help.
        (events.ProcessStateExitedEvent, True, True),
        (events.ProcessStateExitedEvent, False, False),
        (events.ProcessStateStoppedEvent, True, False),
    ],
)
def test_a_program_that_cannot_run_ends_supervisord_without_draining(orders, run, kind, expected, ends):
    stopped = orders(300)
    program = SimpleNamespace(pid=9, config=SimpleNamespace(name="x"))
    events.notify(kind(program, "any", expected))
    assert stopped == [signal.SIGTERM] * ends
    assert Options.failure == ("program x could not be kept running" if ends else "")
    assert not (run / "draining").exists()
