"""A deed: one thing that a user may want of the editor; and the hat that its parts are drawn from.

Owns how things are referred to: by number, by name, or by both; names alone are explained in the project's notes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeVar

from agents.training.domains.yaze.dialog import Call, Forms
from agents.training.domains.yaze.facts import Fact
from agents.training.domains.yaze.world import World
from agents.training.sample import Json

T = TypeVar("T")


@dataclass(frozen=True)
class Tale:
    """How a result is told: several forms, and the facts in them."""

    replies: Forms
    facts: tuple[Fact, ...]
    also: tuple[Fact, ...] = ()


@dataclass(frozen=True)
class Gap:
    """A request that lacks something: its clauses, the questions to ask, and a pattern that asking back must match.

    ``answers`` are what the user may say to such a question, and nothing more.
    """

    clauses: Forms
    questions: Forms
    about: str
    answers: Forms


@dataclass(frozen=True)
class Deed:
    """One thing to do.

    ``aim`` follows "to" for an edit and "wants" for a question; ``again`` asks for it in few words, after another one.
    """

    call: Call
    asks: Forms
    aim: str
    tell: Callable[[Json], Tale]
    anchors: Forms
    questions: Forms = ()
    again: Forms = ()
    gaps: tuple[Gap, ...] = ()
    changes: bool = False


class Draw:
    """Draws parts of a request from a project; what was drawn once is not drawn again."""

    def __init__(self, rng: Random, world: World, level: int) -> None:
        self.rng, self.world, self.level = rng, world, level
        self.notes: dict[str, None] = {}
        self.prefix = "0x" if rng.random() < 0.6 else "$"
        self._drawn: set[object] = set()
        self.is_named = level >= 2 and rng.random() < 0.55

    def one(self, options: Sequence[T]) -> T:
        """Return one of ``options``, another one each time as long as there are any."""
        fresh = [option for option in options if (type(option), str(option)) not in self._drawn] or list(options)
        chosen = self.rng.choice(fresh)
        self._drawn.add((type(chosen), str(chosen)))
        return chosen

    def hex(self, value: int, digits: int = 2) -> str:
        """Return a number as the user of this conversation writes it."""
        return f"{self.prefix}{value:0{digits}X}"

    def xy(self, side: int) -> tuple[int, int]:
        """Return a position."""
        return self.rng.randrange(1, side - 1), self.rng.randrange(1, side - 1)

    def room(self, has: str = "sprites") -> Ref:
        """Return a room that has some of ``has``."""
        rooms = self.world.table("rooms")
        at = self.one([at for at in sorted(rooms) if rooms[at][has]])
        return self.refer("room", at, rooms[at]["name"])

    def map(self) -> Ref:
        """Return a map."""
        maps = self.world.table("maps")
        at = self.one(sorted(maps))
        return self.refer("map", at, maps[at]["name"])

    def refer(self, kind: str, at: int, name: str) -> Ref:
        """Return how the user refers to a room or a map."""
        article = "the " if kind == "room" else ""
        number, full, named = f"0x{at:02X}", f"{kind} 0x{at:02X}", f"{article}{name}"
        if self.is_named:
            self.notes[f"{full}: {name}"] = None
            return Ref(at, name, named, number, named, named)
        if self.rng.random() < 0.5:
            return Ref(at, name, f"{kind} {self.hex(at)}", number, full, named)
        return Ref(at, name, f"{named} ({kind} {self.hex(at)})", number, named, named)

    def kind(self, table: str, kind: str) -> Ref:
        """Return a kind of sprite or an item, from the table ``creatures`` or ``things``."""
        entries = self.world.table(table)
        at = self.one(sorted(entries))
        name = entries[at]
        if self.level == 1 or self.rng.random() < 0.5:
            return Ref(at, name, f"{name} ({kind} {self.hex(at)})", f"0x{at:02X}", name, name)
        self.notes[f"{kind} 0x{at:02X}: {name}"] = None
        return Ref(at, name, name, f"0x{at:02X}", name, name)


Make = Callable[[Draw], Deed]


@dataclass(frozen=True)
class Ref:
    """Something with a number and a name: ``said`` by the user, ``id`` in calls.

    ``full`` is how the assistant may call it before a result has told its name, ``named`` afterwards.
    """

    at: int
    name: str
    said: str
    id: str
    full: str
    named: str

    @property
    def aim(self) -> str:
        """The thing with its number, for a thought."""
        return self.full if self.full.endswith(self.id) else f"{self.full} ({self.id})"

    @property
    def key(self) -> str:
        """What a thought should call it."""
        return self.id if self.full.endswith(self.id) else self.name


def forms(values: dict[str, Any], *texts: str) -> Forms:
    """Return ``texts`` with their ``{fields}`` filled."""
    return tuple(text.format(**values) for text in texts)


def listed(parts: Sequence[str]) -> str:
    """Return ``a, b and c``."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def indefinite(name: str) -> str:
    """Return ``an Ash Weevil`` or ``a Tin Knight``."""
    return f"{'an' if name[0] in 'AEIO' else 'a'} {name}"


def counted(count: int, one: str, many: str = "") -> str:
    """Return ``1 sprite`` or ``3 sprites``."""
    return f"{count} {one if count == 1 else many or one + 's'}"
