"""The project's documents as data: their blocks, links, headings and code spans."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent

_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_SPAN = re.compile(r"`([^`\n]+)`")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block; ``output`` is what the page shows as its output, line by line."""

    kind: str
    text: str
    output: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    path: Path

    def __str__(self) -> str:
        return str(self.path.relative_to(ROOT))

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def prose(self) -> str:
        return _FENCE.sub("", self.text)

    @property
    def links(self) -> list[str]:
        return _LINK.findall(self.prose)

    @property
    def spans(self) -> list[str]:
        return _SPAN.findall(self.prose)

    @property
    def anchors(self) -> set[str]:
        """The anchors that a renderer makes of the headings."""
        plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in _HEADING.findall(self.prose))
        return {heading.strip().replace(" ", "-") for heading in plain}

    def blocks(self, *kinds: str) -> list[Block]:
        return [block for block in self._blocks() if block.kind in kinds]

    def _blocks(self) -> Iterator[Block]:
        found = _FENCE.findall(self.text)
        for at, (kind, text) in enumerate(found):
            shown = [below for kind_below, below in found[at + 1 : at + 2] if kind_below == "output"]
            yield Block(kind, text, tuple(line.strip() for line in "".join(shown).splitlines()))


PAGES = [Page(path) for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))]


def page(name: str) -> Page:
    """Return the page at ``name``, relative to the repository's root."""
    return next(found for found in PAGES if str(found) == name)


def tables(text: str) -> list[list[list[str]]]:
    """Return the tables of a Markdown text as rows of cells, heads and rules left out."""
    found = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    return [[_cells(row) for row in table.splitlines()[2:]] for table in found]


def _cells(row: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", row)[1:-1]]
