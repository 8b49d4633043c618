"""The Markdown pages of the repository and the targets of their links."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple
from urllib.parse import unquote

from support.markdown import tokens
from support.stack import ROOT


class Heading(NamedTuple):
    """A heading: its level and the anchor that GitHub gives it."""

    level: int
    anchor: str


def pages() -> list[str]:
    """Every Markdown file that is tracked or about to be tracked."""
    listed = subprocess.check_output(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", "*.md"], cwd=ROOT, text=True
    )
    return [page for page in listed.splitlines() if (ROOT / page).exists()]


def headings(page: str) -> list[Heading]:
    """The page's headings, in order."""
    found: list[Heading] = []
    seen: dict[str, int] = {}
    for token, inside in pairwise(tokens(page)):
        if token.type == "heading_open":
            anchor = _anchor("".join(child.content for child in inside.children or ()))
            seen[anchor] = seen.get(anchor, -1) + 1
            found.append(Heading(int(token.tag[1:]), f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor))
    return found


def _anchor(heading: str) -> str:
    """As GitHub makes it: lower case; only letters, digits, hyphens and underscores; a hyphen for each space."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def links(page: str) -> Iterator[str]:
    """The targets of the page's links and images, as written."""
    for token in tokens(page):
        for child in token.children or ():
            for name in ("href", "src"):
                if child.attrGet(name):
                    yield str(child.attrGet(name))
            if child.type == "html_inline":
                yield from _in_html(child.content)
        if token.type == "html_block":
            yield from _in_html(token.content)


def _in_html(text: str) -> list[str]:
    return re.findall(r"""\b(?:href|src|srcset)=["']([^"']+)["']""", text)


def leads_nowhere(page: str, link: str) -> bool:
    """Whether a link within the repository names a file or an anchor that does not exist."""
    if re.match(r"[a-z]+:", link):
        return False
    path, _, anchor = unquote(link).partition("#")
    target = (ROOT / page).parent / path if path else ROOT / page
    if not target.exists():
        return True
    if not anchor:
        return False
    name = target.resolve().relative_to(ROOT)
    return target.suffix != ".md" or anchor not in {heading.anchor for heading in headings(str(name))}
