"""Find something, then change it: the id, slot, place or number that the edit needs comes from a search."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from agents.training.domains.yaze import mapping
from agents.training.domains.yaze.dialog import Call, Case
from agents.training.domains.yaze.editor.tool import spaced
from agents.training.domains.yaze.families.scene import Scene
from agents.training.domains.yaze.families.steps import first_step, last_step
from agents.training.domains.yaze.ground import PAGE
from agents.training.domains.yaze.requests import messages
from agents.training.domains.yaze.requests.draw import forms, indefinite, listed
from agents.training.domains.yaze.requests.places import place


def find_then_edit(scene: Scene) -> Case:
    """Find something, then change it."""
    kinds = (_named_sprite, _named_item, _sprite_by_kind, _replace_tiles, _reword, _patch_found)
    return scene.rng.choice(kinds)(scene)


def _named_sprite(scene: Scene) -> Case:
    draw, table = scene.draw, scene.world.table("creatures")
    at = draw.one(sorted(table))
    is_room = scene.rng.random() < 0.5
    where, (x, y) = (draw.room(), draw.xy(16)) if is_room else (draw.map(), draw.xy(32))
    values = {
        "name": table[at],
        "a": indefinite(table[at]),
        "where": where.said,
        "pos": place(draw, x, y),
        "full": where.full,
        "id": f"0x{at:02X}",
        "x": x,
        "y": y,
    }
    clauses = forms(
        values,
        "add {a} <to|in> {where} at {pos} - <no idea what id that has|I don't know its id|look the id up>",
        "put one {name} at {pos} in {where}, <you'll have to find its sprite id|find the id first>",
        "place {a} in {where} at {pos}",
    )
    first = Call("name-search", {"kind": "sprite", "text": table[at]})
    why = forms(
        values,
        "<I need|First comes> the sprite id of {name}; name-search knows it.",
        "{name} is a name, but the edit needs an id, so I look it up first.",
        "Before {name} can be placed in {full} I must know its sprite id.",
    )
    case = first_step(scene, clauses, first, why, {"id": f"0x{at:02X}", "name": table[at]}, (table[at], "id"))
    tool, key = ("dungeon-add-sprite", "room") if is_room else ("overworld-add-sprite", "map")
    call = Call(tool, {key: where.id, "sprite": f"0x{at:02X}", "x": x, "y": y})
    then = forms(
        values,
        "{name} is sprite {id}, so I can add it to {full} at ({x}, {y}).",
        "name-search says {id} for {name}; now the edit in {full}.",
        "With the id {id} I place {name} at ({x}, {y}) in {full}.",
    )
    if case:
        return replace(case, tools=tuple(dict.fromkeys((*case.tools, tool))))
    return scene.case(last_step((call,), then, (table[at], f"0x{at:02X}", where.key)), [tool])


def _named_item(scene: Scene) -> Case:
    draw, table = scene.draw, scene.world.table("things")
    at, room = draw.one(sorted(table)), draw.room("chests")
    chest = scene.rng.randrange(len(scene.world.value("rooms", room.at)["chests"]))
    values = {"name": table[at], "room": room.said, "full": room.full, "chest": chest, "id": f"0x{at:02X}"}
    clauses = forms(
        values,
        "put the {name} into chest {chest} of {room}, <whatever its item id is|you find the id>",
        "=chest {chest} in {room} should hold the {name}; look up the item id yourself",
        "make chest {chest} of {room} give the {name}",
    )
    first = Call("name-search", {"kind": "item", "text": table[at]})
    why = forms(
        values,
        "dungeon-set-chest takes an item id, so I search for {name} first.",
        "What is the id of {name}? name-search tells me.",
        "The id of {name} is missing; <I look it up before|a lookup comes before> chest {chest} changes.",
    )
    case = first_step(scene, clauses, first, why, {"id": f"0x{at:02X}", "name": table[at]}, (table[at], "id"))
    if case:
        return case
    then = forms(
        values,
        "{name} has the id {id}; chest {chest} of {full} gets it.",
        "Now that {id} is known for {name}, I set chest {chest} of {full}.",
    )
    call = Call("dungeon-set-chest", {"room": room.id, "chest": chest, "item": f"0x{at:02X}"})
    return scene.case(last_step((call,), then, (table[at], f"0x{at:02X}", room.key)), [call.name])


def _sprite_by_kind(scene: Scene) -> Case:
    draw, rng, kinds = scene.draw, scene.rng, scene.world.table("creatures")
    room = draw.room()
    standing = [entry[0] for entry in scene.world.value("rooms", room.at)["sprites"]]
    single = [slot for slot, kind in enumerate(standing) if standing.count(kind) == 1]
    if not single:
        return _named_sprite(scene)
    slot = rng.choice(single)
    name, (x, y) = kinds[standing[slot]], draw.xy(16)
    values = {
        "name": name,
        "room": room.said,
        "full": room.full,
        "slot": slot,
        "pos": place(draw, x, y),
        "x": x,
        "y": y,
    }
    is_move = rng.random() < 0.6
    asks = (
        ("move the {name} in {room} to {pos}", "=The {name} in {room} is in the way, move it to {pos}")
        if is_move
        else ("remove the {name} from {room}", "get rid of the {name} in {room}", "take the {name} out of {room}")
    )
    first = Call("dungeon-list-sprites", {"room": room.id})
    why = forms(
        values,
        "<I need|First I need> the slot of the {name} in {full}.",
        "Sprites are addressed by slot; listing those of {full} shows where the {name} is.",
        "To reach the {name} I have to know its slot, so I list the sprites of {full}.",
    )
    case = first_step(scene, forms(values, *asks), first, why, {"slot": slot, "name": name}, (name, room.key))
    if case:
        return case
    then = forms(
        values,
        "The {name} of {full} is in slot {slot}, so "
        + ("I move that one to ({x}, {y})." if is_move else "I remove that one."),
        "Slot {slot} is the {name}; " + ("({x}, {y}) is where it goes in {full}." if is_move else "it leaves {full}."),
    )
    call = (
        Call("dungeon-move-sprite", {"room": room.id, "slot": slot, "x": x, "y": y})
        if is_move
        else Call("dungeon-remove-sprite", {"room": room.id, "slot": slot})
    )
    return scene.case(last_step((call,), then, (name, str(slot), room.key)), [call.name])


def _replace_tiles(scene: Scene) -> Case:
    draw, area = scene.draw, scene.draw.map()
    grid = scene.world.ground.tiles(area.at)
    uses = Counter(grid)
    tile = draw.one(sorted(tile for tile, count in uses.items() if count < 5))
    new = next(other for other in iter(lambda: scene.rng.randrange(0x20, 0xE00), None) if other not in uses)
    values = {
        "old": draw.hex(tile, 3),
        "new": draw.hex(new, 3),
        "map": area.said,
        "full": area.full,
        "a": f"0x{tile:03X}",
        "b": f"0x{new:03X}",
    }
    clauses = forms(
        values,
        "replace every tile16 {old} on {map} with {new}",
        "swap all {old} tiles on {map} for {new}",
        "change tile {old} to {new} everywhere on {map}",
    )
    first = Call("overworld-find-tile", {"map": area.id, "tile": f"0x{tile:03X}"})
    why = forms(
        values,
        "First I have to know where {a} is used on {full}.",
        "Replacing {a} means finding every place of it on {full} before any edit.",
        "overworld-find-tile lists the places of {a} on {full}; the edits follow.",
    )
    case = first_step(scene, clauses, first, why, None, (area.key, f"0x{tile:03X}"))
    if case:
        return replace(case, tools=tuple(dict.fromkeys((*case.tools, "overworld-set-tile"))))
    places = [(n % 32, n // 32) for n, value in enumerate(grid) if value == tile]
    calls = tuple(
        Call("overworld-set-tile", {"map": area.id, "x": x, "y": y, "tile": f"0x{new:03X}"}) for x, y in places
    )
    spots = listed([f"({x}, {y})" for x, y in places])
    then = forms(
        {**values, "spots": spots, "n": len(places)},
        "{a} is used at {spots}; each becomes {b} on {full}.",
        "On {full} {spots} <have to change|must change> from {a} to {b}.",
        "Found at {spots}: I set {b} there on {full}.",
    )
    return scene.case(last_step(calls, then, (area.key, f"0x{new:03X}")), ["overworld-set-tile"])


def _reword(scene: Scene) -> Case:
    draw, table = scene.draw, scene.world.table("messages")
    texts = {at: entry["text"] for at, entry in table.items()}
    unique = [
        (at, part)
        for at, text in sorted(texts.items())
        for part in [" ".join(text.split()[1:4]).strip(".,!?")]
        if sum(part.lower() in other.lower() for other in texts.values()) == 1
    ]
    at, part = draw.one(unique)
    line = messages.fitting(draw, table[at]["limit"], texts[at])
    values = {"part": part, "line": line, "id": f"0x{at:02X}"}
    clauses = forms(
        values,
        'find the message with "{part}" and change it to "{line}"',
        '=somewhere a sign says "{part}" - make it say "{line}" instead',
        '=The line with "{part}" should read "{line}"',
    )
    first = Call("message-search", {"text": part})
    why = forms(
        values,
        'I do not know the number of the message with "{part}" yet, so I search.',
        'message-search finds which message has "{part}"; the new text comes after that.',
        'The edit needs a message number, and only "{part}" is known.',
    )
    case = first_step(scene, clauses, first, why, {"message": f"0x{at:02X}", "text": texts[at]}, (part, "message"))
    if case:
        return replace(case, tools=tuple(dict.fromkeys((*case.tools, "message-write"))))
    then = forms(
        values,
        'Only message {id} matches "{part}", so that is the one to rewrite.',
        "It is message {id}; I give it the new text.",
        '"{part}" is in message {id}. Now the new text can go in.',
    )
    call = Call("message-write", {"message": f"0x{at:02X}", "text": line})
    return scene.case(last_step((call,), then, (f"0x{at:02X}",)), [call.name])


def _patch_found(scene: Scene) -> Case:
    draw, ground = scene.draw, scene.world.ground
    offset = ground.data_page * PAGE + scene.rng.randrange(0x100, 0x3F00)
    address = mapping.to_snes(ground.mapper, offset)
    if ground.mapper == "HiROM" and not offset & PAGE:
        return _reword(scene)
    old, new = spaced(scene.world.octets(offset, 6)), spaced(scene.rng.randbytes(6))
    at, bank = mapping.written(address), f"${address >> 16:02X}"
    values = {"old": old, "new": new, "bank": draw.hex(address >> 16), "where": bank, "at": at}
    clauses = forms(
        values,
        "find {old} in bank {bank} and overwrite it with {new}",
        "replace the bytes {old} somewhere in bank {bank} by {new}",
        "patch {old} to {new}, it's in bank {bank}",
    )
    first = Call("rom-find", {"pattern": old, "bank": bank})
    why = forms(
        values,
        "I have to find {old} in bank {where} before I can overwrite it.",
        "Where is {old}? rom-find over bank {where} tells.",
        "The address of {old} is unknown, so bank {where} is searched first.",
    )
    case = first_step(scene, clauses, first, why, None, (old, bank))
    if case:
        return replace(case, tools=tuple(dict.fromkeys((*case.tools, "rom-write"))))
    then = forms(
        values,
        "{old} is at {at} and nowhere else in the bank; I write {new} there.",
        "One match, {at}: the new bytes {new} go there.",
        "rom-find gives {at}, so that is where {new} belongs.",
    )
    return scene.case(last_step((Call("rom-write", {"address": at, "bytes": new}),), then, (at, new)), ["rom-write"])
