"""Disassembly: bytes to text that the assembler turns into the same bytes.

Owns how an instruction is written. Never executes anything.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents.training.w65816.opcodes import OPCODES, Mode, Opcode

_RELATIVE = {Mode.RELATIVE: 0x80, Mode.RELATIVE_LONG: 0x8000}
_WIDTH_BITS = {"REP": False, "SEP": True}
_SHAPES = {
    Mode.IMPLIED: "",
    Mode.ACCUMULATOR: "a",
    Mode.IMMEDIATE_M: "#{}",
    Mode.IMMEDIATE_X: "#{}",
    Mode.IMMEDIATE_BYTE: "#{}",
    Mode.IMMEDIATE_WORD: "{}",
    Mode.RELATIVE: "{}",
    Mode.RELATIVE_LONG: "{}",
    **{
        mode: mode.replace("al", "{}").replace("a", "{}").replace("d", "{}")
        for mode in Mode
        if mode[-1] != "A" and mode.strip("(),[]xys") in {"a", "al", "d"}
    },
}


@dataclass(frozen=True, slots=True)
class Disassembled:
    """One line: 24-bit address, the bytes, the text (``lda $10,x``, or ``db $xx`` for a cut-off end)."""

    address: int
    data: bytes
    text: str


def disassemble(code: bytes, origin: int = 0x8000, *, m8: bool = True, x8: bool = True) -> list[Disassembled]:
    """Return the instructions of ``code`` in a linear sweep, following REP and SEP as the assembler does."""
    lines = []
    at = 0
    while at < len(code):
        line = disassemble_one(code[at : at + 4], origin + at, m8=m8, x8=x8)
        lines.append(line)
        at += len(line.data)
        mnemonic = OPCODES[line.data[0]].mnemonic
        if mnemonic in _WIDTH_BITS and len(line.data) == 2:
            if line.data[1] & 0x20:
                m8 = _WIDTH_BITS[mnemonic]
            if line.data[1] & 0x10:
                x8 = _WIDTH_BITS[mnemonic]
    return lines


def disassemble_one(data: bytes, address: int, *, m8: bool, x8: bool) -> Disassembled:
    """Return the instruction at the start of ``data`` (not empty), or its first byte as data if it is cut off."""
    opcode = OPCODES[data[0]]
    size = opcode.operand_bytes(m8, x8)
    if len(data) <= size:
        return Disassembled(address, data[:1], f"db ${data[0]:02X}")
    operand = data[1 : 1 + size]
    text = f"{opcode.mnemonic.lower()} {_operand_text(opcode, operand, address)}".rstrip()
    return Disassembled(address, data[: 1 + size], text)


def _operand_text(opcode: Opcode, operand: bytes, address: int) -> str:
    value = int.from_bytes(operand, "little")
    if opcode.mode is Mode.BLOCK_MOVE:
        return f"${operand[0]:02X},${operand[1]:02X}"
    if opcode.mode in _RELATIVE:
        sign = _RELATIVE[opcode.mode]
        target = address + 1 + len(operand) + (value ^ sign) - sign & 0xFFFF
        return f"${target:04X}"
    return _SHAPES[opcode.mode].format(f"${value:0{2 * len(operand)}X}")
