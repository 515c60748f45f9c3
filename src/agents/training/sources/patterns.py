"""Files by pattern: which ones a person means by ``notes/**/*.md``.

Owns the rules: ``*``, ``?`` and ``[...]`` as in a shell, ``**`` for folders at any depth, nothing hidden unless the
pattern says the dot. Behind the first wildcard, folders that are links are not entered, and files that are links count
only where they lead to a place below the pattern's fixed beginning. Never reads a file.
"""

from __future__ import annotations

import fnmatch
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from agents.campaign.errors import UsageError
from agents.campaign.printable import printable

LONGEST_SHOWN = 200
"""Characters of a path that cannot be looked up."""
_ANY_DEPTH = "**"


@dataclass(frozen=True, slots=True)
class Found:
    """A file that a pattern means; ``name`` is its path for people, from the recipe's folder where possible."""

    path: Path
    name: str
    size: int
    """Bytes."""


def find(patterns: Iterable[str], folder: Path) -> list[Found]:
    """Return the regular files that ``patterns`` mean, each once, in the order of their paths.

    Raises:
        UsageError: a pattern means no file, is no path, or a folder on its way cannot be looked into.
    """
    try:
        return _found(patterns, folder)
    except OSError as error:
        shown = printable(f"{error.filename}"[:LONGEST_SHOWN])
        raise UsageError(
            f"a source cannot be looked up: {shown}: {error.strerror}",
            "correct its pattern, or make the folders on its way readable",
        ) from error


def _found(patterns: Iterable[str], folder: Path) -> list[Found]:
    paths: set[Path] = set()
    for pattern in patterns:
        matches = set(_matches(pattern, folder))
        if not matches:
            raise _matches_nothing(pattern, folder)
        paths |= matches
    found: dict[tuple[int, int], Found] = {}
    for path in sorted(paths, key=str):
        state = path.stat()
        found.setdefault((state.st_dev, state.st_ino), Found(path, _name(path, folder), state.st_size))
    return list(found.values())


def _matches(pattern: str, folder: Path) -> Iterator[Path]:
    base, parts = _rooted(pattern, folder)
    whole = base.joinpath(*parts)
    if whole.is_file():
        yield whole
        return
    if parts[-1:] == (_ANY_DEPTH,):
        parts = (*parts, "*")
    fixed = list(takewhile(lambda part: not re.search(r"[*?[]", part), parts))
    if len(fixed) < len(parts):
        yield from _walk(base.joinpath(*fixed), parts[len(fixed) :])


def _rooted(pattern: str, folder: Path) -> tuple[Path, tuple[str, ...]]:
    """Return the folder that ``pattern`` starts from, in whose path nothing is a wildcard, and the rest of it."""
    parts = Path(pattern).parts
    if not Path(pattern).is_absolute() and not pattern.startswith("~"):
        return folder, parts
    try:
        return Path(parts[0]).expanduser(), parts[1:]
    except RuntimeError as error:
        raise UsageError(
            f"pattern {pattern!r}: nobody's home is {parts[0]}", "write the folder's whole path"
        ) from error


def _walk(start: Path, parts: tuple[str, ...]) -> Iterator[Path]:
    """Yield the files below ``start`` whose path matches ``parts``.

    Each folder is listed once, with the positions in ``parts`` that its path may have come to, so that no pattern takes
    more than one pass over the tree.
    """
    matchers = [None if part == _ANY_DEPTH else _matcher(part) for part in parts]
    end = len(parts)
    waiting = [(start, _reached({0}, parts) - {end})]
    while waiting:
        folder, positions = waiting.pop()
        for entry in _entries(folder):
            steps = {step for at in positions for step in _steps(entry.name, at, matchers[at])}
            after = _reached(steps, parts)
            if end in after and _is_file(entry, start):
                yield Path(entry.path)
            if after - {end} and entry.is_dir(follow_symlinks=False):
                waiting.append((Path(entry.path), after - {end}))


def _matcher(part: str) -> re.Pattern[str]:
    shown = "" if part.startswith(".") else r"(?!\.)"
    return re.compile(shown + fnmatch.translate(part))


def _steps(name: str, at: int, matcher: re.Pattern[str] | None) -> Iterator[int]:
    """Yield the position, if any, that an entry called ``name`` leads to from ``at``; no matcher stands for ``**``."""
    if matcher is None:
        if not name.startswith("."):
            yield at
    elif matcher.match(name):
        yield at + 1


def _reached(positions: set[int], parts: tuple[str, ...]) -> set[int]:
    """Return ``positions`` with those behind them that are reached by taking ``**`` for no folder at all."""
    reached = set(positions)
    for at, part in enumerate(parts):
        if part == _ANY_DEPTH and at in reached:
            reached.add(at + 1)
    return reached


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except (FileNotFoundError, NotADirectoryError, ValueError):  # the last: a name with a zero byte, which none has
        return []
    except OSError as error:
        raise UsageError(
            f"folder {folder} cannot be listed: {error.strerror}", "make it readable, or write a narrower pattern"
        ) from error


def _is_file(entry: os.DirEntry[str], start: Path) -> bool:
    if not entry.is_symlink():
        return entry.is_file(follow_symlinks=False)
    path = Path(entry.path)
    return path.is_file() and path.resolve().is_relative_to(start.resolve())


def _name(path: Path, folder: Path) -> str:
    return printable(str(path.relative_to(folder) if path.is_relative_to(folder) else path))


def _matches_nothing(pattern: str, folder: Path) -> UsageError:
    base, parts = _rooted(pattern, folder)
    what = f"pattern {pattern!r} of a source matches no file"
    if base.joinpath(*parts).is_dir():
        return UsageError(f"{what}: it is a folder", f"for all in it, write {Path(pattern) / _ANY_DEPTH}")
    return UsageError(
        what,
        f"correct it: relative patterns start at {folder}; hidden files, and links that lead elsewhere, do not count",
    )
