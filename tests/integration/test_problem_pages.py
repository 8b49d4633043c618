"""`/docs/problems/`: the page that the `type` of a problem document leads to."""

from __future__ import annotations

import html
import json
import re

import pytest

from support.answers import check_every_answer, check_problem
from support.stack import ROOT

PAGES = sorted(path.stem for path in (ROOT / "services/nginx/ui/docs/problems").glob("*.html"))
EVERY_PAGE = pytest.mark.parametrize("name", PAGES)


def code(page: str, ident: str) -> str:
    (found,) = re.findall(rf'<code id="{ident}">(.*?)</code>', page, re.DOTALL)
    return html.unescape(found)


def test_every_problem_type_has_a_page():
    assert PAGES == ["fields-not-valid", "impossible", "no-series-key", "too-complex"]


@pytest.mark.parametrize(
    "name",
    # Other deployments may have a series key.
    [pytest.param(name, marks=[pytest.mark.local] * (name == "no-series-key")) for name in PAGES],
)
def test_the_example_gets_this_type_and_these_errors(client, name):
    page = client.get(f"/docs/problems/{name}").text
    method, address = code(page, "request").split()
    answer = client.request(method, address)
    (title,) = re.findall("<h1>(.*)</h1>", page)
    (status,) = re.findall(r"Status (\d+)", page)
    check_problem(answer, answer.json(), int(status))
    assert answer.json()["type"] == f"/docs/problems/{name}"
    assert answer.json()["title"] == title
    assert answer.json()["errors"] == json.loads(code(page, "errors"))


@EVERY_PAGE
def test_the_page_is_html_with_a_strict_policy(client, name):
    answer = client.get(f"/docs/problems/{name}")
    check_every_answer(answer)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "unsafe" not in policy


@EVERY_PAGE
def test_the_page_loads_nothing_from_other_origins(client, name):
    page = client.get(f"/docs/problems/{name}").text
    assert re.findall(r"(?:https?:)?//[\w.]+", page) == []
    # The links are relative, so that they work under any path of another proxy.
    assert re.findall(r'(?:href|src)="/[^"]*"', page) == []
