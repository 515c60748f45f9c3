"""Assembly of the 6502 and 65816, cut into routines.

Pure. Owns what begins a routine in the dialects of asar, ca65 and DASM: a global label, or a block such as ``.proc``.
Assembles nothing; comments in ``/* */`` are taken for code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from agents.training.sources.cut import Cut
from agents.training.w65816 import OPCODES

_OTHER_NAMES = {"BLT", "BGE", "CPA", "DEA", "INA", "SWA", "TAD", "TAS", "TDA", "TSA"}
_MNEMONICS = {opcode.mnemonic for opcode in OPCODES} | _OTHER_NAMES
_DIRECTIVES = {
    *("arch", "base", "bank", "check", "cleartable", "else", "elseif", "end", "endfor", "endif", "endm", "endmacro"),
    *("endspcblock", "endstruct", "endwhile", "exhirom", "exlorom", "fillbyte", "fullsa1rom", "header", "hirom"),
    *("lorom", "mend", "namespace", "norom", "nested", "pullbase", "pullns", "pullpc", "pulltable", "pushbase"),
    *("pushns", "pushpc", "pushtable", "rend", "repend", "sa1rom", "sfxrom", "skip", "startpos"),
}
"""Words that may stand where a label does."""

_COLON = re.compile(r"\s*+([A-Za-z_][\w.]*+):(?![=:])")
_BARE = re.compile(r"([A-Za-z_]\w*+)(?=\s|;|$)")
_DATA = re.compile(
    r"\.?(?:d[bwlds]|dc\.[bwl]|byte?|word|addr|dbyt|dword|faraddr|long|asc|asciiz?|text|incbin|hex|res)\b",
    re.IGNORECASE,
)
_ONLY_COLONS = re.compile(
    r"^[ \t]*+\.(?:segment|setcpu|p816|p02|importzp|import|exportzp|export|global|bank|section)\b",
    re.IGNORECASE | re.MULTILINE,
)
"""Directives of assemblers in which a word without a colon is never a label."""
_BLOCK = re.compile(r"\s*+(?:\.(proc|macro|mac)|(macro))\s++([A-Za-z_][\w.]*+)", re.IGNORECASE)
_ENDS = {
    "proc": re.compile(r"\s*+\.endproc\b", re.IGNORECASE),
    "macro": re.compile(r"\s*+(?:\.?endm(?:acro|ac)?)\b", re.IGNORECASE),
}


@dataclass(frozen=True, slots=True)
class _Start:
    """The line at which a routine begins; what has no name is no routine."""

    at: int
    name: str


def split(text: str) -> list[Cut]:
    """Return the routines and tables of ``text``, each with the comment above it.

    That comment ends directly above the label, or is by itself between blank lines. Labels with nothing between them
    begin one routine, called by the first. Lines that belong to no label are cuts without a name where they have
    instructions, and are left out otherwise; so are rulers (comments without words) at the end of a routine.
    """
    lines = text.split("\n")
    starts = [_Start(0, ""), *_starts(lines, labels_have_colons=_ONLY_COLONS.search(text) is not None)]
    ends = [start.at for start in starts[1:]] + [len(lines)]
    cuts = []
    for start, end in zip(starts, ends, strict=True):
        if start.name or any(map(_is_instruction, lines[start.at : end])):
            cuts.append(Cut(start.name, "\n".join(lines[start.at : _without_rulers(lines, start.at, end)])))
    return cuts


def _starts(lines: Sequence[str], *, labels_have_colons: bool) -> Iterator[_Start]:
    """Yield where routines begin, and where lines begin that belong to none because a block has ended."""
    block, depth = "", 0
    is_alias = False  # only labels, comments and blank lines since the last start
    for at, line in enumerate(lines):
        if depth:
            opened = _BLOCK.match(line)
            depth += bool(opened and _kind(opened) == block) - (_ENDS[block].match(line) is not None)
            if not depth:
                yield _Start(at + 1, "")
        elif opened := _BLOCK.match(line):
            block, depth, is_alias = _kind(opened), 1, False
            yield _Start(_comment_start(lines, at), opened[3])
        elif not line.strip() or _is_comment(line):
            continue
        elif label := _label(line, labels_have_colons=labels_have_colons):
            if not is_alias:
                yield _Start(_comment_start(lines, at), label[1])
            is_alias = _has_no_code(line[label.end() :])
        else:
            is_alias = False


def _kind(block: re.Match[str]) -> str:
    return "proc" if (block[1] or "").lower() == "proc" else "macro"


def _label(line: str, *, labels_have_colons: bool) -> re.Match[str] | None:
    """Return the match of the global label at the start of ``line``, which includes its colon if it has one."""
    found = _COLON.match(line)
    if found is None and not labels_have_colons and (bare := _BARE.match(line)):
        rest = line[bare.end() :]
        found = bare if _has_no_code(rest) or _DATA.match(rest.lstrip()) or _is_mnemonic(_first_word(rest)) else None
    return None if found is None or _is_reserved(found[1]) else found


def _is_reserved(word: str) -> bool:
    return _is_mnemonic(word) or word.lower() in _DIRECTIVES


def _is_mnemonic(word: str) -> bool:
    return word[:3].upper() in _MNEMONICS and (len(word) == 3 or (len(word) == 5 and word[3] == "."))


def _first_word(code: str) -> str:
    return next(iter(code.split(None, 1)), "")


def _is_instruction(line: str) -> bool:
    """Tell whether ``line`` has an instruction, by itself or behind a label."""
    return any(_is_mnemonic(word) for word in line.partition(";")[0].split(None, 2)[:2])


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith((";", "//"))


def _has_no_code(rest: str) -> bool:
    return not rest.strip() or _is_comment(rest)


def _comment_start(lines: Sequence[str], at: int) -> int:
    """Return the index of the first line of the comment above the line with index ``at``, ``at`` if it has none."""
    start = _block_start(lines, at)
    if start < at or not start or lines[start - 1].strip():
        return start
    above = _block_start(lines, start - 1)
    return above if not above or not lines[above - 1].strip() else at


def _block_start(lines: Sequence[str], end: int) -> int:
    """Return the index of the first of the lines of comment that end before ``end``."""
    while end > 0 and _is_comment(lines[end - 1]):
        end -= 1
    return end


def _without_rulers(lines: Sequence[str], start: int, end: int) -> int:
    """Return ``end`` without what the lines before it have no words in: blank ones and rulers."""
    while end > start + 1 and (not lines[end - 1].strip() or _is_ruler(lines[end - 1])):
        end -= 1
    return end


def _is_ruler(line: str) -> bool:
    return _is_comment(line) and not any(map(str.isalnum, line))
