"""Items for a catalogue that people bring: calls and questions made from its schemas alone.

Owns drawing arguments and wording requests from a schema. Never executes: of such a tool nothing is known but its
definition, so there are no results, no chains and no replies; a call is right if its arguments are those asked for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import orjson

from agents.training.domains.yaze.catalogue import Catalogue
from agents.training.domains.yaze.dialog import Call
from agents.training.domains.yaze.names import several
from agents.training.phrases import phrase, seeded
from agents.training.sample import Json

FAMILIES = ("schema.call", "schema.missing", "schema.parallel")
_HEXADECIMAL = re.compile(r"\b(?:address|offset|hex|hexadecimal)\b", re.IGNORECASE)
_WORDS = several(
    "amber;bracken;cinder;drift;ember;fennel;gallow;heron;juniper;kestrel;lantern;marrow;osprey;quill;saffron"
)
_BEYOND = frozenset(
    several(
        "pattern;format;multipleOf;exclusiveMinimum;exclusiveMaximum;minLength;uniqueItems;const;allOf;anyOf;oneOf;not;if;"
        "$ref"
    )
)
"""Words of a schema that limit values in ways that are not drawn here."""
_WANTS = (
    "<Please|Now> use {tool} with {given}.",
    "Can you call {tool}? {Given}.",
    "{tool}, please: {given}.",
    "I need {tool} for this: {given}.",
    "Next one: {tool}, {given}.",
)


@dataclass(frozen=True)
class Plan:
    """What an item asks for: the calls, what the user says, what is offered, and the argument that is left out."""

    calls: tuple[Call, ...]
    said: str
    tools: tuple[str, ...]
    missing: str = ""


class UnsupportedError(ValueError):
    """A schema asks for values that cannot be drawn here, such as those of a pattern."""


def usable(catalogue: Catalogue) -> list[str]:
    """Return the tools whose arguments can be drawn; none of the others is asked for, but they are offered."""
    return [name for name in catalogue.names if _can_draw(catalogue, name)]


def _can_draw(catalogue: Catalogue, name: str) -> bool:
    try:
        drawn = [_arguments(seeded("try", name, number), catalogue, name) for number in range(6)]
    except UnsupportedError:
        return False
    return not any(catalogue.error(name, arguments) for arguments in drawn)


def plan(catalogue: Catalogue, family: str, level: int, salt: str, variant: int) -> Plan:
    """Return the plan of an item; what is asked for depends on ``salt``, how it is said on ``variant`` too."""
    rng, words = seeded(salt, family, level), seeded(salt, "user", variant)
    tools = usable(catalogue)
    count = min(level + 1, len(tools)) if family == "schema.parallel" else 1
    needs = [name for name in tools if catalogue.parameters(name).get("required")]
    names = rng.sample(needs if family == "schema.missing" and needs else tools, count)
    calls = tuple(Call(name, _arguments(rng, catalogue, name)) for name in names)
    required = catalogue.parameters(names[0]).get("required", [])
    missing = rng.choice(required) if family == "schema.missing" and required else ""
    others = [name for name in catalogue.names if name not in names]
    offered = [*names, *rng.sample(others, min(len(others), 2 + 2 * level))]
    rng.shuffle(offered)
    said = " ".join(_asked(words, call, missing) for call in calls)
    return Plan(calls, said, tuple(offered), missing)


def _asked(rng: Random, call: Call, missing: str) -> str:
    pairs = [f"{name} {_shown(value)}" for name, value in call.arguments.items() if name != missing]
    given = " and ".join(pairs) if len(pairs) < 3 else ", ".join(pairs)
    return phrase(
        rng, _WANTS, tool=call.name, given=given or "nothing else", Given=f"With {given}" if given else "Nothing else"
    )


def _shown(value: Json) -> str:
    return value if isinstance(value, str) and " " not in value else orjson.dumps(value).decode()


def _arguments(rng: Random, catalogue: Catalogue, name: str) -> dict[str, Json]:
    schema = catalogue.parameters(name)
    required: Sequence[str] = schema.get("required", ())
    properties = schema.get("properties", {})
    chosen = [key for key in properties if key in required or (rng.random() < 0.4 and _is_drawable(properties[key]))]
    return {key: _value(rng, properties[key]) for key in chosen}


def _is_drawable(schema: Json) -> bool:
    try:
        _value(seeded("try"), schema)
    except UnsupportedError:
        return False
    return True


def _value(rng: Random, schema: Json) -> Json:
    if not isinstance(schema, dict) or not _BEYOND.isdisjoint(schema):
        raise UnsupportedError("patterns, formats and combinations cannot be drawn")
    if choices := schema.get("enum") or schema.get("examples"):
        return rng.choice(choices)
    kind = schema.get("type")
    kind = kind[0] if isinstance(kind, list) and kind else kind
    match kind:
        case "integer":
            low = int(schema.get("minimum", 0))
            return rng.randint(low, int(schema.get("maximum", low + 4096)))
        case "number":
            least = float(schema.get("minimum", 0))
            return round(rng.uniform(least, float(schema.get("maximum", least + 100))), 2)
        case "boolean":
            return rng.random() < 0.5
        case "string":
            return _text(rng, schema)
        case "array":
            return [
                _value(rng, schema.get("items", {"type": "integer"}))
                for _ in range(max(1, int(schema.get("minItems", 2))))
            ]
    raise UnsupportedError(f"values of type {kind} cannot be drawn")


def _text(rng: Random, schema: Json) -> str:
    if _HEXADECIMAL.search(str(schema.get("description", ""))):
        return f"0x{rng.randrange(0x8000, 0x200000):06X}"
    return f"{rng.choice(_WORDS)}{rng.randrange(1000)}"[: int(schema.get("maxLength", 40))]
