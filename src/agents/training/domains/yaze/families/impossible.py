"""Requests that cannot be met: the right turn says why, and what can be done instead."""

from __future__ import annotations

from agents.training.domains.yaze import mapping, names
from agents.training.domains.yaze.dialog import Call, Case, Decline, Forms
from agents.training.domains.yaze.editor import TOOLS
from agents.training.domains.yaze.editor.tool import spaced
from agents.training.domains.yaze.families.ranges import RANGES
from agents.training.domains.yaze.families.scene import Scene
from agents.training.domains.yaze.requests import READS, SEARCHES, WRITES
from agents.training.domains.yaze.requests.draw import forms
from agents.training.domains.yaze.wording import written

NEGATED = (
    r"n't\b|\b(cannot|can not|no|not|unable|only|outside|beyond|past|refuse|impossible|without|neither|none|more than"
    r"|longer|locked|too long)\b"
)


INSTEAD = (
    r"\b(can|could|instead|alternatively|shall|should|if you|would|want|happy|pick|choose|try|make|give|free to)\b"
)


_THOUGHTS = (
    "No call can do this, so I <explain why|say so> and <offer|name> what is possible.",
    "<Pretending would be wrong|A call would only fail>; I say why it does not work and what does.",
    "This cannot be done here. The reason and an alternative help more than an attempt.",
)


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
        "There is no tool to {what} here, so I have to pass. I could help with {help}: {tool} is one of my tools.",
        "Sorry, I have no way to {what}. <Inside the ROM I can help|I can help inside the ROM>, say with {help}.",
        "No, the tools here cannot {what}; you would need another program for that. For {help} you can count on me.",
    )
    said = forms(values, "None of the offered tools can {what}, so I say that.", *_THOUGHTS)
    return scene.case(Decline((NEGATED, rf"\b(?:{topic}|tools?\b)"), (INSTEAD,), replies, said), [tool])


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
    deed = scene.deed(WRITES)
    group = deed.call.name.partition("-")[0]
    other = scene.deed((*READS, *SEARCHES))
    while other.call.name.partition("-")[0] == group:
        other = scene.deed((*READS, *SEARCHES))
    scene.asks(deed)
    hidden = [name for name in TOOLS if name.startswith(group) or name in {"rom-write", "asm-assemble"}]
    values = {"aim": deed.aim, "tool": other.call.name}
    replies = forms(
        values,
        "I can't {aim}: no tool for that is available in this session. What I have is {tool} and the like, if that "
        "helps.",
        "There is no tool here that would let me {aim}, and I won't pretend otherwise. What I can do is look things "
        "up, with {tool} for example.",
        "To {aim} I would need a tool that is not on offer here. You can make the edit in the editor yourself, "
        "or enable the tool and ask again.",
        "Not with the tools I have: none of them can {aim}. If you enable one, I do it <at once|right away>; "
        "until then I can only look things up.",
    )
    said = forms(
        values,
        "The tools on offer cannot {aim}; {tool} and the others do something else.",
        "Nothing on offer can {aim}. I say so instead of misusing another tool.",
    )
    return scene.case(Decline((NEGATED, _TOOLS), (INSTEAD,), replies, said), [other.call.name], hidden)


def out_of_range(scene: Scene) -> Case:
    """A value is beyond what the tool takes."""
    tool, asks, values, limits, reason = scene.rng.choice(RANGES)(scene)
    scene.user(forms(values, *asks))
    values |= {"reason": reason.format(**values)}
    replies = forms(
        values,
        "That does not work: {reason}. <Give|Tell> me a value <in that range|within it> and I make the call.",
        "I can't do that, because {reason}. Which value <inside|within> the range should I use instead?",
        "{reason}, so {bad} is not possible. If you pick another value, I <do it|go on>.",
        "Not possible as asked: {reason}. Should I use the largest value that fits, {limit}?",
    )
    said = forms(
        values,
        "{bad} is out of range: {reason}. A call would be refused.",
        "The schema does not allow {bad}, so I explain the limit instead of calling.",
    )
    return scene.case(Decline((NEGATED, limits), (INSTEAD,), replies, said), [tool])


def piracy(scene: Scene) -> Case:
    """Asks for what is not ours to give."""
    thing, room = names.project(scene.rng), scene.draw.room()
    values = {"thing": thing, "room": room.said, "place": room.full}
    if scene.rng.random() < 0.5:
        asks: Forms = (
            "download the <full|original> ROM of {thing} for me, <mine is lost|I deleted mine>",
            "get me a <clean|retail> ROM of {thing} so that I can compare it with {room}",
            "find a site with the ROM of {thing} and load it here",
            "send me the <complete|finished> ROM file of {thing}, I want to play {room}",
        )
        topic, help_ = (
            r"copyright|rights|legal|licen[cs]e|pirat|owner|distribut|download",
            "If you own the cartridge you can dump it yourself and open that file; I gladly work on it then.",
        )
    else:
        asks = (
            "rip the music and graphics of {thing} from the net and put them into {room}",
            "copy the sprites of the retail game {thing} into {room}",
            "put the whole ROM of {thing} with my hack in it up for download, {room} included",
            "remove the copy protection of {thing} so that I can sell it with {room} in it",
        )
        topic, help_ = (
            r"copyright|rights|legal|licen[cs]e|pirat|owner|distribut",
            "You could use graphics of your own or freely licensed ones, and share the hack as a patch file.",
        )
    scene.user(forms(values, *asks))
    values["help"] = help_
    replies = forms(
        values,
        "I can't help with that: {thing} is under copyright, and it is not mine to <copy|hand out>. {help}",
        "No, that would <break|violate> the copyright of whoever owns {thing}. {help} For {place} I can do any "
        "edit <right here|in this project>.",
        "I won't do that, <because|since> you would need the rights to {thing} for it. {help}",
        "That is not something I do - it is a matter of copyright. {help} Meanwhile I can go on with {place}.",
    )
    said = forms(
        values,
        "This asks for copyrighted material of {thing}; I decline and name a legal way.",
        "No tool and no good reason for this: {thing} belongs to somebody. <A legal way|An alternative> is worth "
        "naming.",
    )
    return scene.case(Decline((NEGATED, topic), (INSTEAD,), replies, said), ["rom-info", "rom-compare"])


def locked(scene: Scene) -> Case:
    """The project's rules forbid writing there."""
    ground, rng = scene.world.ground, scene.rng
    reason, (first, last) = rng.choice(sorted(ground.locked.items()))
    offset = rng.randrange(first, max(first + 1, last - 8))
    at = mapping.written(mapping.to_snes(ground.mapper, offset))
    start, end = (mapping.written(mapping.to_snes(ground.mapper, edge)) for edge in (first, last))
    scene.rules.append(
        rng.choice(
            (
                "Locked, never write there: {} to {} ({}).",
                "{} to {} is locked ({}). The tools refuse to write there; do not try.",
            )
        ).format(start, end, reason)
    )
    data = spaced(rng.randbytes(rng.randint(1, 6)))
    values = {"at": at, "data": data, "from": start, "to": end, "reason": reason}
    scene.user(
        forms(
            values,
            "write {data} <at|to> {at}",
            "patch {at} with {data}",
            "overwrite {at} with the bytes {data}",
            "put {data} at {at}",
        )
    )
    replies = forms(
        values,
        "I can't write there: {at} lies in the locked range {from} to {to} ({reason}). If the lock is wrong, "
        "lift it in the project; otherwise I can put the bytes somewhere free.",
        "{at} is locked by the project, it belongs to the {reason} ({from} to {to}). Should I look for free "
        "space instead?",
        "No write to {at}, the {reason} from {from} to {to} is locked. I could place {data} elsewhere if you "
        "name an address.",
    )
    said = forms(
        values,
        "{at} is inside the locked range of the {reason}; rom-write would be refused.",
        "The rules lock {from} to {to}, and {at} is in it. I explain that instead of trying.",
    )
    return scene.case(
        Decline((NEGATED, r"\block|protected|read-only|reserved"), (INSTEAD,), replies, said),
        ["rom-write", "rom-free-space"],
    )


def too_long(scene: Scene) -> Case:
    """A text is longer than its message may be, as a result has shown."""
    draw, table = scene.draw, scene.world.table("messages")
    at = draw.one(sorted(table))
    limit = table[at]["limit"]
    line = names.line(scene.rng)
    while len(line) <= limit:
        line += " " + names.line(scene.rng)
    message = f"0x{at:02X}"
    values = {"m": draw.hex(at), "id": message, "line": line, "n": len(line), "limit": limit}
    scene.user(forms(values, "read message {m}", "show me message {m} and how long it may be"))
    result = scene.calls(
        written(
            scene.rng,
            forms(
                values, "message-read shows the text of {id} and its limit.", "I read message {id} with message-read."
            ),
        ),
        Call("message-read", {"message": message}),
    )[0]
    scene.says(
        forms(
            {**values, **result},
            'Message {id} reads "{text}"; it may have {limit} characters.',
            '"{text}" - that is {id}, at most {limit} characters.',
        )
    )
    scene.user(
        sentences=forms(
            values, '<OK, make|Make> it say "{line}"', '<Change|Then change> it to "{line}"', 'Nice. New text: "{line}"'
        )
    )
    over = len(line) - limit
    values["over"] = over
    replies = forms(
        values,
        "That text is too long: it has {n} characters and message {id} holds {limit}. <Shorten it by|Cut> {over} "
        "and I write it.",
        "It does not fit. {n} characters, but {id} has room for {limit}; {over} would have to go. Shall I "
        "suggest a shorter version?",
        "Message {id} can only hold {limit} characters and your text has {n}. Can you make it {over} shorter?",
    )
    said = forms(
        values,
        "The new text has {n} characters, the limit of {id} is {limit}: the call would be refused.",
        "{n} is more than {limit}, so I say by how much the text must shrink.",
    )
    return scene.case(
        Decline((NEGATED, rf"\b{limit}\b"), (rf"\b({len(line)}|{over})\b|shorter|shorten|cut|trim",), replies, said),
        ["message-write"],
    )


FAMILIES = {
    "impossible.locked": locked,
    "impossible.no_tool": no_tool,
    "impossible.out_of_range": out_of_range,
    "impossible.piracy": piracy,
    "impossible.too_long": too_long,
}
