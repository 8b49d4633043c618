"""`make bench`, third part: memory at rest, seconds from built images to healthy, size of the images."""

from __future__ import annotations

import statistics
import time

from contenders import Contender, run
from report import Table


def measure(rounds: int) -> tuple[list[dict[str, float]], Table]:
    ours = Contender("ours")
    rows = []
    for _ in range(rounds):
        try:
            begin = time.perf_counter()
            ours.compose("up", "--detach", "--no-build", "--wait")
            healthy = time.perf_counter() - begin
            ours.start()
            # Every worker has answered once, as in a stack that is in use but idle.
            ours.load(1, 16, "GET", "/api/v1/strings", "")
            time.sleep(2)
            rows.append({"healthy_s": healthy, "api_mb": ours.api.memory_mb(), "nginx_mb": ours.nginx.memory_mb()})
        finally:
            ours.stop()
    result = Table("Footprint", ["what", "median"])
    middle = {key: statistics.median(row[key] for row in rows) for key in rows[0]}
    result.add("built images to healthy", f"{middle['healthy_s']:.1f} s")
    result.add("memory at rest, api", f"{middle['api_mb']:.0f} MB")
    result.add("memory at rest, nginx", f"{middle['nginx_mb']:.0f} MB")
    result.add("memory at rest, both", f"{middle['api_mb'] + middle['nginx_mb']:.0f} MB")
    for image in ("api", "nginx"):
        size = int(run("docker", "image", "inspect", "--format", "{{.Size}}", f"flaskrandom-{image}"))
        result.add(f"image {image}", f"{size / 1e6:.0f} MB")
    return rows, result
