"""Requests that change maps."""

from __future__ import annotations

from agents.training.domains.yaze.dialog import Call
from agents.training.domains.yaze.facts import changed, fact
from agents.training.domains.yaze.ground import MAP_SIDE
from agents.training.domains.yaze.requests.draw import Deed, Draw, Gap, Make, Tale, counted, forms
from agents.training.domains.yaze.requests.places import place, sprite_in
from agents.training.sample import Json


def move_entrance(draw: Draw) -> Deed:
    """Ask for an entrance to be moved."""
    area, (x, y) = draw.map(), draw.xy(MAP_SIDE)
    entrance = draw.rng.choice(sorted(draw.world.value("maps", area.at)["entrances"]))
    values = {
        "map": area.said,
        "full": area.full,
        "named": area.named,
        "id": area.id,
        "pos": place(draw, x, y),
        "x": x,
        "y": y,
        "e": draw.hex(entrance),
        "code": f"0x{entrance:02X}",
    }

    def tell(result: Json) -> Tale:
        old = "({}, {})".format(*result["before"])
        told = forms(
            {**values, "old": old},
            "Entrance {code} on {named} moved from {old} to ({x}, {y}).",
            "Entrance {code} is at ({x}, {y}) on {named} ({id}) now; it was at {old}.",
        )
        return Tale(
            told,
            (fact(entrance), fact(x), fact(y), changed(old, f"({x}, {y})")),
            (fact(area.name), *map(fact, result["before"])),
        )

    return Deed(
        Call("overworld-move-entrance", {"entrance": f"0x{entrance:02X}", "x": x, "y": y}),
        forms(values, "move entrance {e} on {map} to {pos}", "shift entrance {e} of {map} to {pos}"),
        f"move entrance 0x{entrance:02X} on {area.full} to ({x}, {y})",
        tell,
        (f"0x{entrance:02X}", area.key, f"({x}, {y})"),
        again=forms(values, "And entrance {e} of {map} to {pos}."),
        gaps=(
            Gap(
                forms(values, "move entrance {e} on {map}", "move entrance {e} of {map} somewhere else"),
                forms(values, "Where should entrance {code} go? I need x and y on {full}."),
                r"\b(where|position|coordinates|x and y)\b",
                forms(values, "To {pos}.", "{pos}", "{pos}, please."),
            ),
            Gap(
                forms(values, "move the entrance to {pos}", "move an entrance on {map} to {pos}"),
                ("<Which|What> entrance <should I move|do you mean>? <I need its number.|Its number, please.>",),
                r"\b(which|what)\b.*\bentrance",
                forms(values, "Entrance {e}.", "{e}", "Number {e}."),
            ),
        ),
        changes=True,
    )


def add_sprite(draw: Draw) -> Deed:
    """Ask for a sprite on a map."""
    area, kind, (x, y) = draw.map(), draw.kind("creatures", "sprite"), draw.xy(MAP_SIDE)
    values = {
        "map": area.said,
        "full": area.full,
        "named": area.named,
        "id": area.id,
        "kind": kind.said,
        "name": kind.name,
        "pos": place(draw, x, y),
        "x": x,
        "y": y,
    }

    def tell(result: Json) -> Tale:
        told = forms(
            {**values, **result},
            "{sprite} is on {named} ({id}) at ({x}, {y}) now, slot {slot}.",
            "Added {sprite} to {named} at ({x}, {y}); it has slot {slot}.",
        )
        return Tale(told, (fact(kind.name, x, y), fact(area.name)), (fact(result["slot"]),))

    return Deed(
        Call("overworld-add-sprite", {"map": area.id, "sprite": kind.id, "x": x, "y": y}),
        forms(values, "add {kind} to {map} at {pos}", "put {kind} on {map} at {pos}", "place {kind} at {pos} on {map}"),
        f"add {kind.name} to {area.full} at ({x}, {y})",
        tell,
        (kind.name, area.key, area.id),
        again=forms(values, "And {kind} on {map} at {pos}.", "Then {kind} at {pos} on {map}."),
        gaps=(
            Gap(
                forms(values, "add {kind} to {map}", "put {kind} on {map}"),
                forms(values, "Where on {full} should {name} stand? I need x and y, 0 to 31 each."),
                r"\b(where|position|coordinates|x and y)\b",
                forms(values, "At {pos}.", "{pos}", "{pos}, please."),
            ),
            Gap(
                forms(values, "add a sprite to {map} at {pos}", "put something nasty on {map} at {pos}"),
                forms(values, "<Which|What> sprite should stand at ({x}, {y}) on {full}?"),
                r"\b(which|what)\b.*\b(sprite|enemy|kind)",
                forms(values, "{kind}", "{kind}, please."),
            ),
        ),
        changes=True,
    )


def remove_sprite(draw: Draw) -> Deed:
    """Ask for a sprite to be taken off a map."""
    area = draw.map()
    entries, kinds = draw.world.value("maps", area.at)["sprites"], draw.world.table("creatures")
    slot = draw.rng.randrange(len(entries))
    name = kinds[entries[slot][0]]
    values = {
        "map": area.said,
        "full": area.full,
        "named": area.named,
        "id": area.id,
        "who": sprite_in(kinds, entries, slot),
        "name": name,
        "slot": slot,
    }

    def tell(result: Json) -> Tale:
        told = forms(
            {**values, "left": counted(result["left"], "sprite")},
            "{name} is gone from {named} ({id}); {left} left.",
            "Took {name}, slot {slot}, off {named}. {left} left.",
        )
        return Tale(told, (fact(name), fact(area.name)), (fact(result["left"]),))

    return Deed(
        Call("overworld-remove-sprite", {"map": area.id, "slot": slot}),
        forms(values, "remove {who} from {map}", "delete {who} on {map}", "take {who} off {map}"),
        f"remove sprite {slot}, {name}, from {area.full}",
        tell,
        (name, area.key, str(slot)),
        gaps=(
            Gap(
                forms(values, "remove a sprite from {map}", "delete one of the sprites on {map}"),
                forms(values, "<Which|What> sprite on {full} should go? <Its slot, please.|A slot number will do.>"),
                r"\b(which|what)\b.*\b(sprite|slot|one)",
                forms(values, "{who}", "I mean {who}.", "{who}, please."),
            ),
        ),
        changes=True,
    )


WRITES: tuple[Make, ...] = (move_entrance, add_sprite, add_sprite, remove_sprite)
