"""Codes that never repeat, on a stack with a series key: through nginx, after a reload, and as in docs/vouchers.md."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
import requests

from flaskrandom.keys import write_series_key
from support.markdown import Block, block_after, blocks
from support.polling import await_until
from support.secrecy import check_no_log_holds
from support.series import series_key_file
from support.stack import Stack, run, throwaway

pytestmark = [pytest.mark.local, pytest.mark.long]

CODES = {"pattern": "?u?u?d", "series": "spring"}
EXAMPLES = [
    block
    for block in blocks("docs/vouchers.md")
    if block.language == "python" or (block.language == "sh" and block.text.startswith("curl"))
]


@pytest.fixture(scope="module")
def key():
    with series_key_file() as path:
        yield path


@pytest.fixture(scope="module")
def keyed(stack, key):
    with throwaway(SERIES_KEY_FILE=f"secrets/{key.name}", RATE_LIMIT="0") as other:
        other.start()
        yield other


def post(stack: Stack, path: str, asked: dict) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        return session.post(f"{stack.url}/api/v1/{path}", json=asked, timeout=30)


def codes(stack: Stack, **fields) -> list[str]:
    answer = post(stack, "strings", {**CODES, **fields})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


def test_every_code_comes_once_and_verifies(keyed):
    drawn = [code for start in range(0, 6760, 845) for code in codes(keyed, count=845, offset=start)]
    assert len(set(drawn)) == len(drawn) == 6760
    verified = [
        each
        for start in range(0, 6760, 845)
        for each in post(keyed, "verify", {**CODES, "values": drawn[start : start + 845]}).json()["data"]
    ]
    assert verified == [{"valid": True, "index": number} for number in range(6760)]


def test_the_bulk_pool_streams_the_same_codes(keyed):
    answer = post(keyed, "strings/stream", {**CODES, "count": 6000, "offset": 700})
    assert int(answer.headers["Content-Length"]) == len(answer.content) == 24_000
    assert answer.text.split()[300:1000] == codes(keyed, count=700, offset=1000)


def test_codes_are_the_same_after_a_reload_and_at_a_terminal(keyed):
    before = codes(keyed, count=50)
    done = keyed.reload()
    assert done.returncode == 0, done.stdout
    assert codes(keyed, count=50) == before
    command = ["flask", "strings", "--pattern", "?u?u?d", "--series", "spring", "--count", "50"]
    assert keyed.api.must(*command).split() == before


def test_another_stack_needs_the_key_and_gives_the_same_codes(keyed, key):
    with throwaway(SERIES_KEY_FILE=f"secrets/{key.name}") as other:
        other.start()
        assert codes(other, count=100) == codes(keyed, count=100)
        other.environ["SERIES_KEY_FILE"] = ""
        other.start()  # Compose recreates the api alone
        refused = post(other, "strings", CODES)
    assert refused.status_code == 422
    assert refused.json()["type"] == "/docs/problems/no-series-key"


def test_a_reload_reads_a_new_series_key(stack):
    with series_key_file() as path, throwaway(SERIES_KEY_FILE=f"secrets/{path.name}") as other:
        other.start()
        leaked = codes(other, count=100)
        path.unlink()
        write_series_key(path)
        done = other.reload()
        assert done.returncode == 0, done.stdout
        # Old workers may still answer until all are replaced.
        await_until(lambda: leaked not in [codes(other, count=100) for _ in range(20)], 30, "only new codes")


def test_no_log_holds_the_key_or_a_code(keyed, key):
    drawn = codes(keyed, count=3, prefix="LOOKFORME")
    last = post(keyed, "verify", {**CODES, "prefix": "LOOKFORME", "values": drawn})
    check_no_log_holds([key.read_text().strip(), "LOOKFORME"], keyed, last.headers["X-Request-Id"])


@pytest.mark.parametrize(("text", "said"), [(None, "No such file or directory"), ("b4d" * 20, "must hold 64 hex")])
def test_a_bad_key_stops_the_start_with_one_line(stack, text, said):
    with series_key_file() as path:
        setting = f"secrets/{path.name}"
        if text is None:
            setting = "secrets/none"
        else:
            path.write_text(text)
        with throwaway(SERIES_KEY_FILE=setting) as other:
            other.compose("create", "--no-build")
            done = run("docker", "start", "--attach", other.api.ident, seconds=30)
            assert done.returncode != 0
            (line,) = done.stdout.splitlines()
            assert line.startswith(f"SERIES_KEY_FILE={setting}: {said}")
            assert "b4db4d" not in line


@pytest.mark.parametrize("block", EXAMPLES, ids=str)
def test_an_example_prints_what_the_page_says(keyed, tmp_path, block: Block):
    text = re.sub(r"\blocalhost\b", f"localhost:{keyed.port}", block.text)
    command = [sys.executable, "-c", text] if block.language == "python" else ["bash", "-euo", "pipefail", "-c", text]
    environ = {"PATH": "/usr/bin:/bin", "NO_PROXY": "localhost"}
    done = subprocess.run(command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    after = block_after(block)
    if after is None:
        (file,) = tmp_path.iterdir()
        assert len(file.read_text().split()) == 100_000
    elif after.language == "json":
        said, promised = json.loads(done.stdout), json.loads(after.text)
        for value in (said, promised):
            value["data"] = [re.sub("[2-9A-Z]", "x", code) for code in value.get("data", [])]
        assert said == promised
    else:
        assert done.stdout == after.text
