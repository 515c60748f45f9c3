"""The 256 instructions of the W65C816S: mnemonic, addressing mode, length and cycles.

Owns what the data sheet tabulates. Never executes or encodes anything.

Source: WDC W65C816S data sheet, tables "Op Code Matrix" and "Instruction Operation" with its notes; Eyes and
Lichty, "Programming the 65816", chapter 18.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Mode(StrEnum):
    """Addressing modes, named by the shorthand of the data sheet."""

    IMPLIED = "i"
    ACCUMULATOR = "A"
    IMMEDIATE_M = "#m"
    """As wide as the accumulator."""
    IMMEDIATE_X = "#x"
    """As wide as the index registers."""
    IMMEDIATE_BYTE = "#b"
    IMMEDIATE_WORD = "#w"
    DIRECT = "d"
    DIRECT_X = "d,x"
    DIRECT_Y = "d,y"
    DIRECT_INDIRECT = "(d)"
    DIRECT_X_INDIRECT = "(d,x)"
    DIRECT_INDIRECT_Y = "(d),y"
    DIRECT_LONG = "[d]"
    DIRECT_LONG_Y = "[d],y"
    ABSOLUTE = "a"
    ABSOLUTE_X = "a,x"
    ABSOLUTE_Y = "a,y"
    ABSOLUTE_INDIRECT = "(a)"
    ABSOLUTE_X_INDIRECT = "(a,x)"
    ABSOLUTE_INDIRECT_LONG = "[a]"
    LONG = "al"
    LONG_X = "al,x"
    STACK = "d,s"
    STACK_INDIRECT_Y = "(d,s),y"
    RELATIVE = "r"
    RELATIVE_LONG = "rl"
    BLOCK_MOVE = "xyc"


_OPERAND_BYTES = {
    **dict.fromkeys(Mode, 1),
    Mode.IMPLIED: 0,
    Mode.ACCUMULATOR: 0,
    **dict.fromkeys((mode for mode in Mode if mode.strip("(),[]xy") == "a"), 2),
    Mode.IMMEDIATE_WORD: 2,
    Mode.RELATIVE_LONG: 2,
    Mode.BLOCK_MOVE: 2,
    Mode.LONG: 3,
    Mode.LONG_X: 3,
}

MATRIX = """
BRK #b 7n      | ORA (d,x) 6mw  | COP #b 7n      | ORA d,s 4m
TSB d 5mmw     | ORA d 3mw      | ASL d 5mmw     | ORA [d] 6mw
PHP i 3        | ORA #m 2m      | ASL A 2        | PHD i 4
TSB a 6mm      | ORA a 4m       | ASL a 6mm      | ORA al 5m
BPL r 2t       | ORA (d),y 5mwp | ORA (d) 5mw    | ORA (d,s),y 7m
TRB d 5mmw     | ORA d,x 4mw    | ASL d,x 6mmw   | ORA [d],y 6mw
CLC i 2        | ORA a,y 4mp    | INC A 2        | TCS i 2
TRB a 6mm      | ORA a,x 4mp    | ASL a,x 7mm    | ORA al,x 5m
JSR a 6        | AND (d,x) 6mw  | JSL al 8       | AND d,s 4m
BIT d 3mw      | AND d 3mw      | ROL d 5mmw     | AND [d] 6mw
PLP i 4        | AND #m 2m      | ROL A 2        | PLD i 5
BIT a 4m       | AND a 4m       | ROL a 6mm      | AND al 5m
BMI r 2t       | AND (d),y 5mwp | AND (d) 5mw    | AND (d,s),y 7m
BIT d,x 4mw    | AND d,x 4mw    | ROL d,x 6mmw   | AND [d],y 6mw
SEC i 2        | AND a,y 4mp    | DEC A 2        | TSC i 2
BIT a,x 4mp    | AND a,x 4mp    | ROL a,x 7mm    | AND al,x 5m
RTI i 6n       | EOR (d,x) 6mw  | WDM #b 2       | EOR d,s 4m
MVP xyc 7      | EOR d 3mw      | LSR d 5mmw     | EOR [d] 6mw
PHA i 3m       | EOR #m 2m      | LSR A 2        | PHK i 3
JMP a 3        | EOR a 4m       | LSR a 6mm      | EOR al 5m
BVC r 2t       | EOR (d),y 5mwp | EOR (d) 5mw    | EOR (d,s),y 7m
MVN xyc 7      | EOR d,x 4mw    | LSR d,x 6mmw   | EOR [d],y 6mw
CLI i 2        | EOR a,y 4mp    | PHY i 3x       | TCD i 2
JML al 4       | EOR a,x 4mp    | LSR a,x 7mm    | EOR al,x 5m
RTS i 6        | ADC (d,x) 6mw  | PER rl 6       | ADC d,s 4m
STZ d 3mw      | ADC d 3mw      | ROR d 5mmw     | ADC [d] 6mw
PLA i 4m       | ADC #m 2m      | ROR A 2        | RTL i 6
JMP (a) 5      | ADC a 4m       | ROR a 6mm      | ADC al 5m
BVS r 2t       | ADC (d),y 5mwp | ADC (d) 5mw    | ADC (d,s),y 7m
STZ d,x 4mw    | ADC d,x 4mw    | ROR d,x 6mmw   | ADC [d],y 6mw
SEI i 2        | ADC a,y 4mp    | PLY i 4x       | TDC i 2
JMP (a,x) 6    | ADC a,x 4mp    | ROR a,x 7mm    | ADC al,x 5m
BRA r 2t       | STA (d,x) 6mw  | BRL rl 4       | STA d,s 4m
STY d 3xw      | STA d 3mw      | STX d 3xw      | STA [d] 6mw
DEY i 2        | BIT #m 2m      | TXA i 2        | PHB i 3
STY a 4x       | STA a 4m       | STX a 4x       | STA al 5m
BCC r 2t       | STA (d),y 6mw  | STA (d) 5mw    | STA (d,s),y 7m
STY d,x 4xw    | STA d,x 4mw    | STX d,y 4xw    | STA [d],y 6mw
TYA i 2        | STA a,y 5m     | TXS i 2        | TXY i 2
STZ a 4m       | STA a,x 5m     | STZ a,x 5m     | STA al,x 5m
LDY #x 2x      | LDA (d,x) 6mw  | LDX #x 2x      | LDA d,s 4m
LDY d 3xw      | LDA d 3mw      | LDX d 3xw      | LDA [d] 6mw
TAY i 2        | LDA #m 2m      | TAX i 2        | PLB i 4
LDY a 4x       | LDA a 4m       | LDX a 4x       | LDA al 5m
BCS r 2t       | LDA (d),y 5mwp | LDA (d) 5mw    | LDA (d,s),y 7m
LDY d,x 4xw    | LDA d,x 4mw    | LDX d,y 4xw    | LDA [d],y 6mw
CLV i 2        | LDA a,y 4mp    | TSX i 2        | TYX i 2
LDY a,x 4xp    | LDA a,x 4mp    | LDX a,y 4xp    | LDA al,x 5m
CPY #x 2x      | CMP (d,x) 6mw  | REP #b 3       | CMP d,s 4m
CPY d 3xw      | CMP d 3mw      | DEC d 5mmw     | CMP [d] 6mw
INY i 2        | CMP #m 2m      | DEX i 2        | WAI i 3
CPY a 4x       | CMP a 4m       | DEC a 6mm      | CMP al 5m
BNE r 2t       | CMP (d),y 5mwp | CMP (d) 5mw    | CMP (d,s),y 7m
PEI (d) 6w     | CMP d,x 4mw    | DEC d,x 6mmw   | CMP [d],y 6mw
CLD i 2        | CMP a,y 4mp    | PHX i 3x       | STP i 3
JML [a] 6      | CMP a,x 4mp    | DEC a,x 7mm    | CMP al,x 5m
CPX #x 2x      | SBC (d,x) 6mw  | SEP #b 3       | SBC d,s 4m
CPX d 3xw      | SBC d 3mw      | INC d 5mmw     | SBC [d] 6mw
INX i 2        | SBC #m 2m      | NOP i 2        | XBA i 3
CPX a 4x       | SBC a 4m       | INC a 6mm      | SBC al 5m
BEQ r 2t       | SBC (d),y 5mwp | SBC (d) 5mw    | SBC (d,s),y 7m
PEA #w 5       | SBC d,x 4mw    | INC d,x 6mmw   | SBC [d],y 6mw
SED i 2        | SBC a,y 4mp    | PLX i 4x       | XCE i 2
JSR (a,x) 8    | SBC a,x 4mp    | INC a,x 7mm    | SBC al,x 5m
"""
"""One cell per operation code, in order: mnemonic, mode, and cycles when M = X = 1 and nothing is added.

Letters after the cycles say what adds one: m a 16-bit accumulator (mm: two), x 16-bit index registers, w a
direct page that is not page aligned, p an indexed page crossing or 16-bit index registers, t a taken branch,
n native mode.
"""


@dataclass(frozen=True, slots=True)
class Opcode:
    """One operation code; ``cycles`` as in `MATRIX`, ``adders`` the letters behind them."""

    code: int
    mnemonic: str
    mode: Mode
    cycles: int
    adders: str

    def operand_bytes(self, m8: bool, x8: bool) -> int:
        """Return the number of bytes (0-3) behind the operation code, given the register widths."""
        if self.mode is Mode.IMMEDIATE_M:
            return 1 if m8 else 2
        if self.mode is Mode.IMMEDIATE_X:
            return 1 if x8 else 2
        return _OPERAND_BYTES[self.mode]

    def fixed_cycles(self, *, m8: bool, x8: bool, aligned: bool, native: bool) -> int:
        """Return the cycles known before execution; ``aligned`` says that the low byte of D is zero.

        Taken branches and, with 8-bit index registers, crossed pages come on top.
        """
        adders = self.adders
        return (
            self.cycles
            + (0 if m8 else adders.count("m"))
            + (0 if x8 else adders.count("x") + adders.count("p"))
            + (0 if aligned else adders.count("w"))
            + (adders.count("n") if native else 0)
        )


def _opcode(code: int, cell: str) -> Opcode:
    mnemonic, mode, timing = cell.split()
    return Opcode(code, mnemonic, Mode(mode), int(timing[0]), timing[1:])


OPCODES = tuple(_opcode(code, cell) for code, cell in enumerate(MATRIX.replace("\n", "|").strip("|").split("|")))
"""Indexed by operation code, 256 entries."""

ENCODINGS: dict[str, dict[Mode, Opcode]] = {}
"""Mnemonic in capitals -> mode -> operation code."""

for _entry in OPCODES:
    ENCODINGS.setdefault(_entry.mnemonic, {})[_entry.mode] = _entry
