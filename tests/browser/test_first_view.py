"""The first view: how much is transferred, what is there before any script, and that nothing moves."""

from __future__ import annotations

import pytest

from support.polling import await_until

from .views import CHINESE, DARK, PHONE

LOOKS = {"desktop": {}, "phone": PHONE, "phone, dark, Chinese": {**PHONE, **DARK, **CHINESE}}

#: Adds up all layout shifts that the browser reports and that no input caused.
SHIFTS = """
window.shifts = 0;
new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) shifts += entry.value;
}).observe({type: "layout-shift", buffered: true});
"""


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)
@pytest.mark.parametrize("given", ["", "#passphrases", "#uuids"])
def test_the_layout_does_not_shift(open_page, look, given):
    def prepare(page):
        page.add_init_script(SHIFTS)
        # A slow phone shows shifts that a fast machine hides between two frames.
        page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 6})

    page = open_page(given, before=prepare, **look)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("shifts") <= 0.1


def test_control_a_layout_shift_is_noticed(open_page):
    page = open_page(before=lambda page: page.add_init_script(SHIFTS))
    page.evaluate(
        """() => new Promise((done) => {
            document.body.style.paddingTop = "600px";
            requestAnimationFrame(() => requestAnimationFrame(done));
        })"""
    )
    # Not wait_for_function: the page's policy forbids what that evaluates in the page.
    await_until(lambda: page.evaluate("shifts > 0.1"), 60, "the shift is reported")


def test_the_page_transfers_at_most_100_kb(open_page):
    page = open_page()
    sizes = page.evaluate(
        """["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type))
            .filter((entry) => !entry.name.includes("/api/")).map((entry) => [entry.name, entry.transferSize])"""
    )
    assert len(sizes) > 15
    assert sum(size for _, size in sizes) <= 100_000, sizes


def test_labels_are_there_before_any_script(browser, base_url):
    """Tabs, presets, buttons, and the placeholder of the form."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{base_url}/ui/")
    assert page.locator("#kinds label").all_inner_texts() == ["Strings", "Tokens", "UUIDs", "Integers", "Passphrases"]
    assert page.locator("#presets button").count() == 8
    assert page.locator("#generate").inner_text() == "Generate"
    assert page.locator(".skeleton").is_visible()
    context.close()


@pytest.mark.parametrize(
    ("locale", "title"), [("en-GB", "Random values, exactly uniform"), ("zh-CN", "严格均匀的随机值")]
)
def test_the_title_never_shows_another_language(open_page, locale, title):
    """The test reads the title in every frame in which it is visible."""
    watch = """
        window.seen = new Set();
        const look = () => {
            const title = document.querySelector("h1");
            if (title && getComputedStyle(title).visibility === "visible") seen.add(title.textContent);
            requestAnimationFrame(look);
        };
        look();
    """
    page = open_page(before=lambda page: page.add_init_script(watch), locale=locale)
    assert page.evaluate("[...seen]") == [title]
