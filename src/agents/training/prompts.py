"""Prompts: the Jinja2 templates of a recipe, filled in with what an item has.

Pure. Owns what a template may do: it is sandboxed, sees nothing but the item, and a name that is not there is an error.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from jinja2 import StrictUndefined, Template, TemplateError, UndefinedError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from agents.campaign.errors import UsageError

_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=False, cache_size=0)
_ENVIRONMENT.globals = {"range": _ENVIRONMENT.globals["range"]}
"""Nothing else that Jinja2 brings; each name costs time in every prompt."""
_ASKS = re.compile(r"\bis\s+(?:not\s+)?defined\b|\|\s*d(?:efault)?\b")
"""What a template does that can do without a name."""


class Prompt:
    """One template. It travels as its source: a worker compiles it again.

    Args:
        key: where it stands in the recipe.
        source: Jinja2.

    Raises:
        UsageError: it is no template.
    """

    def __init__(self, key: str, source: str) -> None:
        self._key = key
        self._source = source
        self._template = _compiled(key, source)

    def filled(self, values: Mapping[str, Any]) -> str:
        """Return the text with ``values`` in it, without space around it.

        Raises:
            UsageError: it names something that ``values`` lacks, or does what the sandbox forbids.
        """
        try:
            return self._template.render(values).strip()
        except UndefinedError as error:
            names = ", ".join(sorted(map(str, values)))
            raise UsageError(f"{self._key}: {error.message}", f"use only what an item has: {names}") from error
        except (TemplateError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError) as error:
            raise UsageError(f"{self._key} cannot be filled in: {error}", "mend the template") from error

    def refuse_unknown(self, known: Collection[str]) -> None:
        """Raise UsageError where it names something not in ``known``, unless it asks whether that is there."""
        names = meta.find_undeclared_variables(_ENVIRONMENT.parse(self._source)) - {*known, "range"}
        if names and not _ASKS.search(self._source):
            told = ", ".join(repr(name) for name in sorted(names))
            raise UsageError(f"{self._key}: {told} is undefined", f"name one of: {', '.join(sorted(known))}")

    def __reduce__(self) -> tuple[type[Prompt], tuple[str, str]]:
        return Prompt, (self._key, self._source)


def _compiled(key: str, source: str) -> Template:
    try:
        return _ENVIRONMENT.from_string(source)
    except TemplateError as error:
        line = getattr(error, "lineno", None)
        where = "" if line is None else f" (line {line})"
        raise UsageError(
            f"{key} is no template{where}: {error}", "mend the braces; a literal {{ is {{ '{{' }}"
        ) from error
