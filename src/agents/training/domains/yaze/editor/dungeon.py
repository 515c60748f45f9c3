"""Tools for rooms: what is in them, and changing it."""

from __future__ import annotations

from typing import Any

from agents.training.domains.yaze.editor.tool import Arguments, Tool, ToolError, choice, identity, number, text, whole
from agents.training.domains.yaze.ground import DOOR_KINDS, EFFECTS, PROPERTIES, SIDES
from agents.training.domains.yaze.world import World
from agents.training.sample import Json

ROOM_SIDE = 16
MOST_SPRITES = 16
ROOM, SPRITE = identity("number of the room", 0x127), identity("id of the kind of sprite", 0xF2)
_SLOT = whole("place in the list, from 0", 63)
_X, _Y = whole("column of the room", ROOM_SIDE - 1), whole("row of the room", ROOM_SIDE - 1)


def room_at(world: World, arguments: Arguments) -> tuple[int, Json]:
    """Return the room that the argument ``room`` names.

    Raises:
        ToolError: the project has no such room.
    """
    at = number(arguments, "room", 0x127)
    room = world.value("rooms", at)
    if room is None:
        raise ToolError("not_found", f"room 0x{at:02X} is empty; dungeon-list-rooms shows those in use")
    return at, room


def sprite_at(world: World, arguments: Arguments) -> int:
    """Return the kind that the argument ``sprite`` names.

    Raises:
        ToolError: the project has no such kind.
    """
    kind = number(arguments, "sprite", 0xF2)
    if kind not in world.table("creatures"):
        raise ToolError("not_found", f"no sprite has the id 0x{kind:02X}; name-search finds ids")
    return kind


def sprites(world: World, standing: list[list[int]]) -> list[Json]:
    """Return sprites as tools list them."""
    kinds = world.table("creatures")
    return [
        {"slot": slot, "sprite": f"0x{kind:02X}", "name": kinds[kind], "x": x, "y": y}
        for slot, (kind, x, y) in enumerate(standing)
    ]


def slot_of(arguments: Arguments, entries: list[Any], name: str) -> int:
    """Return the place in ``entries`` that the argument ``name`` says.

    Raises:
        ToolError: there is no such place.
    """
    slot = int(arguments[name])
    if slot >= len(entries):
        raise ToolError("out_of_range", f"{name} {slot} does not exist; there are {len(entries)}, from 0")
    return slot


def _put(world: World, label: str, at: int, room: Json, **changed: Json) -> Json:
    world.commit(f"{label} 0x{at:02X}", {("rooms", at): {**room, **changed}})
    return {"room": f"0x{at:02X}", "name": room["name"]}


def _rooms(world: World, arguments: Arguments) -> Json:
    wanted = arguments.get("dungeon", "").lower()
    rooms = [
        {"room": f"0x{at:02X}", "name": room["name"], "dungeon": room["dungeon"]}
        for at, room in sorted(world.table("rooms").items())
        if wanted in room["dungeon"].lower()
    ]
    if not rooms:
        raise ToolError("not_found", f"no dungeon is named {arguments['dungeon']}")
    return {"rooms": rooms}


def _describe(world: World, arguments: Arguments) -> Json:
    at, room = room_at(world, arguments)
    counts = {f"{what}_count": len(room[what]) for what in ("sprites", "chests", "doors", "objects")}
    header = {name: room[name] for name in (*PROPERTIES, "effect")}
    return {"room": f"0x{at:02X}", "name": room["name"], "dungeon": room["dungeon"], **header, **counts}


def _sprites(world: World, arguments: Arguments) -> Json:
    at, room = room_at(world, arguments)
    return {"room": f"0x{at:02X}", "name": room["name"], "sprites": sprites(world, room["sprites"])}


def _add_sprite(world: World, arguments: Arguments) -> Json:
    at, room = room_at(world, arguments)
    kind = sprite_at(world, arguments)
    if len(room["sprites"]) >= MOST_SPRITES:
        raise ToolError("full", f"room 0x{at:02X} has {MOST_SPRITES} sprites already")
    entry = [kind, arguments["x"], arguments["y"]]
    done = _put(world, "dungeon-add-sprite", at, room, sprites=[*room["sprites"], entry])
    return {
        **done,
        "slot": len(room["sprites"]),
        "sprite": world.table("creatures")[kind],
        "x": entry[1],
        "y": entry[2],
    }


def _move_sprite(world: World, arguments: Arguments) -> Json:
    at, room = room_at(world, arguments)
    slot = slot_of(arguments, room["sprites"], "slot")
    kind, *before = room["sprites"][slot]
    after = [arguments["x"], arguments["y"]]
    standing = [*room["sprites"][:slot], [kind, *after], *room["sprites"][slot + 1 :]]
    done = _put(world, "dungeon-move-sprite", at, room, sprites=standing)
    return {**done, "slot": slot, "sprite": world.table("creatures")[kind], "before": before, "after": after}


def _remove_sprite(world: World, arguments: Arguments) -> Json:
    at, room = room_at(world, arguments)
    slot = slot_of(arguments, room["sprites"], "slot")
    kind = room["sprites"][slot][0]
    left = [*room["sprites"][:slot], *room["sprites"][slot + 1 :]]
    done = _put(world, "dungeon-remove-sprite", at, room, sprites=left)
    return {**done, "removed": world.table("creatures")[kind], "left": len(left)}


def _chests(world: World, arguments: Arguments) -> Json:
    at, room = room_at(world, arguments)
    things = world.table("things")
    chests = [{"chest": n, "item": f"0x{item:02X}", "name": things[item]} for n, item in enumerate(room["chests"])]
    return {"room": f"0x{at:02X}", "name": room["name"], "chests": chests}


def _set_chest(world: World, arguments: Arguments) -> Json:
    at, room = room_at(world, arguments)
    chest, things = slot_of(arguments, room["chests"], "chest"), world.table("things")
    item = number(arguments, "item", 0x4B)
    if item not in things:
        raise ToolError("not_found", f"no item has the id 0x{item:02X}; name-search finds ids")
    before = things[room["chests"][chest]]
    chests = [*room["chests"][:chest], item, *room["chests"][chest + 1 :]]
    done = _put(world, "dungeon-set-chest", at, room, chests=chests)
    return {**done, "chest": chest, "before": before, "after": things[item]}


def _doors(world: World, arguments: Arguments) -> Json:
    at, room = room_at(world, arguments)
    doors = [{"side": side, "kind": kind} for side, kind in room["doors"]]
    return {"room": f"0x{at:02X}", "name": room["name"], "doors": doors}


def _set_door(world: World, arguments: Arguments) -> Json:
    at, room = room_at(world, arguments)
    side, kind = arguments["side"], arguments["kind"]
    before = dict(room["doors"]).get(side)
    if before is None:
        sides = ", ".join(side for side, _ in room["doors"])
        raise ToolError("not_found", f"room 0x{at:02X} has no {side} door; its doors: {sides}")
    doors = [[where, kind if where == side else was] for where, was in room["doors"]]
    return {**_put(world, "dungeon-set-door", at, room, doors=doors), "side": side, "before": before, "after": kind}


def _set_property(world: World, arguments: Arguments) -> Json:
    at, room = room_at(world, arguments)
    name, value = arguments["property"], arguments["value"]
    if value > PROPERTIES[name]:
        raise ToolError("out_of_range", f"{name} goes from 0 to {PROPERTIES[name]}, not {value}")
    done = _put(world, "dungeon-set-property", at, room, **{name: value})
    return {**done, "property": name, "before": room[name], "after": value}


def _set_effect(world: World, arguments: Arguments) -> Json:
    at, room = room_at(world, arguments)
    done = _put(world, "dungeon-set-effect", at, room, effect=arguments["effect"])
    return {**done, "before": room["effect"], "after": arguments["effect"]}


def _place_object(world: World, arguments: Arguments) -> Json:
    at, room = room_at(world, arguments)
    kind, size = number(arguments, "object", 0xF7), arguments.get("size", 0)
    entry = [kind, arguments["x"], arguments["y"], size]
    done = _put(world, "dungeon-place-object", at, room, objects=[*room["objects"], entry])
    return {
        **done,
        "object": f"0x{kind:02X}",
        "x": entry[1],
        "y": entry[2],
        "size": size,
        "objects_count": len(room["objects"]) + 1,
    }


TOOLS = (
    Tool(
        "dungeon-list-rooms",
        "Rooms in use with number, name and dungeon.",
        {"dungeon": text("only rooms of this dungeon")},
        (),
        _rooms,
    ),
    Tool("dungeon-describe-room", "Header of a room and how much is in it.", {"room": ROOM}, ("room",), _describe),
    Tool("dungeon-list-sprites", "Sprites of a room with slot and position.", {"room": ROOM}, ("room",), _sprites),
    Tool(
        "dungeon-add-sprite",
        "Put a sprite into a room.",
        {"room": ROOM, "sprite": SPRITE, "x": _X, "y": _Y},
        ("room", "sprite", "x", "y"),
        _add_sprite,
        changes=True,
    ),
    Tool(
        "dungeon-move-sprite",
        "Move a sprite within its room.",
        {"room": ROOM, "slot": _SLOT, "x": _X, "y": _Y},
        ("room", "slot", "x", "y"),
        _move_sprite,
        changes=True,
    ),
    Tool(
        "dungeon-remove-sprite",
        "Take a sprite out of a room; later slots move up.",
        {"room": ROOM, "slot": _SLOT},
        ("room", "slot"),
        _remove_sprite,
        changes=True,
    ),
    Tool("dungeon-list-chests", "Chests of a room and what they hold.", {"room": ROOM}, ("room",), _chests),
    Tool(
        "dungeon-set-chest",
        "Change what a chest holds.",
        {"room": ROOM, "chest": _SLOT, "item": identity("id of the item", 0x4B)},
        ("room", "chest", "item"),
        _set_chest,
        changes=True,
    ),
    Tool("dungeon-list-doors", "Doors of a room by side.", {"room": ROOM}, ("room",), _doors),
    Tool(
        "dungeon-set-door",
        "Change the kind of a door.",
        {"room": ROOM, "side": choice("side of the room", SIDES), "kind": choice("kind of the door", DOOR_KINDS)},
        ("room", "side", "kind"),
        _set_door,
        changes=True,
    ),
    Tool(
        "dungeon-set-property",
        "Set a number of a room's header.",
        {
            "room": ROOM,
            "property": choice("what to set", PROPERTIES),
            "value": whole("new value; the largest depends on the property", 255),
        },
        ("room", "property", "value"),
        _set_property,
        changes=True,
    ),
    Tool(
        "dungeon-set-effect",
        "Set the effect of a room.",
        {"room": ROOM, "effect": choice("new effect", EFFECTS)},
        ("room", "effect"),
        _set_effect,
        changes=True,
    ),
    Tool(
        "dungeon-place-object",
        "Place an object on the tile grid of a room.",
        {
            "room": ROOM,
            "object": identity("id of the object", 0xF7),
            "x": whole("column of the tile grid", 63),
            "y": whole("row of the tile grid", 63),
            "size": whole("size, default 0", 15),
        },
        ("room", "object", "x", "y"),
        _place_object,
        changes=True,
    ),
)
