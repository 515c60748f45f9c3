"""Requests that change rooms."""

from __future__ import annotations

from agents.training.domains.yaze.dialog import Call
from agents.training.domains.yaze.facts import fact
from agents.training.domains.yaze.ground import DOOR_KINDS, EFFECTS, PROPERTIES
from agents.training.domains.yaze.requests.draw import Deed, Draw, Gap, Make, Tale, counted, forms
from agents.training.domains.yaze.requests.places import place, sprite_in
from agents.training.sample import Json


def add_sprite(draw: Draw) -> Deed:
    """Ask for a sprite in a room."""
    room, kind = draw.room(), draw.kind("creatures", "sprite")
    x, y = draw.xy(16)
    values = {
        "room": room.said,
        "full": room.full,
        "named": room.named,
        "id": room.id,
        "kind": kind.said,
        "name": kind.name,
        "pos": place(draw, x, y),
        "x": x,
        "y": y,
    }

    def tell(result: Json) -> Tale:
        told = forms(
            {**values, **result},
            "{sprite} now stands at ({x}, {y}) in {named} ({id}), in slot {slot}.",
            "Added {sprite} to {named} at ({x}, {y}). Its slot is {slot}.",
            "<Done|There>: {sprite} at ({x}, {y}) in {named} ({id}), slot {slot}.",
        )
        return Tale(told, (fact(kind.name, x, y), fact(room.name)), (fact(result["slot"]),))

    return Deed(
        Call("dungeon-add-sprite", {"room": room.id, "sprite": kind.id, "x": x, "y": y}),
        forms(
            values,
            "add {kind} to {room} at {pos}",
            "put {kind} into {room} at {pos}",
            "place {kind} at {pos} in {room}",
            "spawn {kind} in {room}, {pos}",
        ),
        f"add {kind.name} to {room.full} at ({x}, {y})",
        tell,
        (kind.name, room.key, room.id, kind.id),
        again=forms(values, "And {kind} in {room} at {pos}.", "Then {kind} in {room}, at {pos}."),
        gaps=(
            Gap(
                forms(values, "add {kind} to {room}", "put {kind} into {room} somewhere"),
                forms(
                    values,
                    "Where in {full} should {name} stand? I need x and y, 0 to 15 each.",
                    "<At which position|At which x and y> in {full} should I put {name}?",
                ),
                r"\b(where|position|coordinates|x and y)\b",
            ),
            Gap(
                forms(values, "add a sprite to {room} at {pos}", "put an enemy into {room} at {pos}"),
                forms(
                    values,
                    "<Which|What> sprite should stand at ({x}, {y}) in {full}?",
                    "What kind of sprite do you want in {full}: which name or id?",
                ),
                r"\b(which|what)\b.*\b(sprite|enemy|kind)",
            ),
            Gap(
                forms(values, "add {kind} at {pos}", "put {kind} at {pos} in the dungeon"),
                forms(values, "In which room should {name} go at ({x}, {y})?", "<Which|What> room should get {name}?"),
                r"\broom\b",
            ),
        ),
        changes=True,
    )


def move_sprite(draw: Draw) -> Deed:
    """Ask for a sprite to be moved."""
    room = draw.room()
    entries = draw.world.value("rooms", room.at)["sprites"]
    slot = draw.rng.randrange(len(entries))
    kinds = draw.world.table("creatures")
    name, (x, y) = kinds[entries[slot][0]], draw.xy(16)
    values = {
        "room": room.said,
        "full": room.full,
        "named": room.named,
        "id": room.id,
        "slot": slot,
        "who": sprite_in(kinds, entries, slot),
        "name": name,
        "pos": place(draw, x, y),
        "x": x,
        "y": y,
    }

    def tell(result: Json) -> Tale:
        told = forms(
            {**values, "old": "({}, {})".format(*result["before"])},
            "{name} (slot {slot}) moved from {old} to ({x}, {y}) in {named}.",
            "In {named} ({id}) sprite {slot}, {name}, is at ({x}, {y}) now; it was at {old}.",
            "<Moved|Done>: {name} stands at ({x}, {y}) in {named} <instead of|and no longer at> {old}.",
        )
        return Tale(told, (fact(name, x, y), fact(room.name)), tuple(map(fact, result["before"])))

    return Deed(
        Call("dungeon-move-sprite", {"room": room.id, "slot": slot, "x": x, "y": y}),
        forms(
            values,
            "move {who} in {room} to {pos}",
            "<shift|put> {who} of {room} to {pos}",
            "in {room}, move {who} to {pos}",
        ),
        f"move sprite {slot}, {name}, of {room.full} to ({x}, {y})",
        tell,
        (name, room.key, str(slot), room.id),
        again=forms(values, "And {who} in {room} to {pos}."),
        gaps=(
            Gap(
                forms(values, "move {who} in {room}", "move {who} of {room} a bit further away"),
                forms(
                    values,
                    "Where should {name} go? <I need x and y in the room.|Which x and y?>",
                    "To <which position|which x and y> should I move {name}?",
                ),
                r"\b(where|position|coordinates|x and y)\b",
            ),
            Gap(
                forms(values, "move a sprite in {room} to {pos}", "move that sprite in {room} to {pos}"),
                forms(
                    values,
                    "<Which|What> sprite of {full} should move to ({x}, {y})? "
                    "<Its slot or name is enough.|A slot number would do.>",
                ),
                r"\b(which|what)\b.*\b(sprite|slot|one)",
            ),
        ),
        changes=True,
    )


def remove_sprite(draw: Draw) -> Deed:
    """Ask for a sprite to be taken out."""
    room = draw.room()
    entries = draw.world.value("rooms", room.at)["sprites"]
    slot, kinds = draw.rng.randrange(len(entries)), draw.world.table("creatures")
    name = kinds[entries[slot][0]]
    values = {
        "room": room.said,
        "full": room.full,
        "named": room.named,
        "id": room.id,
        "slot": slot,
        "who": sprite_in(kinds, entries, slot),
        "name": name,
    }

    def tell(result: Json) -> Tale:
        told = forms(
            {**values, "left": counted(result["left"], "sprite")},
            "{name} is gone from {named} ({id}); {left} left.",
            "<Removed|Took> {name}, slot {slot}, <from|out of> {named}. Left: {left}.",
            "{named} has {left} now that {name} is out. <Later slots moved up by one.|Mind that later slots moved up.>",
        )
        return Tale(told, (fact(name), fact(room.name)), (fact(result["left"]),))

    return Deed(
        Call("dungeon-remove-sprite", {"room": room.id, "slot": slot}),
        forms(
            values,
            "remove {who} from {room}",
            "delete {who} in {room}",
            "take {who} out of {room}",
            "get rid of {who} in {room}",
        ),
        f"remove sprite {slot}, {name}, from {room.full}",
        tell,
        (name, room.key, str(slot), room.id),
        gaps=(
            Gap(
                forms(values, "remove a sprite from {room}", "get rid of one sprite in {room}"),
                forms(values, "<Which|What> sprite of {full} should go? <A slot or a name will do.|Tell me its slot.>"),
                r"\b(which|what)\b.*\b(sprite|slot|one)",
            ),
        ),
        changes=True,
    )


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
        return Tale(told, (fact(item.name), fact(chest), fact(room.name)), (fact(result["before"]),))

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
            ),
            Gap(
                forms(values, "put {item} into a chest", "hide {item} in one of the chests"),
                forms(
                    values,
                    "In which room, and which chest there, should {name} go?",
                    "Which chest of which room should hold {name}?",
                ),
                r"\bwhich\b.*\b(room|chest)\b",
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
        "spoken": kind.replace("_", " "),
    }

    def tell(result: Json) -> Tale:
        told = forms(
            {**values, **result},
            "The {side} door of {named} ({id}) is {after} now; it was {before}.",
            "<Done|Changed>: {side} door in {named}, {before} to {after}.",
            "{named} now has {after} as the kind of its {side} door <instead of|rather than> {before}.",
        )
        return Tale(told, (fact(side), fact(kind), fact(room.name)), (fact(result["before"]),))

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
            ),
            Gap(
                forms(values, "make a door of {room} {kind}", "set one of the doors in {room} to {kind}"),
                forms(values, "<Which|What> door of {full} should be {kind}: <on which side|which side of the room>?"),
                r"\b(which|what)\b.*\b(door|side)",
            ),
        ),
        changes=True,
    )


def set_property(draw: Draw) -> Deed:
    """Ask for another number in a header."""
    room = draw.room()
    name = draw.rng.choice(sorted(PROPERTIES))
    was = draw.world.value("rooms", room.at)[name]
    value = draw.one([n for n in range(PROPERTIES[name] + 1) if n != was])
    values = {"room": room.said, "full": room.full, "named": room.named, "id": room.id, "name": name, "value": value}

    def tell(result: Json) -> Tale:
        told = forms(
            {**values, **result, "name": name},
            "The {property} of {named} ({id}) is {after} now, <before it was|it was> {before}.",
            "<Set|Done>: {named} uses {property} {after} instead of {before}.",
            "{named} has {property} {after}; the old value was {before}.",
        )
        return Tale(told, (fact(name), fact(value), fact(room.name)), (fact(result["before"]),))

    return Deed(
        Call("dungeon-set-property", {"room": room.id, "property": name, "value": value}),
        forms(
            values,
            "set the {name} of {room} to {value}",
            "change {name} to {value} in {room}",
            "give {room} {name} {value}",
        ),
        f"set the {name} of {room.full} to {value}",
        tell,
        (room.key, name, str(value), room.id),
        again=forms(values, "And {name} {value} for {room}."),
        gaps=(
            Gap(
                forms(values, "change the {name} of {room}", "set another {name} for {room}"),
                forms(
                    values,
                    "What <should the {name} of {full} be|value should the {name} of {full} have>?",
                    "To <which|what> number should I set the {name} of {full}?",
                ),
                r"\b(what|which)\b",
            ),
            Gap(
                forms(values, "set the {name} of the room to {value}", "change {name} to {value}"),
                forms(values, "For which room should {name} be {value}?"),
                r"\broom\b",
            ),
        ),
        changes=True,
    )


def set_effect(draw: Draw) -> Deed:
    """Ask for another effect."""
    room = draw.room()
    was = draw.world.value("rooms", room.at)["effect"]
    effect = draw.rng.choice([effect for effect in EFFECTS if effect != was])
    values = {"room": room.said, "full": room.full, "named": room.named, "id": room.id, "effect": effect}

    def tell(result: Json) -> Tale:
        told = forms(
            {**values, **result},
            "{named} ({id}) has the effect {after} now; it was {before}.",
            "Effect of {named}: {before} before, {after} now.",
            "Done, {named} uses {after} instead of {before}.",
        )
        return Tale(told, (fact(effect), fact(room.name)), (fact(result["before"]),))

    return Deed(
        Call("dungeon-set-effect", {"room": room.id, "effect": effect}),
        forms(
            values,
            "set the effect of {room} to {effect}",
            "give {room} the effect {effect}",
            "switch {room} to the {effect} effect",
        ),
        f"set the effect of {room.full} to {effect}",
        tell,
        (room.key, effect, room.id),
        again=forms(values, "And {effect} for {room}."),
        gaps=(
            Gap(
                forms(values, "change the effect of {room}", "give {room} another effect"),
                forms(values, "<Which|What> effect should {full} have: none, dark, moving_water, torchlight or quake?"),
                r"\beffect\b",
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
            ),
            Gap(
                forms(
                    values,
                    "place an object of size {size} at {pos} in {room}",
                    "put an object at {pos} in {room}, size {size}",
                ),
                forms(values, "Which object should go to ({x}, {y}) in {full}? <I need its id.|Its id, please.>"),
                r"\b(which|what)\b.*\b(object|id)",
            ),
        ),
        changes=True,
    )


WRITES: tuple[Make, ...] = (
    add_sprite,
    add_sprite,
    move_sprite,
    remove_sprite,
    set_chest,
    set_chest,
    set_door,
    set_property,
    set_effect,
    place_object,
)
