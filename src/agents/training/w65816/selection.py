"""Which operation code a mnemonic with an operand means.

Owns the match of operand shapes and sizes with addressing modes. Never evaluates an operand.
"""

from __future__ import annotations

from collections.abc import Callable

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


def choose(mnemonic: str, shape: str, forced: int, address_size: Callable[[], int]) -> Opcode | None:
    """Return the operation code of ``mnemonic`` with an operand of ``shape``, or None.

    ``forced`` is the size in bytes that a suffix asks for, 0 without one. ``address_size`` is asked only where the
    size of an address decides: then the smallest mode that holds it is taken, or the largest there is.
    """
    forms = FORMS[mnemonic]
    for mode in _BY_MNEMONIC.get(shape, ()):
        if mode in forms:
            return forms[mode]
    if mnemonic in SIGNATURE and shape in {"", "e"}:
        return forms[Mode.IMMEDIATE_BYTE]
    if mnemonic == "PEI" and shape == "e":
        shape = "(e)"
    sized = {size: forms[mode] for size, mode in enumerate(_BY_SIZE.get(shape, ()), 1) if mode in forms}
    if forced or len(sized) < 2:
        return sized.get(forced or min(sized, default=0))
    size = address_size()
    return sized[min((larger for larger in sized if larger >= size), default=max(sized))]
