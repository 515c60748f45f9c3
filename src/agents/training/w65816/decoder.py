"""Decoding: bytes at an address become a step, once.

Owns the tables of decoded instructions, one for every state of E, M, X and the alignment of D, since those
decide what a byte means. Never runs a step.
"""

from __future__ import annotations

from agents.training.w65816 import control, stack, transfers
from agents.training.w65816.arithmetic import READING, Reading, bit_immediate
from agents.training.w65816.control import Instruction, Step
from agents.training.w65816.memory import Memory
from agents.training.w65816.modes import ADDRESS_MODES, IN_PAGE, OFF_PAGE, TIMED, AddressMode
from agents.training.w65816.modification import MODIFYING, Modifying
from agents.training.w65816.opcodes import OPCODES, Mode
from agents.training.w65816.state import State
from agents.training.w65816.transfers import Storing

_INDEX_WIDTH = frozenset({"LDX", "LDY", "STX", "STY", "CPX", "CPY"})
_BY_ACCUMULATOR = transfers.BY_ACCUMULATOR | stack.BY_ACCUMULATOR
_BY_INDEX = transfers.BY_INDEX | stack.BY_INDEX
_IMPLIED = transfers.IMPLIED | stack.IMPLIED
_IMMEDIATE = (Mode.IMMEDIATE_M, Mode.IMMEDIATE_X)


class DecodingTable(dict[int, tuple[Step, int, int]]):
    """24-bit address -> (step, address behind the instruction, cycles); filled on demand.

    ``width`` is `State.width`: bits E, M, X, and "low byte of D is zero".
    """

    def __init__(self, memory: Memory, width: int) -> None:
        super().__init__()
        self._memory = memory
        self._emulation, self._m8, self._x8, self._aligned = (bool(width & bit) for bit in (8, 4, 2, 1))

    def __missing__(self, at: int) -> tuple[Step, int, int]:
        opcode = OPCODES[self._memory.watch(at)]
        bank, size = at & 0xFF0000, opcode.operand_bytes(self._m8, self._x8)
        operand = 0
        for index in range(size):
            operand |= self._memory.watch(bank | at + 1 + index & 0xFFFF) << 8 * index
        instruction = Instruction(opcode, at, bank | at + 1 + size & 0xFFFF, operand)
        cycles = opcode.fixed_cycles(m8=self._m8, x8=self._x8, aligned=self._aligned, native=not self._emulation)
        entry = self[at] = (self._step(instruction), instruction.after, cycles)
        return entry

    def _step(self, instruction: Instruction) -> Step:
        mnemonic, mode = instruction.opcode.mnemonic, instruction.opcode.mode
        if mode is Mode.RELATIVE:
            return control.branch(instruction, self._emulation)
        if f"{mnemonic} {mode}" in control.MAKERS:
            return control.MAKERS[f"{mnemonic} {mode}"](instruction)
        return self._computing(mnemonic, mode, instruction.operand)

    def _computing(self, mnemonic: str, mode: Mode, operand: int) -> Step:
        if mode is Mode.IMPLIED:
            return self._implied(mnemonic)
        wide = not (self._x8 if mnemonic in _INDEX_WIDTH else self._m8)
        if mode is Mode.ACCUMULATOR:
            return _modifying_accumulator(MODIFYING[mnemonic][wide], wide)
        if mode in _IMMEDIATE:
            return _literal(bit_immediate if mnemonic == "BIT" else READING[mnemonic][wide], operand)
        return self._addressed(mnemonic, self._address_mode(mode), operand, wide)

    def _addressed(self, mnemonic: str, address_mode: AddressMode, operand: int, wide: bool) -> Step:
        if mnemonic in transfers.STORING:
            return _storing(transfers.STORING[mnemonic][wide], address_mode, operand)
        if mnemonic in MODIFYING:
            return _modifying(MODIFYING[mnemonic][wide], address_mode, operand, wide)
        if self._x8:
            address_mode = TIMED.get(address_mode, address_mode)
        reading = _reading16 if wide else _reading8
        return reading(self._memory, READING[mnemonic][wide], address_mode, operand)

    def _implied(self, mnemonic: str) -> Step:
        if mnemonic in _BY_ACCUMULATOR:
            return _BY_ACCUMULATOR[mnemonic][not self._m8]
        if mnemonic in _BY_INDEX:
            return _BY_INDEX[mnemonic][not self._x8]
        return _IMPLIED[mnemonic]

    def _address_mode(self, mode: Mode) -> AddressMode:
        if not self._emulation:
            return ADDRESS_MODES[mode]
        return (IN_PAGE if self._aligned else OFF_PAGE).get(mode, ADDRESS_MODES[mode])


def _literal(operation: Reading, operand: int) -> Step:
    def step(state: State) -> None:
        operation(state, operand)

    return step


def _reading8(memory: Memory, operation: Reading, mode: AddressMode, operand: int) -> Step:
    cells, pages = memory.cells, memory.pages

    def step(state: State) -> None:
        address = mode(state, operand)
        operation(state, cells[pages[address >> 13] | address & 0x1FFF])

    return step


def _reading16(memory: Memory, operation: Reading, mode: AddressMode, operand: int) -> Step:
    cells, pages = memory.cells, memory.pages

    def step(state: State) -> None:
        low = mode(state, operand)
        high = low + 1
        operation(state, cells[pages[low >> 13] | low & 0x1FFF] | cells[pages[high >> 13] | high & 0x1FFF] << 8)

    return step


def _storing(operation: Storing, mode: AddressMode, operand: int) -> Step:
    def step(state: State) -> None:
        operation(state, mode(state, operand))

    return step


def _modifying(operation: Modifying, mode: AddressMode, operand: int, wide: bool) -> Step:
    def step8(state: State) -> None:
        address, memory = mode(state, operand), state.memory
        memory.write(address, operation(state, memory.read(address)))

    def step16(state: State) -> None:
        address, memory = mode(state, operand), state.memory
        memory.write_word(address, operation(state, memory.word(address)))

    return step16 if wide else step8


def _modifying_accumulator(operation: Modifying, wide: bool) -> Step:
    def step8(state: State) -> None:
        state.a = state.a & 0xFF00 | operation(state, state.a & 0xFF)

    def step16(state: State) -> None:
        state.a = operation(state, state.a)

    return step16 if wide else step8
