"""Test vectors of single instructions: how they are stored, and what the core makes of one.

The shape is that of the SingleStepTests collection: a list of ``{"name", "initial", "final"}``, where a state has
``pc s p a x y dbr d pbr e`` and ``ram``, a list of [address, byte]. Ours may have ``clocks``: master clocks that the
instruction took (within 2 or so), and how many of its cycles were accesses to memory.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from agents.training.w65816 import OPCODES, Machine, Reason, Registers, Run, canonical
from agents.training.w65816.memory import WRDIVB, WRMPYB

Vector = dict[str, Any]
REGISTERS = ("pc", "s", "p", "a", "x", "y", "dbr", "d", "pbr", "e")
BLOCK_MOVES = {0x44, 0x54}
STOPS = {0xCB, 0xDB}
"""WAI and STP."""
_STACK_MNEMONICS = {
    "BRK",
    "COP",
    "JSR",
    "JSL",
    "RTS",
    "RTL",
    "RTI",
    "PEA",
    "PEI",
    "PER",
    "TSX",
    "TSC",
    "TXS",
    "TCS",
    "XCE",
}
RECORDED = Path(__file__).parent / "data" / "vectors.json.gz"


def read(path: Path) -> list[Vector]:
    """Return the vectors of a ``.json`` or ``.json.gz`` file."""
    data = path.read_bytes()
    vectors: list[Vector] = json.loads(gzip.decompress(data) if path.suffix == ".gz" else data)
    return vectors


def registers_of(state: dict[str, Any]) -> Registers:
    """Return the registers of an initial state."""
    return Registers(**{name: state[name] for name in REGISTERS[:-1]}, e=bool(state["e"]))


def state_of(registers: Registers) -> dict[str, int]:
    """Return registers as vectors write them."""
    return {name: int(getattr(registers, name)) for name in REGISTERS}


def perform(machine: Machine, registers: Registers) -> Run:
    """Execute one instruction; a block move as a whole."""
    code = machine.peek(registers.pbr << 16 | registers.pc)[0]
    run = machine.step(registers)
    while code in BLOCK_MOVES and run.registers.a != 0xFFFF:
        run = _longer(run, machine.step(run.registers))
    return run


def _longer(run: Run, more: Run) -> Run:
    return replace(more, instructions=run.instructions + more.instructions, cycles=run.cycles + more.cycles)


def under_the_stack(state: dict[str, Any]) -> set[int]:
    """Return the four addresses at and under S, which the recorder's trap overwrites."""
    s, e = state["s"], state["e"]
    return {canonical(0x100 | s - index & 0xFF if e else s - index & 0xFFFF) for index in range(4)}


def obstacle(vector: Vector, opcode: int) -> str:
    """Return why a vector of another collection says nothing about this machine, or nothing.

    Such vectors suppose 16 MiB of plain memory, where a console has mirrors and registers, and begin in states of
    emulation mode that no program reaches.
    """
    if opcode in STOPS:
        return "the machine stops there"
    if opcode in BLOCK_MOVES and len(vector.get("cycles", ())) % 7:
        return "the block move is cut off"
    if not _possible(vector["initial"]) and _uses_stack(opcode):
        return "a stack outside page 1 in emulation mode"
    addresses = {address for state in ("initial", "final") for address, _ in vector[state]["ram"]}
    places = {canonical(address) for address in addresses}
    if len(places) < len(addresses):
        return "two addresses are one on the console"
    if places & {WRMPYB, WRDIVB}:
        return "it writes to the multiply/divide unit"
    return ""


def differences(machine: Machine, vector: Vector) -> Iterator[str]:
    """Yield what comes out otherwise than the vector says."""
    machine.clear()
    for address, byte in vector["initial"]["ram"]:
        machine.load(address, bytes((byte,)))
    before, after = registers_of(vector["initial"]), vector["final"]
    moved = len(vector.get("cycles", ())) // 7
    run = _move(machine, before, moved) if moved and _opcode(vector) in BLOCK_MOVES else perform(machine, before)
    if "clocks" in vector:
        yield from _timing(run, *vector["clocks"])
    if run.reason is not Reason.BUDGET:
        yield f"the run ended: {run.reason}"
    masks = {} if _possible(vector["initial"]) else {"s": 0xFF, "p": 0xCF}
    for name, value in state_of(run.registers).items():
        if (value ^ after[name]) & masks.get(name, 0xFFFF):
            yield f"{name} is {value:04X} instead of {after[name]:04X}"
    for address, byte in after["ram"]:
        if machine.peek(address)[0] != byte:
            yield f"[{address:06X}] is {machine.peek(address)[0]:02X} instead of {byte:02X}"
    listed = {canonical(address) for address, _ in after["ram"]} | under_the_stack(after)
    for address in sorted(machine.writes.keys() - listed):
        yield f"[{address:06X}] should not be written"


def _opcode(vector: Vector) -> int:
    return int(vector["name"].split()[0], 16)


def _possible(state: dict[str, Any]) -> bool:
    return not state["e"] or (state["s"] >> 8 == 1 and state["p"] & 0x30 == 0x30)


def _uses_stack(opcode: int) -> bool:
    entry = OPCODES[opcode]
    return entry.mnemonic in _STACK_MNEMONICS or entry.mnemonic[:2] in {"PH", "PL"} or ",s" in entry.mode


def _timing(run: Run, clocks: int, accesses: int) -> Iterator[str]:
    """Compare cycles with master clocks: 8 for an access to work RAM or to the slow ROM, 6 for any other cycle."""
    cycles = round((clocks - 2 * accesses) / 6)
    if cycles != run.cycles:
        yield f"{run.cycles} cycles instead of {cycles} ({clocks} clocks with {accesses} accesses)"


def _move(machine: Machine, registers: Registers, steps: int) -> Run:
    run = machine.step(registers)
    for _ in range(steps - 1):
        run = machine.step(run.registers)
    return run
