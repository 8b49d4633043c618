"""The commands of the Makefile: readable at a terminal, plain text elsewhere, and helpful when something goes wrong."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys

import pytest

from support.markdown import makefile_targets
from support.polling import await_until
from support.stack import PROGRAM, ROOT, run
from support.terminal import at_terminal

pytestmark = [pytest.mark.local, pytest.mark.long]

COLOUR = "\x1b["
NO_ENGINE = {"DOCKER_HOST": "unix:///nonexistent/docker.sock"}
NO_STACK = {"COMPOSE_PROJECT_NAME": "flaskrandom-nobody"}


def test_help_has_colours_only_on_a_terminal():
    assert COLOUR not in run("make", "help").stdout
    assert COLOUR in at_terminal("make", "help").text
    assert COLOUR not in at_terminal("make", "help", environ={"NO_COLOR": "1"}).text


def test_help_lists_every_target_in_a_group():
    shown = run("make").stdout
    listed = set(" ".join(re.findall(r"^  ([a-z -]+?) (?=[ A-Z])", shown, re.MULTILINE)).split())
    assert listed == makefile_targets() - {"help"}
    assert re.findall(r"^[A-Z].*", shown, re.MULTILINE)[:2] == ["Run", "Develop"]
    assert len(listed) <= 22
    assert max(map(len, shown.splitlines())) <= 110
    assert len(shown.splitlines()) <= 40, "the help fits on one screen"


def tells_the_fix(done: subprocess.CompletedProcess[str], problem: str, fix: str) -> None:
    assert done.returncode, done.stdout
    assert re.search(rf"^error: .*{problem}", done.stdout, re.MULTILINE), done.stdout
    assert re.search(rf"^  fix: .*{fix}", done.stdout, re.MULTILINE), done.stdout
    assert "Traceback" not in done.stdout


@pytest.mark.parametrize("command", ["status", "logs", "ctl ARGS=status", "reload", "down"])
def test_a_command_without_docker_says_how_to_get_it(command):
    tells_the_fix(run("make", *command.split(), environ=NO_ENGINE), "Docker does not answer", "make up starts")


def test_up_without_docker_does_not_install_it_unasked():
    done = run("make", "up", environ=NO_ENGINE | {"INSTALL": "no"})
    tells_the_fix(done, "a running Docker Engine", "install Docker Engine")


@pytest.mark.parametrize("command", ["status", "logs", "ctl ARGS=status", "reload"])
def test_a_command_without_a_stack_says_how_to_start_one(command):
    tells_the_fix(
        run("make", *command.split(), environ=NO_STACK), "(is not running|has no containers)", "make up starts"
    )


@pytest.mark.parametrize(
    ("environ", "problem", "fix"),
    [
        ({"TAG": "never-built"}, "there is no image .*:never-built yet", "make up"),
        (NO_ENGINE, "Docker does not", "make"),
    ],
)
def test_bench_without_images_says_how_to_build_them(environ, problem, fix):
    tells_the_fix(run("make", "bench", environ=environ), problem, fix)


def test_down_without_a_stack_succeeds():
    assert run("make", "down", environ=NO_STACK).returncode == 0


def test_down_without_docker_succeeds(tmp_path):
    for name, path in {"bash": "bash", "make": "make", "sed": "sed", "python3": sys.executable}.items():
        (tmp_path / name).symlink_to(shutil.which(path))
    done = run("make", "down", environ={"PATH": str(tmp_path)})
    assert done.returncode == 0, done.stdout
    assert "nothing to stop" in done.stdout


@pytest.mark.parametrize("knob", ["HTTP_PORT", "HTTPS_PORT"])
def test_doctor_names_the_process_that_uses_a_port(knob):
    """HTTPS_PORT is checked only when HTTPS is on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        other = {"HTTP_PORT": "1", "HTTPS_PORT": "2", knob: str(port), "COMPOSE_PROJECT_NAME": "flaskrandom-nobody"}
        secure = run("make", "doctor", environ={**other, "COMPOSE_FILE": "compose.yaml:overrides/tls.yaml"})
        plain = run("make", "doctor", environ={**other, "COMPOSE_FILE": "compose.yaml"})
    complaint = re.compile(rf"^FAIL  port {port} is taken by .*\n +fix: .*{knob}=8\d+ make up", re.MULTILINE)
    assert complaint.search(secure.stdout), secure.stdout
    assert secure.returncode != 0
    assert bool(complaint.search(plain.stdout)) is (knob == "HTTP_PORT"), plain.stdout


def test_ctl_without_a_command_says_how_to_use_it(stack):
    tells_the_fix(run("make", "ctl"), "ARGS is empty", 'make ctl ARGS="restart flaskrandom"')


def test_ctl_with_an_unknown_program_points_to_status(stack):
    done = run("make", "ctl", "ARGS=restart flaskrandon")
    tells_the_fix(done, "supervisorctl restart flaskrandon ended with", "make status")
    assert "no such process" in done.stdout


def test_status_fails_when_a_program_is_stopped(disturbed):
    assert run("make", "ctl", "ARGS=stop flaskrandom-bulk").returncode == 0
    done = run("make", "status")
    tells_the_fix(done, "not every program runs", "start all")
    assert "STOPPED" in done.stdout


def test_status_succeeds_when_all_programs_run(stack):
    # Supervisor reports RUNNING only after a program has been up for five seconds.
    await_until(lambda: run("make", "status").stdout.count("RUNNING") == 2, 30, "two programs run")
    done = run("make", "status")
    assert done.returncode == 0
    assert PROGRAM in done.stdout


@pytest.mark.parametrize(
    ("arguments", "expected"), [("status", "RUNNING"), ("reread", "No config updates"), ("update", "")]
)
def test_ctl_runs_supervisorctl(stack, arguments, expected):
    done = run("make", "--no-print-directory", "ctl", f"ARGS={arguments}")
    assert done.returncode == 0, done.stdout
    assert expected in done.stdout


def test_ctl_restarts_a_program(disturbed):
    done = run("make", "--no-print-directory", "ctl", "ARGS=restart flaskrandom")
    assert done.returncode == 0, done.stdout
    assert "flaskrandom: started" in done.stdout


def test_an_invalid_address_is_refused():
    done = run("make", "test", "SUITE=bruno", "BASE_URL=localhost/api")
    assert done.returncode
    assert "ERROR: BASE_URL=localhost/api: must be an address without a path, such as https://random" in done.stdout


def test_an_address_that_refuses_connections_is_reported():
    done = run("make", "smoke", "BASE_URL=http://localhost:9")
    assert done.returncode
    assert re.search(r"^ERROR: no instance answers at http://localhost:9: .*refused", done.stdout, re.MULTILINE)


def test_smoke_without_an_address_says_how_to_give_one():
    done = run("make", "smoke", environ={"BASE_URL": ""})
    assert done.returncode
    assert "BASE_URL is empty: make smoke BASE_URL=https://host" in done.stdout


def test_logs_are_short_lines_on_a_terminal(stack, client):
    ident = client.get("/api/v1/uuids").headers["X-Request-Id"]
    seen = at_terminal("make", "logs", until=ident).text
    (line,) = [line for line in seen.splitlines() if ident in line]
    assert line.startswith("nginx-1")
    assert re.search(r"\| \d\d:\d\d:\d\d  200  GET  /api/v1/uuids  \d+ B in \d[\d.]* s  \S+  " + ident, line)


def test_raw_logs_are_printed_unchanged(stack, client):
    ident = client.get("/api/v1/uuids").headers["X-Request-Id"]
    assert f'"request_id":"{ident}"' in at_terminal("make", "logs", "RAW=1", until=f'{ident}",').text


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("api-1    | [2026-11-22 13:03:36 +0000] [15] [INFO] Using worker: gthread", "same"),
        ('nginx-1  | {"time":"not a time"}', "same"),
        ("nginx-1  | {", "same"),
        ("nothing", "same"),
        (
            "api-1    | \t\x1b]0;pwned\x07 \r\x9b2J \u202e \x7f",
            r"api-1    | \t\x1b]0;pwned\x07 \r\x9b2J \u202e \x7f".replace(r"\t", "\t"),
        ),
        (
            'nginx-1  | {"time":"2026-11-22T13:10:14+00:00","request_id":"\\u001b[2J","client":"::1","method":"GET",'
            '"path":"/\\u001b]0;pwned\\u0007\\n10:00:00  200  /forged","status":404,"bytes":1,"seconds":0.001}',
            r"nginx-1  | 13:10:14  404  GET  /\x1b]0;pwned\x07\n10:00:00  200  /forged  1 B in 0.001 s  ::1  \x1b[2J",
        ),
        (
            'nginx-1  | {"time":"2026-11-22T13:10:14+00:00","request_id":"5f2c1892","client":"::1","method":"GET",'
            '"path":"/api/v1/strings/stream","status":200,"bytes":170000377,"seconds":1.288}',
            "nginx-1  | 13:10:14  200  GET  /api/v1/strings/stream  170000377 B in 1.288 s  ::1  5f2c1892",
        ),
    ],
)
def test_a_log_line_is_shortened_and_made_safe(line, shown):
    done = subprocess.run(
        [sys.executable, "-m", "scripts.stack.logs"],
        cwd=ROOT,
        input=f"{line}\n".encode(),
        env={"TZ": "UTC", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        check=True,
    )
    assert done.stdout.decode() == (line if shown == "same" else shown) + "\n"


def test_an_invalid_byte_does_not_end_the_log():
    done = subprocess.run(
        [sys.executable, "-m", "scripts.stack.logs"],
        cwd=ROOT,
        input=b"one \xff\n{}\ntwo\n",
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"one \\xff\n{}\ntwo\n"
