"""HTTP/2 connections that stay open while nginx reloads: nginx sends GOAWAY, and no request is lost."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest

from support.polling import await_until
from support.stack import Stack, must, run

from .certificates import NAME, issue, put, serial_of, shown
from .conftest import PATIENCE

#: curl as most people use it. Only the number after the # differs, and that is not sent.
CURL = (
    "stdbuf --output=L curl --no-progress-meter --verbose --http2 --parallel --parallel-max 4 --output /dev/null"
    f" --cacert /ca.pem --connect-to {NAME}::127.0.0.1: --max-time 60"
    r" --write-out 'answer %{exitcode} %{http_code} %{http_version} %{num_connects}\n'"
    f" 'https://{NAME}/api/v1/strings?count=3#[1-10000000]' 2>&1 | grep --line-buffered -aE '^answer|received GOAWAY'"
)


@dataclass
class Said:
    """What curl has said so far."""

    lines: list[str]

    @property
    def goodbyes(self) -> list[str]:
        return [line for line in self.lines if "GOAWAY" in line]

    @property
    def answers(self) -> Counter[str]:
        """How requests ended: curl's exit code, the status, and the HTTP version."""
        return Counter(line.split(" ", 1)[1].rpartition(" ")[0] for line in self._ends)

    @property
    def connections(self) -> int:
        return sum(int(line.rpartition(" ")[2]) for line in self._ends)

    @property
    def _ends(self) -> list[str]:
        return [line for line in self.lines if line.startswith("answer")]


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

    def said(self) -> Said:
        return Said(must("docker", "logs", self._name).splitlines())

    def await_more(self) -> None:
        before = self.said().answers.total()
        await_until(lambda: self.said().answers.total() > before + 50, PATIENCE, "the load continues")


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


def workers(stack: Stack) -> set[int]:
    """The workers of nginx, including those that are still ending."""
    processes = stack.nginx.processes().items()
    return {pid for pid, status in processes if status.get("Name") == "nginx" and status.get("PPid") == "1"}


def test_no_request_is_lost_when_certificates_change_and_nginx_reloads(stack, folder, authority, figure):
    def replace_certificate() -> None:
        chain, key = issue(authority)
        put(folder, chain, key)
        await_until(
            lambda: shown(stack.tls_port).serial_number == serial_of(chain), PATIENCE, "the new certificate is shown"
        )

    def reload() -> None:
        stack.nginx.must("nginx", "-e", "stderr", "-s", "reload")

    with Kept(stack, folder / "ca.pem") as load:
        load.await_more()
        for change in 3 * (replace_certificate, reload):
            old, before = workers(stack), len(load.said().goodbyes)
            change()
            # nginx also sends GOAWAY after many requests. New workers show that this one was for the change.
            await_until(lambda old=old: not old & workers(stack), PATIENCE, f"new workers after {change.__name__}")
            await_until(
                lambda before=before: len(load.said().goodbyes) > before, PATIENCE, f"a goodbye after {change.__name__}"
            )
            load.await_more()
        said = load.said()
    assert set(said.answers) == {"0 200 2"}, said.answers
    assert all(re.search(r"error=0\b", line) for line in said.goodbyes), said.goodbyes
    # No connection ended without GOAWAY, so curl repeated only requests that nginx had said it would not answer. The
    # connection after the last GOAWAY may not have had an answer yet.
    assert len(said.goodbyes) <= said.connections <= len(said.goodbyes) + 1
    figure("HTTP/2, 3 new certificates and 3 reloads", said.answers.total(), 0, f"{said.connections} connections")
