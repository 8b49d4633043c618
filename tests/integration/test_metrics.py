"""Metrics as Prometheus reads them: correct over all workers and both pools, bounded, and on no public port."""

from __future__ import annotations

import re

import pytest

from support.clients import statuses
from support.metrics import PAGES, PORT, Growth, Page, ask, scrape
from support.polling import await_until
from support.stack import PROGRAM, ROOT

pytestmark = pytest.mark.local

REQUESTS, BY_NGINX = "flaskrandom_http_requests_total", "nginx_http_requests_total"
VALUES, BYTES = "flaskrandom_drawn_values_total", "flaskrandom_drawn_bytes_total"


@pytest.fixture
def growth(stack) -> Growth:
    return Growth(stack)


def test_every_alert_has_a_test():
    rules = (ROOT / "services/prometheus/alerting.rules.yml").read_text()
    tests = (ROOT / "services/prometheus/rules.test.yml").read_text()
    alerts = set(re.findall(r"alert: (\w+)", rules))
    assert len(alerts) > 5
    assert {alert for alert in alerts if f'alertname="{alert}"' not in tests} == set()


def test_requests_to_all_workers_are_counted(stack, growth):
    assert scrape(stack).total("flaskrandom_workers", program=PROGRAM) > 1
    assert statuses(f"{stack.url}/api/v1/uuids", 200) == {200: 200}
    assert growth(REQUESTS, route="/api/v1/uuids", status="200") == 200
    assert growth("flaskrandom_http_request_duration_seconds_count", route="/api/v1/uuids") == 200
    assert growth(VALUES, kind="uuids") == 200
    # The count includes health checks.
    assert growth(BY_NGINX, pool="short", origin="app", status="200") >= 200
    assert growth("nginx_http_request_duration_seconds_count", pool="short") >= 200
    assert growth("nginx_connections_accepted_total") >= 200


def test_both_pools_are_on_one_page(client, growth):
    size = len(client.get("/api/v1/strings/stream?length=20&count=5000").content)
    size += len(client.get("/api/v1/strings?count=10").content)
    assert growth(VALUES, kind="strings") == 5010
    assert growth(BYTES, kind="strings") == size
    assert growth(REQUESTS, route="/api/v1/strings/stream", status="200") == 1
    assert growth(BY_NGINX, pool="bulk", origin="app", status="200") == 1


def test_an_aborted_stream_counts_the_values_it_sent(client, growth):
    stream = "/api/v1/strings/stream"
    with client.get(f"{stream}?length=16&count=10000000", stream=True) as answer:
        assert next(answer.iter_content(1 << 16))
    await_until(lambda: growth(REQUESTS, route=stream) == 1, 20, "the stream has ended")
    values = growth(VALUES, kind="strings")
    assert 0 < values < 10_000_000
    assert growth(BYTES, kind="strings") == values * 17
    assert growth(BY_NGINX, pool="bulk", origin="app") == 1


def test_refusals_are_counted_by_reason_and_origin(client, growth):
    client.get("/api/v1/strings?length=0")
    client.post("/api/v1/strings", data=b"x" * 70_000)
    assert growth("flaskrandom_rejections_total", reason="fields_not_valid") == 1
    assert growth("flaskrandom_rejections_total") == 1
    assert growth(BY_NGINX, origin="app", status="400") == 1
    assert growth(BY_NGINX, origin="nginx", status="413") == 1


@pytest.mark.parametrize("path", ["/metrics/nginx", "/stub_status", "/metrics/x"])
def test_no_metrics_are_public(client, path):
    assert client.get(path).status_code == 404


def test_the_internal_address_serves_nothing_else(stack):
    for path in ("/", "/stub_status", "/readyz", "/metrics/x"):
        assert " 404 " in ask(stack, path)[0].splitlines()[0], path


def test_the_internal_address_is_not_published(stack):
    assert not stack.nginx.inspect()["NetworkSettings"]["Ports"].get(f"{PORT}/tcp")


def test_the_app_port_has_no_metrics(stack):
    code = "import urllib.request as u; u.urlopen('http://127.0.0.1:%d/metrics')"
    assert stack.api.run("python", "-c", code % 5001).returncode == 0
    assert "HTTP Error 404" in stack.api.run("python", "-c", code % 5000).stdout


def documented() -> dict[str, list[str]]:
    """Name, type and meaning of each metric in docs/metrics.md."""
    rows = re.findall(r"^\| `(\w+)` \| (\w+) \| [^|]* \| ([^|]*?) \|$", (ROOT / "docs/metrics.md").read_text(), re.M)
    return {name: [about, kind] for name, kind, about in rows}


def test_exactly_the_existing_metrics_are_documented(stack):
    pages: list[Page] = [scrape(stack, page) for page in PAGES]
    assert documented() == {name: about for page in pages for name, about in page.families.items()}
