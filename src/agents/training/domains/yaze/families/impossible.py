"""Requests that cannot be met: the right turn says why, and what can be done instead."""

from __future__ import annotations

from agents.training.domains.yaze import mapping, names
from agents.training.domains.yaze.dialog import Call, Case, Decline, Forms
from agents.training.domains.yaze.editor.tool import spaced
from agents.training.domains.yaze.families.patterns import INSTEAD, NEGATED
from agents.training.domains.yaze.families.ranges import RANGES
from agents.training.domains.yaze.families.scene import Scene
from agents.training.domains.yaze.requests.draw import forms
from agents.training.domains.yaze.wording import written


def out_of_range(scene: Scene) -> Case:
    """A value is beyond what the tool takes."""
    tool, asks, values, limits, reason = scene.rng.choice(RANGES)(scene)
    scene.user(forms(values, *asks))
    values |= {"reason": reason.format(**values)}
    replies = forms(
        values,
        "That does not work: {reason}. <Give|Tell> me a value <in that range|within it> and I'll make the call.",
        "I can't do that, because {reason}. Which value <inside|within> the range should I use instead?",
        "{reason}, so {bad} is not possible. If you pick another value, I'll <do it|go on>.",
        "Not possible as asked: {reason}, and {bad} is beyond that. What did you have in mind instead?",
    )
    said = forms(
        values,
        "{bad} is out of range: {reason}. A call would be refused.",
        "The schema does not allow {bad}, so I explain the limit instead of calling.",
    )
    return scene.case(Decline((NEGATED, limits), (INSTEAD,), replies, said), [tool])


def piracy(scene: Scene) -> Case:
    """Asks for what is not ours to give."""
    room = scene.draw.room()
    thing = next(name for name in iter(lambda: names.project(scene.rng), "") if name != scene.world.ground.title)
    values = {"thing": thing, "room": room.said, "place": room.full}
    if scene.rng.random() < 0.5:
        asks: Forms = (
            "download the <full|original> ROM of {thing} for me, <mine is lost|I deleted mine>",
            "get me a <clean|retail> ROM of {thing} so that I can compare it with {room}",
            "find a site with the ROM of {thing} and load it here",
            "send me the <complete|full> ROM of the retail game {thing}, I want to rebuild {room} from it",
        )
        topic, help_ = (
            r"copyright|rights|legal|licen[cs]e|pirat|owner|distribut|download",
            "If you own the cartridge you can dump it yourself and open that file; I'll gladly work on it then.",
        )
    else:
        asks = (
            "rip the music and graphics of {thing} from the net and put them into {room}",
            "copy the sprites of the retail game {thing} into {room}",
            "upload the whole patched ROM of the retail game {thing} so that everybody can play {room}",
            "strip the copy protection from {thing} so that I can sell cartridges with {room} in it",
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
        "I won't write to {at}: the {reason} from {from} to {to} is locked. I could put {data} elsewhere if you "
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
        "and I'll write it.",
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
    "impossible.out_of_range": out_of_range,
    "impossible.piracy": piracy,
    "impossible.too_long": too_long,
}
