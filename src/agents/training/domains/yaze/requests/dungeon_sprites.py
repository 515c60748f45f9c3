"""Requests that change which sprites are in a room, and where."""

from __future__ import annotations

from agents.training.domains.yaze.dialog import Call
from agents.training.domains.yaze.facts import changed, fact
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
                forms(values, "At {pos}.", "{pos}", "{pos}, please."),
            ),
            Gap(
                forms(values, "add a sprite to {room} at {pos}", "put an enemy into {room} at {pos}"),
                forms(
                    values,
                    "<Which|What> sprite should stand at ({x}, {y}) in {full}?",
                    "What kind of sprite do you want in {full}: which name or id?",
                ),
                r"\b(which|what)\b.*\b(sprite|enemy|kind)",
                forms(values, "{kind}", "{kind}, please."),
            ),
            Gap(
                forms(values, "add {kind} at {pos}", "put {kind} at {pos} in the dungeon"),
                forms(values, "In which room should {name} go at ({x}, {y})?", "<Which|What> room should get {name}?"),
                r"\broom\b",
                forms(values, "In {room}.", "{room}", "I mean {room}."),
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
        old = "({}, {})".format(*result["before"])
        told = forms(
            {**values, "old": old},
            "{name} (slot {slot}) moved from {old} to ({x}, {y}) in {named}.",
            "In {named} ({id}) sprite {slot}, {name}, is at ({x}, {y}) now; it was at {old}.",
            "<Moved|Done>: {name} stands at ({x}, {y}) in {named} <instead of|and no longer at> {old}.",
        )
        return Tale(
            told, (fact(name, x, y), fact(room.name), changed(old, f"({x}, {y})")), tuple(map(fact, result["before"]))
        )

    return Deed(
        Call("dungeon-move-sprite", {"room": room.id, "slot": slot, "x": x, "y": y}),
        forms(
            values,
            "move {who} in {room} to {pos}",
            "shift {who} of {room} to {pos}",
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
                forms(values, "To {pos}.", "{pos}", "{pos}, please."),
            ),
            Gap(
                forms(values, "move a sprite in {room} to {pos}", "move that sprite in {room} to {pos}"),
                forms(
                    values,
                    "<Which|What> sprite of {full} should move to ({x}, {y})? "
                    "<Its slot or name is enough.|A slot number would do.>",
                ),
                r"\b(which|what)\b.*\b(sprite|slot|one)",
                forms(values, "{who}", "I mean {who}.", "{who}, please."),
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
        moved = " <Later slots moved up by one.|Mind that later slots moved up.>" if slot < result["left"] else ""
        told = forms(
            {**values, "left": counted(result["left"], "sprite"), "moved": moved},
            "{name} is gone from {named} ({id}); {left} left.",
            "<Removed|Took> {name}, slot {slot}, <from|out of> {named}. Left: {left}.",
            "{named} has {left} now that {name} is out.{moved}",
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
                forms(values, "{who}", "I mean {who}.", "{who}, please."),
            ),
        ),
        changes=True,
    )


WRITES: tuple[Make, ...] = (add_sprite, add_sprite, move_sprite, remove_sprite)
