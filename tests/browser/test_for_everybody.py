"""Both languages, both themes, phone and desktop, keyboard and screen reader."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from .views import CHINESE, DARK, PHONE, await_figures, fragment, generate

pytestmark = pytest.mark.long

LOOKS = {
    "desktop": {},
    "desktop, dark": DARK,
    "phone": PHONE,
    "phone, dark, Chinese": {**PHONE, **DARK, **CHINESE},
    "desktop, Chinese": CHINESE,
}
EVERY_LOOK = pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS)


def violations(page) -> list[str]:
    """The violations that axe finds, one line each."""
    found = Axe().run(page).response["violations"]
    return [f"{each['id']}: {node['html']}: {node['failureSummary']}" for each in found for node in each["nodes"]]


@EVERY_LOOK
def test_axe_finds_nothing(visit, look):
    page = visit("#strings?length=12&count=5&min_digits=1&prefix=a&special_chars=%25", **look)
    generate(page, 5)
    page.locator("#key-panel").evaluate("panel => { panel.open = true; }")
    assert violations(page) == []


@EVERY_LOOK
def test_axe_finds_nothing_while_errors_are_shown(visit, look):
    page = visit("#strings?length=99999&min_special=1&digits=false&lower=false&upper=false", **look)
    page.locator("#generate").click()
    expect(page.locator("#notice")).to_be_visible()
    assert violations(page) == []


@pytest.mark.parametrize(
    "given",
    [
        "#strings?pattern=?d",
        "#strings?regex=%5Cd",
        "#strings?rules=",
        "#tokens",
        "#uuids",
        "#integers?count=2000",
        "#passphrases",
    ],
)
def test_axe_finds_nothing_in_any_kind(visit, given):
    assert violations(visit(given)) == []


def test_control_axe_finds_a_missing_label(page):
    page.evaluate("document.querySelector('label[for=field-count]').remove()")
    assert any("label" in found for found in violations(page))


@pytest.mark.parametrize("width", [320, 390, 600, 820, 1280, 1920])
@pytest.mark.parametrize(
    "given",
    [
        "#strings?min_digits=1&prefix=a&exclude=b",
        "#strings?pattern=?d",
        "#passphrases?words=64&count=3",
        "#integers?count=5000",
    ],
)
def test_nothing_is_wider_than_the_screen(visit, width, given):
    page = visit(given, viewport={"width": width, "height": 800}, locale="zh-CN" if width == 600 else "en-GB")
    if "5000" not in given:
        page.locator("#generate").click()
        expect(page.locator("#results")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_on_a_phone_the_buttons_are_always_visible(open_page):
    page = open_page(**PHONE)
    for place in (0, 400, 4000):
        page.evaluate("place => scrollTo({top: place, behavior: 'instant'})", place)
        for button in ("#generate", "#download"):
            expect(page.locator(button)).to_be_in_viewport(ratio=1)
    # The drawn value scrolls into view, except for a fraction of a pixel, and is not behind the bar.
    generate(page, 1)
    expect(page.locator("#values .value")).to_be_in_viewport(ratio=0.99)
    small = page.locator("button:visible, select:visible, summary:visible, input[type=text]:visible").evaluate_all(
        """all => all.filter((one) => !one.closest("#presets") && one.getBoundingClientRect().height < 42)
            .map((one) => one.outerHTML)"""
    )
    assert small == []


def test_on_a_phone_the_largest_number_of_values_fits_its_field(open_page):
    page = open_page("#strings?count=10000000", **PHONE | {"viewport": {"width": 375, "height": 812}})
    assert page.locator("#field-count").evaluate("(input) => input.scrollWidth <= input.clientWidth")


def test_on_a_phone_no_title_of_a_group_is_squeezed(open_page):
    """The words about a group stand below its title, in one or two lines."""
    page = open_page(**PHONE)
    heights = page.locator("#form summary small").evaluate_all("all => all.map((one) => one.offsetHeight)")
    assert len(heights) == 4
    assert max(heights) < 45


@pytest.mark.parametrize("kind", ["strings", "integers", "passphrases"])
def test_on_a_phone_the_chosen_tab_is_in_view(open_page, kind):
    page = open_page(f"#{kind}", **PHONE)
    tab = page.locator(f"label[for=kind-{kind}]").bounding_box()
    assert tab["x"] >= 0
    assert tab["x"] + tab["width"] <= PHONE["viewport"]["width"]


def test_on_a_phone_nothing_stays_behind_the_buttons(open_page):
    """Their bar is higher with hints: still the end of the page and whatever has the focus can be seen."""
    page = open_page("#uuids?count=5000&format=csv", **PHONE)
    page.evaluate("scrollTo({top: 1e6, behavior: 'instant'})")
    bar = page.locator("#actions").bounding_box()["y"]
    last = page.locator("footer a").last.bounding_box()
    assert last["y"] + last["height"] <= bar
    page = open_page("#strings?count=5000&format=csv&min_digits=1&prefix=a", **PHONE, reduced_motion="reduce")
    behind, seen = [], set()
    page.locator("#field-length").focus()
    for _ in range(30):
        page.keyboard.press("Tab")
        name, below = page.evaluate(
            """() => {
                const one = document.activeElement, bar = document.getElementById("actions");
                const shown = one.labels?.[0]?.parentElement.matches(".chip") ? one.labels[0] : one;
                const below = shown.getBoundingClientRect().bottom - bar.getBoundingClientRect().top;
                return [one.id || one.className, bar.contains(one) ? 0 : below];
            }"""
        )
        seen.add(name)
        if below > 0:
            behind.append((name, below))
    assert behind == []
    assert len(seen) > 20


def test_on_a_very_low_screen_the_buttons_do_not_stick(open_page):
    """At a zoom of 400 % they would cover half of it."""
    page = open_page(viewport={"width": 320, "height": 256}, device_scale_factor=4)
    assert page.locator("#actions").evaluate("(bar) => getComputedStyle(bar).position") != "fixed"
    generate(page, 1)
    expect(page.locator("#values .value")).to_be_in_viewport(ratio=0.99)


def test_a_value_can_be_made_and_copied_by_keyboard(page):
    """From the top of the page to a value on the clipboard, with only Tab, arrows, Space and Enter."""

    def tab_to(ident: str, most: int = 60) -> None:
        for _ in range(most):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == ident:
                return
        pytest.fail(f"Tab does not lead to #{ident}")

    page.keyboard.press("Tab")
    expect(page.locator("#skip")).to_be_focused()
    expect(page.locator("#skip")).to_be_in_viewport()
    tab_to("kind-strings")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#kind-tokens")).to_be_checked()
    expect(page.locator("#kind-tokens")).to_be_focused()
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#kind-strings")).to_be_focused()
    tab_to("field-length")
    page.keyboard.press("ArrowUp")
    expect(page.locator("#field-length")).to_have_value("17")
    tab_to("field-count")
    page.keyboard.type("3")  # replaces the old value, which Tab has selected
    tab_to("field-special")
    page.keyboard.press("Space")
    await_figures(page)
    tab_to("generate")
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_have_text("3 values")
    tab_to("copy-json")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#status")).to_have_text("Copied.")
    third = page.locator("#values code").nth(2).inner_text()
    assert page.evaluate("navigator.clipboard.readText()") == third
    assert fragment(page) == "#strings?length=17&count=3&special=true"


def test_every_focused_element_has_an_outline(page):
    """Each focused element, or its label, shows an outline."""
    generate(page, 1)
    page.locator("body").press("Tab")
    unseen, seen = [], set()
    for _ in range(60):
        stop = page.evaluate(
            """() => {
                const one = document.activeElement;
                const around = [one, one.nextElementSibling, one.parentElement].filter(Boolean);
                const outlined = (each) => getComputedStyle(each).outlineStyle === "solid";
                return [one.outerHTML.slice(0, 80), around.some(outlined)];
            }"""
        )
        seen.add(stop[0])
        if not stop[1] and not stop[0].startswith("<body"):
            unseen.append(stop[0])
        page.keyboard.press("Tab")
    assert unseen == []
    assert len(seen) > 20


def test_the_skip_link_leads_to_the_settings_and_keeps_them(open_page):
    """The fragment of the address holds the settings, so the link must not replace it."""
    page = open_page("#tokens?bytes=8")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#form")).to_be_focused()
    expect(page.locator("#kind-tokens")).to_be_checked()
    expect(page.locator("#field-bytes")).to_have_value("8")
    assert fragment(page) == "#tokens?bytes=8"


def test_a_thousand_values_are_one_tab_stop(page):
    page.locator("#field-count").fill("1000")
    await_figures(page)
    generate(page, 1000)
    expect(page.locator("#values .value[tabindex='0']")).to_have_count(1)
    page.locator("#values .value").first.focus()
    page.keyboard.press("End")
    expect(page.locator("#values .value").last).to_be_focused()
    expect(page.locator("#values button[tabindex='0']")).to_have_count(2)


def test_the_buttons_at_a_value_say_what_they_do(page):
    """In tooltips and to screen readers: the name of the first button is the value, so its description says it."""
    (value,) = generate(page, 1)
    expect(page.locator("#values .value")).to_have_accessible_name(value)
    expect(page.locator("#values .value")).to_have_accessible_description("Copy this value")
    expect(page.locator("#values .show-qr")).to_have_accessible_name("Show as a QR code")
    page.locator("#language").click()
    expect(page.locator("#values .value")).to_have_accessible_description("复制此值")
    titles = page.locator("#values button").evaluate_all("all => all.map((button) => button.title)")
    assert titles == ["复制此值", "显示为二维码"]


def test_the_language_follows_the_browser_and_can_be_switched(open_page):
    page = open_page("#strings?length=12", **CHINESE)
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.get_by_text("English", exact=True)).to_have_attribute("lang", "en")
    expect(page.locator("#generate")).to_contain_text("生成")
    (value,) = generate(page, 1)
    page.locator("#language").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#generate")).to_contain_text("Generate")
    expect(page.locator("#results-title")).to_have_text("1 value")
    # The switch keeps settings, values and focus.
    expect(page.locator("#field-length")).to_have_value("12")
    expect(page.locator("#values code")).to_have_text(value)
    expect(page.locator("#language")).to_be_focused()
    page.reload()
    page.wait_for_selector("body.ready")
    expect(page.locator("#generate")).to_contain_text("Generate")


@pytest.mark.parametrize("tag", ["zh-TW", "zh", "de-DE", "en-US"])
def test_other_browser_languages_get_chinese_or_english(open_page, tag):
    page = open_page(locale=tag)
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN" if tag.startswith("zh") else "en")


@pytest.mark.parametrize("look", [{}, CHINESE], ids=["English", "Chinese"])
@pytest.mark.parametrize(
    "given",
    [
        "#strings",
        "#strings?pattern=?d",
        "#strings?alphabet=ab",
        "#strings?regex=a",
        "#strings?rules=",
        "#tokens",
        "#uuids",
        "#integers",
        "#passphrases",
    ],
)
def test_no_text_is_missing(visit, look, given):
    """A missing text shows its key in brackets; a field without a label shows the API's name, with underscores."""
    page = visit(given, **look)
    page.locator("details").evaluate_all("all => all.forEach((details) => { details.open = true })")
    text = page.locator("body").inner_text()
    assert "[" not in text
    labels = page.locator("#form label, #form legend").all_inner_texts()
    assert labels
    assert not [label for label in labels if "_" in label]


def test_the_theme_follows_the_system_and_can_be_switched(open_page):
    page = open_page(**DARK)

    def paper():
        return page.evaluate("getComputedStyle(document.body).backgroundColor")

    dark = paper()
    page.locator("#theme").click()
    light = paper()
    assert light != dark
    page.reload()
    page.wait_for_selector("body.ready")
    assert paper() == light
    page.locator("#theme").click()
    assert paper() == dark
    # Back to the system's theme: the page follows it again and stores nothing.
    assert page.evaluate("localStorage.theme") is None
    page.emulate_media(color_scheme="light")
    assert paper() == light


@pytest.mark.parametrize("look", [{}, DARK], ids=["light", "dark"])
def test_the_icons_beside_the_values_have_enough_contrast(visit, look):
    """At least 3:1 (WCAG 1.4.11), which axe does not check."""
    page = visit("#strings", **look)
    generate(page, 1)
    page.locator("h1").hover()
    icon, paper, opacity = page.locator(".show-qr .icon").evaluate(
        """(icon) => {
            const colour = (one, name) => getComputedStyle(one)[name].match(/[\\d.]+/g).slice(0, 3).map(Number);
            const card = document.getElementById("results");
            return [colour(icon, "color"), colour(card, "backgroundColor"), Number(getComputedStyle(icon).opacity)];
        }"""
    )

    def luminance(colour):
        parts = [part / 255 for part in colour]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    shown = [over * opacity + under * (1 - opacity) for over, under in zip(icon, paper, strict=True)]
    darker, lighter = sorted((luminance(shown), luminance(paper)))
    assert (lighter + 0.05) / (darker + 0.05) >= 3


def test_states_can_be_told_apart_in_forced_colours(open_page):
    """With the few colours that the reader chose: the chosen tab, chosen characters, the focus, and the strength."""
    page = open_page("#strings?upper=false", forced_colors="active")

    def style(selector, name):
        return page.locator(selector).evaluate("(one, name) => getComputedStyle(one)[name]", name)

    tabs = [style(f"label[for=kind-{kind}]", "borderBottomColor") for kind in ("strings", "tokens")]
    assert tabs[0] != tabs[1] == style("body", "backgroundColor")
    chips = [style(f"label[for=field-{name}]", "backgroundColor") for name in ("digits", "lower", "upper")]
    assert chips[0] == chips[1] != chips[2]
    page.locator("#field-count").press("Tab")
    page.keyboard.press("Tab")
    expect(page.locator("#field-digits")).to_be_focused()
    outlines = [style(f"label[for=field-{name}]", "outlineStyle") for name in ("digits", "lower")]
    assert outlines == ["solid", "none"]
    assert style("#meter-bar", "backgroundColor") != style("#figures", "backgroundColor")


def test_reduced_motion_is_respected(open_page):
    page = open_page(reduced_motion="reduce")
    moving = page.evaluate(
        """[...document.querySelectorAll("*")].filter((one) => {
            const style = getComputedStyle(one);
            const moves = style.transitionProperty !== "none" && style.transitionDuration !== "0s";
            return moves || style.animationName !== "none";
        }).length"""
    )
    assert moving == 0


def test_a_screen_reader_is_told_what_happens(page):
    """The live region announces each event."""
    region = page.locator("#status")
    expect(region).to_have_attribute("role", "status")
    page.locator("#field-count").fill("2")
    generate(page, 2)
    expect(region).to_have_text("2 values")
    page.locator("#clear").click()
    expect(region).to_have_text("Cleared.")


def test_without_javascript_the_page_says_that_it_needs_it(client):
    """The test reads the HTML: with scripts off in Playwright, the browser still hides noscript."""
    (said,) = re.findall("<noscript>(.*?)</noscript>", client.get("/ui/").text, re.S)
    assert "This page needs JavaScript" in said
