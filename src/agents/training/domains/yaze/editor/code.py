"""Tools for addresses, labels and machine code."""

from __future__ import annotations

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
    text,
    whole,
)
from agents.training.domains.yaze.world import World
from agents.training.sample import Json
from agents.training.w65816 import AssemblyError, assemble, disassemble

MOST_INSTRUCTIONS = 16
_LONGEST_SOURCE = 400
_LABEL = {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]{0,47}$", "description": "name of the label"}
_OFFSET = {
    "type": ["integer", "string"],
    "minimum": 0,
    "pattern": r"^(\$|0x)[0-9A-Fa-f]{1,6}$",
    "description": "offset in the file without a copier header",
}


def _to_pc(world: World, arguments: Arguments) -> Json:
    offset = offset_of(world, arguments["address"])
    return {"address": mapping.written(mapping.as_number(arguments["address"])), "offset": f"0x{offset:06X}"}


def _to_snes(world: World, arguments: Arguments) -> Json:
    offset = mapping.as_number(arguments["offset"])
    if offset >= world.ground.size:
        raise ToolError("out_of_range", f"offset 0x{offset:06X} is past the end (0x{world.ground.size - 1:06X})")
    return {"offset": f"0x{offset:06X}", "address": address_of(world, offset)}


def _shown(name: str, symbol: Json) -> Json:
    return {"name": name, "address": mapping.written(symbol["address"]), "kind": symbol["kind"], "size": symbol["size"]}


def _lookup(world: World, arguments: Arguments) -> Json:
    name, table = arguments["name"], world.table("symbols")
    if name not in table:
        raise ToolError("not_found", f"no symbol named {name}; symbol-search finds parts of names")
    return _shown(name, table[name])


def _search(world: World, arguments: Arguments) -> Json:
    part = arguments["text"].lower()
    found = [(name, symbol) for name, symbol in sorted(world.table("symbols").items()) if part in name.lower()]
    symbols = [{"name": name, "address": mapping.written(symbol["address"])} for name, symbol in found]
    return {"text": arguments["text"], "symbols": symbols}


def _nearest(world: World, arguments: Arguments) -> Json:
    address = mapping.as_number(arguments["address"])
    below = [(s["address"], name) for name, s in world.table("symbols").items() if s["address"] <= address]
    found = max((entry for entry in below if entry[0] >> 16 == address >> 16), default=None)
    if found is None:
        raise ToolError("not_found", f"no symbol lies at or below {mapping.written(address)} in its bank")
    return {"address": mapping.written(address), "symbol": found[1], "distance": address - found[0]}


def _add(world: World, arguments: Arguments) -> Json:
    name, address = arguments["name"], mapping.as_number(arguments["address"])
    if name in world.table("symbols"):
        raise ToolError("exists", f"{name} is defined already")
    symbol = {"address": address, "kind": "ram" if address >> 16 in {0x7E, 0x7F} else "code", "size": 1}
    world.commit(f"symbol-add {name}", {("symbols", name): symbol})
    return {"name": name, "address": mapping.written(address)}


def _disassemble(world: World, arguments: Arguments) -> Json:
    offset, count = offset_of(world, arguments["address"]), arguments["count"]
    end = min(offset + 4 * count, world.ground.size)
    wide = {"m8": not arguments.get("m16", False), "x8": not arguments.get("x16", False)}
    origin = mapping.to_snes(world.ground.mapper, offset)
    lines = disassemble(world.octets(offset, end - offset), origin, **wide)[:count]
    shown = [f"{mapping.written(line.address)} {line.text}" for line in lines]
    return {"address": mapping.written(origin), "lines": shown, "length": sum(len(line.data) for line in lines)}


def _assemble(world: World, arguments: Arguments) -> Json:
    offset, write = offset_of(world, arguments["address"]), arguments.get("write", False)
    source = arguments["source"].replace(" / ", "\n")
    try:
        code = assemble(source, origin=mapping.to_snes(world.ground.mapper, offset), max_bytes=256).code
    except AssemblyError as error:
        raise ToolError("assembly", str(error)) from None
    if not code:
        raise ToolError("assembly", "the source makes no bytes")
    if write:
        guard(world, offset, len(code))
        label = f"asm-assemble {address_of(world, offset)}"
        world.commit(label, {("byte", offset + n): value for n, value in enumerate(code)})
    return {"address": address_of(world, offset), "bytes": spaced(code), "length": len(code), "written": write}


def _wide(what: str) -> Json:
    return {"type": "boolean", "description": f"whether {what} 16 bits wide at the address; default false"}


TOOLS = (
    Tool(
        "address-to-pc",
        "Convert a SNES address to its offset in the ROM file.",
        {"address": ADDRESS},
        ("address",),
        _to_pc,
    ),
    Tool(
        "address-to-snes",
        "Convert an offset in the ROM file to its SNES address.",
        {"offset": _OFFSET},
        ("offset",),
        _to_snes,
    ),
    Tool("symbol-lookup", "Address, kind and size of a label.", {"name": _LABEL}, ("name",), _lookup),
    Tool(
        "symbol-search", "Labels whose name contains a text.", {"text": text("part of a name", 40)}, ("text",), _search
    ),
    Tool("symbol-at", "The last label at or below an address.", {"address": ADDRESS}, ("address",), _nearest),
    Tool(
        "symbol-add",
        "Define a new label.",
        {"name": _LABEL, "address": ADDRESS},
        ("name", "address"),
        _add,
        changes=True,
    ),
    Tool(
        "asm-disassemble",
        f"Disassemble up to {MOST_INSTRUCTIONS} instructions; REP and SEP are followed.",
        {
            "address": ADDRESS,
            "count": whole("how many instructions", MOST_INSTRUCTIONS, 1),
            "m16": _wide("A and memory are"),
            "x16": _wide("X and Y are"),
        },
        ("address", "count"),
        _disassemble,
    ),
    Tool(
        "asm-assemble",
        "Assemble 65816 source for an address; the ROM is changed only with write.",
        {
            "address": ADDRESS,
            "source": text("instructions, on lines of their own or with ' / ' between them", _LONGEST_SOURCE),
            "write": {"type": "boolean", "description": "whether to put the bytes into the ROM; default false"},
        },
        ("address", "source"),
        _assemble,
        changes=True,
    ),
)
