"""Requests about rooms."""

from __future__ import annotations

from agents.training.domains.yaze.dialog import Call
from agents.training.domains.yaze.facts import Fact, fact, worded
from agents.training.domains.yaze.ground import SIDES
from agents.training.domains.yaze.requests.draw import Deed, Draw, Gap, Make, Tale, counted, forms, listed
from agents.training.domains.yaze.requests.places import standing
from agents.training.sample import Json

_WHICH_ROOM = (
    "<Which|What> room <do you mean|is it about>? <A number or a name will do.|Its number or name is enough.>",
    "For which room?",
)


def describe(draw: Draw) -> Deed:
    """Ask for the header of a room."""
    room = draw.room()
    values = {"room": room.said, "full": room.full, "named": room.named, "id": room.id}

    def tell(result: Json) -> Tale:
        counts = listed(
            [counted(result[f"{what}_count"], what[:-1]) for what in ("sprites", "chests", "doors", "objects")]
        )
        told = forms(
            {**result, **values, "counts": counts},
            "{named} ({id}) belongs to {dungeon}. Blockset {blockset}, palette {palette}, spriteset {spriteset}, "
            "floor {floor}, music {music}, effect {effect}; it has {counts}.",
            "Room {id}, {named}, is part of {dungeon} and has {counts}. Header: blockset {blockset}, palette "
            "{palette}, spriteset {spriteset}, floor {floor}, music {music}, effect {effect}.",
        )
        keys = ("blockset", "palette", "spriteset", "floor", "music")
        return Tale(
            told,
            (fact(result["dungeon"]), *(fact(key, result[key]) for key in keys)),
            (worded(result["effect"]), fact(room.name)),
        )

    return Deed(
        Call("dungeon-describe-room", {"room": room.id}),
        forms(
            values,
            "describe {room}",
            "<show|give> me the header of {room}",
            "<tell me|sum up> how {room} is set up",
            "pull up {room}",
        ),
        f"the header of {room.aim}",
        tell,
        (room.key, room.id, "header"),
        forms(
            values,
            "What <are the settings|is the setup> of {room}?",
            "<Which|What> blockset, palette and music does {room} use?",
        ),
        forms(values, "And {room}?", "<Same|The same> for {room}, please.", "Now {room}."),
        (
            Gap(
                ("describe the room", "show me the header of that room", "pull up the room's settings"),
                _WHICH_ROOM,
                r"\broom\b",
                forms(values, "For {room}.", "{room}", "I mean {room}."),
            ),
        ),
    )


def list_sprites(draw: Draw) -> Deed:
    """Ask which sprites are in a room."""
    room = draw.room()
    values = {"room": room.said, "full": room.full, "named": room.named, "id": room.id}

    def tell(result: Json) -> Tale:
        found = result["sprites"]
        told = forms(
            {**values, "list": standing(found), "count": counted(len(found), "sprite")},
            "{named} ({id}) has {count}: {list}.",
            "<I count|I see> {count} in {named}: {list}.",
            "In {named} ({id}) I see {list}.",
        )
        return Tale(told, tuple(fact(s["name"], s["x"], s["y"]) for s in found), (fact(len(found)), fact(room.name)))

    return Deed(
        Call("dungeon-list-sprites", {"room": room.id}),
        forms(
            values,
            "list the sprites in {room}",
            "show me <what lives|which sprites live> in {room}",
            "<tell me|check> which enemies are in {room} and where",
        ),
        f"the sprites of {room.aim}",
        tell,
        (room.key, room.id, "sprites"),
        forms(
            values,
            "<Which|What> sprites are in {room}?",
            "Who is waiting in {room}?",
            "What enemies does {room} have, and at what coordinates?",
        ),
        forms(values, "And the sprites in {room}?", "What about {room}?", "<Same|The same> for {room}."),
        (
            Gap(
                ("list the sprites in the room", "show me which sprites are in there"),
                _WHICH_ROOM,
                r"\broom\b",
                forms(values, "For {room}.", "{room}", "I mean {room}."),
            ),
        ),
    )


def list_chests(draw: Draw) -> Deed:
    """Ask what chests hold."""
    room = draw.room("chests")
    values = {"room": room.said, "full": room.full, "named": room.named, "id": room.id}

    def tell(result: Json) -> Tale:
        found = result["chests"]
        told = forms(
            {
                **values,
                "list": listed([f"chest {c['chest']} holds {c['name']} ({c['item']})" for c in found]),
                "n": counted(len(found), "chest"),
            },
            "{named} ({id}) has {n}: {list}.",
            "In {named}, {list}.",
            "{n} in {named}: {list}.",
        )
        return Tale(told, tuple(fact(c["name"], c["chest"]) for c in found), (fact(room.name),))

    return Deed(
        Call("dungeon-list-chests", {"room": room.id}),
        forms(
            values,
            "list the chests <in|of> {room}",
            "show me what the chests in {room} hold",
            "check the chest contents of {room}",
        ),
        f"the chests of {room.aim}",
        tell,
        (room.key, room.id, "chests"),
        forms(values, "What's in the chests of {room}?", "What can the player get from the chests in {room}?"),
        forms(values, "And the chests in {room}?", "What about {room}?"),
        (
            Gap(
                ("list the chests", "show me what the chests hold"),
                _WHICH_ROOM,
                r"\broom\b",
                forms(values, "For {room}.", "{room}", "I mean {room}."),
            ),
        ),
    )


def list_doors(draw: Draw) -> Deed:
    """Ask for the doors of a room."""
    room = draw.room("doors")
    values = {"room": room.said, "full": room.full, "named": room.named, "id": room.id}

    def tell(result: Json) -> Tale:
        found = result["doors"]
        told = forms(
            {
                **values,
                "list": listed([f"{d['side']} is {d['kind']}" for d in found]),
                "n": counted(len(found), "door"),
            },
            "{named} ({id}) has {n}: {list}.",
            "{n} in {named}: {list}.",
            "Room {id}, {named}: {list}.",
        )
        return Tale(told, tuple(_door(d["side"], d["kind"]) for d in found), (fact(room.name),))

    return Deed(
        Call("dungeon-list-doors", {"room": room.id}),
        forms(
            values,
            "list the doors of {room}",
            "show me <which|what> doors {room} has",
            "<check|tell me> how one gets in and out of {room}",
        ),
        f"the doors of {room.aim}",
        tell,
        (room.key, room.id, "doors"),
        forms(
            values, "<What|Which> doors does {room} have?", "How do you leave {room}? Which sides, which kinds of door?"
        ),
        forms(values, "And the doors of {room}?", "What about {room}?"),
        (
            Gap(
                ("list the doors", "show me the doors of the room"),
                _WHICH_ROOM,
                r"\broom\b",
                forms(values, "For {room}.", "{room}", "I mean {room}."),
            ),
        ),
    )


def _door(side: str, kind: str) -> Fact:
    """Return the fact that the door on ``side`` is of ``kind``: no other side stands between the two."""
    spelled, others = kind.replace("_", "[ _-]"), "|".join(SIDES)
    after = rf"\b{side}\b(?:(?!\b(?:{others})\b).){{0,40}}?\b{spelled}\b"
    return Fact(pattern=rf"{after}|\b{spelled}\b,? (?:doors? )?(?:(?:on|to|at|in|facing) )?(?:the )?{side}\b")


def list_rooms(draw: Draw) -> Deed:
    """Ask for the rooms of a dungeon."""
    rooms = draw.world.table("rooms")
    name = draw.one(sorted({room["dungeon"] for room in rooms.values()}))
    values = {"name": name}

    def tell(result: Json) -> Tale:
        found = result["rooms"]
        told = forms(
            {**values, "list": listed([f"{r['name']} ({r['room']})" for r in found]), "n": counted(len(found), "room")},
            "{name} has {n} in use: {list}.",
            "<I count|That is> {n}: {list}.",
            "The rooms of {name}: {list}.",
        )
        return Tale(told, tuple(fact(r["name"], int(r["room"], 16)) for r in found))

    return Deed(
        Call("dungeon-list-rooms", {"dungeon": name}),
        forms(
            values,
            "list the rooms of {name}",
            "show me every room that belongs to {name}",
            "<find|get> all rooms of {name}",
        ),
        f"the rooms of {name}",
        tell,
        (name, "rooms"),
        forms(values, "<Which|What> rooms does {name} have?", "How many rooms are in {name}, and which ones?"),
        forms(values, "And {name}?", "What about the rooms of {name}?"),
    )


READS: tuple[Make, ...] = (describe, list_sprites, list_sprites, list_chests, list_doors)


SEARCHES: tuple[Make, ...] = (list_rooms,)
