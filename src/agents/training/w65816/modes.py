"""Effective addresses: one function per addressing mode.

Owns how an operand becomes an address, with every wrapping rule. Never reads or writes the data itself.

Each function takes the processor and the operand of the instruction and returns an address for `Memory`:
24 bits, or in the `DIRECT` space where a second byte must stay in bank 0.
Sources: WDC W65C816S data sheet, section 3.5; Bruce Clark, "65C816 Opcodes", section 5 (wrapping);
gilyon, "snes-tests", cputest/README (``(d,x)`` in emulation mode, as found on consoles).
"""

from __future__ import annotations

from collections.abc import Callable

from agents.training.w65816.memory import DIRECT
from agents.training.w65816.opcodes import Mode
from agents.training.w65816.state import State

AddressMode = Callable[[State, int], int]


def direct(state: State, operand: int) -> int:
    """``d``."""
    return DIRECT | state.d + operand & 0xFFFF


def direct_x(state: State, operand: int) -> int:
    """``d,x``."""
    return DIRECT | state.d + operand + state.x & 0xFFFF


def direct_y(state: State, operand: int) -> int:
    """``d,y``."""
    return DIRECT | state.d + operand + state.y & 0xFFFF


def direct_x_in_page(state: State, operand: int) -> int:
    """``d,x`` in emulation mode with an aligned direct page: the sum stays in the page."""
    return DIRECT | state.d | operand + state.x & 0xFF


def direct_y_in_page(state: State, operand: int) -> int:
    """``d,y`` in emulation mode with an aligned direct page."""
    return DIRECT | state.d | operand + state.y & 0xFF


def direct_indirect(state: State, operand: int) -> int:
    """``(d)``."""
    return state.db | state.memory.word(DIRECT | state.d + operand & 0xFFFF)


def direct_indirect_y(state: State, operand: int) -> int:
    """``(d),y``: the index may carry into the next bank."""
    return (state.db | state.memory.word(DIRECT | state.d + operand & 0xFFFF)) + state.y


def direct_indirect_y_timed(state: State, operand: int) -> int:
    """``(d),y`` of an instruction that reads, 8-bit index: crossing a page costs a cycle."""
    base = state.db | state.memory.word(DIRECT | state.d + operand & 0xFFFF)
    return _count_crossing(state, base, state.y)


def direct_x_indirect(state: State, operand: int) -> int:
    """``(d,x)``."""
    return state.db | state.memory.word(DIRECT | state.d + operand + state.x & 0xFFFF)


def _word_in_page(state: State, offset: int) -> int:
    memory, page = state.memory, DIRECT | state.d
    return memory.read(page | offset & 0xFF) | memory.read(page | offset + 1 & 0xFF) << 8


def direct_indirect_in_page(state: State, operand: int) -> int:
    """``(d)`` in emulation mode with an aligned direct page: the pointer stays in the page."""
    return state.db | _word_in_page(state, operand)


def direct_indirect_y_in_page(state: State, operand: int) -> int:
    """``(d),y`` in emulation mode with an aligned direct page."""
    return (state.db | _word_in_page(state, operand)) + state.y


def direct_indirect_y_in_page_timed(state: State, operand: int) -> int:
    """``(d),y`` as above, of an instruction that reads."""
    return _count_crossing(state, state.db | _word_in_page(state, operand), state.y)


def direct_x_indirect_in_page(state: State, operand: int) -> int:
    """``(d,x)`` in emulation mode with an aligned direct page."""
    return state.db | _word_in_page(state, operand + state.x)


def direct_x_indirect_off_page(state: State, operand: int) -> int:
    """``(d,x)`` in emulation mode, direct page not aligned: only the step to the second byte stays in a page."""
    low = state.d + operand + state.x & 0xFFFF
    high = low & 0xFF00 | low + 1 & 0xFF
    return state.db | state.memory.read(DIRECT | low) | state.memory.read(DIRECT | high) << 8


def direct_long(state: State, operand: int) -> int:
    """``[d]``: the pointer never stays in the page, in no mode."""
    pointer = DIRECT | state.d + operand & 0xFFFF
    return state.memory.word(pointer) | state.memory.read(pointer + 2) << 16


def direct_long_y(state: State, operand: int) -> int:
    """``[d],y``."""
    return direct_long(state, operand) + state.y


def absolute(state: State, operand: int) -> int:
    """``a``."""
    return state.db | operand


def absolute_x(state: State, operand: int) -> int:
    """``a,x``: the index may carry into the next bank."""
    return (state.db | operand) + state.x


def absolute_y(state: State, operand: int) -> int:
    """``a,y``: the index may carry into the next bank."""
    return (state.db | operand) + state.y


def absolute_x_timed(state: State, operand: int) -> int:
    """``a,x`` of an instruction that reads, 8-bit index: crossing a page costs a cycle."""
    return _count_crossing(state, state.db | operand, state.x)


def absolute_y_timed(state: State, operand: int) -> int:
    """``a,y`` of an instruction that reads, 8-bit index: crossing a page costs a cycle."""
    return _count_crossing(state, state.db | operand, state.y)


def _count_crossing(state: State, base: int, index: int) -> int:
    address = base + index
    if (base ^ address) & 0xFF00:
        state.extra += 1
    return address


def long(_: State, operand: int) -> int:
    """``al``."""
    return operand


def long_x(state: State, operand: int) -> int:
    """``al,x``."""
    return operand + state.x


def stack(state: State, operand: int) -> int:
    """``d,s``: in bank 0, whatever the emulation flag."""
    return DIRECT | state.s + operand & 0xFFFF


def stack_indirect_y(state: State, operand: int) -> int:
    """``(d,s),y``."""
    return (state.db | state.memory.word(DIRECT | state.s + operand & 0xFFFF)) + state.y


ADDRESS_MODES: dict[Mode, AddressMode] = {
    Mode.DIRECT: direct,
    Mode.DIRECT_X: direct_x,
    Mode.DIRECT_Y: direct_y,
    Mode.DIRECT_INDIRECT: direct_indirect,
    Mode.DIRECT_INDIRECT_Y: direct_indirect_y,
    Mode.DIRECT_X_INDIRECT: direct_x_indirect,
    Mode.DIRECT_LONG: direct_long,
    Mode.DIRECT_LONG_Y: direct_long_y,
    Mode.ABSOLUTE: absolute,
    Mode.ABSOLUTE_X: absolute_x,
    Mode.ABSOLUTE_Y: absolute_y,
    Mode.LONG: long,
    Mode.LONG_X: long_x,
    Mode.STACK: stack,
    Mode.STACK_INDIRECT_Y: stack_indirect_y,
}

IN_PAGE: dict[Mode, AddressMode] = {
    Mode.DIRECT_X: direct_x_in_page,
    Mode.DIRECT_Y: direct_y_in_page,
    Mode.DIRECT_INDIRECT: direct_indirect_in_page,
    Mode.DIRECT_INDIRECT_Y: direct_indirect_y_in_page,
    Mode.DIRECT_X_INDIRECT: direct_x_indirect_in_page,
}
"""What replaces `ADDRESS_MODES` in emulation mode while the low byte of D is zero."""

OFF_PAGE: dict[Mode, AddressMode] = {Mode.DIRECT_X_INDIRECT: direct_x_indirect_off_page}
"""The same while the low byte of D is not zero."""

TIMED: dict[AddressMode, AddressMode] = {
    absolute_x: absolute_x_timed,
    absolute_y: absolute_y_timed,
    direct_indirect_y: direct_indirect_y_timed,
    direct_indirect_y_in_page: direct_indirect_y_in_page_timed,
}
"""What counts page crossings, for instructions that read with 8-bit index registers."""
