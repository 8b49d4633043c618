"""Keeps client data out of Gunicorn's log: malformed request lines, and URLs with their queries."""

from __future__ import annotations

import logging


def leave_out_requests(record: logging.LogRecord) -> bool:
    """A filter for the logger `gunicorn.error` (gunicorn/workers/base.py has the messages)."""
    if str(record.msg).startswith("Invalid request from"):
        record.msg = "a request cannot be read"
    elif str(record.msg).startswith("Error handling request"):
        record.msg, record.args = "a request failed", ()
    return True
