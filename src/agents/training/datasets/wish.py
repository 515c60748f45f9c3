"""What a person wishes to have exported, and the datasets that came of it.

Owns their shapes, and the command line that wishes for the same.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be exported, as a person says it; ``names`` are the datasets, all that are defined where empty.

    ``form`` None is the recipe's.
    """

    run: str
    names: Sequence[str] = ()
    form: str | None = None
    recipe: Path | None = None
    is_partial: bool = False
    tokenizer: Path | None = None
    max_tokens: int | None = None
    jsonl_only: bool = False
    with_rejected: bool = False

    def command(self) -> str:
        """Return the command line that wishes for the same, in the folder of its files."""
        parts = ["python", "-m", "agents.training.exporter", "--input", self.run]
        parts += ["--output", *self.names] if self.names else []
        parts += ["--format", self.form] if self.form else []
        parts += ["--recipe", self.recipe.name] if self.recipe else []
        parts += ["--tokenizer", self.tokenizer.name] if self.tokenizer else []
        parts += ["--max-tokens", str(self.max_tokens)] if self.max_tokens else []
        switches = {
            "--partial": self.is_partial,
            "--jsonl-only": self.jsonl_only,
            "--rejected": self.with_rejected,
        }
        return shlex.join([*parts, *(flag for flag, is_on in switches.items() if is_on)])


@dataclass(frozen=True, slots=True)
class Dataset:
    """A dataset on disk; ``is_new`` is False where it was there already, and ``notes`` say what is worth knowing."""

    folder: Path
    manifest: Mapping[str, Any]
    is_new: bool
    notes: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        """Return what a program wants to know."""
        names = ("dataset", "run", "format", "samples", "left_out", "not_chosen", "is_partial")
        return {
            **{name: self.manifest[name] for name in names},
            "splits": {split: told["samples"] for split, told in self.manifest["splits"].items()},
            "folder": str(self.folder),
            "is_new": self.is_new,
            "notes": list(self.notes),
        }
