"""Check that no log holds a secret."""

from __future__ import annotations

from collections.abc import Iterable

from .polling import await_until
from .stack import SERVICES, Stack


def check_no_log_holds(secrets: Iterable[str], stack: Stack, last: str) -> None:
    """`last` is the request id of the last request: once that is in nginx's log, those before it are too."""
    await_until(lambda: last in stack.logs("nginx"), 5, "the last request is logged")
    for service in SERVICES:
        logs = stack.logs(service)
        assert logs
        assert [secret for secret in secrets if secret in logs] == []
