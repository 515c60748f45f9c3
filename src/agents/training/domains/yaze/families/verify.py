"""An edit, and a look at it afterwards: a report of success is not the same as seeing it."""

from __future__ import annotations

from agents.training.domains.yaze.dialog import Act, Call, Case, Tell
from agents.training.domains.yaze.facts import Fact
from agents.training.domains.yaze.families.scene import Scene
from agents.training.domains.yaze.requests import WRITES
from agents.training.domains.yaze.requests.draw import forms
from agents.training.domains.yaze.wording import capital, written

_CHECKS = {
    "rom-write": lambda call: Call(
        "rom-read", {"address": call.arguments["address"], "length": len(call.arguments["bytes"].split())}
    ),
    "overworld-set-tile": lambda call: Call(
        "overworld-get-tile", {key: call.arguments[key] for key in ("map", "x", "y")}
    ),
    "palette-set-color": lambda call: Call(
        "palette-get-colors", {key: call.arguments[key] for key in ("group", "palette")}
    ),
    "message-write": lambda call: Call("message-read", {"message": call.arguments["message"]}),
    "dungeon-set-chest": lambda call: Call("dungeon-list-chests", {"room": call.arguments["room"]}),
    "dungeon-set-door": lambda call: Call("dungeon-list-doors", {"room": call.arguments["room"]}),
    "dungeon-add-sprite": lambda call: Call("dungeon-list-sprites", {"room": call.arguments["room"]}),
    "dungeon-move-sprite": lambda call: Call("dungeon-list-sprites", {"room": call.arguments["room"]}),
    "dungeon-remove-sprite": lambda call: Call("dungeon-list-sprites", {"room": call.arguments["room"]}),
    "dungeon-set-property": lambda call: Call("dungeon-describe-room", {"room": call.arguments["room"]}),
    "dungeon-set-effect": lambda call: Call("dungeon-describe-room", {"room": call.arguments["room"]}),
    "overworld-add-sprite": lambda call: Call("overworld-list-sprites", {"map": call.arguments["map"]}),
    "symbol-add": lambda call: Call("symbol-lookup", {"name": call.arguments["name"]}),
}


_VERIFY = (
    "read it back <afterwards|to be sure|so that I see it>",
    "check that it really <took|worked>",
    "show me the result from the ROM, not from memory",
    "verify the edit",
    "look at it again when it's done",
)


_HOLDS = (
    "I read it back, and <it took|the edit is there>.",
    "<Checked|Verified>: the edit is in the project.",
    "<I looked again|I checked>: it holds.",
)
_SEEN = Fact(pattern=r"\b(?:check|verif|read (?:it )?back|confirm|look(?:ed)? again|took|holds?\b|in place)")
_SHOWN = (
    "{tool} shows that I did what I was asked to, {aim}; the check is done and I report it.",
    "The second result agrees with the edit: {aim}. Now the user can hear that it took.",
    "I was asked to {aim} and to check it. Both are done, and both results agree.",
)


def verify(scene: Scene) -> Case:
    """Change something, then read it back."""
    deed = scene.deed(WRITES)
    while deed.call.name not in _CHECKS:
        deed = scene.deed(WRITES)
    scene.user(deed.asks, _VERIFY)
    done = scene.does(deed)
    call = _CHECKS[deed.call.name](deed.call)
    values = {"tool": call.name, "aim": deed.aim}
    said = forms(
        values,
        "The edit went through. The user also wants a look at it, and I was to {aim}: {tool} shows that.",
        "I was asked to {aim} and to check it; {tool} reads it back.",
        "The tool reports success, but a report is no proof. I was asked to {aim}, so {tool} reads that back.",
        "To {aim} was the first half of the request; <the second, the check, is up to {tool}|{tool} is the check>.",
    )
    if scene.rng.random() < 0.7:
        return scene.case(Act(((call,),), said, (deed.anchors[0], call.name)), [call.name])
    scene.calls(written(scene.rng, said), call)
    tale = deed.tell(done)
    plain = [reply for reply in tale.replies if not reply.startswith(("Done", "<Done"))]
    replies = tuple(f"{first} {capital(rest)}" for first in _HOLDS for rest in plain)
    return scene.case(Tell((*tale.facts, _SEEN), replies, forms(values, *_SHOWN), tale.also), [])


FAMILIES = {"chain.verify": verify}
