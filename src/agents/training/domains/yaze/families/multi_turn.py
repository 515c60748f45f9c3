"""The conversation goes on: more of the same, a correction, an answer, a yes, a step back."""

from __future__ import annotations

from collections.abc import Callable

from agents.training.domains.yaze.dialog import Act, Call, Case, Forms
from agents.training.domains.yaze.editor.content import rgb
from agents.training.domains.yaze.editor.dungeon import ROOM_SIDE
from agents.training.domains.yaze.editor.tool import spaced
from agents.training.domains.yaze.facts import fact
from agents.training.domains.yaze.families.clarify import confirmation, gapped
from agents.training.domains.yaze.families.reply import told
from agents.training.domains.yaze.families.scene import Scene, act
from agents.training.domains.yaze.ground import DOOR_KINDS, EFFECTS, MAP_SIDE
from agents.training.domains.yaze.requests import (
    READS,
    SEARCHES,
    WRITES,
    Deed,
    code,
    content,
    dungeon_edits,
    overworld_edits,
    rom,
)
from agents.training.domains.yaze.requests.draw import Tale, forms
from agents.training.domains.yaze.wording import written
from agents.training.sample import Json


def _pair(scene: Scene) -> tuple[Deed, Deed]:
    """Return two deeds of the same kind for different things."""
    while True:
        make = scene.rng.choice((*READS, *SEARCHES, *WRITES))
        first, second = make(scene.draw), make(scene.draw)
        if second.again and second.call.name == first.call.name and second.call != first.call:
            return first, second


def follow_up(scene: Scene) -> Case:
    """More of the same, said in few words."""
    first, second = _pair(scene)
    scene.finishes(first)
    scene.user(sentences=second.again)
    if scene.level > 1 and scene.rng.random() < 0.35:
        return scene.case(told(second, second.tell(scene.does(second))), [])
    lead = (
        "The user wants the same again.",
        "Another one of that kind.",
        "A follow-up.",
        "Same tool, other target.",
        "It goes on.",
    )
    return scene.case(act(second, opening=lead), [second.call.name])


_FIXABLE = (
    rom.write,
    overworld_edits.set_tile,
    dungeon_edits.move_sprite,
    dungeon_edits.set_chest,
    dungeon_edits.set_property,
    content.set_color,
    dungeon_edits.set_door,
    dungeon_edits.set_effect,
    overworld_edits.move_entrance,
    content.write,
)


def correction(scene: Scene) -> Case:
    """The user meant something else."""
    make = scene.rng.choice(_FIXABLE)
    deed = make(scene.draw)
    scene.finishes(deed)
    name, value, spoken = _FIXES[deed.call.name](scene, deed.call.arguments)
    call = Call(deed.call.name, {**deed.call.arguments, name: value})
    words = {
        "x": "the column",
        "y": "the row",
        "text": "the text",
        "bytes": "the bytes",
        "value": "the value",
        "color": "the colour",
        "tile": "the tile",
        "item": "the item",
    }
    values = {
        "what": words.get(name, f"the {name}"),
        "value": spoken,
        "tool": call.name,
        "old": deed.call.arguments[name],
    }
    scene.user(
        sentences=forms(
            values,
            "<Sorry|Oops|Ah, sorry>, I meant {value} for {what}.",
            "<No wait|Hmm, no>, {what} should be {value}. <The rest is right.|Rest is fine.>",
            "Wrong, my mistake: {what} must be {value}, not {old}.",
            "<Make|Change> that {value} ({what}), <the rest stays|everything else stays as it is>.",
            "Actually {what} should be {value}, please redo it.",
        )
    )
    said = forms(
        values,
        "The user corrects {what}: {value} instead of {old}. All other arguments stay.",
        "Only {what} changes, to {value}; I call {tool} again with it.",
        "{what} was meant to be {value}, so the same edit <once more|again> with that.",
        "A correction: {value} for {what}. I repeat {tool} with the new value.",
    )
    return scene.case(Act(((call,),), said, (values["what"], spoken)), [call.name])


_Fix = Callable[[Scene, dict[str, Json]], tuple[str, Json, str]]


def _other_bytes(scene: Scene, arguments: dict[str, Json]) -> tuple[str, Json, str]:
    data = spaced(scene.rng.randbytes(len(arguments["bytes"].split())))
    return "bytes", data, data


def _other_item(scene: Scene, arguments: dict[str, Json]) -> tuple[str, Json, str]:
    del arguments
    item = scene.draw.kind("things", "item")
    return "item", item.id, item.said


def _other_value(scene: Scene, arguments: dict[str, Json]) -> tuple[str, Json, str]:
    value = scene.rng.choice([n for n in range(16) if n != arguments["value"]])
    return "value", value, str(value)


def _other_color(scene: Scene, arguments: dict[str, Json]) -> tuple[str, Json, str]:
    color = scene.rng.randrange(0x8000)
    said = rgb(color) if arguments["color"][0] == "#" else f"${color:04X}"
    return "color", said, said


def _other_kind(scene: Scene, arguments: dict[str, Json]) -> tuple[str, Json, str]:
    kind = scene.rng.choice([kind for kind in DOOR_KINDS if kind != arguments["kind"]])
    return "kind", kind, kind


def _other_effect(scene: Scene, arguments: dict[str, Json]) -> tuple[str, Json, str]:
    effect = scene.rng.choice([effect for effect in EFFECTS if effect != arguments["effect"]])
    return "effect", effect, effect


def _other_text(scene: Scene, arguments: dict[str, Json]) -> tuple[str, Json, str]:
    limit = scene.world.table("messages")[int(arguments["message"], 16)]["limit"]
    line = content.fitting(scene.draw, limit, arguments["text"])
    return "text", line, f'"{line}"'


def _other_tile(scene: Scene, arguments: dict[str, Json]) -> tuple[str, Json, str]:
    if scene.rng.random() < 0.5:
        return _other_place(scene, arguments)
    tile = scene.rng.randrange(0x20, 0xE00)
    return "tile", f"0x{tile:03X}", scene.draw.hex(tile, 3)


def _other_place(scene: Scene, arguments: dict[str, Json]) -> tuple[str, Json, str]:
    axis = scene.rng.choice("xy")
    place = scene.rng.choice([n for n in range(ROOM_SIDE if "slot" in arguments else MAP_SIDE) if n != arguments[axis]])
    return axis, place, str(place)


_FIXES: dict[str, _Fix] = {
    "rom-write": _other_bytes,
    "overworld-set-tile": _other_tile,
    "overworld-move-entrance": _other_place,
    "dungeon-move-sprite": _other_place,
    "dungeon-set-chest": _other_item,
    "dungeon-set-property": _other_value,
    "dungeon-set-door": _other_kind,
    "dungeon-set-effect": _other_effect,
    "palette-set-color": _other_color,
    "message-write": _other_text,
}
"""How a user corrects an edit: another value for one argument, and how that is said."""


def answered(scene: Scene) -> Case:
    """The user answers the question that the assistant had."""
    deed, gap = gapped(scene, (*WRITES, *WRITES, *READS, *SEARCHES))
    scene.user(gap.clauses)
    scene.says(gap.questions)
    scene.user(
        deed.asks,
        sentences=forms({"ask": deed.asks[0]}, "<Right|Sorry|Ah yes>: {ask}.", "<Good point|True>, I forgot. {ask}."),
    )
    lead = (
        "Now the request is complete.",
        "That answers my question.",
        "The missing piece is there.",
        "With the answer nothing is open any more.",
    )
    return scene.case(act(deed, opening=lead), [deed.call.name])


_YES = (
    "Yes, go ahead.",
    "<Yes|Yep|Yeah>, do it.",
    "<Sure|Of course>, <please do|go on>.",
    "ok do it",
    "Confirmed.",
    "Yes please, <I have a backup|that's what I want>.",
    "<I'm sure|Positive>, <go|do it>.",
    "yes",
    "Correct, that's the one.",
    "<Affirmative|Right>, <proceed|go ahead>.",
)


def confirmed(scene: Scene) -> Case:
    """The user says yes."""
    if scene.rng.random() < (0.0, 0.3, 0.6)[scene.level - 1]:
        scene.finishes(scene.deed((*READS, *SEARCHES)))
    deed, ask = confirmation(scene)
    scene.asks(deed)
    scene.says(ask.replies)
    scene.user(sentences=_YES)
    lead = ("The user has confirmed it.", "That was a yes.", "Confirmed.", "The go-ahead is given.")
    return scene.case(act(deed, opening=lead), [deed.call.name])


_BACK_ONE = (
    "The last edit has to go: it was to {last}. rom-undo with one step takes it back.",
    "rom-undo with {n} step reverts what I did last, that is to {last}.",
    "The user wants the edit by {tool} reverted, so rom-undo goes {n} step back.",
)
_BACK = (
    "{n} edits have to go, the last of them was to {last}. rom-undo takes the number of steps.",
    "rom-undo with {n} steps takes the last edits back, first the one to {last}.",
    "The user wants {n} steps back, from the call of {tool} on; rom-undo <does that|goes back that far>.",
)


def undo(scene: Scene) -> Case:
    """The user takes edits back."""
    count = scene.rng.randint(1, 1 + scene.level)
    makes = [make for make in WRITES if make not in (rom.backup, code.assemble)]
    deeds: list[Deed] = []
    while len(deeds) < count:
        deed = scene.deed(makes)
        if all(deed.call != other.call for other in deeds):
            deeds.append(deed)
            scene.finishes(deed)
    steps = scene.rng.randint(1, count)
    words = ("one", "two", "three", "four")[steps - 1]
    said: Forms
    if steps == 1:
        said = (
            "<Undo that|Take that back|Revert that>, please.",
            "<Hmm, no|No good>. Undo the last edit.",
            "<Revert|Roll back> the last change, it <looks wrong|breaks something>.",
            "That was a mistake, undo it.",
            "undo",
        )
    elif steps == count:
        said = (
            f"<Undo|Revert|Take back> all {words} edits.",
            f"Forget it, roll back everything you <changed|did> just now, all {words}.",
            f"<Bad idea|That was a bad idea>. Undo the {words} edits.",
        )
    else:
        said = (
            f"<Undo|Revert|Take back> the last {words} edits.",
            f"Roll back the last {words}, but keep what was before.",
            f"The last {words} changes have to go.",
        )
    scene.user(sentences=said)
    call = Call("rom-undo", {"steps": steps})
    last = deeds[-1]
    values = {"n": steps, "s": "" if steps == 1 else "s", "last": last.aim, "tool": last.call.name}
    thoughts = forms(values, *(_BACK_ONE if steps == 1 else _BACK))
    if scene.rng.random() < 0.25:
        result = scene.calls(written(scene.rng, thoughts), call)[0]
        left = result["left"]
        tale = Tale(
            forms(
                {**values, "labels": ", ".join(result["undone"]), "left": left},
                "Undone: {labels}. <Steps that can still be taken back|Steps left to undo>: {left}.",
                "{n} step{s} back, that was {labels}. Left to undo: {left}.",
            ),
            (*(fact(label.partition(" ")[0]) for label in result["undone"]), fact(left)),
        )
        done = Deed(call, (), "", lambda _: tale, ())
        return scene.case(told(done, tale), [])
    return scene.case(Act(((call,),), thoughts, ("rom-undo", str(steps))), [call.name])


FAMILIES = {
    "multi_turn.answered": answered,
    "multi_turn.confirmed": confirmed,
    "multi_turn.correction": correction,
    "multi_turn.follow_up": follow_up,
    "multi_turn.undo": undo,
}
