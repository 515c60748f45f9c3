"""Requests that several things fit, as a search has shown."""

from __future__ import annotations

from agents.training.domains.yaze.dialog import Ask, Call, Case
from agents.training.domains.yaze.families.patterns import any_of, named
from agents.training.domains.yaze.families.scene import Scene
from agents.training.domains.yaze.requests import (
    messages,
)
from agents.training.domains.yaze.requests.draw import forms, listed
from agents.training.domains.yaze.requests.places import place
from agents.training.domains.yaze.wording import written


def ambiguous(scene: Scene) -> Case:
    """Several things fit what the user said."""
    return scene.rng.choice((_sprites, _messages, _labels))(scene)


def _sprites(scene: Scene) -> Case:
    draw, rng, kinds = scene.draw, scene.rng, scene.world.table("creatures")
    is_room = rng.random() < 0.6
    where = draw.room() if is_room else draw.map()
    table, side = ("rooms", 16) if is_room else ("maps", 32)
    found = scene.world.value(table, where.at)
    kind = draw.one(sorted(kinds))
    twins = [[kind, *draw.xy(side)] for _ in range(rng.randint(2, 3))]
    standing = [*[entry for entry in found["sprites"] if entry[0] != kind], *twins]
    rng.shuffle(standing)
    scene.world.edits[table, where.at] = {**found, "sprites": standing}
    scene.world.saved = dict(scene.world.edits)
    (x, y), name = draw.xy(side), kinds[kind]
    values = {"name": name, "where": where.said, "full": where.full, "pos": place(draw, x, y), "x": x, "y": y}
    asks = (
        ("move the {name} in {where} to {pos}", "put the {name} of {where} at {pos}", "remove the {name} from {where}")
        if is_room
        else ("remove the {name} from {where}", "take the {name} off {where}")
    )
    scene.user(forms(values, *asks))
    call = (
        Call("dungeon-list-sprites", {"room": where.id})
        if is_room
        else Call("overworld-list-sprites", {"map": where.id})
    )
    scene.calls(
        written(
            rng,
            forms(
                values,
                "I need the slot of the {name}, so I list the sprites of {full}.",
                "Which slot has the {name} in {full}? The list tells.",
            ),
        ),
        call,
    )
    options = [f"slot {slot} at ({entry[1]}, {entry[2]})" for slot, entry in enumerate(standing) if entry[0] == kind]
    values |= {"options": listed(options).replace(" and ", " or "), "n": len(options), "all": listed(options)}
    replies = forms(
        values,
        "There are {n} sprites of the kind {name} in {full}: {all}. Which one do you mean?",
        "Which {name} do you mean: {options}?",
        "{full} has more than one {name}. Is it {options}?",
        "Do you mean the {name} in {options}? There are {n} of them in {full}.",
    )
    said = forms(
        values,
        "There is more than one {name} in {full}, and the user did not say which.",
        "{n} sprites match {name}; changing the wrong one would <be a mistake|hurt>, so I ask.",
    )
    also = tuple(str(slot) for slot, entry in enumerate(standing) if entry[0] == kind)
    tool = "dungeon-move-sprite" if is_room else "overworld-remove-sprite"
    needed = ["dungeon-remove-sprite", tool] if is_room else [tool]
    return scene.case(
        Ask(
            (r"\b(which|what|is it|do you mean|the one)\b", named(name)),
            replies,
            said,
            tuple(rf"\b{slot}\b" for slot in also),
        ),
        needed,
    )


def _messages(scene: Scene) -> Case:
    draw, table = scene.draw, scene.world.table("messages")
    words = {at: [word.strip(".,!?") for word in entry["text"].split()] for at, entry in sorted(table.items())}
    hits = {
        word: [at for at, entry in sorted(table.items()) if word.lower() in entry["text"].lower()]
        for word in _long(words)
    }
    fitting = [word for word, found in hits.items() if 2 <= len(found) <= 3 and all(word in words[at] for at in found)]
    if not fitting:
        return _sprites(scene)
    word = draw.one(fitting)
    line = messages.fitting(draw, 60, "")
    values = {"word": word, "line": line, "n": len(hits[word])}
    scene.user(
        forms(
            values,
            'change the message about "{word}" to "{line}"',
            'make the "{word}" line say "{line}"',
            'rewrite the text with "{word}" as "{line}"',
        )
    )
    scene.calls(
        written(
            scene.rng,
            forms(
                values, 'I search for the message with "{word}".', 'message-search shows which message has "{word}".'
            ),
        ),
        Call("message-search", {"text": word}),
    )
    options = [f'0x{at:02X} ("{table[at]["text"]}")' for at in hits[word]]
    values |= {"options": listed(options).replace(" and 0x", " or 0x"), "all": "; ".join(options)}
    replies = forms(
        values,
        '"{word}" is in {n} messages: {all}. Which one should I change?',
        "Which one do you mean: {options}?",
        '{n} messages <contain|have> "{word}". Should I change {options}?',
    )
    said = forms(
        values,
        '{n} messages contain "{word}", so the request is ambiguous.',
        "I cannot tell which of the {n} messages is meant; "
        "<overwriting the wrong one would lose text|I ask before I overwrite one>.",
    )
    return scene.case(
        Ask(
            (r"\b(which|what|should i|do you mean)\b", any_of((word, *(f"0x{at:02X}" for at in hits[word])))),
            replies,
            said,
            tuple(named(f"0x{at:02X}") for at in hits[word]),
        ),
        ["message-write"],
    )


def _long(words: dict[int, list[str]]) -> list[str]:
    return sorted({word for said in words.values() for word in said if len(word) > 4})


def _labels(scene: Scene) -> Case:
    draw, routines = scene.draw, sorted(scene.world.ground.routines)
    found_by = {part: [name for name in routines if name.startswith(f"{part}_")] for part in _systems(routines)}
    several = sorted(part for part, found in found_by.items() if 2 <= len(found) <= 4)
    if not several:
        return _messages(scene)
    part = draw.one(several)
    found = found_by[part]
    count = scene.rng.randint(3, 9)
    values = {
        "part": part,
        "n": len(found),
        "count": count,
        "list": listed(found),
        "options": listed(found).replace(" and ", " or "),
    }
    scene.user(
        forms(
            values,
            "disassemble {count} instructions of the {part} routine",
            "show me the {part} code, {count} instructions",
            "find the {part} label and show its first {count} instructions",
        )
    )
    scene.calls(
        written(
            scene.rng,
            forms(values, 'I search for labels with "{part}".', "Which label is the {part} one? symbol-search tells."),
        ),
        Call("symbol-search", {"text": part}),
    )
    replies = forms(
        values,
        '"{part}" fits {n} labels: {list}. Which one do you mean?',
        "Which one: {options}?",
        "I found {list}. Which of them should I <show|disassemble>?",
    )
    said = forms(
        values,
        '{n} labels contain "{part}", so I have to ask which is meant.',
        'The search for "{part}" is ambiguous; <the user has to choose|I let the user choose>.',
    )
    return scene.case(
        Ask(
            (r"\b(which|what|do you mean)\b", any_of((part, *found))),
            replies,
            said,
            tuple(name.lower() for name in found),
        ),
        ["asm-disassemble"],
    )


def _systems(routines: list[str]) -> list[str]:
    return sorted({name.partition("_")[0] for name in routines})


FAMILIES = {"clarify.ambiguous": ambiguous}
