"""Downloads from the stream route, with progress and cancel, into a chosen file or through the browser's downloads."""

from __future__ import annotations

import csv
import json
import re

import openpyxl
import pytest
from playwright.sync_api import expect

from support.polling import await_until

from .views import DARK, PHONE, await_figures

pytestmark = pytest.mark.long

#: Replaces only the dialog: the file behind it is a real one in the browser's own file system.
PICKER = """
window.picked = [];
window.showSaveFilePicker = async ({suggestedName}) => {
    picked.push(suggestedName);
    return (await navigator.storage.getDirectory()).getFileHandle(suggestedName, {create: true});
};
"""
NO_PICKER = "delete window.showSaveFilePicker"

FILE = """async (name) => {
    const file = await (await (await navigator.storage.getDirectory()).getFileHandle(name)).getFile();
    const text = await file.text();
    const lines = text.split("\\n");
    return {
        size: file.size, ended: lines.pop() === "", lines: lines.length,
        good: lines.filter((line) => /^[0-9A-Za-z]{12}$/.test(line)).length, different: new Set(lines).size,
    };
}"""


def read_file(path, form):
    """The values of a downloaded file."""
    if form == "xlsx":
        header, *rows = openpyxl.load_workbook(path).active.iter_rows(values_only=True)
        assert header == ("value",)
        return [value for (value,) in rows]
    text = path.read_bytes().decode()
    assert text.endswith("\n")
    if form == "csv":
        header, *rows = csv.reader(text.splitlines())
        assert header == ["value"]
        return [value for (value,) in rows]
    return [json.loads(line) if form == "ndjson" else line for line in text.splitlines()]


def with_script(script):
    return lambda page: page.add_init_script(script)


@pytest.mark.parametrize("options", [{}, {**PHONE, **DARK}], ids=["desktop", "phone"])
@pytest.mark.parametrize("form", ["text", "csv", "ndjson", "xlsx"])
def test_a_download_in_each_format_holds_the_values(visit, tmp_path, form, options):
    page = visit("#strings?length=6&special=true&special_chars=,%22&count=2500", **options)
    page.locator("#format").select_option(form)
    with page.expect_download() as begun:
        page.locator("#download").click()
    ending = {"text": "txt"}.get(form, form)
    assert begun.value.suggested_filename == f"strings.{ending}"
    path = tmp_path / f"file.{ending}"
    begun.value.save_as(path)
    values = read_file(path, form)
    assert len(values) == 2500
    assert all(re.fullmatch(r'[\w,"]{6}', value) for value in values)
    # A half is rounded up, as JavaScript does.
    hundreds = (path.stat().st_size + 50) // 100
    expect(page.locator("#status")).to_contain_text(f"strings.{ending} is complete: {hundreds / 10:.3g} kB")


def test_formats_for_spreadsheets_are_explained(open_page):
    """The hint for CSV warns about spreadsheets and names the format to choose instead."""
    page = open_page()
    hint = page.locator("#format-hint")
    expect(hint).to_be_empty()
    page.locator("#format").select_option("csv")
    expect(hint).to_contain_text("A spreadsheet may change what it reads from CSV")
    page.locator("#format").select_option(label="Excel")
    expect(hint).to_contain_text("Every value is text")
    expect(page.locator("#format")).to_have_accessible_description(re.compile("Every value is text"))


def test_the_progress_of_a_spreadsheet_has_no_percentage(open_page):
    """Neither the bytes nor the lines received tell how much is left."""
    page = open_page("#strings?length=64&count=100000&format=xlsx", before=with_script(PICKER))
    page.evaluate(
        """() => {
            window.seen = [];
            const [text, progress] = ["transfer-text", "progress"].map((id) => document.getElementById(id));
            new MutationObserver(() => seen.push([text.textContent, progress.hasAttribute("value")]))
                .observe(text, {childList: true});
        }"""
    )
    page.locator("#download").click()
    expect(page.locator("#transfer-text")).to_contain_text("strings.xlsx is complete")
    begun, *under_way, _ = page.evaluate("seen")
    assert begun == ["Downloading strings.xlsx", False]
    assert under_way
    for text, has_end in under_way:
        assert re.fullmatch(r"strings\.xlsx · [\d.]+ (byte|kB|MB) · [\d.]+ (byte|kB|MB)/s", text), text
        assert not has_end


def test_too_many_values_for_a_spreadsheet_are_refused_with_the_limit(open_page):
    page = open_page("#strings?count=1048576&format=xlsx", before=with_script(PICKER))
    page.locator("#download").click()
    expect(page.locator("#notice")).to_contain_text("one spreadsheet holds at most 1048575 of these values")
    expect(page.locator("#field-count-error")).to_be_visible()


def test_a_million_values_are_written_to_the_chosen_file(open_page):
    """The page writes values as they arrive; progress only rises; the file is complete."""
    page = open_page("#strings?length=12&count=1000000", before=with_script(PICKER))
    expect(page.locator("#generate")).to_be_hidden()
    page.evaluate(
        """() => {
            window.seen = [];
            const look = () => { seen.push(document.getElementById("progress").value); requestAnimationFrame(look); };
            look();
        }"""
    )
    page.locator("#download").click()
    expect(page.locator("#transfer-text")).to_have_text("strings.txt is complete: 13 MB.")
    assert page.evaluate("picked") == ["strings.txt"]
    found = page.evaluate(FILE, "strings.txt")
    assert found == {"size": 13_000_000, "ended": True, "lines": 1_000_000, "good": 1_000_000, "different": 1_000_000}
    seen = page.evaluate("seen")
    assert seen == sorted(seen)
    assert any(0 < share < 1 for share in seen)


def test_a_million_values_are_saved_without_a_file_picker(open_page, tmp_path):
    """This browser has no file picker, so its own downloads save the file."""
    page = open_page("#strings?length=12&count=1000000", before=with_script(NO_PICKER))
    with page.expect_download() as begun:
        page.locator("#download").click()
    begun.value.save_as(tmp_path / "file")
    lines = (tmp_path / "file").read_bytes().split(b"\n")
    assert lines.pop() == b""
    assert len(lines) == len(set(lines)) == 1_000_000
    assert all(re.fullmatch(rb"[0-9A-Za-z]{12}", line) for line in lines)


def test_a_download_too_large_for_memory_is_left_to_the_browser(open_page):
    page = open_page("#strings?length=300&count=1000000", before=with_script(NO_PICKER))
    with page.expect_download() as begun:
        page.locator("#download").click()
    assert begun.value.url.endswith("/api/v1/strings/stream?length=300&count=1000000")
    assert begun.value.suggested_filename == "strings.txt"
    begun.value.cancel()
    expect(page.locator("#transfer-text")).to_contain_text("The browser now downloads it itself")


def test_progress_counts_lines_if_the_size_is_unknown(open_page, tmp_path):
    """The length of passphrases is unknown until they are drawn."""
    page = open_page("#passphrases?count=90000")
    with page.expect_response("**/stream") as answered, page.expect_download() as begun:
        page.locator("#download").click()
    assert "content-length" not in answered.value.headers
    begun.value.save_as(tmp_path / "file")
    assert len((tmp_path / "file").read_text().splitlines()) == 90_000
    assert page.locator("#progress").evaluate("progress => progress.value") > 0


@pytest.mark.parametrize("script", [PICKER, NO_PICKER], ids=["file", "downloads"])
def test_a_cancelled_download_saves_nothing(open_page, script, expected):
    expected.append("ERR_ABORTED")
    page = open_page("#strings?length=25&count=10000000", before=with_script(script))
    downloads = []
    page.on("download", lambda download: downloads.append(download))
    with page.expect_response("**/stream"):
        page.locator("#download").click()
    expect(page.locator("#transfer-text")).to_contain_text("%")
    expect(page.locator("#cancel")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#transfer-text")).to_have_text("Cancelled. Nothing was saved.")
    expect(page.locator("#cancel")).to_be_hidden()
    expect(page.locator("#download")).to_be_focused()
    assert downloads == []
    if script == PICKER:
        assert page.evaluate(FILE, "strings.txt") | {"ended": True} == {
            "size": 0, "ended": True, "lines": 0, "good": 0, "different": 0,
        }  # fmt: skip
    # The next download works.
    page.locator("#field-count").fill("3")
    await_figures(page)
    with page.expect_download() as begun:
        page.locator("#download").click()
    assert len(begun.value.path().read_text().splitlines()) == 3


@pytest.mark.local
def test_a_cancelled_download_also_ends_on_the_server(open_page, stack):
    page = open_page("#strings?length=25&count=10000000", before=with_script(PICKER))
    with page.expect_response("**/stream") as answered:
        page.locator("#download").click()
    expect(page.locator("#transfer-text")).to_contain_text("%")
    page.locator("#cancel").click()
    ident = answered.value.headers["x-request-id"]

    def logged():
        lines = [line for line in stack.nginx.logs().splitlines() if line.startswith("{") and ident in line]
        return lines and json.loads(lines[-1])

    assert 0 < await_until(logged, 30, "nginx logs the end of the download")["bytes"] < 260_000_000


def test_dismissing_the_dialog_changes_nothing(open_page):
    dismissed = "window.showSaveFilePicker = async () => { throw new DOMException('', 'AbortError'); }"
    page = open_page("#strings?count=1000000", before=with_script(dismissed))
    page.locator("#download").click()
    expect(page.locator("#download")).not_to_have_attribute("aria-disabled", "true")
    expect(page.locator("#transfer")).to_be_hidden()
    expect(page.locator("#notice")).to_be_hidden()


@pytest.mark.local
def test_an_interrupted_download_saves_no_file(open_page, disturbed, expected):
    expected.append("ERR_CONTENT_LENGTH_MISMATCH|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION")
    page = open_page("#strings?length=25&count=10000000", before=with_script(PICKER))
    page.locator("#download").click()
    expect(page.locator("#transfer-text")).to_contain_text("%")
    pid = int(disturbed.api.must("supervisorctl", "pid", "flaskrandom-bulk"))
    workers = " ".join(map(str, disturbed.api.children(pid)))
    disturbed.api.must("bash", "-c", f"kill -9 {workers}")
    expect(page.locator("#notice")).to_contain_text("The connection to the server failed.")
    expect(page.locator("#transfer")).to_be_hidden()
    assert page.evaluate(FILE, "strings.txt")["size"] == 0


def test_a_refused_download_leads_to_the_wrong_field(open_page):
    page = open_page("#strings?length=4&min_digits=5&count=2000")
    page.locator("#download").click()
    expect(page.locator("#notice")).to_be_visible()
    expect(page.locator("#field-min_digits")).to_be_focused()
