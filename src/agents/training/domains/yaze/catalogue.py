"""A catalogue of tools: function definitions with JSON Schema, as chat protocols take them.

Owns reading and checking one, and whether the arguments of a call satisfy it. Never executes a tool.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import jsonschema_rs

from agents.training.sample import Json

MOST_TOOLS = 512
_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")
_EXAMPLE = '{"type": "function", "function": {"name": ..., "description": ..., "parameters": {"type": "object", ...}}}'


class CatalogueError(ValueError):
    """A document is no catalogue; the message says which entry is wrong, and how it should be."""


class Catalogue:
    """Tools by name, in the order of the document. Can be pickled.

    ``document`` is the parsed JSON: a list of function definitions, or an object that has it as ``tools``.

    Raises:
        CatalogueError: it is none.
    """

    def __init__(self, document: Json) -> None:
        self.document = document
        self.definitions = _definitions(document)
        self._validators = {
            name: _validator(name, definition["function"]["parameters"])
            for name, definition in self.definitions.items()
        }

    def __reduce__(self) -> tuple[type[Catalogue], tuple[Json]]:
        return type(self), (self.document,)

    @property
    def names(self) -> list[str]:
        """The names of the tools."""
        return list(self.definitions)

    def offered(self, names: Sequence[str]) -> tuple[Json, ...]:
        """Return the definitions of ``names``, in that order."""
        return tuple(self.definitions[name] for name in names)

    def parameters(self, name: str) -> Json:
        """Return the schema of a tool's arguments."""
        return self.definitions[name]["function"]["parameters"]

    def error(self, name: str, arguments: Json) -> str:
        """Return what is wrong with a call, nothing where it satisfies the schema. Arguments without a schema are."""
        if name not in self._validators:
            return f"there is no tool {name[:60]!r}"
        found = next(iter(self._validators[name].iter_errors(arguments)), None)
        if found is None:
            unknown = sorted(set(arguments) - set(self.parameters(name).get("properties", {})))
            return f"{name} has no argument {unknown[0][:60]!r}" if unknown else ""
        path = ".".join(map(str, found.instance_path))
        return f"{name}{f'.{path}' if path else ''}: {found.message[:200]}"


def _definitions(document: Json) -> dict[str, Json]:
    entries = document.get("tools") if isinstance(document, dict) else document
    if not isinstance(entries, list) or not entries:
        raise CatalogueError(f"a catalogue is a list of tools, such as [{_EXAMPLE}]")
    if len(entries) > MOST_TOOLS:
        raise CatalogueError(f"it has {len(entries):,} tools, more than {MOST_TOOLS}")
    found: dict[str, Json] = {}
    for number, entry in enumerate(entries, 1):
        definition = _definition(number, entry)
        name = definition["function"]["name"]
        if name in found:
            raise CatalogueError(f"tool {number} is the second one named {name!r}")
        found[name] = definition
    return found


def _definition(number: int, entry: Json) -> Json:
    function = entry.get("function") if isinstance(entry, dict) else None
    if not isinstance(function, dict) or entry.get("type") != "function":
        raise CatalogueError(f"tool {number} has another form than {_EXAMPLE}")
    name, description = function.get("name"), function.get("description")
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise CatalogueError(f"tool {number} needs a name of 1 to 64 letters, digits, '_' and '-', not {name!r:.80}")
    if not isinstance(description, str) or not description.strip():
        raise CatalogueError(f"tool {name!r} needs a description")
    parameters = function.get("parameters", {"type": "object", "properties": {}})
    if not isinstance(parameters, dict) or parameters.get("type") != "object":
        raise CatalogueError(f"the parameters of tool {name!r} must be a schema of type object")
    if not isinstance(parameters.get("properties", {}), dict):
        raise CatalogueError(f"the properties of tool {name!r} must be an object")
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


def _validator(name: str, parameters: Json) -> jsonschema_rs.Validator:
    try:
        return jsonschema_rs.validator_for(parameters, offline=True)
    except (jsonschema_rs.ValidationError, ValueError, TypeError) as error:
        reason = str(error).partition("\n")[0][:200]
        raise CatalogueError(f"the parameters of tool {name!r} are no JSON schema: {reason}") from None
