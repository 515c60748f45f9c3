"""The WDC 65C816, processor of the SNES: assembler, disassembler and machine, in bounded time and memory.

Answers are proved with it: `assemble` untrusted text, `Machine.load` it, `Machine.call` it, look at the result.
"""

from agents.training.w65816.assembler import Line, Program, assemble
from agents.training.w65816.cpu import Machine, Run, TraceStep
from agents.training.w65816.disassembler import Disassembled, disassemble
from agents.training.w65816.expressions import AssemblyError, ErrorKind
from agents.training.w65816.interrupts import Interrupt
from agents.training.w65816.memory import canonical
from agents.training.w65816.opcodes import OPCODES, Mode, Opcode
from agents.training.w65816.registers import Registers
from agents.training.w65816.state import Reason

__all__ = [
    "OPCODES",
    "AssemblyError",
    "Disassembled",
    "ErrorKind",
    "Interrupt",
    "Line",
    "Machine",
    "Mode",
    "Opcode",
    "Program",
    "Reason",
    "Registers",
    "Run",
    "TraceStep",
    "assemble",
    "canonical",
    "disassemble",
]
