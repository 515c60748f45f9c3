"""Calls that fail for good: nothing but another wish of the user helps."""

from __future__ import annotations

from agents.training.domains.yaze import names
from agents.training.domains.yaze.dialog import Call
from agents.training.domains.yaze.families.scene import Scene
from agents.training.domains.yaze.requests import memory
from agents.training.domains.yaze.requests.draw import listed
from agents.training.domains.yaze.requests.places import place

Failure = tuple[Call, tuple[str, ...], str, str, str, dict[str, object]]


def _bad_slot(scene: Scene) -> Failure:
    room = scene.draw.room()
    count = len(scene.world.value("rooms", room.at)["sprites"])
    slot, (x, y) = count + scene.rng.randint(0, 6), scene.draw.xy(16)
    values: dict[str, object] = {
        "room": room.said,
        "full": room.full,
        "slot": slot,
        "n": count,
        "last": count - 1,
        "pos": place(scene.draw, x, y),
    }
    if scene.rng.random() < 0.5:
        return (
            Call("dungeon-remove-sprite", {"room": room.id, "slot": slot}),
            ("remove sprite {slot} from {room}", "delete slot {slot} in {room}"),
            rf"\b({count}|{count - 1})\b",
            "{full} has {n} sprites, so slots end at {last} and there is no slot {slot}",
            "Which one should I remove instead?",
            values,
        )
    return (
        Call("dungeon-move-sprite", {"room": room.id, "slot": slot, "x": x, "y": y}),
        ("move sprite {slot} in {room} to {pos}", "put sprite {slot} of {room} at {pos}"),
        rf"\b({count}|{count - 1})\b",
        "there is no slot {slot} in {full}, only {n} sprites from slot 0 on",
        "Should I list them so that you can choose?",
        values,
    )


def _no_door(scene: Scene) -> Failure:
    rooms = scene.world.table("rooms")
    room = scene.draw.room("doors")
    sides = [side for side, _ in rooms[room.at]["doors"]]
    absent = [side for side in ("north", "south", "west", "east") if side not in sides]
    if not absent:
        return _bad_slot(scene)
    side, kind = scene.rng.choice(absent), scene.rng.choice(("open", "shutter", "big_key", "bombable"))
    values: dict[str, object] = {
        "room": room.said,
        "full": room.full,
        "side": side,
        "kind": kind,
        "sides": listed(sides),
    }
    return (
        Call("dungeon-set-door", {"room": room.id, "side": side, "kind": kind}),
        ("make the {side} door of {room} {kind}", "set the {side} door in {room} to {kind}"),
        "|".join(sides),
        "{full} has no {side} door, its doors are {sides}",
        "Which of them should become {kind}?",
        values,
    )


def _exists(scene: Scene) -> Failure:
    name = scene.draw.one(sorted(scene.world.table("symbols")))
    said, at = memory.address(scene.draw, memory.data_offset(scene.draw))
    values: dict[str, object] = {"name": name, "at": said, "where": at}
    return (
        Call("symbol-add", {"name": name, "address": at}),
        ("label {at} as {name}", "define {name} at {at}", "add the symbol {name} = {at}"),
        r"already|exists|taken|defined",
        "a label {name} is defined already, so it does not become {where}",
        "I can use another name if you give me one.",
        values,
    )


def _too_long(scene: Scene) -> Failure:
    table = scene.world.table("messages")
    at = scene.draw.one(sorted(table))
    limit, line = table[at]["limit"], names.line(scene.rng)
    while len(line) <= limit:
        line += f" {names.line(scene.rng)}"
    values: dict[str, object] = {
        "m": scene.draw.hex(at),
        "id": f"0x{at:02X}",
        "line": line,
        "n": len(line),
        "limit": limit,
    }
    return (
        Call("message-write", {"message": f"0x{at:02X}", "text": line}),
        ('change message {m} to "{line}"', 'make message {m} say "{line}"'),
        rf"\b{limit}\b",
        "the text has {n} characters, and message {id} cannot hold more than {limit}",
        "Can you shorten it?",
        values,
    )


def _no_group(scene: Scene) -> Failure:
    groups = sorted({group for group, _ in scene.world.table("palettes")})
    wrong = scene.draw.one(
        [
            name
            for name in ("water", "bosses", "title", "menus", "shadows", "night", "caves", "font", "weather", "pause")
            if name not in groups
        ]
    )
    at = scene.rng.randrange(4)
    values: dict[str, object] = {"wrong": wrong, "pal": at, "groups": ", ".join(groups)}
    return (
        Call("palette-get-colors", {"group": wrong, "palette": at}),
        ("show me palette {pal} of the {wrong} group", "list the colours in {wrong} palette {pal}"),
        rf"\b{wrong}\b|" + "^" + "".join(f"(?=.*{group})" for group in groups),
        "there is no palette group {wrong}, only {groups}",
        "Which one do you want?",
        values,
    )


def _beyond(scene: Scene) -> Failure:
    room, name = scene.draw.room(), scene.rng.choice(("blockset", "palette", "spriteset", "floor", "music"))
    most = {"blockset": 23, "palette": 40, "spriteset": 63, "floor": 15, "music": 31}[name]
    value = scene.rng.randint(most + 1, 255)
    values: dict[str, object] = {"room": room.said, "full": room.full, "name": name, "value": value, "most": most}
    return (
        Call("dungeon-set-property", {"room": room.id, "property": name, "value": value}),
        ("set the {name} of {room} to {value}", "give {room} {name} {value}"),
        rf"\b{most}\b",
        "{name} only goes from 0 to {most}, not up to {value}",
        "Which value should {full} get instead?",
        values,
    )


FAILURES = (_bad_slot, _no_door, _exists, _too_long, _no_group, _beyond)
