"""A patch as text: asar-style source with ``org`` blocks to the bytes it writes.

Owns the directives of patches and the resolution of labels across banks. Never knows what a patch is for.

The project's assembler makes one bank at a time and goes forward only. So the blocks are sorted by bank and address,
every bank is assembled by itself, and labels of other banks are given to it as constants. Two facts of asar are kept:
the digits of an immediate are its size (``#$05`` one byte, ``#$0005`` two; a decimal number as its value needs), and a
label of another bank is long where a mode allows it. Source: asar manual, "Defines", "Labels", "org", "Length control".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from agents.training.domains.oracle.rom import is_rom, show
from agents.training.w65816 import AssemblyError, Program, assemble

MAX_CHARACTERS = 20_000
MAX_BLOCKS = 64
_MAX_DEFINES = 64
_MAX_VALUE = 80
_MAX_LINE = 160
"""Characters of a line in which defines are replaced."""
_BANK = 0x8000

_IGNORED = frozenset({"lorom", "print", "assert", "warnings", "optimize", "math", "arch", "check", "asar"})
_REFUSED = {
    **dict.fromkeys(("hirom", "exhirom", "exlorom", "sa1rom", "sfxrom", "fullsa1rom", "norom"), "the ROM is LoROM"),
    **dict.fromkeys(("freecode", "freedata", "freespace", "prot", "autoclean"), "free space is to be chosen by org"),
    **dict.fromkeys(("pushpc", "pullpc", "base", "skip", "pad", "fill", "fillbyte", "padbyte"), "use org blocks"),
    **dict.fromkeys(("incsrc", "incbin", "macro", "namespace", "struct", "if", "while", "for"), "write it out"),
}
_IMMEDIATE = re.compile(
    r"^(\s*(?:[\w.]+:\s*|[.+-][\w+-]*\s+)?)(lda|ldx|ldy|cmp|cpx|cpy|adc|sbc|and|ora|eor|bit)(\s+#)"
    r"(\$[0-9a-f]{1,4}|%[01]{1,16}|\d{1,5})(\s*)$",
    re.IGNORECASE,
)
_NOPS = re.compile(r"^(\s*)nop\s+#(\d{1,2})\s*$", re.IGNORECASE)
_DEFINE = re.compile(r"^\s*!(\w{1,40})\s*(?:#|:|\?)?=\s*(.+?)\s*$")
_USE = re.compile(r"!\{?(\w{1,40})\}?")
_LABEL = re.compile(r"^\s*([A-Za-z_]\w*):", re.MULTILINE)
_NUMBER = re.compile(r"^\s*([A-Za-z_]\w*)\s*=\s*(\$[0-9A-Fa-f]{1,6}|\d{1,8})\s*$")
_NAME = re.compile(r"[A-Za-z_]\w*")
_BANK_OF = re.compile(r"<:|\bbank(?=\()")


class PatchError(Exception):
    """A text that is no patch; the message says why."""


@dataclass(frozen=True, slots=True)
class Patch:
    """What a patch writes: ``cells`` maps 24-bit addresses to bytes; ``labels`` maps global names to addresses."""

    cells: Mapping[int, int]
    labels: Mapping[str, int]


class _Source:
    """The lines of a patch, sorted into blocks."""

    def __init__(self) -> None:
        self.prelude: list[str] = []
        self.blocks: list[tuple[int, list[str]]] = []
        self.limits: list[tuple[int, int]] = []
        self._defines: dict[str, str] = {}

    def take(self, line: str) -> None:
        code = line.partition(";")[0].rstrip()
        for part in [code] if '"' in code else code.split(" : "):
            if part.strip():
                self._statement(part)

    def _statement(self, text: str) -> None:
        found = _DEFINE.match(text)
        if found:
            self._define(found[1], self._expanded(found[2]))
            return
        text = self._expanded(text)
        word, _, rest = text.strip().partition(" ")
        word = word.lower()
        if word in _REFUSED:
            raise PatchError(f"{word} is not taken: {_REFUSED[word]}")
        if word == "org":
            self._org(rest.strip())
        elif word == "warnpc":
            self.limits.append((len(self.blocks), _address(rest.strip())))
        elif word not in _IGNORED:
            self._code(text)

    def _define(self, name: str, value: str) -> None:
        if len(value) > _MAX_VALUE or len(self._defines) >= _MAX_DEFINES:
            raise PatchError("too many or too long defines")
        self._defines[name] = value

    def _expanded(self, text: str) -> str:
        if "!" not in text or '"' in text:
            return text

        def value(found: re.Match[str]) -> str:
            if found[1] not in self._defines:
                raise PatchError(f"the define !{found[1]} has no value")
            return self._defines[found[1]]

        if len(text) > _MAX_LINE:
            raise PatchError(f"a line with defines is too long: more than {_MAX_LINE} characters")
        return _USE.sub(value, text)

    def _org(self, text: str) -> None:
        if len(self.blocks) >= MAX_BLOCKS:
            raise PatchError(f"more than {MAX_BLOCKS} org blocks")
        self.blocks.append((_address(text), []))

    def _code(self, text: str) -> None:
        if _NUMBER.match(text):
            self.prelude.append(text)
        elif not self.blocks:
            raise PatchError(f"{text.strip()[:40]!r} stands before the first org")
        else:
            self.blocks[-1][1].extend(_sized(text))


def _address(text: str) -> int:
    if not re.fullmatch(r"\$[0-9A-Fa-f]{6}", text):
        raise PatchError(f"org needs an address such as $808000, not {text[:30]!r}")
    address = int(text[1:], 16)
    if not is_rom(address):
        raise PatchError(f"{show(address)} is not ROM in LoROM")
    return address


def _sized(text: str) -> list[str]:
    """Return ``text`` with the size of an immediate made plain and a counted NOP written out."""
    nops = _NOPS.match(text)
    if nops:
        return [f"{nops[1]}nop"] * int(nops[2])
    found = _IMMEDIATE.match(text)
    if found:
        head, name, gap, value, tail = found.groups()
        return [f"{head}{name}.{'w' if _is_wide(value) else 'b'}{gap}{value}{tail}"]
    return [_BANK_OF.sub("^", text)] if "<:" in text or "bank" in text else [text]


def _is_wide(value: str) -> bool:
    if value[0] == "$":
        return len(value) > 3
    return len(value) > 9 if value[0] == "%" else int(value) > 0xFF


def read_patch(text: str) -> Patch:
    """Return what the patch ``text`` writes.

    Raises:
        PatchError: it is none, writes a byte twice, leaves a bank or the ROM, or is too large.
    """
    if len(text) > MAX_CHARACTERS:
        raise PatchError(f"longer than {MAX_CHARACTERS} characters")
    return _read(text.strip("\n"))


@lru_cache(maxsize=32)
def _read(text: str) -> Patch:
    """Return the patch; the same text is often read twice, when it is written and when it is judged."""
    source = _Source()
    for line in text.split("\n"):
        source.take(line)
    programs = _assembled(source)
    cells: dict[int, int] = {}
    labels: dict[str, int] = {}
    for program in programs:
        labels.update(program.labels)
        for placed in program.listing:
            cells.update((placed.address + index, byte) for index, byte in enumerate(placed.data))
    if not cells:
        raise PatchError("it writes nothing")
    starts = [start for start, _ in source.blocks]
    for number, limit in source.limits:
        start = at = starts[number - 1] if number else limit
        while at in cells and (at == start or at not in starts):
            at += 1
        if at > limit:
            raise PatchError(f"the block at {show(start)} passes its warnpc {show(limit)}")
    return Patch(cells, labels)


def _assembled(source: _Source) -> list[Program]:
    """Return a program per bank: banks that need no names of others come first, the rest know those by then."""
    groups: dict[int, list[tuple[int, list[str]]]] = {}
    for start, lines in source.blocks:
        groups.setdefault(start >> 16, []).append((start, lines))
    texts = {bank: _joined(blocks) for bank, blocks in sorted(groups.items())}
    owned = {bank: set(_LABEL.findall(text)) for bank, text in texts.items()}
    foreign = {
        bank: {name for other, names in owned.items() if other != bank for name in names} - owned[bank]
        for bank in texts
    }
    needed = {
        bank: sorted(foreign[bank].intersection(_NAME.findall(text))) if foreign[bank] else []
        for bank, text in texts.items()
    }
    known: dict[str, int] = {}
    done: dict[int, Program] = {}
    while len(done) < len(texts):
        ready = [bank for bank in texts if bank not in done and all(name in known for name in needed[bank])]
        if ready:
            done[ready[0]] = _bank(source.prelude, texts[ready[0]], {name: known[name] for name in needed[ready[0]]})
            known.update(done[ready[0]].labels)
            continue
        # Banks that need each other: sizes do not depend on the values of long labels, so any values place them.
        for bank in [bank for bank in texts if bank not in done]:
            draft = _bank(source.prelude, texts[bank], {name: known.get(name, _BANK) for name in needed[bank]})
            known.update({name: value for name, value in draft.labels.items() if name not in known})
    return list(done.values())


def _joined(blocks: list[tuple[int, list[str]]]) -> str:
    return "\n".join("\n".join([f"org ${start:06X}", *lines]) for start, lines in sorted(blocks, key=lambda b: b[0]))


def _bank(prelude: list[str], text: str, names: Mapping[str, int]) -> Program:
    # "* + number" is an address to the assembler, which a plain number is not: it may lose its bank in two bytes.
    constants = [f"{name} = *{value - _BANK:+d}" for name, value in names.items()]
    try:
        return assemble("\n".join([*prelude, *constants, text]), origin=_BANK, max_bytes=_BANK)
    except AssemblyError as error:
        raise PatchError(f"{error.kind}: {error.message}") from None
