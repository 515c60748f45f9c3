"""Record what a SNES emulator does on single instructions, into ``data/vectors.json.gz``. A developer's tool.

Needs the Debian package ``libretro-bsnes-mercury-accuracy`` (the accuracy profile of bsnes as a library) and
takes about a minute:

    python tests/unit/training/w65816/recorder/record.py [LIBRARY.so]

Every case that the core handles otherwise is printed; the exit status is 1 then. See ``data/README.md``.
"""

from __future__ import annotations

import ctypes
import gzip
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import cartridge
import states
from console import Console
from vectors import BLOCK_MOVES, RECORDED, STOPS, Vector, differences, perform, state_of, under_the_stack

from agents.training.w65816 import OPCODES, Machine, Mode, Reason, Registers, canonical
from agents.training.w65816.modification import MODIFYING

LIBRARY = Path("/usr/lib/x86_64-linux-gnu/libretro/bsnes_mercury_accuracy_libretro.so")
PER_STATE = 3
"""Vectors for each of the four widths of native mode; emulation mode has three times as many."""
TIMED = 2
"""How many of them are timed."""
_DELAYS = range(1, 5)
"""Waits before the instruction, in rounds of a loop: so many positions of the beam are tried."""
_NOP_CLOCKS = 8 + 6
_TRIES = 4000
_RAM_SIZE = 0x20000
_BACKGROUND = Random("background").randbytes(_RAM_SIZE)


class _Counted(bytearray):
    """The memory of the core, remembering which bytes were looked at."""

    seen: set[int]

    def __getitem__(self, index: Any) -> Any:
        self.seen.add(index)
        return super().__getitem__(index)


class Model:
    """The core, used to choose states that stay in work RAM, and to know which bytes an instruction looks at."""

    def __init__(self) -> None:
        self._machine = Machine()
        self._memory = self._machine._memory
        self._memory.cells = _Counted(len(self._memory.cells))
        self._memory.cells.seen = set()
        self._machine.load(0x7E0000, _BACKGROUND)
        for address, target in cartridge.VECTORS.items():
            self._machine.load(address, target.to_bytes(2, "little"))
        self._poked: dict[int, int] = {}

    def run(self, registers: Registers, image: dict[int, int]) -> tuple[Registers, set[int], set[int]] | None:
        """Return the registers after the instruction, the addresses looked at and those written; None if it fails."""
        self._machine.reset()
        for place in self._poked:
            self._machine.load(place, bytes((_background(place),)))
        self._poked = image
        for place, byte in image.items():
            self._machine.load(place, bytes((byte,)))
        self._machine._forget_code()
        self._memory.cells.seen = set()
        run = perform(self._machine, registers)
        if run.reason is not Reason.BUDGET:
            return None
        return run.registers, set(self._memory.cells.seen), set(self._machine.writes)


def _background(place: int) -> int:
    return _BACKGROUND[place if place < 0x2000 else place - 0x7E0000]


def _usable(place: int) -> bool:
    return place < cartridge.RESERVED.start or 0x7E2000 <= place < 0x800000


def _places(bank: int, offset: int, size: int) -> list[int]:
    return [canonical(bank << 16 | offset + index & 0xFFFF) for index in range(size)]


class Prepared:
    """A case that stays in work RAM: what to write there, where it should end, which bytes it looks at."""

    def __init__(self, model: Model, case: states.Case) -> None:
        self.registers, self.code = case.registers, case.code
        self.cop_is_the_trap = case.code[0] == 0
        self.usable = False
        r = case.registers
        code = _places(r.pbr, r.pc, len(case.code))
        image = {canonical(place): byte for place, byte in case.pokes.items()}
        image |= dict(zip(code, case.code, strict=True)) | {r.s: r.p}
        for start, data in cartridge.handlers(cop_is_the_trap=self.cop_is_the_trap).items():
            image |= {start + index: byte for index, byte in enumerate(data)}
        if r.s in code or not all(map(_usable, [*code, r.s])):
            return
        first = model.run(r, image)
        if not first:
            return
        self.trap = cartridge.trap(first[0].e, self.cop_is_the_trap)
        place = _places(first[0].pbr, first[0].pc, len(self.trap))
        if self.code[0] not in {0x00, 0x02}:
            if {r.s, *code} & set(place) or not all(map(_usable, place)):
                return
            image |= dict(zip(place, self.trap, strict=True))
        second = model.run(r, image)
        if not second or second[0] != first[0]:
            return
        self.expected, seen, written = second
        spoiled = under_the_stack(state_of(self.expected))
        vectors = {address + index for address in cartridge.VECTORS for index in (0, 1)}
        stays = all(_usable(place) for place in (seen - vectors) | written | spoiled)
        self.usable = stays and not (spoiled & (written | set(place))) and not (written & set(place))
        self.image, self.seen = image, seen
        if self.code[0] in BLOCK_MOVES:
            self.accesses = 5 * (r.a + 1)
            return
        read = written if OPCODES[self.code[0]].mnemonic in MODIFYING else set()
        self.accesses = len(code) + len(seen - written - set(code)) + len(read) + len(written)


class Recorder:
    """The console with the cartridge in it."""

    def __init__(self, library: Path) -> None:
        self._console = Console(library, cartridge.cartridge())
        self._console.ram[cartridge.DONE] = self._console.ram[cartridge.GO] = 0
        self._wait()
        self._console.frame()
        self._parked = self._console.save()
        self._idle: dict[tuple[int, int], int] = {}

    def _wait(self) -> bool:
        for _ in range(20):
            self._console.frame()
            if self._console.ram[cartridge.DONE] == 1:
                return True
        return False

    def run(self, prepared: Prepared, delay: int = 1) -> bytes | None:
        """Run a case; return work RAM after it, or None if the trap was not reached."""
        ram, r = self._console.ram, prepared.registers
        own = bytes(ram[cartridge.RESERVED.start : cartridge.RESERVED.stop])
        ctypes.memmove(ram, _BACKGROUND, _RAM_SIZE)
        ctypes.memmove(ctypes.addressof(ram) + cartridge.RESERVED.start, own, len(own))
        for place, byte in prepared.image.items():
            ram[_in_ram(place)] = byte
        before = 0x100 | r.s - 1 & 0xFF if r.e else r.s - 1 & 0xFFFF
        for place, value, size in (
            (cartridge.EMULATION, r.e, 1), (cartridge.DELAY, delay, 2), (cartridge.A, r.a, 2), (cartridge.X, r.x, 2),
            (cartridge.Y, r.y, 2), (cartridge.S_BEFORE_P, before, 2), (cartridge.D, r.d, 2), (cartridge.DBR, r.dbr, 1),
            (cartridge.TARGET, r.pbr << 16 | r.pc, 3), (cartridge.DONE, 0, 1), (cartridge.GO, 1, 1),
        ):  # fmt: skip
            ram[place : place + size] = value.to_bytes(size, "little")
        self.before = bytes(ram)
        if self._wait():
            return bytes(ram)
        self._console.reset()
        self._wait()
        return None

    def clocks(self, prepared: Prepared, idle: Prepared) -> int:
        """Return how many master clocks the instruction takes; ``idle`` is a NOP in the same mode.

        The harness latches the counters of the beam behind the instruction; the difference to a NOP at the same
        time has a resolution of a dot (4 clocks), and now and then the refresh of the memory (40 clocks) falls between.
        So several positions are tried, and the mean of those that agree is taken: right within 2 clocks or so, where
        a cycle has 6 or 8.
        """
        found = []
        for delay in _DELAYS:
            key = idle.registers.e, delay
            if key not in self._idle:
                self._idle[key] = self._time(idle, delay)
            found.append(self._time(prepared, delay) - self._idle[key])
        middle = sorted(found)[len(found) // 2]
        agreeing = [one for one in found if abs(one - middle) <= 4]
        return _NOP_CLOCKS + 2 * round(sum(agreeing) / len(agreeing) / 2)

    def _time(self, prepared: Prepared, delay: int) -> int:
        self._console.restore(self._parked)
        ram = self.run(prepared, delay)
        if ram is None:
            raise RuntimeError("the trap was not reached")
        return (_word(ram, cartridge.OUT_V) & 0x1FF) * 1364 + (_word(ram, cartridge.OUT_H) & 0x1FF) * 4


def _in_ram(place: int) -> int:
    return place if place < 0x2000 else place - 0x7E0000


def emulator_errs(registers: Registers, code: bytes) -> str:
    """Return why the emulator is known to do otherwise than a console, or nothing.

    Source: gilyon, "snes-tests", cputest: its README and its tests, which pass on consoles.
    """
    entry, d = OPCODES[code[0]], registers.d
    if not registers.e:
        return ""
    if entry.mnemonic == "PLB" and registers.s == 0x1FF:
        return "PLB reads $000200"
    if entry.mode in {Mode.DIRECT_LONG, Mode.DIRECT_LONG_Y} and not d & 0xFF and code[1] >= 0xFE:
        return "the pointer of [d] does not stay in an aligned direct page"
    if entry.mode is Mode.DIRECT_X_INDIRECT and d & 0xFF and d + code[1] + registers.x & 0xFF == 0xFF:
        return "the second byte of the pointer of (d,x) is in the same page"
    return ""


def _word(ram: bytes, place: int) -> int:
    return int.from_bytes(ram[place : place + 2], "little")


def final_registers(prepared: Prepared, ram: bytes) -> dict[str, int]:
    """Return the registers that the catcher stored, and those that the trap pushed."""
    e, s = ram[cartridge.OUT_E], _word(ram, cartridge.OUT_S)

    def pushed(index: int) -> int:
        return ram[0x100 | s + index & 0xFF if e else s + index & 0xFFFF]

    size = len(cartridge.trap(bool(e), prepared.cop_is_the_trap))
    after = s + 4
    return {
        "pc": (pushed(2) | pushed(3) << 8) - size & 0xFFFF, "s": 0x100 | after & 0xFF if e else after & 0xFFFF,
        "p": pushed(1), "a": _word(ram, cartridge.OUT_A), "x": _word(ram, cartridge.OUT_X),
        "y": _word(ram, cartridge.OUT_Y), "dbr": ram[cartridge.OUT_DBR], "d": _word(ram, cartridge.OUT_D),
        "pbr": pushed(4), "e": e,
    }  # fmt: skip


def vector(name: str, prepared: Prepared, before: bytes, after: bytes) -> Vector:
    """Return a vector from work RAM before and after."""
    final = final_registers(prepared, after)
    changed = {
        index if index < 0x2000 else 0x7E0000 + index
        for page in range(0, _RAM_SIZE, 0x100)
        if page not in cartridge.RESERVED and before[page : page + 0x100] != after[page : page + 0x100]
        for index in range(page, page + 0x100)
        if before[index] != after[index]
    }
    spoiled = under_the_stack(final)
    listed = sorted(prepared.seen | changed - spoiled)
    image = {address + index: byte for address, target in cartridge.VECTORS.items()
             for index, byte in enumerate(target.to_bytes(2, "little"))}  # fmt: skip

    def bytes_of(ram: bytes, places: list[int]) -> list[list[int]]:
        return [[place, image[place] if place in image else ram[_in_ram(place)]] for place in places]

    return {
        "name": name,
        "initial": state_of(prepared.registers) | {"ram": bytes_of(before, listed)},
        "final": final | {"ram": bytes_of(after, [place for place in listed if place not in spoiled])},
    }


def cases(model: Model) -> Iterator[tuple[str, Prepared]]:
    """Yield the cases with their names, in the order of the operation codes."""
    for entry in OPCODES:
        if entry.code in STOPS:
            continue
        for p, e in [*((width, False) for width in states.WIDTHS), (0x30, True)]:
            mode = "e" if e else f"m{int(p & 0x20 > 0)}x{int(p & 0x10 > 0)}"
            count = PER_STATE * (3 if e else 1) * (2 if entry.mnemonic in {"ADC", "SBC"} else 1)
            rng = Random(f"{entry.code} {mode}")
            found = 0
            for _ in range(_TRIES):
                case = states.draw(rng, entry.code, p, e)
                if emulator_errs(case.registers, case.code):
                    continue
                prepared = Prepared(model, case)
                if prepared.usable:
                    found += 1
                    yield f"{entry.code:02x} {entry.mnemonic.lower()} {entry.mode} {mode} {found}", prepared
                if found == count:
                    break
            else:
                print(f"{entry.code:02x} {mode}: only {found} of {count} states found")


def idle(model: Model, e: bool) -> Prepared:
    """Return a NOP."""
    registers = Registers(pbr=0x7F, pc=0x4000, s=0x1F0, p=0x30, e=e)
    return Prepared(model, states.Case(registers, b"\xea", {}))


def main(library: Path = LIBRARY) -> int:
    """Record all; return the exit status."""
    recorder, model, machine = Recorder(library), Model(), Machine()
    idles = [idle(model, e) for e in (False, True)]
    vectors: list[Vector] = []
    faults = 0
    for name, prepared in cases(model):
        after = recorder.run(prepared)
        if after is None:
            faults += 1
            print(f"{name}: {prepared.registers} {prepared.code.hex(' ')}: the trap was not reached")
            continue
        vectors.append(vector(name, prepared, recorder.before, after))
        if int(name.split()[-1]) <= TIMED and prepared.registers.e == prepared.expected.e:
            clocks = recorder.clocks(prepared, idles[prepared.registers.e])
            vectors[-1]["clocks"] = [clocks, prepared.accesses]
        wrong = list(differences(machine, vectors[-1]))
        if wrong:
            faults += 1
            print(f"{name}: {prepared.registers} {prepared.code.hex(' ')}: {'; '.join(wrong[:4])}")
    text = "[" + ",\n".join(json.dumps(one, separators=(",", ":")) for one in vectors) + "]\n"
    RECORDED.parent.mkdir(exist_ok=True)
    RECORDED.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"{len(vectors)} vectors, {faults} faults, {RECORDED.stat().st_size} bytes")
    return int(faults > 0)


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:])))
