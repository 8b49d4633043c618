"""Prometheus's own checker, run on the stack's metrics and on the configuration of the profile `observability`."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from support.clients import statuses
from support.metrics import PAGES, scrape
from support.stack import ROOT

pytestmark = [pytest.mark.local, pytest.mark.quick]


@pytest.fixture(scope="module")
def promtool(stack) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Prometheus's own checker, from the image that the profile `observability` runs."""
    stack.compose("build", "--quiet", "prometheus", seconds=300)
    (image,) = [
        name for name in stack.compose("--profile", "observability", "config", "--images").split() if "prom" in name
    ]

    def promtool(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["docker", "run", "--rm", "--interactive", "--network", "none",
             "--volume", f"{ROOT}/services/prometheus:/etc/prometheus:ro", "--workdir", "/etc/prometheus",
             "--entrypoint", "promtool", image, *arguments],
            input=stdin, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60, check=False,
        )  # fmt: skip

    return promtool


@pytest.mark.parametrize("page", PAGES)
def test_promtool_finds_nothing_wrong(stack, promtool, page):
    assert statuses(f"{stack.url}/api/v1/strings?count=0", 1) == {400: 1}
    done = promtool("check", "metrics", stdin=scrape(stack, page).text)
    assert (done.returncode, done.stdout) == (0, "")


def test_promtool_reports_bad_metrics(promtool):
    done = promtool("check", "metrics", stdin="# TYPE requests_total gauge\nrequests_total 1\n")
    assert done.returncode != 0
    assert "requests_total" in done.stdout


def test_prometheus_configuration_and_rules_are_valid(promtool):
    done = promtool("check", "config", "prometheus.yml")
    assert done.returncode == 0, done.stdout
    done = promtool("test", "rules", "rules.test.yml")
    assert done.returncode == 0, done.stdout
