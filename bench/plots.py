"""The plots of docs/benchmarks/."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
mpl.rcParams["svg.hashsalt"] = "flaskrandom"  # the same figures give the same file
import matplotlib.pyplot as plt  # noqa: E402 -- only after the backend is chosen

COLOURS = {"ours": "#0b7285", "article": "#adb5bd", "fastapi": "#868e96", "ceiling": "#ced4da", "nginx": "#e9ecef"}


def calls(path: Path, rows: list[dict[str, Any]]) -> None:
    """Requests a second of every contender, a panel for each call."""
    names = list(dict.fromkeys(row["call"] for row in rows))
    figure, panels = plt.subplots(1, len(names), figsize=(4 * len(names), 3.2))
    for panel, call in zip(panels, names, strict=True):
        contenders = [name for name in COLOURS if any(row["contender"] == name and row["call"] == call for row in rows)]
        for place, name in enumerate(contenders):
            rates = [row["rps"] for row in rows if row["contender"] == name and row["call"] == call]
            middle = statistics.median(rates)
            panel.bar(place, middle, color=COLOURS[name])
            panel.errorbar(place, middle, [[middle - min(rates)], [max(rates) - middle]], color="#343a40", capsize=3)
            panel.annotate(f"{middle:,.0f}", (place, middle), ha="center", va="bottom", fontsize=8)
        panel.set_xticks(range(len(contenders)), contenders, fontsize=8)
        panel.set_title(call, fontsize=10)
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].set_ylabel("requests/s")
    _save(figure, path)


def growth(path: Path, rows: list[dict[str, Any]]) -> None:
    """Seconds of a stream over its number of strings, both on logarithmic axes; the dashed line is linear."""
    figure, panel = plt.subplots(figsize=(5, 3.2))
    counts, seconds = [row["count"] for row in rows], [row["seconds"] for row in rows]
    panel.loglog(counts, seconds, "o-", color=COLOURS["ours"], label="download through the proxy")
    panel.loglog(counts, [seconds[-1] * count / counts[-1] for count in counts], "--", color="#868e96", label="linear")
    panel.set_xlabel("strings of 16 characters")
    panel.set_ylabel("seconds")
    panel.legend(frameon=False, fontsize=8)
    panel.spines[["top", "right"]].set_visible(False)
    _save(figure, path)


def _save(figure: Any, path: Path) -> None:
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)
