"""The game that an item is about, before anybody edits it: maps, rooms, messages, colours, labels and bytes.

Owns what follows from a salt alone, made when it is first asked for. Never changes; edits are the business of `World`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from random import Random
from typing import Any

from agents.training.domains.yaze import mapping, names, routine
from agents.training.phrases import seeded
from agents.training.sample import Json

PAGE = 0x8000
HEADER = {"LoROM": 0x7FC0, "HiROM": 0xFFC0}
"""Offset of the 64-byte header in the file. Source: fullsnes (nocash), "SNES Cartridge ROM Header"."""
MAP_SIDE = 32
DOOR_KINDS = ("open", "shutter", "small_key", "big_key", "bombable", "one_way")
SIDES = ("north", "south", "west", "east")
EFFECTS = ("none", "dark", "moving_water", "torchlight", "quake")
PROPERTIES = {"blockset": 23, "palette": 40, "spriteset": 63, "floor": 15, "music": 31}
"""Numbers that a room's header holds, with the largest value of each."""
Key = tuple[Any, ...]


class Ground:
    """The unedited game of one salt."""

    def __init__(self, salt: str) -> None:
        self._salt = salt
        self._pages: dict[int, bytes] = {}
        self._tables: dict[str, dict[Any, Json]] = {}
        rng = self._rng("rom")
        self.title = names.project(rng)
        self.mapper: mapping.Mapper = "LoROM" if rng.random() < 0.8 else "HiROM"
        self.size = rng.choice((0x100000, 0x100000, 0x180000, 0x200000))
        pages = rng.sample(range(2, self.size // PAGE), 6)
        self.used = sorted({0, 1, *pages})
        self.code_page, self.free_page, self.data_page = pages[0], pages[1], pages[2]
        self.free_from = rng.randrange(0x4000, 0x7800, 0x10)
        bank = pages[3] * PAGE
        self.locked = {
            "internal header and vectors": (HEADER[self.mapper], HEADER[self.mapper] + 0x3F),
            rng.choice(("sound driver", "title logo", "credits text", "boot code")): (bank, bank + PAGE - 1),
        }

    def _rng(self, *parts: object) -> Random:
        return seeded(self._salt, "ground", *parts)

    def value(self, key: Key) -> Json:
        """Return what the game has at ``key``: ("byte", offset), ("tile", map, x, y), or (table, id)."""
        match key:
            case ("byte", offset):
                return self.page(offset // PAGE)[offset % PAGE]
            case ("tile", at, x, y):
                return self.tiles(at)[y * MAP_SIDE + x]
            case (table, at):
                return self.table(table).get(at)
        return None

    def table(self, name: str) -> dict[Any, Json]:
        """Return a table by name: rooms, maps, messages, palettes, symbols, creatures, things, tunes or sheets."""
        if name not in self._tables:
            self._tables[name] = _MAKERS[name](self, self._rng(name))
        return self._tables[name]

    # The image

    def page(self, number: int) -> bytes:
        """Return 32 KiB of the file; pages that are not used hold $FF."""
        if number not in self._pages:
            self._pages[number] = self._made(number) if number in self.used else bytes([255]) * PAGE
        return self._pages[number]

    def _made(self, number: int) -> bytes:
        data = bytearray(self._rng("page", number).randbytes(PAGE))
        if number == self.free_page:
            data[self.free_from :] = bytes([255]) * (PAGE - self.free_from)
        if number == self.code_page:
            for found in self.routines.values():
                at = found["offset"] % PAGE
                data[at : at + len(found["code"])] = found["code"]
        if number == HEADER[self.mapper] // PAGE:
            data[0x7FC0:] = self._header(data[0x7FC0:])
        return bytes(data)

    def _header(self, data: bytearray) -> bytes:
        rng = self._rng("header")
        data[:21] = self.title.upper().encode()[:21].ljust(21)
        stored = rng.getrandbits(16)
        data[0x15:0x19] = bytes((0x20 + (self.mapper == "HiROM"), 2, 0x0A + (self.size > 0x100000), 3))
        data[0x1C:0x20] = (stored ^ 0xFFFF).to_bytes(2, "little") + stored.to_bytes(2, "little")
        return bytes(data)

    @cached_property
    def routines(self) -> dict[str, dict[str, Any]]:
        """Code by label: its offset in the file and its bytes."""
        rng = self._rng("routines")
        labels = names.fresh(rng, names.routine, 9)
        at, found = self.code_page * PAGE + rng.randrange(0x100, 0x3000), {}
        where = []
        for _ in labels:
            where.append(at)
            at += rng.randrange(0x40, 0x700)
        for label, offset in zip(labels, where, strict=True):
            target = mapping.to_snes(self.mapper, rng.choice(where))
            found[label] = {"offset": offset, "code": routine.made(rng, target)}
        return found

    # Maps

    def tiles(self, at: int) -> list[int]:
        """Return the 32 x 32 tile16 of a map, row by row."""
        table = self.table("tiles")
        if at not in table:
            rng = self._rng("tiles", at)
            common, rare = rng.sample(range(0x20, 0xE00), 9), rng.sample(range(0x20, 0xE00), 5)
            grid = rng.choices(common, k=MAP_SIDE * MAP_SIDE)
            for tile in rare:
                for _ in range(rng.randint(1, 4)):
                    grid[rng.randrange(len(grid))] = tile
            table[at] = grid
        return list[int](table[at])


def _rooms(ground: Ground, rng: Random) -> dict[int, Json]:
    dungeons = names.fresh(rng, names.dungeon, 3)
    ids, labels = sorted(rng.sample(range(0x128), 10)), names.fresh(rng, names.chamber, 10)
    rooms = {}
    for at, label in zip(ids, labels, strict=True):
        header = {name: rng.randint(0, most) for name, most in PROPERTIES.items()}
        rooms[at] = {
            "name": label,
            "dungeon": rng.choice(dungeons),
            **header,
            "music": rng.choice(sorted(ground.table("tunes"))),
            "effect": rng.choice(EFFECTS),
            "sprites": _standing(rng, ground, rng.randint(2, 5), 16),
            "chests": [rng.choice(sorted(ground.table("things"))) for _ in range(rng.randint(1, 3))],
            "doors": [[side, rng.choice(DOOR_KINDS)] for side in rng.sample(SIDES, rng.randint(2, 4))],
            "objects": [[rng.randrange(0xF8), *_place(rng, 64), rng.randrange(16)] for _ in range(rng.randint(2, 4))],
        }
    return rooms


def _maps(ground: Ground, rng: Random) -> dict[int, Json]:
    ids, labels = sorted(rng.sample(range(0x80), 8)), names.fresh(rng, names.land, 8)
    doors = iter(rng.sample(range(0x85), 24))
    rooms = sorted(ground.table("rooms"))
    return {
        at: {
            "name": label,
            "palette": rng.randrange(32),
            "graphics": rng.randrange(0x50),
            "music": rng.choice(sorted(ground.table("tunes"))),
            "sprites": _standing(rng, ground, rng.randint(2, 5), MAP_SIDE),
            "entrances": {next(doors): [*_place(rng, MAP_SIDE), rng.choice(rooms)] for _ in range(rng.randint(1, 3))},
        }
        for at, label in zip(ids, labels, strict=True)
    }


def _standing(rng: Random, ground: Ground, count: int, side: int) -> list[list[int]]:
    kinds = sorted(ground.table("creatures"))
    return [[rng.choice(kinds), *_place(rng, side)] for _ in range(count)]


def _place(rng: Random, side: int) -> tuple[int, int]:
    return rng.randrange(1, side - 1), rng.randrange(1, side - 1)


def _messages(ground: Ground, rng: Random) -> dict[int, Json]:
    ids, lines = sorted(rng.sample(range(0x18D), 18)), names.fresh(rng, names.line, 18)
    return {at: {"text": line, "limit": len(line) + rng.randint(2, 24)} for at, line in zip(ids, lines, strict=True)}


def _palettes(ground: Ground, rng: Random) -> dict[tuple[str, int], Json]:
    groups = rng.sample(("ow_main", "ow_aux", "dungeon_main", "sprites_global", "sprites_aux", "hud", "armor"), 3)
    return {(group, at): [rng.randrange(0x8000) for _ in range(8)] for group in sorted(groups) for at in range(4)}


def _symbols(ground: Ground, rng: Random) -> dict[str, Json]:
    code = {
        label: {"address": mapping.to_snes(ground.mapper, found["offset"]), "kind": "code", "size": len(found["code"])}
        for label, found in ground.routines.items()
    }
    variables = names.fresh(rng, names.variable, 7)
    ram = {
        label: {"address": 0x7E0000 + rng.randrange(0x200, 0x1F00), "kind": "ram", "size": 1 + (n & 1)}
        for n, label in enumerate(variables)
    }
    return {**code, **ram}


def _numbered(
    make: Callable[[Random, int], list[str]], count: int, ids: int
) -> Callable[[Ground, Random], dict[int, Json]]:
    def made(ground: Ground, rng: Random) -> dict[int, Json]:
        return dict(zip(sorted(rng.sample(range(1, ids), count)), make(rng, count), strict=True))

    return made


def _sheets(ground: Ground, rng: Random) -> dict[int, Json]:
    return {
        at: {
            "bits_per_pixel": rng.choice((2, 3, 3, 4)),
            "packed": rng.randrange(0x280, 0x600),
            "offset": rng.choice(ground.used) * PAGE + rng.randrange(0x6000),
        }
        for at in range(0xDF)
    }


_MAKERS: dict[str, Callable[[Ground, Random], dict[Any, Json]]] = {
    "rooms": _rooms,
    "maps": _maps,
    "tiles": lambda ground, rng: {},
    "messages": _messages,
    "palettes": _palettes,
    "symbols": _symbols,
    "sheets": _sheets,
    "creatures": _numbered(names.creatures, 12, 0xF0),
    "things": _numbered(names.things, 10, 0x4C),
    "tunes": _numbered(names.tunes, 6, 32),
}
