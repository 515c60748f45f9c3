"""Tools for maps: their tiles, entrances and sprites."""

from __future__ import annotations

from agents.training.domains.yaze.editor.dungeon import MOST_SPRITES, SPRITE, slot_of, sprite_at, sprites
from agents.training.domains.yaze.editor.tool import Arguments, Tool, ToolError, identity, number, whole
from agents.training.domains.yaze.ground import MAP_SIDE
from agents.training.domains.yaze.world import World
from agents.training.sample import Json

MOST_TILE = 0xEA7
MOST_FOUND = 12
MAP, TILE = identity("number of the map", 0x9F), identity("number of the tile16", MOST_TILE)
_X, _Y = whole("column of the map", MAP_SIDE - 1), whole("row of the map", MAP_SIDE - 1)


def map_at(world: World, arguments: Arguments) -> tuple[int, Json]:
    """Return the map that the argument ``map`` names.

    Raises:
        ToolError: the project has no such map.
    """
    at = number(arguments, "map", 0x9F)
    found = world.value("maps", at)
    if found is None:
        raise ToolError("not_found", f"map 0x{at:02X} is not in use; overworld-list-maps shows those that are")
    return at, found


def _head(at: int, found: Json) -> Json:
    return {"map": f"0x{at:02X}", "name": found["name"]}


def _maps(world: World, _: Arguments) -> Json:
    return {"maps": [_head(at, found) for at, found in sorted(world.table("maps").items())]}


def _describe(world: World, arguments: Arguments) -> Json:
    at, found = map_at(world, arguments)
    header = {name: found[name] for name in ("palette", "graphics", "music")}
    counts = {"sprites_count": len(found["sprites"]), "entrances_count": len(found["entrances"])}
    return {**_head(at, found), **header, **counts}


def _get_tile(world: World, arguments: Arguments) -> Json:
    at, found = map_at(world, arguments)
    x, y = arguments["x"], arguments["y"]
    return {**_head(at, found), "x": x, "y": y, "tile": f"0x{world.value('tile', at, x, y):03X}"}


def _set_tile(world: World, arguments: Arguments) -> Json:
    at, found = map_at(world, arguments)
    x, y, tile = arguments["x"], arguments["y"], number(arguments, "tile", MOST_TILE)
    before = world.value("tile", at, x, y)
    world.commit(f"overworld-set-tile 0x{at:02X}", {("tile", at, x, y): tile})
    return {**_head(at, found), "x": x, "y": y, "before": f"0x{before:03X}", "after": f"0x{tile:03X}"}


def _find_tile(world: World, arguments: Arguments) -> Json:
    at, found = map_at(world, arguments)
    tile = number(arguments, "tile", MOST_TILE)
    grid = world.ground.tiles(at)
    for key, value in world.edits.items():
        if key[:2] == ("tile", at):
            grid[key[3] * MAP_SIDE + key[2]] = value
    places = [[n % MAP_SIDE, n // MAP_SIDE] for n, value in enumerate(grid) if value == tile]
    return {**_head(at, found), "tile": f"0x{tile:03X}", "total": len(places), "places": places[:MOST_FOUND]}


def _entrances(world: World, arguments: Arguments) -> Json:
    at, found = map_at(world, arguments)
    entrances = [
        {"entrance": f"0x{entrance:02X}", "x": x, "y": y, "room": f"0x{room:02X}"}
        for entrance, (x, y, room) in sorted(found["entrances"].items())
    ]
    return {**_head(at, found), "entrances": entrances}


def _move_entrance(world: World, arguments: Arguments) -> Json:
    entrance, x, y = number(arguments, "entrance", 0x84), arguments["x"], arguments["y"]
    for at, found in world.table("maps").items():
        if entrance in found["entrances"]:
            *before, room = found["entrances"][entrance]
            moved = {**found, "entrances": {**found["entrances"], entrance: [x, y, room]}}
            world.commit(f"overworld-move-entrance 0x{entrance:02X}", {("maps", at): moved})
            return {"entrance": f"0x{entrance:02X}", **_head(at, found), "before": before, "after": [x, y]}
    raise ToolError("not_found", f"no map has entrance 0x{entrance:02X}; overworld-list-entrances shows those of a map")


def _sprites(world: World, arguments: Arguments) -> Json:
    at, found = map_at(world, arguments)
    return {**_head(at, found), "sprites": sprites(world, found["sprites"])}


def _add_sprite(world: World, arguments: Arguments) -> Json:
    at, found = map_at(world, arguments)
    kind, x, y = sprite_at(world, arguments), arguments["x"], arguments["y"]
    if len(found["sprites"]) >= MOST_SPRITES:
        raise ToolError("full", f"map 0x{at:02X} has {MOST_SPRITES} sprites already")
    more = {**found, "sprites": [*found["sprites"], [kind, x, y]]}
    world.commit(f"overworld-add-sprite 0x{at:02X}", {("maps", at): more})
    return {**_head(at, found), "slot": len(found["sprites"]), "sprite": world.table("creatures")[kind], "x": x, "y": y}


def _remove_sprite(world: World, arguments: Arguments) -> Json:
    at, found = map_at(world, arguments)
    slot = slot_of(arguments, found["sprites"], "slot")
    kind = found["sprites"][slot][0]
    left = [*found["sprites"][:slot], *found["sprites"][slot + 1 :]]
    world.commit(f"overworld-remove-sprite 0x{at:02X}", {("maps", at): {**found, "sprites": left}})
    return {**_head(at, found), "removed": world.table("creatures")[kind], "left": len(left)}


TOOLS = (
    Tool("overworld-list-maps", "Maps in use with number and name.", {}, (), _maps),
    Tool("overworld-describe-map", "Header of a map and how much is on it.", {"map": MAP}, ("map",), _describe),
    Tool(
        "overworld-get-tile", "The tile16 at a position.", {"map": MAP, "x": _X, "y": _Y}, ("map", "x", "y"), _get_tile
    ),
    Tool(
        "overworld-set-tile",
        "Put a tile16 at a position. Can be undone.",
        {"map": MAP, "x": _X, "y": _Y, "tile": TILE},
        ("map", "x", "y", "tile"),
        _set_tile,
        changes=True,
    ),
    Tool(
        "overworld-find-tile",
        f"Where a tile16 is used on a map; at most {MOST_FOUND} positions [x, y] are listed.",
        {"map": MAP, "tile": TILE},
        ("map", "tile"),
        _find_tile,
    ),
    Tool("overworld-list-entrances", "Entrances on a map and their rooms.", {"map": MAP}, ("map",), _entrances),
    Tool(
        "overworld-move-entrance",
        "Move an entrance within its map.",
        {"entrance": identity("number of the entrance", 0x84), "x": _X, "y": _Y},
        ("entrance", "x", "y"),
        _move_entrance,
        changes=True,
    ),
    Tool("overworld-list-sprites", "Sprites on a map with slot and position.", {"map": MAP}, ("map",), _sprites),
    Tool(
        "overworld-add-sprite",
        "Put a sprite on a map.",
        {"map": MAP, "sprite": SPRITE, "x": _X, "y": _Y},
        ("map", "sprite", "x", "y"),
        _add_sprite,
        changes=True,
    ),
    Tool(
        "overworld-remove-sprite",
        "Take a sprite off a map; later slots move up.",
        {"map": MAP, "slot": whole("place in the list, from 0", 63)},
        ("map", "slot"),
        _remove_sprite,
        changes=True,
    ),
)
