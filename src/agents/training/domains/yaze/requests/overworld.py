"""Requests about maps."""

from __future__ import annotations

from collections import Counter

from agents.training.domains.yaze.dialog import Call
from agents.training.domains.yaze.facts import Fact, fact
from agents.training.domains.yaze.ground import MAP_SIDE
from agents.training.domains.yaze.requests.draw import Deed, Draw, Gap, Make, Tale, counted, forms, listed
from agents.training.domains.yaze.requests.places import place, standing
from agents.training.sample import Json

_WHICH_MAP = (
    "<Which|What> map <do you mean|is it about>? <A number or a name will do.|Its number or name is enough.>",
    "On which map?",
)


def describe(draw: Draw) -> Deed:
    """Ask for the header of a map."""
    area = draw.map()
    values = {"map": area.said, "full": area.full, "named": area.named, "id": area.id}

    def tell(result: Json) -> Tale:
        counts = f"{counted(result['sprites_count'], 'sprite')} and {counted(result['entrances_count'], 'entrance')}"
        told = forms(
            {**result, **values, "counts": counts},
            "{named} ({id}) uses palette {palette}, graphics {graphics} and music {music}, and has {counts}.",
            "Map {id} is {named}: graphics {graphics}, palette {palette}, music {music}; {counts}.",
        )
        keys = ("palette", "graphics", "music")
        return Tale(
            told, tuple(fact(key, result[key]) for key in keys), (fact(area.name), fact(result["sprites_count"]))
        )

    return Deed(
        Call("overworld-describe-map", {"map": area.id}),
        forms(values, "describe {map}", "show me the settings of {map}", "<sum up|tell me> how {map} is set up"),
        f"the settings of {area.aim}",
        tell,
        (area.key, area.id, "settings"),
        forms(
            values,
            "<Which|What> palette and graphics does {map} use?",
            "What's the setup of {map}: palette, graphics, music?",
        ),
        forms(values, "And {map}?", "<Same|The same> for {map}."),
        (Gap(("describe the map", "show me how the map is set up"), _WHICH_MAP, r"\bmap\b"),),
    )


def get_tile(draw: Draw) -> Deed:
    """Ask for a tile."""
    area, (x, y) = draw.map(), draw.xy(MAP_SIDE)
    values = {
        "map": area.said,
        "full": area.full,
        "named": area.named,
        "id": area.id,
        "pos": place(draw, x, y),
        "x": x,
        "y": y,
    }

    def tell(result: Json) -> Tale:
        told = forms(
            {**values, **result},
            "The tile16 at ({x}, {y}) <on|of> {named} ({id}) is {tile}.",
            "{tile} - that is the tile16 at ({x}, {y}) on {named}.",
            "{named} has tile16 {tile} at ({x}, {y}).",
        )
        return Tale(told, (fact(result["tile"]),), (fact(area.name), fact(x), fact(y)))

    return Deed(
        Call("overworld-get-tile", {"map": area.id, "x": x, "y": y}),
        forms(
            values,
            "<check|look up|tell me> which tile16 is at {pos} on {map}",
            "get the tile at {pos} of {map}",
            "read the tile16 at {pos} on {map}",
        ),
        f"the tile16 at ({x}, {y}) of {area.aim}",
        tell,
        (area.key, area.id, "tile16", f"({x}, {y})"),
        forms(values, "<Which|What> tile is at {pos} on {map}?", "What's the tile16 at {pos} of {map}?"),
        forms(values, "And at {pos} on {map}?", "What about {pos} on {map}?"),
        (
            Gap(
                forms(values, "get the tile16 on {map}", "tell me which tile16 is there on {map}"),
                forms(
                    values,
                    "At which position of {full}? I need x and y.",
                    "Where on {full} should I look: which x and y?",
                ),
                r"\b(where|position|coordinates|x and y)\b",
            ),
            Gap(forms(values, "get the tile16 at {pos}", "tell me which tile is at {pos}"), _WHICH_MAP, r"\bmap\b"),
        ),
    )


def find_tile(draw: Draw) -> Deed:
    """Ask where a tile is used."""
    area = draw.map()
    uses = Counter(draw.world.ground.tiles(area.at))
    tile = draw.one(sorted(tile for tile, count in uses.items() if count < 9))
    values = {
        "map": area.said,
        "full": area.full,
        "named": area.named,
        "id": area.id,
        "tile": draw.hex(tile, 3),
        "code": f"0x{tile:03X}",
    }

    def tell(result: Json) -> Tale:
        spots = listed(["({}, {})".format(*spot) for spot in result["places"]])
        told = forms(
            {**values, "list": spots, "n": counted(result["total"], "place")},
            "Tile16 {code} is used in {n} on {named} ({id}): {list}.",
            "{named} has {code} at {list}.",
            "{n} on {named} with {code}: {list}.",
        )
        return Tale(
            told,
            tuple(
                Fact(
                    (
                        "({}, {})".format(*spot),
                        "{},{}".format(*spot),
                        "{}, {}".format(*spot),
                        "x {}, y {}".format(*spot),
                    )
                )
                for spot in result["places"]
            ),
            (fact(area.name),),
        )

    return Deed(
        Call("overworld-find-tile", {"map": area.id, "tile": f"0x{tile:03X}"}),
        forms(
            values,
            "find every tile16 {tile} on {map}",
            "<show me|list> where tile {tile} is used on {map}",
            "search {map} for tile16 {tile}",
        ),
        f"the places of tile16 0x{tile:03X} on {area.full}",
        tell,
        (area.key, f"0x{tile:03X}", area.id),
        forms(values, "Where on {map} is tile {tile} used?", "Is tile16 {tile} used anywhere on {map}?"),
        forms(values, "And tile {tile} on {map}?", "What about {tile} on {map}?"),
        (
            Gap(
                forms(values, "find where tile16 {tile} is used", "search for tile {tile}"),
                forms(
                    values,
                    "On which map should I look for {code}?",
                    "Which map should I search for {code}? One map is searched at a time.",
                ),
                r"\bmap\b",
            ),
            Gap(
                forms(values, "find all places of the tile on {map}", "search {map} for a tile"),
                forms(values, "<Which|What> tile16 should I look for on {full}?"),
                r"\btile",
            ),
        ),
    )


def list_entrances(draw: Draw) -> Deed:
    """Ask for entrances."""
    area = draw.map()
    values = {"map": area.said, "full": area.full, "named": area.named, "id": area.id}

    def tell(result: Json) -> Tale:
        found = result["entrances"]
        spots = listed([f"{e['entrance']} at ({e['x']}, {e['y']}) into room {e['room']}" for e in found])
        told = forms(
            {**values, "list": spots, "n": counted(len(found), "entrance")},
            "{named} ({id}) has {n}: {list}.",
            "{n} on {named}: {list}.",
            "<From|On> {named} you get in here: {list}.",
        )
        return Tale(
            told, tuple(fact(e[key]) for e in found for key in ("entrance", "x", "y", "room")), (fact(area.name),)
        )

    return Deed(
        Call("overworld-list-entrances", {"map": area.id}),
        forms(
            values,
            "list the entrances on {map}",
            "show me <the|all> warps of {map} and the rooms they lead to",
            "<check|see> where the entrances of {map} lead",
        ),
        f"the entrances on {area.aim}",
        tell,
        (area.key, area.id, "entrances"),
        forms(values, "<What|Which> entrances does {map} have?", "Where do the entrances on {map} lead?"),
        forms(values, "And the entrances of {map}?", "What about {map}?"),
        (Gap(("list the entrances", "show me the warps"), _WHICH_MAP, r"\bmap\b"),),
    )


def list_sprites(draw: Draw) -> Deed:
    """Ask which sprites are on a map."""
    area = draw.map()
    values = {"map": area.said, "full": area.full, "named": area.named, "id": area.id}

    def tell(result: Json) -> Tale:
        found = result["sprites"]
        told = forms(
            {**values, "list": standing(found), "n": counted(len(found), "sprite")},
            "{named} ({id}) has {n}: {list}.",
            "{n} on {named}: {list}.",
            "On {named} ({id}) I see {list}.",
        )
        return Tale(told, tuple(fact(s["name"], s["x"], s["y"]) for s in found), (fact(area.name), fact(len(found))))

    return Deed(
        Call("overworld-list-sprites", {"map": area.id}),
        forms(
            values,
            "list the sprites on {map}",
            "show me <who|what> walks around on {map}",
            "<check|tell me> which sprites {map} has and where",
        ),
        f"the sprites on {area.aim}",
        tell,
        (area.key, area.id, "sprites"),
        forms(values, "<Which|What> sprites are on {map}?", "What's roaming {map}, and where?"),
        forms(values, "And the sprites on {map}?", "What about {map}?"),
        (Gap(("list the sprites on the map", "show me which sprites are out there"), _WHICH_MAP, r"\bmap\b"),),
    )


def list_maps(draw: Draw) -> Deed:
    """Ask for all maps."""
    del draw

    def tell(result: Json) -> Tale:
        found = result["maps"]
        told = forms(
            {"list": listed([f"{m['name']} ({m['map']})" for m in found]), "n": len(found)},
            "{n} maps are in use: {list}.",
            "There are {n}: {list}.",
        )
        return Tale(told, tuple(fact(m["name"], int(m["map"], 16)) for m in found))

    return Deed(
        Call("overworld-list-maps", {}),
        (
            "list the maps",
            "show me all <overworld maps|maps of the overworld>",
            "give me an overview of the maps with their numbers",
        ),
        "the maps in use",
        tell,
        ("maps",),
        ("<Which|What> maps <are there|are in use>?", "What are the maps called, and which numbers have they?"),
    )


READS: tuple[Make, ...] = (describe, get_tile, get_tile, list_entrances, list_sprites)


SEARCHES: tuple[Make, ...] = (find_tile, find_tile, list_maps)
