"""A scene: the project, the conversation as it grows, and the tools that are on offer in it.

Owns how a case is put together. Never knows what families there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from agents.training.domains.yaze.dialog import Act, Call, Calls, Case, Forms, Said, Turn, User, Want
from agents.training.domains.yaze.editor import TOOLS, execute
from agents.training.domains.yaze.ground import Ground
from agents.training.domains.yaze.requests import Deed, Draw, Make
from agents.training.domains.yaze.requests.draw import forms, listed
from agents.training.domains.yaze.wording import capital, written
from agents.training.domains.yaze.world import World
from agents.training.phrases import phrase, seeded
from agents.training.sample import Json

_ROLES = (
    "You are the assistant <inside|built into> a ROM editor.",
    "You <help|assist> a ROM hacker through the tools of an editor.",
    "You are <a careful editing assistant|an editing assistant> for a SNES ROM project.",
    "You work on a SNES ROM hack together with its author, through the editor's tools.",
)
_MANNERS = (
    "<Use the tools for facts and edits|Look things up with the tools instead of guessing>; ask when something "
    "is missing, and say so when something cannot be done.",
    "Never guess an address, an id or a value: <look it up or ask|ask, or look it up>. Say plainly what is not "
    "possible.",
    "<Call tools when they are needed|Work with the tools>, several at once where they do not depend on each "
    "other. <Ask back|Ask> if a request is incomplete.",
    "Answer <briefly|in a sentence or two>. Edits go through the tools; if a request leaves something open, ask.",
)
_READS = (
    "The user wants {aim}; {tool} <returns|gives> that.",
    "I need {aim}; {tool} <provides|has> that.",
    "To answer I <have to look up|must know> {aim}: a call of {tool}.",
    "{tool} <is the right tool for|answers> this: {aim}.",
    "Nothing in the conversation says this yet, so I fetch {aim} with {tool}.",
    "A lookup, nothing is changed: {aim} <via|through> {tool}.",
)
_WRITES = (
    "The user wants me to {aim}; {tool} does <that|it>.",
    "Everything that {tool} needs is given, so I {aim}.",
    "I {aim} with {tool}; <the request is complete|nothing is missing from the request>.",
    "This is an edit: {aim}. <The tool for it is {tool}.|{tool} makes it.>",
    "{tool} <is made for this|fits>: I {aim}, as the user asked.",
)


class Scene:
    """The making of one case."""

    def __init__(self, salt: str, family: str, level: int) -> None:
        self.rng = seeded(salt, family, level)
        self.level = level
        self.world = World(Ground(salt))
        self.draw = Draw(self.rng, self.world, level)
        self.turns: list[Turn] = []
        self.rules: list[str] = []

    def deed(self, makes: Sequence[Make]) -> Deed:
        """Return a deed of one of ``makes``."""
        return self.rng.choice(makes)(self.draw)

    def user(self, *clauses: Forms, sentences: Forms = ()) -> None:
        """Let the user say something."""
        self.turns.append(User(clauses, sentences))

    def asks(self, deed: Deed) -> None:
        """Let the user ask for ``deed``."""
        self.user(deed.asks, sentences=deed.questions)

    def calls(self, thought: str, *calls: Call) -> list[Json]:
        """Let the assistant call tools; return what they answer."""
        results = [execute(self.world, call.name, call.arguments) for call in calls]
        self.turns.append(Calls(thought, calls, tuple(results)))
        return results

    def does(self, deed: Deed) -> Json:
        """Let the assistant do ``deed``; return the result."""
        return self.calls(written(self.rng, thoughts(deed)), deed.call)[0]

    def says(self, replies: Forms) -> None:
        """Let the assistant say something."""
        self.turns.append(Said(written(self.rng, replies)))

    def finishes(self, deed: Deed) -> None:
        """Let the user ask for ``deed``, and the assistant do and report it."""
        self.asks(deed)
        self.says(deed.tell(self.does(deed)).replies)

    def case(self, want: Want, needed: Iterable[str], hidden: Iterable[str] = ()) -> Case:
        """Return the case: ``needed`` tools are offered among others, ``hidden`` ones are not."""
        used = [call.name for turn in self.turns if isinstance(turn, Calls) for call in turn.calls]
        offered = list(dict.fromkeys([*needed, *used]))
        wanted = min(len(TOOLS), max(len(offered) + 2, self.rng.randint(2 + 2 * self.level, 4 + 2 * self.level)))
        barred = {*offered, *hidden}
        others = [name for name in TOOLS if name not in barred]
        self.rng.shuffle(others)
        offered += others[: wanted - len(offered)]
        self.rng.shuffle(offered)
        return Case(self.world, self._brief(), tuple(offered), tuple(self.turns), want)

    def _brief(self) -> str:
        ground = self.world.ground
        project = f"The open project is {ground.title} ({ground.mapper}, {ground.size // 1024} KiB)."
        lines = [f"{phrase(self.rng, _ROLES)} {project} {phrase(self.rng, _MANNERS)}", *self.rules]
        notes = list(self.draw.notes)
        if notes:
            notes += [
                f"room 0x{at:02X}: {room['name']}" for at, room in sorted(ground.table("rooms").items())[: self.level]
            ]
            notes = list(dict.fromkeys(notes))
            self.rng.shuffle(notes)
            lines.append("Notes of the project: " + "; ".join(notes) + ".")
        return "\n".join(lines)


def are_independent(world: World, calls: Sequence[Call]) -> bool:
    """Return whether each call answers the same alone as after the others, in either order."""
    alone = [execute(world.copy(), call.name, call.arguments) for call in calls]
    for order in (1, -1):
        row = world.copy()
        if [execute(row, call.name, call.arguments) for call in calls[::order]] != alone[::order]:
            return False
    return True


def thoughts(deed: Deed) -> Forms:
    """Return what the assistant may think before it does ``deed``."""
    return forms({"aim": deed.aim, "tool": deed.call.name}, *(_WRITES if deed.changes else _READS))


def act(*deeds: Deed, opening: Forms = ()) -> Act:
    """Return the want of doing ``deeds`` in one turn."""
    if len(deeds) == 1:
        said = thoughts(deeds[0])
    else:
        aims = [deed.aim if deed.changes else f"look up {deed.aim}" for deed in deeds]
        values = {"aims": listed(aims), "n": len(deeds)}
        said = forms(
            values,
            "<These|The> {n} steps do not depend on each other, so they go into one turn: {aims}.",
            "I {aims}. Neither call needs the result of the other."
            if len(deeds) == 2
            else "I {aims}. No call needs the result of another one.",
            "The user asks for {n} independent things: {aims}. I make the calls together.",
            "{aims} - <all of it can run at once|nothing here has to wait for anything else>.",
        )
    anchors = tuple(deed.anchors[0] for deed in deeds) if len(deeds) > 1 else deeds[0].anchors
    plain = tuple(text for text in said if not text.startswith("The user") and "request" not in text)
    lead = tuple(f"{first} {capital(rest)}" for first in opening for rest in plain) or said
    return Act((tuple(deed.call for deed in deeds),), lead, anchors)
