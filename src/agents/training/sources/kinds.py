"""Kinds of files: what they are told by, and who cuts them.

Pure. Owns the table of endings. Never reads a file.
"""

from __future__ import annotations

from collections.abc import Mapping

from agents.campaign.described import Kind
from agents.campaign.errors import UsageError
from agents.training.sources import assembly, functions, markdown, paragraphs
from agents.training.sources.cut import Cut

ENDINGS: Mapping[str, Kind] = {
    **dict.fromkeys((".asm", ".s", ".65s", ".a65", ".inc"), "asm"),
    **dict.fromkeys((".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx", ".inl"), "c"),
    **dict.fromkeys((".md", ".markdown"), "markdown"),
    **dict.fromkeys((".txt", ".text"), "text"),
    **dict.fromkeys((".jsonl", ".ndjson"), "jsonl"),
    ".csv": "csv",
    ".parquet": "parquet",
}
TABLES: frozenset[Kind] = frozenset({"jsonl", "csv", "parquet"})
"""Kinds whose files have rows, each of which is a text by itself."""


def kind_of(name: str, kind: Kind) -> Kind:
    """Return the kind of the file called ``name``: ``kind``, or what its ending says where that is ``auto``.

    Raises:
        UsageError: the ending says nothing.
    """
    if kind != "auto":
        return kind
    found = ENDINGS.get(_ending(name))
    if found is None:
        raise UsageError(
            f"the kind of {name} cannot be told from its ending",
            f"give its source a kind, or a narrower pattern; known endings are: {', '.join(ENDINGS)}",
        )
    return found


def cuts_of(text: str, kind: Kind, name: str) -> list[Cut]:
    """Return the parts of the text of the file called ``name``, which is no table.

    Each is called as people find it: ``guide.md#Install``, ``bank1.asm:Sprite_Main``, ``letter.txt:12``.

    Raises:
        UsageError: what cuts this kind is not installed.
    """
    match kind:
        case "asm":
            cuts = assembly.split(text)
        case "c":
            cuts = functions.split(text, "C" if _ending(name) == ".c" else "C++")
        case "markdown":
            cuts = markdown.split(text)
        case _:
            cuts = paragraphs.split(text)
    mark = "#" if kind == "markdown" else ":"
    return [Cut(f"{name}{mark}{cut.name}" if cut.name else name, cut.text) for cut in cuts]


def _ending(name: str) -> str:
    return f".{name.rpartition('.')[2].lower()}"
