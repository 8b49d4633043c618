"""What a person does and sees on the page: helpers that the tests share."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from support.polling import await_until

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "device_scale_factor": 2}
CHINESE = {"locale": "zh-CN"}
DARK = {"color_scheme": "dark"}


def generate(page: Page, count: int) -> list[str]:
    """Press Generate, wait for the answer, which must be `count` values, and return them."""
    page.locator("#generate").click()
    expect(page.locator("#generate")).not_to_have_attribute("aria-busy", "true")
    said = page.locator("#notice:visible, #form .error:visible").all_inner_texts()
    assert page.locator("#values li").count() == count, f"instead of {count} values the page says {said}"
    return page.locator("#values code").all_text_contents()


def hold(page: Page, resource: str, text: str = "") -> list[Route]:
    """Hold the page's first call of an API resource with this text in its body; the list gets it."""
    held: list[Route] = []

    def route(route: Route) -> None:
        if not held and text in (route.request.post_data or ""):
            held.append(route)
        else:
            route.continue_()

    page.route(f"**/{resource}", route)
    return held


def deliver(page: Page, held: list[Route], answer: Callable[[Route], None]) -> None:
    """Answer the held call, once it is made, and return when the page's scripts have the answer."""
    # Each call into the page lets Playwright report what the page did.
    (route,) = await_until(lambda: page.evaluate("true") and held, 60, "the page makes the call")
    with page.expect_response(route.request.url) as answered:
        answer(route)
    answered.value.finished()
    # A later answer comes later.
    page.evaluate("fetch('icon.svg').then((answer) => answer.text())")


def await_figures(page: Page) -> None:
    """Wait until the figures match the current settings."""
    expect(page.locator("#figures")).not_to_have_attribute("aria-busy", "true")


def bits(page: Page) -> float:
    await_figures(page)
    return float(page.locator("#bits").inner_text())


def error_at(page: Page, field: str):
    return page.locator(f"#field-{field}-error")


def fragment(page: Page) -> str:
    return page.evaluate("location.hash")


def clipboard(page: Page) -> str:
    return page.evaluate("navigator.clipboard.readText()")


def fully(pattern: str) -> re.Pattern[str]:
    return re.compile(f"^(?:{pattern})$")
