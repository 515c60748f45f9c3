"""Requests about the tile16 of maps."""

from __future__ import annotations

from collections import Counter

from agents.training.domains.yaze.dialog import Call
from agents.training.domains.yaze.editor.overworld import MOST_TILE
from agents.training.domains.yaze.facts import Fact, changed, fact
from agents.training.domains.yaze.ground import MAP_SIDE
from agents.training.domains.yaze.requests.draw import Deed, Draw, Gap, Make, Tale, counted, forms, listed
from agents.training.domains.yaze.requests.overworld import WHICH_MAP
from agents.training.domains.yaze.requests.places import place
from agents.training.sample import Json


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
                forms(values, "At {pos}.", "{pos}", "{pos}, please."),
            ),
            Gap(
                forms(values, "get the tile16 at {pos}", "tell me which tile is at {pos}"),
                WHICH_MAP,
                r"\bmap\b",
                forms(values, "{map}", "On {map}.", "I mean {map}."),
            ),
        ),
    )


def set_tile(draw: Draw) -> Deed:
    """Ask for another tile."""
    area, (x, y) = draw.map(), draw.xy(MAP_SIDE)
    tile = draw.rng.randrange(0x20, MOST_TILE)
    values = {
        "map": area.said,
        "full": area.full,
        "named": area.named,
        "id": area.id,
        "pos": place(draw, x, y),
        "x": x,
        "y": y,
        "tile": draw.hex(tile, 3),
        "code": f"0x{tile:03X}",
    }

    def tell(result: Json) -> Tale:
        told = forms(
            {**values, **result},
            "({x}, {y}) on {named} ({id}) is tile16 {after} now; it was {before}.",
            "<Done|Set>: {named} has {after} at ({x}, {y}) instead of {before}.",
            "Tile16 {after} <replaced|took the place of> {before} at ({x}, {y}) on {named}.",
        )
        return Tale(
            told,
            (fact(tile), fact(x), fact(y), fact(area.name), changed(result["before"], result["after"])),
            (fact(result["before"]),),
        )

    return Deed(
        Call("overworld-set-tile", {"map": area.id, "x": x, "y": y, "tile": f"0x{tile:03X}"}),
        forms(
            values,
            "put tile16 {tile} at {pos} on {map}",
            "set the tile at {pos} of {map} to {tile}",
            "change {pos} on {map} to tile {tile}",
            "paint tile {tile} onto {map} at {pos}",
        ),
        f"put tile16 0x{tile:03X} at ({x}, {y}) on {area.full}",
        tell,
        (area.key, f"0x{tile:03X}", f"({x}, {y})", area.id),
        again=forms(values, "And {tile} at {pos} on {map}.", "Then tile {tile} at {pos} of {map}."),
        gaps=(
            Gap(
                forms(values, "put tile16 {tile} on {map}", "add tile {tile} to {map}"),
                forms(
                    values,
                    "Where on {full} should {code} go? I need x and y.",
                    "At which x and y of {full} do you want {code}?",
                ),
                r"\b(where|position|coordinates|x and y)\b",
                forms(values, "At {pos}.", "{pos}", "{pos}, please."),
            ),
            Gap(
                forms(values, "change the tile at {pos} on {map}", "put another tile at {pos} of {map}"),
                forms(values, "<Which|What> tile16 should ({x}, {y}) on {full} become?"),
                r"\b(which|what)\b.*\btile",
                forms(values, "Tile {tile}.", "{tile}"),
            ),
            Gap(
                forms(values, "put tile16 {tile} at {pos}", "set {pos} to tile {tile}"),
                forms(values, "On which map should {code} go to ({x}, {y})?"),
                r"\bmap\b",
                forms(values, "{map}", "On {map}.", "I mean {map}."),
            ),
        ),
        changes=True,
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
                forms(values, "{map}", "On {map}.", "I mean {map}."),
            ),
            Gap(
                forms(values, "find all places of the tile on {map}", "search {map} for a tile"),
                forms(values, "<Which|What> tile16 should I look for on {full}?"),
                r"\btile",
                forms(values, "Tile {tile}.", "{tile}"),
            ),
        ),
    )


READS: tuple[Make, ...] = (get_tile, get_tile)
WRITES: tuple[Make, ...] = (set_tile, set_tile)
SEARCHES: tuple[Make, ...] = (find_tile, find_tile)
