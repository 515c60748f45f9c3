"""Requests that leave something open: the right turn asks for it."""

from __future__ import annotations

from agents.training.domains.yaze.dialog import Ask, Case
from agents.training.domains.yaze.families.patterns import any_of
from agents.training.domains.yaze.families.scene import Scene
from agents.training.domains.yaze.requests import (
    READS,
    SEARCHES,
    WRITES,
    Deed,
    Gap,
    Make,
    code,
    content,
    dungeon_edits,
    dungeon_sprites,
    labels,
    memory,
    messages,
    overworld_edits,
    rom,
)
from agents.training.domains.yaze.requests.draw import forms

_THOUGHTS = (
    "The request lacks an argument that {tool} needs, and the conversation does not settle it, so I ask.",
    "{tool} cannot be called yet: something is missing. "
    "<Guessing would be worse than asking.|I ask instead of guessing.>",
    "<I should not guess here|This leaves something open>; a short question before {tool} is the right step.",
)
_LEADS = (
    "",
    "",
    "<Sure|Gladly>, <one thing first|one question>: ",
    "<I can do that, but first|Before I do that>: ",
    "<Happy to|Can do>. ",
)


LISTS = (
    "dungeon-describe-room",
    "dungeon-list-chests",
    "dungeon-list-doors",
    "dungeon-list-sprites",
    "overworld-list-entrances",
    "overworld-list-maps",
    "overworld-list-sprites",
)
"""Tools that could show a choice; with one at hand a look would be as good as a question."""


def gapped(scene: Scene, makes: tuple[Make, ...]) -> tuple[Deed, Gap]:
    """Return a deed and something that its request may lack."""
    deed = scene.deed(makes)
    while not deed.gaps:
        deed = scene.deed(makes)
    return deed, scene.rng.choice(deed.gaps)


def missing(scene: Scene) -> Case:
    """A required argument is missing."""
    if scene.rng.random() < (0.1, 0.3, 0.6)[scene.level - 1]:
        scene.finishes(scene.deed((rom.backup, rom.checksum, labels.lookup, code.to_pc, content.find_name)))
    deed, gap = gapped(scene, (*WRITES, *WRITES, *READS, *SEARCHES))
    _drop_notes(scene)
    scene.user(gap.clauses)
    replies = tuple(f"{lead}{question}" for lead in _LEADS for question in gap.questions)
    return scene.case(Ask((gap.about,), replies, forms({"tool": deed.call.name}, *_THOUGHTS)), [deed.call.name], LISTS)


def _drop_notes(scene: Scene) -> None:
    """Keep the notes from answering the question: with one room in them, "the room" would be clear."""
    if len(scene.draw.notes) == 1:
        scene.draw.room()


_RISKS = {
    "dungeon-remove-sprite": "Removing a sprite",
    "overworld-remove-sprite": "Removing a sprite",
    "rom-write": "Overwriting bytes",
    "message-write": "Replacing a message",
    "rom-save": "Saving",
    "asm-assemble": "Writing code into the ROM",
    "overworld-move-entrance": "Moving an entrance",
    "dungeon-set-door": "Changing a door",
}
_RISKY: tuple[Make, ...] = (
    dungeon_sprites.remove_sprite,
    overworld_edits.remove_sprite,
    memory.write,
    messages.write,
    overworld_edits.move_entrance,
    dungeon_edits.set_door,
)
AGREED = r"\b(sure|confirm|go ahead|proceed|shall i|should i|do you want|want me to|may i|ok(?:ay)?|really)\b"


def confirmation(scene: Scene) -> tuple[Deed, Ask]:
    """Let the user ask for something that the project's rules want confirmed; return it, and the question."""
    deed = scene.deed(_RISKY)
    risk = _RISKS[deed.call.name]
    rule = scene.rng.choice(
        (
            "{} needs a yes of the user each time: ask before the call.",
            "Rule of this project: {} is only done after the user has confirmed it.",
            "{} must be confirmed by the user first.",
        )
    )
    scene.rules.append(rule.format(risk if rule.startswith("{}") else risk[0].lower() + risk[1:]))
    values = {"aim": deed.aim, "risk": risk[0].lower() + risk[1:]}
    replies = forms(
        values,
        "I would {aim}. <Shall I go ahead|Is that right>? Please confirm.",
        "This project wants a yes for {risk}: shall I {aim}?",
        "Just to confirm: should I {aim}?",
        "{risk} needs your OK here. Do you want me to {aim}?",
        "Before I {aim}: are you sure?",
    )
    said = forms(
        values,
        "The rules ask for a confirmation before {risk}, so I ask first.",
        "I must not {aim} without a yes of the user.",
    )
    return deed, Ask(
        (AGREED, any_of(anchor for anchor in deed.anchors if not anchor.islower() or anchor[:1] == "0")),
        replies,
        said,
        tuple(any_of((anchor,)) for anchor in deed.anchors[:2]),
    )


def confirm(scene: Scene) -> Case:
    """The rules of the project want a yes first."""
    if scene.rng.random() < (0.0, 0.3, 0.6)[scene.level - 1]:
        scene.finishes(scene.deed((*READS, *SEARCHES)))
    deed, ask = confirmation(scene)
    scene.asks(deed)
    return scene.case(ask, [deed.call.name])


FAMILIES = {"clarify.confirm": confirm, "clarify.missing": missing}
