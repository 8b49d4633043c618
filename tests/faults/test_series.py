"""Ten calls in random order to three processes return each of the 6,760,000 codes of a series exactly once."""

from __future__ import annotations

import random
from contextlib import ExitStack

import pytest
import requests

from support.polling import await_until
from support.series import series_key_file
from support.stack import Container, must, started

pytestmark = pytest.mark.local

CODES = 26 * 26 * 10**4
CALLS = 10
LINE = len("AA0000\n")


def port_of(api: Container) -> str:
    return must("docker", "port", api.ident, "5001").split()[0].rpartition(":")[2]


def test_each_code_is_returned_exactly_once(stack, figures):
    image = stack.api.inspect()["Config"]["Image"]
    with ExitStack() as running, requests.Session() as session:
        session.trust_env = False
        path = running.enter_context(series_key_file())
        options = (
            *("--volume", f"{path.parent}:/app/secrets:ro", "--env", f"SERIES_KEY_FILE=secrets/{path.name}"),
            *("--publish", "127.0.0.1::5001", "--shm-size", "64m"),
        )
        apis = [running.enter_context(started(image, options=options)) for _ in range(3)]
        for api in apis:
            await_until(lambda api=api: api.health == "healthy", 60, "the api is healthy")
        seen = bytearray(CODES)
        starts = [number * CODES // CALLS for number in range(CALLS)]
        random.shuffle(starts)
        for place, start in enumerate(starts):
            asked = {"pattern": "?u?u?d?d?d?d", "series": "spring", "offset": start, "count": CODES // CALLS}
            address = f"http://127.0.0.1:{port_of(apis[place % 3])}/api/v1/strings/stream"
            answer = session.post(address, json=asked, timeout=120)
            assert answer.status_code == 200, answer.text
            assert len(answer.content) == LINE * CODES // CALLS
            for code in answer.text.split():
                seen[((ord(code[0]) - 65) * 26 + ord(code[1]) - 65) * 10**4 + int(code[2:])] += 1
        assert seen == b"\1" * CODES
    figures.add("all codes of a series, from three processes", "each once", f"{CODES:,} codes, each once")
