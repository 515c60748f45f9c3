"""Which operation code a mnemonic with an operand means.

Owns the match of operand shapes and sizes with addressing modes. Never evaluates an operand.
"""

from __future__ import annotations

from agents.training.w65816.opcodes import ENCODINGS, Mode, Opcode

SIGNATURE = frozenset({"BRK", "COP", "WDM"})
"""Two-byte instructions whose second byte may be left out."""

_BY_SIZE = {
    "e": (Mode.DIRECT, Mode.ABSOLUTE, Mode.LONG),
    "e,x": (Mode.DIRECT_X, Mode.ABSOLUTE_X, Mode.LONG_X),
    "e,y": (Mode.DIRECT_Y, Mode.ABSOLUTE_Y),
    "e,s": (Mode.STACK,),
    "(e)": (Mode.DIRECT_INDIRECT, Mode.ABSOLUTE_INDIRECT),
    "(e,x)": (Mode.DIRECT_X_INDIRECT, Mode.ABSOLUTE_X_INDIRECT),
    "(e),y": (Mode.DIRECT_INDIRECT_Y,),
    "(e,s),y": (Mode.STACK_INDIRECT_Y,),
    "[e]": (Mode.DIRECT_LONG, Mode.ABSOLUTE_INDIRECT_LONG),
    "[e],y": (Mode.DIRECT_LONG_Y,),
}
"""Shape of an operand -> modes for addresses of one, two and three bytes."""

_BY_MNEMONIC = {
    "": (Mode.IMPLIED, Mode.ACCUMULATOR),
    "a": (Mode.ACCUMULATOR,),
    "#": (Mode.IMMEDIATE_M, Mode.IMMEDIATE_X, Mode.IMMEDIATE_BYTE, Mode.IMMEDIATE_WORD),
    "e": (Mode.RELATIVE, Mode.RELATIVE_LONG, Mode.IMMEDIATE_WORD, Mode.BLOCK_MOVE),
}
"""Shape of an operand -> modes of which a mnemonic has one at most."""

_ALIASES = {
    "BLT": "BCC", "BGE": "BCS", "CPA": "CMP", "INA": "INC", "DEA": "DEC", "SWA": "XBA",
    "TAS": "TCS", "TSA": "TSC", "TAD": "TCD", "TDA": "TDC",
}  # fmt: skip

FORMS: dict[str, dict[Mode, Opcode]] = {**ENCODINGS, "JMP": ENCODINGS["JMP"] | ENCODINGS["JML"]}
"""Mnemonic as written, in capitals -> mode -> operation code; with the aliases of the data sheet."""
FORMS |= {alias: ENCODINGS[mnemonic] for alias, mnemonic in _ALIASES.items()}


def decided(mnemonic: str, shape: str) -> Opcode | None:
    """Return the operation code if mnemonic and shape decide it, whatever the size of the operand."""
    forms = FORMS[mnemonic]
    for mode in _BY_MNEMONIC.get(shape, ()):
        if mode in forms:
            return forms[mode]
    if mnemonic in SIGNATURE and shape in {"", "e"}:
        return forms[Mode.IMMEDIATE_BYTE]
    if mnemonic == "PEI" and shape == "e":
        return forms[Mode.DIRECT_INDIRECT]
    candidates = [mode for mode in _BY_SIZE.get(shape, ()) if mode in forms]
    return forms[candidates[0]] if len(candidates) == 1 else None


def sized(mnemonic: str, shape: str, size: int) -> Opcode | None:
    """Return the operation code for an address of ``size`` bytes, or the next larger one, or the largest."""
    forms, modes = FORMS[mnemonic], _BY_SIZE.get(shape, ())
    for mode in (*modes[size - 1 :], *modes[: size - 1][::-1]):
        if mode in forms:
            return forms[mode]
    return None


def forced(mnemonic: str, shape: str, size: int) -> Opcode | None:
    """Return the operation code for an address of exactly ``size`` bytes."""
    modes = _BY_SIZE.get(shape, ())
    return FORMS[mnemonic].get(modes[size - 1]) if size <= len(modes) else None
