"""The locks: exact versions with hashes and no address, the same of what several have, and all that is declared."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from pages import ROOT

from agents.training.sft.preflight import PACKAGES

LOCKS = {"core": None, "dev": "dev", "train": "train"}
"""The extra that each lock has beside what the project itself needs."""
PINNED = re.compile(r"^(?P<name>[a-z0-9-]+)==(?P<version>\S+?)(?: ; .+)? \\$", re.MULTILINE)
HASHED = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")
ADDRESS = re.compile(r"://|index-url|find-links [^-]|trusted-host [^-]|@ ")

every_lock = pytest.mark.parametrize("name", LOCKS)


@cache
def text_of(name: str) -> str:
    return (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8")


def versions_of(name: str) -> dict[str, str]:
    return {found["name"]: found["version"] for found in PINNED.finditer(text_of(name))}


def declared(extra: str | None) -> set[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = project["dependencies"] + (project["optional-dependencies"][extra] if extra else [])
    return {re.split(r"[<>=;! ]", one)[0].lower().replace("_", "-") for one in wanted}


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


@every_lock
def test_every_line_is_a_version_one_of_its_hashes_or_why_it_is_there(name: str) -> None:
    hashes = 0
    for line in text_of(name).splitlines():
        if HASHED.match(line):
            hashes += 1
        elif line and not line.lstrip().startswith("#"):
            assert PINNED.match(line), line
    assert hashes >= len(versions_of(name)) > 0


@every_lock
def test_every_version_has_a_hash(name: str) -> None:
    for line, below in pairwise(text_of(name).splitlines()):
        assert not PINNED.match(line) or HASHED.match(below), line


@every_lock
def test_a_lock_names_no_address(name: str) -> None:
    told = [line for line in text_of(name).splitlines() if "pip-compile" not in line]
    assert not [line for line in told if ADDRESS.search(line)]


@every_lock
def test_a_lock_has_all_that_is_declared(name: str) -> None:
    assert declared(LOCKS[name]) <= versions_of(name).keys()


@pytest.mark.parametrize("name", sorted(LOCKS.keys() - {"core"}))
def test_what_the_core_has_is_of_the_same_version_everywhere(name: str) -> None:
    assert versions_of("core").items() <= versions_of(name).items()


def test_what_is_locked_for_training_is_new_enough_for_its_script() -> None:
    locked = versions_of("train")
    assert all(numbers(locked[name]) >= least for name, least in PACKAGES.items())


def test_the_locks_are_made_by_one_command() -> None:
    made = re.findall(r"-o requirements/(\w+)\.txt", (ROOT / "Makefile").read_text(encoding="utf-8"))
    assert sorted(made) == sorted(LOCKS) == sorted(path.stem for path in Path(ROOT / "requirements").glob("*.txt"))
