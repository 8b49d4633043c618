"""The stack's footprint: memory at rest, seconds from built images to healthy, and size of the images and the code."""

from __future__ import annotations

import time

from report import Row, Table, median
from stacks import ROOT, Contender, Stacks, run


def measure(stacks: Stacks, rounds: int, seconds: int) -> list[Row]:
    stacks.stop()
    fixed: Row = {f"{image}_image_mb": image_mb(image) for image in ("api", "nginx")}
    fixed["lines"] = lines()
    rows = []
    for _ in range(rounds // 2 + 1):  # nothing else runs, so the figures vary little
        ours = Contender("ours")
        try:
            begin = time.perf_counter()
            ours.compose("up", "--detach", "--no-build", "--wait", "--wait-timeout", "60", "nginx", "api")
            healthy = time.perf_counter() - begin
            ours.start()
            # Let every worker answer once, as in a stack that is in use but idle.
            ours.load(1, "GET", "/api/v1/strings", "")
            time.sleep(2)
            memory = {"api_mb": ours.api.memory_mb(), "nginx_mb": ours.nginx.memory_mb()}
            rows.append({"healthy_s": healthy, **memory, **fixed})
        finally:
            ours.stop()
    return rows


def image_mb(service: str) -> float:
    return int(run("docker", "image", "inspect", "--format", "{{.Size}}", Contender("ours").image(service))) / 1e6


def lines() -> int:
    """Lines of the app's Python without core/."""
    api = ROOT / "services" / "api"
    files = [*api.glob("*.py"), *(api / "flaskrandom").rglob("*.py")]
    return sum(len(file.read_text().splitlines()) for file in files if api / "flaskrandom" / "core" not in file.parents)


def memory(rows: list[Row]) -> float:
    """MB at rest of both containers."""
    return median(rows, "api_mb") + median(rows, "nginx_mb")


def tables(rows: list[Row]) -> list[Table]:
    table = Table("Footprint", ["measured", "api", "nginx"])
    table.add("memory at rest, MB", f"{median(rows, 'api_mb'):.0f}", f"{median(rows, 'nginx_mb'):.0f}")
    table.add("image, MB", f"{median(rows, 'api_image_mb'):.0f}", f"{median(rows, 'nginx_image_mb'):.0f}")
    table.add("both healthy after, s", f"{median(rows, 'healthy_s'):.1f}", "")
    return [table]
