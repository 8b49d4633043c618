"""The plot of the short calls. Runs in the peers' image: reads rows as JSON from standard input, and prints SVG."""

from __future__ import annotations

import json
import statistics
import sys

import matplotlib as mpl

mpl.use("Agg")
mpl.rcParams["svg.hashsalt"] = "flaskrandom"  # the same figures give the same file
mpl.rcParams["svg.fonttype"] = "none"  # text stays text
import matplotlib.pyplot as plt  # noqa: E402 -- only after the backend is chosen

COLOURS = {"ours": "#0b7285", "sync": "#66a5ad", "article": "#adb5bd", "fastapi": "#868e96", "ceiling": "#ced4da"}

rows = json.load(sys.stdin)
names = list(dict.fromkeys(row["call"] for row in rows))
figure, panels = plt.subplots(1, len(names), figsize=(3.6 * len(names), 3.2))
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
figure.tight_layout()
figure.savefig(sys.stdout, format="svg", metadata={"Date": None})
