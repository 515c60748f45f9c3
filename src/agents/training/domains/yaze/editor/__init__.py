"""The tools of the editor, and running them on a project."""

from __future__ import annotations

from agents.training.domains.yaze.catalogue import Catalogue
from agents.training.domains.yaze.editor import code, content, dungeon, overworld, rom
from agents.training.domains.yaze.editor.tool import Tool, ToolError
from agents.training.domains.yaze.world import World
from agents.training.sample import Json

TOOLS: dict[str, Tool] = {tool.name: tool for group in (rom, code, overworld, dungeon, content) for tool in group.TOOLS}
CATALOGUE = Catalogue([tool.definition for tool in TOOLS.values()])
"""Our catalogue; every tool of it can be executed."""


def execute(world: World, name: str, arguments: Json) -> Json:
    """Return the result of a call, and make its edits on ``world``; a refusal is a result that has ``error``."""
    problem = CATALOGUE.error(name, arguments)
    if problem:
        return {"error": {"code": "invalid_arguments", "message": problem}}
    try:
        return TOOLS[name].run(world, {key: _whole(value) for key, value in arguments.items()})
    except ToolError as error:
        return {"error": {"code": error.code, "message": str(error)}}


def _whole(value: Json) -> Json:
    """Return ``4.0``, which schemas take for an integer, as 4."""
    return int(value) if isinstance(value, float) else value
