"""The 24-bit address space: mirrors, a journal of writes, and the multiply/divide unit of the SNES.

Owns bytes and what was there before. Never knows instructions.

Sources: fullsnes (nocash), "SNES Memory Map" and "SNES Maths Multiply/Divide"; anomie's memory map.
"""

from __future__ import annotations

from collections.abc import Callable

DIRECT = 0x1000000
"""Added to a 16-bit address: an access that stays in bank 0 when it runs past $FFFF (direct page, stack).

The page table covers this space, so that the byte after ``DIRECT + 0xFFFF`` is $00:0000, whereas the byte
after $00:FFFF is $01:0000; likewise the byte after $FF:FFFF is $00:0000.
"""

WRMPYB, WRDIVB, RDDIV, RDMPY = 0x4203, 0x4206, 0x4214, 0x4216
_PAGE = 0x2000


def canonical(address: int) -> int:
    """Return the one name of a 24-bit address that has several.

    In banks $00-$3F and $80-$BF, $0000-$1FFF is the first 8 KiB of work RAM (also $7E:0000-1FFF) and
    $2000-$5FFF holds the same hardware registers; both are named by their address in bank $00.
    """
    bank, offset = address >> 16, address & 0xFFFF
    if (not bank & 0x40 and offset < 0x6000) or (bank == 0x7E and offset < 0x2000):
        return offset
    return address


_PAGES = [canonical(address) for address in range(0, DIRECT, _PAGE)]
"""Canonical address of each 8 KiB page; behind $FF:FFFF follow bank 0 (`DIRECT`) and its first page again."""
_PAGES += [*_PAGES[: 0x10000 // _PAGE], _PAGES[0]]


class Memory:
    """16 MiB of RAM, zero at first. Created once and reused: undoing costs what was written, not 16 MiB.

    ``cells`` holds the bytes by canonical address, ``writes`` the value before the first write of every
    address written since the last `reset`. ``watched`` holds addresses whose writes have an effect.
    """

    __slots__ = ("cells", "code", "forget_code", "image", "pages", "watched", "writes")

    def __init__(self, forget_code: Callable[[], None]) -> None:
        self.cells = bytearray(0x1000000)
        self.pages = _PAGES
        self.writes: dict[int, int] = {}
        self.code: set[int] = set()
        self.watched = {WRMPYB, WRDIVB}
        self.image: dict[int, int] = {}
        self.forget_code = forget_code

    def read(self, address: int) -> int:
        """Return the byte at ``address``, which may be in the `DIRECT` space."""
        return self.cells[self.pages[address >> 13] | address & 0x1FFF]

    def word(self, address: int) -> int:
        """Return the little-endian 16-bit value at ``address``."""
        cells, pages = self.cells, self.pages
        after = address + 1
        return cells[pages[address >> 13] | address & 0x1FFF] | cells[pages[after >> 13] | after & 0x1FFF] << 8

    def write(self, address: int, value: int) -> None:
        """Store a byte in [0, 255] and remember what it replaced."""
        place = self.pages[address >> 13] | address & 0x1FFF
        writes = self.writes
        if place not in writes:
            writes[place] = self.cells[place]
        self.cells[place] = value
        if place in self.watched:
            self._react(place)

    def write_word(self, address: int, value: int) -> None:
        """Store a 16-bit value, low byte first."""
        self.write(address, value & 0xFF)
        self.write(address + 1, value >> 8)

    def watch(self, address: int) -> int:
        """Return the byte at ``address`` and treat it as code: a write to it calls ``forget_code``."""
        place = self.pages[address >> 13] | address & 0x1FFF
        self.code.add(place)
        self.watched.add(place)
        return self.cells[place]

    def load(self, address: int, data: bytes) -> None:
        """Place ``data`` at 24-bit ``address``; it stays through `reset`, until `clear`.

        Raises:
            ValueError: the data would not fit between ``address`` and $FF:FFFF.
        """
        if not 0 <= address <= 0x1000000 - len(data):
            raise ValueError(f"{len(data)} bytes do not fit at ${address:06X}")
        done = 0
        while done < len(data):
            at = address + done
            place = canonical(at)
            part = data[done : done + _PAGE - at % _PAGE]
            self.cells[place : place + len(part)] = part
            self._settle(range(place, place + len(part)))
            done += len(part)

    def _settle(self, places: range) -> None:
        self.image[places.start] = max(len(places), self.image.get(places.start, 0))
        for place in [place for place in self.writes if place in places]:
            del self.writes[place]
        if any(place in places for place in self.code):
            self._forget()

    def reset(self) -> None:
        """Undo every write since the last reset; what was loaded stays."""
        if not self.code.isdisjoint(self.writes):
            self._forget()
        for place, before in self.writes.items():
            self.cells[place] = before
        self.writes.clear()

    def clear(self) -> None:
        """Undo every write and every load: all zero again."""
        self.reset()
        self._forget()
        for place, length in self.image.items():
            self.cells[place : place + length] = bytes(length)
        self.image.clear()

    def _forget(self) -> None:
        self.code.clear()
        self.watched = {WRMPYB, WRDIVB}
        self.forget_code()

    def _react(self, place: int) -> None:
        if place == WRMPYB:
            self.write_word(RDMPY, self.cells[0x4202] * self.cells[WRMPYB])
        elif place == WRDIVB:
            self._divide()
        if place in self.code:
            self._forget()

    def _divide(self) -> None:
        """16-bit $4204 by 8-bit $4206: quotient at $4214, remainder at $4216; by zero $FFFF and the dividend."""
        dividend, divisor = self.word(0x4204), self.cells[WRDIVB]
        quotient, remainder = divmod(dividend, divisor) if divisor else (0xFFFF, dividend)
        self.write_word(RDDIV, quotient)
        self.write_word(RDMPY, remainder)
