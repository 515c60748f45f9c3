"""What a tool is: its definition, and what it does to a project.

Owns the shapes of arguments that several tools take, and the error that a tool answers with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from agents.training.domains.yaze import mapping
from agents.training.domains.yaze.world import World
from agents.training.sample import Json

Arguments = dict[str, Json]
Run = Callable[[World, Arguments], Json]


class ToolError(Exception):
    """A tool could not do what it was asked; ``code`` is for programs, the message for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Tool:
    """A tool of the editor. ``changes``: whether it edits the project or its files."""

    name: str
    description: str
    properties: dict[str, Json]
    required: tuple[str, ...]
    run: Run
    changes: bool = False

    @property
    def definition(self) -> Json:
        """The function definition, as chat protocols take it."""
        parameters = {
            "type": "object",
            "properties": self.properties,
            "required": list(self.required),
            "additionalProperties": False,
        }
        function = {"name": self.name, "description": self.description, "parameters": parameters}
        return {"type": "function", "function": function}


ADDRESS = {
    "type": "string",
    "pattern": r"^(\$|0x)?[0-9A-Fa-f]{2}:?[0-9A-Fa-f]{4}$",
    "description": "24-bit SNES address in hexadecimal, such as $0A:8123 or 0x0A8123",
}


def identity(of: str, most: int) -> Json:
    """Return the schema of a number that names something: an integer, or hexadecimal text."""
    return {
        "type": ["integer", "string"],
        "minimum": 0,
        "maximum": most,
        "pattern": r"^(\$|0x)[0-9A-Fa-f]{1,4}$",
        "description": f"{of}, 0 to 0x{most:X}; hexadecimal text needs $ or 0x",
    }


def whole(of: str, most: int, least: int = 0) -> Json:
    """Return the schema of a whole number."""
    return {"type": "integer", "minimum": least, "maximum": most, "description": of}


def choice(of: str, options: Iterable[str]) -> Json:
    """Return the schema of one of ``options``."""
    return {"type": "string", "enum": list(options), "description": of}


def text(of: str, longest: int = 80) -> Json:
    """Return the schema of a text that is not empty."""
    return {"type": "string", "minLength": 1, "maxLength": longest, "description": of}


def number(arguments: Arguments, name: str, most: int) -> int:
    """Return the number that an argument says.

    Raises:
        ToolError: it is above ``most``.
    """
    value = mapping.as_number(arguments[name])
    if not 0 <= value <= most:
        raise ToolError("out_of_range", f"{name} 0x{value:X} is out of range: 0x0 to 0x{most:X}")
    return value


def offset_of(world: World, written: str) -> int:
    """Return the offset in the file of an address.

    Raises:
        ToolError: no byte of the ROM is there.
    """
    address = mapping.as_number(written)
    offset = mapping.to_pc(world.ground.mapper, address)
    if offset is None:
        raise ToolError("not_rom", f"{mapping.written(address)} is not ROM in {world.ground.mapper}")
    if offset >= world.ground.size:
        raise ToolError("out_of_range", f"{mapping.written(address)} is past the end: the ROM has {size(world)}")
    return offset


def address_of(world: World, offset: int) -> str:
    """Return the address of an offset, as tools write it."""
    return mapping.written(mapping.to_snes(world.ground.mapper, offset))


def size(world: World) -> str:
    """Return the size of the ROM for people, such as ``1024 KiB``."""
    return f"{world.ground.size // 1024} KiB"


def spaced(data: bytes) -> str:
    """Return bytes as ``A9 0F``."""
    return data.hex(" ").upper()


def guard(world: World, offset: int, length: int) -> None:
    """Refuse to write where the project has locked the ROM, or past its end.

    Raises:
        ToolError: a byte of the range must not be written.
    """
    if offset + length > world.ground.size:
        raise ToolError("out_of_range", f"the write runs past the end of the ROM, which has {size(world)}")
    for name, (first, last) in world.ground.locked.items():
        if offset <= last and offset + length > first:
            where = f"{address_of(world, first)} to {address_of(world, last)}"
            raise ToolError("locked", f"{where} is locked by the project ({name})")
