"""The last call failed: mend it, find out more, or explain."""

from __future__ import annotations

import re
from collections.abc import Iterator

from agents.training.domains.yaze.dialog import Act, Call, Case, Decline
from agents.training.domains.yaze.editor import CATALOGUE
from agents.training.domains.yaze.families.failures import FAILURES
from agents.training.domains.yaze.families.patterns import INSTEAD, NEGATED
from agents.training.domains.yaze.families.scene import Scene, thoughts
from agents.training.domains.yaze.requests import READS, SEARCHES, WRITES, Deed
from agents.training.domains.yaze.requests.draw import forms, indefinite
from agents.training.domains.yaze.requests.places import place
from agents.training.domains.yaze.wording import written
from agents.training.sample import Json

_WRONG_NAMES = {
    "address": "addr",
    "room": "room_id",
    "map": "area",
    "length": "size",
    "bytes": "data",
    "text": "message",
    "message": "id",
    "sprite": "kind",
    "tile": "tile_id",
    "name": "label",
    "x": "pos_x",
    "group": "palette_group",
    "palette": "index",
    "bank": "page",
}


def slips(deed: Deed) -> Iterator[dict[str, Json]]:
    """Yield the arguments of ``deed`` as a careless caller writes them; the schema refuses each."""
    arguments, schema = deed.call.arguments, CATALOGUE.parameters(deed.call.name)
    for name, value in arguments.items():
        if name in schema["required"]:
            yield {key: other for key, other in arguments.items() if key != name}
        if isinstance(value, int) and not isinstance(value, bool):
            yield {**arguments, name: str(value)}
            yield {**arguments, name: f"{name} {value}"}
        elif isinstance(value, str) and value[:2] == "0x":
            yield {**arguments, name: value[2:]}
        elif isinstance(value, str) and value[:1] == "$":
            yield {**arguments, name: int(value.replace(":", "")[1:], 16)}
        if name in _WRONG_NAMES:
            yield {_WRONG_NAMES[name] if key == name else key: other for key, other in arguments.items()}


def retry(scene: Scene) -> Case:
    """The call was malformed; the right arguments are known."""
    deed, wrong = scene.deed((*READS, *SEARCHES, *WRITES)), None
    while wrong is None:
        bad = [arguments for arguments in slips(deed) if CATALOGUE.error(deed.call.name, arguments)]
        wrong = scene.rng.choice(bad) if bad else None
        deed = deed if bad else scene.deed((*READS, *WRITES))
    scene.asks(deed)
    scene.calls(written(scene.rng, thoughts(deed)), Call(deed.call.name, wrong))
    at, problem = _problem(deed.call.arguments, wrong)
    values = {
        "tool": deed.call.name,
        "problem": problem,
        "aim": deed.aim if deed.changes else f"look up {deed.aim}",
    }
    said = forms(
        values,
        "My call was malformed: {problem}. I repeat it, still to {aim}.",
        "{tool} refused the arguments: {problem}. The aim stays: {aim}.",
        "The error names the cause: {problem}. Corrected, the call can {aim}.",
        "A slip of mine: {problem}. Everything else stays, so I can {aim}.",
    )
    return scene.case(Act(((deed.call,),), said, (at, deed.anchors[0])), [deed.call.name])


def _problem(right: dict[str, Json], wrong: dict[str, Json]) -> tuple[str, str]:
    """Return the argument in which the two differ, and how."""
    unknown = [key for key in wrong if key not in right]
    at = next(key for key in right if key not in wrong or wrong[key] != right[key])
    if unknown:
        return at, f"the argument is called {at}, not {unknown[0]}"
    if at not in wrong:
        return at, f"{at} was missing"
    kind = "the number " if type(right[at]) is int else "the text " if type(wrong[at]) is int else ""
    return at, f"{at} has to be {kind}{right[at]}, not {'text' if kind == 'the number ' else wrong[at]}"


def search(scene: Scene) -> Case:
    """A name or number was not found; look for the right one."""
    return scene.rng.choice((_label, _room, _sprite))(scene)


def _label(scene: Scene) -> Case:
    draw, rng, symbols = scene.draw, scene.rng, scene.world.table("symbols")
    name = draw.one(sorted(symbols))
    first, mark, rest = name.partition("_")
    bent = [
        name[:-1],
        f"{name}s",
        name.replace("_", ""),
        f"{first}{mark}Do{rest}" if mark else f"{name}2",
        name.lower(),
    ]
    wrong = rng.choice([other for other in bent if other not in symbols])
    part = first if mark else re.findall("[A-Z][a-z]+", name)[0]
    values = {"wrong": wrong, "part": part}
    scene.user(
        forms(values, "look up the address of {wrong}", "<find|tell me> where {wrong} is", "get me {wrong}'s address"),
        sentences=forms(values, "Where is {wrong}?", "What's the address of {wrong}?"),
    )
    scene.calls(
        written(
            scene.rng,
            forms(values, "{wrong} is a label, so symbol-lookup.", "symbol-lookup gives the address of {wrong}."),
        ),
        Call("symbol-lookup", {"name": wrong}),
    )
    said = forms(
        values,
        '{wrong} does not exist under that name. A search for "{part}" shows what is close to it.',
        'No symbol is called {wrong}; perhaps it is written differently, so I search for "{part}".',
        'The lookup failed, but part of the name may be right: I search for "{part}" instead of {wrong}.',
    )
    return scene.case(
        Act(((Call("symbol-search", {"text": part}),),), said, (part, wrong), {"name": name}), ["symbol-search"]
    )


def _room(scene: Scene) -> Case:
    draw, rng, rooms = scene.draw, scene.rng, scene.world.table("rooms")
    label = rooms[draw.one(sorted(rooms))]
    wrong = draw.one([at for at in range(0x128) if at not in rooms])
    tool = rng.choice(("dungeon-describe-room", "dungeon-list-sprites", "dungeon-list-chests", "dungeon-list-doors"))
    what = {
        "dungeon-describe-room": "header",
        "dungeon-list-sprites": "sprites",
        "dungeon-list-chests": "chests",
        "dungeon-list-doors": "doors",
    }[tool]
    values = {"name": label["name"], "wrong": draw.hex(wrong), "id": f"0x{wrong:02X}", "what": what}
    scene.user(
        forms(
            values,
            "show me the {what} of the {name}, room {wrong} I think",
            "list the {what} of room {wrong}, the {name}",
            "=I need the {what} of the {name} ({wrong} if I remember right)",
        )
    )
    scene.calls(
        written(
            rng,
            forms(
                values,
                "The user names room {id} and wants its {what}.",
                "Room {id} should be the {name}, so I read its {what}.",
            ),
        ),
        Call(tool, {"room": f"0x{wrong:02X}"}),
    )
    said = forms(
        values,
        "Room {id} is not in use, so the number was wrong. The name {name} can be searched.",
        "{id} is empty. I look up which number the {name} really has.",
        "The number {id} was a mistake; name-search finds the room called {name}.",
    )
    target = {"name": label["name"]}
    return scene.case(
        Act(
            ((Call("name-search", {"kind": "room", "text": label["name"]}),),),
            said,
            (label["name"], f"0x{wrong:02X}"),
            target,
        ),
        ["name-search"],
    )


def _sprite(scene: Scene) -> Case:
    draw, rng, kinds = scene.draw, scene.rng, scene.world.table("creatures")
    name = kinds[draw.one(sorted(kinds))]
    wrong = draw.one([at for at in range(1, 0xF0) if at not in kinds])
    room, (x, y) = draw.room(), draw.xy(16)
    values = {
        "name": name,
        "a": indefinite(name),
        "wrong": draw.hex(wrong),
        "id": f"0x{wrong:02X}",
        "room": room.said,
        "full": room.full,
        "pos": place(draw, x, y),
        "x": x,
        "y": y,
    }
    scene.user(
        forms(
            values,
            "add {a} (sprite {wrong}) to {room} at {pos}",
            "put sprite {wrong}, the {name}, into {room} at {pos}",
        )
    )
    scene.calls(
        written(
            rng,
            forms(
                values, "All arguments are given: sprite {id} at ({x}, {y}) in {full}.", "I add sprite {id} to {full}."
            ),
        ),
        Call("dungeon-add-sprite", {"room": room.id, "sprite": f"0x{wrong:02X}", "x": x, "y": y}),
    )
    said = forms(
        values,
        "{id} is no sprite of this project. The name {name} leads to the right id.",
        "The id {id} was wrong, but the user also gave a name: I search for {name}.",
        "No sprite has the id {id}; name-search tells which one {name} has.",
    )
    return scene.case(
        Act(
            ((Call("name-search", {"kind": "sprite", "text": name}),),), said, (name, f"0x{wrong:02X}"), {"name": name}
        ),
        ["name-search"],
    )


def explain(scene: Scene) -> Case:
    """Nothing can be mended; tell the user what stands in the way."""
    call, clauses, because, why, way, values = scene.rng.choice(FAILURES)(scene)
    scene.user(forms(values, *clauses))
    scene.calls(
        written(
            scene.rng,
            forms(
                {"tool": call.name},
                "Everything is given, so I call {tool}.",
                "{tool} does what the user asks for.",
                "A case for {tool}.",
            ),
        ),
        call,
    )
    values |= {"why": why.format(**values), "way": way.format(**values), "tool": call.name}
    replies = forms(
        values,
        "That did not work: {why}. {way}",
        "{tool} refused: {why}. {way}",
        "It can't be done like this: {why}. {way}",
        "No luck: {why}. {way}",
    )
    said = forms(
        values,
        "The error is final for this request: {why}. The user has to decide.",
        "Repeating the call would fail again. I explain: {why}.",
    )
    return scene.case(Decline((NEGATED, because), (INSTEAD,), replies, said), [call.name])


FAMILIES = {"recover.explain": explain, "recover.retry": retry, "recover.search": search}
