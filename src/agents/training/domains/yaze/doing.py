"""Whether calls do what was wanted: run on a copy of the project, and compared with what the wanted calls do there.

Owns equivalence of calls. Never looks at words.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from agents.training.domains.yaze import mapping
from agents.training.domains.yaze.dialog import Act, Call, Case
from agents.training.domains.yaze.editor import CATALOGUE, TOOLS, execute
from agents.training.domains.yaze.world import World
from agents.training.sample import Json

MOST_EXTRA = 2
"""Calls beyond the wanted ones that are tolerated, as long as they only read."""
_COUNTED = frozenset({"rom-read", "asm-disassemble"})
"""Tools that are told how much to read."""
_WORDING = frozenset({"text", "pattern", "total", "length"})
"""What a result repeats of the question, or counts; two searches that find the same are equal without it."""


@dataclass(frozen=True)
class Done:
    """How well calls did: ``share`` of what was wanted in [0, 1], what is wrong, and how many calls were needless."""

    share: float
    fault: str = ""
    extra: int = 0
    is_wide: bool = False
    """It read something that includes what was wanted."""
    is_off: bool = False
    """It read from there, but more than the number that was given."""


def done(case: Case, want: Act, calls: Sequence[Call]) -> Done:
    """Return how well ``calls`` do what ``want`` wants."""
    for call in calls:
        if call.name not in case.tools:
            return Done(0.0, f"{call.name[:60]!r} is not offered")
        if problem := CATALOGUE.error(call.name, call.arguments):
            return Done(0.0, problem)
    world = case.world.copy()
    results = [execute(world, call.name, call.arguments) for call in calls]
    failed = next((result["error"]["message"] for result in results if "error" in result), "")
    if failed:
        return Done(0.1, failed)
    if (
        want.target is not None
        and world.state() == case.world.state()
        and any(_has(result, want.target) for result in results)
    ):
        return Done(1.0, "", max(0, len(calls) - 1))
    made = list(zip(calls, results, strict=True))
    best = _compared(case.world, want.goals[0], world, made)
    others = [_compared(case.world, goal, world, made) for goal in want.goals[1:]]
    return next((found for found in others if found.share > best.share and not found.extra), best)


def _compared(before: World, goal: Sequence[Call], world: World, made: list[tuple[Call, Json]]) -> Done:
    wanted = before.copy()
    results = [execute(wanted, call.name, call.arguments) for call in goal]
    met, is_wide, is_off = 0, False, False
    for call, result in zip(goal, results, strict=True):
        if _changes(call):
            met += any(call.name == other.name for other, _ in made)
            continue
        exact = any(other.name == call.name and got == result for other, got in made)
        wide = not exact and any(_covers((call, result), other) for other in made)
        met += exact or wide
        is_wide |= wide
        is_off |= wide and call.name in _COUNTED
    if wanted.state() != world.state():
        return Done(0.5 * met / len(goal), "the project is not in the state that was asked for")
    if met < len(goal):
        return Done(0.5 * met / len(goal), f"{len(goal) - met} of {len(goal)} wanted results are missing")
    extra = len(made) - len(goal)
    if extra > MOST_EXTRA:
        return Done(0.5, f"{extra} calls too many")
    return Done(1.0, "", max(0, extra), is_wide, is_off)


def _changes(call: Call) -> bool:
    return TOOLS[call.name].changes and (call.name != "asm-assemble" or call.arguments.get("write", False))


def _covers(wanted: tuple[Call, Json], got: tuple[Call, Json]) -> bool:
    """Return whether the second result tells all that the first one does."""
    (call, result), (other, found) = wanted, got
    if call.name == "symbol-lookup" and other.name == "symbol-search":
        return _has(found["symbols"], {"name": result["name"], "address": result["address"]})
    if call.name != other.name:
        return _contains(found, result)
    if call.name == "rom-read":
        return _bytes(found) >= _bytes(result)
    if call.name == "asm-disassemble":
        return bool(result["lines"] == found["lines"][: len(result["lines"])])
    return _contains(found, result)


def _bytes(result: Json) -> set[tuple[int, str]]:
    start = mapping.as_number(result["address"])
    return {(start + n, byte) for n, byte in enumerate(result["bytes"].split())}


def _contains(found: Json, wanted: Json) -> bool:
    if isinstance(wanted, dict):
        keys = [key for key in wanted if key not in _WORDING]
        return isinstance(found, dict) and bool(keys) and all(_contains(found.get(key), wanted[key]) for key in keys)
    if isinstance(wanted, list):
        return isinstance(found, list) and all(entry in found for entry in wanted)
    return bool(found == wanted)


def _has(result: Json, target: Json) -> bool:
    """Return whether ``target`` is somewhere in ``result``, perhaps with more keys."""
    if isinstance(result, dict):
        if isinstance(target, dict) and all(result.get(key) == value for key, value in target.items()):
            return True
        return any(_has(value, target) for value in result.values())
    return isinstance(result, list) and any(_has(entry, target) for entry in result)
