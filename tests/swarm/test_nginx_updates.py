"""Updates of nginx: clients behind a load balancer lose no request, and a node's own port closes only briefly."""

from __future__ import annotations

import time

from .conftest import NGINX, generator


def test_an_update_of_nginx_loses_no_request_behind_a_load_balancer(deployed, load, figures, tmp_path):
    """nginx drains for 3 s: the balancer asks every 0.5 s and acts on the second answer."""
    drained = {"NGINX_DRAIN_SECONDS": "3", "NGINX_UPDATE_DELAY": "2"}
    deployed.deploy("v1", **drained)
    deployed.push("nginx", "v3", NGINX, "USER root", "RUN touch /srv/www/v3", "USER 10002:10001")
    deployed.push("api", "v3", NGINX.replace("nginx", "api"))
    for balanced in generator(deployed, tmp_path, "balanced", "--balance"):
        begin = time.time()
        deployed.deploy("v3", **drained)
        end = time.time()
        seen, direct = balanced.between(begin, end), load.between(begin, end)
    names = [node.name for node in deployed.nodes]
    gaps = {name: direct.at([name]).span_of_failures for name in names}
    figures.row("nginx updated: behind a load balancer", seen)
    figures.row(
        "nginx updated: no load balancer", direct, f"ports closed {min(gaps.values()):.1f}–{max(gaps.values()):.1f} s"
    )
    assert sorted(deployed.running("nginx", "v3")) == sorted(names)
    assert seen.kinds == {}
    assert max(gaps.values()) < 30, gaps
    deployed.deploy("v1")
