"""The Markdown pages: every link has a target, every named command exists, and both READMEs match."""

from __future__ import annotations

import re

import pytest

from support.markdown import block_after, blocks, made, makefile_targets
from support.stack import ROOT

from .links import headings, leads_nowhere, links, pages


@pytest.mark.parametrize("page", pages())
def test_every_link_has_a_target(page):
    assert [link for link in links(page) if leads_nowhere(page, link)] == []


@pytest.mark.parametrize("page", pages())
def test_every_make_command_exists(page):
    text = (ROOT / page).read_text()
    named = made("\n".join(re.findall(r"`([^`\n]+)`", text))) | made("\n".join(block.text for block in blocks(page)))
    assert named <= makefile_targets()


def test_every_page_of_docs_is_in_its_index():
    listed = {link.partition("#")[0] for link in links("docs/README.md")}
    there = {str((ROOT / page).relative_to(ROOT / "docs")) for page in pages() if page.startswith("docs/")}
    assert there - listed == {"README.md"}


def test_both_readmes_have_the_same_structure():
    english, chinese = "README.md", "README.zh-CN.md"
    assert [heading.level for heading in headings(english)] == [heading.level for heading in headings(chinese)]
    assert code(english) == code(chinese)
    assert rows(english) == rows(chinese)
    # Each README links to the other; all other links are the same.
    assert set(links(english)) - {chinese} == set(links(chinese)) - {english}
    assert chinese in links(english)
    assert english in links(chinese)


def code(page: str) -> list[tuple[str, str]]:
    """The code blocks without comments, because comments are translated."""
    return [(block.language, re.sub(r"\s+#.*", "", block.text)) for block in blocks(page)]


def rows(page: str) -> int:
    return len(re.findall(r"^\|", (ROOT / page).read_text(), re.MULTILINE))


def test_control_the_checks_find_errors():
    """The checks above would notice a broken link or a missing command."""
    assert leads_nowhere("README.md", "docs/nothing.md")
    assert leads_nowhere("README.md", "docs/api.md#nothing")
    assert leads_nowhere("docs/api.md", "README.zh-CN.md")
    assert not leads_nowhere("docs/api.md", "decisions.md#two-pools-of-workers")
    assert not leads_nowhere("docs/api.md", "#conventions-of-apiv1")
    assert made("then `make nothing-like-it` and\nHTTP_PORT=8080 make up") == {"nothing-like-it", "up"}
    first, second = blocks("docs/api.md")[:2]
    assert block_after(first) == second


def test_the_readme_and_the_pages_are_short():
    assert all(len((ROOT / name).read_text().splitlines()) <= 120 for name in ("README.md", "README.zh-CN.md"))
    assert sum(len(page.read_text().split()) for page in (ROOT / "docs").rglob("*.md")) <= 10_000
