"""`/openapi.json` through the proxy: the running service does what it says."""

from __future__ import annotations

import pytest
import requests

from cases.v1 import KINDS
from support.answers import check_every_answer, check_problem
from support.openapi import check_document, check_value


@pytest.fixture(scope="module")
def document(base_url, pytestconfig):
    with requests.Session() as session:
        session.trust_env = bool(pytestconfig.getoption("--base-url"))
        return session.get(f"{base_url}/openapi.json", timeout=10).json()


def test_it_is_valid_and_served_as_json(client, document):
    answer = client.get("/openapi.json")
    check_every_answer(answer)
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == document
    check_document(document)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", ["", "/estimate", "/stream"])
def test_every_example_runs(client, document, kind, suffix):
    path = f"/api/v1/{kind}{suffix}"
    operation = document["paths"][path]["post"]
    examples = operation["requestBody"]["content"]["application/json"]["examples"]
    assert examples
    for name, example in examples.items():
        answer = client.post(path, json=example["value"])
        assert answer.status_code == 200, name
        schema = operation["responses"]["200"]["content"][answer.headers["Content-Type"]]["schema"]
        body = answer.text if suffix == "/stream" else answer.json()
        check_value(body, schema, document)


def test_problems_from_nginx_match_the_document(client, document):
    answer = client.post("/api/v1/strings", data=b"x" * 100_000)
    assert answer.status_code == 413
    check_value(answer.json(), document["components"]["schemas"]["Problem"], document)


def test_the_docs_page_answers_405_to_post(client):
    answer = client.post("/docs/")
    check_problem(answer, answer.json(), 405)
    assert "GET" in answer.headers["Allow"]
    assert "POST" not in answer.headers["Allow"]
