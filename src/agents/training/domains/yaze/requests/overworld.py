"""Requests about maps."""

from __future__ import annotations

from agents.training.domains.yaze.dialog import Call
from agents.training.domains.yaze.facts import Fact, fact
from agents.training.domains.yaze.requests.draw import Deed, Draw, Gap, Make, Tale, counted, forms, listed
from agents.training.domains.yaze.requests.places import standing
from agents.training.sample import Json

WHICH_MAP = (
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
        (
            Gap(
                ("describe the map", "show me how the map is set up"),
                WHICH_MAP,
                r"\bmap\b",
                forms(values, "{map}", "On {map}.", "I mean {map}."),
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
            "The entrances <on|of> {named}: {list}.",
        )
        return Tale(told, tuple(map(_entrance, found)), (fact(area.name),))

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
        (
            Gap(
                ("list the entrances", "show me the warps"),
                WHICH_MAP,
                r"\bmap\b",
                forms(values, "{map}", "On {map}.", "I mean {map}."),
            ),
        ),
    )


def _entrance(entry: Json) -> Fact:
    """Return the fact that an entrance is where it is and leads where it leads."""
    number = entry["entrance"].lower()
    return Fact((number, number.replace("0x", "$")), near=(entry["x"], entry["y"], int(entry["room"], 16)))


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
        (
            Gap(
                ("list the sprites on the map", "show me which sprites are out there"),
                WHICH_MAP,
                r"\bmap\b",
                forms(values, "{map}", "On {map}.", "I mean {map}."),
            ),
        ),
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


READS: tuple[Make, ...] = (describe, list_entrances, list_sprites)


SEARCHES: tuple[Make, ...] = (list_maps,)
