"""Plain text, cut into runs of whole paragraphs.

Pure. Never cuts inside a paragraph, however long it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from agents.training.sources.cut import Cut

MOST_JOINED = 1_500
"""Characters up to which neighbouring paragraphs stay together."""
_BETWEEN = "\n\n"


def split(text: str) -> list[Cut]:
    """Return the paragraphs of ``text``, neighbours joined; a cut is named by the line, from 1, on which it begins."""
    cuts: list[Cut] = []
    start, joined, length = 0, [""], MOST_JOINED
    for line, paragraph in _paragraphs(text):
        length += len(_BETWEEN) + len(paragraph)
        if length <= MOST_JOINED:
            joined.append(paragraph)
            continue
        cuts.append(Cut(str(start), _BETWEEN.join(joined)))
        start, joined, length = line, [paragraph], len(paragraph)
    cuts.append(Cut(str(start), _BETWEEN.join(joined)))
    return cuts[1:]


def _paragraphs(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines between blank ones, with the number of the first of them."""
    for has_words, lines in groupby(enumerate(text.split("\n"), start=1), key=lambda line: bool(line[1].strip())):
        if has_words:
            number, first = next(lines)
            yield number, "\n".join([first, *(line for _, line in lines)])
