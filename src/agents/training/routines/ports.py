"""What a trace shows about hardware: the bytes a port got, in order, and how long the arithmetic unit was given.

Owns the reading of executed instructions as accesses to registers. Never decides whether a routine is right.

Facts (fullsnes by nocash, "SNES Maths Multiply/Divide" and "SNES PPU Control"): a product is ready 8 CPU cycles after
the write to $4203, a quotient 16 after the write to $4206; scroll registers and $2122 take two writes, low byte first;
writing $420B starts DMA at once, so everything else must be set up before.
Accesses count that name the register directly or indexed by X or Y, the data bank being 0.
"""

from __future__ import annotations

import re
from collections import defaultdict

from agents.training.w65816 import OPCODES, Machine, TraceStep, canonical

_ACCESS = re.compile(r"([a-z]{3}) \$([0-9A-F]{4}|[0-9A-F]{6})(?:,([xy]))?$")
_STORES = {"sta": "a", "stx": "x", "sty": "y", "stz": ""}
_DELAY = {0x4203: 8, 0x4206: 16}
MDMAEN = 0x420B
_SET_UP = frozenset([*range(0x2115, 0x211A), *range(0x4300, 0x4380)])
_RESULTS = frozenset(range(0x4214, 0x4218))


class Watch:
    """Follows a run step by step; give its `see` to the machine as the trace."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._since: int | None = None
        self._needed = 0
        self._transferring = False
        self.written: defaultdict[int, list[int]] = defaultdict(list)
        self.hasty = ""

    def see(self, step: TraceStep) -> None:
        """Take note of one executed instruction."""
        registers = step.registers
        opcode = OPCODES[self._machine.peek(step.address)[0]]
        cycles = opcode.fixed_cycles(m8=registers.m8, x8=registers.x8, aligned=not registers.d & 0xFF, native=True)
        found = _ACCESS.match(step.text)
        if found:
            name, digits, index = found.groups()
            place = canonical(int(digits, 16) + ({"x": registers.x, "y": registers.y}[index] if index else 0))
            narrow = registers.x8 if name[2] in "xy" else registers.m8
            if name in _STORES:
                value = getattr(registers, _STORES[name]) if _STORES[name] else 0
                if self._stored(place, value.to_bytes(2, "little")[: 1 if narrow else 2]):
                    return
            else:
                self._read(place, 1 if narrow else 2, cycles)
        if self._since is not None:
            self._since += cycles

    def _stored(self, place: int, data: bytes) -> bool:
        """Record ``data`` and return whether it started the arithmetic unit."""
        started = False
        for at, byte in enumerate(data, place):
            self.written[at].append(byte)
            if at in _DELAY:
                self._since, self._needed, started = 0, _DELAY[at], True
            if at in _SET_UP and self._transferring:
                self.hasty = f"${at:04X} is written after $420B has started the transfer"
            self._transferring = self._transferring or at == MDMAEN
        return started

    def _read(self, place: int, size: int, cycles: int) -> None:
        if self._since is None or self.hasty or _RESULTS.isdisjoint(range(place, place + size)):
            return
        waited = self._since + cycles - size
        if waited < self._needed:
            self.hasty = f"${place:04X} is read {waited} cycles after the start, but the unit needs {self._needed}"
