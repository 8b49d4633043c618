"""Counting over many processes: families of numbers, the memory that workers share, and the text of it all.

No Flask and no HTTP in it. What flaskrandom counts is declared in `http/metrics.py`.

Own code and no client library, for its price: prometheus_client's multi-process mode takes 11 µs of CPU for what a
small call counts, and leaves two files behind for every worker that ends; docs/decisions.md has the figures.
"""

from .counts import Counts
from .families import Counter, Family, Histogram

__all__ = ["Counter", "Counts", "Family", "Histogram"]
