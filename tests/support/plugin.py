"""A pytest plugin: failures are reported with the containers' logs, and a run leaves nothing in the engine."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from .stack import RUN_OWNER, SERVICES, Stack, remove_leftovers


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run files marked `long` first, so that xdist's workers all end at about the same time."""
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Let the garbage collector skip the tests themselves: its full passes took a tenth of the unit tests' time."""
    gc.freeze()


def pytest_unconfigure() -> None:
    """Remove leftovers at the end, even after an interruption. With xdist only the main process does this."""
    if RUN_OWNER:
        for name in remove_leftovers():
            print(f"removed {name}, which its fixture left behind")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Attach the logs of every stack that the failed test used."""
    report = yield
    if report.failed and item.get_closest_marker("local"):
        for stack in {id(stack): stack for stack in _stacks(getattr(item, "funcargs", {}).values())}.values():
            report.sections.extend(_evidence(stack, with_config="proxy" in item.path.name))
    return report


def _stacks(values: Iterable[Any]) -> Iterator[Stack]:
    """The stacks among fixture values: the values themselves, members of tuples, and `stack` attributes."""
    for value in values:
        if isinstance(value, Stack):
            yield value
        elif isinstance(value, tuple):
            yield from _stacks(value)
        elif isinstance(getattr(value, "stack", None), Stack):
            yield value.stack


def _evidence(stack: Stack, with_config: bool) -> Iterator[tuple[str, str]]:
    for service in SERVICES:
        yield f"{stack.project}: logs of {service}", stack.try_compose("logs", "--tail", "50", service).stdout
    if with_config:
        shown = stack.try_compose("exec", "-T", "nginx", "bash", "-c", "tail -n +1 /run/nginx/conf.d/*").stdout
        yield f"{stack.project}: rendered configuration of nginx", shown
