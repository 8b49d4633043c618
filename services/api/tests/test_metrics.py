"""What is counted, exactly; and that it adds up over processes that come and go."""

from __future__ import annotations

import mmap
import os
import resource
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from cases.article import asking
from flaskrandom.http import metrics
from flaskrandom.metrics import Counter, Counts, Histogram
from support.metrics import Page

REQUESTS = "flaskrandom_http_requests_total"
SECONDS = "flaskrandom_http_request_duration_seconds"
VALUES, BYTES = "flaskrandom_drawn_values_total", "flaskrandom_drawn_bytes_total"
REJECTIONS = "flaskrandom_rejections_total"


@pytest.fixture
def scrape(client) -> Callable[[], Page]:
    def scrape() -> Page:
        answer = client.get("/metrics")
        assert answer.status_code == 200
        assert answer.content_type == "text/plain; version=0.0.4; charset=utf-8"
        return Page(answer.text)

    return scrape


@pytest.fixture
def growth(scrape) -> Callable[..., float]:
    """How much a number has grown since the test began."""
    before = scrape()

    def growth(name: str, **labels: str) -> float:
        return scrape().total(name, **labels) - before.total(name, **labels)

    return growth


def test_every_route_is_counted_under_its_own_path(app):
    """A new route goes into ROUTES. One with a variable part must not, or clients could make up label values."""
    assert {rule.rule for rule in app.url_map.iter_rules()} == set(metrics.ROUTES)


def test_requests_by_route_and_status(client, growth):
    for _ in range(3):
        client.get("/api/v1/uuids")
    client.get("/api/v1/uuids?count=0")
    client.delete("/api/v1/uuids")
    assert growth(REQUESTS, route="/api/v1/uuids", status="200") == 3
    assert growth(REQUESTS, route="/api/v1/uuids", status="400") == 1
    assert growth(REQUESTS, route="/api/v1/uuids", status="405") == 1
    assert growth(f"{SECONDS}_count", route="/api/v1/uuids") == 5


def test_a_client_cannot_make_up_label_values(client, scrape, growth):
    labels = {sample.labels.get("route") for sample in scrape().samples}
    for path in ("/nothing", "/api/v1/strings/", '/"},', "/api/v1/strings/stream/x"):
        client.get(path)
    assert growth(REQUESTS, route="unmatched", status="404") == 4
    assert {sample.labels.get("route") for sample in scrape().samples} <= labels | {"unmatched"}


@pytest.mark.parametrize("kind", [kind for kind in metrics.DRAWN if kind != metrics.ARTICLE])
def test_what_is_drawn_by_kind(client, growth, kind):
    answers = [client.get(f"/api/v1/{kind}?count=7"), client.post(f"/api/v1/{kind}", json={"count": 2})]
    answers.append(client.get(f"/api/v1/{kind}/stream?count=3000&format=csv"))
    size = sum(len(answer.data) for answer in answers)
    client.post(f"/api/v1/{kind}/estimate", json={"count": 5})
    client.get(f"/api/v1/{kind}?count=-1")
    assert growth(VALUES, kind=kind) == growth(VALUES) == 7 + 2 + 3000
    assert growth(BYTES, kind=kind) == growth(BYTES) == size


def test_the_article_is_a_kind_of_its_own(client, growth):
    size = len(client.post("/getrandomstr", json=asking(intnum=9)).data)
    client.post("/getrandomstr", json=asking(intnum=1001))
    client.post("/getrandomstr", json=asking(intlen=-1))
    assert growth(VALUES, kind="article") == growth(VALUES) == 9
    assert growth(BYTES, kind="article") == size
    assert growth(REJECTIONS, reason="article_limit") == 1
    assert growth(REJECTIONS, reason="article_bad_request") == 1


def test_rejections_by_reason(client, growth):
    asked = {
        "fields_not_valid": ("GET", "/api/v1/strings?length=0"),
        "impossible": ("GET", "/api/v1/integers?min=1&max=3&count=4&unique=true"),
        "bad_request": ("POST", "/api/v1/strings"),
        "not_found": ("GET", "/nothing"),
        "method_not_allowed": ("PUT", "/api/v1/strings"),
    }
    for method, path in asked.values():
        assert client.open(path, method=method).status_code >= 400
    assert {reason: growth(REJECTIONS, reason=reason) for reason in asked} == dict.fromkeys(asked, 1)
    assert growth(REJECTIONS) == len(asked)


def test_an_unknown_reason_is_counted_as_other(growth):
    metrics.rejected("Out of Coffee")
    assert growth(REJECTIONS, reason="other") == 1


def test_a_failing_app_is_counted_as_500(scrape):
    def broken(environ, start_response):
        raise RuntimeError("broken on purpose")

    before = scrape().total(REQUESTS, route="/", status="500")
    with pytest.raises(RuntimeError):
        metrics.Measured(broken)({"PATH_INFO": "/"}, lambda *_: None)
    assert scrape().total(REQUESTS, route="/", status="500") == before + 1


def test_a_stream_is_counted_when_it_ends(client, growth):
    answer = client.get("/api/v1/strings/stream?count=3000", buffered=False)
    assert growth(REQUESTS, route="/api/v1/strings/stream") == 0
    assert growth(VALUES) == 0
    assert answer.data.count(b"\n") == 3000
    answer.close()
    assert growth(REQUESTS, route="/api/v1/strings/stream", status="200") == 1
    assert growth(VALUES, kind="strings") == 3000


def test_a_cut_stream_is_counted_with_what_was_sent(client, growth):
    answer = client.get("/api/v1/tokens/stream?count=1000000&encoding=hex", buffered=False)
    chunks = answer.iter_encoded()
    sent = [next(chunks), next(chunks)]
    # The server asks for a chunk when it has sent the one before.
    next(chunks)
    answer.close()
    assert growth(VALUES, kind="tokens") == b"".join(sent).count(b"\n")
    assert growth(BYTES, kind="tokens") == len(b"".join(sent))
    assert growth(REQUESTS, route="/api/v1/tokens/stream") == 1


@pytest.mark.parametrize("format", ["text", "csv", "ndjson"])
def test_chunks_say_how_many_values_are_in_them(format):
    from flaskrandom import core

    plan = core.plan(core.IntegerSpec(min=0, max=10**6), core.Limits(max_count=10**5))
    header = 1 if format == "csv" else 0
    counted = list(plan.counted_chunks(50_000, format))
    assert sum(count for count, _ in counted) == 50_000
    assert [chunk.count(b"\n") - header * (not at) for at, (_, chunk) in enumerate(counted)] == [
        count for count, _ in counted
    ]


@pytest.mark.parametrize("seconds", [0, 0.00025, 0.00026, 0.02, 59, 61])
def test_buckets_hold_what_is_at_most_their_bound(seconds):
    histogram = Histogram("t_seconds", "help")
    counts = Counts([histogram])
    counts.add(histogram.column() + Histogram.bucket(seconds))
    page = Page("\n".join(counts.lines()) + "\n")
    for bound in Histogram.BOUNDS:
        assert page.total("t_seconds_bucket", le=str(bound)) == (seconds <= bound)
    assert page.total("t_seconds_bucket", le="+Inf") == page.total("t_seconds_count") == 1


def test_the_public_port_has_no_metrics(client, monkeypatch):
    monkeypatch.setattr(metrics.COUNTS, "program", "flaskrandom")
    assert client.get("/metrics").status_code == 404
    monkeypatch.setattr(metrics.COUNTS, "program", "flaskrandom-bulk")
    assert client.get("/metrics").status_code == 200


class Workers:
    """Processes that count into one folder, and are told when to end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pids: set[int] = set()

    def counts(self) -> Counts:
        self.things = Counter("things_total", "help")
        return Counts([self.things], ["web"])

    def start(self, things: int = 0) -> int:
        """A worker that has counted `things` and goes on; its process id."""
        ready, tell = os.pipe()
        pid = os.fork()
        if pid:
            os.close(tell)
            assert os.read(ready, 1) == b"."
            os.close(ready)
            self.pids.add(pid)
            return pid
        try:
            counts = self.counts()
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
            counts.share(self.folder, "web")
            for _ in range(things):
                counts.add(self.things.column())
            os.write(tell, b".")
            signal.sigwait({signal.SIGTERM})
            counts.leave()
            os._exit(0)
        finally:
            os._exit(1)

    def end(self, pid: int, how: int = signal.SIGTERM) -> None:
        os.kill(pid, how)
        os.waitpid(pid, 0)
        self.pids.remove(pid)

    def reader(self) -> Callable[[], dict[str, float]]:
        counts = self.counts()
        counts.share(self.folder, "web")

        def read() -> dict[str, float]:
            page = Page("\n".join(counts.lines()) + "\n")
            return {sample.name.removeprefix("flaskrandom_"): sample.value for sample in page.samples}

        return read


@pytest.fixture
def workers(tmp_path) -> Iterator[Workers]:
    workers = Workers(tmp_path)
    yield workers
    for pid in list(workers.pids):
        workers.end(pid, signal.SIGKILL)


def size_of(folder: Path) -> int:
    (file,) = folder.iterdir()
    return file.stat().st_size


def test_the_sum_over_workers(workers):
    read = workers.reader()
    pids = [workers.start(things) for things in (1, 20, 300)]
    assert read() == {"things_total": 321, "workers": 4, "worker_starts_total": 4, "worker_deaths_total": 0}
    for pid in pids:
        workers.end(pid)
    assert read() == {"things_total": 321, "workers": 1, "worker_starts_total": 4, "worker_deaths_total": 0}


def test_workers_that_come_and_go_leave_their_counts_and_no_file(workers, tmp_path):
    read = workers.reader()
    for _ in range(30):
        workers.end(workers.start(10))
    assert read() == {"things_total": 300, "workers": 1, "worker_starts_total": 31, "worker_deaths_total": 0}
    assert size_of(tmp_path) == 2 * mmap.PAGESIZE


def test_a_killed_worker_is_a_death_and_its_counts_stay(workers, tmp_path):
    read = workers.reader()
    lower, higher = workers.start(1), workers.start(2)
    workers.end(lower)
    workers.end(higher, signal.SIGKILL)
    for _ in range(2):  # once dead, counted once
        assert read() == {"things_total": 3, "workers": 1, "worker_starts_total": 3, "worker_deaths_total": 1}
    workers.end(workers.start(10), signal.SIGKILL)
    # It is noted by whoever takes the row, when nobody asked in between.
    workers.start(100)
    assert read() == {"things_total": 113, "workers": 2, "worker_starts_total": 5, "worker_deaths_total": 2}
    assert size_of(tmp_path) == 3 * mmap.PAGESIZE


def test_a_full_memory_is_no_reason_to_fail(workers, tmp_path):
    """Counting goes on, seen by nobody else."""
    pid = os.fork()
    if not pid:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
        counts = workers.counts()
        try:
            counts.share(tmp_path, "web")
        except OSError:
            counts.add(workers.things.column())
            os._exit(0 if counts.totals()[workers.things.column()] == 1 else 2)
        os._exit(1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


def test_the_backlog_of_a_socket(scrape, tmp_path, monkeypatch):
    monkeypatch.setattr(metrics, "SOCKETS", f"{tmp_path}/")
    path = str(tmp_path / "some.sock")
    with socket.socket(socket.AF_UNIX) as server, ExitStack() as clients:
        server.bind(path)
        server.listen(17)
        for _ in range(5):
            clients.enter_context(socket.socket(socket.AF_UNIX)).connect(path)
        server.accept()[0].close()
        assert scrape().total("flaskrandom_backlog_connections", socket="some.sock") == 4
        assert scrape().total("flaskrandom_backlog_limit_connections", socket="some.sock") == 17


def test_two_processes_that_scrape_at_once_count_a_death_once(workers, monkeypatch):
    died = workers.start()
    go, tell_go = os.pipe()
    done, tell_done = os.pipe()
    other = os.fork()
    if not other:
        try:
            counts = workers.counts()
            counts.share(workers.folder, "web")
            os.write(tell_done, b".")
            os.read(go, 1)
            counts.totals()
            os.write(tell_done, b".")
            signal.pause()
        finally:
            os._exit(1)
    workers.pids.add(other)
    os.read(done, 1)
    read = workers.reader()
    workers.end(died, signal.SIGKILL)
    take = Counts._take

    def after_the_other(self, file, row):
        """The other process counts the death when this one has looked, and before it has the lock."""
        monkeypatch.undo()
        os.write(tell_go, b".")
        os.read(done, 1)
        return take(self, file, row)

    monkeypatch.setattr(Counts, "_take", after_the_other)
    assert read()["worker_deaths_total"] == 1
    assert read()["worker_deaths_total"] == 1
