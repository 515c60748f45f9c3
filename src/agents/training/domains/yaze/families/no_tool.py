"""Requests that no tool on offer can meet."""

from __future__ import annotations

from agents.training.domains.yaze.dialog import Case, Decline
from agents.training.domains.yaze.editor import TOOLS
from agents.training.domains.yaze.families.patterns import INSTEAD, NEGATED, lacking
from agents.training.domains.yaze.families.refusals import THOUGHTS
from agents.training.domains.yaze.families.scene import Scene
from agents.training.domains.yaze.requests import EDITS, READS, SEARCHES
from agents.training.domains.yaze.requests.draw import forms

_FOREIGN = (
    (
        ("export the music of {map} as <a MIDI file|MIDI>", "convert the tune of {map} to MP3"),
        "music|export|midi|mp3|audio|tune",
        "export music",
    ),
    (
        ("run the game and take a screenshot of {room}", "start the emulator and show me {room} in action"),
        "emulator|screenshot|run|picture|game",
        "run the game or take pictures",
    ),
    (
        ("upload the patched ROM to my website", "put the new build online for my testers"),
        "upload|online|internet|network|web",
        "upload anything",
    ),
    (
        ("mail the list of changes to my co-author", "send a message to the team that {room} is done"),
        "mail|send|message to|contact|team",
        "send messages to people",
    ),
    (("play through {room} and tell me if it's too hard", "playtest {room} for me"), "play|test", "play the game"),
    (
        ("draw a new tileset for {map}", "paint new graphics for {map}, something with snow"),
        "draw|paint|graphics|tileset",
        "draw graphics",
    ),
    (("compose a new theme for {room}", "write a boss song for {room}"), "music|compose|song|theme", "compose music"),
    (
        ("translate all messages to Japanese and add the font", "build a Japanese font into the ROM"),
        "font|japanese|translat",
        "add a font",
    ),
    (
        ("commit the project to git and tag it", "push this state to the repository"),
        "git|repository|commit|version control|push",
        "use version control",
    ),
    (
        ("set a breakpoint where {room} is loaded", "trace the CPU while {room} loads"),
        "breakpoint|trace|debug|cpu|run",
        "debug a running game",
    ),
    (
        ("expand the ROM to 4 MiB", "double the size of the ROM"),
        "expand|size|resize|bigger|double|larger",
        "change the size of the ROM",
    ),
    (
        ("convert the project from LoROM to HiROM", "switch the mapping mode of this ROM"),
        "lorom|hirom|mapper|mapping|convert",
        "change the mapper",
    ),
    (
        ("remember this plan until next month and remind me", "remind me on Friday to finish {room}"),
        "remind|remember|calendar|later",
        "set reminders",
    ),
    (
        ("make {map} twice as wide", "resize {map} to 64 by 64 tiles"),
        "resize|size|wide|wider|larger|tiles",
        "resize a map",
    ),
    (("print the map of {map} on paper", "make a PDF of {map}"), "print|pdf|paper|document", "print or make documents"),
    (
        ("link {room} to my Discord bot", "post {room} on Discord when it's finished"),
        "discord|post|bot|chat",
        "post to other services",
    ),
)


def no_tool(scene: Scene) -> Case:
    """Nothing on offer does this."""
    if scene.rng.random() < 0.45:
        return _withheld(scene)
    asks, topic, what = scene.rng.choice(_FOREIGN)
    place = {"room": scene.draw.room().said, "map": scene.draw.map().said}
    tool = scene.rng.choice(sorted(TOOLS))
    values = {"what": what, "tool": tool, "help": _HELP[tool.partition("-")[0]]}
    scene.user(forms(place, *asks))
    replies = forms(
        values,
        "I can't {what}: <none of the tools here does that|there is no tool for it>. "
        "<What I can do|What does work> is to help "
        "with {help}, for example through {tool}.",
        "That is outside of what the editor's tools offer, they cannot {what}. If you like I can go on with "
        "{help} instead.",
        "There is no tool to {what} here, so I have to pass. What I could help with instead: {help}.",
        "Sorry, I have no way to {what}. <Inside the ROM I can help|I can help inside the ROM>, say with {help}.",
        "No, the tools here cannot {what}; you would need another program for that. For {help} you can count on me.",
    )
    said = forms(values, "None of the offered tools can {what}, so I say that.", *THOUGHTS)
    return scene.case(Decline((NEGATED, rf"\b(?:{topic})"), (INSTEAD,), replies, said), [tool])


_HELP = {
    "rom": "bytes, free space and backups",
    "address": "addresses and file offsets",
    "symbol": "labels",
    "asm": "assembling and disassembling",
    "overworld": "maps, their tiles, entrances and sprites",
    "dungeon": "rooms and what is in them",
    "palette": "palettes",
    "message": "messages",
    "name": "finding ids by name",
    "graphics": "the format of graphics sheets",
}


_TOOLS = r"\b(tools?|available|offer|offered|session|enable[sd]?)\b"


def _withheld(scene: Scene) -> Case:
    """A tool for it exists, but is not on offer in this session."""
    deed = scene.deed(EDITS)
    group = deed.call.name.partition("-")[0]
    other = scene.deed((*READS, *SEARCHES))
    while other.call.name.partition("-")[0] == group:
        other = scene.deed((*READS, *SEARCHES))
    scene.asks(deed)
    hidden = [name for name in TOOLS if name.startswith(group) or name in {"rom-write", "asm-assemble"}]
    values = {"aim": deed.aim, "tool": other.call.name}
    replies = forms(
        values,
        "I can't {aim}: no tool for that is available in this session. You can make the edit in the editor "
        "yourself, or enable the tool and ask again.",
        "There is no tool here that would let me {aim}, and I won't pretend otherwise. If it helps, I can look things "
        "up meanwhile, with {tool} for example.",
        "To {aim} I would need a tool that is not on offer here. You can make the edit in the editor yourself, "
        "or enable the tool and ask again.",
        "Not with the tools I have: none of them can {aim}. If you enable one, I'll do it <at once|right away>.",
    )
    said = forms(
        values,
        "The tools on offer cannot {aim}; {tool} and the others do something else.",
        "Nothing on offer can {aim}. I say so instead of misusing another tool.",
    )
    return scene.case(Decline((_TOOLS, lacking(deed)), (INSTEAD,), replies, said), [other.call.name], hidden)


FAMILIES = {"impossible.no_tool": no_tool}
