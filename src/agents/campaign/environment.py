"""The variables that a program sees: those of its environment, and those of a file ``.env`` beside the recipe.

Owns where that file is looked for and which value counts. Never says a value: some of them are keys.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from io import StringIO
from pathlib import Path

from dotenv import dotenv_values
from dotenv.parser import parse_stream

from agents.campaign.errors import UsageError

FILE = ".env"
MOST_BYTES = 1024 * 1024
"""A file that is longer is no list of variables."""


def environment_of(recipe: Path | None, environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return ``environment`` with what ``.env`` beside the recipe adds to it, or else the one in the current folder.

    Variables of the environment win. An empty one does not count, wherever it is. Values are taken as they are
    written: ``$`` in them means nothing.

    Raises:
        UsageError: there is such a file, and it cannot be read, or has a line that is no variable.
    """
    folders = (Path(),) if recipe is None else (recipe.parent, Path())
    written = next((found for folder in folders if (found := _read(folder / FILE)) is not None), {})
    return written | {name: value for name, value in environment.items() if value.strip()}


def _read(path: Path) -> dict[str, str] | None:
    """Return the variables of ``path`` that are not empty; None where there is no such file."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"cannot read {path.absolute()}: {error.strerror}", "make it readable, or move it away"
        ) from None
    if len(content) > MOST_BYTES:
        raise UsageError(
            f"{path.absolute()} has more than {MOST_BYTES:,} bytes", "move it away: it is no list of variables"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UsageError(f"{path.absolute()} is not written in UTF-8", "save it as UTF-8, or move it away") from None
    if wrong := next((binding.original.line for binding in parse_stream(StringIO(text)) if binding.error), None):
        raise UsageError(
            f"line {wrong} of {path.absolute()} is no variable", "write it as NAME=value, or put # in front of it"
        )
    variables = dotenv_values(stream=StringIO(text), interpolate=False)
    return {name: value for name, value in variables.items() if value is not None and value.strip()}
