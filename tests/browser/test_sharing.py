"""Settings are shared as an address or as an equivalent curl line."""

from __future__ import annotations

import json
import re
import subprocess

import pytest
from playwright.sync_api import expect

from .test_generate import EVERY_FIELD
from .views import await_figures, fragment, fully, generate

pytestmark = pytest.mark.long


@pytest.mark.parametrize("given", EVERY_FIELD)
def test_settings_are_restored_from_the_address(open_page, visit, given):
    page = visit(given)

    def shown(page):
        return page.locator("#form").evaluate(
            """form => [...form.elements].filter((one) => one.id && one.id !== "way")
                .map((one) => [one.id, one.type === "checkbox" ? one.checked : one.value])"""
        )

    before, line = shown(page), page.locator("#curl-answer").inner_text()
    # Every change rewrites the address; undoing the change restores it.
    count = page.locator("#field-count").input_value()
    page.locator("#field-count").fill("999")
    page.locator("#field-count").fill(count)
    await_figures(page)
    again = open_page(fragment(page))
    assert shown(again) == before
    assert again.locator("#curl-answer").inner_text() == line
    assert fragment(again) == fragment(page)


def test_the_address_never_holds_a_result(page):
    page.locator("#field-count").fill("3")
    await_figures(page)
    address = page.url
    values = generate(page, 3)
    assert page.url == address
    assert not any(value in page.url for value in values)


def test_back_and_forward_restore_the_settings(page):
    page.locator("label[for=kind-uuids]").click()
    await_figures(page)
    page.locator("#field-count").fill("4")
    page.locator("label[for=kind-tokens]").click()
    await_figures(page)
    page.go_back()
    expect(page.locator("#kind-uuids")).to_be_checked()
    expect(page.locator("#field-count")).to_have_value("4")
    page.go_back()
    expect(page.locator("#kind-strings")).to_be_checked()
    page.go_forward()
    expect(page.locator("#kind-uuids")).to_be_checked()
    assert fragment(page) == "#uuids?count=4"


@pytest.mark.parametrize(
    "odd",
    ["#nosuch?length=3", "#strings?nosuch=1&digits=perhaps&checksum=nosuch", "#%", "#?&&=", "#strings?length=<script>"],
)
def test_a_malformed_address_does_no_harm(open_page, odd):
    page = open_page(odd)
    expect(page.locator("#kind-strings")).to_be_checked()


def test_a_link_that_the_page_cannot_show_in_full_says_what_is_left_out(open_page):
    """Also when it is pasted into the open page. The notice goes with the next change."""
    page = open_page("#strings?nosuch=1&length=9&checksum=x&%3Cb%3Ebuy%20this=1")
    expect(page.locator("#notice")).to_have_text(
        "This page cannot show everything in this link. It left out: nosuch, checksum, …."
    )
    expect(page.locator("#field-length")).to_have_value("9")
    page.locator("#field-length").fill("8")
    expect(page.locator("#notice")).to_be_hidden()
    page.evaluate("() => { location.hash = '#nosuch?length=3'; }")
    expect(page.locator("#notice")).to_contain_text("It left out: nosuch.")
    page.evaluate("() => { location.hash = '#tokens?a=1&b=2&c=3&d=4&e=5&f=6'; }")
    expect(page.locator("#notice")).to_contain_text("It left out: a, b, c, d, e, ….")
    page.evaluate("() => { location.hash = '#tokens?bytes=3'; }")
    expect(page.locator("#kind-tokens")).to_be_checked()
    expect(page.locator("#notice")).to_be_hidden()


#: Characters that a shell, curl or an address could misread.
AWKWARD = {
    "prefix": 'it\'s "$HOME" `id` \\ %41 & {a,b} [1-3] + # é 😀 !',
    "suffix": "'; echo oops; '",
    "exclude": "$`'\"\\%&",
}


def with_awkward_fields(page):
    page.locator("#form details").evaluate_all("all => all.forEach((details) => { details.open = true })")
    for field, text in AWKWARD.items():
        page.locator(f"#field-{field}").fill(text)
    page.locator("#field-count").fill("3")
    page.locator("#field-length").fill("5")
    await_figures(page)


def run(line, folder):
    return subprocess.run(["bash", "-c", line], cwd=folder, capture_output=True, text=True, timeout=30, check=True)


def test_the_curl_line_does_what_the_page_does(page, tmp_path):
    with_awkward_fields(page)
    answer = json.loads(run(page.locator("#curl-answer").inner_text(), tmp_path).stdout)
    wanted = fully(re.escape(AWKWARD["prefix"]) + "[0-9A-Za-z]{5}" + re.escape(AWKWARD["suffix"]))
    assert len(answer["data"]) == 3
    assert all(wanted.match(value) for value in answer["data"])
    # The second line writes the file.
    page.locator("#format").select_option("ndjson")
    run(page.locator("#curl-stream").inner_text(), tmp_path)
    lines = (tmp_path / "strings.ndjson").read_text().splitlines()
    assert len(lines) == 3
    assert all(wanted.match(json.loads(line)) for line in lines)


def test_settings_too_long_for_an_address_go_into_a_body(open_page, tmp_path):
    alphabet = "".join(map(chr, range(0x4E00, 0x4E00 + 700)))
    page = open_page()
    page.locator("#way").select_option("alphabet")
    page.locator("#field-alphabet").fill(alphabet + "'")
    await_figures(page)
    line = page.locator("#curl-answer").inner_text()
    assert " -d '" in line
    (value,) = json.loads(run(line, tmp_path).stdout)["data"]
    assert set(value) <= set(alphabet + "'")


@pytest.mark.parametrize("given", EVERY_FIELD)
def test_every_kind_has_a_curl_line_that_runs(visit, tmp_path, given):
    page = visit(given)
    data = json.loads(run(page.locator("#curl-answer").inner_text(), tmp_path).stdout)["data"]
    assert all(fully(EVERY_FIELD[given]).match(str(value)) for value in data)


def test_more_values_than_one_answer_holds_have_only_a_file_line(open_page, tmp_path):
    page = open_page("#uuids?count=1001&format=csv")
    expect(page.locator("#line-answer")).to_be_hidden()
    run(page.locator("#curl-stream").inner_text(), tmp_path)
    assert len((tmp_path / "uuids.csv").read_text().splitlines()) == 1002


def test_the_curl_line_can_be_copied(page):
    page.locator("#copy-answer").click()
    expect(page.locator("#status")).to_have_text("Copied.")
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#curl-answer").inner_text()
