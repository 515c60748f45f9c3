"""Requests that take several steps: each call needs what the one before it said."""

from __future__ import annotations

from dataclasses import replace

from agents.training.domains.yaze import mapping
from agents.training.domains.yaze.dialog import Act, Call, Case, Forms
from agents.training.domains.yaze.families.find_then_edit import find_then_edit
from agents.training.domains.yaze.families.scene import Scene
from agents.training.domains.yaze.families.steps import first_step, last_step
from agents.training.domains.yaze.requests import EDITS, READS, SEARCHES, rom
from agents.training.domains.yaze.requests.draw import forms, listed
from agents.training.domains.yaze.wording import written


def symbol_then_code(scene: Scene) -> Case:
    """Look a label up, then read what is there."""
    draw, routines = scene.draw, scene.world.ground.routines
    name = draw.one(sorted(routines))
    count = scene.rng.randint(3, 10)
    at = mapping.written(scene.world.table("symbols")[name]["address"])
    is_code = scene.rng.random() < 0.6
    values = {"name": name, "n": count, "at": at}
    asks = (
        (
            "disassemble {n} instructions of {name}",
            "show me how {name} <begins|starts>, {n} instructions",
            "let me see the first {n} instructions of {name}",
        )
        if is_code
        else ("read {n} bytes at {name}", "dump the first {n} bytes of {name}", "show me {n} raw bytes from {name} on")
    )
    first = Call("symbol-lookup", {"name": name})
    why = forms(
        values,
        "I need the address of {name} first.",
        "{name} is a label; symbol-lookup turns it into an address.",
        "The address of {name} comes first, <its contents|the rest> after that.",
    )
    case = first_step(scene, forms(values, *asks), first, why, {"name": name, "address": at}, (name, "address"))
    call = (
        Call("asm-disassemble", {"address": at, "count": count})
        if is_code
        else Call("rom-read", {"address": at, "length": count})
    )
    if case:
        return replace(case, tools=tuple(dict.fromkeys((*case.tools, call.name))))
    then = forms(
        values,
        "{name} is at {at}, so {n} " + ("instructions from there." if is_code else "bytes from there."),
        "The label resolved to {at}; now I can read "
        + ("{n} instructions" if is_code else "{n} bytes")
        + " of {name}.",
        "With {at} in hand I " + ("disassemble {n} instructions" if is_code else "read {n} bytes") + " of {name}.",
    )
    return scene.case(last_step((call,), then, (name, at, str(count))), [call.name])


def list_then_inspect(scene: Scene) -> Case:
    """List things, then look at each of them."""
    return scene.rng.choice((_rooms_of_dungeon, _rooms_behind_map))(scene)


_LOOKS = {
    "dungeon-list-sprites": "sprites",
    "dungeon-list-chests": "chests",
    "dungeon-list-doors": "doors",
    "dungeon-describe-room": "header",
}


def _looks(scene: Scene, ids: list[str], clauses: Forms, first: Call, why: Forms, what: tuple[str, str]) -> Case:
    tool, of = what
    case = first_step(scene, clauses, first, why, None, (of,))
    if case:
        return replace(case, tools=tuple(dict.fromkeys((*case.tools, tool))))
    values = {"rooms": listed(ids), "of": of, "what": _LOOKS[tool], "n": len(ids)}
    then = forms(
        values,
        "{of} leads to {rooms}; I look at the {what} there.",
        "The list for {of} names {rooms}. Now I can read the {what}.",
        "From the list for {of}: {rooms}. {tool} reads the {what}.".replace("{tool}", tool),
    )
    return scene.case(last_step(tuple(Call(tool, {"room": at}) for at in ids), then, (*ids[:2],)), [tool])


def _rooms_of_dungeon(scene: Scene) -> Case:
    rooms = scene.world.table("rooms")
    names = {room["dungeon"] for room in rooms.values()}
    sized = {
        name: [f"0x{at:02X}" for at, room in sorted(rooms.items()) if room["dungeon"] == name] for name in sorted(names)
    }
    few = [name for name, ids in sized.items() if len(ids) <= 3 + scene.level] or [
        min(sized, key=lambda name: len(sized[name]))
    ]
    name, tool = scene.draw.one(few), scene.rng.choice(sorted(_LOOKS))
    values = {"name": name, "what": _LOOKS[tool]}
    clauses = forms(
        values,
        "show me the {what} of every room in {name}",
        "go through {name} room by room and list the {what}",
        "=I want the {what} of all rooms of {name}",
    )
    why = forms(
        values,
        "First the rooms of {name}, then their {what}.",
        "I do not know which rooms {name} has, so I list them.",
        "dungeon-list-rooms gives the rooms of {name}; the {what} come next.",
    )
    return _looks(scene, sized[name], clauses, Call("dungeon-list-rooms", {"dungeon": name}), why, (tool, name))


def _rooms_behind_map(scene: Scene) -> Case:
    area, tool = scene.draw.map(), scene.rng.choice(sorted(_LOOKS))
    entrances = scene.world.value("maps", area.at)["entrances"]
    ids = [f"0x{at:02X}" for at in dict.fromkeys(entry[2] for _, entry in sorted(entrances.items()))]
    values = {"map": area.said, "full": area.full, "what": _LOOKS[tool]}
    clauses = forms(
        values,
        "show me the {what} of the rooms that the entrances on {map} lead to",
        "follow the entrances of {map} and show me the {what} of the rooms behind them",
        "look behind the entrances of {map}, I need the {what} of each room",
    )
    why = forms(
        values,
        "First I have to know where the entrances of {full} lead.",
        "overworld-list-entrances on {full} names the rooms; their {what} come next.",
        "The rooms behind {full} are unknown so far, so I list its entrances.",
    )
    return _looks(scene, ids, clauses, Call("overworld-list-entrances", {"map": area.id}), why, (tool, area.key))


def backup_then_write(scene: Scene) -> Case:
    """The project's rule: no first edit without a backup."""
    name = rom.backup_name(scene.draw)
    rule = scene.rng.choice(
        (
            "Rule of this project: before the first edit of a session, make a backup named {}.",
            "House rule: the first edit of a session comes after a backup named {}.",
            "No edit before there is a backup named {}; one per session is enough.",
        )
    )
    scene.rules.append(rule.format(name))
    backup = Call("rom-backup", {"name": name})
    if scene.level > 1 and scene.rng.random() < 0.5:
        scene.finishes(scene.deed((*READS, *SEARCHES)))
    deed = scene.deed([make for make in EDITS if make is not rom.fix_checksum])
    scene.asks(deed)
    values = {"name": name, "aim": deed.aim, "tool": deed.call.name}
    if scene.rng.random() < 0.35:
        scene.calls(
            written(
                scene.rng,
                forms(
                    values,
                    "This would be the first edit, so the backup {name} comes first.",
                    "The project wants a backup named {name} before I {aim}.",
                ),
            ),
            backup,
        )
        said = forms(
            values,
            "The backup {name} exists, so I can {aim} now.",
            "With {name} in place nothing speaks against the edit: I {aim}.",
            "{name} is made; {tool} may run, and I {aim}.",
        )
        return scene.case(Act(((deed.call,),), said, (deed.anchors[0],)), [deed.call.name])
    said = forms(
        values,
        "It is the first edit of the session, so the backup {name} comes first; I {aim} once it exists.",
        "The rule asks for a backup named {name} before any edit. When it is made, I {aim}.",
        "I make the backup {name}, see that it worked, and only then {aim}.",
        "No backup has been made yet: {name} first. {tool} has to wait for it.",
    )
    wants = Act(((backup,), (backup, deed.call)), said, (name, "backup"))
    return scene.case(wants, [backup.name, deed.call.name])


FAMILIES = {
    "chain.backup_then_write": backup_then_write,
    "chain.find_then_edit": find_then_edit,
    "chain.list_then_inspect": list_then_inspect,
    "chain.symbol_then_code": symbol_then_code,
}
