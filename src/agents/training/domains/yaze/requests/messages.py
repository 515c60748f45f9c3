"""Requests about messages."""

from __future__ import annotations

from agents.training.domains.yaze import names
from agents.training.domains.yaze.dialog import Call
from agents.training.domains.yaze.facts import fact
from agents.training.domains.yaze.requests.draw import Deed, Draw, Gap, Make, Tale, counted, forms
from agents.training.sample import Json


def read(draw: Draw) -> Deed:
    """Ask for a message."""
    at = draw.one(sorted(draw.world.table("messages")))
    values = {"m": draw.hex(at), "id": f"0x{at:02X}"}

    def tell(result: Json) -> Tale:
        told = forms(
            {**values, **result},
            'Message {id} reads "{text}" ({length} of {limit} characters).',
            '"{text}" - that is message {id}, {length} characters out of {limit}.',
            'It says "{text}". Message {id} uses {length} of its {limit} characters.',
        )
        return Tale(told, (fact(result["text"]),), (fact(result["length"]), fact(result["limit"])))

    return Deed(
        Call("message-read", {"message": f"0x{at:02X}"}),
        forms(values, "read message {m}", "show me the text of message {m}", "<print|pull up> message {m}"),
        f"the text of message 0x{at:02X}",
        tell,
        (f"0x{at:02X}", "message", "text"),
        forms(values, "What does message {m} say?", "How does message {m} go, and how long may it be?"),
        forms(values, "And message {m}?", "What about {m}?", "Next one: {m}."),
        (
            Gap(
                ("read the message", "show me the text of that message"),
                ("<Which|What> message <should I read|do you mean>? <I need its number.|Its number, please.>",),
                r"\b(which|what)\b.*\bmessage",
                forms(values, "{m}", "Number {m}.", "Message {m}."),
            ),
        ),
    )


def fitting(draw: Draw, limit: int, not_text: str) -> str:
    """Return a line of dialogue of at most ``limit`` characters."""
    for _ in range(40):
        line = names.line(draw.rng)
        if len(line) <= limit and line != not_text:
            return line
    return "Not now."


def write(draw: Draw) -> Deed:
    """Ask for another text."""
    table = draw.world.table("messages")
    at = draw.one(sorted(table))
    line = fitting(draw, table[at]["limit"], table[at]["text"])
    values = {"m": draw.hex(at), "id": f"0x{at:02X}", "line": line}

    def tell(result: Json) -> Tale:
        told = forms(
            {**values, **result},
            'Message {id} now reads "{line}", {length} of {limit} characters.',
            '<Done|Written>: {id} says "{line}" ({length} of {limit}).',
            'I replaced message {id}; the new text takes {length} of {limit} characters: "{line}"',
        )
        return Tale(told, (fact(at), fact(result["length"])), (fact(result["limit"]),))

    return Deed(
        Call("message-write", {"message": f"0x{at:02X}", "text": line}),
        forms(
            values,
            'change message {m} to "{line}"',
            'make message {m} say "{line}"',
            'replace the text of message {m} with "{line}"',
        ),
        f"replace the text of message 0x{at:02X}",
        tell,
        (f"0x{at:02X}", "message", "text"),
        again=forms(values, 'And message {m}: "{line}"', 'Then {m} should say "{line}"'),
        gaps=(
            Gap(
                forms(values, "rewrite message {m}", "change the text of message {m}"),
                forms(values, "What should message {id} say?", "What is the new text of message {id}?"),
                r"\b(what|which)\b.*\b(say|text|read)",
                forms(values, '"{line}"', 'It should say "{line}"', 'This: "{line}"'),
            ),
            Gap(
                forms(values, 'change the message to "{line}"', 'make the sign say "{line}"'),
                ("<Which|What> message should get that text? <I need its number.|Its number, please.>",),
                r"\b(which|what)\b.*\bmessage",
                forms(values, "{m}", "Number {m}.", "Message {m}."),
            ),
        ),
        changes=True,
    )


def search(draw: Draw) -> Deed:
    """Ask for messages that contain a text."""
    table = draw.world.table("messages")
    words = sorted(
        {
            word.strip(".,!?")
            for entry in table.values()
            for word in entry["text"].split()
            if len(word) > 4 and word[0].isupper()
        }
    )
    word = draw.one(words)
    values = {"word": word}

    def tell(result: Json) -> Tale:
        found = result["messages"]
        told = forms(
            {
                **values,
                "list": "; ".join(f'{m["message"]} "{m["text"]}"' for m in found),
                "n": counted(len(found), "message"),
            },
            '{n} with "{word}": {list}',
            '"{word}" <occurs|appears> in {n}: {list}',
            "I found {n}: {list}",
        )
        return Tale(told, tuple(fact(m["message"]) for m in found), (fact(len(found)),))

    return Deed(
        Call("message-search", {"text": word}),
        forms(
            values,
            'search the messages for "{word}"',
            "find every message that mentions {word}",
            "look for dialogue with {word} in it",
        ),
        f"the messages that contain {word}",
        tell,
        (word, "messages"),
        forms(values, "<Which|What> messages mention {word}?", 'Where in the dialogue does "{word}" come up?'),
        forms(values, 'And "{word}"?', "What about {word}?"),
        (
            Gap(
                ("search the messages", "find a line of dialogue for me"),
                ("<What|Which> text should I search for?", "What words should the message contain?"),
                r"\b(text|words?|search for|contain)\b",
                forms(values, '"{word}"', "{word}", "Search for {word}."),
            ),
        ),
    )


READS: tuple[Make, ...] = (read,)
WRITES: tuple[Make, ...] = (write, write)
SEARCHES: tuple[Make, ...] = (search,)
