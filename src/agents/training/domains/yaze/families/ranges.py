"""Values that are beyond what a tool takes, with the reason."""

from __future__ import annotations

from agents.training.domains.yaze.dialog import Forms
from agents.training.domains.yaze.families.scene import Scene
from agents.training.domains.yaze.ground import PROPERTIES
from agents.training.domains.yaze.requests.places import place

Range = tuple[str, Forms, dict[str, object], str, str]


def _far_tile(scene: Scene) -> Range:
    area, x, y = scene.draw.map(), scene.rng.randrange(36, 200), scene.rng.randrange(32)
    values: dict[str, object] = {
        "map": area.said,
        "pos": place(scene.draw, x, y),
        "tile": scene.draw.hex(scene.rng.randrange(0x20, 0xE00), 3),
        "bad": f"column {x}",
    }
    return (
        "overworld-set-tile",
        ("put tile {tile} at {pos} on {map}", "set {pos} of {map} to tile16 {tile}"),
        values,
        r"\b(31|32|0x1f|\$1f)\b",
        "a map has columns 0 to 31",
    )


def _big_tile(scene: Scene) -> Range:
    area, (x, y), tile = scene.draw.map(), scene.draw.xy(32), scene.rng.randrange(0xF00, 0x4000)
    values: dict[str, object] = {
        "map": area.said,
        "pos": place(scene.draw, x, y),
        "tile": scene.draw.hex(tile, 4),
        "bad": f"0x{tile:04X}",
    }
    return (
        "overworld-set-tile",
        ("put tile {tile} at {pos} on {map}", "change {pos} on {map} to tile16 {tile}"),
        values,
        r"0xea7|\$ea7|3751",
        "tile16 numbers end at 0xEA7",
    )


def _far_sprite(scene: Scene) -> Range:
    room, kind = scene.draw.room(), scene.draw.kind("creatures", "sprite")
    x, y = scene.rng.randrange(17, 64), scene.rng.randrange(16)
    values: dict[str, object] = {
        "room": room.said,
        "kind": kind.said,
        "pos": place(scene.draw, x, y),
        "bad": f"column {x}",
    }
    return (
        "dungeon-add-sprite",
        ("add {kind} to {room} at {pos}", "put {kind} at {pos} in {room}"),
        values,
        r"\b(15|16|0x0?f)\b",
        "sprites of a room stand in columns 0 to 15",
    )


def _no_room(scene: Scene) -> Range:
    at = scene.rng.randrange(0x130, 0x400)
    tool = scene.rng.choice(("dungeon-describe-room", "dungeon-list-sprites", "dungeon-list-chests"))
    values: dict[str, object] = {
        "room": scene.draw.hex(at, 3),
        "what": {
            "dungeon-describe-room": "the header",
            "dungeon-list-sprites": "the sprites",
            "dungeon-list-chests": "the chests",
        }[tool],
        "bad": f"0x{at:X}",
    }
    return (
        tool,
        ("show me {what} of room {room}", "look up {what} of room {room}"),
        values,
        r"0x127|\$127|\b295\b",
        "room numbers end at 0x127",
    )


def _no_color(scene: Scene) -> Range:
    group, at = scene.draw.one(sorted(scene.world.table("palettes")))
    index, color = scene.rng.randrange(8, 32), scene.rng.randrange(0x8000)
    values: dict[str, object] = {
        "i": index,
        "group": group,
        "pal": at,
        "color": f"${color:04X}",
        "bad": f"index {index}",
    }
    return (
        "palette-set-color",
        ("set colour {i} of {group} palette {pal} to {color}", "make index {i} in palette {pal} of {group} {color}"),
        values,
        r"\b(7|8|seven|eight)\b",
        "a palette has the indexes 0 to 7",
    )


def _no_message(scene: Scene) -> Range:
    at = scene.rng.randrange(0x190, 0x600)
    values: dict[str, object] = {"m": scene.draw.hex(at, 3), "bad": f"0x{at:X}"}
    return (
        "message-read",
        ("read message {m}", "show me message {m}", "print the text of message {m}"),
        values,
        r"0x18c|\$18c|\b396\b",
        "message numbers end at 0x18C",
    )


def _big_property(scene: Scene) -> Range:
    room, name = scene.draw.room(), scene.rng.choice(sorted(PROPERTIES))
    value = scene.rng.randrange(256, 4000)
    values: dict[str, object] = {
        "room": room.said,
        "name": name,
        "value": value,
        "bad": f"{name} {value}",
    }
    return (
        "dungeon-set-property",
        ("set the {name} of {room} to {value}", "give {room} {name} {value}"),
        values,
        r"\b(255|256|0xff|\$ff|byte)\b",
        "a header value is a byte, 0 to 255 at most",
    )


def _no_sheet(scene: Scene) -> Range:
    at = scene.rng.randrange(0xE0, 0x300)
    values: dict[str, object] = {"s": scene.draw.hex(at, 3), "bad": f"0x{at:X}"}
    return (
        "graphics-sheet-info",
        ("look up graphics sheet {s}", "tell me where gfx sheet {s} is", "check sheet {s}"),
        values,
        r"0xde|\$de\b|\b222\b",
        "graphics sheets end at 0xDE",
    )


RANGES = (_far_tile, _big_tile, _far_sprite, _no_room, _no_color, _no_message, _big_property, _no_sheet)
