"""Tools for the image as a whole: its facts, bytes, free space, checksum, backups and history."""

from __future__ import annotations

import re

from agents.training.domains.yaze import mapping
from agents.training.domains.yaze.editor.tool import (
    ADDRESS,
    Arguments,
    Tool,
    ToolError,
    address_of,
    guard,
    offset_of,
    spaced,
    whole,
)
from agents.training.domains.yaze.ground import HEADER, PAGE
from agents.training.domains.yaze.world import Edits, World
from agents.training.sample import Json

LONGEST = 64
"""Bytes that one call reads or writes."""
MOST_MATCHES = 16
_BYTES = r"[0-9A-Fa-f]{2}( ?[0-9A-Fa-f]{2}){0,63}"
_PATTERN = r"^([0-9A-Fa-f]{2}|\?\?)( ([0-9A-Fa-f]{2}|\?\?)){1,31}$"
_NAME = {
    "type": "string",
    "pattern": "^[A-Za-z0-9_-]{1,32}$",
    "description": "name of the backup: letters, digits, _ and -",
}


def _info(world: World, _: Arguments) -> Json:
    ground = world.ground
    return {
        "title": ground.title,
        "mapper": ground.mapper,
        "size_kib": ground.size // 1024,
        "unsaved": world.edits != world.saved,
        "backups": sorted(world.backups),
        "locked": [
            {"from": address_of(world, first), "to": address_of(world, last), "reason": reason}
            for reason, (first, last) in ground.locked.items()
        ],
    }


def _read(world: World, arguments: Arguments) -> Json:
    offset, length = offset_of(world, arguments["address"]), arguments["length"]
    if offset + length > world.ground.size:
        raise ToolError("out_of_range", f"{length} bytes from there run past the end of the ROM")
    return {"address": address_of(world, offset), "length": length, "bytes": spaced(world.octets(offset, length))}


def _write(world: World, arguments: Arguments) -> Json:
    offset, data = offset_of(world, arguments["address"]), bytes.fromhex(arguments["bytes"])
    guard(world, offset, len(data))
    before = world.octets(offset, len(data))
    world.commit(f"rom-write {address_of(world, offset)}", {("byte", offset + n): at for n, at in enumerate(data)})
    return {"address": address_of(world, offset), "before": spaced(before), "after": spaced(data)}


def page_of(world: World, arguments: Arguments) -> int:
    """Return the page of the file whose upper half-bank the argument ``bank`` names.

    Raises:
        ToolError: the ROM has no such bank.
    """
    bank = mapping.as_number(arguments["bank"])
    offset = mapping.to_pc(world.ground.mapper, bank << 16 | 0x8000)
    if offset is None or offset >= world.ground.size:
        raise ToolError("out_of_range", f"bank ${bank:02X} has no ROM here")
    return offset // PAGE


def _find(world: World, arguments: Arguments) -> Json:
    number = page_of(world, arguments)
    parts = (b"." if part == "??" else re.escape(bytes.fromhex(part)) for part in arguments["pattern"].split())
    pattern = re.compile(b"(?=" + b"".join(parts) + b")", re.DOTALL)
    found = [number * PAGE + at.start() for at in pattern.finditer(world.page(number))]
    listed = [address_of(world, offset) for offset in found[:MOST_MATCHES]]
    return {"pattern": arguments["pattern"].upper(), "total": len(found), "matches": listed}


def _free(world: World, arguments: Arguments) -> Json:
    number, least = page_of(world, arguments), arguments["least"]
    runs = re.compile(b"\xff{%d,}" % least)
    found = [(number * PAGE + run.start(), len(run[0])) for run in runs.finditer(world.page(number))]
    return {"least": least, "runs": [{"address": address_of(world, at), "length": count} for at, count in found[:8]]}


BANK = {
    "type": "string",
    "pattern": r"^(\$|0x)[0-9A-Fa-f]{2}$",
    "description": "bank in hexadecimal, such as $0A; its half from $8000 to $FFFF is searched",
}


def checksums(world: World) -> tuple[int, int]:
    """Return the checksum in the header and the one of the image.

    The sum of all bytes in 16 bits, with $FF,$FF,$00,$00 for complement and checksum; the part of a size that is no
    power of two counts as often as it is mirrored. Source: fullsnes (nocash), "SNES Cartridge ROM Header".
    """
    at = HEADER[world.ground.mapper] + 0x1C
    pages = [
        sum(world.page(number)) if number in _touched(world) else 255 * PAGE
        for number in range(world.ground.size // PAGE)
    ]
    half = 0x100000 // PAGE
    total = sum(pages[:half]) + sum(pages[half:]) * (2 if len(pages) == half * 3 // 2 else 1)
    fields = world.octets(at, 4)
    return int.from_bytes(fields[2:], "little"), (total - sum(fields) + 0x1FE) & 0xFFFF


def _touched(world: World) -> set[int]:
    return {*world.ground.used, *(key[1] // PAGE for key in world.edits if key[0] == "byte")}


def _checksum(world: World, _: Arguments) -> Json:
    stored, computed = checksums(world)
    return {"stored": f"${stored:04X}", "computed": f"${computed:04X}", "valid": stored == computed}


def _fix(world: World, _: Arguments) -> Json:
    stored, computed = checksums(world)
    at = HEADER[world.ground.mapper] + 0x1C
    data = (computed ^ 0xFFFF).to_bytes(2, "little") + computed.to_bytes(2, "little")
    world.commit("rom-fix-checksum", {("byte", at + n): value for n, value in enumerate(data)})
    return {"before": f"${stored:04X}", "after": f"${computed:04X}"}


def _backup(world: World, arguments: Arguments) -> Json:
    name = arguments["name"]
    if name in world.backups:
        raise ToolError("exists", f"there is a backup named {name} already")
    world.backups[name] = dict(world.edits)
    return {"backup": name, "size_kib": world.ground.size // 1024}


def _compare(world: World, arguments: Arguments) -> Json:
    name = arguments["backup"]
    if name not in world.backups:
        known = ", ".join(sorted(world.backups)) or "none"
        raise ToolError("not_found", f"no backup named {name}; there are: {known}")
    return {"backup": name, **_differing(world, world.backups[name])}


def _differing(world: World, then: Edits) -> Json:
    keys = [key for key in {**then, **world.edits} if then.get(key) != world.edits.get(key)]
    offsets = sorted(key[1] for key in keys if key[0] == "byte")
    return {
        "changed_bytes": len(offsets),
        "first": address_of(world, offsets[0]) if offsets else None,
        "other_changes": len(keys) - len(offsets),
    }


def _undo(world: World, arguments: Arguments) -> Json:
    steps = arguments["steps"]
    if steps > len(world.history):
        raise ToolError("out_of_range", f"only {len(world.history)} steps can be undone")
    return {"undone": world.undo(steps), "left": len(world.history)}


def _save(world: World, _: Arguments) -> Json:
    done = {"saved": True, **_differing(world, world.saved)}
    world.saved = dict(world.edits)
    return done


TOOLS = (
    Tool("rom-info", "Title, mapper, size, backups and locked ranges of the open ROM.", {}, (), _info),
    Tool(
        "rom-read",
        f"Read up to {LONGEST} bytes of the ROM.",
        {"address": ADDRESS, "length": whole("how many bytes", LONGEST, 1)},
        ("address", "length"),
        _read,
    ),
    Tool(
        "rom-write",
        "Overwrite bytes of the ROM. Locked ranges are refused. Can be undone.",
        {
            "address": ADDRESS,
            "bytes": {"type": "string", "pattern": f"^{_BYTES}$", "description": "bytes in hexadecimal, such as A9 0F"},
        },
        ("address", "bytes"),
        _write,
        changes=True,
    ),
    Tool(
        "rom-find",
        f"Find a byte pattern in one bank; at most {MOST_MATCHES} addresses are listed.",
        {
            "pattern": {
                "type": "string",
                "pattern": _PATTERN,
                "description": "2 to 32 bytes in hexadecimal with spaces; ?? matches any byte",
            },
            "bank": BANK,
        },
        ("pattern", "bank"),
        _find,
    ),
    Tool(
        "rom-free-space",
        "List unused runs of $FF bytes in one bank, those of at least a given length.",
        {"bank": BANK, "least": whole("shortest run in bytes", PAGE, 16)},
        ("bank", "least"),
        _free,
    ),
    Tool("rom-checksum", "Compare the checksum in the header with the image.", {}, (), _checksum),
    Tool("rom-fix-checksum", "Write the right checksum into the header.", {}, (), _fix, changes=True),
    Tool("rom-backup", "Keep a copy of the project as it is now.", {"name": _NAME}, ("name",), _backup, changes=True),
    Tool(
        "rom-compare", "Count what differs between the project and a backup.", {"backup": _NAME}, ("backup",), _compare
    ),
    Tool(
        "rom-undo",
        "Take back the last edits, the latest first.",
        {"steps": whole("how many edits", 50, 1)},
        ("steps",),
        _undo,
        changes=True,
    ),
    Tool("rom-save", "Write all edits to the ROM file.", {}, (), _save, changes=True),
)
