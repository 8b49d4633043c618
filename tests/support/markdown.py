"""The repository's Markdown pages as a reader's tools see them: headings, links, and blocks of code."""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

from .stack import ROOT


class Block(NamedTuple):
    """A fenced block of code: where it begins, its language, and what is in it."""

    page: str
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


@cache
def tokens(page: str) -> list[Token]:
    return MarkdownIt("commonmark").enable("table").parse((ROOT / page).read_text())


def blocks(page: str) -> list[Block]:
    """The page's fenced blocks, in order."""
    return [
        Block(page, token.map[0] + 1, token.info.strip(), token.content)
        for token in tokens(page)
        if token.type == "fence" and token.map
    ]


def block_after(block: Block) -> Block | None:
    """The next block if only empty lines separate them: the output of the example before it."""
    lines = (ROOT / block.page).read_text().splitlines()
    end = block.line + block.text.count("\n") + 1
    for other in blocks(block.page):
        if other.line > block.line:
            return other if not any(lines[end : other.line - 1]) else None
    return None


def makefile_targets() -> set[str]:
    rules = re.findall(r"^([a-z][a-z -]*):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return {target for rule in rules for target in rule.split()}


def made(text: str) -> set[str]:
    """The targets of the make commands in `text`."""
    named = re.findall(r"(?:^|[\s`(])make +((?:[A-Z_]+=\S+ +)*[a-z][a-z-]*)", text)
    return {name.split()[-1] for name in named}
