"""Tools for colours, messages, graphics and the names of things."""

from __future__ import annotations

from agents.training.domains.yaze.editor.tool import (
    Arguments,
    Tool,
    ToolError,
    address_of,
    choice,
    identity,
    number,
    text,
    whole,
)
from agents.training.domains.yaze.world import World
from agents.training.sample import Json

COLORS = 8
LONGEST_MESSAGE = 160
MESSAGE = identity("number of the message", 0x18C)
_TABLES = {"sprite": "creatures", "item": "things", "music": "tunes", "room": "rooms", "map": "maps"}
_PALETTE = {"group": text("name of the group, such as hud", 24), "palette": whole("palette in the group", 15)}


def rgb(color: int) -> str:
    """Return a 15-bit colour as ``#RRGGBB``: five bits each, blue in the high ones.

    Source: fullsnes (nocash), "SNES Memory CGRAM Access (Palette Memory)".
    """
    parts = (color >> shift & 31 for shift in (0, 5, 10))
    return "#" + "".join(f"{part << 3 | part >> 2:02X}" for part in parts)


def from_written(color: str) -> int:
    """Return the 15-bit colour that ``$7FFF`` or ``#RRGGBB`` says; of eight bits the upper five count."""
    if color[0] == "$":
        return int(color[1:], 16)
    red, green, blue = bytes.fromhex(color[1:])
    return red >> 3 | green >> 3 << 5 | blue >> 3 << 10


def _palette(world: World, arguments: Arguments) -> tuple[tuple[str, int], list[int]]:
    key, table = (arguments["group"], arguments["palette"]), world.table("palettes")
    if key not in table:
        groups = sorted({group for group, _ in table})
        if key[0] in groups:
            raise ToolError("out_of_range", f"{key[0]} has palettes 0 to 3, not {key[1]}")
        raise ToolError("not_found", f"no palette group {key[0]}; there are: {', '.join(groups)}")
    return key, table[key]


def _get_colors(world: World, arguments: Arguments) -> Json:
    (group, at), colors = _palette(world, arguments)
    return {"group": group, "palette": at, "colors": [f"${color:04X}" for color in colors]}


def _set_color(world: World, arguments: Arguments) -> Json:
    key, colors = _palette(world, arguments)
    at, color = arguments["index"], from_written(arguments["color"])
    world.commit(f"palette-set-color {key[0]}", {("palettes", key): [*colors[:at], color, *colors[at + 1 :]]})
    shown = {"before": f"${colors[at]:04X}", "after": f"${color:04X}", "rgb": rgb(color)}
    return {"group": key[0], "palette": key[1], "index": at, **shown}


def _message(world: World, arguments: Arguments) -> tuple[int, Json]:
    at = number(arguments, "message", 0x18C)
    message = world.value("messages", at)
    if message is None:
        raise ToolError("not_found", f"message 0x{at:02X} is empty; message-search finds texts")
    return at, message


def _read(world: World, arguments: Arguments) -> Json:
    at, message = _message(world, arguments)
    return {
        "message": f"0x{at:02X}",
        "text": message["text"],
        "length": len(message["text"]),
        "limit": message["limit"],
    }


def _write(world: World, arguments: Arguments) -> Json:
    at, message = _message(world, arguments)
    said, limit = arguments["text"], message["limit"]
    if not said.isascii() or not said.isprintable():
        raise ToolError("bad_character", "the font has printable ASCII only")
    if len(said) > limit:
        raise ToolError("too_long", f"the text has {len(said)} characters; message 0x{at:02X} holds {limit}")
    world.commit(f"message-write 0x{at:02X}", {("messages", at): {**message, "text": said}})
    return {"message": f"0x{at:02X}", "length": len(said), "limit": limit}


def _search(world: World, arguments: Arguments) -> Json:
    part = arguments["text"].lower()
    found = [
        {"message": f"0x{at:02X}", "text": message["text"]}
        for at, message in sorted(world.table("messages").items())
        if part in message["text"].lower()
    ]
    return {"text": arguments["text"], "messages": found}


def _names(world: World, arguments: Arguments) -> Json:
    part, found = arguments["text"].lower(), []
    for at, entry in sorted(world.table(_TABLES[arguments["kind"]]).items()):
        name = entry if isinstance(entry, str) else entry["name"]
        if part in name.lower():
            found.append({"id": f"0x{at:02X}", "name": name})
    return {"kind": arguments["kind"], "text": arguments["text"], "matches": found}


def _sheet(world: World, arguments: Arguments) -> Json:
    at = number(arguments, "sheet", 0xDE)
    sheet = world.value("sheets", at)
    where = {"address": address_of(world, sheet["offset"]), "packed_bytes": sheet["packed"]}
    return {"sheet": f"0x{at:02X}", "bits_per_pixel": sheet["bits_per_pixel"], **where}


TOOLS = (
    Tool("palette-get-colors", "The colours of a palette, 15 bits each.", _PALETTE, ("group", "palette"), _get_colors),
    Tool(
        "palette-set-color",
        "Change one colour of a palette.",
        {
            **_PALETTE,
            "index": whole("colour in the palette", COLORS - 1),
            "color": {
                "type": "string",
                "pattern": r"^(\$[0-7][0-9A-Fa-f]{3}|#[0-9A-Fa-f]{6})$",
                "description": "15-bit colour such as $7FFF, or #RRGGBB",
            },
        },
        ("group", "palette", "index", "color"),
        _set_color,
        changes=True,
    ),
    Tool(
        "message-read",
        "Text of a message and how many characters it may have.",
        {"message": MESSAGE},
        ("message",),
        _read,
    ),
    Tool(
        "message-write",
        "Replace the text of a message; a text longer than its limit is refused.",
        {"message": MESSAGE, "text": text("new text in printable ASCII", LONGEST_MESSAGE)},
        ("message", "text"),
        _write,
        changes=True,
    ),
    Tool("message-search", "Messages that contain a text.", {"text": text("part of a message")}, ("text",), _search),
    Tool(
        "name-search",
        "Ids of sprites, items, music, rooms or maps whose name contains a text.",
        {"kind": choice("what the name is of", _TABLES), "text": text("part of a name", 40)},
        ("kind", "text"),
        _names,
    ),
    Tool(
        "graphics-sheet-info",
        "Where a sheet of graphics is, and its format.",
        {"sheet": identity("number of the sheet", 0xDE)},
        ("sheet",),
        _sheet,
    ),
)
