"""Requests that change what is built into rooms: chests, doors and objects."""

from __future__ import annotations

from agents.training.domains.yaze.dialog import Call
from agents.training.domains.yaze.facts import changed, fact, worded
from agents.training.domains.yaze.ground import DOOR_KINDS
from agents.training.domains.yaze.requests.draw import Deed, Draw, Gap, Make, Tale, forms
from agents.training.domains.yaze.requests.places import place
from agents.training.sample import Json


def set_chest(draw: Draw) -> Deed:
    """Ask for another thing in a chest."""
    room, item = draw.room("chests"), draw.kind("things", "item")
    held = draw.world.value("rooms", room.at)["chests"]
    chest = draw.rng.randrange(len(held))
    while item.at == held[chest]:
        item = draw.kind("things", "item")
    values = {
        "room": room.said,
        "full": room.full,
        "named": room.named,
        "id": room.id,
        "item": item.said,
        "name": item.name,
        "chest": chest,
    }

    def tell(result: Json) -> Tale:
        told = forms(
            {**values, **result},
            "Chest {chest} in {named} ({id}) holds {after} now <instead of|and no longer> {before}.",
            "<Done|Swapped>: {before} became {after} in chest {chest} of {named}.",
            "The player finds {after} in chest {chest} of {named}; it <was|used to be> {before}.",
        )
        return Tale(
            told,
            (fact(item.name), fact(chest), fact(room.name), changed(result["before"], result["after"])),
            (fact(result["before"]),),
        )

    return Deed(
        Call("dungeon-set-chest", {"room": room.id, "chest": chest, "item": item.id}),
        forms(
            values,
            "put {item} into chest {chest} of {room}",
            "change chest {chest} in {room} to {item}",
            "make chest {chest} of {room} hold {item}",
        ),
        f"put {item.name} into chest {chest} of {room.full}",
        tell,
        (item.name, room.key, str(chest), room.id),
        again=forms(values, "And chest {chest} of {room} gets {item}.", "Then {item} into chest {chest} of {room}."),
        gaps=(
            Gap(
                forms(values, "put something else into chest {chest} of {room}", "change chest {chest} in {room}"),
                forms(values, "<Which|What> item should chest {chest} of {full} hold?"),
                r"\b(item|hold|contain|contents)\b",
                forms(values, "{item}", "{item}, please.", "Put {item} in."),
            ),
            Gap(
                forms(values, "put {item} into a chest", "hide {item} in one of the chests"),
                forms(
                    values,
                    "In which room, and which chest there, should {name} go?",
                    "Which chest of which room should hold {name}?",
                ),
                r"\bwhich\b.*\b(room|chest)\b",
                forms(values, "Chest {chest} of {room}.", "Into chest {chest} of {room}."),
            ),
        ),
        changes=True,
    )


def set_door(draw: Draw) -> Deed:
    """Ask for another kind of door."""
    room = draw.room("doors")
    side, was = draw.rng.choice(draw.world.value("rooms", room.at)["doors"])
    kind = draw.rng.choice([kind for kind in DOOR_KINDS if kind != was])
    values = {
        "room": room.said,
        "full": room.full,
        "named": room.named,
        "id": room.id,
        "side": side,
        "kind": kind,
    }

    def tell(result: Json) -> Tale:
        told = forms(
            {**values, **result},
            "The {side} door of {named} ({id}) is {after} now; it was {before}.",
            "<Done|Changed>: {side} door in {named}, {before} to {after}.",
            "{named} now has {after} as the kind of its {side} door <instead of|rather than> {before}.",
        )
        return Tale(
            told,
            (fact(side), worded(kind), fact(room.name), changed(result["before"], kind)),
            (worded(result["before"]),),
        )

    return Deed(
        Call("dungeon-set-door", {"room": room.id, "side": side, "kind": kind}),
        forms(
            values,
            "make the {side} door of {room} {kind}",
            "set the {side} door in {room} to {kind}",
            "change the door on the {side} side of {room} to {kind}",
        ),
        f"set the {side} door of {room.full} to {kind}",
        tell,
        (room.key, side, kind, room.id),
        again=forms(values, "And the {side} door of {room}: {kind}."),
        gaps=(
            Gap(
                forms(values, "change the {side} door of {room}", "change the kind of the {side} door in {room}"),
                forms(
                    values,
                    "What kind should the {side} door of {full} be: open, shutter, small_key, big_key, bombable "
                    "or one_way?",
                    "To which kind should I set the {side} door of {full}?",
                ),
                r"\bkind\b",
                forms(values, "{kind}", "Make it {kind}.", "{kind}, please."),
            ),
            Gap(
                forms(values, "make a door of {room} {kind}", "set one of the doors in {room} to {kind}"),
                forms(values, "<Which|What> door of {full} should be {kind}: <on which side|which side of the room>?"),
                r"\b(which|what)\b.*\b(door|side)",
                forms(values, "The {side} one.", "{side}", "On the {side} side."),
            ),
        ),
        changes=True,
    )


def place_object(draw: Draw) -> Deed:
    """Ask for an object in a room."""
    room, kind = draw.room(), draw.rng.randrange(0xF8)
    (x, y), size = draw.xy(64), draw.rng.randrange(1, 16)
    values = {
        "room": room.said,
        "full": room.full,
        "named": room.named,
        "id": room.id,
        "kind": draw.hex(kind),
        "code": f"0x{kind:02X}",
        "pos": place(draw, x, y),
        "x": x,
        "y": y,
        "size": size,
    }

    def tell(result: Json) -> Tale:
        told = forms(
            {**values, "total": result["objects_count"]},
            "Object {code} is at ({x}, {y}) in {named} ({id}), size {size}. The room has {total} objects now.",
            "<Placed|Put> object {code}, size {size}, at ({x}, {y}) in {named}; that makes {total} objects.",
        )
        return Tale(told, (fact(kind), fact(x), fact(y), fact(room.name)), (fact(size), fact(result["objects_count"])))

    return Deed(
        Call("dungeon-place-object", {"room": room.id, "object": f"0x{kind:02X}", "x": x, "y": y, "size": size}),
        forms(
            values,
            "place object {kind} with size {size} at {pos} in {room}",
            "put object {kind} into {room} at {pos}, size {size}",
        ),
        f"place object 0x{kind:02X} in {room.full} at ({x}, {y})",
        tell,
        (room.key, f"0x{kind:02X}", room.id),
        gaps=(
            Gap(
                forms(
                    values,
                    "place object {kind} with size {size} in {room}",
                    "put object {kind}, size {size}, into {room}",
                ),
                forms(values, "Where in {full} should object {code} be? I need x and y on the tile grid."),
                r"\b(where|position|coordinates|x and y)\b",
                forms(values, "At {pos}.", "{pos}", "{pos}, please."),
            ),
            Gap(
                forms(
                    values,
                    "place an object of size {size} at {pos} in {room}",
                    "put an object at {pos} in {room}, size {size}",
                ),
                forms(values, "Which object should go to ({x}, {y}) in {full}? <I need its id.|Its id, please.>"),
                r"\b(which|what)\b.*\b(object|id)",
                forms(values, "Object {kind}.", "{kind}"),
            ),
        ),
        changes=True,
    )


WRITES: tuple[Make, ...] = (
    set_chest,
    set_chest,
    set_door,
    place_object,
)
