"""Requests that change what the header of a room says."""

from __future__ import annotations

from agents.training.domains.yaze.dialog import Call
from agents.training.domains.yaze.facts import changed, fact, worded
from agents.training.domains.yaze.ground import EFFECTS, PROPERTIES
from agents.training.domains.yaze.requests.draw import Deed, Draw, Gap, Make, Tale, forms
from agents.training.sample import Json


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
        return Tale(
            told,
            (fact(name), fact(value), fact(room.name), changed(result["before"], value)),
            (fact(result["before"]),),
        )

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
                rf"\b(?:what|which|how)\b.*\b(?:{name}|value|number)\b",
                forms(values, "{value}", "To {value}.", "{value}, please."),
            ),
            Gap(
                forms(values, "set the {name} of the room to {value}", "change {name} to {value}"),
                forms(values, "For which room should {name} be {value}?"),
                r"\broom\b",
                forms(values, "For {room}.", "{room}", "I mean {room}."),
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
        return Tale(
            told, (worded(effect), fact(room.name), changed(result["before"], effect)), (worded(result["before"]),)
        )

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
                forms(values, "{effect}", "{effect}, please.", "I want {effect}."),
            ),
        ),
        changes=True,
    )


WRITES: tuple[Make, ...] = (set_property, set_effect)
