"""The user corrects an edit: another value for one argument."""

from __future__ import annotations

from collections.abc import Callable

from agents.training.domains.yaze.dialog import Act, Call, Case
from agents.training.domains.yaze.editor.content import rgb
from agents.training.domains.yaze.editor.dungeon import ROOM_SIDE
from agents.training.domains.yaze.editor.tool import spaced
from agents.training.domains.yaze.families.scene import Scene
from agents.training.domains.yaze.ground import DOOR_KINDS, EFFECTS, MAP_SIDE
from agents.training.domains.yaze.requests import (
    content,
    dungeon_edits,
    dungeon_headers,
    dungeon_sprites,
    memory,
    messages,
    overworld_edits,
    tiles,
)
from agents.training.domains.yaze.requests.draw import forms
from agents.training.sample import Json

_FIXABLE = (
    memory.write,
    tiles.set_tile,
    dungeon_sprites.move_sprite,
    dungeon_edits.set_chest,
    dungeon_headers.set_property,
    content.set_color,
    dungeon_edits.set_door,
    dungeon_headers.set_effect,
    overworld_edits.move_entrance,
    messages.write,
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
    line = messages.fitting(scene.draw, limit, arguments["text"])
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


FAMILIES = {"multi_turn.correction": correction}
