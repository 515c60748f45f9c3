"""Markdown, cut into sections: a heading with what follows it up to the next heading, of whatever level.

Pure. Owns where headings are: CommonMark's, except that an underlined heading is a single line, so that a rule which
follows a longer paragraph stays a rule. Renders nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agents.training.sources.cut import Cut

LONGEST_TITLE = 80
"""Characters of one title in a section's name."""

_FENCE = re.compile(r"\s*+(?:(?:[-*+]|\d{1,9}[.)])\s++)*+(`{3,}+|~{3,}+)(.*)")
_KEY = re.compile(r"#|[\w\"'.-]++\s*+:")
_NO_PARAGRAPH = re.compile(r"[>|<]|(?:[-*+]|\d{1,9}[.)])(?:\s|$)|[-*_=\s]++$")
"""How a line begins that cannot be the text of an underlined heading."""


@dataclass(frozen=True, slots=True)
class _Heading:
    at: int
    level: int
    title: str


def split(text: str) -> list[Cut]:
    """Return the sections of ``text``, named by the path of their headings, as in ``Install > Linux``.

    What precedes the first heading is a section without a name; front matter in YAML is left out.
    """
    lines = text.split("\n")
    start = _end_of_front_matter(lines)
    headings = list(_headings(lines, start))
    bounds = [*(heading.at for heading in headings), len(lines)]
    cuts = [Cut("", "\n".join(lines[start : bounds[0]]))]
    for heading, name, end in zip(headings, _paths(headings), bounds[1:], strict=True):
        cuts.append(Cut(name, "\n".join(lines[heading.at : end])))
    return cuts if cuts[0].text.strip() else cuts[1:]


def _end_of_front_matter(lines: Sequence[str]) -> int:
    """Return the index of the first line after the front matter, 0 where there is none."""
    if lines[0].rstrip() != "---":
        return 0
    end = next((at for at in range(1, len(lines)) if lines[at].rstrip() in {"---", "..."}), 0)
    return end + 1 if end == 1 or (end > 1 and _KEY.match(lines[1])) else 0


def _paths(headings: Sequence[_Heading]) -> Iterator[str]:
    """Yield for each heading the titles of those above it and its own."""
    above: list[_Heading] = []
    for heading in headings:
        while above and above[-1].level >= heading.level:
            above.pop()
        above.append(heading)
        yield " > ".join(part.title[:LONGEST_TITLE] for part in above if part.title)


def _headings(lines: Sequence[str], start: int) -> Iterator[_Heading]:
    """Yield the headings outside of fenced code, from the line with index ``start`` on."""
    fence = ""
    settled = start - 1  # the last line that cannot be part of the paragraph that comes
    for at in range(start, len(lines)):
        line = lines[at]
        if fence:
            if _closes(fence, line):
                fence, settled = "", at
        elif ("```" in line or "~~~" in line) and (fence := _fence(line)):
            continue
        elif (words := line.lstrip())[:1] == "#" and _is_at_margin(line, words):
            title = _title(words)
            if title is not None:
                yield _Heading(at, len(words) - len(words.lstrip("#")), title)
                settled = at
        elif words[:1] in {"=", "-"} and _is_at_margin(line, words) and not words.rstrip().strip(words[0]):
            if _is_lone_paragraph(lines, at - 1, settled):
                yield _Heading(at - 1, 1 if words[0] == "=" else 2, lines[at - 1].strip())
            settled = at


def _is_at_margin(line: str, words: str) -> bool:
    """Tell whether ``line``, which ends with ``words``, is indented so little that it is no code."""
    indent = len(line) - len(words)
    return indent <= 3 and "\t" not in line[:indent]


def _title(words: str) -> str | None:
    """Return the title of a line that starts with ``#``, None where it is no heading."""
    rest = words.lstrip("#")
    if len(words) - len(rest) > 6 or (rest and not rest[0].isspace()):
        return None
    title = rest.strip()
    open_title = title.rstrip("#")
    return open_title.rstrip() if not open_title or open_title[-1].isspace() else title


def _is_lone_paragraph(lines: Sequence[str], at: int, settled: int) -> bool:
    """Tell whether the line with index ``at`` is a whole paragraph so far."""
    if at <= settled or not (words := lines[at].lstrip()):
        return False
    starts = at - 1 <= settled or not lines[at - 1].strip()
    return starts and _is_at_margin(lines[at], words) and _NO_PARAGRAPH.match(words) is None


def _fence(line: str) -> str:
    """Return the fence that ``line`` opens, also as the first thing of a list's item; empty where it opens none."""
    found = _FENCE.match(line)
    if found is None or (found[1][0] == "`" and "`" in found[2]):
        return ""
    return found[1]


def _closes(fence: str, line: str) -> bool:
    words = line.strip()
    return words.startswith(fence) and not words.strip(fence[0])
