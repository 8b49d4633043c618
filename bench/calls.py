"""Short calls: requests a second, latency and CPU per request of every contender, side by side."""

from __future__ import annotations

from dataclasses import dataclass

from report import Row, Table, median, spread
from stacks import Contender, Stacks

CONTENDERS = ("ours", "sync", "article", "fastapi", "ceiling")
ARTICLE = '{"intlen":%s,"intnum":%s,"withnum":true,"withlow":true,"withup":true,"withspecial":true}'


@dataclass(frozen=True)
class Call:
    """A request, in the terms of load/call.lua."""

    method: str
    path: str
    body: str = ""
    longest: int = 8

    @property
    def arguments(self) -> tuple[str, ...]:
        return self.method, self.path, self.body, str(self.longest)

    def check(self, contender: Contender) -> None:
        """Send the request once, with a length of 9 and a count of 3 where they vary.

        Raises:
            RuntimeError: the answer is wrong.
        """
        values = {"LENGTH": "9", "COUNT": "3", "SERIAL": "123456789012"}
        path, body = self.path, self.body
        for name, value in values.items():
            path, body = path.replace(name, value), body.replace(name, value)
        data = contender.ask(self.method, path, body)["data"]
        expected = self._expected
        if contender.name != "ceiling" and [len(value) for value in data] != expected:
            raise RuntimeError(f"{contender.name} answers {path} {body} with {str(data)[:200]}")

    @property
    def _expected(self) -> list[int]:
        if "prefix=" in self.path:
            return [9 + 12] * 3
        if self.longest > 8:
            return [9] * 3
        return [30] * 1000 if "1000" in self.body else [16]


NEW, PREFIX = "new length and count", "new prefix as well"
REPEATED, LARGE = "article 1 x 16, repeated", "article 1000 x 30"
CALLS = {
    NEW: Call("GET", "/api/v1/strings?length=LENGTH&count=COUNT", longest=64),
    PREFIX: Call("GET", "/api/v1/strings?length=LENGTH&count=COUNT&prefix=SERIAL", longest=64),
    REPEATED: Call("POST", "/getrandomstr", ARTICLE % (16, 1)),
    LARGE: Call("POST", "/getrandomstr", ARTICLE % (30, 1000)),
}
# The article has one route, which allows 30 characters and has no prefix.
ARTICLES_NEW = Call("POST", "/getrandomstr", ARTICLE % ("LENGTH", "COUNT"), longest=30)


def pairs() -> list[tuple[str, str, Call]]:
    """Every contender with every call that it can answer."""
    found = [(name, call, CALLS[call]) for call in CALLS for name in CONTENDERS if name != "article"]
    found += [("article", NEW, ARTICLES_NEW), ("article", REPEATED, CALLS[REPEATED]), ("article", LARGE, CALLS[LARGE])]
    return found


def measure(stacks: Stacks, rounds: int, seconds: int) -> list[Row]:
    """Every contender with every call, in interleaved rounds whose order rotates."""
    for name, _, call in pairs():
        call.check(stacks[name])
        stacks[name].load(1, *call.arguments)  # warm up
    rows = []
    for round_ in range(rounds):
        for call_name in CALLS:
            these = [pair for pair in pairs() if pair[1] == call_name]
            turn = round_ % len(these)
            for name, _, call in these[turn:] + these[:turn]:
                seen = stacks[name].load(seconds, *call.arguments)
                rows.append({"round": round_, "contender": name, "call": call_name, **seen})
    return rows


def of(rows: list[Row], contender: str, call: str) -> list[Row]:
    """A contender's rows of a call. For the article, which has no prefix, those of its other new requests."""
    if (contender, call) == ("article", PREFIX):
        call = NEW
    return [row for row in rows if row["contender"] == contender and row["call"] == call]


def rate(rows: list[Row], contender: str, call: str) -> float:
    """Median requests a second."""
    return median(of(rows, contender, call), "rps")


def ratio(rows: list[Row], call: str, contender: str) -> float:
    """How many times as many requests our stack answers."""
    return rate(rows, "ours", call) / rate(rows, contender, call)


def summary(rows: list[Row]) -> Table:
    """Requests a second of every contender with every call."""
    table = Table("Requests a second", ["call", *CONTENDERS])
    for call in CALLS:
        table.add(call, *(f"{rate(rows, name, call):,.0f}" for name in CONTENDERS))
    return table


def two_figures(rows: list[Row], title: str, one: str, other: str, form: str) -> Table:
    """The medians of two figures of every contender with every call."""
    table = Table(title, ["call", *CONTENDERS])
    for call in CALLS:
        its = [of(rows, name, call) for name in CONTENDERS]
        table.add(call, *(form.format(median(of_one, one), median(of_one, other)) for of_one in its))
    return table


def widest_spread(rows: list[Row]) -> float:
    """The largest spread of requests a second over the rounds of any contender and call."""
    return max(spread([row["rps"] for row in of(rows, name, call)]) for name in CONTENDERS for call in CALLS)


def tables(rows: list[Row]) -> list[Table]:
    """CPU and latency of every contender with every call. `summary` is on docs/performance.md."""
    return [
        two_figures(rows, "CPU per request, app+nginx, µs", "app_us", "proxy_us", "{:.0f}+{:.0f}"),
        two_figures(rows, "Latency, p50/p99, ms", "p50_ms", "p99_ms", "{:.1f}/{:.1f}"),
    ]
