"""Mistakes that assistants with tools make.

Owns the damage, never the check for it. Every mistake is a real one: it leaves the answer wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from agents.training.domains.yaze.answering import dumped
from agents.training.domains.yaze.dialog import Act, Case, Tell
from agents.training.domains.yaze.editor import CATALOGUE, TOOLS
from agents.training.domains.yaze.reading import answered
from agents.training.domains.yaze.spelling import numbers
from agents.training.sample import Json

Turn = dict[str, Json]
_VAGUE = (
    "Done! Let me know if you need anything else.",
    "That should be it. Have a look at the result above.",
    "All set, it looks fine to me.",
    "I have done what you asked for.",
)


def spoil(case: Case, text: str, rng: Random) -> str:
    """Return ``text``, a right answer for ``case``, with one mistake; what cannot be read is cut in half."""
    said = answered(text)
    if isinstance(said, str) or rng.random() < 0.06:
        return text[: len(text) // 2] or "?"
    turn: Turn = {"thought": said.thought}
    if said.calls:
        turn["tool_calls"] = [call.document() for call in said.calls]
    else:
        turn["reply"] = said.reply
    ways = _CALLS if isinstance(case.want, Act) else _TOLD if isinstance(case.want, Tell) else _ASKED
    return dumped(rng, rng.choice(ways)(case, turn, rng))


def wrong_value(case: Case, turn: Turn, rng: Random) -> Turn:
    """An argument has another value."""
    calls = [call for call in turn["tool_calls"] if call["arguments"]]
    if not calls:
        return wrong_tool(case, turn, rng)
    arguments = rng.choice(calls)["arguments"]
    name = rng.choice(sorted(arguments))
    arguments[name] = altered(arguments[name])
    return turn


def altered(value: Json) -> Json:
    """Return another value of the same type."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value - 1 if value > 1 else value + 1
    text = str(value)
    if re.fullmatch(r"(\$|0x|#)?[0-9A-Fa-f:]+", text) and text[:1] in "$0#":
        at = 1 if text[0] == "#" else len(text) - 1
        return f"{text[:at]}{(int(text[at], 16) ^ 8):X}{text[at + 1 :]}"
    if re.fullmatch(r"[0-9A-F?]{2}( [0-9A-F?]{2})*", text):
        return f"{(int(text[0], 16) ^ 5):X}{text[1:]}" if text[0] != "?" else f"00{text[2:]}"
    return f"{text[::-1]} x" if " " in text else f"{text[::-1]}q"


def missing_argument(case: Case, turn: Turn, rng: Random) -> Turn:
    """A required argument is missing."""
    calls = [call for call in turn["tool_calls"] if CATALOGUE.parameters(call["name"])["required"]]
    if not calls:
        return wrong_tool(case, turn, rng)
    call = rng.choice(calls)
    del call["arguments"][rng.choice(CATALOGUE.parameters(call["name"])["required"])]
    return turn


def wrong_type(case: Case, turn: Turn, rng: Random) -> Turn:
    """An argument is a list where a value is due."""
    calls = [call for call in turn["tool_calls"] if call["arguments"]]
    if not calls:
        return wrong_tool(case, turn, rng)
    arguments = rng.choice(calls)["arguments"]
    name = rng.choice(sorted(arguments))
    arguments[name] = [arguments[name]]
    return turn


def unknown_argument(case: Case, turn: Turn, rng: Random) -> Turn:
    """An argument has a name that the tool does not know."""
    del case
    call = rng.choice(turn["tool_calls"])
    call["arguments"][rng.choice(("force", "target", "format", "rom_path"))] = "yes"
    return turn


def wrong_tool(case: Case, turn: Turn, rng: Random) -> Turn:
    """Another tool is called with the arguments of the right one."""
    call = rng.choice(turn["tool_calls"])
    others = [name for name in case.tools if name != call["name"]]
    call["name"] = rng.choice(others)
    return (
        turn
        if call["arguments"]
        else {**turn, "tool_calls": [{"name": rng.choice(["rom-reset", "rom-status"]), "arguments": {}}]}
    )


def not_offered(case: Case, turn: Turn, rng: Random) -> Turn:
    """A tool is called that is not on offer."""
    call = rng.choice(turn["tool_calls"])
    call["name"] = rng.choice(
        [name for name in TOOLS if name not in case.tools] + [call["name"].replace("-", "_"), "run-" + call["name"]]
    )
    return turn


def lost_call(case: Case, turn: Turn, rng: Random) -> Turn:
    """One of several calls is forgotten."""
    if len(turn["tool_calls"]) < 2 or len(case.want.goals if isinstance(case.want, Act) else ()) > 1:
        return wrong_value(case, turn, rng)
    turn["tool_calls"].pop(rng.randrange(len(turn["tool_calls"])))
    return turn


def words_only(case: Case, turn: Turn, rng: Random) -> Turn:
    """It says that it did what it should have called a tool for."""
    del case
    return {"thought": turn["thought"], "reply": rng.choice(_VAGUE)}


def wrong_fact(case: Case, turn: Turn, rng: Random) -> Turn:
    """A fact in the reply is another one, wherever it stands."""
    want = case.want
    if not isinstance(want, Tell):
        return vague(case, turn, rng)
    fact = rng.choice(want.facts)
    reply: str = turn["reply"]
    if fact.number is not None:
        shown = {text for text, value in numbers(reply) if value == fact.number}
        for text in sorted(shown, key=lambda text: (-len(text), text)):
            reply = re.sub(rf"(?<![\w$]){re.escape(text)}(?!\w)", _other_number(text).replace("\\", ""), reply)
    elif fact.is_bytes:
        data = fact.texts[0]
        spaced = " ".join(data[at : at + 2] for at in range(0, len(data), 2)).upper()
        reply = reply.replace(spaced, str(altered(spaced)))
    elif fact.texts:
        reply = re.sub(re.escape(fact.texts[0]), "Velvet Gorilla", reply, flags=re.IGNORECASE)
    return {**turn, "reply": reply} if reply != turn["reply"] else vague(case, turn, rng)


def _other_number(text: str) -> str:
    if text.isalpha():
        return "seventeen"
    digits = len(text) - 1
    base = 16 if text[0] == "$" or text[1:2] == "x" or ":" in text else 10
    return f"{text[:digits]}{(int(text[digits], 16) ^ 4) % base:X}"


def vague(case: Case, turn: Turn, rng: Random) -> Turn:
    """The reply says nothing of what was asked."""
    del case
    return {"thought": turn["thought"], "reply": rng.choice(_VAGUE)}


def invented(case: Case, turn: Turn, rng: Random) -> Turn:
    """The reply adds something that no result says."""
    del case
    more = rng.choice(
        (
            f"By the way, ${rng.randrange(0x100000, 0xFFFFFF):06X} holds a copy of it.",
            "I also found it in the Velvet Gorilla Palace, by the way.",
            f"The old value was {rng.randrange(100_000, 999_999)}.",
            f"See the label `Velvet_Gorilla{rng.randrange(9)}`.",
        )
    )
    return {**turn, "reply": f"{turn['reply']} {more}"}


def needless_call(case: Case, turn: Turn, rng: Random) -> Turn:
    """A tool is called where a reply was due."""
    name = rng.choice(case.tools)
    return {"thought": turn["thought"], "tool_calls": [{"name": name, "arguments": {}}]}


def claimed(case: Case, turn: Turn, rng: Random) -> Turn:
    """It claims to have done what it did not do."""
    del case
    return {
        **turn,
        "reply": rng.choice(
            (
                "Done! I changed it as you asked.",
                "I have made the change, everything worked.",
                "Done: I wrote it to the ROM. Anything else?",
            )
        ),
    }


_Way = Callable[[Case, Turn, Random], Turn]
_CALLS: tuple[_Way, ...] = (
    wrong_value,
    wrong_value,
    missing_argument,
    wrong_type,
    unknown_argument,
    wrong_tool,
    not_offered,
    lost_call,
    words_only,
)
_TOLD: tuple[_Way, ...] = (wrong_fact, wrong_fact, vague, invented, needless_call)
_ASKED: tuple[_Way, ...] = (vague, claimed, needless_call, invented)
