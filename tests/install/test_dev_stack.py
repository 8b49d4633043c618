"""`make dev-stack`: a change of Python code or of nginx's configuration takes effect within three seconds."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from functools import partial

import pytest
import requests

from support.polling import await_until
from support.stack import fresh_name

SECONDS = 3
OTHER_APP = 'app = create_app()\napp.view_functions["article.index"] = lambda: "Saved"'


@pytest.fixture
def dev_stack(clone, base_image, tmp_path):
    """A clone whose stack runs with live reload, and its address."""
    folder, name = clone(), fresh_name()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    environ = os.environ | {"COMPOSE_PROJECT_NAME": name, "TAG": name, "HTTP_PORT": address, "INSTALL": "no"}
    log = tmp_path / "log"
    with (
        log.open("w") as output,
        subprocess.Popen(
            ["make", "dev-stack"], cwd=folder, env=environ, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True,
        ) as process,
    ):  # fmt: skip
        try:
            await_until(lambda: "Watching" in log.read_text() or process.poll() is not None, 300, "the stack is up")
            assert process.poll() is None, log.read_text()
            # Nobody saves at once: Supervisor waits a second more for a program that ends in its first five.
            status = ["docker", "compose", "exec", "-T", "api", "supervisorctl", "status"]
            started = partial(subprocess.run, status, cwd=folder, env=environ, capture_output=True, text=True)
            await_until(lambda: started().stdout.count("RUNNING") == 2, 30, "both programs are running")
            yield folder, f"http://{address}"
        finally:
            os.killpg(process.pid, signal.SIGINT)
            process.wait(30)
            down = ["docker", "compose", "down", "--volumes", "--rmi", "all"]
            subprocess.run(down, cwd=folder, env=environ, capture_output=True, check=True, timeout=120)


@pytest.mark.parametrize(
    ("file", "line", "saved"),
    [
        ("services/api/flaskrandom/http/article.py", "<h1>Hello World!", "<h1>Saved"),
        ("services/api/app.py", "app = create_app()", OTHER_APP),
        ("services/nginx/conf.d/headers.conf", "add_header X-Request-Id $id always;", "add_header X-Saved yes always;"),
    ],
    ids=["Python", "app.py", "nginx"],
)
def test_a_saved_change_is_served_within_seconds(dev_stack, file, line, saved, capsys):
    folder, url = dev_stack

    def answered() -> bool:
        answer = requests.get(url, timeout=SECONDS)
        return "Saved" in answer.text or "X-Saved" in answer.headers

    assert not answered()
    text = (folder / file).read_text()
    assert line in text
    (folder / file).write_text(text.replace(line, saved))
    began = time.monotonic()
    await_until(answered, SECONDS, f"the change of {file} is served")
    with capsys.disabled():
        print(f"\nserved {time.monotonic() - began:.1f} s after it was saved")
