"""Change settings, read the figures, generate values, copy them."""

from __future__ import annotations

import csv
import io
import json
import math
import re

import pytest
from playwright.sync_api import Page, expect

from cases.v1 import KINDS

from .views import PHONE, await_figures, bits, clipboard, deliver, error_at, fragment, fully, generate, hold

pytestmark = pytest.mark.long

#: Fragments that set every field of each kind, and the pattern of the values.
EVERY_FIELD = {
    "#strings?length=12&count=7&special=true&min_digits=2&min_lower=1&min_upper=1&min_special=1&first=lower,upper"
    "&special_chars=%25-&exclude=abc&exclude_similar=true&max_repeat=2&unique=true&prefix=<&suffix=>&group=4"
    "&separator=_": r"<[A-Za-z][\w%-]{3}_[\w%-]{4}_[\w%-]{4}>",
    "#strings?length=9&lower=false&upper=false&checksum=luhn&count=3": r"\d{10}",
    "#strings?alphabet=αβγ😀&length=5&count=4&max_repeat=1": "[αβγ😀]{5}",
    "#strings?pattern=SALE-?u?u?d?d-?d?d&count=9": r"SALE-[A-Z]{2}\d\d-\d\d",
    "#strings?length=6&last=digits&exclude_words=ab,cd&exclude_profanity=true&count=3": r"[0-9A-Za-z]{5}[0-9]",
    "#strings?regex=[ab]%2B&max_length=9&max_repeat=1&prefix=<&suffix=>&count=3": r"<(ab|a?(ba)*b?)+>",
    "#strings?rules=allowed:%20digit&length=8&exclude=0&count=3": r"[1-9]{8}",
    "#strings?bits=64&exclude_similar=true&count=3": r"[0-9A-Za-z]{12}",
    "#tokens?bytes=6&encoding=base64url&prefix=key_&count=3": r"key_[\w-]{8}",
    "#uuids?version=7&count=4": r"[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}",
    "#integers?min=-5&max=5&count=11&unique=true": r"-?\d",
    "#passphrases?words=3&separator=.&capitalize=true&count=2": r"([A-Z][a-z-]+\.){2}[A-Z][a-z-]+",
    "#passphrases?words=4&separator=&language=zh&number=true&count=2": r"(?=\D*\d\D*$)[\u4e00-\u9fff\d]{5}",
}


@pytest.fixture
def page(visit) -> Page:
    """The page that stays open, with default settings."""
    return visit("#strings")


@pytest.mark.parametrize(("given", "pattern"), EVERY_FIELD.items())
def test_every_field_reaches_the_api(visit, given, pattern):
    page = visit(given)
    count = int(re.search(r"count=(\d+)", given)[1])
    values = generate(page, count)
    assert [value for value in values if not fully(pattern).match(value)] == []
    # The request holds exactly the fields of the address.
    names = set(re.findall(r"[?&](\w+)=", given))
    with page.expect_request("**/api/v1/*") as asked:
        page.locator("#generate").click()
    assert set(asked.value.post_data_json) == names


def test_the_form_shows_what_the_api_describes(open_page, client):
    """Kinds, limits and defaults come from /openapi.json; the page has no copy of them."""
    page = open_page()
    paths = client.get("/openapi.json").json()["paths"]
    for kind in KINDS:
        page.locator(f"label[for=kind-{kind}]").click()
        await_figures(page)
        assert fragment(page) in (f"#{kind}", "")
        ways = page.locator("#way option").evaluate_all("all => all.map(one => one.value)")
        shown = set()
        for way in ways or [None]:
            if way:
                page.locator("#way").select_option(way)
            shown |= set(page.locator("#form [data-field]").evaluate_all("all => all.map(one => one.dataset.field)"))
        described = paths[f"/api/v1/{kind}"]["get"]["parameters"]
        assert shown == {parameter["name"] for parameter in described}
    most = next(each for each in described if each["name"] == "count")["schema"]["maximum"]
    page.locator("#field-count").fill(str(most))
    expect(page.locator("#limit")).to_be_empty()
    page.locator("#field-count").fill(str(most + 1))
    expect(page.locator("#limit")).to_contain_text(f"{most:,}")
    expect(page.locator("#generate")).to_be_hidden()


def test_figures_are_updated_while_typing(page):
    assert bits(page) == pytest.approx(16 * math.log2(62), abs=0.05)
    page.locator("#field-length").fill("6")
    page.locator("label[for=field-lower]").click()
    page.locator("label[for=field-upper]").click()
    page.locator("#field-count").fill("1000")
    expect(page.locator("#bits")).to_have_text("19.9")
    expect(page.locator("#possible")).to_have_text("1,000,000")
    expect(page.locator("#duplicates")).to_have_text("39.3%")
    expect(page.locator("#guessing")).to_have_text("under a second")
    page.locator("label[for=field-unique]").click()
    expect(page.locator("#duplicates")).to_have_text("none")
    assert page.locator("#meter").get_attribute("aria-valuenow") == "19.9"


def test_a_late_answer_is_dropped(open_page):
    """The first estimate arrives after the second is shown, and must not overwrite it."""
    page = open_page()
    held = hold(page, "estimate", '"length":3')
    with page.expect_request(lambda request: '"length":3' in (request.post_data or "")):
        page.locator("#field-length").fill("3")
    page.locator("#field-length").fill("4")
    expect(page.locator("#bits")).to_have_text("23.8")
    for route in held:
        # The page has cancelled this request; if it had not, the answer would arrive now.
        route.fulfill(json={"possible": True, "entropy_bits": 1, "collision_probability": 0})
    page.wait_for_load_state("networkidle")
    expect(page.locator("#bits")).to_have_text("23.8")


@pytest.fixture
def slow_page(open_page):
    """A page whose timers run only when the test says so, however slow the machine is."""
    page = open_page(before=lambda page: page.clock.install())
    page.clock.pause_at(page.evaluate("Date.now()") + 60_000)
    return page


def test_a_click_is_not_lost_to_an_estimate_that_arrives_during_it(slow_page):
    """The estimate shows an error above the switch between press and release of the switch."""
    page = slow_page
    held = hold(page, "estimate", '"length":0')
    page.locator("#field-length").fill("0")
    page.clock.run_for(1000)
    page.locator("label[for=field-special]").hover(position={"x": 20, "y": 3})
    page.mouse.down()
    deliver(page, held, lambda route: route.continue_())
    page.mouse.up()
    expect(page.locator("#field-special")).to_be_checked()
    page.clock.run_for(1000)
    expect(error_at(page, "length")).to_be_visible()


@pytest.mark.parametrize(("button", "resource"), [("generate", "strings"), ("download", "strings/stream")])
def test_a_click_is_not_lost_to_a_refusal_that_arrives_during_it(slow_page, expected, button, resource):
    """The refusal of an earlier click shows its notice above Generate between press and release of Generate."""
    expected.append("status of 503")
    page = slow_page
    held = hold(page, resource)
    page.locator(f"#{button}").click()
    page.clock.run_for(1000)
    page.locator("#generate").hover()
    page.mouse.down()
    deliver(page, held, lambda route: route.fulfill(status=503, json={}))
    page.mouse.up()
    page.clock.run_for(1000)
    expect(page.locator("#values li")).to_have_count(1)
    expect(page.locator("#notice")).to_be_hidden()


def test_an_estimate_is_shown_during_a_long_press(slow_page):
    """The browser may never report the release, for instance after it opened a menu."""
    page = slow_page
    held = hold(page, "estimate", '"length":0')
    page.mouse.down()
    page.locator("#field-length").fill("0")
    page.clock.run_for(500)
    deliver(page, held, lambda route: route.continue_())
    expect(error_at(page, "length")).to_be_hidden()
    page.clock.run_for(500)
    expect(error_at(page, "length")).to_be_visible()


def test_an_estimate_does_not_hide_why_nothing_was_generated(open_page, expected):
    """Generate is refused before the estimate of the same settings arrives."""
    expected.append("status of 503")
    page = open_page()
    held = hold(page, "estimate", '"length":9')
    refused = hold(page, "strings")
    page.locator("#field-length").fill("9")
    page.locator("#generate").click()
    deliver(page, refused, lambda route: route.fulfill(status=503, json={}))
    expect(page.locator("#notice")).to_contain_text("The server is busy")
    deliver(page, held, lambda route: route.continue_())
    assert bits(page) == pytest.approx(53.6)
    expect(page.locator("#notice")).to_be_visible()
    # The estimate of newer settings does.
    page.locator("#field-length").fill("8")
    expect(page.locator("#notice")).to_be_hidden()


def test_the_buttons_stay_in_place_while_the_figures_show_an_error(page):
    """Else a click misses Generate if it follows the typed text closely."""
    await_figures(page)
    before = page.locator("#generate").bounding_box()
    page.locator("#field-length").fill("0")
    expect(page.locator("#figures-reason")).to_have_text("One field needs a different value.")
    assert page.locator("#generate").bounding_box() == before


@pytest.mark.parametrize("look", [{"viewport": {"width": 1280, "height": 800}}, PHONE], ids=["desktop", "phone"])
def test_the_buttons_stay_in_place_while_a_notice_is_shown(open_page, expected, look):
    """When it appears and when it goes; and it is seen."""
    expected.append("ERR_CONNECTION_RESET")
    page = open_page("#strings?count=3", reduced_motion="reduce", **look)  # no slow scroll
    generate(page, 3)
    buttons = [page.locator(f"#{name}") for name in ("generate", "download", "copy-all", "clear")]
    before = [button.bounding_box() for button in buttons]
    page.route("**/strings", lambda route: route.abort("connectionreset"), times=1)
    page.locator("#generate").click()
    expect(page.locator("#notice")).to_contain_text("The connection to the server failed.")
    expect(page.locator("#notice")).to_be_in_viewport(ratio=1)
    assert [button.bounding_box() for button in buttons] == before
    # A prefix does not change the figures, whose texts may differ in height.
    page.locator("#field-prefix").evaluate("(input) => { input.value = 'a'; input.dispatchEvent(new Event('input')); }")
    expect(page.locator("#notice")).to_be_hidden()
    assert [button.bounding_box() for button in buttons] == before


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("width", [390, 960, 1280])
def test_a_notice_covers_no_figure(open_page, expected, language, width):
    expected.append("ERR_CONNECTION_RESET")
    page = open_page("#strings", viewport={"width": width, "height": 800}, locale=language, reduced_motion="reduce")
    page.locator("#figures").scroll_into_view_if_needed()
    page.route("**/strings", lambda route: route.abort("connectionreset"), times=1)
    page.locator("#generate").click()
    expect(page.locator("#notice")).to_be_visible()
    page.evaluate("document.querySelector('#duplicates').scrollIntoView({block: 'nearest'})")
    notice = page.locator("#notice").bounding_box()
    for figure in ("level", "possible", "guessing", "duplicates"):
        box = page.locator(f"#{figure}").bounding_box()
        assert box["y"] + box["height"] <= notice["y"], figure


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("width", [320, 417, 481, 960, 1280])
def test_the_level_stays_in_its_line_when_the_entropy_has_many_digits(open_page, language, width):
    """Else the buttons below move."""
    page = open_page("#strings", viewport={"width": width, "height": 800}, locale=language)
    looks = set()
    for length, entropy in (("22", "131"), ("1000", "5,954.2"), ("4096", "24,388.4")):
        page.locator("#field-length").fill(length)
        expect(page.locator("#bits")).to_have_text(entropy)
        assert page.locator("#level").evaluate("(level) => level.scrollWidth <= level.clientWidth"), "the level is cut"
        box = page.locator(".strength").evaluate("(box) => [box.offsetHeight, box.scrollWidth - box.clientWidth]")
        looks.add(tuple(box))
    assert looks == {(81 if width <= 480 else 46, 0)}


def test_the_values_stay_in_place_on_a_phone_when_the_level_changes(open_page):
    page = open_page("#strings", **PHONE)
    levels, places = set(), set()
    for length in (2, 6, 16, 20, 24):
        page.locator("#field-length").fill(str(length))
        generate(page, 1)
        await_figures(page)
        levels.add(page.locator("#level").inner_text())
        places.add(page.evaluate("document.querySelector('#results').getBoundingClientRect().top + scrollY"))
    assert len(levels) == 5
    assert len(places) == 1


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("width", [320, 375, 600, 960, 1100, 1280])
def test_the_buttons_stay_in_place_when_the_figures_change(open_page, language, width):
    """Levels and figures differ in length, and lines must not break differently."""
    page = open_page("#strings?count=2", viewport={"width": width, "height": 800}, locale=language)
    heights = set()
    for length in (2, 6, 13, 14, 16, 19, 24, 4096):
        page.locator("#field-length").fill(str(length))
        await_figures(page)
        heights.add(page.locator("#figures").evaluate("(card) => card.offsetHeight"))
    assert len(heights) == 1
    assert page.locator("#figures").evaluate("(card) => card.scrollWidth <= card.clientWidth")


def test_figures_are_requested_after_a_pause_in_typing(page):
    asked = []
    page.on("request", lambda request: asked.append(request.url) if "estimate" in request.url else None)
    page.locator("#field-prefix").evaluate("input => input.closest('details').open = true")
    page.locator("#field-prefix").press_sequentially("voucher-2026-", delay=5)
    await_figures(page)
    assert 1 <= len(asked) < 13


def test_one_value_or_all_can_be_copied(page):
    page.locator("#field-count").fill("3")
    values = generate(page, 3)
    page.locator("#values .value").nth(1).click()
    expect(page.locator("#status")).to_have_text("Copied.")
    assert clipboard(page) == values[1]
    for form, text in {
        "all": "".join(f"{value}\n" for value in values),
        "csv": "".join(f"{value}\r\n" for value in ["value", *values]),
        "json": json.dumps(values, separators=(",", ":")),
    }.items():
        page.locator(f"#copy-{form}").click()
        expect(page.locator(f"#copy-{form}")).to_contain_class("done")
        expect(page.locator("#status")).to_have_text("3 values copied.")
        assert clipboard(page) == text


def test_a_copy_that_the_browser_refuses_is_reported(open_page):
    """To everybody, not only to screen readers."""
    refuse = "navigator.clipboard.writeText = () => Promise.reject(new Error()); document.execCommand = () => false;"
    page = open_page(before=lambda page: page.add_init_script(refuse))
    generate(page, 1)
    page.locator("#values .value").click()
    expect(page.locator("#notice")).to_have_text("The browser did not allow copying.")
    generate(page, 1)
    expect(page.locator("#notice")).to_be_hidden()
    page.locator("#values .value").click()
    expect(page.locator("#notice")).to_be_visible()
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.resolve(); }")
    page.locator("#values .value").click()
    expect(page.locator("#notice")).to_be_hidden()


def test_csv_and_json_preserve_awkward_values(visit):
    page = visit('#strings?pattern=?d,"x" &count=2')
    values = generate(page, 2)
    page.locator("#copy-csv").click()
    expect(page.locator("#status")).to_have_text("2 values copied.")
    assert [row[0] for row in csv.reader(io.StringIO(clipboard(page), newline=""))] == ["value", *values]
    numbers = visit(f"#integers?min={10**40}&max={10**40 + 9}&count=3")
    values = generate(numbers, 3)
    numbers.locator("#copy-json").click()
    expect(numbers.locator("#status")).to_have_text("3 values copied.")
    assert json.loads(clipboard(numbers)) == [int(value) for value in values]


def test_a_value_is_shown_as_a_qr_code(page):
    """The drawing has the encoder's squares (see tests/page), with the value below; Escape closes it."""
    (value,) = generate(page, 1)
    page.locator("#values .show-qr").click()
    dialog = page.locator("#qr")
    expect(dialog).to_be_visible()
    expect(page.locator("#qr-text")).to_have_text(value)
    squares = page.locator("#qr-code path").get_attribute("d").count("M")
    code = page.evaluate("async (value) => (await import('/ui/js/qr.js')).qrCode(value)", value)
    assert squares == sum(map(sum, code)) > 100
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.locator("#values .show-qr")).to_be_focused()


def test_a_value_too_long_for_a_qr_code_gets_a_message(visit):
    page = visit("#strings?length=667")
    generate(page, 1)
    page.locator("#values .show-qr").click()
    expect(page.locator("#qr-text")).to_have_text("This value is too long for a QR code: more than 666 bytes.")
    expect(page.locator("#qr-text")).not_to_contain_class("code")  # a sentence, not a value
    page.locator("#qr-close").click()
    expect(page.locator("#qr")).to_be_hidden()


def test_only_the_values_are_printed(open_page):
    page = open_page()
    page.evaluate("window.print = () => { window.printed = true; }")
    page.locator("#field-count").fill("3")
    values = generate(page, 3)
    page.locator("#print").click()
    assert page.evaluate("window.printed")
    page.emulate_media(media="print")
    expect(page.locator("#form")).to_be_hidden()
    expect(page.locator("#generate")).to_be_hidden()
    assert page.locator("body").inner_text().split() == ["3", "values", *values]


def test_values_are_printed_close_together_and_dark_on_white(open_page):
    """Also in the dark theme that was chosen on the page; without the button below the values' number."""
    page = open_page("#strings?count=50")
    generate(page, 50)
    page.evaluate("document.getElementById('campaign').hidden = false")
    page.locator("#theme").click()
    page.emulate_media(media="print")
    assert page.locator("#values li").first.bounding_box()["height"] < 32
    expect(page.locator("#next-text")).to_be_visible()
    expect(page.locator("#next")).to_be_hidden()
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"


def test_a_campaign_continues_after_its_last_code(open_page):
    """The test replaces the API's answer, because a series needs a key on the server."""

    def answers(page):
        def answer(route):
            asked = route.request.post_data_json
            first = asked.get("offset", 0)
            data = [f"code-{number}" for number in range(first, first + asked["count"])]
            figures = {"count": len(data), "entropy_bits": 60, "collision_probability": 0}
            route.fulfill(json={"data": data, "next_offset": first + len(data), **figures})

        page.route("**/api/v1/strings", answer)

    page = open_page("#strings?count=500", before=answers)
    page.locator("#form summary", has_text="Codes that never repeat").click()
    page.locator("#field-series").fill("spring")
    assert generate(page, 500)[-1] == "code-499"
    expect(page.locator("#next-text")).to_have_text("The next unused code has number 500.")
    page.locator("#next").click()
    expect(page.locator("#field-offset")).to_have_value("500")
    assert fragment(page) == "#strings?count=500&series=spring&offset=500"
    page.locator("#generate").click()
    expect(page.locator("#values code").first).to_have_text("code-500")


def test_copying_works_without_the_clipboard_api(open_page):
    """Browsers have no clipboard API over plain HTTP from another machine."""
    page = open_page(before=lambda page: page.add_init_script("delete Navigator.prototype.clipboard"))
    assert page.evaluate("navigator.clipboard === undefined")
    (value,) = generate(page, 1)
    page.locator("#values .value").click()
    expect(page.locator("#status")).to_have_text("Copied.")
    page.locator("#field-prefix").evaluate("input => input.closest('details').open = true")
    page.locator("#field-prefix").focus()
    page.keyboard.press("Control+V")
    expect(page.locator("#field-prefix")).to_have_value(value)


def test_values_are_shown_and_copied_unchanged(visit):
    """Markup is shown as text, and spaces are kept."""
    page = visit("#strings?pattern=  <b>%26amp;</b> ?d  &count=1")
    (value,) = generate(page, 1)
    assert fully(r"  <b>&amp;</b> \d  ").match(value)
    page.locator("#values .value").click()
    expect(page.locator("#status")).to_have_text("Copied.")
    assert clipboard(page) == value


def test_numbers_keep_all_their_digits(visit):
    least, most = 10**40, 10**40 + 9
    page = visit(f"#integers?min={least}&max={most}&count=20")
    assert all(least <= int(value) <= most for value in generate(page, 20))
    page.locator("#field-max").press("ArrowUp")
    expect(page.locator("#field-max")).to_have_value(str(most + 1))


PRESETS = {
    "pin": r"\d{6}",
    "password": r"(?=.*\d)(?=.*[!@#$])[\w!@#$]{20}",
    "wifi": r"([2-9A-HJ-NP-Za-kmnp-z]{5}-?){4}",
    "apiKey": r"key_[\w-]{43}",
    "vouchers": r"([2-9A-HJ-NP-Z]{4}-?){3}",
    "licence": r"([2-9A-HJ-NP-Z]{5}-?){5}",
    "testCard": r"4000( \d{4}){3}",
    "passphrase": r"([a-z-]+-){5}[a-z-]+",
}


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_gives_the_values_it_names(visit, preset):
    page = visit("#strings")
    assert page.locator("#presets button").count() == len(PRESETS)
    page.locator(f"[data-preset={preset}]").click()
    await_figures(page)
    values = generate(page, 500 if preset == "vouchers" else 1)
    assert [value for value in values if not fully(PRESETS[preset]).match(value)] == []
    assert len(set(values)) == len(values)


@pytest.mark.parametrize(
    ("locale", "language", "separator"),
    [("zh-CN", "zh", ""), ("zh-TW", "zh-Hant", ""), ("fr-FR", "fr", "-"), ("en-GB", "en", "-"), ("de-DE", "en", "-")],
)
def test_passphrases_default_to_the_readers_language(visit, locale, language, separator):
    page = visit("#strings", locale=locale)
    page.locator("label[for=kind-passphrases]").click()
    expect(page.locator("#field-language")).to_have_value(language)
    expect(page.locator("#field-separator")).to_have_value(separator)
    # A shared address means the same in every language.
    shared = visit("#passphrases?words=5", locale=locale)
    expect(shared.locator("#field-language")).to_have_value("en")


@pytest.mark.parametrize(
    ("given", "level", "name"),
    [
        ("#strings?length=6&lower=false&upper=false", "weak", "too weak"),
        ("#strings?length=6", "limited", "weak"),
        ("#passphrases", "online", "fair"),
        ("#strings?length=19", "offline", "strong"),
        ("#tokens?bytes=16", "key", "as strong as a key"),
    ],
)
def test_the_level_describes_the_strength(visit, given, level, name):
    page = visit(given)
    expect(page.locator("#level")).to_have_text(name)
    expect(page.locator("#figures")).to_have_attribute("data-level", level)
    expect(page.locator("#level-about")).not_to_be_empty()
    expect(page.locator("#meter")).to_have_attribute("aria-valuetext", re.compile(f" bits · {name}$"))


def test_levels_differ_in_colour(visit):
    colours = set()
    for given in ("#integers", "#strings?length=6", "#strings", "#tokens"):
        page = visit(given)
        colours.add(page.locator("#meter-bar").evaluate("bar => getComputedStyle(bar).backgroundColor"))
    assert len(colours) == 4


def test_an_empty_pattern_is_an_error_until_another_way_is_chosen(page):
    page.locator("#way").select_option("pattern")
    expect(page.locator("#field-pattern")).not_to_have_value("")  # the field starts with an example
    page.locator("#field-pattern").fill("")
    expect(error_at(page, "pattern")).to_have_text("must not be empty")
    page.locator("#way").select_option("classes")
    await_figures(page)
    assert bits(page) == pytest.approx(95.3)
    assert fragment(page) == "#strings"


@pytest.mark.parametrize("field", ["length", "count", "special"])
def test_enter_in_a_field_generates(page, field):
    page.locator(f"#field-{field}").press("Enter")
    expect(page.locator("#values li")).to_have_count(1)
    expect(page.locator(f"#field-{field}")).to_be_focused()


def test_a_long_draw_is_seen_at_the_button(open_page):
    page = open_page()
    held = hold(page, "strings")
    page.locator("#generate").click()
    expect(page.locator("#generate")).to_have_css("opacity", "0.6")
    deliver(page, held, lambda route: route.continue_())
    expect(page.locator("#generate")).to_have_css("opacity", "1")


def test_switching_the_kind_clears_the_values(page):
    generate(page, 1)
    page.locator("label[for=kind-tokens]").click()
    expect(page.locator("#results")).to_be_hidden()


def test_clear_removes_the_values(page):
    generate(page, 1)
    page.locator("#clear").click()
    expect(page.locator("#results")).to_be_hidden()
    expect(page.locator("#generate")).to_be_focused()


def test_nothing_generated_is_stored(open_page):
    page = open_page()
    (value,) = generate(page, 1)
    page.locator("#key-panel summary").click()
    page.locator("#key").fill("a-secret-key")
    page.locator("label[for=field-special]").click()
    await_figures(page)
    kept = page.evaluate(
        """async () => JSON.stringify([
            {...localStorage}, {...sessionStorage}, document.cookie, location.href, history.state,
            await indexedDB.databases(), await caches.keys(), performance.getEntries().map((entry) => entry.name),
        ])"""
    )
    assert value not in kept
    assert "a-secret-key" not in kept
    page.reload()
    page.wait_for_selector("body.ready")
    expect(page.locator("#results")).to_be_hidden()
    expect(page.locator("#key")).to_have_value("")


def test_a_regular_expression_gives_matching_values(page):
    """This way starts with an example, and the figures follow the typed expression."""
    page.locator("#way").select_option("regex")
    expect(page.locator("#field-regex")).not_to_have_value("")
    page.locator("#field-regex").fill("[A-C]{3}-\\d{2}")
    page.locator("#field-count").fill("5")
    await_figures(page)
    expect(page.locator("#possible")).to_have_text("2,700")
    assert all(re.fullmatch(r"[A-C]{3}-\d{2}", value) for value in generate(page, 5))
    assert fragment(page) == "#strings?regex=%5BA-C%5D%7B3%7D-%5Cd%7B2%7D&count=5"


def test_a_password_policy_gives_matching_passwords(visit):
    page = visit("#strings?rules=minlength:%2012;%20required:%20digit;%20required:%20lower&count=4")
    for value in generate(page, 4):
        assert re.fullmatch(r"(?=.*\d)(?=.*[a-z])[a-z\d]{20}", value), value


def test_a_regular_expression_starts_without_a_length(page):
    """Neither the default length nor the alphabet of another way limits it."""
    page.locator("#way").select_option("alphabet")
    expect(page.locator("#field-alphabet")).not_to_have_value("")
    page.locator("#way").select_option("regex")
    page.locator("#field-regex").fill("a{2,}b?")
    assert page.locator("#field-length").get_attribute("placeholder") is None
    assert page.locator("#field-max_length").get_attribute("placeholder") == "64"
    page.locator("#field-max_length").fill("4")
    expect(page.locator("#possible")).to_have_text("5")
    page.locator("#field-length").fill("3")
    expect(page.locator("#field-max_length")).to_be_disabled()
    expect(page.locator("#possible")).to_have_text("2")
    assert fragment(page) == "#strings?regex=a%7B2,%7Db?&length=3"


def test_an_address_can_hold_a_regular_expression_with_an_alphabet(visit):
    page = visit("#strings?alphabet=αβ&regex=.{3}&count=5")
    assert [value for value in generate(page, 5) if not fully("[αβ]{3}").match(value)] == []
    expect(page.locator("#way")).to_have_value("regex")


@pytest.mark.parametrize(("kind", "replaced"), [("strings", "length"), ("tokens", "bytes"), ("passphrases", "words")])
def test_bits_replace_the_length(visit, kind, replaced):
    page = visit(f"#{kind}")
    page.locator(f"#field-{replaced}").fill("5")
    page.locator("#field-bits").fill("128")
    expect(page.locator(f"#field-{replaced}")).to_be_disabled()
    expect(page.locator("#field-bits-error")).to_be_hidden()
    assert bits(page) >= 128
    assert fragment(page) == f"#{kind}?bits=128"
    page.locator("#field-bits").fill("")
    expect(page.locator(f"#field-{replaced}")).to_be_enabled()
    await_figures(page)
    assert fragment(page) == f"#{kind}?{replaced}=5"


def test_an_unsupported_regular_expression_is_an_error_at_its_field(visit):
    page = visit("#strings?regex=(a)%5C1")
    expect(error_at(page, "regex")).to_be_visible()
