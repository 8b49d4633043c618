"""HTTP/2 connections that are kept while nginx reloads: it says goodbye (GOAWAY), and no request is lost."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from support.polling import await_until
from support.stack import Stack, must, run

from .certificates import NAME, issue, put
from .conftest import PATIENCE

#: curl as most people have it. Only the number after the # differs, and that is not sent.
CURL = (
    "stdbuf --output=L curl --no-progress-meter --verbose --http2 --parallel --parallel-max 4 --output /dev/null"
    f" --cacert /ca.pem --connect-to {NAME}::127.0.0.1: --max-time 60"
    r" --write-out 'answer %{exitcode} %{http_code} %{http_version} %{num_connects}\n'"
    f" 'https://{NAME}/api/v1/strings?count=3#[1-10000000]' 2>&1 | grep --line-buffered -aE '^answer|received GOAWAY'"
)


class Kept:
    """curl with four requests under way at any time, all on one connection for as long as that lives."""

    def __init__(self, stack: Stack, authority: Path) -> None:
        self._name = f"{stack.project}-curl"
        self._options = ("--network", f"container:{stack.nginx.ident}", "--volume", f"{authority}:/ca.pem:ro")

    def __enter__(self) -> Kept:
        must(
            *("docker", "run", "--detach", "--name", self._name, *self._options),
            *("flaskrandom-test-tls", "bash", "-c", CURL),
        )
        return self

    def __exit__(self, *_: object) -> None:
        run("docker", "rm", "--force", self._name)

    def said(self) -> list[str]:
        return must("docker", "logs", self._name).splitlines()

    def goodbyes(self) -> int:
        return sum("GOAWAY" in line for line in self.said())

    def answers(self) -> Counter[str]:
        """How requests ended: curl's exit code, status, version of HTTP."""
        return Counter(line.split(" ", 1)[1].rpartition(" ")[0] for line in self.said() if line.startswith("answer"))

    def connections(self) -> int:
        return sum(int(line.rpartition(" ")[2]) for line in self.said() if line.startswith("answer"))

    def await_more(self) -> None:
        before = self.answers().total()
        await_until(lambda: self.answers().total() > before + 50, PATIENCE, "the load goes on")


@pytest.fixture
def folder(tmp_path, authority):
    tmp_path.chmod(0o755)
    put(tmp_path, *issue(authority))
    (tmp_path / "ca.pem").write_bytes(authority.cert_pem.bytes())
    return tmp_path


@pytest.fixture
def stack(start, folder):
    with start(TLS_FOLDER=str(folder)) as stack:
        yield stack


def test_no_request_is_lost_when_certificates_change_and_nginx_reloads(stack, folder, authority, figure):
    changes = {
        "a new certificate": lambda: put(folder, *issue(authority)),
        "a reload": lambda: stack.nginx.must("nginx", "-e", "stderr", "-s", "reload"),
    }
    with Kept(stack, folder / "ca.pem") as load:
        load.await_more()
        for what, change in 3 * list(changes.items()):
            before = load.goodbyes()
            change()
            await_until(lambda before=before: load.goodbyes() > before, PATIENCE, f"nginx says goodbye after {what}")
            load.await_more()
        answers, connections, said = load.answers(), load.connections(), load.said()
    assert set(answers) == {"0 200 2"}, answers
    goodbyes = [line for line in said if "GOAWAY" in line]
    assert all(re.search(r"error=0\b", line) for line in goodbyes), goodbyes
    # No connection ended without a word: what curl asked anew nginx had told it that it would not answer.
    assert connections == len(goodbyes) + 1
    figure("HTTP/2, 3 new certificates and 3 reloads", answers.total(), 0, f"{connections} connections")
