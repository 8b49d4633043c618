"""Gunicorn without nginx: no log holds anything that a client sent."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from support.polling import await_until

CONFIGURATION = """
import gunicorn_common
control_socket_disable = True
http_parser = gunicorn_common.http_parser
"""
APP = """
def app(environ, start_response):
    raise RuntimeError("broken on purpose")
"""


@pytest.mark.parametrize("worker", ["sync", "gthread"])
def test_nothing_of_a_request_is_logged(tmp_path: Path, worker: str) -> None:
    (tmp_path / "gunicorn.conf.py").write_text(CONFIGURATION)
    (tmp_path / "broken.py").write_text(APP)
    log, path = tmp_path / "log", tmp_path / "sock"
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", "--worker-class", worker, "--bind", f"unix:{path}", "broken:app"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([*sys.path, str(tmp_path)])},
        stderr=log.open("w"),
    )
    try:
        await_until(path.exists, 20, "Gunicorn listens")
        for line in (b"GET /?secret=\xc3\xa4 HTTP/1.1", b"secret\x00 /", b"GET / secret", b"GET /?secret=1 HTTP/1.1"):
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(20)
                client.connect(str(path))
                client.sendall(line + b"\r\nHost: a\r\nConnection: close\r\n\r\n")
                assert client.recv(4096).startswith(b"HTTP/1.1 ")
        await_until(lambda: "a request failed" in log.read_text(), 20, "the failure is logged")
        assert "a request cannot be read" in log.read_text()
        assert "broken on purpose" in log.read_text(), "the log keeps the cause of a failure"
        assert "secret" not in log.read_text()
    finally:
        process.terminate()
        process.wait(20)
