"""A headless Chromium, and the console output of its pages."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from scripts.stack.tools import BROWSERS

STEADY = Path(__file__).with_name("steady_chromium.py")
QUIET = [
    "--no-sandbox",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--js-flags=--no-maglev,--no-opt",  # pages close before optimized code pays off
]
#: Milliseconds that a page is given for each step: Chromium is slow on a busy machine.
PATIENCE = 60_000


@contextmanager
def chromium() -> Iterator[Browser]:
    """The system's Chromium; the test is skipped where there is none."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        pytest.skip("needs Chromium: apt-get install chromium-headless-shell")
    with sync_playwright() as playwright:
        expect.set_options(timeout=PATIENCE)
        browser = playwright.chromium.launch(
            executable_path=STEADY, args=QUIET, env={**os.environ, "CHROMIUM": path}, timeout=120_000
        )
        yield browser
        browser.close()


@contextmanager
def told_by(page: Page) -> Iterator[list[str]]:
    """What the page's scripts print to the console within the block."""
    said: list[str] = []

    def listen(message: object) -> None:
        said.append(message.text)  # type: ignore[attr-defined]

    page.on("console", listen)
    yield said
    page.remove_listener("console", listen)
