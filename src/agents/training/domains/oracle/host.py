"""A fictional ROM with one routine to be patched: where it lies, its listing, who calls it, on what it is tried.

Owns the drawing of ROMs. All of their code is made from the project's own routine templates; never game code.

Facts: LoROM banks $00-$3F and $80-$BF see work RAM $0000-$1FFF and the registers below their ROM, so a routine with DB
at its own bank reaches both (fullsnes, "SNES Memory Map").
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from random import Random

from agents.training.domains.oracle.rom import Region
from agents.training.domains.oracle.trial import Image, Start
from agents.training.phrases import seeded
from agents.training.routines.contract import Place, Routine
from agents.training.routines.draft import Draft
from agents.training.routines.render import Style, rows
from agents.training.routines.templates import TEMPLATES
from agents.training.w65816 import OPCODES, Mode, Program, Registers, assemble
from agents.training.w65816.disassembler import disassemble_one

TRIALS = 12
_PLAIN = Style("  ", " ", False, False, True, False, 0)
_RELATIVE = {Mode.RELATIVE: 0x80, Mode.RELATIVE_LONG: 0x8000}
_CALLS = {"rts": b"\x20", "rtl": b"\x22"}
NOUNS = (
    "absolute", "add", "average", "bcd_add", "bcd_subtract", "bcd_tiles", "binary_to_bcd", "bit_field", "block_move",
    "boxes_overlap", "brightness_step", "bubble_sort", "change_case", "checksum", "clamp", "clock", "color_fade",
    "color_pack", "cooldown", "copy", "count_matching", "crc8", "decimal_digits", "dma_setup", "equal", "extreme",
    "fill", "find_char", "fixed_scale", "flag_step", "hardware_divide", "hardware_multiply", "hdma_table",
    "header_checksum", "hex_digits", "hirom_address", "hirom_offset", "indirect_sum", "inside", "layer_bases",
    "length", "lfsr", "list_walk", "long_copy", "long_fill", "long_multiply", "lookup", "lorom_address",
    "lorom_offset", "multiply_constant", "next_state", "order", "overlap_move", "pack", "pad_edges",
    "pixels_to_planes", "planes_to_pixels", "pointer_advance", "popcount", "reverse", "ring_pop", "ring_push",
    "run_lengths", "search", "shift", "sprite_entry", "sprite_high_bits", "subtract", "swap_bytes", "swap_nibbles",
    "text_copy", "text_order", "tile_text", "tilemap_address", "total", "velocity", "vram_upload", "window_span",
)  # fmt: skip
"""Routines that run to their end by themselves, in any bank that sees work RAM."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a listing: its place and bytes, its text with numbers only, the note of its author.

    ``target`` is where a branch or jump goes, 0 for other rows; ``op`` is ``db`` for data.
    """

    address: int
    data: bytes
    op: str
    text: str
    label: str
    note: str
    target: int

    @property
    def after(self) -> int:
        """The address behind the row."""
        return self.address + len(self.data)


@dataclass(frozen=True, slots=True)
class Host:
    """A routine in its ROM.

    ``call`` is the address of a call of it in the same bank, by JSR or JSL as it returns; ``relied`` names what callers
    use after the return: registers of the routine's widths, ``C`` for the carry. ``image`` is the code, the call, and
    what stands in RAM around the routine's places; ``starts`` are calls for trials.
    """

    routine: Routine
    rows: tuple[Row, ...]
    call: int
    free: tuple[Region, ...]
    relied: tuple[str, ...]
    image: Image
    starts: tuple[Start, ...]

    @property
    def entry(self) -> int:
        """The address of the routine."""
        return self.rows[0].address

    @property
    def bank(self) -> int:
        """The bank of the routine."""
        return self.entry >> 16

    @property
    def code(self) -> tuple[Row, ...]:
        """The rows that are instructions."""
        return tuple(row for row in self.rows if row.op != "db")

    @property
    def span(self) -> Region:
        """The bytes of the routine, tables included."""
        return Region(self.entry, self.rows[-1].after - self.entry)


def draw_routine(rng: Random, level: int, noun: str = "", *, near: bool = False) -> Routine:
    """Return a routine of a drawn template; ``near`` asks for one that returns by RTS."""
    while True:
        name = noun or NOUNS[int(rng.random() * len(NOUNS))]
        routine = TEMPLATES[name](Draft(seeded(rng.random()), level))
        if not (near and routine.far):
            return routine


def draw_host(rng: Random, level: int, routine: Routine, bank: int | None = None) -> Host:
    """Return ``routine`` in a ROM drawn from ``rng``, in ``bank`` if that is given."""
    if bank is None:
        bank = (0x80 if rng.random() < 0.6 else 0) | int(rng.random() * 0x20)
    fast = bank & 0x80
    at = bank << 16 | 0x8000 + int(rng.random() * 0x3F00)
    text, places = rows(routine, routine.lines, _PLAIN)
    program = assemble("\n".join(text), origin=at, m8=routine.m8, x8=routine.x8)
    listed = _rows(routine, program, places)
    call = bank << 16 | 0xE000 + int(rng.random() * 0x800)
    jump = _CALLS[routine.ret.lower()] + at.to_bytes(3, "little")[: 3 if routine.far else 2]
    memory = [place for place in (*routine.inputs, *routine.outputs, *routine.scratch) if place.in_memory]
    around = guards(rng, ((place.addr, place.size) for place in memory))
    image = ((at, program.code), (call, jump + b"\x60"), *around)
    free, relied = _free(rng, bank, fast), _relied(rng, level, routine)
    return Host(routine, listed, call, free, relied, image, _starts(rng, routine, bank))


def _rows(routine: Routine, program: Program, places: list[int]) -> tuple[Row, ...]:
    lines = {place + 1: line for place, line in zip(places, routine.lines, strict=True)}
    labels: dict[int, str] = {}
    for line in program.listing:
        source = lines.get(line.number)
        if source and source.label:
            labels.setdefault(line.address, source.label)
    found = []
    for line in program.listing:
        source = lines.get(line.number)
        if line.data and source:
            found.append(_row(line.address, line.data, source.op, labels.pop(line.address, ""), source.note))
    return tuple(found)


def _row(address: int, data: bytes, op: str, label: str, note: str) -> Row:
    if op in {"db", "dw", "dl"}:
        return Row(address, data, "db", "db " + ",".join(f"${byte:02X}" for byte in data), label, note, 0)
    narrow = len(data) == 2
    text = disassemble_one(data, address, m8=narrow, x8=narrow).text
    opcode, target = OPCODES[data[0]], 0
    if opcode.mode in _RELATIVE:
        sign = _RELATIVE[opcode.mode]
        step = (int.from_bytes(data[1:], "little") ^ sign) - sign
        target = address & 0xFF0000 | address + len(data) + step & 0xFFFF
    elif opcode.mnemonic in {"JMP", "JSR"} and opcode.mode is Mode.ABSOLUTE:
        target = address & 0xFF0000 | int.from_bytes(data[1:], "little")
    return Row(address, data, text.split(" ")[0], text, label, note, target)


def _free(rng: Random, bank: int, fast: int) -> tuple[Region, ...]:
    """Return a free region in another bank and one in the routine's own, in that order."""
    other = (bank + 1 + int(rng.random() * 0x1E)) % 0x20 | fast
    regions = []
    for number in (other, bank):
        low = 0xF000 if number == bank else 0x8000
        start = number << 16 | low + int(rng.random() * (0xFC00 - low)) & 0xFFF0
        regions.append(Region(start, 0x80 + 0x10 * int(rng.random() * 0x20)))
    return tuple(regions)


def _relied(rng: Random, level: int, routine: Routine) -> tuple[str, ...]:
    promised = {*routine.keeps, *(place.where for place in routine.outputs)}
    more = {register for register in "AXY" if rng.random() < (0.3, 0.5, 1.0)[level - 1]}
    if rng.random() < (0.1, 0.3, 0.6)[level - 1]:
        more.add("C")
    return tuple(register for register in "AXYC" if register in promised | more)


def _starts(rng: Random, routine: Routine, bank: int) -> tuple[Start, ...]:
    found: list[Start] = []
    while len(found) < TRIALS:
        for case in (*routine.cases[:4], *routine.probes[:8]):
            values = {name: int(rng.random() * 0x10000) for name in "AXY"}
            for place in routine.inputs:
                value = case.given[place.name]
                if isinstance(value, int) and not place.in_memory:
                    values[place.where] = value if place.size == 2 else value | values.get(place.where, 0) & 0xFF00
            loads = tuple(
                (place.addr, place.encode(case.given[place.name])) for place in routine.inputs if place.in_memory
            )
            outputs = tuple(
                (place.addr, bytes([int(rng.random() * 256)]) * place.size)
                for place in routine.outputs
                if place.in_memory and place not in routine.inputs
            )
            index = 0xFF if routine.x8 else 0xFFFF
            carry = values.get("C", rng.random() < 0.5)
            p = 0x20 * routine.m8 | 0x10 * routine.x8 | bool(carry)
            registers = Registers(a=values["A"], x=values["X"] & index, y=values["Y"] & index, dbr=bank, p=p)
            found.append(Start(registers, outputs + loads))
    return tuple(found)


def guards(rng: Random, places: Iterable[tuple[int, int]]) -> tuple[tuple[int, bytes], ...]:
    """Return what stands around ``places`` (address, size) in RAM: a byte too many, read or written, shows by it."""
    return tuple(
        (address - 1, bytes([1 + int(rng.random() * 255)]) * (size + 2))
        for address, size in places
        if address < 0x2000 or address >= 0x7E0000
    )


def number_in(places: tuple[Place, ...]) -> Place | None:
    """Return the first of ``places`` that is a number of one or two bytes in memory, or None."""
    return next((place for place in places if place.in_memory and not place.array and place.size in {1, 2}), None)
